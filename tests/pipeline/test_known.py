"""The environment that a trace names: one of the registry, or a file that was once played in this home; none else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import make_task
from tracewright.errors import UsageError
from tracewright.pipeline.collection import begin
from tracewright.pipeline.known import part_named
from tracewright.pipeline.scaffold import units
from tracewright.pipeline.tasks import Drops
from tracewright.records.recipe import EnvironmentPart, PolicyPart, Recipe


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a file with an environment of one's own."""
    path = tmp_path / "own.py"
    path.write_text(Path(units.__file__).read_text())
    return path


def played(home: Path, name: Path) -> Path:
    recipe = Recipe(environment=EnvironmentPart(name=str(name)), policy=PolicyPart(name="nop"))
    return home / "rollouts" / begin(recipe, home, [make_task()], Drops()).id


def test_a_registered_name_stands_for_itself(home: Path) -> None:
    assert part_named("cards", home) == EnvironmentPart(name="cards")


def test_a_file_is_known_by_its_own_name_once_it_was_played(home: Path, own: Path) -> None:
    with pytest.raises(UsageError, match="there is no environment 'units'"):
        part_named("units", home)
    played(home, own)
    assert part_named("units", home) == EnvironmentPart(name=str(own))


def test_rollouts_that_cannot_be_read_or_whose_file_is_gone_are_passed_over(home: Path, own: Path) -> None:
    played(home, own)
    played(home, own.with_name("gone.py"))
    (played(home, own) / "rollout.json").write_text("{")
    assert part_named("units", home) == EnvironmentPart(name=str(own))


@pytest.mark.parametrize("name", ["./own.py", "os:path", "/etc/passwd", "", "x" * 10_000])
def test_a_name_never_loads_what_was_not_played(name: str, home: Path, own: Path) -> None:
    played(home, own)
    with pytest.raises(UsageError, match="there is no environment") as refused:
        part_named(name, home)
    assert len(str(refused.value)) < 1000
