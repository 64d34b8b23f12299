"""A home in which a jail was proved to hold, or a skip that says why none does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tracewright.errors import MissingPartError
from tracewright.pipeline.jailed import run_jailed


@pytest.fixture(scope="session")
def proved_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("proved")
    try:
        asyncio.run(run_jailed([], home))
    except MissingPartError as missing:
        pytest.skip(str(missing))
    return home


@pytest.fixture
def jail(proved_home: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of one's own with a home whose jail holds, and return the folder."""
    (home / "preflight").parent.mkdir(parents=True)
    (home / "preflight").symlink_to(proved_home / "preflight")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
