"""The text form of a turn, and the escape that keeps data from speaking as control tokens.

`parse_turn(format_turn(turn)) == turn` for every turn, whatever stands in its thought and arguments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from pydantic import JsonValue, ValidationError

from tracewright.errors import RecordError
from tracewright.records.action import Action, Turn
from tracewright.records.base import canonical

TAGS = "think|action|state_update"
GEMMA = (
    r"start_of_turn|end_of_turn|bos|eos|pad|unk|mask|unused\d{1,4}|start_of_image|end_of_image|image_soft_token"
    r"|(?:start|end)_function_(?:call|declaration|response)|escape"
)
CHATML = "tools|tool_call|tool_response|fim_prefix|fim_middle|fim_suffix|fim_pad|repo_name|file_sep"
LLAMA = r"s|SYS>|begin_of_text|end_of_text|BOS_TOKEN|EOS_TOKEN"
BARS = r"\|[^<>\[\]|\n]{1,64}\||\|[A-Za-z_\"]{1,64}|[A-Za-z_]{1,64}\||\uff5c[^<>\[\]\uff5c\n]{1,64}\uff5c"
"""`<|…|>` of ChatML, Qwen, Llama 3 and Phi, its halves `<|…>` and `<…|>`, and DeepSeek's with full-width bars."""
MISTRAL = (
    r"INST|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|SYSTEM_PROMPT|CALL_ID|ARGS|THINK"
    r"|IMG|IMG_BREAK|IMG_END|PREFIX|MIDDLE|SUFFIX|gMASK"
)
# No token holds an opening bracket of another, so one pass finds them all.
_TOKEN = rf"/?(?:{TAGS}|{GEMMA}|{CHATML}|{LLAMA}|{BARS})>"
_CONTROL = re.compile(rf"<(\\*)({_TOKEN})|\[(\\*)(/?(?:{MISTRAL})\])")
_ESCAPED = re.compile(rf"<\\(\\*)({_TOKEN})|\[\\(\\*)(/?(?:{MISTRAL})\])")
_BLOCK = re.compile(rf"\s*<({TAGS})>(.*?)</\1>\s*", re.DOTALL)


def escape(text: str) -> str:
    """Put a backslash into everything that a chat template or our own tags could take for a control token."""
    return _CONTROL.sub(lambda m: f"<\\{m[1]}{m[2]}" if m[2] else f"[\\{m[3]}{m[4]}", text)


def unescape(text: str) -> str:
    """Undo `escape`; a text that was never escaped and holds no escaped token comes back as it is."""
    return _ESCAPED.sub(lambda m: f"<{m[1]}{m[2]}" if m[2] else f"[{m[3]}{m[4]}", text)


def escape_all(value: JsonValue) -> JsonValue:
    """Escape every text inside a JSON value, keys too; `unescape_all` gives the value back."""
    return _map_texts(value, escape)


def unescape_all(value: JsonValue) -> JsonValue:
    """Undo `escape_all`."""
    return _map_texts(value, unescape)


def _map_texts(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    match value:
        case str():
            return change(value)
        case list():
            return [_map_texts(item, change) for item in value]
        case dict():
            return {change(key): _map_texts(item, change) for key, item in value.items()}
        case _:
            return value


def format_turn(turn: Turn) -> str:
    """Write a turn as `<think>…</think><action>{…}</action><state_update>{…}</state_update>`, without empty parts."""
    blocks = [f"<think>{escape(turn.thought)}</think>"] if turn.thought else []
    blocks.extend(f"<action>{call_text(action)}</action>" for action in turn.actions)
    if turn.state_update:
        blocks.append(f"<state_update>{_dump(turn.state_update)}</state_update>")
    return "\n".join(blocks)


def parse_turn(text: str) -> Turn:
    """Read the text form of a turn; raises RecordError that tells a policy what is wrong with its reply."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise RecordError("wanted text that UTF-8 can write, found half a character (a lone surrogate)")
    thought, actions, update, end = "", [], {}, 0
    while (match := _BLOCK.match(text, end)) is not None:
        end = match.end()
        match match[1]:
            case "think":
                thought = unescape(match[2])
            case "action":
                actions.append(_read_action(match[2]))
            case _:
                update = _read_object(match[2], "state_update")
    if rest := text[end:].strip():
        raise RecordError(
            f"wanted <think>, <action> and <state_update> blocks only, found {rest[:60]!r} outside of them"
        )
    return Turn(thought=thought, actions=tuple(actions), state_update=update)


def call_text(action: Action) -> str:
    """Write a call as JSON with its name first, since whoever writes it must choose the tool before the arguments."""
    return f'{{"name": {_dump(action.name)}, "arguments": {_dump(action.arguments)}}}'


def _dump(value: object) -> str:
    return escape_json(json.dumps(value, ensure_ascii=False, sort_keys=True, default=dict))


def escape_json(text: str) -> str:
    """Escape control tokens inside JSON text in the JSON way, which every reader undoes by itself."""
    # A token that spans two strings begins inside the first, so only its first character may change.
    return _CONTROL.sub(lambda m: f"\\u{ord(m[0][0]):04x}{m[0][1:]}", text)


def _read_action(text: str) -> Action:
    raw = _read_object(text, "action")
    try:
        return Action.model_validate(raw)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise RecordError(
            f'wanted {{"name": …, "arguments": {{…}}}} in <action>, found a fault at {where!r}'
        ) from error


def _read_object(text: str, tag: str) -> dict[str, object]:
    try:
        value = json.loads(text)
        canonical(value)
    except (ValueError, RecursionError, RecordError) as error:
        raise RecordError(f"wanted one JSON object in <{tag}>, found {text[:60]!r} ({error})") from error
    if not isinstance(value, dict):
        raise RecordError(f"wanted one JSON object in <{tag}>, found {text[:60]!r}")
    return value
