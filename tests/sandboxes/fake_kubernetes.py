"""A strict API server for tests: it takes only Jobs that the published schemas and our own rules allow, and runs them.

It listens on loopback in a thread of its own, knows one user with the rights of deploy/k8s/rbac.yaml, keeps its state
in memory, and breaks where it is told to. Pods run on a node: podman_node.py, or bubblewrap_node.py where that is not.
"""

from __future__ import annotations

import asyncio
import copy
import json
import secrets
import subprocess
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request

from tests.sandboxes import manifest_rules
from tests.sandboxes.nodes import Container, Node
from tests.sandboxes.plain_http import Asked, request, send

NAMESPACE = "tracewright-sandbox"
IMAGE = f"registry.example/tracewright-worker@sha256:{'0' * 64}"
SCHEMAS = "1.33"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
PROTOCOL = "v5.channel.k8s.io"
ENDED = {"phase": "Failed"}
FAULTS: dict[str, dict[str, Any]] = {
    "image": {"waiting": "ImagePullBackOff"},
    "refused": {"waiting": "CreateContainerConfigError"},
    "evicted": {**ENDED, "reason": "Evicted", "message": "The node was low on resource: memory."},
    "deadline": {**ENDED, "reason": "DeadlineExceeded"},
    "oom": {**ENDED, "terminated": "OOMKilled"},
}


class RefusedError(Exception):
    """An answer that is not 200: code, reason and message."""


@dataclass
class Pod:
    """One pod: what was asked for, what became of it, and its container while there is one."""

    manifest: dict[str, Any]
    fault: str = ""
    container: Container | None = None
    task: asyncio.Task[None] | None = None
    attached: bool = False
    struck: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    async def kill(self) -> None:
        if self.container:
            await self.container.kill()


@dataclass
class Faults:
    """What is to go wrong: status codes of the next calls to create, faults of the next pods, watches to cut.

    `working` is a text, and what befalls all pods with a worker when it is sent to one of them.
    """

    creating: deque[tuple[int, str]] = field(default_factory=deque)
    pods: deque[str] = field(default_factory=deque)
    watches: int = 0
    working: tuple[bytes, str] | None = None


class FakeCluster:
    """The server; `kubeconfig` is a file that leads to it."""

    def __init__(self, folder: Path, node: Node) -> None:
        self._node = node
        self.faults = Faults()
        self.asked: list[tuple[str, str]] = []
        self.pods: dict[str, Pod] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.created = 0
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._changed = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        self._token = secrets.token_hex(16)
        self._rights = manifest_rules.rights()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._within(asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 20))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(self._config()))

    def stop(self) -> None:
        """End every pod, and the thread."""
        self._within(self._stopped())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _within(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _config(self) -> dict[str, Any]:
        cluster = {"server": f"http://127.0.0.1:{self.port}"}
        return {
            "clusters": [{"name": "fake", "cluster": cluster}],
            "users": [{"name": "fake", "user": {"token": self._token}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
            "current-context": "fake",
        }

    async def _strike(self, fault: str) -> None:
        at_work = [pod for pod in self.pods.values() if pod.container and pod.attached]
        for pod in at_work:
            pod.fault, pod.struck = fault, True
        await asyncio.gather(*(pod.kill() for pod in at_work))

    async def _stopped(self) -> None:
        self._server.close()
        for name in list(self.jobs):
            await self._delete(name)
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._talks.add(task)
        try:
            while asked := await request(reader):
                await self._answer(asked, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(task)
            writer.close()

    async def _answer(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if asked.headers.get("authorization") != f"Bearer {self._token}":
                raise RefusedError(401, "Unauthorized", "no such user")
            resource, name = _resource(asked.path)
            verb = _verb(asked, name)
            self.asked.append((verb, resource))
            if (verb, resource) not in self._rights:
                raise RefusedError(403, "Forbidden", f"the user cannot {verb} {resource}")
            if resource == "pods/attach":
                await self._attach(name, asked, reader, writer)
            elif verb == "watch":
                await self._watch(asked, writer)
            else:
                send(writer, 200, await self._done(verb, resource, name, asked.body))
        except RefusedError as refused:
            code, reason, message = refused.args
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
            send(writer, code, {**status, "message": message})
        await writer.drain()

    async def _done(self, verb: str, resource: str, name: str, body: bytes) -> dict[str, Any]:
        match verb, resource:
            case "create", "jobs":
                return self._create(json.loads(body))
            case "get", "jobs" if name in self.jobs:
                return self.jobs[name]
            case "get", "pods" if name in self.pods:
                return self.pods[name].manifest
            case "delete", "jobs" if name in self.jobs:
                await self._delete(name)
                return {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        raise RefusedError(404, "NotFound", f"{resource} {name!r} not found")

    def _create(self, job: dict[str, Any]) -> dict[str, Any]:
        if self.faults.creating:
            raise RefusedError(*(*self.faults.creating.popleft(), "told to fail"))
        _validated(job)
        name = job["metadata"]["name"]
        if name in self.jobs:
            raise RefusedError(409, "AlreadyExists", f'jobs "{name}" already exists')
        self.jobs[name] = job
        self.created += 1
        template = copy.deepcopy(job["spec"]["template"])
        metadata = {**template["metadata"], "name": f"{name}-{secrets.token_hex(3)[:5]}", "namespace": NAMESPACE}
        metadata["ownerReferences"] = [{"kind": "Job", "name": name, "apiVersion": "batch/v1", "uid": name}]
        pod = Pod({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
        pod.fault = self.faults.pods.popleft() if self.faults.pods else ""
        self.pods[pod.name] = pod
        self._tell("ADDED", pod, phase="Pending")
        pod.task = asyncio.get_running_loop().create_task(self._live(pod))
        return job

    async def _live(self, pod: Pod) -> None:
        """Be the kubelet of one pod."""
        if pod.fault:
            self._tell("MODIFIED", pod, **FAULTS[pod.fault])
            return
        try:
            pod.container = await self._node(pod.manifest["spec"], pod.name)
        except (OSError, subprocess.CalledProcessError) as error:
            self._tell("MODIFIED", pod, waiting="CreateContainerError", message=str(getattr(error, "stderr", error)))
            return
        if pod.over.is_set():
            # It was deleted while it was being made.
            await pod.kill()
            return
        self._tell("MODIFIED", pod, phase="Running", running=True)
        try:
            async with asyncio.timeout(pod.manifest["spec"]["activeDeadlineSeconds"]):
                await pod.container.ended()
        except TimeoutError:
            pod.fault = "deadline"
        if await pod.container.out_of_memory():
            pod.fault = "oom"
        await pod.kill()
        pod.over.set()
        # Streams end before the kubelet has told how the pod ended.
        await asyncio.sleep(0.05)
        self._tell("MODIFIED", pod, **FAULTS.get(pod.fault, {"phase": "Succeeded", "terminated": "Completed"}))

    async def _delete(self, name: str) -> None:
        """In the foreground, as it is asked for: the Job is there until its pod is gone."""
        for pod in [
            pod for pod in self.pods.values() if pod.manifest["metadata"]["ownerReferences"][0]["name"] == name
        ]:
            pod.over.set()
            await pod.kill()
            if pod.task:
                await asyncio.gather(pod.task, return_exceptions=True)
            if self.pods.pop(pod.name, None):
                self._tell("DELETED", pod)
        self.jobs.pop(name, None)

    def _tell(self, kind: str, pod: Pod, **sight: Any) -> None:
        pod.manifest["status"] = _status(**sight)
        pod.manifest["metadata"]["resourceVersion"] = str(len(self._events) + 1)
        self._events.append((kind, copy.deepcopy(pod.manifest)))
        self._changed.set()
        self._changed = asyncio.Event()

    async def _watch(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        labels = dict(pair.split("=", 1) for pair in asked.query["labelSelector"][0].split(","))
        seen = int(asked.query.get("resourceVersion", ["0"])[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            changed = self._changed
            for kind, pod in self._events[seen:]:
                if labels.items() <= pod["metadata"]["labels"].items():
                    line = json.dumps({"type": kind, "object": pod}).encode() + b"\n"
                    writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            seen = len(self._events)
            await writer.drain()
            if self.faults.watches:
                self.faults.watches -= 1
                writer.transport.abort()
                raise ConnectionError("told to drop the watch")
            await changed.wait()

    async def _attach(
        self, name: str, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        pod = self.pods.get(name)
        if pod is None or pod.container is None or pod.attached:
            raise RefusedError(400, "BadRequest", f"cannot attach to {name}")
        pod.attached = True
        stream = WSConnection(ConnectionType.SERVER)
        stream.receive_data(asked.raw)
        assert isinstance(next(stream.events()), Request)
        writer.write(stream.send(AcceptConnection(subprotocol=PROTOCOL)))
        tasks = [self._to_pod(pod, stream, reader, writer), self._from_pod(pod, stream, writer)]
        running = [asyncio.create_task(task) for task in tasks]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            # stdinOnce: whoever was attached is gone, and with them the worker's stdin.
            pod.container.hang_up()
        raise ConnectionError("the stream is over")

    async def _to_pod(self, pod: Pod, stream: WSConnection, reader: Any, writer: asyncio.StreamWriter) -> None:
        assert pod.container
        message = bytearray()
        while data := await reader.read(1 << 16):
            stream.receive_data(data)
            for event in stream.events():
                match event:
                    case BytesMessage(data=part, message_finished=whole):
                        # A message that came in several reads is told in parts, and only the first names the channel.
                        message += part
                        if whole and message.startswith(b"\0"):
                            await self._sent(pod.container, bytes(message[1:]))
                        message = bytearray() if whole else message
                    case Ping():
                        writer.write(stream.send(event.response()))
                    case CloseConnection():
                        return

    async def _sent(self, container: Container, data: bytes) -> None:
        with suppress(ConnectionError):
            await container.write(data)
        if self.faults.working and self.faults.working[0] in data:
            (_, fault), self.faults.working = self.faults.working, None
            # In a task of its own: this one ends with the pod.
            self._striking = asyncio.create_task(self._strike(fault))

    async def _from_pod(self, pod: Pod, stream: WSConnection, writer: asyncio.StreamWriter) -> None:
        assert pod.container
        while (part := await pod.container.read()) and not pod.struck:
            writer.write(stream.send(BytesMessage(data=b"\1" + part)))
            await writer.drain()
        complaint = await pod.container.complaint()
        writer.write(stream.send(BytesMessage(data=b"\2" + complaint.encode())))
        writer.write(stream.send(CloseConnection(code=1000)))
        await writer.drain()


def _resource(path: str) -> tuple[str, str]:
    for root, resource in ((JOBS, "jobs"), (PODS, "pods")):
        if path == root or path.startswith(f"{root}/"):
            name, _, below = path.removeprefix(root).strip("/").partition("/")
            return (f"{resource}/{below}" if below else resource), name
    raise RefusedError(404, "NotFound", f"there is no {path}")


def _verb(asked: Asked, name: str) -> str:
    if asked.method == "GET" and not name:
        return "watch" if asked.query.get("watch") == ["true"] else "list"
    return {"GET": "get", "POST": "create", "DELETE": "delete"}.get(asked.method, asked.method.lower())


def _validated(job: dict[str, Any]) -> None:
    """Refuse what a server of this version refuses, and what our own rules do."""
    import kubernetes_validate

    try:
        kubernetes_validate.validate(job, SCHEMAS, strict=True)
    except kubernetes_validate.ValidationError as error:
        raise RefusedError(422, "Invalid", str(error.message)) from error
    if found := manifest_rules.faults(job):
        raise RefusedError(422, "Invalid", "; ".join(found))


def _status(
    phase: str = "Pending",
    reason: str = "",
    message: str = "",
    waiting: str = "",
    terminated: str = "",
    running: bool = False,
) -> dict[str, Any]:
    state: dict[str, Any] = {}
    if running:
        state = {"running": {}}
    elif waiting:
        state = {"waiting": {"reason": waiting, "message": message or f"told to: {waiting}"}}
    elif terminated:
        state = {"terminated": {"reason": terminated, "exitCode": 0 if terminated == "Completed" else 137}}
    known = {"name": "worker", "ready": running, "restartCount": 0, "image": IMAGE, "imageID": IMAGE, "state": state}
    told = {"reason": reason, "message": message}
    return {"phase": phase, **{key: text for key, text in told.items() if text}, "containerStatuses": [known]}
