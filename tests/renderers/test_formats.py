"""What is trained on: exactly what the policy saw, a reply that parses back, and only turns that were accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import REWRITE, make_step, make_task, make_trace
from tracewright import registry
from tracewright.errors import RecordError, UsageError
from tracewright.records.action import Action, ActionSchema, Observation
from tracewright.records.messages import guide, prompt_text
from tracewright.records.task import Generator, Origin
from tracewright.records.trace import Step, Trace
from tracewright.records.turn_text import parse_turn
from tracewright.registry import Parts
from tracewright.renderers._rows.head import notice
from tracewright.renderers.trace import trace_of

SUBMIT = Action(name="submit", arguments={"why": "done </action><start_of_turn>", "n": [1, 2.5, None]})


def render(name: str, trace: Trace, **options: object) -> list[dict[str, Any]]:
    return list(registry.build("renderers", name, options, Parts(home=Path())).render(trace))


@pytest.fixture
def episode() -> Trace:
    steps = (
        step(0, 0, REWRITE, files={"a.py": "log(x)\n"}, thought="First.\nThen."),
        step(1, 1, REWRITE, accepted=False, thought="Again?"),
        step(2, 2, REWRITE, thought="A <think> about </think>", state_update={"goals": ["<eos>"]}),
        step(3, 2, SUBMIT, thought="A <think> about </think>", state_update={"goals": ["<eos>"]}),
    )
    return make_trace(make_task(focus=""), steps)


def step(index: int, turn: int, action: Action, **fields: Any) -> Step:
    seen = Observation(text=f"Turn {turn}.", files=("a.py",), feedback=f"feedback {turn}")
    return make_step(index, turn, action, observation=seen, **fields)


def seen_by_the_policy(trace: Trace) -> dict[int, str]:
    """Return turn to prompt, made from the stored observation and the steps before, as the rollout did."""
    first = {step.turn: step.index for step in reversed(trace.steps)}
    return {t: prompt_text(trace.task, trace.steps[i].observation, trace.steps[:i]) for t, i in first.items()}


def test_the_prompt_is_what_the_policy_saw(episode: Trace) -> None:
    seen = seen_by_the_policy(episode)
    assert "log(x)" in seen[2]
    assert "feedback 2" in seen[2]
    guided = {turn: f"{text}\n\n{guide(())}" for turn, text in seen.items()}
    for name in ("prompt_completion", "training_example"):
        assert {row["turn"]: row["prompt"] for row in render(name, episode, failed="mask")} == guided
    for row in render("messages", episode, failed="mask", history="turns"):
        users = [message["content"] for message in row["messages"] if message["role"] == "user"]
        assert users == [seen[turn] for turn in range(row["turn"] + 1)]
    for row in render("tunix_sft", episode, failed="mask"):
        opening = f"<start_of_turn>user\n{guided[row['turn']]}<end_of_turn>\n<start_of_turn>model\n"
        assert row["text"][: row["trained_from"]] == opening
    assert [row["prompt"] for row in render("steps", episode)] == [seen[turn] for turn in (0, 1, 2, 2)]


def acted(trace: Trace) -> dict[int, list[Action]]:
    turns: dict[int, list[Action]] = {}
    for one in trace.steps:
        assert one.action is not None
        turns.setdefault(one.turn, []).append(one.action)
    return turns


def test_the_reply_parses_back_into_the_same_actions(episode: Trace) -> None:
    found = {row["turn"]: parse_turn(row["completion"]) for row in render("prompt_completion", episode, failed="mask")}
    assert {turn: list(reply.actions) for turn, reply in found.items()} == acted(episode)
    assert found[2].thought == "A <think> about </think>"
    assert found[2].state_update == {"goals": ["<eos>"]}
    for row in render("tunix_sft", episode):
        reply = row["text"][row["trained_from"] :].removesuffix("<end_of_turn>\n")
        assert parse_turn(reply) == found[row["turn"]]
    for row in render("training_example", episode):
        answer = row["response"].split("\nAnswer:\n", 1)[1]
        assert list(parse_turn(answer).actions) == acted(episode)[row["turn"]]


def test_tool_calls_hold_the_same_actions_and_the_content_the_rest(episode: Trace) -> None:
    for row in render("messages", episode):
        reply = row["messages"][-1]
        calls = [call["function"] for call in reply["tool_calls"]]
        actions = [Action(name=call["name"], arguments=json.loads(call["arguments"])) for call in calls]
        assert actions == acted(episode)[row["turn"]]
        assert parse_turn(reply["content"]).actions == ()


def test_each_tool_call_in_the_history_is_answered_once(episode: Trace) -> None:
    last = render("messages", episode, history="turns")[-1]["messages"]
    called = [call["id"] for message in last[:-1] for call in message.get("tool_calls", [])]
    assert called == ["call_0", "call_1"]
    assert [message["tool_call_id"] for message in last if message["role"] == "tool"] == called


@pytest.mark.parametrize("name", ["tunix_sft", "prompt_completion", "training_example", "messages"])
def test_a_failed_turn_is_left_out_or_not_trained_on(episode: Trace, name: str) -> None:
    assert [row["turn"] for row in render(name, episode)] == [0, 2]
    masked = render(name, episode, failed="mask")
    assert [(row["turn"], row["trained"]) for row in masked] == [(0, True), (1, False), (2, True)]


def test_only_the_reply_of_the_turn_counts_in_the_loss(episode: Trace) -> None:
    masks = [row["loss_mask"] for row in render("messages", episode, history="turns", failed="mask")]
    assert masks == [[False, True], [False] * 5, [False] * 7 + [True]]
    assert [row["loss_mask"] for row in render("messages", episode)] == [[False, True]] * 2


def test_failed_steps_stay_in_whole_traces_and_steps(episode: Trace) -> None:
    assert [row["accepted"] for row in render("steps", episode)] == [True, False, True, True]
    assert len(render("trace", episode)[0]["record"]["steps"]) == 4


def test_tools_are_those_of_the_environment() -> None:
    schema = ActionSchema(name="rewrite", description="Rewrite.", parameters={"type": "object"})
    parts = Parts(home=Path(), tools=lambda environment: {"astgrep": [schema]}[environment])
    (row,) = registry.build("renderers", "messages", {}, parts).render(make_trace())
    assert row["tools"] == [schema.tool()]


def test_reasoning_is_numbered_and_cannot_pass_for_the_answer() -> None:
    thought = "First.\n\nAnswer:\n<action>{}</action>\n  Then."
    (row,) = render("training_example", make_trace(steps=(make_step(thought=thought, files={"a.py": "b\n"}),)))
    reasoning, answer = row["response"].split("\nAnswer:\n", 1)
    assert reasoning == "Reasoning:\n1. First.\n2. Answer:\n3. <\\action>{}<\\/action>\n4. Then.\n"
    assert parse_turn(answer).actions == (REWRITE,)


def test_an_edit_shows_the_file_before_and_after_its_step() -> None:
    undo = Action(name="undo")
    steps = (
        make_step(0, files={"a.py": "one\n"}),
        make_step(1, files={"a.py": "wrong\n"}),
        make_step(2, action=undo),
        make_step(3, files={"a.py": "two\n", "new.py": "x\n"}),
        make_step(4, files={"a.py": "never\n"}, accepted=False),
    )
    rows = render("edits", make_trace(steps=steps))
    assert [(row["turn"], row["path"], row["pre"], row["post"]) for row in rows] == [
        (0, "a.py", "print(x)\n", "one\n"),
        (3, "a.py", "one\n", "two\n"),
    ]
    assert rows[0]["gold_action"] == {"pattern": "print($A)", "rewrite": "log($A)", "language": "python"}


def test_a_step_row_has_the_parts_of_its_step() -> None:
    trace = make_trace(steps=(make_step(files={"a.py": "log(x)\n"}, thought="Why not."),), reward=0.5)
    (row,) = render("steps", trace)
    assert (row["task_id"], row["step"], row["reward"], row["rewards"]) == (trace.task.id, 0, 0.5, {"exact": 0.5})
    assert row["model_output"] == {"think": "Why not.", "action": REWRITE.model_dump(), "state_update": {}}
    assert row["sandbox_result"]["files"] == {"a.py": "log(x)\n"}
    assert row["state_before"]["history"] == []


def test_a_whole_trace_comes_back_with_its_hash(episode: Trace) -> None:
    (row,) = render("trace", episode)
    assert trace_of(json.loads(json.dumps(row))) == episode


def test_a_row_that_is_no_trace_or_was_changed_is_refused(episode: Trace) -> None:
    (row,) = render("trace", episode)
    with pytest.raises(RecordError, match="does not hash to its id"):
        trace_of({**row, "record": {**row["record"], "seed": 5}})
    with pytest.raises(RecordError, match="does not hash to its row's sha256"):
        trace_of({**row, "record": {**row["record"], "provenance": {"tracewright": "other"}}})
    with pytest.raises(RecordError, match="found a fault at 'record'"):
        trace_of({"format": "trace"})


def test_steps_out_of_order_are_refused() -> None:
    trace = make_trace(steps=(make_step(1), make_step(0)))
    for name in ("steps", "edits", "tunix_sft", "messages"):
        with pytest.raises(RecordError, match="wanted steps 0 to 1 in order"):
            render(name, trace)


def test_an_unknown_option_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="no fitting option 'mask'"):
        render("messages", make_trace(), mask=True)


def test_a_notice_names_source_authors_licence_and_who_wrote_it() -> None:
    machine = Generator(model="m-1", licence="Apache-2.0", terms="no competing models")
    origin = Origin(source="commits", record="7", address="https://example.org", licence="MIT", authors=("A", "B"))
    assert notice(origin) == "From commits, https://example.org, 7; by A, B; licence MIT"
    assert notice(origin.model_copy(update={"generator": machine})).endswith(
        "; written by m-1 (Apache-2.0, no competing models)"
    )
