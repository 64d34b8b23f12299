"""The suite itself: it has every case of the field's table, and none is held where its bait was reached or nothing ran.

Nothing hostile runs here: the sandboxes of these tests run nothing, and answer what a case's own program would tell.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes.fakes import canned, leaky
from tests.sandboxes.got_through import ANSWERS, Answers, ok
from tracewright.blobs import Blobs
from tracewright.records.job import MIB, Isolation, Job, Outcome, OutcomeStatus
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._contract.case import Attempts, Case, Finding
from tracewright.sandboxes._contract.suite import CASES, check_sandbox, tried
from tracewright.sandboxes._contract.trial import Backend

FAKES = Path(__file__).parents[1] / "sandboxes" / "fakes"
TABLE = set(range(1, 37))
"""The field's cases of abuse."""
BY_NAME = {case.name: case for case in CASES}
ATTEMPTS = [case for case in CASES if isinstance(case.trial, Attempts)]
LEFT_BEHIND: Mapping[str, Outcome | None] = {
    "sleep forever, signals ignored, setsid twice": Outcome(status="timeout", code="wall_seconds", stdout="so far\n"),
    "daemon left after a clean exit": ok("done\n"),
    "cancelled job": None,
    "sandbox closed while a job runs": None,
}
"""Answers in which all is well but for the processes that are left; None: the job goes on."""
PLAYED = {
    "write to an input": "test_an_input_that_was_written_to_is_seen",
    "fork bomb": "test_a_bomb_that_goes_off_is_seen",
    "controller killed in the middle of an action": "test_what_outlives_its_controller_is_seen",
    "jail binary missing": "test_what_runs_without_a_jailer_is_seen",
}
"""Cases with a test of their own."""


def finding(case: Case, sandbox: Callable[[], Sandbox], home: Path, name: str = "canned") -> Finding:
    """Try a case on a sandbox that claims everything."""
    return asyncio.run(tried(case, Backend(name, {}, home), canned.CLAIM, sandbox))


def answered(case: Case, answers: Answers, home: Path) -> Finding:
    """Try a case on a sandbox that gives these outcomes."""
    return finding(case, lambda: canned.CannedSandbox(canned.said(*answers)), home)


def test_the_suite_has_every_case_of_the_table_and_twenty_of_its_own() -> None:
    assert {case.number for case in CASES} - {0} == TABLE
    assert sum(case.number == 0 for case in CASES) >= 20
    assert len(BY_NAME) == len(CASES)


def test_every_case_is_shown_to_fail() -> None:
    shown = {case.name for case in ATTEMPTS} | set(ANSWERS) | set(LEFT_BEHIND) | set(PLAYED)
    assert shown == set(BY_NAME)


@pytest.mark.parametrize(
    ("name", "answers"),
    [(name, answers) for name, ways in ANSWERS.items() for answers in ways],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_got_through_is_not_held(name: str, answers: Answers, tmp_path: Path) -> None:
    found = answered(BY_NAME[name], answers, tmp_path)
    assert (found.verdict, bool(found.seen)) == ("failed", True)


@pytest.mark.parametrize("case", ATTEMPTS, ids=lambda case: case.title)
def test_one_attempt_that_got_through_is_not_held(case: Case, tmp_path: Path) -> None:
    assert isinstance(case.trial, Attempts)
    fine = "".join(f"attempt {number}\t{word}\n" for number, word in enumerate(sorted(case.trial.refusals)))
    assert answered(case, (ok(fine),), tmp_path).verdict == "held"
    for answer in ("GOT IT", "GOT IT: ['a secret']", "EINTR", "", "nothing of the kind"):
        found = answered(case, (ok(f"{fine}the last\t{answer}\n"),), tmp_path)
        assert (found.verdict, found.seen) == ("failed", f"the last: {answer}")


@pytest.mark.parametrize("case", ATTEMPTS, ids=lambda case: case.title)
def test_attempts_that_broke_off_are_not_held(case: Case, tmp_path: Path) -> None:
    fine = ok("the first\tnothing\n")
    for broken in ({"status": "nonzero", "exit_code": 1}, {"stderr": "Traceback"}, {"stdout": ""}):
        assert answered(case, (fine.model_copy(update=broken),), tmp_path).verdict == "failed"


@pytest.mark.parametrize("status", ["ok", "nonzero"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_silence_is_not_held(case: Case, status: OutcomeStatus, tmp_path: Path) -> None:
    silent = canned.said(Outcome(status=status, exit_code=int(status != "ok")))
    assert (
        finding(case, lambda: canned.CannedSandbox(silent), tmp_path, str(FAKES / "agreeable.py")).verdict == "failed"
    )


@pytest.mark.parametrize("fake", ["agreeable", "dead"])
def test_no_case_is_held_by_whoever_agrees_to_all_or_breaks_at_all(fake: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as told:
        check_sandbox(str(FAKES / f"{fake}.py"), {}, tmp_path)
    assert [case.name for case in CASES if f"{case.name}: " not in str(told.value)] == []


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_a_process_that_is_left_is_seen(name: str, tmp_path: Path) -> None:
    found = finding(BY_NAME[name], lambda: leaky.LeakySandbox(LEFT_BEHIND[name]), tmp_path)
    assert found.verdict == "failed"
    assert "left" in found.seen


def test_what_outlives_its_controller_is_seen(tmp_path: Path) -> None:
    case = BY_NAME["controller killed in the middle of an action"]
    found = finding(case, leaky.LeakySandbox, tmp_path, str(FAKES / "leaky.py"))
    assert (found.verdict, found.seen) == ("failed", "2 processes left after 1 s")


def test_what_runs_without_a_jailer_is_seen(tmp_path: Path) -> None:
    for fake, seen in (("agreeable", "it ran: everything"), ("dead", "SandboxError: the worker died")):
        name = str(FAKES / f"{fake}.py")
        found = finding(BY_NAME["jail binary missing"], Backend(name, {}, tmp_path).build, tmp_path, name)
        assert (found.verdict, found.seen[: len(seen)]) == ("failed", seen)


def test_an_input_that_was_written_to_is_seen(tmp_path: Path) -> None:
    async def write(job: Job) -> Outcome:
        path = Blobs(tmp_path / "blobs").path(job.inputs["t.csv"])
        path.chmod(0o644)
        path.write_bytes(b"one,two\nx")
        return ok("tried\n")

    found = finding(BY_NAME["write to an input"], lambda: canned.CannedSandbox(write), tmp_path)
    assert (found.verdict, found.seen) == ("failed", "the blob was written to or removed")


@pytest.mark.parametrize(
    ("counted", "lit", "after"),
    [
        (ok("11 31\n"), "timeout", "fine\n"),
        (Outcome(status="nonzero", exit_code=1, stdout="11 999\n"), "timeout", "fine\n"),
        (Outcome(status="nonzero", exit_code=1, stdout="11 31\n"), "ok", "fine\n"),
        (Outcome(status="nonzero", exit_code=1, stdout="11 31\n"), "timeout", ""),
    ],
)
def test_a_bomb_that_goes_off_is_seen(counted: Outcome, lit: OutcomeStatus, after: str, tmp_path: Path) -> None:
    answers = (ok(), counted, Outcome(status=lit, code="wall_seconds"), ok(after))
    assert answered(BY_NAME["fork bomb"], answers, tmp_path).verdict == "failed"


def test_memory_that_a_flood_takes_from_the_host_is_seen(tmp_path: Path) -> None:
    async def swell(job: Job) -> Outcome:
        bytearray(b"x" * (32 * MIB))
        return Outcome(status="output_limit", stdout="[9 bytes left out]")

    found = finding(BY_NAME["1 GB on stdout"], lambda: canned.CannedSandbox(swell), tmp_path)
    assert (found.verdict, "the host grew by" in found.seen) == ("failed", True)


def _renice(names: Mapping[str, Any]) -> None:
    os.setpriority(os.PRIO_PROCESS, names["CANARY"], os.getpriority(os.PRIO_PROCESS, 0) + 1)


def _limit(names: Mapping[str, Any]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.prlimit(names["CANARY"], resource.RLIMIT_NOFILE, (64, hard))


def _kill(names: Mapping[str, Any]) -> None:
    os.kill(names["CANARY"], signal.SIGKILL)
    os.waitid(os.P_PID, names["CANARY"], os.WEXITED | os.WNOWAIT)


def _connect(address: str) -> Callable[[Mapping[str, Any]], None]:
    def touch(names: Mapping[str, Any]) -> None:
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(names[address])

    return touch


def _send(names: Mapping[str, Any]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.sendto(b"x", names["MAILBOX"])


Touch = Callable[[Mapping[str, Any]], object]
TOUCHES: Sequence[tuple[str, Touch]] = (
    ("a port of the host", lambda names: socket.create_connection(("127.0.0.1", names["PORT"])).close()),
    ("a local socket of the host", _connect("NAMED")),
    ("an abstract socket of the host", _connect("ABSTRACT")),
    ("a datagram reached", _send),
    ("another priority", _renice),
    ("other limits", _limit),
    ("was killed", _kill),
    ("the files beside the secret", lambda names: Path(names["SECRET"]).with_name("more").touch()),
    ("the files beside the secret", lambda names: Path(names["SECRET"]).write_text("other")),
    ("the files beside the secret", lambda names: Path(names["SECRET"]).chmod(0o600)),
    ("the files beside the secret", lambda names: Path(names["SECRET"]).unlink()),
)


@pytest.mark.parametrize(("seen", "reach"), TOUCHES)
def test_what_was_touched_on_the_host_is_seen_whatever_the_program_says(
    seen: str, reach: Touch, tmp_path: Path
) -> None:
    async def touch(job: Job) -> Outcome:
        reach(canned.names(job))
        return ok("the attempt\tEACCES\n")

    found = finding(BY_NAME["connect to an abstract socket of the host"], lambda: canned.CannedSandbox(touch), tmp_path)
    assert (found.verdict, seen in found.seen) == ("failed", True)


@pytest.mark.parametrize(
    ("name", "said"), [("canned", {"backend": "none"}), ("canned", {"level": "none"}), ("none", {})]
)
def test_nothing_is_tried_where_any_name_says_that_it_is_no_jail(
    name: str, said: dict[str, str], tmp_path: Path
) -> None:
    asked: list[Job] = []

    async def note(job: Job) -> Outcome:
        asked.append(job)
        return ok()

    claim = Isolation.model_validate({**canned.CLAIM.model_dump(), **said})
    sandbox = canned.CannedSandbox(note)
    for case in CASES:
        found = asyncio.run(tried(case, Backend(name, {}, tmp_path), claim, lambda: sandbox))
        assert (found.verdict, found.seen) == ("not claimed", "says that it is no jail")
    assert not asked
