"""Scans with the binding where that finds what the CLI finds, and asks the CLI about everything else.

The CLI stays the authority: what it might refuse, indent anew or see otherwise is not answered here.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

from ast_grep_py import SgNode

from tracewright.jobs._ast_grep import cli
from tracewright.jobs._ast_grep.cli import Match
from tracewright.jobs._ast_grep.edits import Edit
from tracewright.jobs._ast_grep.languages import language_of
from tracewright.jobs._ast_grep.plans import SIGILS, Plan, RefusedError, Slot, Template, find_all, indent_at, plan_of
from tracewright.jobs._ast_grep.rules import Rule
from tracewright.jobs._ast_grep.trees import parsed

MOST_BYTES = 256 << 10
_SEEN_OTHERWISE = (b"ast-grep-ignore", b"\r", b"\0", b"\xef\xbb\xbf")
"""What the CLI reads more into than the binding does: suppressions, line ends, marks of binaries and of encodings."""

_Span = tuple[int, int, int]
"""Where a node begins and ends, in characters, and the 0-based line of its beginning."""


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
    except (_AskTheCliError, RefusedError):
        return None
    found.sort(key=lambda match: (match.path, match.start, -match.end, match.rule))
    return tuple(found)


def _plain(path: str, source: bytes) -> bool:
    fits = language_of(path) in SIGILS and 0 < len(source) <= MOST_BYTES
    return fits and not any(mark in source for mark in _SEEN_OTHERWISE)


def _scan_file(plans: Sequence[tuple[Rule, Plan]], path: str, text: str) -> Iterator[Match]:
    language = str(language_of(path))
    at = _byte_offsets(text)
    for rule, plan in plans:
        if rule.language != language:
            continue
        spans: set[tuple[int, int]] = set()
        for node in find_all(parsed(text, language), plan.config):
            match = _match(rule.id, plan, node, path, text, at)
            # Of two matches of one rule on one span the CLI's order is not fixed.
            _require((match.start, match.end) not in spans)
            spans.add((match.start, match.end))
            yield match


def _match(rule: str, plan: Plan, node: SgNode, path: str, text: str, at: Callable[[int], int]) -> Match:
    first, last, line = _span(node)
    bound = {name: _span(found) for name in plan.names if (found := node.get_match(name))}
    captures = tuple((name, at(begin), at(stop)) for name, (begin, stop, _) in bound.items())
    start, end = at(first), at(last)
    edit = None
    if plan.fix is not None:
        filled = _filled(plan.fix, node, bound, text)
        moved = _moved(filled, 0, _indent(text, first)) if "\n" in filled else filled
        edit = Edit(start, end, moved.encode(), rule)
    return Match(path, start, end, line, rule, edit, captures)


def _span(node: SgNode) -> _Span:
    span = node.range()
    start = span.start
    return start.index, span.end.index, start.line


def _filled(fix: Template, node: SgNode, bound: Mapping[str, _Span], text: str) -> str:
    filled = fix.head
    for slot in fix.slots:
        filled += _value(slot, node, bound, text) + slot.text
    return filled


def _value(slot: Slot, node: SgNode, bound: Mapping[str, _Span], text: str) -> str:
    if slot.transformed:
        value = node.get_transformed(slot.name)
        _require(value is not None and "\n" not in value)
        return value or ""
    if slot.many:
        nodes = node.get_multiple_matches(slot.name)
        if not nodes:
            return ""
        start, end = _span(nodes[0])[0], _span(nodes[-1])[1]
    else:
        _require(slot.name in bound)
        start, end, _ = bound[slot.name]
    value = text[start:end]
    return _moved(value, _indent(text, start), slot.indent) if "\n" in value else value


def _moved(value: str, old: int, new: int) -> str:
    """Indent text of several lines anew, as the CLI does: its first line stays, blank lines get blanks too."""
    if old <= new:
        return value.replace("\n", "\n" + " " * (new - old))
    return "\n".join(line.removeprefix(" " * (old - new)) for line in value.split("\n"))


def _indent(text: str, at: int) -> int:
    indent = indent_at(text, at)
    if indent is None:
        raise _AskTheCliError
    return indent


def _require(holds: object) -> None:
    if not holds:
        raise _AskTheCliError


def _byte_offsets(text: str) -> Callable[[int], int]:
    """Return the map from characters, which the binding counts, to bytes."""
    if text.isascii():
        return operator.index
    wide = [index for index, char in enumerate(text) if char > "\x7f"]
    extra = [0]
    for index in wide:
        extra.append(extra[-1] + len(text[index].encode()) - 1)
    return lambda index: index + extra[bisect_left(wide, index)]
