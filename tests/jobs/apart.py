"""Jobs run in a fresh process, as a worker runs them: those that change what the whole process may use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from tracewright import registry
from tracewright.jobs import Result


class Run(Protocol):
    """Runs one job with its inputs and files."""

    def __call__(
        self, kind: str, request: Mapping[str, Any], inputs: Mapping[str, Path], files: Mapping[str, str] = {}
    ) -> Result: ...


@contextmanager
def apart() -> Iterator[Run]:
    """Give a function that runs jobs in one process that was started for them, in the folder that we are in."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as worker:

        def run(
            kind: str, request: Mapping[str, Any], inputs: Mapping[str, Path], files: Mapping[str, str] = {}
        ) -> Result:
            return worker.submit(_ran, kind, dict(request), dict(inputs), dict(files)).result()

        yield run


def _ran(kind: str, request: dict[str, Any], inputs: dict[str, Path], files: dict[str, str]) -> Result:
    result: Result = registry.load("jobs", kind).run(request, files, inputs)
    return result
