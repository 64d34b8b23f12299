"""What holds for pods alone: the manifest, jobs in a cluster that fails, and what a dead host leaves."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandboxes import clusters, manifest_rules, podman_node
from tests.sandboxes.jails import gone_within, marked, program, proven_home, survivors, within
from tracewright.errors import MissingPartError, SandboxError, UsageError
from tracewright.records.job import MIB, Job, Limits, Outcome
from tracewright.registry import Parts, build
from tracewright.sandboxes import Sandbox

pytest.importorskip("lightkube", reason="lightkube is not installed (the extra `kubernetes`)")

from tracewright.sandboxes import kubernetes
from tracewright.sandboxes._jail import images
from tracewright.sandboxes._kubernetes import manifests
from tracewright.sandboxes._kubernetes.fates import Fate, Sight, fate

ROOT = Path(__file__).parents[2]
IMAGE = f"registry.example/tracewright-worker@sha256:{'0' * 64}"
RENAME = {
    "kind": "ast_grep",
    "request": {"op": "apply", "pattern": "print($A)", "rewrite": "log($A)", "language": "python"},
}
CONTROLLER = """
import asyncio, json, sys
from pathlib import Path
from tracewright import registry
from tracewright.records.job import Job
async def main():
    options = json.loads(sys.argv[2])
    sandbox = registry.build("sandboxes", "kubernetes", options, registry.Parts(home=Path(sys.argv[1])))
    await sandbox.run(Job(kind="python", isolation="oneshot", request={"code": sys.argv[3]}))
asyncio.run(main())
"""


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return the fake cluster with no fault left in it; pauses are short, so that failing often takes no time."""
    if reason := clusters.missing():
        pytest.skip(f"the fake cluster: {reason}")
    monkeypatch.setattr(kubernetes, "PAUSE_SECONDS", 0.01)
    found = clusters.shared()
    asyncio.run(_proven())
    found.asked.clear()
    yield found
    found.faults.creating.clear()
    found.faults.pods.clear()
    found.faults.working = None
    found.faults.watches = 0


async def _proven() -> None:
    """Where the cluster is there, a jail that does not hold is a fault and no reason to skip."""
    sandbox: Sandbox = build("sandboxes", "kubernetes", clusters.options("kubernetes"), Parts(home=proven_home()))
    try:
        await sandbox.preflight()
    finally:
        await sandbox.close()


def _run(job: Job, **options: object) -> Outcome:
    return within("kubernetes", lambda sandbox: sandbox.run(job), **options)


def _struck(code: str, fault: str, cluster: Any) -> Outcome:
    """Run a program, and let something befall it, and whatever waits beside it, once a worker has been given it."""
    marker = secrets.token_hex(8)
    cluster.faults.working = (marker.encode(), fault)
    outcome = _run(program(f"{code} # {marker}"))
    assert cluster.faults.working is None, "no worker was given the program"
    return outcome


def test_the_job_for_people_and_the_job_that_is_sent_are_one() -> None:
    told = yaml.safe_load((ROOT / "deploy/k8s/job.yaml").read_text())

    assert manifests.job("tracewright-example", manifests.Shape(image=IMAGE), Limits()) == told


def test_every_manifest_is_valid_and_leaves_no_wall_out() -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    plain = manifests.Shape(image=IMAGE, runtime_class="")
    odd = manifests.Shape(
        image=IMAGE, user_namespaces=True, seccomp_profile="tracewright.json", library_path="/opt/lib"
    )
    found = [manifests.job("a", plain, Limits()), manifests.job("a", odd, Limits(file_bytes=128 * MIB), 1000)]
    for page in sorted((ROOT / "deploy/k8s").glob("*.yaml")):
        found += yaml.safe_load_all(page.read_text())
    for manifest in found:
        kubernetes_validate.validate(manifest, "1.33", strict=True)

    assert not [fault for job in found if job["kind"] == "Job" for fault in manifest_rules.faults(job)]


def test_nothing_may_come_into_the_namespace_or_go_out() -> None:
    policy = yaml.safe_load((ROOT / "deploy/k8s/networkpolicy.yaml").read_text())

    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policy["metadata"]["namespace"] == manifests.Shape().namespace


def test_data_only_jobs_share_a_pod_and_each_program_has_a_job_of_its_own(cluster: Any) -> None:
    async def work(sandbox: Sandbox) -> tuple[int, int]:
        before = cluster.created
        for number in range(4):
            await sandbox.run(Job.model_validate({**RENAME, "files": {"a.py": f"print({number})"}}))
        shared = cluster.created
        for _ in range(3):
            await sandbox.run(program("pass"))
        return shared - before, cluster.created - shared

    shared, own = within("kubernetes", work)

    # One more is made ready for the next program.
    assert (shared, own) == (1, 4)


@pytest.mark.parametrize(
    ("where", "value", "fault"),
    [
        (("restartPolicy",), "Always", "restartPolicy must be Never"),
        (("automountServiceAccountToken",), True, "automountServiceAccountToken must be False"),
        (("hostNetwork",), True, "hostNetwork must not be set"),
        (("containers", 0, "image"), "python:3", "named by its digest"),
        (("containers", 0, "resources", "limits"), {}, "requests and limits must be equal"),
        (("containers", 0, "securityContext", "capabilities"), {}, "securityContext.capabilities"),
        (("containers", 0, "securityContext", "readOnlyRootFilesystem"), False, "readOnlyRootFilesystem"),
        (("securityContext", "seccompProfile"), {"type": "Unconfined"}, "seccomp profile"),
    ],
)
def test_the_fake_server_takes_no_job_with_a_wall_left_out(
    where: tuple[Any, ...], value: object, fault: str, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = manifests.job

    def holed(*arguments: Any) -> dict[str, Any]:
        job = whole(*arguments)
        place = job["spec"]["template"]["spec"]
        for key in where[:-1]:
            place = place[key]
        place[where[-1]] = value
        return job

    async def work(sandbox: Sandbox) -> None:
        monkeypatch.setattr(manifests, "job", holed)
        await sandbox.run(program("pass"))

    with pytest.raises(SandboxError, match=rf"422.*{fault}"):
        within("kubernetes", work)


def test_podman_plays_the_pod_with_every_wall_that_it_knows() -> None:
    engine = podman_node.podman()
    template = manifests.job("played", manifests.Shape(image=engine.image, runtime_class=""), Limits())["spec"][
        "template"
    ]
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": "played"}}
    state, host = engine.played(pod, "played-worker")

    # It leaves stdin shut, so the worker ends at once; what else it asks for is there.
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    assert (host["Memory"], host["NanoCpus"], host["ReadonlyRootfs"]) == (Limits().memory_bytes, 2 * 10**9, True)
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert "CAP_SETUID" in host["CapDrop"]
    assert not host["CapAdd"]


def test_the_rights_that_we_ask_for_are_those_that_we_use(cluster: Any) -> None:
    from tests.sandboxes.manifest_rules import rights

    _struck("pass", "evicted", cluster)

    # Newer servers ask for `create` where a socket is opened; `list` comes with `watch`.
    assert rights() - set(cluster.asked) == {("create", "pods/attach"), ("list", "pods")}


def test_an_image_without_a_digest_is_refused() -> None:
    with pytest.raises(UsageError, match="no fitting option 'image'"):
        build("sandboxes", "kubernetes", {"image": "python:3.13"}, Parts(home=Path("unused")))


def test_no_pod_is_ever_started_in_a_cluster_that_nobody_named_an_image_for(tmp_path: Path) -> None:
    sandbox: Sandbox = build("sandboxes", "kubernetes", {}, Parts(home=tmp_path))
    with pytest.raises(MissingPartError, match="needs an image by digest"):
        asyncio.run(sandbox.preflight())


def test_without_a_cluster_the_fix_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    sandbox: Sandbox = build("sandboxes", "kubernetes", {"image": IMAGE}, Parts(home=tmp_path))
    with pytest.raises(MissingPartError, match="set KUBECONFIG"):
        asyncio.run(sandbox.preflight())


def test_a_job_that_may_outlast_its_pod_is_refused(cluster: Any) -> None:
    with pytest.raises(UsageError, match="raise deadline_seconds"):
        _run(program("pass", limits=Limits(wall_seconds=2000)))


def test_an_image_with_other_libraries_is_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(images, "version", lambda name: "0.0")
    options = clusters.options("kubernetes")
    sandbox: Sandbox = build("sandboxes", "kubernetes", options, Parts(home=tmp_path))

    async def work() -> None:
        try:
            await sandbox.preflight()
        finally:
            await sandbox.close()

    with pytest.raises(MissingPartError, match=r"it has ast-grep-cli \S+ where we have 0\.0"):
        asyncio.run(work())


@pytest.mark.parametrize(
    "faults", [[(409, "AlreadyExists")], [(429, "TooManyRequests")] * 3, [(500, "InternalError"), (409, "Conflict")]]
)
def test_a_busy_or_quarrelsome_server_is_asked_again(faults: list[tuple[int, str]], cluster: Any) -> None:
    cluster.faults.creating.extend(faults)

    assert _run(program("print('ran')")).stdout == "ran\n"
    assert not cluster.faults.creating


def test_a_server_that_stays_busy_is_a_sandbox_error_after_a_bounded_time(cluster: Any) -> None:
    cluster.faults.creating.extend([(409, "Conflict")] * 100)

    with pytest.raises(SandboxError, match=r"would not create jobs now \(409\)"):
        _run(program("pass"))


def test_a_right_that_is_missing_is_named_with_its_fix(cluster: Any) -> None:
    cluster.faults.creating.append((403, "Forbidden"))

    with pytest.raises(MissingPartError, match=r"create jobs.*rbac\.yaml"):
        _run(program("pass"))


@pytest.mark.parametrize("fault", ["image", "evicted"])
def test_a_pod_that_is_not_started_is_made_anew(fault: str, cluster: Any) -> None:
    cluster.faults.pods.extend([fault, fault])

    assert _run(program("print('ran')")).stdout == "ran\n"


@pytest.mark.parametrize(("fault", "told"), [("image", "ImagePullBackOff"), ("evicted", "Evicted")])
def test_a_pod_that_never_starts_is_a_sandbox_error_with_what_the_cluster_said(
    fault: str, told: str, cluster: Any
) -> None:
    cluster.faults.pods.extend([fault] * 100)

    with pytest.raises(SandboxError, match=rf"did not start: {told}"):
        _run(program("pass"))


def test_a_pod_that_can_never_run_is_not_tried_again(cluster: Any) -> None:
    cluster.faults.pods.extend(["refused"] * 100)
    before = cluster.created

    with pytest.raises(SandboxError, match="cannot run: CreateContainerConfigError"):
        _run(program("pass"))
    # One for the job, and perhaps one that was to be ready for the next.
    assert cluster.created <= before + 2


def test_a_watch_that_breaks_is_taken_up_again(cluster: Any) -> None:
    cluster.faults.watches = 3

    assert _run(program("print('ran')")).stdout == "ran\n"
    assert cluster.faults.watches == 0


@pytest.mark.parametrize("fault", ["evicted", "deadline"])
def test_a_pod_that_the_cluster_took_away_at_work_is_no_verdict_on_the_job(fault: str, cluster: Any) -> None:
    before = cluster.created
    outcome = _struck("print('ran')", fault, cluster)

    assert (outcome.status, outcome.stdout) == ("ok", "ran\n")
    assert cluster.created > before + 1


def test_a_pod_that_the_node_ended_for_its_memory_is_oom(cluster: Any) -> None:
    outcome = _struck("pass", "oom", cluster)

    assert (outcome.status, outcome.code) == ("oom", "memory_bytes")


def test_a_job_that_runs_too_long_is_a_timeout_by_our_own_clock(cluster: Any) -> None:
    outcome = _run(program("import time; time.sleep(99)", limits=Limits(wall_seconds=0.5)))

    assert (outcome.status, outcome.code) == ("timeout", "wall_seconds")
    assert 0.5 <= (outcome.observed.wall_seconds or 0.0) < 10


def test_no_job_and_no_pod_is_left_when_a_sandbox_was_closed(cluster: Any) -> None:
    # A controller that was killed by another test leaves its Job to the deadline.
    others = {*cluster.jobs, *cluster.pods}
    _run(program("pass"))

    assert cluster.asked
    assert {*cluster.jobs, *cluster.pods} <= others


def test_a_killed_controller_leaves_no_process_after_a_second(cluster: Any) -> None:
    marker = secrets.token_hex(8)
    code = marked("import time; time.sleep(99)", marker)
    arguments = [str(proven_home()), json.dumps(clusters.options("kubernetes")), code]
    controller = subprocess.Popen([sys.executable, "-c", CONTROLLER, *arguments], env=dict(os.environ))
    deadline = time.monotonic() + 60
    # The controller itself carries the marker; the program in the pod is the second.
    while len(survivors(marker)) < 2:
        assert time.monotonic() < deadline, "the program in the pod did not start"
        time.sleep(0.05)
    controller.kill()
    controller.wait()

    assert gone_within(1.0, marker)


@pytest.mark.parametrize(
    ("sight", "wanted"),
    [
        (None, "gone"),
        (Sight("a"), "waiting"),
        (Sight("a", "Running", running=True), "running"),
        (Sight("a", "Succeeded", terminated="Completed"), "ended"),
        (Sight("a", "Failed", terminated="OOMKilled", reason="Evicted"), "oom"),
        (Sight("a", "Failed", "DeadlineExceeded", terminated="Error"), "deadline"),
        (Sight("a", "Running", running=True, disrupted="PreemptionByScheduler"), "evicted"),
        (Sight("a", waiting="ErrImagePull"), "image"),
        (Sight("a", waiting="RunContainerError"), "refused"),
        (Sight("a", waiting="ContainerCreating"), "waiting"),
    ],
)
def test_what_became_of_a_pod_is_read_from_its_status(sight: Sight | None, wanted: Fate) -> None:
    assert fate(sight) == wanted
