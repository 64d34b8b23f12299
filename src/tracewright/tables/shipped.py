"""The sets that come with Tracewright, made by rules from fixed seeds: their hashes are known before they are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from tracewright.errors import UsageError
from tracewright.tables import ecommerce, sensors, support
from tracewright.tables.content import Row, fingerprint
from tracewright.tables.rules import ecommerce as shop_rules
from tracewright.tables.rules import sensors as reading_rules
from tracewright.tables.rules import support as ticket_rules
from tracewright.tables.rules.rule import Rule
from tracewright.tables.schema import Table, TableSet, sealed

Rows = Mapping[str, Sequence[Row]]

GENERATORS: Mapping[str, Callable[[int], Rows]] = {
    "ecommerce": ecommerce.generate,
    "support": support.generate,
    "sensors": sensors.generate,
}
RULES: Mapping[str, Sequence[Rule]] = {
    "ecommerce": shop_rules.RULES,
    "support": ticket_rules.RULES,
    "sensors": reading_rules.RULES,
}
SCALES = range(1, 101)
_SCALED = re.compile(r"([a-z]+)-x([1-9][0-9]{0,2})")


@cache
def registry() -> Mapping[str, TableSet]:
    """Return the shipped sets by id, as `registry.json` tells of them: hashes and counts at scale 1."""
    text = Path(__file__).with_name("registry.json").read_bytes()
    return {found.id: found for found in TypeAdapter(list[TableSet]).validate_json(text)}


def is_shipped(name: str) -> bool:
    """Say whether a name belongs to a shipped set, at any scale."""
    scaled = _SCALED.fullmatch(name)
    return (scaled[1] if scaled else name) in GENERATORS


def scaled_name(name: str, scale: int) -> str:
    """Return the id of a shipped set `scale` times as large: `support` at 3 is `support-x3`. Others have one size."""
    return name if scale == 1 or name not in GENERATORS else f"{name}-x{scale}"


def generate(name: str) -> Rows:
    """Return the rows of a shipped set by table, the same on every machine and day; `support-x3` is three times larger.

    Raises UsageError for a name that is not shipped or a scale beyond 100.
    """
    base, scale = _parts(name)
    return GENERATORS[base](scale)


def described(name: str, rows: Rows) -> TableSet:
    """Return what is known of a shipped set: words from the registry, counts and hashes from its rows."""
    known = registry()[_parts(name)[0]]
    tables = [_counted(table, rows[table.name]) for table in known.tables]
    return sealed(known.model_copy(update={"id": name, "tables": tuple(tables)}))


def promised(name: str) -> TableSet:
    """Return what the registry says of a shipped set; of a larger one the same with more rows, and no hashes."""
    base, scale = _parts(name)
    known = registry()[base]
    if scale == 1:
        return known
    tables = [table.model_copy(update={"row_count": table.row_count * scale, "sha256": ""}) for table in known.tables]
    return known.model_copy(update={"id": name, "tables": tuple(tables), "version_hash": ""})


def rules(name: str) -> Sequence[Rule]:
    """Return what must hold of the rows of a shipped set beyond its schema."""
    return RULES[_parts(name)[0]]


def _parts(name: str) -> tuple[str, int]:
    scaled = _SCALED.fullmatch(name)
    base, scale = (scaled[1], int(scaled[2])) if scaled else (name, 1)
    if base not in GENERATORS:
        raise UsageError(f"there is no set {name!r} among those shipped: {', '.join(GENERATORS)}")
    if scale not in SCALES:
        raise UsageError(f"wanted a scale from 1 to {SCALES[-1]}, found {scale}")
    return base, scale


def _counted(table: Table, rows: Sequence[Row]) -> Table:
    found = fingerprint(table.header, rows)
    update = {"row_count": found.rows, "size_bytes": found.bytes, "sha256": found.sha256}
    return table.model_copy(update=update)
