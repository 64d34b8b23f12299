"""Questions from templates over the twins of the shipped sets: gold finds other rows, and its variations find those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import JsonValue

from tests.jobs.apart import Run, apart
from tracewright.environments.analytics.actions import catalogue_of
from tracewright.environments.analytics.templates.drawing import Drawn, drawn
from tracewright.environments.analytics.twins import Word, chances, said
from tracewright.environments.analytics.variations import variations
from tracewright.pipeline.twins import KIND, NUMBERS, twin_job
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import compile_plan
from tracewright.records.action import Action
from tracewright.tables import shipped
from tracewright.tables.answers import Rows, match
from tracewright.tables.content import csv_lines
from tracewright.tables.schema import TableSet
from tracewright.tables.shelf import Kept

SETS = list(shipped.registry().values())
EVERY = 6
"""One question in so many of fifteen hundred is asked."""
Databases = Mapping[str, Sequence[duckdb.DuckDBPyConnection]]
"""Of each set the tables as they are, then its twins."""


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("sets")
    with ExitStack() as open_files:
        with chdir(folder), apart() as run:
            paths = {tables.id: made(tables, run, folder) for tables in SETS}
        yield {
            name: [open_files.enter_context(duckdb.connect(str(path), read_only=True)) for path in each]
            for name, each in paths.items()
        }


def made(tables: TableSet, run: Run, folder: Path) -> list[Path]:
    rows, inputs = shipped.generate(tables.id), dict[str, Path]()
    for table in tables.tables:
        inputs[table.name] = folder / f"{table.name}.csv"
        inputs[table.name].write_bytes(b"".join(csv_lines(table.header, rows[table.name])))
    sources = [
        {"input": t.name, "format": "csv", "table": t.name, "columns": [[c.name, c.type] for c in t.columns]}
        for t in tables.tables
    ]
    paths = [folder / f"{tables.id}-{number}.duckdb" for number in (0, *NUMBERS)]
    paths[0].write_bytes(run("load_tables", {"sources": sources}, inputs).artifacts["database"])
    kept = Kept(tables=tables, database="", database_bytes=0, engine="none")
    for number in NUMBERS:
        done = run(KIND, twin_job(kept, number).request, {"in": paths[0]})
        paths[number].write_bytes(done.artifacts["database"])
    return paths


def asked(database: duckdb.DuckDBPyConnection, action: Action, tables: TableSet) -> Rows:
    found = database.execute(text(action.arguments, tables))
    return Rows([name for name, *_ in found.description or ()], found.fetchall())


def text(arguments: Mapping[str, Any], tables: TableSet) -> str:
    if "sql" in arguments:
        return str(arguments["sql"])
    return compile_plan(arguments["plan"], Catalogue.model_validate(catalogue_of(tables))).sql


def something(rows: Rows) -> bool:
    return any(cell not in (None, 0) for row in rows.rows for cell in row)


def heard(question: Drawn, answer: Action, each: Sequence[duckdb.DuckDBPyConnection]) -> Word | None:
    """Return what the twins say of an answer, as job and grader would have it; None where gold finds nothing."""
    gold, order = gold_of(question), question.asked.shape.order
    before = asked(each[0], gold, question.tables)
    facts: list[dict[str, JsonValue]] = []
    for twin in each[1:] if something(before) else ():
        wanted = asked(twin, gold, question.tables)
        found = wanted if answer == gold else asked(twin, answer, question.tables)
        changed, equal = not match(wanted, before, order).equal, match(wanted, found, order).equal
        facts.append({"changed": changed, "something": something(wanted), "equal": equal})
        if word := said(facts, chances(gold), whole=len(facts) == len(each) - 1):
            return word
    return None


def gold_of(question: Drawn) -> Action:
    return Action(name="query_plan", arguments={"plan": question.plan})


def test_almost_every_template_has_a_twin_that_tells_and_all_its_gold_plans_pass(databases: Databases) -> None:
    chosen = list(drawn(SETS, 7, 1500))[::EVERY]
    words = [heard(question, gold_of(question), databases[question.tables.id]) for question in chosen]
    told = [word.detail for word in words if word]
    assert all(word.passed for word in words if word)
    assert len(told) > 200
    assert told.count("indistinct") <= 0.02 * len(told)
    assert told.count("twin 1") >= 0.95 * len(told)


def test_variations_of_gold_plans_pass_over_twins_as_well(databases: Databases) -> None:
    for question in list(drawn(SETS, 11, 1500))[:: 10 * EVERY]:
        for varied in variations(gold_of(question), question.tables):
            word = heard(question, varied, databases[question.tables.id])
            assert word is None or word.passed, (question.instruction, varied)
