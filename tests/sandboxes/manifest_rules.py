"""Says what is wrong with a Job beyond its schema: what an API server takes and a jail must not be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

RIGHTS = Path(__file__).parents[2] / "deploy/k8s/rbac.yaml"

WANTED_POD = {
    "restartPolicy": "Never",
    "automountServiceAccountToken": False,
    "enableServiceLinks": False,
    "terminationGracePeriodSeconds": 0,
}
WANTED_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}
RESOURCES = {"cpu", "memory", "ephemeral-storage"}


def faults(job: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each wall that a Job leaves out."""
    return [*_job(job["spec"]), *_pod(job["spec"]["template"]["spec"])]


def _job(spec: Mapping[str, Any]) -> Iterator[str]:
    if spec.get("backoffLimit") != 0:
        yield "backoffLimit must be 0: a job that failed is ours to try again"
    for key in ("activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        if not isinstance(spec.get(key), int):
            yield f"{key} must be set"


def _pod(spec: Mapping[str, Any]) -> Iterator[str]:
    for key, value in WANTED_POD.items():
        if spec.get(key) != value:
            yield f"{key} must be {value}"
    for key in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
        if spec.get(key):
            yield f"{key} must not be set"
    context = spec.get("securityContext", {})
    if not context.get("runAsNonRoot") or not context.get("runAsUser") or not context.get("runAsGroup"):
        yield "the pod must run as a user and group that are not root"
    if context.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "the pod must have a seccomp profile"
    for volume in spec.get("volumes", []):
        if set(volume) != {"name", "emptyDir"} or "sizeLimit" not in volume["emptyDir"]:
            yield f"the volume {volume['name']} must be an emptyDir with a sizeLimit"
    for container in (*spec.get("containers", []), *spec.get("initContainers", [])):
        yield from _container(container)


def _container(container: Mapping[str, Any]) -> Iterator[str]:
    if not re.search(r"@sha256:[0-9a-f]{64}$", container.get("image", "")):
        yield "the image must be named by its digest"
    resources = container.get("resources", {})
    if set(resources.get("limits", {})) != RESOURCES or resources.get("requests") != resources.get("limits"):
        yield f"requests and limits must be equal and hold {sorted(RESOURCES)}"
    for key, value in WANTED_CONTAINER.items():
        if container.get("securityContext", {}).get(key) != value:
            yield f"securityContext.{key} must be {value}"
    if container.get("securityContext", {}).get("privileged") or container.get("ports"):
        yield "the container must be neither privileged nor have ports"


def rights() -> set[tuple[str, str]]:
    """Return what the shipped role may do, as verb and resource."""
    (role,) = [found for found in yaml.safe_load_all(RIGHTS.read_text()) if found["kind"] == "Role"]
    return {(verb, resource) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
