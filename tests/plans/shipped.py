"""The shipped sets as tables of an engine in this process, made once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tracewright.plans.catalogue import Catalogue, catalogue_of_set
from tracewright.tables import shipped
from tracewright.tables.content import csv_lines


@cache
def open_set(name: str) -> duckdb.DuckDBPyConnection:
    """Return a connection in which the tables of a shipped set are, at any scale."""
    rows, engine = shipped.generate(name), duckdb.connect()
    engine.execute("SET threads = 1")
    with TemporaryDirectory() as folder:
        for table in shipped.promised(name).tables:
            path = Path(folder) / f"{table.name}.csv"
            path.write_bytes(b"".join(csv_lines(table.header, rows[table.name])))
            types = {column.name: column.type for column in table.columns}
            engine.read_csv(str(path), header=True, dtype=types).create(table.name)
    return engine


@cache
def set_catalogue(name: str) -> Catalogue:
    """Return the catalogue of a shipped set."""
    return catalogue_of_set(shipped.registry()[name])
