"""Tables on the command line: listed with their hashes, shown, checked, registered."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import tracewright
from tests.jail import needs_jail
from tracewright.tables import shipped


def test_the_list_holds_id_version_and_rows_of_each_set() -> None:
    ran = tracewright("data", "list", "--json")
    known = shipped.registry().values()
    assert ran.json == {
        "datasets": [{"id": t.id, "version_hash": t.version_hash, "row_count": t.row_count} for t in known]
    }
    assert sum(row["row_count"] for row in ran.json["datasets"]) == 69_893


def test_the_list_for_people_names_the_sets() -> None:
    ran = tracewright("data", "list")
    assert ran.code == 0
    assert all(name in ran.out for name in ("ecommerce", "support", "sensors", "49950"))


def test_sets_can_be_listed_at_a_larger_scale() -> None:
    ran = tracewright("data", "list", "--scale", "2", "--json")
    counts = {row["id"]: row["row_count"] for row in ran.json["datasets"]}
    assert counts == {"ecommerce-x2": 27_052, "support-x2": 12_834, "sensors-x2": 99_900}


def test_all_shipped_sets_are_valid() -> None:
    ran = tracewright("data", "validate", "--json")
    assert ran.code == 0
    assert [(row["id"], row["ok"], row["faults"]) for row in ran.json["datasets"]] == [
        (name, True, []) for name in ("ecommerce", "support", "sensors")
    ]


def test_one_set_can_be_checked_at_a_larger_scale() -> None:
    ran = tracewright("data", "validate", "support", "--scale", "3", "--json")
    assert [(row["id"], row["row_count"], row["ok"]) for row in ran.json["datasets"]] == [("support-x3", 19_251, True)]


def test_a_set_is_shown_with_columns_keys_and_questions() -> None:
    ran = tracewright("data", "show", "ecommerce")
    assert ran.code == 0
    for word in ("order_items: 9008 rows, key item_id", "order_items.order_id -> orders.order_id", "? How many orders"):
        assert word in ran.out
    told = tracewright("data", "show", "ecommerce", "--json").json
    assert told["relationships"][0] == {"from": "order_items.order_id", "to": "orders.order_id", "type": "many_to_one"}


def test_an_unknown_set_is_wrong_use_and_names_those_that_there_are() -> None:
    ran = tracewright("data", "show", "ghost")
    assert (ran.code, ran.out) == (2, "")
    assert "ecommerce, support, sensors" in ran.err


@needs_jail
def test_a_file_is_registered_listed_and_refused_once_it_changed(jail: Path) -> None:
    Path("people.csv").write_text("id,name\n1,Ann\n2,Bob,?\n3,Eve\n")
    ran = tracewright("data", "register", "people.csv", "--id", "folk", "--table", "people", "--json")
    assert (ran.code, ran.json["id"], ran.json["row_count"], ran.json["rejected_rows"]) == (0, "folk", 2, 1)
    assert "1 broken rows were left out: line 3" in ran.err
    assert tracewright("data", "list", "--json").json["datasets"][-1] == {
        "id": "folk",
        "version_hash": ran.json["version_hash"],
        "row_count": 2,
    }
    Path("people.csv").write_text("id,name\n1,Ann\n")
    checked = tracewright("data", "validate", "folk")
    assert checked.code == 1
    assert "people.csv changed" in checked.err


@needs_jail
def test_a_home_may_be_named_from_where_one_stands(jail: Path, proved_home: Path) -> None:
    Path("near").mkdir()
    Path("near/preflight").symlink_to(proved_home / "preflight")
    Path("a.csv").write_text("a\n1\n")
    ran = tracewright("data", "register", "a.csv", "--home", "near")
    assert (ran.code, ran.err) == (0, "")
    assert "a: 1 rows" in ran.out
