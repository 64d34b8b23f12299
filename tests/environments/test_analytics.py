"""The world of tables: what is shown, what runs, what an answer is worth, and what earns nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environments.tables_world import ANSWER, BY_STATUS, SHOP, World, checks, plan, question, sql
from tests.jail import needs_jail
from tests.jobs.apart import apart
from tracewright.environments.analytics.actions import MOST_SAMPLED, SCHEMAS, python_job
from tracewright.environments.analytics.grader import WEIGHTS
from tracewright.environments.analytics.variations import variations
from tracewright.errors import SandboxError
from tracewright.pipeline.build import open_sandbox
from tracewright.records.action import Action
from tracewright.records.job import Job, Outcome
from tracewright.records.messages import prompt_text
from tracewright.records.recipe import SandboxPart
from tracewright.registry import Parts, build

PYTHON = Action(name="python", arguments={"code": "result = df"})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with apart() as asking, apart() as making:
        yield World(tmp_path_factory.mktemp("world"), asking, making)


def described(world: World, table: str) -> str:
    action = Action(name="describe_table", arguments={"table": table})
    return world.play(question(), action)[0].verdict.reason


def test_the_gold_query_and_an_answer_earn_all(world: World) -> None:
    grade = world.grade(question(), BY_STATUS, ANSWER)
    assert (grade.passed, grade.reward) == (True, 1.0)
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_the_same_rows_by_sql_earn_all(world: World) -> None:
    found = sql("SELECT count(*) AS orders, status FROM orders GROUP BY status ORDER BY 1")
    assert not world.grade(question(), found, ANSWER).passed  # other names, another order: the wrong columns
    found = sql("SELECT count(*) AS n, status FROM orders GROUP BY status ORDER BY 1")
    assert world.grade(question(), found, ANSWER).reward == 1.0


def test_doing_nothing_earns_nothing(world: World) -> None:
    grade = world.graded(question(), [])
    assert (grade.passed, grade.reward) == (False, 0.0)


def test_an_answer_without_a_query_is_refused_and_earns_nothing(world: World) -> None:
    steps = world.play(question(), ANSWER)
    assert (steps[0].outcome.status, steps[0].outcome.code) == ("action_error", "no_result")
    assert not steps[0].verdict.done
    assert world.graded(question(), steps).reward == 0.0


def test_a_query_without_an_answer_earns_nothing(world: World) -> None:
    assert world.grade(question(), BY_STATUS).reward == 0.0


def test_a_copied_sample_is_no_answer(world: World) -> None:
    sample = Action(name="sample_rows", arguments={"table": "orders", "rows": 3})
    steps = world.play(question(), sample, ANSWER)
    assert steps[1].outcome.code == "no_result"
    for copied in (plan({"limit": 2}), sql("SELECT * FROM orders LIMIT 2"), sql("SELECT DISTINCT status FROM orders")):
        assert world.grade(question(), copied, ANSWER).reward == 0.0


def test_constant_rows_that_read_no_table_earn_nothing_even_where_they_are_right(world: World) -> None:
    guessed = sql("SELECT * FROM (VALUES ('paid', 2), ('open', 1)) AS t(status, n)")
    grade = world.grade(question(), guessed, ANSWER)
    assert (grade.passed, grade.reward) == (False, 0.0)
    assert checks(grade)["equal"]
    assert not checks(grade)["grounded"]


def test_rows_of_another_table_earn_nothing(world: World) -> None:
    guessed = sql(
        "SELECT CASE WHEN customer_id = 1 THEN 'paid' ELSE 'open' END AS status, 3 - customer_id AS n FROM customers"
    )
    assert world.grade(question(), guessed, ANSWER).reward == 0.0


def test_part_of_an_answer_earns_a_little(world: World) -> None:
    grade = world.grade(question(), sql("SELECT status, max(amount) FROM orders GROUP BY 1"), ANSWER)
    assert not grade.passed
    assert grade.reward == pytest.approx(WEIGHTS["tables"] + WEIGHTS["shape"])
    more = sql("SELECT status, count(*) AS n, 1 AS extra FROM orders GROUP BY 1")
    assert world.grade(question(), more, ANSWER).reward == pytest.approx(WEIGHTS["tables"] + WEIGHTS["columns"])


def test_an_order_that_was_asked_for_counts(world: World) -> None:
    ordered = plan(
        {"aggregate": {"by": ["status"], "measures": [{"as": "n", "expr": {"count": "*"}}]}}, {"sort": [{"desc": "n"}]}
    )
    task = question(ordered, ["n"])
    assert world.grade(task, ordered, ANSWER).passed
    wrong = sql("SELECT status, count(*) AS n FROM orders GROUP BY 1 ORDER BY n")
    grade = world.grade(task, wrong, ANSWER)
    assert not grade.passed
    assert grade.reward == pytest.approx(1 - WEIGHTS["equal"])


def test_the_last_result_is_the_answer(world: World) -> None:
    other = plan({"select": ["order_id"]})
    assert world.grade(question(), other, BY_STATUS, ANSWER).passed
    assert not world.grade(question(), BY_STATUS, other, ANSWER).passed
    assert world.grade(question(), BY_STATUS, plan({"select": ["nothing"]}), ANSWER).passed


def test_variations_of_the_gold_query_are_worth_as_much(world: World) -> None:
    gold = plan(
        {"filter": {"and": [{"gt": ["amount", 1]}, {"lt": ["amount", 100]}]}},
        {"aggregate": {"by": ["status"], "measures": [{"as": "n", "expr": {"count": "*"}}]}},
    )
    found = list(variations(gold, SHOP))
    assert [action.name for action in found] == ["sql", "query_plan", "query_plan"]
    for action in found:
        assert world.grade(question(gold), action, ANSWER).passed, action
    assert list(world.grader.candidates(question(gold))) == [gold, *found]


def test_errors_name_what_exists(world: World) -> None:
    unknown = Action(name="describe_table", arguments={"table": "order"})
    [step] = world.play(question(), unknown)
    assert step.outcome.code == "unknown_table"
    assert "orders, customers" in step.verdict.reason
    assert "did you mean 'orders'" in step.verdict.reason
    [step] = world.play(question(), plan({"select": ["amout"]}))
    assert "'amount'" in step.verdict.reason
    [step] = world.play(question(), sql("SELECT x FROM nowhere"))
    assert (step.outcome.status, "orders, customers" in step.verdict.reason) == ("action_error", True)


def test_a_table_is_described(world: World) -> None:
    text = described(world, "orders")
    assert "orders: 3 rows" in text
    assert "amount DECIMAL(10,2); 3 values, 3 different, 5.00 to 20.00" in text


def test_a_sample_is_bounded() -> None:
    [schema] = [schema for schema in SCHEMAS if schema.name == "sample_rows"]
    assert json.dumps(schema.parameters).count(str(MOST_SAMPLED))


def test_what_is_shown_is_bounded(world: World) -> None:
    wide = sql(
        "SELECT repeat('x', 5000) AS x, o.* FROM orders o CROSS JOIN orders p CROSS JOIN orders q CROSS JOIN orders r"
    )
    [step] = world.play(question(), wide)
    assert len(step.verdict.reason) < 4000


def test_a_prompt_tells_the_tables_and_never_the_answer(world: World) -> None:
    task = question()
    text = prompt_text(task.view(), world.environment.observe(task.view(), ()), ())
    assert "orders (3 rows)" in text
    assert "status VARCHAR, one of paid, open" in text
    assert '"aggregate"' not in text


def test_python_gets_the_last_result_and_needs_one(world: World) -> None:
    task = question()
    assert world.play(task, PYTHON)[0].outcome.code == "no_result"
    steps = world.play(task, BY_STATUS)
    job = world.environment.job(task.view(), steps, PYTHON)
    assert isinstance(job, Job)
    assert (job.kind, job.isolation, list(job.inputs)) == ("python", "oneshot", ["result.arrow"])


def test_a_query_is_mounted_read_only_with_its_own_tables_alone(world: World) -> None:
    job = world.environment.job(question().view(), (), sql("SELECT 1"))
    assert isinstance(job, Job)
    assert (list(job.inputs), job.request["tables"]) == (["shop.duckdb"], ["orders", "customers"])


def test_nobody_to_find_databases_is_a_fault_of_ours(tmp_path: Path) -> None:
    environment = build("environments", "analytics", {}, Parts(home=tmp_path))
    with pytest.raises(SandboxError, match="nobody said where"):
        environment.job(question().view(), (), BY_STATUS)


def ran(code: str, files: dict[str, str], home: Path) -> Outcome:
    async def once() -> Outcome:
        async with open_sandbox(SandboxPart(), home) as jail:
            return await jail.run(python_job(code, {}, files))

    return asyncio.run(once())


@needs_jail
def test_a_program_leaves_a_result_to_answer_with(world: World, tmp_path: Path) -> None:
    last = {"last.json": json.dumps({"columns": ["status", "n"], "rows": [["paid", 2], ["open", 1]]})}
    outcome = ran("print(df.height)\nresult = df.sort('n')", last, tmp_path)
    assert outcome.status == "ok", outcome.stderr
    left = json.loads(outcome.files["answer.json"] or "")
    assert left == {"columns": ["status", "n"], "rows": [["open", 1], ["paid", 2]]}
    task = question()
    [first, *_] = world.play(task, BY_STATUS)
    verdict = world.environment.judge(task.view(), [first], PYTHON, outcome)
    assert (verdict.accepted, "Printed:\n2" in verdict.reason) == (True, True)


@needs_jail
def test_a_program_that_fails_is_told_with_its_own_lines(world: World, tmp_path: Path) -> None:
    last = {"last.json": json.dumps({"columns": ["n"], "rows": [[1]]})}
    outcome = ran("x = 1\nraise ValueError('no such luck')", last, tmp_path)
    verdict = world.environment.judge(question().view(), (), PYTHON, outcome)
    assert not verdict.accepted
    assert "no such luck" in verdict.reason
    assert "line 2" in verdict.reason
