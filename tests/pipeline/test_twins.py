"""Twins of a set in a home: made once, the same in every home, made anew where one is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.builders import make_task
from tests.jail import needs_jail
from tracewright.blobs import Blobs
from tracewright.errors import SourceError
from tracewright.pipeline.databases import twins
from tracewright.pipeline.tables import Registration, ready, register
from tracewright.pipeline.twins import MADE, twinned
from tracewright.tables.schema import TableSet
from tracewright.tables.shelf import Kept, Shelf, Twin, Twins

ROWS = "id,team,points\n" + "".join(f"{n},{'red' if n % 3 else 'blue'},{n / 2}\n" for n in range(40))


def kept(home: Path, made: Twins | None) -> Kept:
    blob = Blobs(home / "blobs").put(b"a database")
    tables = TableSet(id="mine", version_hash="1" * 64, tables=())
    given = Kept(tables=tables, database=blob.sha256, database_bytes=blob.bytes, engine="none", twins=made)
    return Shelf(home).keep(given)


def test_twins_are_found_by_the_version_of_their_set(home: Path) -> None:
    kept(home, Twins(made=MADE, each=(Twin(database="2" * 64, content="3" * 64),)))
    assert twins(home, "mine", "1" * 64) == ["2" * 64]
    with pytest.raises(SourceError, match="found version 111111111111"):
        twins(home, "mine", "4" * 64)


def test_a_set_without_twins_says_so(home: Path) -> None:
    kept(home, None)
    with pytest.raises(SourceError, match="make the set ready first"):
        twins(home, "mine", "1" * 64)


@needs_jail
def test_a_set_of_which_no_twin_can_be_made_says_why(home: Path) -> None:
    with pytest.raises(SourceError, match=r"no twin of the tables 'mine' was made \(unreadable_file\)"):
        asyncio.run(twinned(home, kept(home, None)))


@needs_jail
def test_a_set_that_is_too_odd_for_twins_has_none(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(ROWS.replace("points", "rowid"))
    tables = asyncio.run(register(home, Registration(tmp_path / "mine.csv"))).tables
    asyncio.run(ready(home, [make_task(data={"tables": {"id": "mine", "version_hash": tables.version_hash}})]))
    assert twins(home, "mine", tables.version_hash) == []


@needs_jail
def test_twins_are_made_once_and_hold_the_same_in_every_home(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(ROWS)
    found = []
    for place in (home / "one", home / "other"):
        tables = asyncio.run(register(place, Registration(tmp_path / "mine.csv"))).tables
        task = make_task(data={"tables": {"id": "mine", "version_hash": tables.version_hash}})
        asyncio.run(ready(place, [task]))
        first = Shelf(place).find("mine")
        assert first is not None
        assert asyncio.run(twinned(place, first)) == first
        found.append(first.twins)
    one, other = found
    assert one is not None
    assert other is not None
    assert [twin.content for twin in one.each] == [twin.content for twin in other.each]
    assert len({twin.content for twin in one.each}) == 3
    Blobs(place / "blobs").path(other.each[1].database).unlink()
    asyncio.run(ready(place, [task]))
    assert all(Blobs(place / "blobs").path(sha256).is_file() for sha256 in twins(place, "mine", tables.version_hash))
