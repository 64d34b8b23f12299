"""What was reviewed of the pinned engine, held against the engine: nothing new, nothing gone, no shape changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError

from tests.jobs.sql_texts import ALLOWED, PLACES
from tracewright.jobs._query import grammar
from tracewright.jobs._query.refusal import CODES
from tracewright.jobs._query.reviewed import FOLDER, READINGS, REVIEWED, fold

FUNCTIONS: dict[str, Any] = json.loads((FOLDER / "functions.json").read_text("utf-8"))
EXPRESSIONS = ("scalar", "operator", "aggregate", "window")
CALLS = ("", "a", "a, b", "a, b, c", "'x', b", "a, 'x'", "a, b, c, d")
MORE = (
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT $1, n, #1 FROM r, range(3) t(i)",
    "SELECT * EXCLUDE (a.b) RENAME (c AS d) FROM t TABLESAMPLE 10% JOIN u USING (x) ORDER BY a COLLATE NOCASE LIMIT 1",
    "SELECT DISTINCT ON (a) a FROM t AT (VERSION => 1)",
    "SELECT sum(x) OVER (ORDER BY b DESC NULLS LAST) FROM t",
)


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def names(engine: duckdb.DuckDBPyConnection, *kinds: str) -> set[str]:
    found = engine.execute("SELECT function_name, function_type FROM duckdb_functions()").fetchall()
    return {name for name, kind in found if kind in kinds}


def test_the_review_is_of_the_engine_that_is_installed() -> None:
    assert FUNCTIONS["duckdb"] == duckdb.__version__


def test_every_function_of_the_engine_was_reviewed_and_no_other(engine: duckdb.DuckDBPyConnection) -> None:
    refused = FUNCTIONS["refused"]
    held = [*(FUNCTIONS["allowed"][kind] for kind in EXPRESSIONS)]
    held += [listed for why, listed in refused.items() if why not in {"table", "pragma"}]
    reviewed = [name for listed in held for name in listed]
    assert len(reviewed) == len(set(reviewed))
    assert set(reviewed) == names(engine, "scalar", "aggregate", "macro", "window")
    tables = {*refused["table"], *FUNCTIONS["allowed"]["table"]}
    assert tables == names(engine, "table", "table_macro")
    assert set(refused["pragma"]) == names(engine, "pragma")


def test_every_view_of_the_engine_is_known_by_name(engine: duckdb.DuckDBPyConnection) -> None:
    found = engine.execute("SELECT view_name FROM duckdb_views() WHERE internal").fetchall()
    assert set(FUNCTIONS["views"]) == {name for (name,) in found}


def test_what_the_engine_calls_volatile_is_refused(engine: duckdb.DuckDBPyConnection) -> None:
    unsteady = "SELECT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT' AND stability IS NOT NULL"
    found = {fold(name) for (name,) in engine.execute(unsteady).fetchall()}
    assert found
    assert not found & REVIEWED.expressions


def test_every_type_that_a_query_may_name_exists(engine: duckdb.DuckDBPyConnection) -> None:
    known = {fold(name) for (name,) in engine.execute("SELECT type_name FROM duckdb_types()").fetchall()}
    assert not grammar.TYPES - known


def test_functions_that_hang_on_the_order_of_rows_are_allowed_ones() -> None:
    assert REVIEWED.order_dependent | REVIEWED.ties <= REVIEWED.expressions
    assert not REVIEWED.order_dependent & REVIEWED.ties


def test_the_shapes_of_the_tree_are_those_reviewed(engine: duckdb.DuckDBPyConnection) -> None:
    seen: dict[frozenset[str], set[str]] = defaultdict(set)
    for text in (*ALLOWED, *(place.format("1") for place in PLACES), *MORE):
        [(raw,)] = engine.execute("SELECT json_serialize_sql(?)", [text]).fetchall()
        for node, place in objects(json.loads(raw), ""):
            assert not grammar.strange(node, place), text
            shape = grammar.shape_of(node, place)
            assert shape is not None
            seen[shape] |= node.keys()
    listed = [*grammar.EXPRESSIONS.items(), *grammar.QUERIES.items(), *grammar.TABLES.items()]
    gone = {name: shape - seen[shape] for name, shape in listed if seen[shape] != shape}
    assert not gone


def objects(value: Any, place: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every object of a tree with the key that it stands under."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item, place)
    elif isinstance(value, dict):
        yield value, place
        for key, item in value.items():
            yield from objects(item, key)


def test_the_second_parser_shows_every_function_under_a_name_that_is_known() -> None:
    for name in sorted(REVIEWED.expressions | REVIEWED.windows):
        shown = READINGS.get(name, frozenset({name}))
        found = [calls(f"SELECT {name}({arguments})") for arguments in CALLS]
        assert all(each <= shown for each in found), name


def calls(text: str) -> set[str]:
    """Return the functions that sqlglot sees in a text, none where it cannot read it."""
    try:
        [root] = DuckDB().parse(text)
    except ParseError:
        return set()
    assert root is not None
    nodes = [node for node in root.walk() if isinstance(node, exp.Func | exp.AnonymousAggFunc)]
    return {fold(node.name) if type(node).__name__.startswith("Anonymous") else type(node).__name__ for node in nodes}


def test_every_code_of_a_refusal_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sql-policy.md").read_text("utf-8")
    assert not [code for code in CODES if f"| `{code}` |" not in page]
