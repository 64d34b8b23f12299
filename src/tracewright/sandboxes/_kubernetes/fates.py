"""What became of a pod, read from the few fields of its status that decide what we do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracewright.errors import SandboxError

Fate = Literal["waiting", "running", "ended", "oom", "deadline", "evicted", "image", "refused", "gone"]

IMAGE = {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError"}
REFUSED = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "InvalidImageName"}
REFUSED |= {"ErrImageNeverPull", "StartError", "ContainerCannotRun"}
EVICTED = {"Evicted", "Preempting", "Shutdown", "NodeShutdown", "NodeLost", "NodeAffinity", "Terminated"}
EVICTED |= {"OutOfmemory", "OutOfcpu", "OutOfpods", "OutOfephemeral-storage", "UnexpectedAdmissionError"}


class LostPodError(SandboxError):
    """The cluster took a pod away or never started it, for no fault of the job; another may fare better."""


@dataclass(frozen=True)
class Sight:
    """A pod as it was last seen: the reasons that the API server gives, empty where there is none."""

    name: str
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    waiting: str = ""
    terminated: str = ""
    disrupted: str = ""
    running: bool = False


def fate(sight: Sight | None) -> Fate:
    """Say what became of a pod; None is one that is not there any more."""
    if sight is None:
        return "gone"
    # Both may be told of one pod: what it died of comes first.
    if sight.terminated == "OOMKilled":
        return "oom"
    if sight.reason == "DeadlineExceeded":
        return "deadline"
    if sight.reason in EVICTED or sight.disrupted:
        return "evicted"
    if sight.waiting in IMAGE:
        return "image"
    if sight.waiting in REFUSED or sight.terminated in REFUSED:
        return "refused"
    if sight.terminated or sight.phase in {"Failed", "Succeeded"}:
        return "ended"
    return "running" if sight.running else "waiting"


def told(sight: Sight | None) -> str:
    """Return what the cluster says of a pod, for a message."""
    if sight is None:
        return "the pod is gone"
    reason = sight.terminated or sight.waiting or sight.reason or sight.disrupted or sight.phase
    return f"{reason}: {sight.message[:500]}" if sight.message else reason
