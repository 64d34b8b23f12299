"""Scans with the binding where that finds what the CLI finds, and asks the CLI about everything else.

The CLI stays the authority: what it might refuse, indent anew or see otherwise is not answered here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ast_grep_py import SgNode

from tracewright.jobs._ast_grep import cli
from tracewright.jobs._ast_grep.cli import Match
from tracewright.jobs._ast_grep.edits import Edit
from tracewright.jobs._ast_grep.languages import language_of
from tracewright.jobs._ast_grep.plans import SIGILS, Plan, plan_of
from tracewright.jobs._ast_grep.rules import Rule
from tracewright.jobs._ast_grep.trees import parsed

MOST_BYTES = 256 << 10
LOOK_BACK = 128
_SEEN_OTHERWISE = (b"ast-grep-ignore", b"\r", b"\0", b"\xef\xbb\xbf")
"""What the CLI reads more into than the binding does: suppressions, line ends, marks of binaries and of encodings."""


class _AskTheCliError(Exception):
    """This scan is not for us to answer."""


def scan(rules: Sequence[Rule], files: Mapping[str, bytes]) -> tuple[Match, ...]:
    """Return what `cli.scan` returns, and raise what it raises, mostly without a process of its own."""
    found = attempt(rules, files)
    return cli.scan(rules, files) if found is None else found


def attempt(rules: Sequence[Rule], files: Mapping[str, bytes]) -> tuple[Match, ...] | None:
    """Return all matches, sorted as `cli.scan` sorts them; None where only the CLI can tell."""
    plans = [(rule, plan) for rule in rules if (plan := plan_of(rule))]
    if len(plans) < len(rules) or not all(_plain(path, source) for path, source in files.items()):
        return None
    try:
        found = [match for path, source in files.items() for match in _scan_file(plans, path, source.decode())]
    except _AskTheCliError:
        return None
    found.sort(key=lambda match: (match.path, match.start, -match.end, match.rule))
    return tuple(found)


def _plain(path: str, source: bytes) -> bool:
    fits = language_of(path) in SIGILS and 0 < len(source) <= MOST_BYTES
    return fits and not any(mark in source for mark in _SEEN_OTHERWISE)


def _scan_file(plans: Sequence[tuple[Rule, Plan]], path: str, text: str) -> Iterator[Match]:
    language = str(language_of(path))
    root = parsed(text, language)
    at = _byte_offsets(text)
    for rule, plan in plans:
        spans: set[tuple[int, int]] = set()
        # A rule for another language is tried too, on nothing, so that it is refused where it should be.
        for node in _find(root if rule.language == language else parsed("", rule.language), plan.config):
            match = _match(rule.id, plan, node, path, text, at)
            # Of two matches of one rule on one span the CLI's order is not fixed.
            _require((match.start, match.end) not in spans)
            spans.add((match.start, match.end))
            yield match


def _find(root: SgNode, config: Mapping[str, Any]) -> list[SgNode]:
    try:
        return root.find_all(dict(config))  # type: ignore[call-overload,no-any-return]  # it wants one class of dict
    except Exception as error:
        raise _AskTheCliError from error
    except BaseException as error:
        # A panic inside the binding is no Exception, and its class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise _AskTheCliError from error


def _match(rule: str, plan: Plan, node: SgNode, path: str, text: str, at: Callable[[int], int]) -> Match:
    span = node.range()
    start, end = at(span.start.index), at(span.end.index)
    bound = [(name, found.range()) for name in plan.names if (found := node.get_match(name))]
    captures = tuple((name, at(found.start.index), at(found.end.index)) for name, found in bound)
    edit = None
    if plan.fix is not None:
        edit = Edit(start, end, _filled(plan, plan.fix, node, text).encode(), rule)
    return Match(path, start, end, span.start.line, rule, edit, captures)


def _filled(plan: Plan, fix: Sequence[str], node: SgNode, text: str) -> str:
    parts, template = [fix[0]], fix[0]
    for sigils, name, literal in zip(fix[1::3], fix[2::3], fix[3::3], strict=True):
        parts += [_value(plan, sigils, name, node, text, _indent(template, len(template))), literal]
        template += f"{sigils}{name}{literal}"
    filled = "".join(parts)
    return _moved(filled, 0, _indent(text, node.range().start.index)) if "\n" in filled else filled


def _value(plan: Plan, sigils: str, name: str, node: SgNode, text: str, indent: int) -> str:
    """Return what stands for a slot that `indent` blanks precede."""
    if sigils == "$" and name in plan.transformed:
        value = node.get_transformed(name)
        _require(value is not None and "\n" not in value)
        return value or ""
    one = node.get_match(name) if sigils == "$" else None
    nodes = [one] if one else node.get_multiple_matches(name) if sigils == "$$$" else []
    if not nodes:
        _require(sigils == "$$$")
        return ""
    start, end = nodes[0].range().start.index, nodes[-1].range().end.index
    value = text[start:end]
    return _moved(value, _indent(text, start), indent) if "\n" in value else value


def _moved(value: str, old: int, new: int) -> str:
    """Indent text of several lines anew, as the CLI does: its first line stays, blank lines get blanks too."""
    if old <= new:
        return value.replace("\n", "\n" + " " * (new - old))
    return "\n".join(line.removeprefix(" " * (old - new)) for line in value.split("\n"))


def _indent(text: str, at: int) -> int:
    """Count the blanks that begin the line of a place: by so many the lines after it are taken to be indented."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    # The CLI looks back no further than 512 bytes.
    _require(len(line) < LOOK_BACK and "\t" not in line)
    return len(line) - len(line.lstrip(" "))


def _require(holds: object) -> None:
    if not holds:
        raise _AskTheCliError


def _byte_offsets(text: str) -> Callable[[int], int]:
    """Return the map from characters, which the binding counts, to bytes."""
    if text.isascii():
        return lambda index: index
    wide = [index for index, char in enumerate(text) if char > "\x7f"]
    extra = [0]
    for index in wide:
        extra.append(extra[-1] + len(text[index].encode()) - 1)
    return lambda index: index + extra[bisect_left(wide, index)]
