"""Questions that users bring: lines or SQL files, each with its set and licence; what is unfit is told by its place."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.jail import needs_jail
from tracewright.blobs import Blobs
from tracewright.errors import SourceError
from tracewright.pipeline.tables import Registration, register
from tracewright.pipeline.tasks import Drops, make_tasks
from tracewright.records.recipe import EnvironmentPart, Recipe, TasksPart
from tracewright.records.task import Dropped, Task
from tracewright.registry import Parts, build
from tracewright.tables.question import Question
from tracewright.tables.schema import Column, Table, TableSet
from tracewright.tables.shelf import Kept, Shelf

ROWS = "city,people\nAachen,250\nBremen,570\nCelle,70\n"
MOST = {"question": "Which city has most people?", "sql": "SELECT city FROM cities ORDER BY people DESC LIMIT 1"}
TOWNS = TableSet(id="cities", tables=(Table(name="cities", columns=(Column(name="city", type="VARCHAR"),)),))


@pytest.fixture
def stocked(home: Path) -> Path:
    database = Blobs(home / "blobs").put(b"no database")
    Shelf(home).keep(Kept(tables=TOWNS, database=database.sha256, database_bytes=database.bytes, engine="none"))
    return home


def source(home: Path, path: Path, **options: Any) -> Any:
    return build("sources", "questions", {"path": str(path), **options}, Parts(home=home))


def written(home: Path, *rows: Any) -> Path:
    path = home / "questions.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_a_line_is_a_question_over_its_set(stocked: Path) -> None:
    plan = {"question": "Which cities are there?", "plan": {"plan": 1, "from": "cities"}, "license": "CC0-1.0"}
    read = source(stocked, written(stocked, {**MOST, "data": "cities"}, plan), data="cities", licence="MIT")
    first, second = read.records()
    assert (first.sql, first.tables, first.origin.licence) == (MOST["sql"], TOWNS, "MIT")
    assert (second.plan, second.sql, second.origin.licence) == (plan["plan"], "", "CC0-1.0")
    assert read.tables == ("cities",)


def test_columns_of_others_are_known(stocked: Path) -> None:
    row = {"question": "How many?", "query": "SELECT count(*) FROM cities", "db_id": "ies"}
    [found] = source(stocked, written(stocked, row), prefix="cit", dialect="sqlite").records()
    assert (found.sql, found.dialect, found.tables.id) == (row["query"], "sqlite", "cities")


def test_without_a_licence_it_is_unknown(stocked: Path) -> None:
    [found] = source(stocked, written(stocked, MOST), data="cities").records()
    assert (found.origin.licence, found.origin.licence_evidence) == ("LicenseRef-unknown", "")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "corrupt_line"),
        ("[1]", "corrupt_line"),
        ('{"question": "\\ud800"}', "corrupt_line"),
        ({**MOST, "data": "nowhere"}, "no_tables"),
        ({"question": "What?"}, "no_question"),
        ({"sql": "SELECT 1"}, "no_question"),
        ({**MOST, "dialect": "cobol"}, "no_question"),
    ],
    ids=str,
)
def test_what_is_unfit_is_dropped_with_its_place(stocked: Path, row: Any, reason: str) -> None:
    dropped, kept = source(stocked, written(stocked, row, MOST), data="cities").records()
    assert isinstance(dropped, Dropped)
    assert (dropped.reason, dropped.where.startswith("questions.jsonl:1")) == (reason, True)
    assert isinstance(kept, Question)


def test_a_file_that_is_not_there_is_told(stocked: Path) -> None:
    with pytest.raises(SourceError, match="wanted JSON lines"):
        list(source(stocked, stocked / "nothing.jsonl").records())


def test_a_folder_of_sql_files_has_the_licence_that_lies_in_it(stocked: Path) -> None:
    folder = stocked / "queries"
    folder.mkdir()
    (folder / "LICENSE").write_text("SPDX-License-Identifier: CC0-1.0\n")
    (folder / "b.sql").write_text("-- How many cities\n-- are there?\n-- data: cities\nSELECT count(*) FROM cities;\n")
    (folder / "a.sql").write_text("SELECT 1\n")
    unasked, found = source(stocked, folder).records()
    assert isinstance(unasked, Dropped)
    assert (found.question, found.origin.licence) == ("How many cities are there?", "CC0-1.0")
    assert found.sql == "SELECT count(*) FROM cities;"


def made(home: Path, path: Path) -> tuple[list[Task], Drops]:
    options = TasksPart.model_validate({"source": "questions", "path": str(path), "data": "cities"})
    drops = Drops()
    tasks = asyncio.run(make_tasks(Recipe(environment=EnvironmentPart(name="analytics"), tasks=options), home, drops))
    return tasks, drops


@needs_jail
def test_questions_become_tasks_whose_gold_sql_is_a_plan(tmp_path: Path) -> None:
    (tmp_path / "cities.csv").write_text(ROWS)
    asyncio.run(register(tmp_path, Registration(tmp_path / "cities.csv")))
    none = {"question": "Which cities have none?", "sql": "SELECT city FROM cities WHERE people = 0"}
    wrong = {"question": "Which towns?", "sql": "SELECT town FROM cities"}
    ranked = {"question": "Rank them.", "sql": "SELECT city, people FROM cities ORDER BY people DESC"}
    tasks, drops = made(tmp_path, written(tmp_path, MOST, none, wrong, ranked, MOST))
    assert [task.instruction for task in tasks] == [MOST["question"], "Rank them."]
    assert [task.goal.actions[0].name for task in tasks] == ["query_plan", "query_plan"]
    assert tasks[1].goal.answer == {"order": ["people"]}
    assert {task.groups["origin"] for task in tasks} == {"cities"}
    assert drops.counts["empty_answer"] == drops.counts["duplicate"] == 1
    assert sum(drops.counts.values()) == 3
