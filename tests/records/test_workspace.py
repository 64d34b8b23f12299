"""The workspace is the fold of what was accepted; undo takes back the last change that stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import make_step, make_task
from tracewright.records.action import Action
from tracewright.records.workspace import changes, effective, workspace

UNDO = Action(name="undo")
FILES = st.dictionaries(st.sampled_from(["a.py", "b.py", "c/d.py"]), st.text(max_size=5))


def test_only_accepted_changes_count() -> None:
    task = make_task(files={"a.py": "1"})
    steps = [make_step(0, files={"a.py": "2"}), make_step(1, files={"a.py": "3"}, accepted=False)]
    assert workspace(task, steps) == {"a.py": "2"}


def test_undo_takes_back_the_last_change_that_stands() -> None:
    task = make_task(files={"a.py": "1"})
    first, second = make_step(0, files={"a.py": "2"}), make_step(1, files={"b.py": "new"})
    undos = [make_step(2, action=UNDO), make_step(3, action=UNDO)]
    assert workspace(task, [first, second, undos[0]]) == {"a.py": "2"}
    assert workspace(task, [first, second, *undos]) == {"a.py": "1"}
    assert effective([first, second, undos[0]]) == [first]


def test_a_deleted_file_is_gone() -> None:
    assert workspace(make_task(files={"a.py": "1"}), [make_step(files={"a.py": None})]) == {}


@given(FILES, FILES)
def test_changes_turn_one_workspace_into_the_other(before: dict[str, str], after: dict[str, str]) -> None:
    step = make_step(files=changes(before, after))
    assert workspace(make_task(files=before), [step]) == after
