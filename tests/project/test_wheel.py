"""The wheel that users install: everything that the program reads is inside."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and list it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


@pytest.mark.parametrize("folder", ["recipes", "examples"])
def test_every_recipe_and_example_is_in_the_wheel(names: set[str], folder: str) -> None:
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.*") if path.is_file()}
    assert files
    assert {f"tracewright/{name}" for name in files} <= names


def test_every_file_of_the_package_is_in_the_wheel(names: set[str]) -> None:
    package = ROOT / "src"
    files = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(package).as_posix() for path in files} <= names


def test_types_migrations_and_licence_are_in_the_wheel(names: set[str]) -> None:
    assert "tracewright/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert any("tracewright/stores/_sql/" in name and "/versions/" in name for name in names)


def test_nothing_but_the_package_is_in_the_wheel(names: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in names} == {"tracewright"}
