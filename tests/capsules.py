"""A capsule made by hand, over rows that a test chooses, without a jail."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tracewright.pipeline.capsules import shelf
from tracewright.records.capsule import (
    Capsule,
    DataRef,
    Ending,
    EngineRef,
    QueryLimits,
    Request,
    ResultColumn,
    ResultRef,
    Ruling,
    Run,
    TableHash,
)
from tracewright.records.job import MIB
from tracewright.tables.results import hashes

LIMITS = QueryLimits(seconds=10, memory_bytes=1024 * MIB, rows=1000, bytes=MIB)
FIRST = Run(at="2026-01-02T03:04:05+00:00", tracewright="0.1.0", platform="Linux-x86_64", wall_seconds=0.25)


def request(**fields: Any) -> Request:
    """Return a request over the set `shop`."""
    data = DataRef(id="shop", version_hash="a" * 64, tables=(TableHash(name="orders", rows=3, sha256="b" * 64),))
    given: dict[str, Any] = {"kind": "sql", "raw_sql": "select 1", "sql": "SELECT 1", "data": data, "limits": LIMITS}
    return Request(**{**given, "engine": EngineRef(name="duckdb", version="2.0.0"), **fields})


def parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Return columns as a Parquet file."""
    out = BytesIO()
    pq.write_table(pa.table(dict(columns)), out)
    return out.getvalue()


def refused() -> Capsule:
    """Return the capsule of a query that never ran."""
    ending = Ending(status="rejected", code="TABLE_DENIED", message="There is no table 'secrets' here.")
    return Capsule(request=request(sql=""), ruling=Ruling(allowed=False), outcome=ending)


def answered(
    data: bytes,
    names: Sequence[str],
    values: Sequence[Sequence[Any]],
    kind: tuple[str, str] = ("BIGINT", "int"),
    ordered: bool = False,
    **fields: Any,
) -> Capsule:
    """Return the capsule of a query that gave these rows, all of one kind: a type and its family."""
    columns = tuple(
        ResultColumn(name=name, type=kind[0], family=kind[1], distinct=len({row[index] for row in values}))
        for index, name in enumerate(names)
    )
    found = hashes([(name, kind[1]) for name in names], values, ordered)
    result = ResultRef(
        file="result.parquet",
        sha256=hashlib.sha256(data).hexdigest(),
        columns=columns,
        rows=len(values),
        ordered=ordered,
        logical_sha256=found.logical,
        multiset_sha256=found.multiset,
        rounded_sha256=found.rounded,
    )
    return Capsule(request=request(**fields), ruling=Ruling(allowed=True), outcome=Ending(status="ok"), result=result)


def kept(home: Path, **fields: Any) -> Capsule:
    """Keep a small capsule with a result and a preview in a home, and return it."""
    data = parquet({"a": [1, 2], "b": [10, 20]})
    capsule = answered(data, ("a", "b"), [(1, 10), (2, 20)], **fields)
    named = '[{"name":"a","type":"BIGINT"},{"name":"b","type":"BIGINT"}]'
    preview = f'{{"columns":{named},"more":false,"rows":[[1,10],[2,20]]}}'.encode()
    shelf.keep(home, capsule, {"result.parquet": data, "preview.json": preview}, FIRST)
    return capsule
