"""Chooses which template is tried where in which words: the same for one seed on every machine, whatever the order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracewright.environments.astgrep.templates.template import Slots, Template, templates
from tracewright.records.action import Action
from tracewright.records.base import canonical
from tracewright.records.task import CodeFile

PLACES_PER_FILE = 4
"""How often one template is used in one file at most."""


@dataclass(frozen=True)
class Planned:
    """One use of a template: the file, the slots, the number of the wording."""

    code: CodeFile
    template: Template
    slots: Slots
    wording: int

    @property
    def instruction(self) -> str:
        """Return what is asked for."""
        return self.template.instruction(self.wording, self.slots)

    @property
    def action(self) -> Action:
        """Return the gold action."""
        return self.template.action(self.code.language, self.slots)


def plan(code: Sequence[CodeFile], seed: int) -> Iterator[Planned]:
    """Yield uses of templates, every template and language in turn, so that each prefix is balanced over them."""
    uses = [(number, planned) for file in code for number, planned in _uses(file, seed)]
    uses.sort(key=lambda use: use[0])
    turn: Counter[tuple[str, str]] = Counter()
    ranked = []
    for number, planned in uses:
        kind = (planned.template.id, planned.code.language)
        ranked.append((turn[kind], number, planned))
        turn[kind] += 1
    ranked.sort(key=lambda use: use[:2])
    yield from (planned for _, _, planned in ranked)


def _uses(code: CodeFile, seed: int) -> Iterator[tuple[int, Planned]]:
    sha256 = hashlib.sha256(code.text.encode()).hexdigest()
    for template in templates():
        if code.language not in template.languages:
            continue
        seal: list[int | str] = [seed, template.id, code.language, code.path, sha256]
        places = sorted((_number(seal, slots), slots) for slots in _places(template, code.text))
        for number, slots in ((number, dict(slots)) for number, slots in places[:PLACES_PER_FILE]):
            drawn = template.drawn(slots, code.text, number >> 16)
            if drawn is not None:
                yield number, Planned(code, template, drawn, number % len(template.wordings))


def _places(template: Template, text: str) -> Iterator[tuple[tuple[str, str], ...]]:
    return (tuple(sorted(slots.items())) for slots in template.places(text))


def _number(seal: list[int | str], slots: tuple[tuple[str, str], ...]) -> int:
    """Return a number that seems random but follows from what is chosen for."""
    said = canonical([*seal, [list(slot) for slot in slots]])
    return int.from_bytes(hashlib.sha256(said).digest()[:8], "big")
