"""Firejail is refused for what it leaks, unless each leak is accepted by name; then every outcome repeats it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.sandboxes.jails import claim
from tracewright.errors import MissingPartError
from tracewright.records.job import Isolation
from tracewright.registry import Parts
from tracewright.sandboxes._jail import seccomp
from tracewright.sandboxes.firejail import Options, build


def _preflight(home: Path, **options: object) -> Isolation:
    return asyncio.run(build(Options.model_validate(options), Parts(home=home)).preflight())


def _needs_firejail() -> None:
    if shutil.which("firejail") is None:
        pytest.skip("firejail is not on PATH; apt-get install firejail")
    claim("firejail")


def test_a_missing_binary_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match=r"needs no-such-firejail.*apt-get install firejail"):
        _preflight(tmp_path, binary="no-such-firejail")


def test_what_it_leaks_without_our_filter_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_firejail()
    everything = seccomp._step(seccomp.RETURN, seccomp.ALLOW)
    monkeypatch.setattr(seccomp, "program", lambda namespaces: everything)

    with pytest.raises(MissingPartError, match=r"local_sockets: made a vsock socket.*io_uring: has io_uring"):
        _preflight(tmp_path)


def test_leaks_that_are_accepted_by_name_are_told_ever_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_firejail()
    everything = seccomp._step(seccomp.RETURN, seccomp.ALLOW)
    monkeypatch.setattr(seccomp, "program", lambda namespaces: everything)
    leaks = ("io_uring", "local_sockets", "namespaces")

    assert {*leaks, "space"} <= {*_preflight(tmp_path, accept_leaks=leaks).lacks}
