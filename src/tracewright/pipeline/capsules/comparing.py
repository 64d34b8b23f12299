"""Compares two capsules section by section, and their rows where both have some."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from tracewright.blobs import Blobs
from tracewright.errors import SandboxError
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.capsules.reading import Bench, form_of, job, told_columns
from tracewright.records.base import JsonObject, Record, canonical
from tracewright.records.capsule import Capsule, ResultRef
from tracewright.records.job import Sha256

MOST_LINES = 400
CLAUSES = re.compile(r" (?=(?:FROM|WHERE|GROUP BY|HAVING|QUALIFY|ORDER BY|LIMIT|UNION|INNER JOIN|LEFT JOIN|SELECT)\b)")


class Change(Record):
    """One thing that differs: its section, a JSON pointer into it, and both sides as JSON; an empty side is missing."""

    section: str
    where: str
    left: str
    right: str


class RowChanges(Record):
    """How the rows differ: counts, and some of them; `pairs` are rows of one key that changed.

    `near` says that they are the same but for floats within a tolerance.
    """

    near: bool
    only_left: int
    only_right: int
    changed: int
    left: tuple[tuple[Any, ...], ...] = ()
    right: tuple[tuple[Any, ...], ...] = ()
    pairs: tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...] = ()


class Comparison(Record):
    """All that tells two capsules apart; `sql` is a unified diff, a clause a line."""

    left: Sha256
    right: Sha256
    same: bool
    changes: tuple[Change, ...] = ()
    sql: str = ""
    rows: RowChanges | None = None


async def compare(there: Bench, left: Sha256, right: Sha256) -> Comparison:
    """Compare two capsules of a home; raises UsageError for an unknown one, StoreError for a changed one."""
    ours, theirs = shelf.load(there.home, left), shelf.load(there.home, right)
    differ = ours.result and theirs.result and ours.result.logical_sha256 != theirs.result.logical_sha256
    return Comparison(
        left=left,
        right=right,
        same=left == right,
        changes=tuple(changes(ours, theirs)),
        sql=sql_diff(ours.request.sql, theirs.request.sql),
        rows=await row_changes(there, ours, theirs) if differ else None,
    )


def changes(left: Capsule, right: Capsule) -> Iterator[Change]:
    """Yield what differs, in the order of a capsule's sections; the canonical SQL is left to `sql_diff`."""
    ours, theirs = _sections(left), _sections(right)
    for section in ours:
        yield from _walk(section, "", ours[section], theirs[section])


def _sections(capsule: Capsule) -> dict[str, Any]:
    plain = capsule.model_dump(mode="json")
    request = plain.pop("request")
    request.pop("sql")
    alone = ("question", "plan", "parameters", "data", "engine")
    return {**{name: request.pop(name) for name in alone}, "request": request, **plain}


def _walk(section: str, where: str, left: Any, right: Any) -> Iterator[Change]:
    if left == right:
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            step = key.replace("~", "~0").replace("/", "~1")
            yield from _walk(section, f"{where}/{step}", left.get(key), right.get(key))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _walk(section, f"{where}/{index}", one, other)
    else:
        yield Change(section=section, where=where, left=_told(left), right=_told(right))


def _told(value: Any) -> str:
    return "" if value is None else canonical(value).decode()


def sql_diff(left: str, right: str) -> str:
    """Return a unified diff of two queries, a clause a line; empty where they are the same."""
    ours, theirs = CLAUSES.sub("\n", left).splitlines(), CLAUSES.sub("\n", right).splitlines()
    if max(len(ours), len(theirs)) > MOST_LINES:
        return f"-{left}\n+{right}" if left != right else ""
    return "\n".join(difflib.unified_diff(ours, theirs, "left", "right", lineterm=""))


async def row_changes(there: Bench, left: Capsule, right: Capsule) -> RowChanges | None:
    """Return how the rows of two capsules differ; None where one has no result."""
    if not (left.result and right.result):
        return None
    inputs = {"left": _mounted(there, left, left.result), "right": _mounted(there, right, right.result)}
    asked: JsonObject = {"results": [_one("left", left.result), _one("right", right.result)], "preview": 0}
    outcome = await there.sandbox.run(job("read_result", inputs, asked))
    if outcome.status != "ok":
        raise SandboxError(f"the results could not be compared ({outcome.code or outcome.status}): {outcome.message}")
    try:
        return RowChanges.model_validate(outcome.result.get("difference"))
    except ValidationError as error:
        raise SandboxError(f"the job read_result sent something that is no difference: {error}") from error


def _mounted(there: Bench, capsule: Capsule, result: ResultRef) -> Sha256:
    """Return the blob of a result, made anew from the capsule's folder where it is gone."""
    blobs = Blobs(there.home / "blobs")
    kept = shelf.folder(there.home, capsule.id) / result.file
    if kept.is_file():
        blobs.put(kept.read_bytes())
    blobs.get(result.sha256)  # raises where the bytes are gone or others
    return result.sha256


def _one(name: str, result: ResultRef) -> JsonObject:
    columns = [*told_columns(result)]
    return {"input": name, "format": form_of(result.file), "columns": [*columns], "ordered": result.ordered}
