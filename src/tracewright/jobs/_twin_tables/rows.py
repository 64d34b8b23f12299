"""Which rows a twin leaves out: some of the tables whose rows name no others, and with them all that name those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from tracewright.jobs._load_tables.read import quoted
from tracewright.jobs._twin_tables.links import ORIGINAL, Known, Links, Place

ONE_IN = 4
"""One row in so many is left out, and one at least where there are two."""


def keep_some(
    database: duckdb.DuckDBPyConnection, tables: Sequence[Known], found: Links, seed: str, sums: bool
) -> None:
    """Make, for each table, a temporary table of the rows that stay, which `kept` names; every join finds what it did.

    With `sums`, tables that are no row's first parent keep all rows, so that what a first parent tells of all its
    children (the total of an order) stays true.
    """
    parents = {table.name: _parents(table, found) for table in tables}
    roots = {name for name, named in parents.items() if not named} or set(parents)
    thinned = roots - {name for named in parents.values() for name in named[1:]} if sums else roots
    numbers = {table.name: number for number, table in enumerate(tables)}
    for table in tables:
        share = ONE_IN if table.name in (thinned or roots) else 0
        _thin(database, kept(numbers[table.name]), table, seed, share)
    # Rows only ever go, so this ends.
    while sum(_follow(database, numbers, *link) for link in found.items()):
        pass


def kept(number: int) -> str:
    """Return the name of the table of the rows that stay of a table; its column `row` holds their numbers."""
    return f"temp.main.kept_{number}"


def _parents(table: Known, found: Links) -> list[str]:
    """Return the tables whose rows those of a table name, each once, in the order of the columns."""
    places = (Place(table.name, column) for column in table.columns)
    named = (found[place].table for place in places if place in found)
    return list(dict.fromkeys(name for name in named if name != table.name))


def _thin(database: duckdb.DuckDBPyConnection, name: str, table: Known, seed: str, share: int) -> None:
    naming = [column for column in table.key if column in table.columns] or list(table.columns)
    cells = ", ".join(f"coalesce(CAST({quoted(column)} AS VARCHAR), '')" for column in naming)
    place = f"{ORIGINAL}.main.{quoted(table.name)}"
    database.execute(
        f"CREATE TEMP TABLE {name} AS SELECT row FROM (SELECT rowid AS row, count(*) OVER () AS rows, row_number() OVER"  # noqa: S608  # names are quoted
        f" (ORDER BY md5(concat_ws(chr(31), $seed, {cells})), rowid) AS place FROM {place})"
        " WHERE $share = 0 OR rows < 2 OR place > greatest(1, rows // $share)",
        {"seed": f"{seed} {table.name}", "share": share},
    )


def _follow(database: duckdb.DuckDBPyConnection, numbers: Mapping[str, int], child: Place, parent: Place) -> int:
    """Take away the rows that name one that is gone, and return how many; a row that names its own table's stays."""
    if child.table == parent.table:
        return 0
    gone = (
        f"SELECT c.rowid FROM {child.rows} AS c JOIN {parent.rows} AS p ON c.{child.cell} = p.{parent.cell}"  # noqa: S608  # names are quoted
        f" ANTI JOIN {kept(numbers[parent.table])} AS k ON p.rowid = k.row"
    )
    [(count,)] = database.execute(
        f"DELETE FROM {kept(numbers[child.table])} WHERE row IN ({gone})"  # noqa: S608  # names are quoted
    ).fetchall()
    return int(count)
