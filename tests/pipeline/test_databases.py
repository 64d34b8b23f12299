"""Which database a job mounts: the one of the set and version that a task names, or none at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.builders import make_task
from tests.jail import needs_jail
from tracewright.blobs import Blobs
from tracewright.errors import SourceError
from tracewright.pipeline.databases import database
from tracewright.pipeline.tables import Registration, ready, register
from tracewright.tables.schema import TableSet
from tracewright.tables.shelf import Kept, Shelf


def test_a_set_is_found_by_its_version(home: Path) -> None:
    blob = Blobs(home / "blobs").put(b"a database")
    tables = TableSet(id="mine", version_hash="1" * 64, tables=())
    Shelf(home).keep(Kept(tables=tables, database=blob.sha256, database_bytes=blob.bytes, engine="none"))
    assert database(home, "mine", "1" * 64) == blob.sha256


@pytest.mark.parametrize(("name", "found"), [("mine", "found version 111111111111"), ("other", "found none")])
def test_another_version_is_never_mounted_in_its_place(home: Path, name: str, found: str) -> None:
    blob = Blobs(home / "blobs").put(b"a database")
    tables = TableSet(id="mine", version_hash="1" * 64, tables=())
    Shelf(home).keep(Kept(tables=tables, database=blob.sha256, database_bytes=blob.bytes, engine="none"))
    with pytest.raises(SourceError, match=found):
        database(home, name, "2" * 64)


def test_tasks_that_are_about_no_tables_need_nothing(home: Path) -> None:
    asyncio.run(ready(home, [make_task(), make_task(data={"tables": [1]}), make_task(data={"tables": {"id": "x"}})]))
    assert not (home / "data").exists()


@needs_jail
def test_tables_that_have_changed_are_told_before_anything_is_played(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a\n1\n")
    kept = asyncio.run(register(home, Registration(tmp_path / "mine.csv")))
    told = {"id": "mine", "version_hash": kept.tables.version_hash}
    asyncio.run(ready(home, [make_task(data={"tables": told})]))
    with pytest.raises(SourceError, match="they have changed"):
        asyncio.run(ready(home, [make_task(data={"tables": {**told, "version_hash": "0" * 64}})]))
