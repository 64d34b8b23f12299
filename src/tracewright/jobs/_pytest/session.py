"""Runs tests for the `pytest` kind: collects here, runs each test in a forked child, and reports on a pipe of its own.

A test that ends its process, alters pytest or leaves the report out harms only its own report. Code that is imported
while tests are collected shares this process, and could, knowing this file, forge what is reported.
"""

from __future__ import annotations

import json
import os
import sys
import unittest
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol
from _pytest.unittest import TestCaseFunction, UnitTestCase

from tracewright.jobs._worker import harden

TEXT = 4000
REPORT_BYTES = 1 << 20
ALIVE, DEAD = 0, 1
"""The exit status of a child whose test did not fail, and of one whose test did."""

# Bound before any code under test is imported, so that replacing these in their modules changes nothing here.
_fork, _write, _exit, _wait, _dumps = os.fork, os.write, os._exit, os.waitpid, json.dumps


@dataclass(frozen=True)
class Reporter:
    """A pytest plugin that tells the other end of a pipe what was collected and what became of it."""

    pipe: int
    nonce: str

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tell("error", id=report.nodeid, text=report.longreprtext[-TEXT:])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._tell("collected", ids=[item.nodeid for item in session.items])

    def pytest_runtest_protocol(self, item: pytest.Item) -> bool:
        self._tell("test", id=item.nodeid, **self._forked(item))
        return True

    def pytest_sessionfinish(self) -> None:
        self._tell("end")

    def _forked(self, item: pytest.Item) -> dict[str, str]:
        """Run one test in a child; its report counts only if its exit status says the same."""
        report = os.memfd_create("test")
        child = _fork()
        if child == 0:
            self._become(item, report)
        _, status = _wait(child, 0)
        told = os.pread(report, REPORT_BYTES, 0)
        os.close(report)
        return _believed(told, os.waitstatus_to_exitcode(status), self.nonce)

    def _become(self, item: pytest.Item, report: int) -> NoReturn:
        status = DEAD
        try:
            os.close(self.pipe)
            harden.show()
            outcome, text = _outcome(item)
            if _outcome(_canary(item))[0] not in {"failed", "error"}:
                outcome = "tampered"
            told = _dumps({"nonce": self.nonce, "outcome": outcome, "text": text[-TEXT:]})
            _write(report, told.encode("utf-8", "replace"))
            status = DEAD if outcome in {"failed", "error"} else ALIVE
        finally:
            _exit(status)

    def _tell(self, kind: str, **facts: Any) -> None:
        line = _dumps({"nonce": self.nonce, "kind": kind, **facts}).encode("utf-8", "replace") + b"\n"
        while line:
            line = line[_write(self.pipe, line) :]


def _believed(told: bytes, status: int, nonce: str) -> dict[str, str]:
    missing = {"outcome": "missing", "text": f"the test's process ended with {status} and left no report"}
    try:
        report = json.loads(told)
        outcome, text = str(report["outcome"]), str(report["text"])
    except (ValueError, TypeError, KeyError):
        return missing
    wanted = DEAD if outcome in {"failed", "error"} else ALIVE
    return {"outcome": outcome, "text": text} if (report["nonce"], status) == (nonce, wanted) else missing


def _outcome(item: pytest.Item) -> tuple[str, str]:
    """Run setup, call and teardown of one test, and return what they come to together with pytest's explanation."""
    reports = runtestprotocol(item, log=False, nextitem=None)
    text = "\n".join(_explained(reports))
    for report in reports:
        if report.failed:
            return ("failed" if report.when == "call" else "error"), text
    marked = item.get_closest_marker("xfail") is not None
    for report in reports:
        if hasattr(report, "wasxfail"):
            return (("xfailed" if report.skipped else "xpassed") if marked else "failed"), text
        if report.skipped:
            # A skip out of the test's own body may come from the code under test.
            return ("skipped" if report.when == "setup" else "skipped_inside"), text
    return ("passed" if len(reports) == 3 else "missing"), text


def _canary(item: pytest.Item) -> pytest.Item:
    """Return a test of the same kind that must fail: where it does not, somebody has altered pytest."""
    canary = _case(item) if isinstance(item, TestCaseFunction) else _function(item)
    # Nobody reads why it failed, and working that out takes longer than most tests.
    canary.repr_failure = _no_explanation  # type: ignore[method-assign, assignment]  # of this one object
    return canary


def _function(item: pytest.Item) -> pytest.Item:
    return pytest.Function.from_parent(_module(item), name="canary", callobj=_fail)


def _case(item: pytest.Item) -> pytest.Item:
    case = UnitTestCase.from_parent(_module(item), name="_CanaryCase")
    case.obj = _CanaryCase
    return next(found for found in case.collect() if isinstance(found, pytest.Item))


def _module(item: pytest.Item) -> pytest.Module:
    module = item.getparent(pytest.Module)
    if module is None:
        raise LookupError(f"{item.nodeid} does not lie in a module")
    return module


def _no_explanation(excinfo: object) -> str:
    return "the canary"


class _CanaryCase(unittest.TestCase):
    def test_canary(self) -> None:
        _fail()


def _fail() -> None:
    raise AssertionError("the canary")


def _explained(reports: Sequence[pytest.TestReport]) -> Iterator[str]:
    for report in reports:
        if report.failed:
            yield report.longreprtext
            yield from (f"{title}\n{content}" for title, content in report.sections)


def main() -> None:
    """Read what to run from stdin, run it, and report on the descriptor named there."""
    spec = json.loads(sys.stdin.buffer.read())
    # stdin was the only place where the nonce stood; the command line can be read by everybody.
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    harden.hide()
    sys.path[:] = spec["path"]
    pytest.main(spec["arguments"], plugins=[Reporter(spec["pipe"], spec["nonce"])])
