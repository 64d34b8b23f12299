"""Applies rules to files: scan, choose the edits, make them, and again for the next pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tracewright.jobs._ast_grep import edits as edits_on_bytes
from tracewright.jobs._ast_grep.cli import Match
from tracewright.jobs._ast_grep.in_process import scan
from tracewright.jobs._ast_grep.layout import tidy
from tracewright.jobs._ast_grep.rules import Rule

MAX_PASSES = 20
Layout = Literal["exact", "tidy"]


@dataclass(frozen=True)
class Applied:
    """What came of applying rules: the files after, the matches of each pass, and how it ended.

    Spans of the first pass are in bytes of the files as given, later ones in bytes of what the pass before left.
    `converged` is None when one pass was asked for: nobody looked whether a second would find more.
    """

    files: Mapping[str, str]
    passes: tuple[tuple[Match, ...], ...]
    edits: int
    converged: bool | None


def apply_rules(rules: Sequence[Rule], files: Mapping[str, str], passes: int, layout: Layout) -> Applied:
    """Apply rules until nothing changes, at most `passes` times; raises Refusal. Line endings are kept."""
    endings = {path: "\r\n" if is_crlf(text) else "\n" for path, text in files.items()}
    sources = {path: text.replace(endings[path], "\n").encode() for path, text in files.items()}
    seen: list[tuple[Match, ...]] = []
    made = 0
    converged: bool | None = None
    while len(seen) < passes and not converged:
        found = scan(rules, sources)
        after, count = _rewrite(found, sources, layout)
        converged = after == sources
        made += 0 if converged else count
        sources = after
        if found and not (converged and seen):
            seen.append(found)
    if not converged and passes > 1:
        converged = _rewrite(scan(rules, sources), sources, layout)[0] == sources
    texts = {path: source.decode().replace("\n", endings[path]) for path, source in sources.items()}
    first = tuple(_placed(match, files[match.path], endings[match.path]) for match in seen[0]) if seen else ()
    return Applied(texts, (first, *seen[1:]) if seen else (), made, converged if passes > 1 else None)


def _rewrite(found: Sequence[Match], sources: Mapping[str, bytes], layout: Layout) -> tuple[dict[str, bytes], int]:
    after = dict(sources)
    made = 0
    for path, source in sources.items():
        edits = edits_on_bytes.choose(match.edit for match in found if match.path == path and match.edit)
        laid = tidy(source, edits) if layout == "tidy" else edits
        after[path] = edits_on_bytes.apply(source, laid)
        made += len(laid)
    return after, made


def _placed(match: Match, text: str, ending: str) -> Match:
    """Return a match with its span in the bytes of the file as it was given."""
    if ending == "\n":
        return match
    source = text.replace(ending, "\n").encode()
    start, end = (at + source.count(b"\n", 0, at) for at in (match.start, match.end))
    return replace(match, start=start, end=end)


def is_crlf(text: str) -> bool:
    """Say whether every line of a text ends in CR LF; a mixed file is left as it is."""
    return "\r\n" in text and text.count("\r\n") == text.count("\n")
