"""The documentation keeps its word: its links lead somewhere, and every option, command and name is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer
from pydantic import BaseModel

from tracewright import registry
from tracewright.cli.main import app
from tracewright.records.recipe import Recipe

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES if page.name not in {"CHANGELOG.md", "CONTRIBUTING.md"})


def recipe_keys(kind: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield every key that a recipe may have, as a dotted path."""
    for name, field in kind.model_fields.items():
        tables = [part for part in (field.annotation, *get_args(field.annotation)) if _is_table(part)]
        for table in tables:
            yield from recipe_keys(table, f"{prefix}{name}.")
        if not tables:
            yield f"{prefix}{name}"


def _is_table(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def commands() -> list[str]:
    """Return every command of the program, e.g. `dataset build`."""
    return sorted(_leaves(typer.main.get_command(app), ()))


def _leaves(command: object, path: tuple[str, ...]) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path)
        return
    for name, child in inner.items():
        if not child.hidden:
            yield from _leaves(child, (*path, name))


def mentions(word: str) -> bool:
    """Say whether the documentation holds a word, whole."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", TEXT) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


def test_every_page_can_be_reached_from_the_index() -> None:
    linked = tuple(re.findall(r"\]\(([^)#\s]+)\)", (ROOT / "docs/index.md").read_text()))
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert not [page for page in sorted(pages - {"index.md"}) if not page.startswith(linked)]


def test_every_key_of_a_recipe_is_documented() -> None:
    keys = sorted(recipe_keys(Recipe))
    assert "policy.attempts" in keys
    assert not [key for key in keys if not mentions(key.rpartition(".")[2])]


def test_every_command_is_documented() -> None:
    found = commands()
    assert "dataset build" in found
    assert not [command for command in found if not mentions(f"tracewright {command}")]


def test_every_option_in_an_example_of_a_command_exists() -> None:
    examples = re.findall(r"`tracewright ([^`]*--[^`]*)`", TEXT)
    assert examples
    wrong = [f"{line}: {option}" for line in examples for option in _options(line) - _known(line)]
    assert not wrong


def _options(line: str) -> set[str]:
    return set(re.findall(r"(?<=\s)--[a-z-]+", line))


def _known(line: str) -> set[str]:
    command = typer.main.get_command(app)
    words = ["tasks", "list", *line.split()[1:]] if re.match(r"tasks (?!list|check)", line) else line.split()
    for word in words:
        command = getattr(command, "commands", {}).get(word, command)
    return {"--help", "--version"} | {
        option for each in command.params for option in (*each.opts, *each.secondary_opts)
    }


@pytest.mark.parametrize("wing", registry.WINGS)
def test_every_implementation_is_documented(wing: str) -> None:
    names = sorted(name for name, origin in registry.origins(wing).items() if origin == "built in")
    assert names
    assert not [name for name in names if not mentions(name)]


@pytest.mark.parametrize("wing", sorted({*registry.WINGS} - {"jobs"}))
def test_every_option_of_an_implementation_is_documented(wing: str) -> None:
    built_in = [name for name, origin in registry.origins(wing).items() if origin == "built in"]
    options = {f"{name}.{option}" for name in built_in for option in registry.load(wing, name).Options.model_fields}
    assert not [option for option in sorted(options) if not mentions(option.rpartition(".")[2])]


def test_every_make_target_that_the_pages_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", TEXT, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert named <= targets
