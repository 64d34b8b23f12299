"""One kind of refactoring as data: where it can be done, what is asked in several wordings, and the rule that does it.

A slot is written `<<name>>` in wordings and rules; `<<name|Cap>>` and its like change the spelling.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import Field, model_validator

from tracewright.records.action import Action
from tracewright.records.base import JsonObject, Record

TABLES = ("java", "javascript", "python", "typescript")
_SLOT = re.compile(r"<<(\w+)(?:\|(\w+))?>>")
Slots = Mapping[str, str]


class Template(Record):
    """A refactoring. `find` is a regex over the text whose named groups are slots; `choices` are slots to draw.

    `rules` (YAML) or `pattern` with `rewrite` is the gold action. A choice whose name starts with `new` must be a text
    that the file does not hold yet. Unless it says `adds_lines`, its rule must leave every line break where it is, for
    no wording could say how lines are to be joined.
    """

    id: str
    kind: str
    languages: tuple[str, ...]
    difficulty: Literal["easy", "medium", "hard"] = "easy"
    find: str
    choices: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    wordings: tuple[str, ...] = Field(min_length=4)
    pattern: str = ""
    rewrite: str = ""
    selector: str = ""
    rules: str = ""
    layout: Literal["exact", "tidy"] = "exact"
    passes: int = 1
    adds_lines: bool = False

    @model_validator(mode="after")
    def _is_one_action(self) -> Self:
        if bool(self.rules) == bool(self.pattern):
            raise ValueError(f"template {self.id} must have either rules or a pattern")
        return self

    def places(self, text: str) -> Iterator[Slots]:
        """Yield the slots of each place in a text, each set of values once, in the order of the text."""
        seen: set[tuple[str, ...]] = set()
        for match in re.finditer(self.find, text, re.MULTILINE):
            slots = {name: value for name, value in match.groupdict().items() if value is not None}
            if tuple(slots.values()) not in seen:
                seen.add(tuple(slots.values()))
                yield slots

    def drawn(self, slots: Slots, text: str, number: int) -> Slots | None:
        """Return the slots with every choice drawn by `number`, None where a new name is already in the text."""
        drawn = dict(slots)
        for name, values in self.choices.items():
            drawn[name] = fill(values[number % len(values)], drawn)
            if name.startswith("new") and drawn[name] in text:
                return None
        return drawn

    def instruction(self, wording: int, slots: Slots) -> str:
        """Return one wording with its slots filled."""
        return fill(self.wordings[wording], slots)

    def action(self, language: str, slots: Slots) -> Action:
        """Return the gold action for these slots."""
        arguments: JsonObject = {"layout": self.layout} if self.layout != "exact" else {}
        if self.passes > 1:
            arguments["passes"] = self.passes
        named = {**slots, "language": language}
        if self.rules:
            return Action(name="apply_rules", arguments={"rules": fill(self.rules, named), **arguments})
        short: JsonObject = {"pattern": fill(self.pattern, named), "rewrite": fill(self.rewrite, named)}
        if self.selector:
            short["selector"] = self.selector
        return Action(name="rewrite", arguments={**short, "language": language, **arguments})


def fill(text: str, slots: Slots) -> str:
    """Return a text with its slots filled; raises KeyError for a slot that has no value."""
    return _SLOT.sub(lambda match: _spelled(slots[match[1]], match[2]), text)


def _spelled(value: str, spelling: str | None) -> str:
    match spelling:
        case None:
            return value
        case "Cap":
            return value[:1].upper() + value[1:]
        case "UPPER":
            return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", value).upper()
        case _:
            raise KeyError(f"there is no spelling {spelling!r}")


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """Return every shipped template, by file and in the order in which it was written."""
    folder = files(__package__ or "")
    tables = [tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in TABLES]
    return tuple(Template.model_validate(row) for table in tables for row in table["template"])
