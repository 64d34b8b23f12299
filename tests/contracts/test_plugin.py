"""A package of somebody else adds an environment, a kind of job and a policy by entry points: no file of ours is
edited, everything finds them, and the shipped suites check them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import sysconfig
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tracewright import registry
from tracewright.environments._contract.suite import check_environment
from tracewright.errors import MissingPartError
from tracewright.pipeline.jailed import run_jailed
from tracewright.policies._contract.suite import check_policy
from tracewright.records.task import Task, TaskRequest
from tracewright.registry import Parts

PACKAGE = Path(__file__).with_name("plugin_package")
MODULES = PACKAGE / "tracewright_letters"
GUIDE = Path(__file__).parents[2] / "docs" / "extend.md"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment in which the package is installed beside everything that is here."""
    place = tmp_path_factory.mktemp("installed")
    place.chmod(0o755)  # whoever runs the jail for root must be able to read what is installed
    _run(sys.executable, "-m", "venv", "--without-pip", place)
    interpreter = place / "bin" / "python"
    libraries = _run(interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    here = sysconfig.get_path("purelib")
    Path(libraries, "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    quiet = ("-q", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation")
    _run(sys.executable, "-m", "pip", "install", *quiet, "--target", libraries, PACKAGE)
    return interpreter


@pytest.fixture
def jail(home: Path) -> None:
    try:
        asyncio.run(run_jailed([], home))
    except MissingPartError as missing:
        pytest.skip(str(missing))


def _run(*command: object, cwd: Path | None = None) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _rollout(python: Path, cwd: Path, *words: str) -> Any:
    command = (python, "-m", "tracewright.cli.main", "rollout", *words, "--limit", "3", "--jobs", "1", "--json")
    return json.loads(_run(*command, cwd=cwd))


@pytest.mark.parametrize(
    ("wing", "name"), [("environments", "letters"), ("jobs", "count_words"), ("policies", "in_order")]
)
def test_what_a_package_declares_is_listed_with_where_it_comes_from(wing: str, name: str, python: Path) -> None:
    told = _run(
        python, "-c", f"import json; from tracewright import registry; print(registry.origins({wing!r})[{name!r}])"
    )
    assert told.strip() == "tracewright-letters"


@pytest.mark.usefixtures("jail")
@pytest.mark.parametrize("policy", ["in_order", str(MODULES / "in_order.py"), "tracewright_letters:in_order"])
def test_its_policy_plays_our_cards_by_name_file_and_module(policy: str, python: Path, tmp_path: Path) -> None:
    report = _rollout(python, tmp_path, "--env", "cards", "--policy", policy, "--attempts", "2")
    assert (report["tasks"], report["failed"]) == (3, 0)
    listed = json.loads(_run(python, "-m", "tracewright.cli.main", "traces", "list", "--json"))["traces"]
    assert {trace["policy"] for trace in listed} == {"in_order"}


@pytest.mark.usefixtures("jail")
@pytest.mark.parametrize("environment", ["letters", str(MODULES / "letters.py"), "tracewright_letters:letters"])
def test_its_environment_runs_its_own_kind_of_job_in_the_jail(environment: str, python: Path, tmp_path: Path) -> None:
    report = _rollout(python, tmp_path, "--env", environment, "--policy", "in_order", "--attempts", "26")
    assert (report["verified"], report["failed"]) == (3, 0)
    replayed = json.loads(_run(python, "-m", "tracewright.cli.main", "replay", "--json", cwd=tmp_path))
    assert replayed["equal"] == replayed["traces"] == report["traces"]


@pytest.mark.usefixtures("jail")
def test_its_environment_is_proved_sound(python: Path, tmp_path: Path) -> None:
    command = (python, "-m", "tracewright.cli.main", "tasks", "check", "letters", "--limit", "5", "--json")
    assert json.loads(_run(*command, cwd=tmp_path))["passed"] is True


def test_the_shipped_suites_check_what_a_package_brings(tmp_path: Path) -> None:
    letters = registry.load("environments", str(MODULES / "letters.py"))
    tasks: list[Task] = list(islice(letters.Letters().tasks((), TaskRequest()), 6))
    parts = Parts(home=tmp_path)
    check_environment(letters.build(letters.Options(), parts), letters.build_grader(letters.Options(), parts), tasks)
    check_policy(registry.load("policies", str(MODULES / "in_order.py")), tmp_path)


@pytest.mark.parametrize("path", sorted(MODULES.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_the_guide_shows_the_package_as_it_is(path: Path) -> None:
    assert path.read_text().strip() in GUIDE.read_text()


@pytest.mark.usefixtures("jail")
def test_the_tests_that_the_guide_shows_pass(python: Path, tmp_path: Path) -> None:
    [shown] = [
        block for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "def test_" in block
    ]
    (tmp_path / "test_letters.py").write_text(shown)
    assert "3 passed" in _run(python, "-m", "pytest", "-p", "no:cacheprovider", "test_letters.py", cwd=tmp_path)


def test_the_guide_shows_how_the_package_declares_itself() -> None:
    text = (PACKAGE / "pyproject.toml").read_text()
    assert text[text.index("[project.entry-points") :].strip() in GUIDE.read_text()


def test_an_environment_and_its_kind_of_job_take_about_sixty_lines() -> None:
    lines = [line for name in ("letters", "count_words") for line in (MODULES / f"{name}.py").read_text().splitlines()]
    assert len([line for line in lines if line.strip()]) <= 60
