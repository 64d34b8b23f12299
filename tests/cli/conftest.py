"""A folder to stand in, with a home whose jail holds."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def jail(proved_home: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of one's own with a home whose jail holds, and return the folder."""
    (home / "preflight").parent.mkdir(parents=True)
    (home / "preflight").symlink_to(proved_home / "preflight")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
