"""The shipped sets come out alike everywhere: counts by construction, bytes by their hashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tracewright.errors import UsageError
from tracewright.tables import shipped
from tracewright.tables.content import csv_lines
from tracewright.tables.validate import faults

COUNTS = {
    "ecommerce": {"orders": 4018, "order_items": 9008, "inventory": 500},
    "support": {"tickets": 6417},
    "sensors": {"readings": 49950},
}
VERSIONS = {
    "ecommerce": "b25fcfa60763881eba49d6a5158e98941c6174163e50bc2a5e476e1fe075de6f",
    "support": "804fce6440f15414b3a15e4d2077fa3e5bfe6e6cd75cabea1f7faa8cafd9a77e",
    "sensors": "adde89190644d391557c05edeeebabe1953bf5c63321f6383633a00a93696dff",
}
ELSEWHERE = """
import hashlib, json, time
time.time = lambda: {clock}
from tracewright.tables import shipped
from tracewright.tables.content import csv_lines
hashes = {{}}
for name, known in shipped.registry().items():
    for table, rows in shipped.generate(name).items():
        lines = b"".join(csv_lines(known.table(table).header, rows))
        hashes[f"{{name}}.{{table}}"] = hashlib.sha256(lines).hexdigest()
print(json.dumps(hashes))
"""


@pytest.mark.parametrize("name", COUNTS)
def test_a_set_has_its_rows_by_construction(name: str) -> None:
    rows = shipped.generate(name)
    assert {table: len(found) for table, found in rows.items()} == COUNTS[name]


def test_all_three_sets_have_69893_rows() -> None:
    assert sum(tables.row_count for tables in shipped.registry().values()) == 69_893


@pytest.mark.parametrize("name", VERSIONS)
def test_the_version_of_a_set_is_the_one_recorded(name: str) -> None:
    made = shipped.described(name, shipped.generate(name))
    assert made.version_hash == VERSIONS[name]
    assert made == shipped.registry()[name], "registry.json tells of other data"


@pytest.mark.parametrize(("clock", "zone", "seed"), [(0, "UTC", "0"), (2e9, "Asia/Tokyo", "1"), (4e9, "", "77")])
def test_another_process_clock_zone_and_hash_seed_make_the_same_bytes(clock: float, zone: str, seed: str) -> None:
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", ELSEWHERE.format(clock=clock)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    known = shipped.registry().items()
    assert json.loads(ran.stdout) == {f"{name}.{t.name}": t.sha256 for name, tables in known for t in tables.tables}


@pytest.mark.parametrize("name", COUNTS)
def test_a_set_keeps_all_its_rules(name: str) -> None:
    assert faults(shipped.registry()[name], shipped.generate(name), shipped.rules(name)) == []


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("scale", [2])
def test_a_larger_set_is_that_many_times_larger_and_keeps_the_same_rules(name: str, scale: int) -> None:
    larger = shipped.scaled_name(name, scale)
    rows = shipped.generate(larger)
    assert {table: len(found) for table, found in rows.items()} == {t: n * scale for t, n in COUNTS[name].items()}
    assert faults(shipped.promised(larger), rows, shipped.rules(larger)) == []


@pytest.mark.parametrize("name", ["ghost", "support-x0", "support-x101", "support-x01", "support-x", "../support", ""])
def test_what_is_not_shipped_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"no set|scale"):
        shipped.generate(name)


def test_every_set_has_six_questions_and_says_what_its_columns_are() -> None:
    for tables in shipped.registry().values():
        assert len(set(tables.prompts)) == 6
        assert all(column.description for table in tables.tables for column in table.columns)
        assert all(table.key for table in tables.tables)


def test_the_canonical_bytes_are_a_csv_that_opens_with_the_names() -> None:
    header = shipped.registry()["ecommerce"].table("orders").header
    lines = b"".join(csv_lines(header, shipped.generate("ecommerce")["orders"])).decode().splitlines()
    assert lines[0] == '"order_id","customer_id","order_date","total","status","returned"'
    assert lines[1].startswith("1001,")
    assert len(lines) == 4019
