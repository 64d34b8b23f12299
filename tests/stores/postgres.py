"""A PostgreSQL server of our own for the length of a test run: an ordinary user, a temporary folder, a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

READY_SECONDS = 30


class AbsentError(Exception):
    """Says why there can be no server here."""


class Postgres:
    """A running server; every `schema` is a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._schemas = 0

    def address(self, schema: str = "public") -> str:
        options = {"host": str(self.folder), "options": f"-csearch_path={schema}"}
        return f"postgresql://keeper@/postgres?{urlencode(options)}"

    def new_schema(self) -> str:
        self._schemas += 1
        schema = f"store_{self._schemas}"
        self.execute(f"CREATE SCHEMA {schema}")
        return schema

    def execute(self, statement: str, schema: str = "public") -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.address(schema), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server and end it by its pid; raises AbsentError where the programs or an ordinary user are missing."""
    programs, person = _programs(), _person()
    folder = Path(tempfile.mkdtemp(prefix="keeper-"))
    try:
        os.chown(folder, person.get("user", -1), person.get("group", -1))
        _start_cluster(programs, folder, person)
        command = [
            str(programs / "postgres"),
            "-D",
            "data",
            "-k",
            str(folder),
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
        ]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, cwd=folder, env=_environment(), stdout=log, stderr=log, **person)
        try:
            yield _ready(Postgres(folder), server)
        finally:
            server.send_signal(signal.SIGINT)  # the fast way down: it does not wait for clients
            server.wait(READY_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    if (path := shutil.which("initdb")) is None:
        raise AbsentError("PostgreSQL is not installed here (no initdb); on Debian: apt-get install postgresql")
    return Path(path).resolve().parent


def _person() -> dict[str, Any]:
    """Return who runs the server: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise AbsentError("there is no user postgres or nobody to run PostgreSQL as, and it refuses to be root")


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def _start_cluster(programs: Path, folder: Path, person: dict[str, Any]) -> None:
    command = [
        str(programs / "initdb"),
        "-D",
        str(folder / "data"),
        "-U",
        "keeper",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False, **person
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr[-500:]}")


def _ready(server: Postgres, process: subprocess.Popen[bytes]) -> Postgres:
    import psycopg

    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {(server.folder / 'log').read_text()[-500:]}") from None
            time.sleep(0.05)
        else:
            return server
