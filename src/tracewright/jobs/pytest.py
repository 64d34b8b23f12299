"""Runs tests with pytest in a jail of its own and reports each of them; an exit code alone is never evidence.

A pass means: every test that the files name was collected, ran in a process of its own, reported with a nonce, exited
as its report says, and pytest still failed a test that must fail. Not loaded at all: configuration, plug-ins and
conftest.py of the workspace, and modules of it that are named like pytest or the standard library.

Not guarded: tests that check nothing; code under test that knows these lines, and digs for the nonce in the memory
of its own process; tests that lie in the workspace itself, which whoever wrote the code may have written too.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._pytest.expected import expected_tests
from tracewright.jobs._worker.workspace import fill, path_fault

ISOLATION: IsolationNeed = "oneshot"

REPORT_BYTES = 16 << 20
STAGE = Path(os.environ.get("TMPDIR", "/tmp"), "tests")  # noqa: S108  # inside the jail, where it is the job's own
BAD = {"failed", "error"}
TOLERATED = {"passed", "skipped", "xfailed", "xpassed"}
_BOOT = "import sys; sys.path += {path!r}; from tracewright.jobs._pytest.session import main; main()"


@dataclass
class Report:
    """What came through the pipe; `faults` are reasons to believe none of it."""

    collected: list[str] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    ended: bool = False
    faults: list[str] = field(default_factory=list)


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Run the test files named in `paths` (default: all that look like tests).

    `tests` {path: text} are laid over the workspace; `conftest` says whether conftest.py files among them are used.
    The workspace itself is left as it is. `result` is {tests: [{id, outcome}], passed, failed, errors, collected}.
    """
    tests: Mapping[str, str] = request.get("tests") or {}
    brought = {path: text for path, text in files.items() if PurePosixPath(path).name != "conftest.py"} | dict(tests)
    paths = list(request.get("paths") or _test_files(tests or brought))
    if fault := _fault(paths, tests, brought):
        return Result("action_error", "bad_request", fault)
    if not paths:
        return Result("no_evidence", "no_tests", "there is no file named test_*.py or *_test.py")
    fill(STAGE, brought)
    report = _run(paths, tests, conftest=bool(request.get("conftest")))
    _miss(report, [name for path in paths for name in expected_tests(path, brought.get(path, ""))])
    return _result(report)


def _test_files(files: Mapping[str, str]) -> list[str]:
    names = {path: PurePosixPath(path) for path in sorted(files)}
    return [path for path, name in names.items() if name.match("test_*.py") or name.match("*_test.py")]


def _fault(paths: Sequence[str], tests: Mapping[str, str], brought: Mapping[str, str]) -> str:
    for path in tests:
        if reason := path_fault(path):
            return f"the test {path!r} cannot be written: {reason}"
    for path in paths:
        place = path.split("::")[0]
        if path.startswith("-") or not any(name == place or name.startswith(f"{place}/") for name in brought):
            return f"there is no test file or folder {path!r}"
    return ""


def _run(paths: Sequence[str], tests: Mapping[str, str], *, conftest: bool) -> Report:
    nonce = secrets.token_hex(16)
    read, write = os.pipe()
    arguments = [
        *("-q", "-c", os.devnull, "--import-mode=importlib", "--continue-on-collection-errors"),
        # Folders above are not looked into: not every jail lets anybody.
        *(f"--rootdir={STAGE}", f"--confcutdir={STAGE}"),
        *("--tb=short", "-p", "no:cacheprovider", *([] if conftest else ["--noconftest"]), *paths),
    ]
    spec = {"path": _import_path(tests), "arguments": arguments, "pipe": write, "nonce": nonce}
    with subprocess.Popen(
        [sys.executable, "-s", "-S", "-P", "-B", "-c", _BOOT.format(path=_libraries())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=STAGE,
        pass_fds=[write],
        # A workspace may hold a `.dist-info` folder that names a plug-in.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    ) as process:
        os.close(write)
        assert process.stdin is not None  # noqa: S101  # it was asked for as a pipe
        process.stdin.write(json.dumps(spec).encode())
        process.stdin.close()
        return _listen(read, nonce)


def _import_path(tests: Mapping[str, str]) -> list[str]:
    """The workspace comes after the standard library, which it must not shadow, and before installed libraries."""
    folders = ["", "src", *sorted({str(PurePosixPath(path).parent) for path in tests} - {"."})]
    standard = [path for path in sys.path if path not in _libraries()]
    return [*standard, *(str(STAGE / folder) for folder in folders), *_libraries()]


def _libraries() -> list[str]:
    standard = sysconfig.get_path("stdlib")
    zipped = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    return [path for path in sys.path if not path.startswith(standard) and not path.endswith(zipped)]


def _listen(pipe: int, nonce: str) -> Report:
    report = Report()
    with os.fdopen(pipe, "rb") as stream:
        while line := stream.readline(REPORT_BYTES):
            _hear(report, line, nonce)
    return report


def _hear(report: Report, line: bytes, nonce: str) -> None:
    try:
        told = json.loads(line)
        if told["nonce"] != nonce:
            raise KeyError("nonce")
    except (ValueError, TypeError, KeyError):
        report.faults.append("a line of the report is not the runner's own")
        return
    match told["kind"]:
        case "collected":
            report.collected += told["ids"]
        case "end":
            report.ended = True
        case kind:
            report.faults += [f"{told['id']} was reported twice"] if told["id"] in report.outcomes else []
            report.outcomes[told["id"]] = "error" if kind == "error" else told["outcome"]
            report.texts[told["id"]] = told["text"]


def _miss(report: Report, expected: Sequence[str]) -> None:
    """Note what should have been reported and was not."""
    if not report.ended:
        report.faults.append("the run ended before its report did")
    # Doubles are tests of one name in one file, of which pytest runs the last.
    found = {name.split("[")[0] for name in report.collected}
    broken = {name for name, outcome in report.outcomes.items() if outcome == "error"}
    vanished = [name for name in expected if name not in found and name.split("::")[0] not in broken]
    report.faults += [f"{name} is in the file and was not collected" for name in vanished]
    for name in report.collected:
        if report.outcomes.setdefault(name, "missing") not in TOLERATED | BAD:
            report.faults.append(f"{name} has no result that can be believed ({report.outcomes[name]})")
    if not report.outcomes:
        report.faults.append("no test was collected")


def _result(report: Report) -> Result:
    outcomes = report.outcomes
    for name, outcome in outcomes.items():
        print(f"{outcome.upper()} {name}")
        if report.texts.get(name):
            print(report.texts[name], end="\n\n")
    facts = {
        "tests": [{"id": name, "outcome": outcome} for name, outcome in outcomes.items()],
        "passed": sum(outcome == "passed" for outcome in outcomes.values()),
        "failed": sum(outcome == "failed" for outcome in outcomes.values()),
        "errors": sum(outcome == "error" for outcome in outcomes.values()),
        "collected": len(report.collected),
    }
    if report.faults:
        return Result("no_evidence", "no_evidence", "; ".join(report.faults)[:2000], result=facts)
    if facts["failed"] or facts["errors"]:
        return Result("nonzero", "tests_failed", exit_code=1, result=facts)
    if not facts["passed"]:
        return Result("no_evidence", "no_test_passed", "every test was skipped", result=facts)
    return Result("ok", exit_code=0, result=facts)
