"""Answers a free question over a set of tables by searching for a plan; the answer is kept as a capsule.

No model is asked. What the data do not hold, or no plan can say, is told in a sentence and never answered by a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from tracewright.environments.analytics.questions import Candidate, Look, Reading, looks, search, seen
from tracewright.errors import SandboxError
from tracewright.pipeline.capsules import shelf
from tracewright.pipeline.capsules.making import Draft
from tracewright.pipeline.capsules.planning import AskedPlan, run_plan
from tracewright.pipeline.capsules.reading import Bench, bench
from tracewright.pipeline.queries import Data, data_of, query_job
from tracewright.pipeline.tables import prepared
from tracewright.plans.catalogue import Catalogue, catalogue_of_set
from tracewright.plans.compiling import compile_plan
from tracewright.plans.document import read_plan
from tracewright.records.base import JsonObject, Record
from tracewright.records.capsule import PREVIEW
from tracewright.records.job import Sha256
from tracewright.tables.schema import TableSet

ANSWERED_BY = "plan search"
NEAR = 2
"""Readings that lie no farther than this from the nearest may be tried where it finds no row."""
MOST_TRIES = 4

Status = Literal["answered", "abstained", "failed"]


class Answer(Record):
    """What `ask` says: a plan with its rows, or why there is none.

    `code` is NOT_IN_DATA or NOT_EXPRESSIBLE where nothing was run, else that of the run. `capsule` is kept in the
    home; `others` are further readings of the same words, and `rows` the first rows of the result.
    """

    question: str
    data: str
    answered_by: str = ANSWERED_BY
    status: Status
    code: str = ""
    reason: str = ""
    reading: str = ""
    others: tuple[str, ...] = ()
    plan: JsonObject | None = None
    sql: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    row_count: int = 0
    picture: str = ""
    notice: str = ""
    capsule: Sha256 = ""


async def answer(home: Path, data: str, question: str) -> Answer:
    """Answer a question; raises UsageError for an unknown set, MissingPartError where no jail holds.

    Readings are tried from the nearest on until one finds rows, among those that lie about as near.
    """
    tables = (await prepared(home, data)).tables
    if not looks(question, tables) and not (reading := search(question, tables)).candidates:
        return _abstained(question, tables, reading)  # nothing need be run to know it
    async with bench(home) as there:
        reading = await read(there, data, question, tables)
        if not reading.candidates:
            return _abstained(question, tables, reading)
        chosen, draft = await _run(there, data, question, reading)
    shelf.keep(home, draft.capsule, draft.files, draft.run)
    others = tuple(other.words for other in reading.candidates if other is not chosen)[: MOST_TRIES - 1]
    return _told(home, question, chosen, draft).model_copy(update={"data": tables.id, "others": others})


async def read(there: Bench, data: str, question: str, tables: TableSet, keys_only: bool = False) -> Reading:
    """Read a question with what a look into the data says of its words; with `keys_only` things go by their keys."""
    wanted = looks(question, tables)
    if not wanted:
        return search(question, tables, keys_only=keys_only)
    where, catalogue = await data_of(there.home, data), catalogue_of_set(tables)
    found = [(look, await _looked(there, where, look, catalogue)) for look in wanted]
    return search(question, tables, seen(found), keys_only=keys_only)


async def _looked(there: Bench, data: Data, look: Look, catalogue: Catalogue) -> list[Any]:
    request: JsonObject = {"op": "run", "sql": compile_plan(look.plan, catalogue).sql, "preview": 50}
    outcome = await there.sandbox.run(query_job(data, request))
    rows = outcome.result.get("preview")
    if outcome.status != "ok" or not isinstance(rows, list):
        raise SandboxError(f"a look into {look.column} failed ({outcome.code or outcome.status}): {outcome.message}")
    return rows


async def _run(there: Bench, data: str, question: str, reading: Reading) -> tuple[Candidate, Draft]:
    """Return the first reading among the near ones that finds something, with its draft; else the first of all."""
    tried: list[tuple[Candidate, Draft]] = []
    for candidate in _near(reading.candidates):
        asked = AskedPlan(read_plan(candidate.plan), data, question=question)
        tried.append((candidate, (await run_plan(there, asked)).draft))
        if tried[-1][1].capsule.outcome.status == "ok" and any(
            any(c is not None for c in row) for row in _rows(tried[-1][1])
        ):
            return tried[-1]
    return tried[0]


def _near(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    nearest = candidates[0].penalty
    return (candidate for candidate in candidates[:MOST_TRIES] if candidate.penalty <= nearest + NEAR)


def _rows(draft: Draft) -> list[list[Any]]:
    if PREVIEW not in draft.files:
        return []
    shown: list[list[Any]] = json.loads(draft.files[PREVIEW])["rows"]
    return shown


def _abstained(question: str, tables: TableSet, reading: Reading) -> Answer:
    return Answer(question=question, data=tables.id, status="abstained", code=reading.code, reason=reading.missing)


def _told(home: Path, question: str, chosen: Candidate, draft: Draft) -> Answer:
    capsule = draft.capsule
    pictures = sorted(name for name in draft.files if name.endswith(".light.svg"))
    done = capsule.outcome.status == "ok"
    told = Answer(
        question=question,
        data=capsule.request.data.id,
        status="answered" if done else "failed",
        code=capsule.outcome.code,
        reason="" if done else capsule.outcome.message,
        reading=chosen.words,
        plan=chosen.plan,
        sql=capsule.request.sql,
        picture=str(shelf.folder(home, capsule.id) / pictures[0]) if pictures else "",
        notice=" ".join(part for part in (*capsule.notices, draft.note) if part),
        capsule=capsule.id,
    )
    if capsule.result is None:
        return told
    rows = tuple(tuple(row) for row in _rows(draft))
    names = tuple(column.name for column in capsule.result.columns)
    return told.model_copy(update={"columns": names, "rows": rows, "row_count": capsule.result.rows})
