"""Reads questions with their gold queries: JSON lines, or a folder of SQL files whose first comment is the question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from tracewright.errors import RecordError, SourceError
from tracewright.records.base import Record, digest
from tracewright.records.task import UNKNOWN_LICENCE, Dropped, Origin
from tracewright.registry import Parts
from tracewright.sources import SourceCard
from tracewright.sources._code.folder import folder_licence, read_plain
from tracewright.sources._code.licences import spdx
from tracewright.tables.question import Question
from tracewright.tables.shelf import Shelf

MOST_LINE = 1 << 18
MOST_FILE = 64 << 20
COLUMNS = {"sql": ("sql", "query"), "data": ("data", "db", "db_id"), "licence": ("licence", "license")}
"""Our names, and those that others have for the same."""

Row = Mapping[str, Any]


class Options(Record):
    """`path` is a file of JSON lines or a folder of `.sql` files; `data` is the set of rows that name none.

    A row has `question`, `sql` or `plan`, and may have `data`, `order`, `dialect`, `group` and `licence`. Where a row
    and the folder's licence file are silent, `licence` stands. `prefix` is put before the names of sets in rows.
    """

    path: str
    data: str = ""
    dialect: Literal["duckdb", "sqlite"] = "duckdb"
    licence: str = ""
    prefix: str = Field(default="", max_length=20)


class QuestionsSource:
    """Questions over sets that the home holds; one that cannot be used is dropped by reason, and the rest goes on."""

    def __init__(self, options: Options, home: Path) -> None:
        self._options = options
        self._home = home

    def describe(self) -> SourceCard:
        return SourceCard(name="questions", description="questions over tables, with the queries that answer them")

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the sets that questions are asked of, which must be ready before the questions are read."""
        told = (row for _, row in self._rows if not isinstance(row, Dropped))
        return tuple(sorted({name for row in told if (name := self._set_of(row))}))

    def records(self) -> Iterator[Question | Dropped]:
        """Yield questions and drops in the order of the lines or the names; raises SourceError for no such file."""
        for where, row in self._rows:
            yield row if isinstance(row, Dropped) else self._question(row, where)

    @cached_property
    def _rows(self) -> list[tuple[str, Row | Dropped]]:
        path = Path(self._options.path)
        if path.is_dir():
            licence = self._options.licence or folder_licence(path).expression
            return [(file.name, _sql_file(file, licence)) for file in sorted(path.glob("*.sql"))]
        data = read_plain(path, MOST_FILE)
        if isinstance(data, str):
            raise SourceError(f"wanted JSON lines or a folder of SQL files at {path}, found: {data}")
        lines = enumerate(data.split(b"\n"), 1)
        return [
            (f"{path.name}:{number}", _line(line, f"{path.name}:{number}")) for number, line in lines if line.strip()
        ]

    def _question(self, row: Row, where: str) -> Question | Dropped:
        name = self._set_of(row)
        kept = Shelf(self._home).find(name) if name else None
        if kept is None:
            return Dropped("no_tables", f"{where}: there is no set {name!r}")
        stated = _first(row, "licence") or self._options.licence
        origin = Origin(
            source=str(row.get("source", "questions")),
            record=str(row.get("id", where)),
            sha256=digest(dict(row)),
            licence=spdx(stated) if stated else UNKNOWN_LICENCE,
            licence_evidence="stated by the row" if _first(row, "licence") else "stated by the user" if stated else "",
        )
        told = {key: row[key] for key in ("question", "plan", "order", "group", "dialect") if key in row}
        sql = {} if "plan" in row else {"sql": _first(row, "sql")}
        try:
            fields = {"dialect": self._options.dialect, "group": kept.tables.id, **told, **sql}
            return Question.model_validate({**fields, "tables": kept.tables, "origin": origin})
        except ValidationError as error:
            fault = error.errors()[0]
            return Dropped("no_question", f"{where}: {'.'.join(map(str, fault['loc']))} {fault['msg']}")

    def _set_of(self, row: Row) -> str:
        named = _first(row, "data")
        # Ids of sets have no capitals, whatever others call their databases.
        return f"{self._options.prefix}{named.lower()}" if named else self._options.data


def build(options: Options, parts: Parts) -> QuestionsSource:
    """Return the source; nothing is opened before its records are asked for."""
    return QuestionsSource(options, parts.home)


def _first(row: Row, name: str) -> str:
    return next((str(row[key]) for key in COLUMNS[name] if row.get(key)), "")


def _line(line: bytes, where: str) -> Row | Dropped:
    if len(line) > MOST_LINE:
        return Dropped("line_too_long", f"{where}: over {MOST_LINE} bytes")
    try:
        row = json.loads(line.decode("utf-8"))
        digest(row)
    except (ValueError, RecursionError, RecordError) as error:
        return Dropped("corrupt_line", f"{where}: not JSON: {str(error)[:200]}")
    return row if isinstance(row, dict) else Dropped("corrupt_line", f"{where}: wanted a JSON object")


def _sql_file(path: Path, licence: str) -> Row | Dropped:
    """Read `-- question` lines, then the query; `-- data: support` among them names the set."""
    data = read_plain(path, MOST_LINE)
    if isinstance(data, str):
        return Dropped(data, path.name)
    lines = data.decode("utf-8", errors="replace").splitlines()
    head = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    notes = [line.removeprefix("--").strip() for line in lines[:head]]
    named = [note.removeprefix("data:").strip() for note in notes if note.startswith("data:")]
    question = " ".join(note for note in notes if note and not note.startswith("data:"))
    row = {"id": path.name, "question": question, "sql": "\n".join(lines[head:]).strip(), "licence": licence}
    return {**row, **({"data": named[0]} if named else {})}
