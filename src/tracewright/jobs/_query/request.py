"""What the job `query` may be asked, read from plain JSON; every limit has a most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

MIB = 1 << 20
MOST_TEXTS = 64


class BadRequestError(Exception):
    """A field is missing, unknown or out of bounds; the message names it."""


@dataclass(frozen=True)
class Limits:
    """What one query may use. `rows` and `bytes` cut the result; the others end the query."""

    seconds: float = 10.0
    memory_bytes: int = 1024 * MIB
    rows: int = 10_000
    bytes: int = 16 * MIB
    columns: int = 400


MOST = Limits(seconds=600.0, memory_bytes=3072 * MIB, rows=1_000_000, bytes=96 * MIB, columns=2000)


@dataclass(frozen=True)
class Ask:
    """A request as it was understood; `parameters` are a list for `?` and `$1`, an object for `$name`."""

    op: Literal["run", "check"]
    sql: tuple[str, ...]
    path: Path
    tables: tuple[str, ...] = ()
    parameters: list[Any] | dict[str, Any] | None = None
    form: Literal["arrow", "parquet"] = "arrow"
    strict: bool = True
    preview: int = 20
    limits: Limits = Limits()


FIELDS = {
    "run": {"op", "sql", "tables", "parameters", "format", "strict", "preview", "limits"},
    "check": {"op", "sql", "tables", "strict", "limits"},
}


def read_request(request: Mapping[str, Any], inputs: Mapping[str, Path]) -> Ask:
    """Read a request; raises BadRequestError, which names the field."""
    op = request.get("op", "run")
    if op not in FIELDS:
        raise BadRequestError(f"`op` must be run or check, found {str(op)[:40]!r}.")
    if unknown := sorted(request.keys() - FIELDS[op]):
        raise BadRequestError(f"`{op}` knows no field `{unknown[0][:40]}`.")
    if len(inputs) != 1 or not all(name.endswith(".duckdb") for name in inputs):
        raise BadRequestError("Give one input named <name>.duckdb.")
    return Ask(
        op=op,
        sql=_texts(op, request.get("sql")),
        path=next(iter(inputs.values())),
        tables=_tables(request.get("tables", [])),
        parameters=_parameters(request.get("parameters")),
        form=_choice("format", request.get("format", "arrow"), ("arrow", "parquet")),
        strict=_choice("strict", request.get("strict", True), (True, False)),
        preview=int(_number("preview", request.get("preview", 20), 0, 1000)),
        limits=_limits(request.get("limits", {})),
    )


def _texts(op: str, sql: Any) -> tuple[str, ...]:
    texts = [sql] if op == "run" else sql
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRequestError("`sql` must be a text, or for check a list of texts.")
    if not 1 <= len(texts) <= MOST_TEXTS:
        raise BadRequestError(f"`sql` must hold 1 to {MOST_TEXTS} texts.")
    return tuple(texts)


def _tables(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise BadRequestError("`tables` must be a list of names.")
    return tuple(given)


def _parameters(given: Any) -> list[Any] | dict[str, Any] | None:
    values = given.values() if isinstance(given, dict) else given
    if given is None:
        return None
    if not isinstance(given, list | dict) or not all(
        value is None or isinstance(value, str | int | float) for value in values
    ):
        raise BadRequestError("`parameters` must be a list or an object of texts, numbers, truth values and null.")
    return given or None


def _choice(field: str, found: Any, known: tuple[Any, ...]) -> Any:
    if found not in known or type(found) is not type(known[0]):
        raise BadRequestError(f"`{field}` must be one of {', '.join(map(str, known))}.")
    return found


def _limits(given: Any) -> Limits:
    if not isinstance(given, dict):
        raise BadRequestError("`limits` must be an object.")
    if unknown := sorted(given.keys() - vars(MOST).keys()):
        raise BadRequestError(f"`limits` knows no field `{unknown[0][:40]}`.")
    read = {name: _number(f"limits.{name}", value, 0.01, vars(MOST)[name]) for name, value in given.items()}
    seconds = read.pop("seconds", Limits.seconds)
    return Limits(seconds=seconds, **{name: int(value) for name, value in read.items()})


def _number(field: str, found: Any, least: float, most: float) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
        raise BadRequestError(f"`{field}` must be a number from {least:g} to {most:g}.")
    return found
