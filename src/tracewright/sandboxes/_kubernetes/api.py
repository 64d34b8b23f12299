"""The door to a cluster's API server, and the only place that knows its client library (lightkube).

Every call is repeated a few times where the server says that it is busy or cannot be reached, and no longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from typing import Any, TypeVar

import httpx2
from lightkube import ApiError, AsyncClient, ConfigError, KubeConfig
from lightkube.config import client_adapter
from lightkube.models.core_v1 import ContainerStatus
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod
from lightkube.types import CascadeType, OnErrorAction, OnErrorResult

from tracewright.errors import MissingPartError, SandboxError
from tracewright.sandboxes._jail.process import OUT_OF_MEMORY
from tracewright.sandboxes._kubernetes.fates import LostPodError, Sight
from tracewright.sandboxes._kubernetes.manifests import CONTAINER, labels_of

Found = TypeVar("Found")

BUSY = {429, 500, 502, 503, 504}
ATTEMPTS = 5
LONGEST_PAUSE = 10.0
PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
MESSAGE_BYTES = 1 << 20


class Cluster:
    """One namespace of a cluster; `context` names an entry of the user's kubeconfig, empty takes the current one."""

    def __init__(self, context: str, namespace: str, first_pause: float = 0.25) -> None:
        self._namespace = namespace
        self._first_pause = first_pause
        try:
            config = KubeConfig.from_env().get(context or None)
            assert config is not None  # noqa: S101  # None is only returned where a default was given
            self._client = AsyncClient(config, namespace=namespace)
            self._streams: Any = client_adapter.AsyncClient(config, client_adapter.ConnectionParams())
        except (ConfigError, OSError, KeyError, AssertionError) as error:
            raise MissingPartError(
                f"the kubernetes sandbox found no cluster to talk to: {error}; set KUBECONFIG or the option"
                " `context`, or run inside a cluster with a service account"
            ) from error

    async def create(self, manifest: Mapping[str, Any]) -> None:
        """Create a Job; raises LostPodError where its name or quota is taken, MissingPartError without the right."""
        made = Job.from_dict(dict(manifest))
        try:
            await self._patiently(lambda: self._client.create(made))
        except ApiError as error:
            raise _typed(error, "create jobs") from error

    async def sights(self, job: str) -> AsyncIterator[Sight]:
        """Yield the pod of a Job whenever it changed, from how it is now on; a broken watch is taken up again."""
        labels: dict[str, Any] = dict(labels_of(job))
        watched: AsyncIterator[tuple[str, Pod]]
        watched = self._client.watch(Pod, namespace=self._namespace, labels=labels, on_error=self._again)  # type: ignore[assignment]  # declared as what it is not: it is a generator
        try:
            async for kind, pod in watched:
                if kind in {"ADDED", "MODIFIED"}:
                    yield _sight(pod)
                elif kind == "DELETED":
                    raise LostPodError(f"the pod of the job {job} was deleted by somebody else")
        except httpx2.HTTPError as error:
            raise _typed(error, "watch pods") from error

    async def sight(self, pod: str) -> Sight | None:
        """Return a pod as it is now; None where it is gone."""
        try:
            return _sight(await self._patiently(lambda: self._client.get(Pod, pod)))
        except ApiError as error:
            if error.status.code == 404:
                return None
            raise _typed(error, "get pods") from error

    async def delete(self, job: str, patience: float = 15.0) -> None:
        """Delete a Job with its pod and wait a little until both are gone; one that is not there is no error."""
        with suppress(SandboxError, httpx2.HTTPError, TimeoutError):
            async with asyncio.timeout(patience):
                await self._patiently(lambda: self._remove(job))
                while await self._there(job):
                    await asyncio.sleep(0.05)

    def attach(self, pod: str) -> AbstractAsyncContextManager[Any]:
        """Return a socket to the worker's stdin and stdout; messages start with the number of their channel."""
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod}/attach"
        params = {"container": CONTAINER, "stdin": "true", "stdout": "true", "stderr": "true", "tty": "false"}
        opened: AbstractAsyncContextManager[Any] = self._streams.websocket(
            path, params=params, subprotocols=PROTOCOLS, max_message_size_bytes=MESSAGE_BYTES, queue_size=64
        )
        return opened

    async def close(self) -> None:
        """Hang up."""
        await self._client.close()
        await self._streams.aclose()

    async def _remove(self, job: str) -> None:
        try:
            await self._client.delete(Job, job, grace_period=0, cascade=CascadeType.FOREGROUND)
        except ApiError as error:
            if error.status.code != 404:
                raise

    async def _there(self, job: str) -> bool:
        try:
            await self._client.get(Job, job)
        except ApiError as error:
            return error.status.code != 404
        return True

    async def _patiently(self, call: Callable[[], Awaitable[Found]]) -> Found:
        for attempt in range(ATTEMPTS):
            try:
                return await call()
            except httpx2.HTTPError as error:
                if attempt == ATTEMPTS - 1 or not _passing(error):
                    raise _reachable(error) from error
                await asyncio.sleep(_pause(error, self._first_pause * 2**attempt))
        raise AssertionError("the last attempt returns or raises")

    def _again(self, error: Exception, count: int) -> OnErrorResult:
        if count >= ATTEMPTS or not (_passing(error) or _code(error) == 410):
            return OnErrorResult(OnErrorAction.RAISE)
        return OnErrorResult(OnErrorAction.RETRY, _pause(error, self._first_pause * 2**count))


async def first(sights: AsyncIterator[Sight], wanted: Callable[[Sight], bool]) -> Sight | None:
    """Return the first sight that is wanted, and stop watching."""
    async with aclosing(sights) as found:  # type: ignore[type-var]  # an asynchronous generator has aclose
        async for sight in found:
            if wanted(sight):
                return sight
    return None


def _passing(error: Exception) -> bool:
    """Say whether the same call may well succeed in a moment."""
    return _code(error) in BUSY or isinstance(error, httpx2.TransportError)


def _code(error: Exception) -> int:
    return error.response.status_code if isinstance(error, httpx2.HTTPStatusError) and error.response else 0


def _pause(error: Exception, otherwise: float) -> float:
    if isinstance(error, httpx2.HTTPStatusError) and error.response:
        asked = error.response.headers.get("Retry-After", "")
        if asked.isdigit():
            return min(float(asked), LONGEST_PAUSE)
    return min(otherwise, LONGEST_PAUSE)


def _reachable(error: httpx2.HTTPError) -> Exception:
    if isinstance(error, ApiError):
        return error
    return SandboxError(f"the API server of the cluster cannot be reached: {type(error).__name__}: {error}")


def _typed(error: Exception, what: str) -> Exception:
    """Return the error that says what to do: try another pod, ask for a right, or mend the manifest."""
    code, message = _code(error), str(error)[:1000]
    if code in {401, 403} and "quota" not in message:
        return MissingPartError(
            f"the cluster does not let us {what}: {message}; apply deploy/k8s/rbac.yaml and use its service account"
        )
    if code in {403, 409, *BUSY}:
        return LostPodError(f"the cluster would not {what} now ({code}): {message}")
    return SandboxError(f"the cluster refused to {what} ({code}): {message}")


def _sight(pod: Pod) -> Sight:
    name = (pod.metadata.name if pod.metadata else None) or ""
    status = pod.status
    if status is None:
        return Sight(name)
    state = _state(next(iter(status.containerStatuses or []), None))
    disrupted = [c for c in status.conditions or [] if c.type == "DisruptionTarget" and c.status == "True"]
    return Sight(
        name,
        status.phase or "Pending",
        status.reason or "",
        state.pop("message", "") or status.message or "",
        disrupted=(disrupted[0].reason or "DisruptionTarget") if disrupted else "",
        running=bool(state.pop("running", "")),
        **state,
    )


def _state(container: ContainerStatus | None) -> dict[str, str]:
    state = container.state if container else None
    if state and state.terminated:
        starved = state.terminated.exitCode == OUT_OF_MEMORY
        reason = "OOMKilled" if starved else state.terminated.reason or "Error"
        return {"terminated": reason, "message": state.terminated.message or ""}
    if state and state.waiting:
        return {"waiting": state.waiting.reason or "", "message": state.waiting.message or ""}
    return {"running": "running"} if state and state.running else {}
