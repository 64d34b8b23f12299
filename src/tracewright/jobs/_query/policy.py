"""Decides whether a SQL text may run, and what is run instead of it: a text made anew from the tree that was checked.

What a query costs is not its business, and neither is what only binding finds: columns and types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tracewright.jobs._query import second
from tracewright.jobs._query.refusal import Refusal
from tracewright.jobs._query.walk import Catalogue, Seen, Walk

MOST_BYTES = 64 << 10

# By full name: a file may bring macros that are called like anything.
SERIALISE = "SELECT system.main.json_serialize_sql(?)"
RENDER = "SELECT system.main.json_deserialize_sql(?)"

_POSITIONS = re.compile(r'"query_location(?:_length)?":\d+')
"""Inside a JSON string its quotes would be escaped, so this only ever meets keys."""

Ask = Callable[[str, str], str]
"""Runs a statement with one parameter in a locked connection and returns the one text that it answers."""
Count = Callable[[str], int]


@dataclass(frozen=True)
class Engine:
    """The two things that the policy asks of the engine: an answer of one text, and how many statements a text has."""

    ask: Ask
    count: Count


@dataclass(frozen=True)
class Checked:
    """A query that may run: `canonical` is the text to run."""

    canonical: str
    tables: tuple[str, ...]
    functions: tuple[str, ...]
    warnings: tuple[tuple[str, str], ...]


def check(text: str, engine: Engine, catalogue: Catalogue, strict: bool = True) -> Checked:
    """Return the query to run in place of `text`; raises Refusal, whatever went wrong.

    `strict` also refuses what hangs on the order of rows that nobody gave; else it is a warning.
    """
    try:
        return _check(text, engine, catalogue, strict)
    except Refusal:
        raise
    except RecursionError as error:
        raise Refusal("LIMIT", "The query is nested too deeply.") from error
    except Exception as error:
        raise Refusal("STMT_DENIED", f"The query could not be checked ({type(error).__name__}).") from error


def _check(text: str, engine: Engine, catalogue: Catalogue, strict: bool) -> Checked:
    _require_readable(text)
    raw = engine.ask(SERIALISE, text)
    seen = _walked(_tree(raw, text, engine), catalogue, strict)
    second.agree(seen, second.read(text))
    if seen.chances:
        raise seen.chances[0]
    canonical = engine.ask(RENDER, raw)
    again = engine.ask(SERIALISE, canonical)
    if _POSITIONS.sub("", again) != _POSITIONS.sub("", raw):
        # The engine writes some forms as others (a comprehension as calls): these must pass too, and then stay.
        seen = _walked(_tree(again, canonical, engine), catalogue, strict)
        if seen.chances:
            raise seen.chances[0]
        canonical = _settled(again, engine)
    return Checked(canonical, tuple(sorted(seen.reads)), tuple(sorted(seen.functions)), tuple(seen.warnings))


def _require_readable(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Refusal("LEX", "The text holds half a character (a lone surrogate).") from error
    if "\0" in text:
        raise Refusal("LEX", "The text holds a NUL character.")
    if size > MOST_BYTES:
        raise Refusal("LIMIT", f"The text has {size} bytes; at most {MOST_BYTES} are read.")
    if not text.strip():
        raise Refusal("EMPTY", "There is no query.")


def _tree(raw: str, text: str, engine: Engine) -> Any:
    """Return the tree of the one query; raises Refusal for anything else."""
    tree = json.loads(raw)
    if tree["error"]:
        raise _unparsed(str(tree.get("error_type")), str(tree.get("error_message")), text, engine)
    if len(tree["statements"]) > 1:
        raise Refusal("MULTI_STATEMENT", f"Write one query; here are {len(tree['statements'])}.")
    if not tree["statements"]:
        raise Refusal("EMPTY", "There is no query.")
    return tree


def _unparsed(kind: str, message: str, text: str, engine: Engine) -> Refusal:
    first = message.splitlines()[0][:160] if message else "no message"
    if "expression depth" in message or "recursion" in message:
        return Refusal("LIMIT", "The query is nested too deeply.")
    if "CTE body" in message:
        return Refusal("DML_IN_CTE", "A WITH may only hold queries.")
    if kind == "parser":
        return Refusal("LEX", f"The engine cannot read this: {first}")
    if (count := engine.count(text)) > 1:
        return Refusal("MULTI_STATEMENT", f"Write one query; here are {count}.")
    return Refusal("STMT_DENIED", "Only a query is answered: SELECT, FROM, WITH, VALUES, PIVOT with its values.")


def _walked(tree: Any, catalogue: Catalogue, strict: bool) -> Seen:
    walk = Walk(catalogue, strict)
    walk.over(tree, "", frozenset())
    return walk.seen


def _settled(raw: str, engine: Engine) -> str:
    """Return the text of a tree; raises Refusal unless the engine reads it as that very tree."""
    text = engine.ask(RENDER, raw)
    if _POSITIONS.sub("", engine.ask(SERIALISE, text)) != _POSITIONS.sub("", raw):
        raise Refusal("PARSERS_DISAGREE", "The query has no stable written form; write it plainer.")
    return text
