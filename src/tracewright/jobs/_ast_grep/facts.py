"""Facts about files as JSON: tree digests, parse errors, and how two texts of one path differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracewright.jobs._ast_grep.lines import changed_lines
from tracewright.jobs._ast_grep.trees import multi_line_strings, same_tree, shape


def describe(files: Mapping[str, str], languages: Mapping[str, str | None]) -> dict[str, Any]:
    """Return tree digest and number of parse errors of each file whose language is known."""
    shapes = {path: shape(files[path], language) for path in sorted(files) if (language := languages[path])}
    return {
        "tree": {path: found.digest for path, found in shapes.items()},
        "parse_errors": {path: found.errors for path, found in shapes.items()},
    }


def compare(
    files: Mapping[str, str], against: Mapping[str, str], languages: Mapping[str, str | None]
) -> dict[str, dict[str, Any]]:
    """Return how each file differs from the text set against it: lines, only in layout, only in comments."""
    found: dict[str, dict[str, Any]] = {"changed_lines": {}, "layout_only": {}, "comment_only": {}}
    for path in sorted(against):
        before, after = files[path], against[path]
        found["changed_lines"][path] = changed_lines(before, after)
        if language := languages[path]:
            old, new = shape(before, language), shape(after, language)
            same = old.digest == new.digest and before != after
            found["layout_only"][path] = same and old.comments == new.comments
            found["comment_only"][path] = same and old.comments != new.comments
    return found


def code_changed(before: str, after: str, language: str | None) -> bool:
    """Say whether more changed than layout and comments; of a language that is not known nobody can tell."""
    return language is not None and not same_tree(before, language, shape(after, language))


def strings_changed(before: str, after: str, language: str | None) -> bool:
    """Say whether a literal that spans lines came out with other blanks inside: the program is another one then."""
    if language is None or not shape(after, language).spanning:
        return False
    old = set(multi_line_strings(before, language))
    if not old:
        return False
    new = multi_line_strings(after, language)
    gone = old - set(new)
    return bool({_blanks_aside(text) for text in gone} & {_blanks_aside(text) for text in new})


def _blanks_aside(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
