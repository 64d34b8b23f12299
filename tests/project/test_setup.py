"""The set-up script on a machine where something is missing: one sentence that says what to run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def setup(tmp_path: Path, *programs: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up in an empty checkout on a machine that has these programs and no others."""
    (tmp_path / "bin").mkdir()
    for program in ("bash", "dirname", "id", *programs):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program) or pytest.fail(f"{program} is not here"))
    (tmp_path / "checkout/scripts").mkdir(parents=True)
    script = shutil.copy(ROOT / "scripts/setup.sh", tmp_path / "checkout/scripts")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), **variables}
    return subprocess.run(
        [tmp_path / "bin/bash", script, "base"], env=environment, capture_output=True, text=True, check=False
    )


def test_without_a_jail_it_ends_and_says_what_to_run(tmp_path: Path) -> None:
    answer = setup(tmp_path, PYTHON=os.path.realpath(sys.executable))
    assert answer.returncode == 3
    assert "sudo apt-get install -y bubblewrap git" in answer.stderr
    assert not (tmp_path / "checkout/.venv").exists()


def test_without_a_python_it_ends_and_says_so(tmp_path: Path) -> None:
    answer = setup(tmp_path)
    assert answer.returncode == 3
    assert "needs Python 3.11 or newer" in answer.stderr


def test_a_python_that_cannot_start_is_passed_over(tmp_path: Path) -> None:
    answer = setup(tmp_path, PYTHON="/bin/false")
    assert "needs Python 3.11 or newer" in answer.stderr
