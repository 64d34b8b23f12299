"""Runs plans over the shipped sets, many in one jail, and says whether an answer holds what the gold answer holds."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from tests.environments.question_parts import Made
from tracewright.environments.analytics.questions import Reading
from tracewright.pipeline.asking import read
from tracewright.pipeline.capsules.reading import Bench, bench
from tracewright.pipeline.queries import data_of, query_job
from tracewright.plans.catalogue import catalogue_of_set
from tracewright.plans.compiling import compile_plan
from tracewright.records.base import JsonObject
from tracewright.tables import shipped
from tracewright.tables.results import same

HERE = Path(__file__).parent
BATCH = 64


@dataclass(frozen=True)
class Result:
    """What a plan found."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Tried:
    """A question with how it was read and what the nearest plan found; `result` is None where it was not answered."""

    made: Made
    reading: Reading
    result: Result | None
    gold: Result

    @property
    def right(self) -> bool:
        """Say whether the answer is the gold answer."""
        return self.result is not None and equal(self.gold, self.result, self.made.optional)


def samples() -> list[Made]:
    """Return the sample questions with their gold plans."""
    return [_made(row, row) for row in lines("samples")]


def paraphrases() -> list[Made]:
    """Return other words for the samples, with the same gold plans."""
    gold = {row["id"]: row for row in lines("samples")}
    return [_made(row, gold[row["sample"]]) for row in lines("paraphrases")]


def lines(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of questions."""
    text = (HERE / f"analytics_{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def _made(row: Mapping[str, Any], gold: Mapping[str, Any]) -> Made:
    return Made(row["data"], row["question"], gold["plan"], tuple(gold["optional"]), held_out=True)


def tried(home: Path, questions: Sequence[Made]) -> list[Tried]:
    """Read every question as `ask` does, and run the nearest plan and the gold plan."""

    async def work() -> list[Tried]:
        async with bench(home) as there:
            return [each for data in shipped.GENERATORS for each in await _tried(there, data, questions)]

    return asyncio.run(work())


async def _tried(there: Bench, data: str, questions: Sequence[Made]) -> list[Tried]:
    asked = [made for made in questions if made.data == data]
    readings = [await read(there, data, made.question, shipped.registry()[data], made.keys_only) for made in asked]
    nearest = [reading.candidates[0].plan if reading.candidates else None for reading in readings]
    found = await results(there, data, [*nearest, *(made.plan for made in asked)])
    golds = found[len(asked) :]
    return [
        Tried(made, reading, result, _there(gold))
        for made, reading, result, gold in zip(asked, readings, found, golds, strict=False)
    ]


def _there(result: Result | None) -> Result:
    assert result is not None
    return result


async def results(there: Bench, data: str, plans: Sequence[JsonObject | None]) -> list[Result | None]:
    """Run plans over a set, each once however often it is named; None stands for None."""
    where, catalogue = await data_of(there.home, data), catalogue_of_set(shipped.registry()[data])
    texts = [None if plan is None else compile_plan(plan, catalogue).sql for plan in plans]
    wanted = sorted({text for text in texts if text is not None})
    found: dict[str, Result] = {}
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        outcomes = await asyncio.gather(*(there.sandbox.run(query_job(where, _request(text))) for text in batch))
        for text, outcome in zip(batch, outcomes, strict=True):
            assert outcome.status == "ok", (text, outcome.code, outcome.message)
            [artifact] = outcome.artifacts.values()
            table = parquet.read_table(io.BytesIO(there.bytes_of(artifact)))
            columns = [column.to_pylist() for column in table.columns]
            found[text] = Result(tuple(table.column_names), tuple(zip(*columns, strict=True)))
    return [None if text is None else found[text] for text in texts]


def _request(text: str) -> JsonObject:
    return {"op": "run", "sql": text, "format": "parquet", "preview": 0, "limits": {"rows": 100_000}}


def equal(gold: Result, found: Result, optional: Sequence[str]) -> bool:
    """Say whether two results hold the same rows, in any order of rows and of columns; some columns may be left out."""
    must = [place for place, name in enumerate(gold.names) if name not in optional]
    may = [place for place, name in enumerate(gold.names) if name in optional]
    spare = len(found.names) - len(must)
    if not 0 <= spare <= len(may):
        return False
    return any(_equal(gold, found, sorted([*must, *more])) for more in combinations(may, spare))


def _equal(gold: Result, found: Result, places: Sequence[int]) -> bool:
    wanted = [tuple(row[place] for place in places) for row in gold.rows]
    orders = permutations(range(len(found.names)))
    return any(same(wanted, [tuple(row[place] for place in order) for row in found.rows], False) for order in orders)
