"""The README's commands, run as a newcomer would: in order, in a folder of one's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_RUN = "# not run in tests"
OURS = {".venv", ".tracewright"}


def command_lines(text: str) -> list[str]:
    """Return the lines of all bash blocks that call the program or make; a trailing backslash joins lines."""
    blocks = re.findall(r"^( *)```bash\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    lines = [line for _, block in blocks for line in textwrap.dedent(block).replace("\\\n", " ").splitlines()]
    return [line.strip() for line in lines if line.startswith(("tracewright ", "make "))]


COMMANDS = command_lines((ROOT / "README.md").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder that looks like a checkout and keeps what the commands write away from this one."""
    place = tmp_path / "checkout"
    place.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in OURS:
            (place / entry.name).symlink_to(entry)
    return place


def run(line: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one line of bash with our program first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Other tests count which lines are covered.
    uncounted = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = {**uncounted, "PATH": path, "TRACEWRIGHT_HOME": str(home)}
    command = ["bash", "-euo", "pipefail", "-c", line]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_commands_of_the_readme_work_in_their_order(folder: Path, home: Path) -> None:
    lines = [line for line in COMMANDS if line.startswith("tracewright ")]
    assert lines, "README.md shows no tracewright command in a block fenced as bash"
    for line in lines:
        if NOT_RUN in line:
            print(f"not run: {line}")  # noqa: T201  # what is left out is said aloud
            continue
        answer = run(line, folder, home)
        assert answer.returncode == 0, f"{line}\n{answer.stdout[-2000:]}\n{answer.stderr[-2000:]}"


def test_the_readme_shows_demo_and_test_and_only_targets_that_exist() -> None:
    lines = [line.partition("#")[0].split() for line in COMMANDS if line.startswith("make ")]
    targets = {word for line in lines for word in line[1:] if "=" not in word}
    assert {"demo", "test"} <= targets
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_commands_are_found_in_bash_blocks_alone_and_joined_over_lines() -> None:
    text = "```bash\ncd x\ntracewright a \\\n    --b   # c\nmake demo\n```\n```text\ntracewright no\n```\n"
    assert command_lines(text) == ["tracewright a      --b   # c", "make demo"]
