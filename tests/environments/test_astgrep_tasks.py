"""Where refactoring tasks come from: edits that hold, gold actions that do what they say, and no goal in any view."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from tests.builders import make_task
from tracewright.environments.astgrep.actions import apply_request
from tracewright.environments.astgrep.tasks import Making, tasks
from tracewright.jobs import ast_grep
from tracewright.records.base import Record
from tracewright.records.job import Job, Outcome
from tracewright.records.task import CodeFile, Deferred, Dropped, Edit, Origin, Task, TaskRequest
from tracewright.registry import Parts, build

ANY = TaskRequest(seed=7)
ORIGIN = Origin(source="unit", address="unit/project", licence="MIT", sha256="0" * 64)


def settle(making: Making) -> Task | Dropped:
    """Run what a making waits for in this process, as a jail would."""
    while isinstance(making, Deferred):
        found = making.finish(run(making.job))
        making = found
    return making


def run(job: Job) -> Outcome:
    done = ast_grep.run(job.request, job.files, {})
    return Outcome(status=done.status, code=done.code, message=done.message, files=done.files, result=dict(done.result))


def made(records: Iterable[Record], request: TaskRequest = ANY) -> Iterator[Task | Dropped]:
    return (settle(making) for making in tasks(records, request))


def edit(pre: str = "x = f(1)\n", post: str | None = "x = g(1)\n", **fields: object) -> Edit:
    given = {"instruction": "Use g", "path": "a.py", "language": "python", "origin": ORIGIN, **fields}
    return Edit.model_validate({"pre": pre, "post": post, **given})


def code(text: str, path: str = "a.py", language: str = "python") -> CodeFile:
    return CodeFile(path=path, text=text, language=language, origin=ORIGIN)


@pytest.fixture(scope="module")
def drawn(shipped: list[CodeFile]) -> list[Task]:
    """Return the first tasks of seed 7."""
    return first(shipped, 160)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> list[CodeFile]:
    """Return the code that synthetic tasks are made from."""
    source = build("sources", "synthetic", {}, Parts(home=tmp_path_factory.mktemp("home")))
    return [record for record in source.records() if isinstance(record, CodeFile)]


def test_an_edit_becomes_a_task_with_the_facts_of_its_goal() -> None:
    (task,) = made([edit(tags={"tier": "uniform", "kind": "rename-token"})])
    assert isinstance(task, Task)
    assert (task.files, task.goal.files) == ({"a.py": "x = f(1)\n"}, {"a.py": "x = g(1)\n"})
    tree = run(Job(kind="ast_grep", files={"a.py": "x = g(1)\n"}, request={"op": "facts"})).result["tree"]
    assert task.goal.digests == {"tree": tree, "changed_lines": {"a.py": [[0, 1]]}}
    assert task.tags == {"tier": "uniform", "kind": "rename-token", "source": "commits", "language": "python"}
    assert task.groups == {"origin": "unit/project"}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (edit(post="x = g(1\n"), "parse_errors"),
        (edit(pre="x = f(1\n"), "parse_errors"),
        (edit(post="x  =  f(1)\n"), "layout_only"),
        (edit(post="x = f(1)  # one\n"), "comment_only"),
        (edit(post=None), "no_post"),
        (edit(path="main.txt", language="markdown"), "unknown_language"),
        (ORIGIN, "wrong_record"),
    ],
)
def test_what_makes_no_task_is_dropped_by_reason(record: Record, reason: str) -> None:
    (dropped,) = made([record])
    assert isinstance(dropped, Dropped)
    assert dropped.reason == reason


def test_the_same_instruction_and_file_twice_is_a_duplicate() -> None:
    found = list(made([edit(), edit(post="x = h(1)\n"), edit(instruction="Use h", post="x = h(1)\n")]))
    assert [type(one).__name__ for one in found] == ["Task", "Dropped", "Task"]


def test_a_task_passes_through_as_it_is() -> None:
    task = make_task()
    assert next(made([task, task])) == task


def test_only_the_wanted_split_is_made() -> None:
    records = [
        edit(origin=ORIGIN.model_copy(update={"address": f"unit/{number}"}), pre=f"x = f({number})\n")
        for number in range(60)
    ]
    ids = []
    for split in ("train", "dev", "test"):
        found = [task for task in made(records, TaskRequest(split=split)) if isinstance(task, Task)]
        assert {task.split for task in found} == {split}
        ids += [task.id for task in found]
    assert sorted(ids) == sorted(task.id for task in made(records) if isinstance(task, Task))


def test_a_rule_stands_on_one_side_of_the_split() -> None:
    (task,) = made([edit(tags={"rule": "no-var"})])
    assert isinstance(task, Task)
    assert task.groups["template"] == "rule no-var"


def test_the_gold_action_of_every_task_reaches_its_goal(drawn: list[Task]) -> None:
    for task in drawn:
        gold, submit = task.goal.actions
        outcome = run(Job(kind="ast_grep", files=task.files, request=apply_request(gold)))
        assert {path: outcome.files[path] for path in task.goal.files} == dict(task.goal.files)
        assert task.files != task.goal.files
        assert submit.name == "submit"


def test_nothing_of_the_goal_is_in_the_view(drawn: list[Task]) -> None:
    for task in drawn:
        view = task.view().to_json()
        for text in task.goal.files.values():
            assert json.dumps(text)[1:-1] not in view
        assert json.dumps(task.goal.actions[0].arguments) not in view
        assert "goal" not in json.loads(view)


def test_the_same_seed_makes_the_same_tasks_whatever_the_order_of_the_code(
    shipped: list[CodeFile], drawn: list[Task]
) -> None:
    one = [task.id for task in drawn[:40]]
    assert one == [task.id for task in first(list(reversed(shipped)), 40)]
    assert one != [task.id for task in first(shipped, 40, seed=8)]


def test_the_first_tasks_are_of_all_languages_and_many_kinds(drawn: list[Task]) -> None:
    languages = Counter(task.tags["language"] for task in drawn)
    assert set(languages) == {"python", "javascript", "typescript", "java"}
    assert min(languages.values()) >= 20
    assert len({task.tags["kind"] for task in drawn}) >= 12
    assert len({task.tags["template"] for task in drawn}) >= 70


def test_groups_name_origin_template_and_wording(drawn: list[Task]) -> None:
    for task in drawn:
        assert set(task.groups) == {"origin", "template", "wording"}
        assert task.groups["wording"].startswith(task.groups["template"])


def test_one_seed_plans_thousands_of_tasks(shipped: list[CodeFile]) -> None:
    making = [one for one in tasks(shipped, ANY) if isinstance(one, Deferred)]
    # 2,000 of them hold: nine in ten of a sample do, and `tasks check` runs them all.
    assert len(making) >= 4000
    held = [settle(one) for one in making[:: len(making) // 60]]
    assert sum(isinstance(one, Task) for one in held) >= 0.7 * len(held)


def test_a_rewrite_that_joins_lines_makes_no_task() -> None:
    text = "def go(one, two):\n    merge(one, two)\n    return merge(\n        one,\n        two,\n    )\n"
    reasons = {one.reason for one in made([code(text)]) if isinstance(one, Dropped)}
    assert "moved_lines" in reasons


def first(shipped: list[CodeFile], count: int, seed: int = 7) -> list[Task]:
    """Return the first tasks that hold."""
    found: list[Task] = []
    for one in made(shipped, TaskRequest(seed=seed)):
        if isinstance(one, Task):
            found.append(one)
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("record", [edit(), code("def load_all(x):\n    return x\n")], ids=["edit", "code"])
def test_a_job_that_ended_badly_makes_no_task(record: Record) -> None:
    making = next(tasks([record], ANY))
    assert isinstance(making, Deferred)
    dropped = making.finish(Outcome(status="timeout"))
    assert isinstance(dropped, Dropped)
    assert dropped.reason == "timeout"
