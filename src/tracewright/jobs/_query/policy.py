"""Decides whether a SQL text may run, and what is run instead of it: a text made anew from the tree that was checked.

What a query costs is not its business, and neither is what only binding finds: columns and types.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tracewright.jobs._query import second
from tracewright.jobs._query.refusal import Refusal
from tracewright.jobs._query.stable import alike, placeless
from tracewright.jobs._query.walk import Catalogue, Seen, Walk

MOST_BYTES = 64 << 10


class Written(NamedTuple):
    """A text as the engine read it: its tree, the text that the engine makes of the tree, and the tree of that text."""

    tree: str
    text: str
    again: str


class Engine(Protocol):
    """What the policy asks of the engine's parser; each may raise whatever the engine raises."""

    def write(self, text: str) -> Written:
        """Read a text, write it anew and read that; raises where the text is no query."""
        ...

    def tree(self, text: str) -> str:
        """Return the tree of a text, or the engine's complaint in its place."""
        ...

    def count(self, text: str) -> int:
        """Return the number of statements."""
        ...


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
    written = _written(text, engine)
    seen = _walked(written.tree, catalogue, strict)
    second.agree(seen, second.read(text))
    _require_settled(seen)
    if written.tree != written.again:
        written = _settled(written, engine)
        # What will run is the tree of the text, so that is what must pass.
        seen = _walked(written.again, catalogue, strict)
        _require_settled(seen)
    return Checked(written.text, tuple(sorted(seen.reads)), tuple(sorted(seen.functions)), tuple(seen.warnings))


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


def _written(text: str, engine: Engine) -> Written:
    """Return a text as the engine read it; raises Refusal, with the engine's complaint, for what is not one query."""
    try:
        return _without_places(engine.write(text))
    except Exception:  # noqa: BLE001  # the complaint is asked for below, and nothing passes without a tree
        tree = json.loads(engine.tree(text))
    if tree["error"]:
        raise _unparsed(str(tree.get("error_type")), str(tree.get("error_message")), text, engine)
    if not tree["statements"]:
        raise Refusal("EMPTY", "There is no query.")
    raise Refusal("PARSERS_DISAGREE", "The engine cannot write down what it read; write it plainer.")


def _without_places(written: Written) -> Written:
    return Written(placeless(written.tree), written.text, placeless(written.again))


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


def _walked(raw: str, catalogue: Catalogue, strict: bool) -> Seen:
    tree = json.loads(raw)
    count = len(tree["statements"])
    if count != 1 or tree["error"]:
        raise Refusal("MULTI_STATEMENT" if count else "EMPTY", f"Write one query; here are {count}.")
    walk = Walk(catalogue, strict)
    walk.over(tree, "", frozenset())
    return walk.seen


def _require_settled(seen: Seen) -> None:
    if seen.chances:
        raise seen.chances[0]


def _settled(written: Written, engine: Engine) -> Written:
    """Return a text that the engine reads as it wrote it; raises Refusal where there is none."""
    if not alike(written.tree, written.again):
        # The engine writes some forms as others (a comprehension as calls), but then keeps to them.
        written = _without_places(engine.write(written.text))
        if not alike(written.tree, written.again):
            raise Refusal("PARSERS_DISAGREE", "The query has no stable written form; write it plainer.")
    return written
