"""Table sets as records: those that the home holds, in the order asked for."""

from __future__ import annotations

from pathlib import Path

from tracewright.records.task import Dropped
from tracewright.registry import Parts, build
from tracewright.tables import shipped
from tracewright.tables.shelf import Kept, Shelf


def test_the_shipped_sets_are_asked_for_unless_others_are(home: Path) -> None:
    assert build("sources", "tables", {}, Parts(home=home)).tables == tuple(shipped.GENERATORS)
    assert build("sources", "tables", {"data": ["mine"]}, Parts(home=home)).tables == ("mine",)


def test_sets_come_in_their_order_and_a_missing_one_is_told(home: Path) -> None:
    tables = shipped.registry()["support"]
    Shelf(home).folder("support").mkdir(parents=True)
    (Shelf(home).folder("support") / "_meta.json").write_text(
        Kept(tables=tables, database="0" * 64, database_bytes=1, engine="none").to_json()
    )
    missing, found = build("sources", "tables", {"data": ["nothing", "support"]}, Parts(home=home)).records()
    assert (isinstance(missing, Dropped), found) == (True, tables)
