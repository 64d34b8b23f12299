"""Which rows a twin leaves out: some of the tables whose rows name no others, and with them all that name those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from tracewright.jobs._load_tables.read import quoted
from tracewright.jobs._twin_tables.links import Known, Links, Place, names_things


@dataclass(frozen=True)
class Thinning:
    """What a twin leaves out: one in so many, and one at least where there are two: rows, or `whole` things.

    With `sums`, tables that are no row's first parent keep all rows, so that what a first parent tells of all its
    children (the total of an order) stays true.
    """

    seed: str
    one_in: int
    whole: bool
    sums: bool


def keep_some(database: duckdb.DuckDBPyConnection, tables: Sequence[Known], found: Links, how: Thinning) -> None:
    """Make a temporary table of the rows of each that stay, which `kept` names; every join finds what it found."""
    followed = _without_circles(found)
    parents = {table.name: _parents(table, followed) for table in tables}
    roots = {name for name, named in parents.items() if not named}
    later = {name for named in parents.values() for name in named[1:]}
    thinned = (roots - later if how.sums else roots) or roots
    numbers = {table.name: number for number, table in enumerate(tables)}
    for table in tables:
        _thin(database, kept(numbers[table.name]), table, how, how.one_in if table.name in thinned else 0)
    # Rows only ever go, so this ends.
    while sum(_follow(database, numbers, *link) for link in followed.items()):
        pass


def kept(number: int) -> str:
    """Return the name of the table of the rows that stay of a table; its column `row` holds their numbers."""
    return f"temp.main.kept_{number}"


def _without_circles(found: Links) -> Links:
    """Return the links along which rows go with others; one that closes a circle of tables would empty them."""
    above: dict[str, set[str]] = {}
    followed: dict[Place, Place] = {}
    for child, parent in found.items():
        reached, new = {parent.table}, {parent.table}
        while new := {table for one in new for table in above.get(one, ())} - reached:
            reached |= new
        if child.table not in reached:
            followed[child] = parent
            above.setdefault(child.table, set()).add(parent.table)
    return followed


def _parents(table: Known, found: Links) -> list[str]:
    """Return the tables whose rows those of a table name, each once, in the order of the columns."""
    places = (Place(table.name, column) for column in table.columns)
    named = (found[place].table for place in places if place in found)
    return list(dict.fromkeys(named))


def _thin(database: duckdb.DuckDBPyConnection, name: str, table: Known, how: Thinning, share: int) -> None:
    things = [column for column in table.columns if names_things(column) and [column] != list(table.key)][: how.whole]
    naming = things or [column for column in table.key if column in table.columns] or list(table.columns)
    cells = ", ".join(f"coalesce(CAST({quoted(column)} AS VARCHAR), '')" for column in naming)
    order = f"md5(concat_ws(chr(31), $seed, {cells}))"
    place = f"dense_rank() OVER (ORDER BY {order})" if things else f"row_number() OVER (ORDER BY {order}, rowid)"
    database.execute(
        f"CREATE TEMP TABLE {name} AS SELECT row FROM (SELECT *, max(place) OVER () AS places FROM"  # noqa: S608  # names are quoted
        f" (SELECT rowid AS row, {place} AS place FROM {Place(table.name, '').rows}))"
        " WHERE $share = 0 OR places < 2 OR place > greatest(1, places // $share)",
        {"seed": f"{how.seed} {table.name}", "share": share},
    )


def _follow(database: duckdb.DuckDBPyConnection, numbers: Mapping[str, int], child: Place, parent: Place) -> int:
    """Take away the rows that name one that is gone, and return how many."""
    gone = (
        f"SELECT c.rowid FROM {child.rows} AS c JOIN {parent.rows} AS p ON c.{child.cell} = p.{parent.cell}"  # noqa: S608  # names are quoted
        f" ANTI JOIN {kept(numbers[parent.table])} AS k ON p.rowid = k.row"
    )
    [(count,)] = database.execute(
        f"DELETE FROM {kept(numbers[child.table])} WHERE row IN ({gone})"  # noqa: S608  # names are quoted
    ).fetchall()
    return int(count)
