"""A task is known by what it claims; its side is fixed by its groups; its goal stays out of sight."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.builders import make_task
from tracewright.errors import RecordError
from tracewright.records.action import Action
from tracewright.records.base import canonical, digest
from tracewright.records.job import Limits
from tracewright.records.task import Goal, Origin, Task, read_task, side_of, split_of

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
TASKS = st.builds(
    lambda instruction, text, steps, groups: Task.of(
        environment="astgrep",
        instruction=instruction,
        files={"a.py": text},
        goal=Goal(files={"a.py": text + "x"}, actions=(Action(name="submit"),)),
        max_steps=steps,
        groups=groups,
        origin=Origin(source="unit"),
    ),
    TEXT,
    TEXT,
    st.integers(1, 1000),
    st.dictionaries(st.sampled_from(["origin", "template", "wording"]), TEXT, max_size=3),
)


@given(TASKS)
def test_a_task_that_is_written_and_read_is_the_same(task: Task) -> None:
    assert Task.from_json(task.to_json()) == task


@given(TASKS)
def test_the_same_content_has_the_same_id_whatever_surrounds_it(task: Task) -> None:
    other = Task.of(
        environment=task.environment,
        instruction=task.instruction,
        files=task.files,
        goal=task.goal,
        max_steps=task.max_steps,
        tags={"tier": "uniform"},
        split="test",
        origin=Origin(source="elsewhere", date="2020-01-01"),
    )
    assert other.id == task.id


def test_every_claim_changes_the_id() -> None:
    base = make_task()
    changed = [
        make_task(instruction="other"),
        make_task(files={"b.py": "x"}),
        make_task(environment="cards"),
        make_task(max_steps=3),
        make_task(limits=Limits(wall_seconds=1)),
        make_task(goal=Goal(answer=1)),
        make_task(data={"card": "AH"}),
    ]
    assert len({base.id, *(task.id for task in changed)}) == len(changed) + 1


def test_a_task_whose_content_was_changed_is_refused() -> None:
    text = make_task().to_json().replace("Log instead", "Print instead")
    with pytest.raises(RecordError, match=r"tasks\.jsonl:3 is not a task"):
        read_task(text, "tasks.jsonl:3")


def test_a_view_has_no_goal() -> None:
    task = make_task(goal=Goal(files={"a.py": "the secret text\n"}))
    assert "secret" not in task.view().to_json()
    assert not hasattr(task.view(), "goal")
    assert task.view().id == task.id


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "", "a//b", "a\nb", "a\\b", ".", "x" * 1025])
def test_a_path_that_leaves_the_workspace_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        make_task(files={path: "x"})


@given(st.dictionaries(st.sampled_from(["origin", "template", "wording"]), TEXT, min_size=1))
def test_no_train_task_has_a_group_of_the_other_sides(groups: dict[str, str]) -> None:
    sides = {side_of(kind, name) for kind, name in groups.items()}
    split = split_of(groups)
    assert (split == "train") == (sides == {"train"})
    assert (split == "test") == ("test" in sides)


def test_a_tenth_of_the_groups_stands_on_the_test_side() -> None:
    sides = [side_of("origin", f"repository {number}") for number in range(4000)]
    assert abs(sides.count("test") / 4000 - 0.10) < 0.02
    assert abs(sides.count("dev") / 4000 - 0.05) < 0.015


def test_the_side_of_a_group_is_pinned() -> None:
    assert [side_of("template", name) for name in "abcd"] == ["train", "test", "train", "train"]
    assert [name for name in map(str, range(100)) if side_of("wording", name) == "dev"] == DEV


DEV = ["13", "15", "21", "23", "33", "38", "43", "49", "69"]


def test_canonical_json_sorts_keys_and_writes_numbers_in_one_way() -> None:
    assert canonical({"b": 1.0, "a": "é\n"}) == '{"a":"é\\n","b":1}'.encode()
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_is_written_and_read_keeps_its_hash(number: float) -> None:
    written = canonical({"x": [number]})
    assert canonical(json.loads(written)) == written


@pytest.mark.parametrize("value", [2**53 + 1, 10**400, float("nan"), "\ud800"])
def test_what_is_no_plain_json_is_refused(value: object) -> None:
    with pytest.raises(RecordError):
        canonical(value)
