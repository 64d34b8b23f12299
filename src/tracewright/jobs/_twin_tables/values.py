"""What becomes of values in a twin: names change places, measures double, moments come a day earlier."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import duckdb

from tracewright.jobs._load_tables.read import quoted
from tracewright.jobs._twin_tables.links import Known, Links, Place, end, names_things

INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER")
FRACTION = re.compile(r"FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)")
MOMENT = re.compile(r"DATE|TIMESTAMP( WITH TIME ZONE)?")
NAMING = re.compile(r"VARCHAR|UUID")
FEW = 24
"""Whole numbers of so few values are grades or years, which questions name."""


def cells(
    database: duckdb.DuckDBPyConnection, table: Known, found: Links, maps: Mapping[Place, str], measures: bool
) -> Iterator[str]:
    """Yield what stands in each column of the twin, as SQL over the table `o` and the joins of `joins`."""
    for number, (column, kind) in enumerate(table.columns.items()):
        place, cell = Place(table.name, column), f"o.{quoted(column)}"
        if end(found, place) in maps:
            yield f"coalesce(m{number}.new, {cell}) AS {place.cell}"
        elif measures and (other := _other(database, place, kind, cell)):
            yield f"coalesce(TRY(CAST({other} AS {kind})), {cell}) AS {place.cell}"
        else:
            yield f"{cell} AS {place.cell}"


def joins(table: Known, found: Links, maps: Mapping[Place, str]) -> str:
    """Return the joins that find the new name of every old one."""
    places = [(number, Place(table.name, column)) for number, column in enumerate(table.columns)]
    return "".join(
        f" LEFT JOIN {maps[end(found, place)]} AS m{number} ON o.{place.cell} = m{number}.old"
        for number, place in places
        if end(found, place) in maps
    )


def renamed(
    database: duckdb.DuckDBPyConnection, tables: Sequence[Known], found: Links, seed: str
) -> Mapping[Place, str]:
    """Make a temporary table (`old`, `new`) for each column of names that has no link, and return what it is called.

    Each name takes the place of the next, by a hash, among those that are filled alike: keys among themselves, labels
    among those that come with the same columns null, and the same of true and false. What always holds of a label (an
    open ticket is not resolved yet) then holds of the one in its place. No name keeps its place where two are alike.
    """
    maps: dict[Place, str] = {}
    keys = {end(found, place) for place in found} | {place for table in tables for place in table.names}
    for table in tables:
        filled = _filled(database, table)
        for column, kind in table.columns.items():
            place = Place(table.name, column)
            if place in found or not (place in keys or _names(column, kind)):
                continue
            alike = "''" if place in keys else _alike([form for other, form in filled.items() if other != column])
            maps[place] = f"temp.main.map_{len(maps)}"
            _rotate(database, maps[place], place, alike, seed)
    return maps


def _rotate(database: duckdb.DuckDBPyConnection, name: str, place: Place, alike: str, seed: str) -> None:
    window = "PARTITION BY alike ORDER BY md5(concat($seed, ' ', CAST(old AS VARCHAR))), old"
    whole = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
    database.execute(
        f"CREATE TEMP TABLE {name} AS SELECT old, coalesce(lead(old) OVER ({window}),"  # noqa: S608  # names are quoted
        f" first_value(old) OVER ({window} {whole})) AS new FROM (SELECT {place.cell} AS old, {alike} AS alike"
        f" FROM {place.rows} WHERE {place.cell} IS NOT NULL GROUP BY 1)",
        {"seed": seed},
    )


def _names(column: str, kind: str) -> bool:
    return bool(NAMING.fullmatch(kind) or (INTEGER.fullmatch(kind) and names_things(column)))


def _filled(database: duckdb.DuckDBPyConnection, table: Known) -> Mapping[str, str]:
    """Return, for each column that is null somewhere or true or false, how a group of rows is told to be filled."""
    counted = ", ".join(f"count({quoted(column)})" for column in table.columns)
    [(rows, *counts)] = database.execute(
        f"SELECT count(*), {counted} FROM {Place(table.name, '').rows}"  # noqa: S608  # names are quoted
    ).fetchall()
    forms: dict[str, str] = {}
    for (column, kind), count in zip(table.columns.items(), counts, strict=True):
        cell = quoted(column)
        if kind == "BOOLEAN":
            forms[column] = f"CASE WHEN bool_and({cell}) THEN 't' WHEN bool_or({cell}) THEN 'm' ELSE 'f' END"
        elif count < rows:
            forms[column] = f"CASE count({cell}) WHEN 0 THEN 'n' WHEN count(*) THEN 'f' ELSE 's' END"
    return forms


def _alike(forms: Sequence[str]) -> str:
    return f"concat({', '.join(forms)})" if forms else "''"


def _other(database: duckdb.DuckDBPyConnection, place: Place, kind: str, cell: str) -> str:
    """Return what a measure becomes, "" for what is none. Doubled, sums of them are still exactly that."""
    if FRACTION.fullmatch(kind):
        return f"{cell} * 2"
    if MOMENT.fullmatch(kind):
        return f"{cell} - INTERVAL 1 DAY"
    if not INTEGER.fullmatch(kind):
        return ""
    asked = f"SELECT count(DISTINCT {place.cell}) FROM {place.rows}"  # noqa: S608  # names are quoted
    [(values,)] = database.execute(asked).fetchall()
    return f"{cell} + sign({cell})" if values > FEW else ""
