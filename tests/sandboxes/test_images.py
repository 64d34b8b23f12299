"""The images that deploy/docker makes: which base they take, whose they are, and that jobs find all they need there."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import Any

import docker
import pytest

from tests.sandboxes import daemons
from tests.sandboxes.jails import program, proven_home
from tracewright import registry
from tracewright.records.job import Outcome
from tracewright.sandboxes.docker import Options

FOLDER = daemons.ROOT / "deploy/docker"
SCRIPT = str(FOLDER / "build-image.sh")


@pytest.mark.parametrize("base", ["python:3.13", "python", "python@sha256:12", f"python:3.13@sha512:{'0' * 128}"])
def test_a_base_without_a_digest_is_refused(base: str) -> None:
    built = subprocess.run([SCRIPT, "--base", base], capture_output=True, text=True, check=False)

    assert (built.returncode, built.stdout) == (2, "")
    assert f"named by its digest, NAME@sha256:…, found {base}" in built.stderr


def test_the_dockerfile_has_no_base_of_its_own_and_no_root() -> None:
    lines = (FOLDER / "sandbox.Dockerfile").read_text().splitlines()

    assert [line for line in lines if line.startswith(("ARG", "FROM", "USER"))] == [
        "ARG BASE",
        "FROM ${BASE}",
        "USER 65532:65532",
    ]


def test_an_image_on_a_base_by_its_id_runs_jobs_as_nobody() -> None:
    if shutil.which("docker") is None:
        pytest.skip("docker: needs its command line; run: apt-get install docker.io")
    where = daemons.address("docker")
    api: Any = docker.APIClient(base_url=where, version="auto")
    try:
        base = str(api.inspect_image(Options().image)["Id"])
        command = [SCRIPT, "--engine", "docker", "--base", base, "--tag", "built", "--python", sys.executable]
        subprocess.run(command, check=True, env={**os.environ, "DOCKER_HOST": where, "DOCKER_BUILDKIT": "0"})
        config = api.inspect_image("built")["Config"]
    finally:
        api.close()

    assert (config["User"], config["Entrypoint"]) == ("65532:65532", None)
    assert _outcome(where, "built").stdout == "(65532, 65532)\n"


def _outcome(where: str, image: str) -> Outcome:
    options = {"address": where, "image": image}
    sandbox = registry.build("sandboxes", "docker", options, registry.Parts(home=proven_home()))

    async def main() -> Outcome:
        try:
            outcome: Outcome = await sandbox.run(program("import os; print((os.getuid(), os.getgid()))"))
            return outcome
        finally:
            await sandbox.close()

    return asyncio.run(main())
