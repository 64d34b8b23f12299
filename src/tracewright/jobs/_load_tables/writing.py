"""Writes one DuckDB file of plain tables and hands its bytes back; the workspace is left as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from tracewright.jobs import Result
from tracewright.jobs._load_tables.refusal import Refusal
from tracewright.jobs._query.engine import hindered

DATABASE_BYTES = 120 << 20
"""What a reply of the jail can carry, with room for its header."""
MEMORY_BYTES = 512 << 20
FILE = "tables.duckdb"

Fill = Callable[[duckdb.DuckDBPyConnection], dict[str, Any]]


def written(fill: Fill, memory_bytes: int) -> Result:
    """Let `fill` make tables and say what they are: its facts are the result, the file is the artifact `database`."""
    if hindrance := hindered():
        return Result("action_error", "no_engine", hindrance)
    database = Path(FILE)
    try:
        facts = _filled(database, fill, memory_bytes)
        data = database.read_bytes()
    except Refusal as refusal:
        return Result("action_error", refusal.code, refusal.message)
    except duckdb.OutOfMemoryException:
        wanted = f"the tables need more than the {memory_bytes >> 20} MiB of memory that they may use"
        return Result("action_error", "out_of_memory", f"{wanted}; register fewer rows")
    except (duckdb.Error, OSError, ValueError) as error:
        return Result("action_error", "unreadable_file", f"the file cannot be read: {_first_lines(error)}")
    finally:
        # What lies in the workspace would be taken for a text that the job wrote.
        for left in Path().glob(f"{FILE}*"):
            left.unlink()
    if len(data) > DATABASE_BYTES:
        wanted = (
            f"wanted tables of at most {DATABASE_BYTES >> 20} MiB, found {len(data) >> 20} MiB; register fewer rows"
        )
        return Result("action_error", "too_large", wanted)
    return Result(result={**facts, "engine": duckdb.__version__}, artifacts={"database": data})


def _filled(path: Path, fill: Fill, memory_bytes: int) -> dict[str, Any]:
    # One thread, so that rows lie in the order of the file; nothing is fetched, whatever a file asks for.
    config: dict[str, Any] = {"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    config |= {"temp_directory": "", "python_enable_replacements": False, "memory_limit": f"{memory_bytes}B"}
    with duckdb.connect(str(path), config=config) as database:
        database.execute("SET TimeZone = 'UTC'")
        facts = fill(database)
        database.execute("CHECKPOINT")
    return facts


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:500]
