"""What happens to jobs that share a worker when one of them times out, dies, lies or wears it out."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.sandboxes.jails import proven_home, show_kinds, within
from tracewright.blobs import Blobs
from tracewright.errors import MissingPartError, SandboxError
from tracewright.records.job import MIB, Job, Limits, Outcome
from tracewright.registry import Parts
from tracewright.sandboxes import Sandbox
from tracewright.sandboxes._jail import local, preflight
from tracewright.sandboxes._jail.process import Jail
from tracewright.sandboxes.bubblewrap import Options, build

Found = TypeVar("Found")
Use = Callable[[Sandbox], Awaitable[Found]]


@pytest.fixture(autouse=True)
def rogue(monkeypatch: pytest.MonkeyPatch) -> None:
    show_kinds(monkeypatch)


def _job(do: str = "", wall: float = 20, **request: Any) -> Job:
    limits = Limits(wall_seconds=wall)
    return Job.model_validate({"kind": "rogue", "request": {"do": do, **request}, "limits": limits})


def _all(jobs: Sequence[Job], **options: object) -> list[Outcome]:
    async def work(sandbox: Sandbox) -> list[Outcome]:
        return list(await asyncio.gather(*(sandbox.run(job) for job in jobs)))

    return within("bubblewrap", work, **options)


def _said(outcomes: Sequence[Outcome]) -> list[object]:
    return [outcome.result.get("said", outcome.status) for outcome in outcomes]


def test_jobs_that_wait_together_are_served_by_one_worker_in_their_order() -> None:
    outcomes = _all([_job(say=number) for number in range(100)])

    assert _said(outcomes) == list(range(100))
    assert len({outcome.result["process"] for outcome in outcomes}) == 1


def test_a_timeout_hits_only_the_job_that_took_too_long() -> None:
    outcomes = _all([_job(say=0), _job("sleep", wall=0.5), _job(say=2), _job(say=3)])

    assert _said(outcomes) == [0, "timeout", 2, 3]


def test_a_job_that_kills_its_worker_is_killed_and_the_others_are_served() -> None:
    outcomes = _all([_job(say=0), _job("die"), _job(say=2)])

    assert _said(outcomes) == [0, "killed", 2]
    assert outcomes[1].code == "jail_killed"


def test_text_that_native_code_prints_does_not_reach_the_pipe() -> None:
    assert _said(_all([_job("print", say="said")])) == ["said"]


def test_what_a_kind_raises_is_an_outcome_with_the_sentence() -> None:
    raised, memory, odd = _all([_job("raise"), _job("memory"), _job("odd")])

    assert (raised.status, raised.code, raised.message) == ("action_error", "job_raised", "LookupError: out of luck")
    assert memory.status == "oom"
    assert (odd.status, odd.code) == ("action_error", "bad_result")


def test_half_a_character_in_a_request_or_file_breaks_nothing() -> None:
    forked = Job(kind="rogue", isolation="fork", files={"a": "\ud800"})
    shared, filled = _all([_job(say="\ud800"), forked])

    assert shared.result["said"] == "?"
    assert (filled.status, filled.code) == ("action_error", "bad_workspace")


def test_files_that_cannot_lie_in_one_folder_are_an_action_error() -> None:
    (outcome,) = _all([Job(kind="rogue", isolation="fork", files={"a": "", "a/b": ""})])

    assert (outcome.status, outcome.code) == ("action_error", "bad_workspace")


def test_artifacts_are_kept_as_blobs() -> None:
    (outcome,) = _all([_job()])
    artifact = outcome.artifacts["blob"]

    assert Blobs(proven_home() / "blobs").get(artifact.sha256) == b"\0raw"


@pytest.mark.parametrize(
    "text",
    [
        "garbage that is no frame at all, long enough to have lengths",
        struct.pack(">II", 2, 0).decode() + "{}",
        struct.pack(">II", 0x7F000000, 0).decode(),
    ],
)
def test_a_worker_that_speaks_out_of_turn_is_a_sandbox_error_and_is_replaced(text: str) -> None:
    async def work(sandbox: Sandbox) -> Outcome:
        with pytest.raises(SandboxError, match="protocol violation"):
            await sandbox.run(_job("forge", text=text))
        return await sandbox.run(_job(say="fine"))

    assert within("bubblewrap", work).result["said"] == "fine"


def test_surplus_after_a_good_reply_discards_the_worker_before_the_next_job_is_believed() -> None:
    async def work(sandbox: Sandbox) -> list[object]:
        first = await sandbox.run(_job(say=1))
        with pytest.raises(SandboxError, match="protocol violation"):
            await sandbox.run(_job("forge", text=struct.pack(">II", 2, 0).decode() + "{}"))
        second = await sandbox.run(_job(say=2))
        return [first.result["process"], second.observed.worker_reused]

    assert within("bubblewrap", work)[1] is False


def test_a_balloon_in_a_shared_worker_is_oom_and_the_next_job_is_fine() -> None:
    limits = Limits(wall_seconds=20, memory_bytes=256 * MIB)
    jobs = [
        _job("balloon").model_copy(update={"limits": limits}),
        _job(say="fine").model_copy(update={"limits": limits}),
    ]

    assert _said(_all(jobs)) == ["oom", "fine"]


def test_a_worker_is_replaced_after_so_many_jobs() -> None:
    async def work(sandbox: Sandbox) -> list[bool | None]:
        return [(await sandbox.run(_job())).observed.worker_reused for _ in range(5)]

    assert within("bubblewrap", work, jobs_per_worker=2) == [False, True, False, True, False]


def test_a_jail_that_cannot_be_taken_away_does_not_end_its_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    end, faults = Jail.end, [OSError("busy")]

    async def faulty(jail: Jail) -> None:
        await end(jail)
        if faults:
            raise faults.pop()

    async def work(sandbox: Sandbox) -> list[Outcome]:
        monkeypatch.setattr(Jail, "end", faulty)
        async with asyncio.timeout(30):
            return [await sandbox.run(_job(say=number)) for number in range(3)]

    assert _said(within("bubblewrap", work, jobs_per_worker=1)) == [0, 1, 2]
    assert not faults


def test_several_workers_share_the_queue() -> None:
    outcomes = _all([_job(say=number) for number in range(64)], workers=2)

    assert _said(outcomes) == list(range(64))


def test_a_forked_job_that_dies_takes_no_other_with_it() -> None:
    forked = [_job("die"), _job(say="fine")]
    outcomes = _all([job.model_copy(update={"isolation": "fork"}) for job in forked])

    assert [outcome.status for outcome in outcomes] == ["no_evidence", "ok"]
    assert outcomes[0].code == "runner_died"
    assert outcomes[1].observed.worker_reused is True


def test_jobs_with_other_limits_do_not_share_a_worker() -> None:
    small = _job(say=1).model_copy(update={"limits": Limits(memory_bytes=128 * MIB)})

    async def work(sandbox: Sandbox) -> list[bool | None]:
        return [(await sandbox.run(job)).observed.worker_reused for job in (_job(), small, _job(), small)]

    assert within("bubblewrap", work) == [False, False, True, True]


def test_a_job_larger_than_the_machine_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "budget", lambda share: 512 * MIB)

    with pytest.raises(SandboxError, match="lower limits"):
        _all([_job()])


def test_a_proof_whose_probes_die_says_how_the_jail_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "PROBES", "kinds.dies")

    with pytest.raises(MissingPartError, match=r"probes ended with killed: .*\(it ended with -?\d+ and said nothing\)"):
        asyncio.run(build(Options(), Parts(home=tmp_path)).preflight())


def test_a_worker_that_may_start_no_process_is_our_failure_and_not_the_jobs() -> None:
    async def work(sandbox: Sandbox) -> Outcome:
        with pytest.raises(SandboxError, match="could not do its part: no process could be started"):
            await sandbox.run(_job("full"))
        return await sandbox.run(_job(say="fine"))

    assert _said([within("bubblewrap", work)]) == ["fine"]
