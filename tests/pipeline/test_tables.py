"""Sets made ready in the jail: shipped ones built once, files of users registered, files that changed refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import duckdb
import pytest

from tests.jail import needs_jail
from tracewright.blobs import Blobs
from tracewright.errors import SourceError, UsageError
from tracewright.pipeline import tables as subject
from tracewright.pipeline.tables import Registration, known, plain_name, prepared, register, validated
from tracewright.tables import shipped
from tracewright.tables.shelf import Kept

pytestmark = needs_jail


@pytest.fixture
def proven(proved_home: Path, home: Path) -> Path:
    """Return a home whose jail is known to hold."""
    home.mkdir()
    (home / "preflight").symlink_to(proved_home / "preflight")
    return home


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "People 2024.csv"
    path.write_text("id,name\n1,Ann\n2,Bob\n3,Eve,?\n")
    return path


def registered(home: Path, path: Path, **options: object) -> Kept:
    return asyncio.run(register(home, Registration(path, **options)))  # type: ignore[arg-type]  # any of its fields


def test_a_shipped_set_is_built_once_and_holds_what_was_generated(proven: Path) -> None:
    kept = asyncio.run(prepared(proven, "support"))
    assert kept.tables == shipped.registry()["support"]
    with duckdb.connect(str(Blobs(proven / "blobs").path(kept.database)), read_only=True) as database:
        rows = database.execute("SELECT * FROM tickets").fetchall()
        columns = database.execute("SELECT column_name, column_type FROM (DESCRIBE tickets)").fetchall()
    assert rows == shipped.generate("support")["tickets"]
    assert columns == [(column.name, column.type) for column in kept.tables.table("tickets").columns]
    assert asyncio.run(prepared(proven, "support")).database == kept.database


def test_a_larger_set_is_built_under_a_name_of_its_own(proven: Path) -> None:
    kept = asyncio.run(prepared(proven, "support-x2"))
    assert kept.tables.row_count == 2 * 6417
    assert [tables.id for tables in known(proven)] == ["ecommerce", "support", "sensors", "support-x2"]


def test_a_file_becomes_a_set_with_a_plain_name(proven: Path, people: Path) -> None:
    kept = registered(proven, people)
    (table,) = kept.tables.tables
    assert (kept.tables.id, table.name, table.row_count, table.key) == ("people_2024", "people_2024", 2, ("id",))
    assert (kept.rejected_rows, [line.line for line in kept.rejected]) == (1, [4])
    assert asyncio.run(prepared(proven, "people_2024")) == kept


def test_registering_the_same_content_again_changes_nothing(proven: Path, people: Path) -> None:
    first = registered(proven, people)
    assert registered(proven, people).tables == first.tables


def test_a_taken_name_with_other_content_is_refused_unless_it_shall_be_replaced(proven: Path, people: Path) -> None:
    registered(proven, people)
    people.write_text("id\n7\n")
    with pytest.raises(UsageError, match="--replace"):
        registered(proven, people)
    assert registered(proven, people, replace=True).tables.row_count == 1


def test_a_file_that_changed_since_is_refused(proven: Path, people: Path) -> None:
    registered(proven, people)
    people.write_text("id\n7\n")
    with pytest.raises(SourceError, match="changed"):
        asyncio.run(prepared(proven, "people_2024"))
    report = validated(proven, "people_2024")
    assert (report.ok, [fault.rule for fault in report.faults]) == (False, ["unchanged_files"])


def test_a_file_that_changes_while_it_is_read_is_refused(
    proven: Path, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = subject._load

    async def slow(*given: object) -> object:
        people.write_text("id\n7\n")
        return await load(*given)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(subject, "_load", slow)
    with pytest.raises(SourceError, match="while it was read"):
        registered(proven, people)
    assert "people_2024" not in {tables.id for tables in known(proven)}


def test_a_file_can_be_named_in_place_of_a_set(proven: Path, people: Path) -> None:
    kept = asyncio.run(prepared(proven, str(people)))
    assert kept.tables.id.startswith("people_2024-")
    assert asyncio.run(prepared(proven, str(people))) == kept


def test_a_file_that_is_none_says_what_the_jail_found(proven: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"no")
    with pytest.raises(SourceError, match="unreadable_file"):
        registered(proven, path)


@pytest.mark.parametrize(
    ("name", "path"), [("support", "a.csv"), ("support-x9", "a.csv"), ("../a", "a.csv"), ("", "a.xls"), ("", "b.csv")]
)
def test_a_taken_or_unsafe_name_an_unknown_ending_and_a_missing_file_are_refused(
    home: Path, tmp_path: Path, name: str, path: str
) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(UsageError):
        registered(home, tmp_path / path, name=name)
    assert not home.exists()


@pytest.mark.parametrize(("text", "name"), [("Ä 2024 (x).v1", "2024_x_v1"), ("Orders", "orders"), ("a__b", "a_b")])
def test_a_plain_name_is_made_of_letters_digits_and_lines(text: str, name: str) -> None:
    assert plain_name(text) == (name if name[0].isalpha() else f"t_{name}")


def test_no_name_can_be_made_of_nothing() -> None:
    with pytest.raises(UsageError, match="--id"):
        plain_name("…")


def test_data_that_were_altered_are_told_by_rule_and_by_hash(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = shipped.generate("support")["tickets"]
    altered = [(*rows[0][:9], 1, rows[0][10]), *rows[1:]]
    monkeypatch.setattr(shipped, "GENERATORS", {**shipped.GENERATORS, "support": lambda scale: {"tickets": altered}})
    report = validated(home, "support")
    assert [fault.rule for fault in report.faults] == ["agent_range", "version_hash"]
