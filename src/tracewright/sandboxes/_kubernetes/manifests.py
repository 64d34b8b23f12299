"""The Job that one jail is, as the API server takes it; deploy/k8s/job.yaml is the same Job, for people to read.

It asks the cluster for every wall that a pod can have. Whether the cluster puts them up is for the proof to find out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tracewright.records.job import MIB, Limits
from tracewright.sandboxes._jail.layout import EVERYWHERE, INPUTS, SCRATCH, SHARED_MEMORY, VENV, WORKSPACE, boot

CONTAINER = "worker"
SCRATCH_BYTES = 64 * MIB
USER_IN_A_NAMESPACE = 65532
OWN_USERS = 1_000_000_000
"""From here on users are given to pods, 28 bits of them: where no machine has users of its own."""
DIGEST = r"^$|^[\w./:-]+@sha256:[0-9a-f]{64}$"
ENVIRONMENT = {**EVERYWHERE, "HOME": SCRATCH, "PATH": f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin"}
"""What every worker finds around it: what the kubelet adds (addresses of services) is taken away before it starts."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$")]


class Shape(BaseModel):
    """What all pods of one sandbox have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str = Field(default="", pattern=DIGEST)
    """What the worker runs in, by digest: `registry/name@sha256:…`."""
    namespace: Name = "tracewright-sandbox"
    runtime_class: Literal[""] | Name = "gvisor"
    """The node's runtime; empty takes the cluster's own, which shares the node's kernel with the job."""
    seccomp_profile: str = ""
    """A profile that lies on every node, below the kubelet's folder of profiles; empty takes the runtime's default."""
    user: int | None = Field(default=None, gt=0)
    """User and group of every worker; None gives each pod its own, for a kernel counts processes by user."""
    user_namespaces: bool = False
    """Ask for a user namespace for each pod, so that its users are nobody's on the node."""
    deadline_seconds: int = Field(default=900, ge=60)
    """When the cluster ends a pod, whatever became of us; no job may last as long."""
    python: str = "python3"
    libraries: tuple[str, ...] = (VENV,)
    """Where in the image the jobs' libraries lie; our own package lies in /opt/tracewright."""
    library_path: str = ""
    """Where the linker looks first, for an image whose interpreter lies outside /usr."""


def job(name: str, shape: Shape, limits: Limits, inputs_bytes: int = 0) -> dict[str, Any]:
    """Return the Job of one worker: a pod that is started at most once and never again."""
    labels = labels_of(name)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": shape.namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": shape.deadline_seconds,
            "ttlSecondsAfterFinished": 60,
            "template": {"metadata": {"labels": labels}, "spec": _pod(name, shape, limits, inputs_bytes)},
        },
    }


def labels_of(name: str) -> dict[str, str]:
    """Return the labels that a Job and its pod carry, and that deploy/k8s/networkpolicy.yaml looks for."""
    return {"app.kubernetes.io/name": "tracewright-sandbox", "app.kubernetes.io/instance": name}


def user_of(name: str, shape: Shape) -> int:
    """Return user and group of the pod of a Job."""
    if shape.user is not None:
        return shape.user
    if shape.user_namespaces:
        return USER_IN_A_NAMESPACE
    return OWN_USERS + int(hashlib.sha256(name.encode()).hexdigest()[:7], 16)


def _pod(name: str, shape: Shape, limits: Limits, inputs_bytes: int) -> dict[str, Any]:
    folders, user = _folders(limits, inputs_bytes), user_of(name, shape)
    return {
        "restartPolicy": "Never",
        # Counted by the kubelet too, so that it holds while the cluster's controllers are away.
        "activeDeadlineSeconds": shape.deadline_seconds,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "hostNetwork": False,
        "hostPID": False,
        "hostIPC": False,
        "shareProcessNamespace": False,
        # No name is ever looked up, so no server is ever asked.
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["127.0.0.1"]},
        **({"runtimeClassName": shape.runtime_class} if shape.runtime_class else {}),
        **({"hostUsers": False} if shape.user_namespaces else {}),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "seccompProfile": _seccomp(shape.seccomp_profile),
        },
        "containers": [_container(shape, limits, folders)],
        "volumes": [
            {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": str(size)}} for name, _, size in folders
        ],
    }


def _container(shape: Shape, limits: Limits, folders: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    # As much as is asked for and no more: such pods are the last that a node in need would end.
    resources = {"cpu": str(limits.cpu_cores), "memory": str(limits.memory_bytes), "ephemeral-storage": str(64 * MIB)}
    return {
        "name": CONTAINER,
        "image": shape.image,
        "imagePullPolicy": "IfNotPresent",
        "command": command(shape),
        "workingDir": WORKSPACE,
        "stdin": True,
        # When we hang up, the worker's stdin ends, and its first process ends all others.
        "stdinOnce": True,
        "tty": False,
        "resources": {"requests": resources, "limits": dict(resources)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
        "volumeMounts": [{"name": name, "mountPath": path} for name, path, _ in folders],
    }


def environment(shape: Shape) -> dict[str, str]:
    """Return all that a worker finds around it."""
    return ENVIRONMENT | ({"LD_LIBRARY_PATH": shape.library_path} if shape.library_path else {})


def command(shape: Shape) -> list[str]:
    """Return what starts the worker, with its environment and nothing else around it."""
    variables = [f"{name}={value}" for name, value in sorted(environment(shape).items())]
    return ["/usr/bin/env", "-i", *variables, shape.python, "-s", "-S", "-P", "-B", "-c", boot(shape.libraries)]


def _folders(limits: Limits, inputs_bytes: int) -> list[tuple[str, str, int]]:
    """Return name, place and size of each folder that can be written; all are memory that counts as the job's."""
    folders = [
        ("workspace", WORKSPACE, max(SCRATCH_BYTES, limits.file_bytes)),
        ("scratch", SCRATCH, SCRATCH_BYTES),
        ("shared-memory", SHARED_MEMORY, SCRATCH_BYTES),
    ]
    if inputs_bytes:
        folders.append(("inputs", INPUTS, inputs_bytes + MIB))
    return folders


def _seccomp(profile: str) -> Mapping[str, str]:
    if not profile:
        return {"type": "RuntimeDefault"}
    return {"type": "Localhost", "localhostProfile": profile}
