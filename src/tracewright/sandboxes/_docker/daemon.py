"""The door to the Docker SDK: one engine behind its socket, Docker or podman, asked without blocking the loop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import docker
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from tracewright.errors import MissingPartError, SandboxError
from tracewright.sandboxes._jail.process import OUT_OF_MEMORY

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
TIMEOUT_SECONDS = 60
GONE = {404, 409}
"""What an engine says of a container that it does not have any more, or that does not run."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Engine:
    """What an engine says of itself."""

    version: str
    podman: bool
    bounds_memory: bool
    bounds_processes: bool
    runtimes: tuple[str, ...]


class Daemon:
    """One engine; every call but `close` runs in a thread."""

    def __init__(self, address: str) -> None:
        self.address = address or os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS
        if not self.address.startswith("unix://"):
            raise MissingPartError(
                f"the docker sandbox needs an engine on this machine, whose files it shows to jobs, found"
                f" {self.address}; name its socket: address = 'unix:///run/docker.sock' (or set DOCKER_HOST so)"
            )
        try:
            self._api, self._version = _client(self.address)
        except (DockerException, RequestException) as error:
            raise MissingPartError(
                f"the docker sandbox cannot speak to {self.address}: {_told(error)}; start the engine (systemctl start"
                " docker, or podman system service --time=0), let this user write to its socket, or name another one"
                " (address = 'unix:///…', DOCKER_HOST)"
            ) from error

    async def engine(self) -> Engine:
        """Ask the engine what it can hold back."""
        info = await self._ask(self._api.info)
        return Engine(
            version=self._version or f"docker {info.get('ServerVersion')}",
            podman=bool(self._version),
            bounds_memory=bool(info.get("MemoryLimit")),
            bounds_processes=bool(info.get("PidsLimit")),
            runtimes=tuple(sorted(info.get("Runtimes") or ())),
        )

    async def image(self, name: str) -> str:
        """Return the digest of an image; raises MissingPartError where the engine does not have it."""
        try:
            found = await asyncio.to_thread(self._api.inspect_image, name)
        except ImageNotFound as error:
            raise MissingPartError(
                f"the docker sandbox needs the image {name}, which the engine at {self.address} does not have;"
                " run: deploy/docker/build-image.sh (needs no registry), or name another one (image = '…')"
            ) from error
        except (DockerException, RequestException) as error:
            raise SandboxError(f"the engine at {self.address} refused: {_told(error)}") from error
        return str(found["Id"])

    @property
    def starved_codes(self) -> frozenset[int]:
        """Return the exit codes by which a container that nobody was told to kill says that its memory ran out.

        Where even the first process is killed, Docker says so and podman does not: no job can kill that one.
        """
        return frozenset({OUT_OF_MEMORY, 128 + signal.SIGKILL}) if self._version else frozenset({OUT_OF_MEMORY})

    async def create(self, name: str, request: Mapping[str, Any]) -> str:
        """Create a container and return its id."""
        made = await self._ask(partial(self._api.create_container_from_config, dict(request), name))
        return str(made["Id"])

    async def attach(self, container: str) -> socket.socket:
        """Return the connection to a container's stdin, stdout and stderr."""
        pipes = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        return await self._ask(lambda: _own(self._api.attach_socket(container, params=pipes)))

    async def start(self, container: str) -> None:
        """Start a container."""
        await self._ask(partial(self._api.start, container))

    async def kill(self, container: str) -> None:
        """Kill a container; one that does not run is left as it is."""
        try:
            await self._ask(partial(self._api.kill, container))
        except LookupError:
            return
        except SandboxError:
            # Engines do not agree on how to say that there was nothing left to kill.
            if (await self.state(container)).get("Running"):
                raise

    async def remove(self, container: str) -> None:
        """Take a container away, running or not; one that is gone already is no fault."""
        with suppress(LookupError):
            await self._ask(partial(self._api.remove_container, container, force=True, v=True))

    async def state(self, container: str) -> Mapping[str, Any]:
        """Return what the engine knows of how a container runs or ended; empty where it is gone."""
        with suppress(LookupError):
            found = await self._ask(partial(self._api.inspect_container, container))
            return dict(found["State"])
        return {}

    async def labelled(self, label: str) -> dict[str, str]:
        """Return id to value of `label` for all containers that have it, running or not."""
        ask = partial(self._api.containers, all=True, filters={"label": [label]})
        return {str(found["Id"]): str(found["Labels"][label]) for found in await self._ask(ask)}

    def close(self) -> None:
        """Let go of the connections."""
        self._api.close()

    async def _ask(self, question: Callable[[], Found]) -> Found:
        """Ask in a thread; raises LookupError for what is gone, SandboxError for every other refusal."""
        try:
            return await asyncio.to_thread(question)
        except APIError as error:
            if error.status_code in GONE:
                raise LookupError(_told(error)) from error
            raise SandboxError(f"the engine at {self.address} refused: {_told(error)}") from error
        except (DockerException, RequestException) as error:
            raise SandboxError(f"the engine at {self.address} did not answer: {_told(error)}") from error


def _client(address: str) -> tuple[docker.APIClient, str]:
    """Return a client for the version that an engine speaks, and what a podman calls itself; empty for Docker.

    The SDK would ask for its full version first, for which podman starts programs: a ping takes no time.
    """
    with docker.APIClient(base_url=address, version=DEFAULT_DOCKER_API_VERSION, timeout=TIMEOUT_SECONDS) as stranger:
        pong = stranger.get(f"{stranger.base_url}/_ping", timeout=TIMEOUT_SECONDS)
        pong.raise_for_status()
    spoken = pong.headers.get("Api-Version", DEFAULT_DOCKER_API_VERSION)
    podman = pong.headers.get("Libpod-Api-Version", "")
    client = docker.APIClient(base_url=address, version=spoken, timeout=TIMEOUT_SECONDS)
    return client, f"podman {podman}" if podman else ""


def _own(response: Any) -> socket.socket:
    """Take the connection out of the hands of the HTTP library, which would close it at a time of its own."""
    with socket.socket(fileno=os.dup(response.fileno())) as own:
        response.close()
        own.setblocking(False)
        return socket.socket(fileno=own.detach())


def _told(error: Exception) -> str:
    return " ".join(str(getattr(error, "explanation", None) or error).split())[:500]
