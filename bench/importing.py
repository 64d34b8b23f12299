"""Holds imported plans against the queries that they were read from, over three public sets of queries.

Each text becomes a plan and the plan SQL; both texts run over the same rows, and what comes out must be the same. The
texts lie outside this repository. TPC rows come from DuckDB's generators where a folder of them is named, otherwise
they are made here from the queries' own literals, as are the rows of Spider's databases. No figure is a TPC benchmark
result.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sqlite3
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from hashlib import md5
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tracewright.plans.catalogue import Catalogue, catalogue_of
from tracewright.plans.compiling import compile_plan
from tracewright.plans.importing.refusal import ImportRefusal
from tracewright.plans.importing.sql import import_sql

ANALYTICS = Path("analytics")
SPIDER_TYPES = {"text": "varchar", "time": "varchar", "others": "varchar", "boolean": "varchar"}
AFFINITIES = {"varchar": "TEXT", "bigint": "INTEGER", "double": "REAL"}
MADE_ROWS = 40
MEETING = 12
"""Keys are drawn from so few numbers that tables meet."""

Columns = Mapping[str, str]
Tables = Mapping[str, Columns]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Query:
    """One text of a set: `db` names the tables that it asks."""

    id: str
    db: str
    sql: str


@dataclass
class Tally:
    """What became of a set's queries: how many are plans, give equal rows, and by which way any were not equal.

    `tied` are equal without the outermost LIMIT, which chose among rows of one rank; `noted` are those of which the
    importer said that the text leaves a value open; `failing` fail as texts and as plans.
    """

    name: str
    rows: str
    queries: int = 0
    encoded: int = 0
    equal: int = 0
    found: int = 0
    tied: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


class Engine:
    """Runs texts; a run that fails gives None."""

    def __init__(self, connection: duckdb.DuckDBPyConnection | sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, sql: str) -> Rows | None:
        """Return what comes out, None where the engine cannot run it."""
        try:
            return [tuple(map(comparable, row)) for row in self.connection.execute(sql).fetchall()]
        except (duckdb.Error, sqlite3.Error):
            return None


def comparable(value: Any) -> Any:
    """Return a value as it is compared: numbers by nine digits, since sums of floats depend on their order."""
    if isinstance(value, float | Decimal | int) and not isinstance(value, bool):
        return "nan" if math.isnan(value) else float(f"{value:.9g}")
    return tuple(map(comparable, value)) if isinstance(value, list) else value


def read_queries(file: Path) -> list[Query]:
    """Return the queries of a file of JSON lines."""
    rows = map(json.loads, file.read_text().splitlines())
    return [Query(row["id"], row.get("db", ""), row["sql"].strip().rstrip(";")) for row in rows]


def hold(tally: Tally, query: Query, catalogue: Catalogue, dialect: str, before: Engine, after: Engine) -> None:
    """Import one query, and compare what it and its plan give."""
    tally.queries += 1
    began = time.perf_counter()
    try:
        found = import_sql(query.sql, catalogue, dialect)
    except ImportRefusal as refused:
        tally.refused[refused.code] += 1
        return
    tally.milliseconds.append(1000 * (time.perf_counter() - began))
    tally.encoded += 1
    wanted, given = before.rows(query.sql), after.rows(compile_plan(found.plan, catalogue).sql)
    if wanted is None and given is None:
        tally.failing.append(query.id)
    elif wanted is not None and given is not None and Counter(wanted) == Counter(given):
        tally.equal += 1
        tally.found += bool(wanted)
    elif _same_without_limit(query.sql, catalogue, dialect, before, after):
        tally.tied.append(query.id)
    else:
        (tally.noted if found.notes else tally.differing).append(query.id)


def _same_without_limit(sql: str, catalogue: Catalogue, dialect: str, before: Engine, after: Engine) -> bool:
    """Tell whether all rows are the same, so that only the choice among rows of one rank was another."""
    tree = sqlglot.parse_one(sql, read=dialect)
    if not tree.args.get("limit"):
        return False
    tree.set("limit", None)
    whole = tree.sql(dialect=dialect)
    wanted, given = (
        before.rows(whole),
        after.rows(compile_plan(import_sql(whole, catalogue, dialect).plan, catalogue).sql),
    )
    return wanted is not None and given is not None and Counter(wanted) == Counter(given)


def tpc(name: str, corpora: Path, tables: Tables, generated: Path | None) -> Tally:
    """Hold the queries of `tpch` or `tpcds` against their plans, over generated rows or ones made here."""
    queries = read_queries(corpora / ANALYTICS / f"{name}.jsonl")
    with duckdb.connect() as connection:
        if generated is None:
            fill(connection, tables, pools(queries, "duckdb"), {}, {})
        else:
            for table in tables:
                connection.execute(f"CREATE TABLE {table} AS FROM '{generated / name / table}.parquet'")
        tally = Tally({"tpch": "TPC-H", "tpcds": "TPC-DS"}[name], "generated" if generated else "made here")
        engine, catalogue = Engine(connection), _described(connection, tables)
        for query in queries:
            hold(tally, query, catalogue, "duckdb", engine, engine)
    return tally


def _described(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> Catalogue:
    return catalogue_of(
        {name: [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {name}").fetchall()] for name in tables}
    )


def spider(corpora: Path) -> Tally:
    """Hold Spider's queries, run by SQLite, against their plans, run by DuckDB, over rows made here."""
    queries = read_queries(corpora / ANALYTICS / "spider_dev.jsonl")
    schemas = {one["db_id"]: one for one in json.loads((corpora / ANALYTICS / "spider_tables.json").read_text())}
    by_db: dict[str, list[Query]] = defaultdict(list)
    for query in queries:
        by_db[query.db].append(query)
    tally = Tally("Spider dev", "made here")
    for db, asked in by_db.items():
        tables, keys, links = spider_schema(schemas[db])
        before, after = sqlite3.connect(":memory:"), duckdb.connect()
        for connection in (before, after):
            fill(connection, tables, pools(asked, "sqlite"), keys, links)
        catalogue = catalogue_of(tables, {table: [[key] for key in names] for table, names in keys.items()})
        for query in asked:
            hold(tally, query, catalogue, "sqlite", Engine(before), Engine(after))
        before.close()
        after.close()
    return tally


Keys = Mapping[str, Sequence[str]]
Links = Mapping[tuple[str, str], tuple[str, str]]


def spider_schema(schema: Mapping[str, Any]) -> tuple[Tables, Keys, Links]:
    """Return a database's tables with types, the keys, and where columns point to."""
    names = schema["table_names_original"]  # SQLite's own tables among them
    places = [(names[table] if table >= 0 else "", column) for table, column in schema["column_names_original"]]
    links = {places[child]: places[parent] for child, parent in schema["foreign_keys"]}
    keys: dict[str, list[str]] = defaultdict(list)
    for table, column in (places[at] for at in schema["primary_keys"]):
        if (table, column) not in links:  # of a key of several columns, the file names but one
            keys[table].append(column)
    tables: dict[str, dict[str, str]] = {name: {} for name in names}
    for place, kind in list(zip(places, schema["column_types"], strict=True))[1:]:
        whole = place in links or place in links.values() or place[1] in keys[place[0]] or _drawn(2, *place) == 0
        tables[place[0]][place[1]] = SPIDER_TYPES.get(kind, "bigint" if whole else "double")
    return {name: columns for name, columns in tables.items() if not name.startswith("sqlite_")}, keys, links


def pools(queries: Iterable[Query], dialect: str) -> dict[str, list[str]]:
    """Return the literals that the queries compare columns with, by the column's name."""
    found: dict[str, list[str]] = defaultdict(list)
    for query in queries:
        for node in sqlglot.parse_one(query.sql, read=dialect).find_all(exp.Predicate, exp.Between, exp.In):
            columns = {column.name.casefold() for column in node.find_all(exp.Column)}
            texts = [str(literal.this).replace("%", "") for literal in node.find_all(exp.Literal)]
            texts += [column.name for column in node.find_all(exp.Column) if column.this.args.get("quoted")]
            for column in columns if len(columns) <= 2 else ():
                found[column] += [text for text in texts if text and text not in found[column]]
    return found


def fill(
    connection: duckdb.DuckDBPyConnection | sqlite3.Connection,
    tables: Tables,
    literals: Mapping[str, list[str]],
    keys: Keys,
    links: Links,
) -> None:
    """Make the tables, with rows that are the same on every machine."""
    for table, columns in tables.items():
        sqlite = isinstance(connection, sqlite3.Connection)
        types = [AFFINITIES[kind] if sqlite else kind for kind in columns.values()]
        written = ", ".join(f'"{name}" {kind}' for name, kind in zip(columns, types, strict=True))
        connection.execute(f'CREATE TABLE "{table}" ({written})')
        rows = list(made(table, columns, literals, keys, links))
        places = ", ".join("?" for _ in columns)
        connection.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)  # noqa: S608 -- names of a schema file


def made(
    table: str, columns: Columns, literals: Mapping[str, list[str]], keys: Keys, links: Links
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one table: keys count, links point to a key, and others are what some query asks for."""
    for at in range(MADE_ROWS):
        row = []
        for name, kind in columns.items():
            if name in keys.get(table, ()):
                row.append(_as(kind, str(at + 1)))
            elif (table, name) in links:
                row.append(_as(kind, str(1 + _drawn(MADE_ROWS, table, name, at) % MADE_ROWS)))
            else:
                row.append(_value(kind, literals.get(name.casefold(), []), (table, name, at)))
        yield tuple(row)


def _value(kind: str, pool: Sequence[str], place: tuple[object, ...]) -> Any:
    if _drawn(11, *place, "null") == 0:
        return None
    if pool and _drawn(4, *place, "pool"):
        text = pool[_drawn(len(pool), *place, "which")]
        value = _as(kind, text, _drawn(5, *place, "beside") - 1 if kind != "varchar" else 0)
        if value is not None:
            return value
    return _as(kind, str(1 + _drawn(MEETING, *place)))


def _as(kind: str, text: str, beside: int = 0) -> Any:
    """Return a text as a value of a type, `beside` steps off where the type has steps; None where it is none."""
    if kind.startswith("varchar"):
        return text
    try:
        if kind == "date":
            near = date(1998, 1, 1) + timedelta(int(text)) if text.isdigit() else date.fromisoformat(text)
            return near + timedelta(beside)
        if kind.startswith("decimal"):
            return Decimal(text).quantize(Decimal("0.01")) + beside
        return float(text) + beside if kind == "double" else int(text) + beside
    except (ArithmeticError, ValueError):
        return None


def _drawn(below: int, *place: object) -> int:
    """Return a number below another, by the digest of a place, so that no generator's state is needed."""
    return int.from_bytes(md5(repr(place).encode(), usedforsecurity=False).digest()[:8], "big") % below


HEADS = ("queries", "rows", "asked", "plans", "equal", "with rows", "tied", "noted", "fail", "differ", "ms", "slowest")


def report(tallies: Sequence[Tally]) -> str:
    """Write the table and what was not equal, by name."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    engines = f"DuckDB {duckdb.__version__}, sqlglot {version('sqlglot')}, SQLite {sqlite3.sqlite_version}"
    lines = [
        "# SQL imported as plans",
        "",
        "`bench/importing.py`: SQL → plan → SQL, both texts over the same rows.",
        "Not comparable to TPC benchmark results.",
        f"{machine}, {engines}.",
        "",
        "*with rows*: equal and not empty. *tied*: equal but for which rows of one rank a LIMIT keeps. *noted*: the",
        "text leaves a value open, and the importer says so. *fail*: text and plan both. *ms*: one import's median.",
        "",
        f"| {' | '.join(HEADS)} |",
        f"|---|---|{'---:|' * (len(HEADS) - 2)}",
    ]
    return "\n".join([*lines, *map(_line, tallies), "", *map(_names, tallies)]) + "\n"


def _line(tally: Tally) -> str:
    others = map(len, (tally.tied, tally.noted, tally.failing, tally.differing))
    counts = (tally.queries, tally.encoded, tally.equal, tally.found, *others)
    times = f"{statistics.median(tally.milliseconds):.1f} | {max(tally.milliseconds):.1f}"
    return f"| {tally.name} | {tally.rows} | {' | '.join(map(str, counts))} | {times} |"


def _names(tally: Tally) -> str:
    refused = [f"{code} {count}" for code, count in sorted(tally.refused.items())]
    parts = {"refused": refused, "differ": tally.differing, "noted": tally.noted, "tied": tally.tied}
    return f"- {tally.name}: " + "; ".join(f"{name}: {', '.join(ids)}" for name, ids in parts.items() if ids)


def main() -> None:
    """Measure, print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--corpora", type=Path, default=os.environ.get("TRACEWRIGHT_CORPORA"), help="where the texts lie"
    )
    parser.add_argument("--generated", type=Path, help="a folder with tpch/*.parquet and tpcds/*.parquet")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "importing.md")
    wanted = parser.parse_args()
    if wanted.corpora is None:
        print("bench/importing.py is left out: TRACEWRIGHT_CORPORA names no folder of query texts")
        return
    tables = json.loads(Path(__file__).with_name("tpc_tables.json").read_text())
    corpora = Path(wanted.corpora)
    tallies = [tpc(name, corpora, tables[name], wanted.generated) for name in ("tpch", "tpcds")]
    text = report([*tallies, spider(corpora)])
    print(text)
    wanted.out.write_text(text)


if __name__ == "__main__":
    main()
