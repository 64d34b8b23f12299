"""The text form of a turn reads back as it was, and data in it can neither end a block nor open a turn."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from tracewright.errors import RecordError
from tracewright.records.action import Action, Turn
from tracewright.records.turn_text import (
    escape,
    escape_all,
    escape_json,
    format_turn,
    parse_turn,
    unescape,
    unescape_all,
)

TOKENS = ["<think>", "</think>", "<action>", "</state_update>", "<start_of_turn>", "<|im_start|>", "[INST]", "<<SYS>>"]
MARKS = [
    "<",
    ">",
    "|",
    "[",
    "]",
    "\\",
    "/",
    "s",
    "<\uff5cUser\uff5c>",
    "<turn|>",
    "<|turn>",
    "\n",
    "\u2581",
    '"',
    "{",
    "é",
]
PIECES = st.sampled_from([*TOKENS, *MARKS])
TEXT = st.lists(PIECES | st.text(st.characters(codec="utf-8"), max_size=5), max_size=12).map("".join)
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TURNS = st.builds(
    Turn,
    thought=TEXT,
    actions=st.lists(st.builds(Action, name=TEXT, arguments=st.dictionaries(TEXT, JSON, max_size=3)), max_size=3).map(
        tuple
    ),
    state_update=st.dictionaries(TEXT, JSON, max_size=2),
)
FORBIDDEN = [
    "<start_of_turn>",
    "<|im_start|>",
    "<\uff5cUser\uff5c>",
    "[INST]",
    "<<SYS>>",
    "<turn|>",
    "<|turn>",
    "</think>",
]


@given(TURNS)
def test_a_turn_reads_back_as_it_was_written(turn: Turn) -> None:
    assert parse_turn(format_turn(turn)) == turn


@given(TURNS)
def test_a_written_turn_holds_no_token_but_its_own_tags(turn: Turn) -> None:
    text = format_turn(turn)
    assert text.count("<action>") == text.count("</action>") == len(turn.actions)
    assert text.count("</think>") == bool(turn.thought)
    assert not any(token in text for token in FORBIDDEN[:-1])


@given(TEXT)
def test_escaping_is_undone_exactly_and_leaves_no_token(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not any(token in escape(text) for token in FORBIDDEN)


@given(TEXT)
def test_escaping_twice_is_undone_twice(text: str) -> None:
    assert unescape(unescape(escape(escape(text)))) == text


@given(JSON)
def test_every_text_in_a_value_is_escaped_and_comes_back(value: JsonValue) -> None:
    assert unescape_all(escape_all(value)) == value
    assert not any(token in json.dumps(escape_all(value), ensure_ascii=False) for token in FORBIDDEN)


@given(JSON)
def test_json_means_the_same_after_escaping(value: JsonValue) -> None:
    text = escape_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert not any(token in text for token in FORBIDDEN)


@pytest.mark.parametrize(
    "text",
    [
        "a < b | c > d",
        "List<String>",
        "x[INSTANCE]",
        "f(a)[0]",
        "a <|> b",
        "<b>bold</b>",
        "if (a<b) [INST",
        "p |> f <| x",
    ],
)
def test_ordinary_code_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


def test_a_token_spanning_two_strings_does_not_break_the_json() -> None:
    text = json.dumps({"a": "<|", "b": ["|>", "[INST]"]})
    assert json.loads(escape_json(text)) == json.loads(text)


def test_a_long_run_of_openings_is_escaped_in_no_time() -> None:
    assert escape("<|" * 200_000) == "<|" * 200_000
    assert escape("<\\" * 200_000) == "<\\" * 200_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("I would rename it.", "blocks only, found 'I would rename it.' outside"),
        ("<state_update>{}</state_update> and so on", "found 'and so on' outside"),
        ("<action>{}</action>", "found a fault at 'name'"),
        ('<action>{"name": "a", "arguments": []}</action>', "found a fault at 'arguments'"),
        ('<action>{"name": "a", "extra": 1}</action>', "found a fault at 'extra'"),
        ("<action>rename</action>", "wanted one JSON object in <action>, found 'rename'"),
        ("<action>[]</action>", r"wanted one JSON object in <action>, found '\[\]'"),
        ("<state_update>3</state_update>", "wanted one JSON object in <state_update>"),
        ('<action>{"name": "a", "arguments": {"x": NaN}}</action>', "wanted one JSON object in <action>"),
        ('<action>{"name": "a", "arguments": {"x": 1e999}}</action>', "wanted one JSON object in <action>"),
        ('<action>{"name": "a", "arguments": {"x": 9007199254740993}}</action>', "integers below"),
        ('<action>{"name": "\\ud800"}</action>', "wanted one JSON object in <action>"),
        ("<action>" + "[" * 100_000 + "</action>", "wanted one JSON object in <action>"),
        ("<think>\ud800</think>", "half a character"),
    ],
)
def test_a_reply_that_cannot_be_read_is_told_why(text: str, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        parse_turn(text)


def test_an_empty_reply_is_a_turn_without_actions() -> None:
    assert parse_turn(" \n") == Turn()
