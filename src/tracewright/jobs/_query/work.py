"""The two things that are done in the forked process: judging texts, and answering one query."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

import duckdb

from tracewright.jobs._query.child import Send
from tracewright.jobs._query.locks import Parser, catalogue_of, open_locked
from tracewright.jobs._query.policy import Checked, check
from tracewright.jobs._query.refusal import Code, Refusal
from tracewright.jobs._query.request import Ask
from tracewright.jobs._query.result import VECTOR, Cut, encode, preview, take

BINDING = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)
"""What goes wrong before anything runs: names, types, parameters, and casts of literals."""
MESSAGE_CHARACTERS = 200
ADVICE = re.compile(r", or SET \w+=.*| Candidate functions:$")
"""What the engine says of settings, which are locked, and of a list that begins on the next line."""
NO_MEMORY = "The query wanted more memory than it was given."


def judge(ask: Ask, texts: Sequence[str], send: Send) -> None:
    """Send one verdict a text, in order."""
    _quiet()
    opened = open_locked(ask.path, ask.limits.seconds)
    engine, catalogue = Parser(opened), catalogue_of(opened, ask.tables)
    for text in texts:
        try:
            checked = check(text, engine, catalogue, ask.strict)
        except Refusal as refusal:
            send({"verdict": "deny", "code": refusal.code, "reason": refusal.sentence}, b"")
        else:
            send({"verdict": "allow", "code": "OK", "reason": "", **_facts(checked)}, b"")


def answer(ask: Ask, send: Send) -> None:
    """Send what is known of a query as soon as it is known: what will be run, then what came of it; or a refusal."""
    _quiet()
    try:
        opened = open_locked(ask.path, ask.limits.seconds)
        checked = check(ask.sql[0], Parser(opened), catalogue_of(opened, ask.tables), ask.strict)
        send({**_facts(checked), "engine": duckdb.__version__}, b"")
        relation = bind(opened.data, checked.canonical, ask)
        send(*_run(relation, ask))
    except Refusal as refusal:
        send({"refused": {"code": refusal.code, "reason": refusal.sentence}}, b"")
    except Exception as error:  # noqa: BLE001  # whatever the engine raises is the fault of what it was given
        send({"refused": {"code": _code(error), "reason": _told(error)}}, b"")


def bind(connection: duckdb.DuckDBPyConnection, canonical: str, ask: Ask) -> duckdb.DuckDBPyRelation:
    """Return the query with its columns and types known and nothing run; raises Refusal where that fails."""
    try:
        relation = connection.sql(canonical, params=ask.parameters)
    except BINDING as error:
        raise Refusal("BIND", _told(error)) from error
    if len(relation.columns) > ask.limits.columns:
        found = len(relation.columns)
        raise Refusal("LIMIT", f"The result would have {found} columns; at most {ask.limits.columns} are returned.")
    return relation


def _run(relation: duckdb.DuckDBPyRelation, ask: Ask) -> tuple[dict[str, Any], bytes]:
    columns = [{"name": name, "type": str(kind)} for name, kind in zip(relation.columns, relation.types, strict=True)]
    taken = take(relation.to_arrow_reader(VECTOR), Cut(ask.limits.rows, ask.limits.bytes))
    rows = taken.table.num_rows
    facts = {
        "columns": columns,
        "rows": rows,
        "truncated": taken.truncated,
        "preview": preview(taken.table, ask.preview),
    }
    if taken.truncated:
        facts["notice"] = f"The result was cut after {rows} rows; there are more."
    return facts, encode(taken.table, ask.form)


def _facts(checked: Checked) -> dict[str, Any]:
    return {
        "canonical_sql": checked.canonical,
        "tables": list(checked.tables),
        "functions": list(checked.functions),
        "warnings": [{"code": code, "reason": sentence} for code, sentence in checked.warnings],
    }


def _code(error: Exception) -> Code:
    """Tell want of memory from all else; a result that is read as Arrow tells it in words alone."""
    wanting = isinstance(error, MemoryError | duckdb.OutOfMemoryException)
    return "RUNNER_MEMORY" if wanting or "out of memory" in str(error).lower() else "RUNNER_ERROR"


def _told(error: Exception) -> str:
    """Return the first line of an error, which may quote data: short, and without what could drive a terminal."""
    if _code(error) == "RUNNER_MEMORY":
        return NO_MEMORY
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = ADVICE.sub("", " ".join(line for line in lines[:2] if not line.startswith("LINE ")))
    told = told.replace("bindings: :", "bindings:")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in told)[:MESSAGE_CHARACTERS]


def _quiet() -> None:
    """The second parser logs what it cannot read; the verdict says that already."""
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
