"""A draft: one rule that might be part of an answer, and what it costs to say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tracewright.jobs._ast_grep.rules import Rule

_WORDS = re.compile(r"\w+")
_POINTS = re.compile(r"[^\w\s]")
_NAMED_LIKE_HOLE = re.compile(r"\$[A-Z_]|\$\$\$")


@dataclass(frozen=True)
class Hole:
    """A metavariable: what it stands for at each site of the example; `many` for a run of siblings."""

    texts: tuple[str, ...]
    many: bool = False


Parts = tuple[str | Hole, ...]
"""Literal texts and holes in turn: a pattern or a template."""


@dataclass(frozen=True)
class Draft:
    """The body of a rule; `kind` is the node kind that it fixes, `literals` and `holes` are what it is made of."""

    language: str
    body: Mapping[str, Any]
    kind: str
    literals: float
    holes: int
    refinement: float = 0.0
    named: frozenset[str] = field(default_factory=frozenset)

    @property
    def cost(self) -> float:
        """The description length: literals, holes, refinements and the rule itself."""
        aimless = 4.0 if self.literals < 1 else 0.0
        return 3.0 + self.literals + 0.4 * self.holes + self.refinement + aimless

    @cached_property
    def key(self) -> str:
        """A text that is equal for equal rules."""
        return json.dumps(self.body, sort_keys=True)

    def rule(self, rule_id: str) -> Rule:
        """Return the rule as the CLI is given it."""
        return Rule(rule_id, self.language, self.body)

    def refined(self, price: float, **fields: Any) -> Draft:
        """Return the draft with top-level fields merged in, at a price."""
        body = {**self.body}
        for name, value in fields.items():
            body[name] = {**body.get(name, {}), **value}
        return replace(self, body=body, refinement=self.refinement + price)


def names_of(pattern: Sequence[str | Hole]) -> dict[Hole, str]:
    """Name the holes of a pattern A, B, … in the order of their first appearance."""
    holes = dict.fromkeys(part for part in pattern if isinstance(part, Hole))
    letters = [chr(65 + k) for k in range(26)]
    names = letters + [f"{a}{b}" for a in letters for b in range(10)]
    return dict(zip(holes, names, strict=False))


def spell(parts: Sequence[str | Hole], names: Mapping[Hole, str]) -> str | None:
    """Write parts as pattern or template text; None where the text would be read as other metavariables."""
    written: list[str] = []
    for index, part in enumerate(parts):
        if isinstance(part, Hole):
            following = parts[index + 1] if index + 1 < len(parts) else ""
            if part not in names or (isinstance(following, str) and re.match(r"[A-Z0-9_]", following)):
                return None
            written.append(("$$$" if part.many else "$") + names[part])
        elif _NAMED_LIKE_HOLE.search(part) or (part.endswith("$") and index + 1 < len(parts)):
            return None
        else:
            written.append(part)
    return "".join(written)


def literal_cost(pattern: Sequence[str | Hole], template: Sequence[str | Hole]) -> float:
    """Return the cost of the literal words of a pattern, of its lines, and of the words new in its template."""
    old, new = (" ".join(part for part in parts if isinstance(part, str)) for parts in (pattern, template))
    known = set(_WORDS.findall(old))
    fresh = [word for word in _WORDS.findall(new) if word not in known]
    points = len(_POINTS.findall(old)) + len(_POINTS.findall(new))
    lines = old.count("\n")
    return len(_WORDS.findall(old)) + 0.5 * len(fresh) + 0.05 * points + 0.7 * lines
