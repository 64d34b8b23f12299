"""What a rollout leaves on disk while it runs: its tasks, each finished step, each finished task.

The folder `rollouts/<id>/` holds `rollout.json` (what was asked), `tasks.jsonl` (with goals, apart from the traces),
`<task>.jsonl` (a line a step, from which an interrupted attempt goes on) and `done.jsonl` (a line a task, written once
its traces are in the store).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count
from operator import attrgetter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tracewright.blobs import write_stream, write_whole
from tracewright.errors import StoreError, UsageError
from tracewright.records.base import Record
from tracewright.records.rollout import Rollout
from tracewright.records.task import Task, read_task
from tracewright.records.trace import Step, Trace


class Attempt(Record):
    """One finished attempt: its trace's id and the figures that the report adds up."""

    trace: str
    steps: int = 0
    passed: bool = False
    exact: bool = False
    tree_equal: bool = False
    memo: bool = False
    unresolved: bool = False

    @classmethod
    def of(cls, trace: Trace) -> Attempt:
        """Return the line for a trace."""
        grade = trace.grade
        return cls(
            trace=trace.id,
            steps=len(trace.steps),
            passed=trace.passed,
            exact=grade is not None and trace.passed and grade.check("exact"),
            tree_equal=grade is not None and grade.check("tree_equal"),
            memo=trace.passed and memorised(trace),
            unresolved=trace.status == "unresolved",
        )


class Done(Record):
    """A task that was played to its end; no attempts where the policy had nothing to try."""

    task: str
    attempts: tuple[Attempt, ...] = ()

    @property
    def unresolved(self) -> bool:
        """Say whether infrastructure ended an attempt, so that the task is worth playing again."""
        return any(attempt.unresolved for attempt in self.attempts)

    @property
    def best(self) -> Attempt | None:
        """Return the attempt that counts: the best by exact, passed, equal tree; the first among equals."""
        return max(self.attempts, key=attrgetter("exact", "passed", "tree_equal"), default=None)


def memorised(trace: Trace) -> bool:
    """Say whether the grader looked for general rules and found one that only fits its one site."""
    checks = trace.grade.checks if trace.grade else ()
    return any(check.name == "generalises" and not check.passed for check in checks)


class Journal:
    """The folder of one rollout."""

    def __init__(self, home: Path, rollout_id: str) -> None:
        if not rollout_id or not all(char.isalnum() or char in "-_" for char in rollout_id):
            raise UsageError(f"{rollout_id[:60]!r} is no rollout id; see `tracewright traces list`")
        self.id = rollout_id
        self.folder = home / "rollouts" / rollout_id

    def create(self, rollout: Rollout, tasks: Iterable[Task]) -> None:
        """Write the tasks, then the rollout, so that a rollout that can be read is complete."""
        lines = (task.to_json().encode() + b"\n" for task in tasks)
        write_stream(self.folder / "tasks.jsonl", lambda file: file.writelines(lines))
        self.save(rollout)

    def save(self, rollout: Rollout) -> None:
        """Write the rollout's record anew."""
        write_whole(self.folder / "rollout.json", rollout.to_json() + "\n")

    def load(self) -> Rollout:
        """Read the rollout; raises UsageError if there is none of that id."""
        try:
            return Rollout.from_json((self.folder / "rollout.json").read_text())
        except FileNotFoundError as error:
            raise UsageError(f"there is no rollout {self.id!r} in {self.folder.parent}") from error
        except (OSError, ValidationError) as error:
            raise StoreError(f"the rollout record of {self.id!r} cannot be read: {error}") from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the rollout while it is played; raises UsageError where another process plays it."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            _lock(folder, self.id)
            yield
        finally:
            os.close(folder)

    def tasks(self) -> Iterator[Task]:
        """Yield the tasks with their goals, in their order."""
        path = self.folder / "tasks.jsonl"
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                yield read_task(line, f"{path}:{number}")

    def steps(self, task_id: str) -> dict[int, list[Step]]:
        """Return attempt to finished steps of a task, in order; a line torn by a crash is played again."""
        found: dict[int, list[Step]] = {}
        for entry in _lines(self.folder / f"{task_id}.jsonl"):
            step = Step.model_validate(entry["step"])
            steps = found.setdefault(entry["attempt"], [])
            if step.index == 0:
                steps.clear()  # somebody who did not know of the others began again
            if step.index == len(steps):
                steps.append(step)
        return found

    def add_step(self, task_id: str, attempt: int, step: Step) -> None:
        """Append one finished step."""
        entry = {"attempt": attempt, "step": step.model_dump(mode="json", exclude_defaults=True)}
        _append(self.folder / f"{task_id}.jsonl", [json.dumps(entry, ensure_ascii=False)])

    def done(self) -> list[Done]:
        """Return the tasks that were played to their end, each once, by its last line."""
        entries = (Done.model_validate(entry) for entry in _lines(self.folder / "done.jsonl"))
        return list({entry.task: entry for entry in entries}.values())

    def add_done(self, entries: Sequence[Done]) -> None:
        """Append finished tasks, durably."""
        _append(self.folder / "done.jsonl", [entry.to_json() for entry in entries], sync=True)


def claim(home: Path, wanted: str) -> str:
    """Make the folder of a new rollout and return its id; who comes second under a name gets a number behind it."""
    names = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
    return next(name for name in names if _made(home / "rollouts" / name))


def tasks_sha256(tasks: Iterable[Task]) -> str:
    """Return the hash of a list of tasks: of their ids in order."""
    return hashlib.sha256("\n".join(task.id for task in tasks).encode()).hexdigest()


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror}; free space or choose another home") from error
    return True


def _lock(folder: int, rollout_id: str) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(f"rollout {rollout_id} is played by another process; wait for it or stop it") from error


def _append(path: Path, lines: Sequence[str], *, sync: bool = False) -> None:
    if not lines:
        return
    try:
        with path.open("a+b") as file:
            # A crash may have left a torn line without its end; start on a line of our own.
            size = file.seek(0, os.SEEK_END)
            torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
            file.write(("\n" * torn + "\n".join(lines) + "\n").encode("utf-8", "surrogatepass"))
            if sync:
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; free space, then resume the rollout") from error


def _lines(path: Path) -> Iterator[Any]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                entry = json.loads(line.decode("utf-8", "surrogatepass"))
            except ValueError:
                continue  # torn by a crash; what it held is played again
            yield entry
