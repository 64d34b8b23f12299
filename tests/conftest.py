"""What every test stands on: a home of its own, the same examples on every run, and the corpora where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No clock in the verdict and no dice: `--hypothesis-profile explore` looks for new examples.
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point TRACEWRIGHT_HOME at a folder that only this test sees."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TRACEWRIGHT_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Return the folder of the corpora, or skip and say which variable names it."""
    folder = Path(os.environ.get("TRACEWRIGHT_CORPORA", ""))
    if not os.environ.get("TRACEWRIGHT_CORPORA"):
        pytest.skip("TRACEWRIGHT_CORPORA is not set; it names the folder that holds astgrep/commits_dev.jsonl")
    if not folder.is_dir():
        pytest.fail(f"TRACEWRIGHT_CORPORA names {folder}, which is no folder")
    return folder.resolve()
