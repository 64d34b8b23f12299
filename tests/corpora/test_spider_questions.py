"""Questions of a public set, over tables of its schemas with a few rows of ours: read, imported, with a licence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.environments.tables_world import World
from tests.jobs.apart import Run, apart
from tracewright.blobs import Blobs
from tracewright.environments.analytics.environment import tables_of
from tracewright.environments.analytics.tasks import tasks
from tracewright.records.job import Artifact, Outcome
from tracewright.records.task import Deferred, Dropped, Task, TaskRequest
from tracewright.registry import Parts, build
from tracewright.tables.question import Question
from tracewright.tables.schema import Column, Table, TableSet, database_file
from tracewright.tables.shelf import Kept, Shelf

TYPES = {"text": "VARCHAR", "number": "DOUBLE", "time": "VARCHAR", "boolean": "BOOLEAN", "others": "VARCHAR"}
EVERY = 24
"""One question in so many is tried: each takes a process."""


def schema(told: Mapping[str, Any]) -> TableSet:
    columns = list(zip(told["column_names_original"], told["column_types"], strict=True))
    tables = [
        Table(
            name=name,
            columns=tuple(Column(name=column, type=TYPES[kind]) for (at, column), kind in columns if at == number),
        )
        for number, name in enumerate(told["table_names_original"])
    ]
    return TableSet(id=told["db_id"].lower(), version_hash=told["db_id"].ljust(64, "0"), tables=tuple(tables))


def filled(path: Path, tables: TableSet, rows: int = 3) -> Path:
    """Write a few rows into each table: 1 and on, and the first letters."""
    with duckdb.connect(str(path)) as database:
        for table in tables.tables:
            cells = [{"DOUBLE": "i", "BOOLEAN": "i > 1"}.get(c.type, "chr(96 + i::INT)") for c in table.columns]
            named = ", ".join(f'({cell})::{c.type} AS "{c.name}"' for cell, c in zip(cells, table.columns, strict=True))
            database.execute(f'CREATE TABLE "{table.name}" AS SELECT {named} FROM range(1, {rows + 1}) t(i)')  # noqa: S608  # a schema of the corpus
    return path


@pytest.fixture
def spider(corpora: Path, home: Path) -> dict[str, TableSet]:
    lines = (corpora / "analytics" / "spider_dev.jsonl").read_text("utf-8").splitlines()
    wanted = {json.loads(line)["db"] for line in lines}
    told = json.loads((corpora / "analytics" / "spider_tables.json").read_text("utf-8"))
    sets = {one["db_id"].lower(): schema(one) for one in told if one["db_id"] in wanted}
    blob = Blobs(home / "blobs").put(b"rows are elsewhere")
    for tables in sets.values():
        Shelf(home).keep(Kept(tables=tables, database=blob.sha256, database_bytes=blob.bytes, engine="none"))
    return sets


def read(corpora: Path, home: Path) -> list[Question]:
    path = str(corpora / "analytics" / "spider_dev.jsonl")
    return list(build("sources", "questions", {"path": path}, Parts(home=home)).records())


def test_every_question_is_read_with_its_set_and_its_licence(
    corpora: Path, home: Path, spider: dict[str, TableSet]
) -> None:
    found = read(corpora, home)
    assert len(found) == 1034
    assert not [one for one in found if isinstance(one, Dropped)]
    assert {one.origin.licence for one in found} == {"CC-BY-SA-4.0"}
    assert {one.dialect for one in found} == {"sqlite"}
    assert {one.tables.id for one in found} == set(spider)


def test_gold_queries_become_gold_plans(corpora: Path, home: Path, spider: dict[str, TableSet], tmp_path: Path) -> None:
    databases = {name: filled(tmp_path / database_file(name), tables) for name, tables in spider.items()}
    chosen = read(corpora, home)[::EVERY]
    with apart() as run:
        ends = [settled(one, databases, run) for one in tasks(chosen, TaskRequest(), 1, lambda tables: tables.id)]
    plans = [end for end in ends if isinstance(end, Task)]
    reasons = {end.reason for end in ends if isinstance(end, Dropped)}
    assert all(task.goal.actions[0].name == "query_plan" for task in plans)
    # Over three rows much finds nothing, and a LIMIT over ties is no gold query; neither is a fault of the importer.
    assert len(plans) >= len(chosen) // 4
    assert reasons <= {
        "empty_answer",
        "trivial_answer",
        "duplicate",
        "RUNNER_ERROR",
        "TYPE_MISMATCH",
        "NONDETERMINISTIC",
    }, reasons


def test_gold_plans_pass_over_twins_of_tables_that_nobody_linked(
    corpora: Path, home: Path, spider: dict[str, TableSet], tmp_path: Path
) -> None:
    chosen = read(corpora, home)[:: 3 * EVERY]
    sets = {one.tables.id for one in chosen}
    databases = {name: filled(tmp_path / database_file(name), spider[name], rows=12) for name in sets}
    told = []
    with apart() as run, apart() as making:
        ends = [settled(one, databases, run) for one in tasks(chosen, TaskRequest(), 1, lambda tables: tables.id)]
        worlds = {
            name: World(folder(tmp_path, name), run, making, databases[name], spider[name]) for name in sorted(sets)
        }
        for task in ends:
            if isinstance(task, Task):
                grade = worlds[tables_of(task).id].grade(task, *task.goal.actions)
                assert grade.passed, (task.instruction, grade)
                told += [check.detail for check in grade.checks if check.name == "twin"]
    assert len(told) >= len(chosen) // 4
    assert told.count("indistinct") < len(told) / 2, told


def folder(parent: Path, name: str) -> Path:
    made = parent / f"world-{name}"
    made.mkdir()
    return made


def settled(made: Any, databases: Mapping[str, Path], run: Run) -> Task | Dropped:
    while isinstance(made, Deferred):
        inputs = {name: databases[sha256] for name, sha256 in made.job.inputs.items()}
        done = run(made.job.kind, made.job.request, inputs)
        kept = {name: Artifact(sha256="0" * 64, bytes=len(data)) for name, data in done.artifacts.items()}
        outcome = Outcome(status=done.status, code=done.code, message=done.message, result=done.result, artifacts=kept)
        made = made.finish(outcome)
    assert isinstance(made, Task | Dropped)
    return made
