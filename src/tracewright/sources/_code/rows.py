"""Reads one JSON object of code-edit data, whichever of the known column names it uses, as an `Edit`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from tracewright.records.task import UNKNOWN_LICENCE, Edit, Origin
from tracewright.sources._code.languages import language_id, language_of
from tracewright.sources._code.licences import spdx
from tracewright.sources._code.messages import clean_message, subject_of
from tracewright.sources._code.paths import workspace_path

INSTRUCTION = ("instruction", "subject", "message")
PRE = ("pre", "before", "old_contents", "old_code", "code_before")
POST = ("post", "after", "new_contents", "new_code", "code_after")
LANGUAGE = ("language", "lang")
PATH = ("path", "new_file", "old_file")
REPOSITORY = ("repo", "repos", "repository")
REVISION = ("commit", "sha", "revision")
TAGS = ("tier", "kind", "rule")
MAX_INSTRUCTION = 4000

Row = Mapping[str, Any]


class Unfit(Exception):  # noqa: N818 -- it is a reason that is counted, not an error of ours
    """Carries the stable `reason` for which a row cannot be an edit, and what was found."""

    def __init__(self, reason: str, found: str) -> None:
        super().__init__(found)
        self.reason = reason


def read_edit(row: Row, source: str, max_side_bytes: int) -> Edit:
    """Return the edit that a row describes; raises Unfit with the reason where it describes none."""
    pre, post = _text(row, PRE), _post(row)
    for side in (pre, post):
        _check_side(side, max_side_bytes)
    if pre == post:
        raise Unfit("equal_sides", "the text before equals the text after")
    language = _language(row)
    path = _first(row, PATH)
    try:
        return Edit(
            instruction=_instruction(row),
            path=workspace_path(path, language),
            pre=pre,
            post=post,
            language=language,
            tags=_tags(row, pre, post),
            metadata=_metadata(row),
            origin=_origin(row, source, path),
        )
    except ValidationError as error:
        fault = error.errors()[0]
        raise Unfit("corrupt_line", f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def _first(row: Row, names: Sequence[str]) -> str:
    """Return the first of the columns that holds a text that is not blank, else an empty text."""
    return next((row[name] for name in names if isinstance(row.get(name), str) and row[name].strip()), "")


def _text(row: Row, names: Sequence[str]) -> str:
    present = [name for name in names if row.get(name) is not None]
    if not present:
        raise Unfit("missing_column", f"wanted one of the columns {', '.join(names)}")
    if not isinstance(row[present[0]], str):
        raise Unfit("corrupt_line", f"column {present[0]!r} holds no text")
    return str(row[present[0]])


def _post(row: Row) -> str | None:
    # A record that only asks to find something says so with an explicit null.
    return None if any(name in row and row[name] is None for name in POST) else _text(row, POST)


def _check_side(side: str | None, max_side_bytes: int) -> None:
    if side is None:
        return
    if not side.strip():
        raise Unfit("blank_side", "one side holds nothing but blanks")
    if "\0" in side:
        raise Unfit("nul_byte", "one side holds a NUL")
    try:
        size = len(side.encode())
    except UnicodeEncodeError as error:
        raise Unfit("corrupt_line", "one side holds half a character (a lone surrogate)") from error
    if size > max_side_bytes:
        raise Unfit("too_large", f"one side holds {size} bytes, at most {max_side_bytes} are taken")


def _language(row: Row) -> str:
    path = _first(row, PATH)
    claimed = language_id(_first(row, LANGUAGE))
    # TypeScript with tags in it has a grammar of its own.
    if not claimed or (claimed == "typescript" and language_of(path) == "tsx"):
        claimed = language_of(path)
    if not claimed:
        raise Unfit("missing_column", f"wanted one of the columns {', '.join(LANGUAGE)}, or a path with a suffix")
    return claimed


def _instruction(row: Row) -> str:
    for name in INSTRUCTION:
        text = _first(row, (name,))
        said = subject_of(text) if name == "message" else clean_message(text)
        if said:
            return said[:MAX_INSTRUCTION]
    if rule := _first(row, ("rule",)):
        title = _first(row, ("title",))
        return f"Apply the rule `{rule}`: {title}"[:MAX_INSTRUCTION] if title else f"Apply the rule `{rule}`."
    raise Unfit("missing_column", f"wanted one of the columns {', '.join(INSTRUCTION)}")


def _tags(row: Row, pre: str, post: str | None) -> dict[str, str]:
    tags = {name: value for name, value in _map(row, "tags").items() if isinstance(value, str)}
    tags |= {name: row[name] for name in TAGS if isinstance(row.get(name), str) and row[name]}
    if "\r" in pre or "\r" in (post or ""):
        tags["line_ends"] = "cr"
    return tags


def _metadata(row: Row) -> dict[str, Any]:
    metadata = dict(_map(row, "metadata"))
    message = clean_message(_first(row, ("message",)))
    if message and message != _first(row, INSTRUCTION[:2]):
        metadata["message"] = message
    old, new = row.get("old_file"), row.get("new_file")
    if isinstance(old, str) and isinstance(new, str) and old != new:
        metadata["old_file"] = old
    return metadata


def _origin(row: Row, source: str, path: str) -> Origin:
    if given := _map(row, "origin"):
        return Origin.model_validate(given)
    name = _first(row, ("license", "licence"))
    licence = spdx(name) if name else UNKNOWN_LICENCE
    return Origin(
        source=source,
        record=str(row.get("id", ""))[:200],
        # Upstream joins the repositories that hold the same commit by commas; the first is as good as any.
        address=(_first(row, REPOSITORY) or _first(row, ("source",))).split(",")[0].strip(),
        revision=_first(row, REVISION),
        path=path,
        date=_first(row, ("date",)),
        sha256=hashlib.sha256(_text(row, PRE).encode()).hexdigest(),
        licence=licence,
        licence_evidence=f"row: {name[:100]}" if name else "",
    )


def _map(row: Row, name: str) -> Row:
    value = row.get(name)
    return value if isinstance(value, dict) else {}
