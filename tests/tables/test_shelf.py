"""A home keeps sets whole, under plain names, and refuses files that are not what they were."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.blobs import Blobs
from tracewright.errors import SourceError, StoreError, UsageError
from tracewright.tables.schema import Column, Table, TableSet, sealed, version_hash
from tracewright.tables.shelf import SET_NAME, Kept, Shelf

NUMBERS = Table(name="numbers", columns=(Column(name="n", type="BIGINT"),), row_count=3, size_bytes=9, sha256="a" * 64)
LETTERS = Table(name="letters", columns=(Column(name="l", type="VARCHAR"),), row_count=1, size_bytes=2, sha256="b" * 64)


def kept_in(home: Path, name: str = "mine", data: bytes = b"a database") -> Kept:
    """Keep a set as a job would have left it: its database is a blob."""
    blob = Blobs(home / "blobs").put(data)
    tables = sealed(TableSet(id=name, tables=(NUMBERS,)))
    return Shelf(home).keep(Kept(tables=tables, database=blob.sha256, database_bytes=blob.bytes, engine="duckdb 1"))


def test_a_kept_set_is_found_again(home: Path) -> None:
    kept = kept_in(home)
    assert Shelf(home).names() == ["mine"]
    assert Shelf(home).find("mine") == kept
    assert Shelf(home).find("other") is None


def test_the_database_is_known_by_its_hash_and_cannot_be_written(home: Path) -> None:
    kept = kept_in(home)
    path = home / "data/raw/mine/normalized" / f"{kept.database}.duckdb"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert path.read_bytes() == b"a database"


def test_a_set_can_be_mounted_after_its_blob_was_collected(home: Path) -> None:
    kept = kept_in(home)
    Blobs(home / "blobs").path(kept.database).unlink()
    assert Blobs(home / "blobs").get(Shelf(home).mount(kept)) == b"a database"


def test_a_blob_that_was_put_in_its_place_is_replaced(home: Path) -> None:
    kept = kept_in(home)
    blob = Blobs(home / "blobs").path(kept.database)
    blob.unlink()
    blob.write_bytes(b"another")
    assert Blobs(home / "blobs").get(Shelf(home).mount(kept)) == b"a database"


def test_a_database_that_was_changed_is_refused(home: Path) -> None:
    kept = kept_in(home)
    path = home / "data/raw/mine/normalized" / f"{kept.database}.duckdb"
    path.chmod(0o644)
    path.write_bytes(b"other data")
    with pytest.raises(SourceError, match="changed: wanted the sha256"):
        Shelf(home).mount(kept)


def test_a_file_that_changed_where_the_user_keeps_it_is_refused(home: Path, tmp_path: Path) -> None:
    given_file = tmp_path / "mine.csv"
    given_file.write_text("n\n1\n")
    source = Shelf(home).take("mine", given_file, "csv")
    kept = kept_in(home).model_copy(update={"source": source})
    assert Shelf(home).mount(kept) == kept.database
    given_file.write_text("n\n2\n")
    with pytest.raises(SourceError, match="--replace"):
        Shelf(home).mount(kept)
    given_file.unlink()
    assert Shelf(home).mount(kept) == kept.database


def test_a_file_is_copied_into_the_home_as_it_was(home: Path, tmp_path: Path) -> None:
    given_file = tmp_path / "mine.csv"
    given_file.write_text("n\n1\n")
    source = Shelf(home).take("mine", given_file, "csv")
    assert (home / "data/raw/mine/source" / f"{source.sha256}.csv").read_text() == "n\n1\n"
    assert (source.name, source.bytes) == ("mine.csv", 4)
    assert Shelf(home).names() == []


def test_a_folder_is_no_file_to_take(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="wanted a file"):
        Shelf(home).take("mine", tmp_path, "csv")


def test_a_set_without_its_last_file_is_not_there(home: Path) -> None:
    kept_in(home)
    (home / "data/raw/mine/_meta.json").unlink()
    assert Shelf(home).names() == []


def test_a_damaged_note_of_a_set_is_named(home: Path) -> None:
    kept_in(home)
    (home / "data/raw/mine/_meta.json").write_text("{")
    with pytest.raises(StoreError, match=r"_meta\.json"):
        Shelf(home).find("mine")


@given(name=st.text())
def test_a_name_that_could_leave_the_folder_is_refused(name: str) -> None:
    shelf = Shelf(Path("home"))
    if SET_NAME.fullmatch(name):
        assert shelf.folder(name) == Path("home/data/raw", name)
    else:
        with pytest.raises(UsageError, match="lower-case"):
            shelf.folder(name)


def test_the_version_does_not_depend_on_the_order_of_the_tables() -> None:
    assert version_hash([NUMBERS, LETTERS]) == version_hash([LETTERS, NUMBERS])


def test_the_version_depends_on_content_names_and_types() -> None:
    column = NUMBERS.columns[0]
    others = [
        NUMBERS.model_copy(update={"name": "figures"}),
        NUMBERS.model_copy(update={"sha256": "c" * 64}),
        NUMBERS.model_copy(update={"columns": (column.model_copy(update={"type": "DOUBLE"}),)}),
    ]
    assert len({version_hash([table]) for table in (NUMBERS, *others)}) == 4
    described = NUMBERS.model_copy(update={"description": "Some numbers."})
    assert version_hash([described]) == version_hash([NUMBERS])
