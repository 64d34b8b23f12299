"""Draws questions: the same for one seed on every machine, balanced over forms and tiers in every prefix."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tracewright.environments.analytics.questions.lowering import plan_of
from tracewright.environments.analytics.templates.forms import (
    Asked,
    Selection,
    Shape,
    asked,
    one_more,
    selections,
    shapes,
    without_order,
)
from tracewright.environments.analytics.templates.parts import SetParts, parts_of, wordings
from tracewright.records.base import JsonObject, canonical
from tracewright.tables.schema import TableSet

Draft = tuple[TableSet, Shape, Selection, SetParts]
_SLOT = re.compile(r"<<(\w+)>>")


@dataclass(frozen=True)
class Drawn:
    """One question in words: `plan` answers it, `wide` shows one row more where only the first few are asked for."""

    tables: TableSet
    asked: Asked
    wording: int
    instruction: str
    plan: JsonObject
    wide: JsonObject

    @property
    def groups(self) -> dict[str, str]:
        """Return what stands on one side of the split: a combination of parts, and a wording."""
        return {"combination": self.asked.combination, "wording": f"{self.asked.shape.form}/{self.wording}"}


def drawn(sets: Sequence[TableSet], seed: int, most: int) -> Iterator[Drawn]:
    """Yield at most `most` questions over the sets that have templates; no two ask the same in other words."""
    turns: Counter[tuple[str, str, int]] = Counter()
    ranked = []
    for number, kind, draft in sorted(_numbered(sets, seed), key=lambda entry: entry[0]):
        # In each turn the kinds come in an order of their own, or those with many questions would all come first.
        ranked.append((turns[kind], _number([seed, *kind, turns[kind]]), number, draft))
        turns[kind] += 1
    ranked.sort(key=lambda entry: entry[:3])
    for _, _, number, (tables, shape, selection, parts) in ranked[:most]:
        yield _worded(tables, asked(shape, selection, tables, parts), number)


def _numbered(sets: Sequence[TableSet], seed: int) -> Iterator[tuple[int, tuple[str, str, int], Draft]]:
    """Yield, for each shape and each kind of selection, one that the seed draws, with a number of its own."""
    for tables in sets:
        parts = parts_of(tables.id)
        for shape in shapes(tables, parts) if parts else ():
            seal: list[Any] = [seed, tables.id, shape.combination, sorted(shape.slots.items())]
            for kind, found in enumerate(selections(shape, parts) if parts else ()):
                own = _number([*seal, kind])
                if found and parts:
                    yield own, (tables.id, shape.form, kind), (tables, shape, found[(own >> 32) % len(found)], parts)


def _number(seal: list[Any]) -> int:
    """Return a number that seems random but follows from what is drawn for."""
    return int.from_bytes(hashlib.sha256(canonical(seal)).digest()[:8], "big")


def _worded(tables: TableSet, found: Asked, number: int) -> Drawn:
    ways = wordings().forms[found.shape.form]
    wording = number % len(ways)
    instruction = _said(ways[wording], {**found.shape.slots, "rows": _rows(found.selection, number // len(ways))})
    ordered = bool(found.shape.order)
    plan, wide = plan_of(found.meaning, tables), plan_of(one_more(found.meaning), tables)
    return Drawn(
        tables=tables,
        asked=found,
        wording=wording,
        instruction=instruction,
        plan=plan if ordered else without_order(plan),
        wide=wide,
    )


def _rows(selection: Selection, number: int) -> str:
    ways = wordings().kept["ways"]
    kept = ways[number % len(ways)].format(selection.filter.words) if selection.filter else ""
    return kept + (f" {selection.window[0]}" if selection.window else "")


def _said(wording: str, slots: dict[str, str]) -> str:
    return _SLOT.sub(lambda found: slots[found[1]], wording)
