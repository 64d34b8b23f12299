"""What an answer is worth that is right over these very rows and no others: nothing; one that follows them is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.environments.tables_world import ANSWER, BY_STATUS, World, checks, plan, question, sql
from tests.jobs.apart import apart
from tests.jobs.shop import make
from tracewright.environments.analytics.grader import WEIGHTS
from tracewright.environments.analytics.twins import Word, chances, said
from tracewright.errors import SandboxError
from tracewright.records.action import Action
from tracewright.records.base import JsonObject
from tracewright.records.job import Job, Outcome
from tracewright.records.trace import Grade
from tracewright.registry import Parts, load

COUNT: JsonObject = {"aggregate": {"by": [], "measures": [{"as": "n", "expr": {"count": "*"}}]}}
ORDERS = plan(COUNT)
PAID = plan({"filter": {"eq": ["status", {"lit": "paid"}]}}, COUNT)
BEST = plan(
    {"aggregate": {"by": ["customer_id"], "measures": [{"as": "spent", "expr": {"sum": "amount"}}]}},
    {"sort": [{"desc": "spent"}]},
    {"limit": 1},
)


MANY = """
CREATE TABLE customers AS SELECT i::INTEGER AS customer_id, 'name ' || i AS name, 'US' AS country FROM range(1, 8) t(i);
CREATE TABLE orders AS
    SELECT i::INT AS order_id, (1 + i * i % 7)::INT AS customer_id, (i * 7 % 31 + 0.5)::DECIMAL(10, 2) AS amount,
        CASE i % 4 WHEN 1 THEN 'open' WHEN 3 THEN 'void' ELSE 'paid' END AS status,
        TIMESTAMP '2024-01-01' + INTERVAL (i) DAY AS ordered_at
    FROM range(1, 41) t(i);
"""
"""Forty orders, every other one paid; customer 3 spends most."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with apart() as asking, apart() as making:
        folder = tmp_path_factory.mktemp("world")
        yield World(folder, asking, making, make(folder, MANY))


def twin(grade: Grade) -> str:
    return next(check.detail for check in grade.checks if check.name == "twin")


def earned(world: World, gold: Action, answer: Action, order: tuple[str, ...] = ()) -> tuple[bool, float, str]:
    grade = world.grade(question(gold, order), answer, ANSWER)
    assert checks(grade)["equal"], "right over the rows as they are, or nothing is shown"
    return grade.passed, grade.reward, twin(grade)


@pytest.mark.parametrize(
    "constant",
    [
        "SELECT 40 AS n FROM orders LIMIT 1",
        "SELECT max(40) AS n FROM orders",
        "SELECT count(*) * 0 + 40 AS n FROM orders",
        "SELECT t.n FROM (VALUES (40)) AS t(n) CROSS JOIN (SELECT 1 FROM orders LIMIT 1)",
    ],
)
def test_a_constant_that_reads_the_right_table_earns_nothing(world: World, constant: str) -> None:
    assert earned(world, ORDERS, sql(constant)) == (False, 0.0, "differs")


@pytest.mark.parametrize(
    "fitted",
    [
        "SELECT count(*) AS n FROM orders WHERE order_id % 2 = 0",
        "SELECT count(*) AS n FROM orders WHERE order_id <= 20",
        "SELECT count(*) AS n FROM orders WHERE ordered_at <= TIMESTAMP '2024-01-21'",
        "SELECT count(*) AS n FROM orders WHERE amount < 15.5",
        "SELECT count(*) AS n FROM (SELECT * FROM orders LIMIT 20)",
    ],
)
def test_a_filter_fitted_to_the_rows_does_not_pass(world: World, fitted: str) -> None:
    passed, reward, word = earned(world, PAID, sql(fitted))
    assert (passed, word) == (False, "differs")
    assert reward < 1 - WEIGHTS["equal"]


def test_the_first_by_names_that_were_looked_up_do_not_pass(world: World) -> None:
    looked_up = sql("SELECT customer_id, sum(amount) AS spent FROM orders WHERE customer_id = 3 GROUP BY 1")
    passed, _, word = earned(world, BEST, looked_up, ("spent",))
    assert (passed, word) == (False, "differs")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (ORDERS, "SELECT count(order_id) AS n FROM orders"),
        (ORDERS, "SELECT count(*) AS n FROM orders JOIN customers USING (customer_id)"),
        (PAID, "SELECT sum(CASE status WHEN 'paid' THEN 1 ELSE 0 END) AS n FROM orders"),
        (BEST, "SELECT customer_id, sum(amount) AS spent FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 1"),
    ],
)
def test_the_same_question_in_other_words_earns_all(world: World, gold: Action, answer: str) -> None:
    passed, reward, word = earned(world, gold, sql(answer))
    assert (passed, reward, word[:4]) == (True, 1.0, "twin")


def test_where_no_twin_tells_anything_that_is_said(world: World) -> None:
    none = plan({"filter": {"gt": ["amount", 1000]}}, COUNT)
    assert earned_even_nothing(world, none) == (True, "indistinct")


def earned_even_nothing(world: World, gold: Action) -> tuple[bool, str]:
    grade = world.grade(question(gold), gold, ANSWER)
    return grade.passed, twin(grade)


def test_an_answer_that_is_wrong_already_asks_no_twin(world: World) -> None:
    grade = world.grade(question(PAID), ORDERS, ANSWER)
    assert (grade.passed, twin(grade)) == (False, "not asked")


def test_an_answer_that_fails_over_the_twin_earns_nothing(world: World) -> None:
    trap = sql(
        "SELECT CASE WHEN count(*) = 40 THEN 40 ELSE CAST(concat('x', count(*)) AS INTEGER) END AS n FROM orders"
    )
    assert earned(world, ORDERS, trap) == (False, 0.0, "differs")


class Programs(World):
    """A world in which a program of a policy's is played by a function: its text is not run outside a jail."""

    def run(self, job: Job) -> Outcome:
        if job.kind != "python":
            return super().run(job)
        read = load("jobs", "compare_answers")._arrow
        if "const" in str(job.request["code"]):
            rows = [["paid", 20], ["open", 10], ["void", 10]]
        elif "last.json" in job.files:
            rows = json.loads(job.files["last.json"])["rows"]
        else:
            rows = [[str(cell) if isinstance(cell, str) else cell for cell in row] for row in self._read(job, read)]
        text = json.dumps({"columns": ["status", "n"], "rows": rows})
        if "spoilt" in str(job.request["code"]) and ["paid", 20] not in rows:
            text = "{"
        return Outcome(status="ok", files={"answer.json": text})

    def _read(self, job: Job, read: object) -> list[tuple[object, ...]]:
        data = self._blobs[job.inputs["result.arrow"]].read_bytes()
        return list(read(data).rows)  # type: ignore[operator]  # the job's own reader


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    with apart() as asking, apart() as making:
        folder = tmp_path_factory.mktemp("programs")
        yield Programs(folder, asking, making, make(folder, MANY))


def test_a_program_is_run_again_on_what_its_query_finds_over_the_twin(programs: Programs) -> None:
    program, more = (Action(name="python", arguments={"code": code}) for code in ("result = df", "result = df  # more"))
    grade = programs.grade(question(), BY_STATUS, program, more, ANSWER)
    assert (grade.passed, grade.reward, twin(grade)) == (True, 1.0, "twin 1")


@pytest.mark.parametrize("code", ["const", "spoilt"])
def test_what_a_program_made_up_does_not_pass(programs: Programs, code: str) -> None:
    program = Action(name="python", arguments={"code": code})
    grade = programs.grade(question(), BY_STATUS, program, ANSWER)
    assert checks(grade)["equal"]
    assert (grade.passed, twin(grade)) == (False, "differs")


def facts(*names: str) -> Mapping[str, bool]:
    return dict.fromkeys(names, True)


@pytest.mark.parametrize(
    ("heard", "most", "word"),
    [
        ([facts("changed", "something", "equal")], 1, "twin 1"),
        ([facts("something"), facts("changed", "something", "equal")], 1, "twin 2"),
        ([facts("changed", "something")], 1, "differs"),
        ([facts("changed", "something")], 2, None),
        ([facts("changed", "something"), facts("changed", "something", "equal")], 2, "twin 2"),
        ([facts("changed", "something"), facts("changed", "something")], 2, "differs"),
        ([facts("changed"), facts("changed", "something"), facts()], 2, "differs"),
        ([facts("changed", "equal"), facts("something")], 1, None),
        ([facts("changed", "equal"), facts(), facts()], 1, "twin 1"),
        ([facts("changed"), facts(), facts()], 1, "differs"),
        ([facts("equal"), facts("something", "equal"), facts()], 1, "indistinct"),
    ],
)
def test_how_many_twins_are_asked(heard: list[Mapping[str, bool]], most: int, word: str | None) -> None:
    found = said(heard, most, whole=len(heard) == 3)
    assert (found.detail if found else None) == word
    assert found is None or found.passed == (word != "differs")


def test_where_no_twin_could_be_made_that_is_said() -> None:
    assert said([], 1, whole=True) == Word(True, "no twin")


def test_a_gold_query_that_picks_rows_gives_a_second_chance() -> None:
    assert [chances(gold) for gold in (ORDERS, BEST, sql("SELECT 1"), sql("SELECT n FROM t limit 1"))] == [1, 2, 1, 2]


def test_nobody_to_find_twins_is_a_fault_of_ours(world: World, tmp_path: Path) -> None:
    parts = Parts(home=tmp_path, database=lambda name, version: "tables")
    module = load("environments", "analytics")
    grade = module.build_grader(module.Options(), parts).grade(question(), world.play(question(), BY_STATUS, ANSWER))
    with pytest.raises(SandboxError, match="nobody said where"):
        grade.finish(world.run(grade.job))
