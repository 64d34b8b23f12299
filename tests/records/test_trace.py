"""A trace's id covers what it claims and nothing that was merely observed."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import make_grade, make_step, make_task, make_trace
from tracewright.records.action import Action, Generation
from tracewright.records.job import Observed, Outcome
from tracewright.records.trace import Provenance, Trace, Verdict, state_before

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
STEPS = st.builds(
    lambda thought, name, text, accepted: make_step(
        thought=thought,
        action=Action(name=name or "x", arguments={"pattern": text}),
        files={"a.py": text},
        accepted=accepted,
        state_update={"goals": [thought]},
        generation=Generation(model="m", raw_text=text),
    ).sealed(),
    TEXT,
    TEXT,
    TEXT,
    st.booleans(),
)


@given(st.lists(STEPS, max_size=3), st.integers(0, 9))
def test_a_trace_that_is_written_and_read_is_the_same(steps: list[object], attempt: int) -> None:
    trace = make_trace(steps=tuple(steps), attempt=attempt)  # type: ignore[arg-type]  # hypothesis loses the type
    again = Trace.from_json(trace.to_json())
    assert again == trace
    assert again.content_id() == trace.id
    assert again.sha256 == trace.sha256


@given(st.datetimes(), TEXT, st.floats(0, 1000))
def test_ids_do_not_depend_on_times_hosts_or_what_was_observed(when: datetime, host: str, seconds: float) -> None:
    at = when.replace(tzinfo=UTC).isoformat()
    seen = Outcome(status="ok", files={"a.py": "log(x)\n"}, observed=Observed(wall_seconds=seconds))
    step = make_step(outcome=seen, at=at, generation=Generation(model=host), thought=host)
    other = make_trace(
        steps=(step,), started_at=at, finished_at=at, provenance=Provenance(platform=host), session_id=host
    )
    assert other.id == make_trace().id


def test_every_claim_changes_the_id() -> None:
    base = make_trace()
    changed = [
        make_trace(task=make_task(instruction="other")),
        make_trace(policy="oracle"),
        make_trace(privileged=True),
        make_trace(seed=1),
        make_trace(attempt=1),
        make_trace(group="g"),
        make_trace(parent="p"),
        make_trace(grade=make_grade(0.5, False)),
        make_trace(grade=None, status="unresolved"),
        make_trace(steps=()),
        make_trace(steps=(make_step(files={"a.py": "other\n"}),)),
        make_trace(steps=(make_step(action=None, files={"a.py": "log(x)\n"}),)),
        make_trace(steps=(make_step(files={"a.py": "log(x)\n"}, accepted=False),)),
    ]
    assert len({base.id, *(trace.id for trace in changed)}) == len(changed) + 1


def test_two_traces_of_one_id_and_other_bytes_differ_by_sha256() -> None:
    assert make_trace(session_id="a").sha256 != make_trace(session_id="b").sha256


def test_a_sealed_step_tells_that_it_was_changed() -> None:
    step = make_step().sealed()
    assert step.content_hash() == step.sha256
    changed = step.model_copy(update={"thought": "another"})
    assert changed.content_hash() != changed.sha256


def test_the_weakest_jail_of_a_trace_counts() -> None:
    steps = (make_step(0), make_step(1, level="none"), make_step(2, level="container"))
    assert make_trace(steps=steps).isolation == "none"
    assert make_trace(steps=()).isolation == "vm"


def test_a_change_that_nobody_says_was_jailed_was_not() -> None:
    silent = make_step(outcome=Outcome(status="ok", files={"a.py": "x\n"}))
    assert make_trace(steps=(silent,)).isolation == "none"
    nothing_ran = make_step(outcome=Outcome(status="ok"))
    assert make_trace(steps=(nothing_ran,)).isolation == "vm"


def test_an_imported_trace_ran_in_no_jail_that_we_know_of() -> None:
    card = make_trace().policy.model_copy(update={"kind": "imported"})
    assert make_trace().model_copy(update={"policy": card}).isolation == "none"


def test_the_memory_before_a_step_is_the_fold_of_the_steps_before_it() -> None:
    verdict = Verdict(accepted=True, reason="fine", judge="unit-1")
    steps = (
        make_step(0, state_update={"goals": ["rename"]}, verdict=verdict),
        make_step(1, state_update={"goals": ["rename", "test"]}, verdict=verdict),
    )
    assert state_before(steps, 0).goals == ()
    assert state_before(steps, 1).goals == ("rename",)
    assert state_before(steps, 2).goals == ("rename", "test")
    assert [event.step for event in state_before(steps, 2).history] == [0, 1]


def test_the_version_of_the_schema_is_always_written() -> None:
    assert '"schema_version":1' in make_trace().to_json()
    assert '"schema_version"' not in make_task().to_json()
