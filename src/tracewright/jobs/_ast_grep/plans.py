"""Decides which rules the binding can be trusted with, and works out how their matches become edits.

Only what the binding was measured to do as the CLI does gets a plan. A rule that the CLI would refuse must have none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ast_grep_py import SgNode, SgRoot

from tracewright.jobs._ast_grep.rules import Rule

SIGILS = {"Java": "$", "JavaScript": "$", "Python": "µ", "Tsx": "$", "TypeScript": "$"}
"""What ast-grep puts for `$` before it parses a pattern, in each language that was held against the CLI."""

MOST_DEPTH = 24
LOOK_BACK = 128
_TOP = {"rule", "constraints", "transform", "fix"}
_RULE = {"pattern", "kind", "regex", "inside", "has", "precedes", "follows", "all", "any", "not"}
_RELATIONS = ("inside", "has", "precedes", "follows")
_TRANSFORMS = {
    "replace": {"source", "replace", "by"},
    "substring": {"source", "startChar", "endChar"},
    "convert": {"source", "toCase", "separatedBy"},
}
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_NAMED = re.compile(r"\$+([A-Z][A-Z0-9_]*)", re.ASCII)
_SLOT = re.compile(r"(\$\$\$|\$)([A-Z][A-Z0-9_]*)", re.ASCII)
_DOLLARS = re.compile(r"\$+(?=[A-Z_])|(?<!\$)\$\$\$(?!\$)", re.ASCII)
_STRANGE = re.compile("[^\t\n -~\u00a1-\u1fff]")
"""Characters that a rules file could not carry, or not as they are."""


@dataclass(frozen=True)
class Plan:
    """A rule made ready for the binding: `names` are the metavariables that its patterns may bind."""

    config: Mapping[str, Any]
    names: tuple[str, ...]
    fix: Template | None


@dataclass(frozen=True)
class Template:
    """What a rule puts in the place of a match: text, then slots, each with the text that follows it."""

    head: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Slot:
    """The place of a metavariable in a template, on a line that `indent` blanks begin; `many` stands for `$$$`."""

    name: str
    many: bool
    transformed: bool
    indent: int
    text: str


class RefusedError(Exception):
    """The binding does not take a rule, or fails at it."""


class _NotOursError(Exception):
    """Only the CLI can tell what this rule does."""


def plan_of(rule: Rule) -> Plan | None:
    """Return the plan for a rule, None where it must go to the CLI."""
    if rule.language not in SIGILS or not rule.body.keys() <= _TOP:
        return None
    return _planned(rule.language, json.dumps(rule.body))


@lru_cache(maxsize=256)
def _planned(language: str, body: str) -> Plan | None:
    try:
        return _plan(language, json.loads(body))
    except _NotOursError:
        return None


def _plan(language: str, body: dict[str, Any]) -> Plan:
    _check_values(body, 0)
    rule, constraints, transform = body["rule"], body.get("constraints", {}), body.get("transform", {})
    _check_rule(rule)
    _require(isinstance(constraints, dict) and all(map(_NAME.fullmatch, constraints)))
    for constraint in constraints.values():
        _check_rule(constraint)
    _check_transform(transform)
    patterns = set(_patterns([rule, *constraints.values()]))
    for text, selector in patterns:
        _check_pattern(text, selector, language)
    _require("kind" in rule or ("pattern" in rule and _fixes_a_kind(rule["pattern"])))
    names = tuple(sorted({name for text, _ in patterns for name in _NAMED.findall(text)}))
    fix = _template(body["fix"], transform) if "fix" in body else None
    config = {"rule": rule, "constraints": constraints, "transform": transform}
    _try(language, {**config, "transform": {**transform, **_checks(fix, transform)}})
    return Plan(config, names, fix)


def _require(holds: object) -> None:
    if not holds:
        raise _NotOursError


def _check_values(value: Any, depth: int) -> None:
    """Let through texts, whole numbers, lists and mappings that YAML reads back as they are."""
    _require(depth < MOST_DEPTH)
    match value:
        case dict():
            for key, item in value.items():
                _check_values(key, depth)
                _check_values(item, depth + 1)
        case list():
            for item in value:
                _check_values(item, depth + 1)
        case str():
            _require(not _STRANGE.search(value))
        case _:
            _require(type(value) is int and abs(value) < 1 << 31)


def _check_rule(rule: Any, more: frozenset[str] = frozenset()) -> None:
    _require(isinstance(rule, dict) and rule.keys() <= _RULE | more)
    _require(rule.keys() & _RULE and re.fullmatch(r"\w+", rule.get("kind", "x"), re.ASCII))
    for name in _RELATIONS:
        if name in rule:
            _check_rule(rule[name], frozenset({"stopBy", "field"}))
    stop = rule.get("stopBy", "end")
    if stop not in ("end", "neighbor"):
        _check_rule(stop)
    for one in _composed(rule):
        _check_rule(one)
    if "not" in rule:
        _check_rule(rule["not"])
    pattern = rule.get("pattern", "x")
    if not isinstance(pattern, str):
        _require(isinstance(pattern, dict) and pattern.keys() == {"context", "selector"})
        _require(all(isinstance(text, str) for text in pattern.values()))


def _composed(rule: dict[str, Any]) -> Iterator[Any]:
    for name in ("all", "any"):
        parts = rule.get(name, [{}])
        _require(isinstance(parts, list) and parts)
        if name in rule:
            yield from parts


def _check_transform(transform: Any) -> None:
    _require(isinstance(transform, dict) and all(map(_NAME.fullmatch, transform)))
    for step in transform.values():
        _require(isinstance(step, dict) and len(step) == 1 and step.keys() <= _TRANSFORMS.keys())
        ((kind, settings),) = step.items()
        _require(isinstance(settings, dict) and settings.keys() <= _TRANSFORMS[kind])
        _require(isinstance(settings.get("source"), str))


def _patterns(value: Any) -> Iterator[tuple[str, str]]:
    """Yield text and selector of every pattern anywhere."""
    if isinstance(value, dict):
        if "pattern" in value:
            yield _text_and_selector(value["pattern"])
        for item in value.values():
            yield from _patterns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _patterns(item)


def _text_and_selector(pattern: Any) -> tuple[str, str]:
    return (pattern, "") if isinstance(pattern, str) else (pattern["context"], pattern["selector"])


def _fixes_a_kind(pattern: Any) -> bool:
    return not isinstance(pattern, str) or not re.fullmatch(r"\W*\$+\w*\W*", pattern)


def _check_pattern(text: str, selector: str, language: str) -> None:
    """Parse a pattern as ast-grep does; one with an error is refused by the CLI and finds nothing in the binding."""
    sigil = SIGILS[language]
    root = SgRoot(_DOLLARS.sub(lambda found: sigil * len(found[0]), text), language).root()
    _require((_selected(root, selector) if selector else root).find(kind="ERROR") is None)


def _selected(root: SgNode, selector: str) -> SgNode:
    _require(re.fullmatch(r"\w+", selector, re.ASCII))
    try:
        found = root.find(kind=selector)
    except RuntimeError:
        found = None
    if found is None:
        raise _NotOursError
    return found


def _template(fix: Any, transform: Mapping[str, Any]) -> Template:
    """Split a template at its metavariables."""
    _require(isinstance(fix, str))
    head, *parts = _SLOT.split(fix)
    _require("$" not in head and not any("$" in text for text in parts[2::3]))
    slots, before = [], head
    for sigils, name, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        indent = indent_at(before, len(before))
        if indent is None:
            raise _NotOursError
        many = sigils == "$$$"
        slots.append(Slot(name, many, not many and name in transform, indent, text))
        before += f"{sigils}{name}{text}"
    return Template(head, tuple(slots))


def indent_at(text: str, at: int) -> int | None:
    """Count the blanks that begin the line of a place: by so many the lines after it are taken to be indented.

    None where the CLI counts otherwise: it looks back no further than 512 bytes, and a tab is more than a blank.
    """
    line = text[text.rfind("\n", 0, at) + 1 : at]
    if len(line) >= LOOK_BACK or "\t" in line:
        return None
    return len(line) - len(line.lstrip(" "))


def _checks(fix: Template | None, transform: Mapping[str, Any]) -> dict[str, Any]:
    """Let the binding itself refuse a metavariable of the fix that nothing binds, which it does for transforms only."""
    asked = {f"{'$$$' if slot.many else '$'}{slot.name}" for slot in fix.slots} if fix else set()
    words = sorted(asked - {f"${name}" for name in transform})
    return {f"FILLS{index}": {"substring": {"source": word}} for index, word in enumerate(words)}


def _try(language: str, config: Mapping[str, Any]) -> None:
    """Look for a rule in nothing: what the binding refuses is not for us to plan."""
    try:
        find_all(SgRoot("", language).root(), config)
    except RefusedError as error:
        raise _NotOursError from error


def find_all(root: SgNode, config: Mapping[str, Any]) -> list[SgNode]:
    """Return all nodes that a rule matches; raises RefusedError."""
    try:
        return root.find_all(config)  # type: ignore[call-overload,no-any-return]  # it wants one class of dict
    except Exception as error:
        raise RefusedError from error
    except BaseException as error:
        # A panic inside the binding is no Exception, and its class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise RefusedError from error
