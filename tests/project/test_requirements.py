"""The hashed lists: whole, free of addresses, and true to pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LISTS = ("base", "dev")


def text(name: str) -> str:
    return (ROOT / f"requirements/{name}.txt").read_text()


def pins(name: str) -> dict[str, Requirement]:
    """Return the pinned requirements of a list that hold on this machine, by name."""
    lines = re.findall(r"^([A-Za-z0-9][^\\\n#]*)", text(name), re.MULTILINE)
    found = [Requirement(line.strip()) for line in lines]
    return {canonicalize_name(pin.name): pin for pin in found if pin.marker is None or pin.marker.evaluate()}


def declared(*groups: str) -> list[Requirement]:
    """Return what pyproject.toml asks for: its dependencies, all extras, and the groups named."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = list(data["project"]["dependencies"])
    for group in groups:
        lines += data["dependency-groups"][group]
    if "dev" in groups:
        lines += [line for extra in data["project"]["optional-dependencies"].values() for line in extra]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_no_address(name: str) -> None:
    found = re.findall(r"://|--index|--extra-index|--find-links|--trusted|[a-z]+\.(?:org|com)\b", text(name))
    assert not found


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_is_pinned_and_hashed(name: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", text(name).strip())
    assert entries
    assert not [entry for entry in entries if not re.match(r"[\w.\[\]-]+==\S+[^\n]*\\\n +--hash=sha256:", entry)]


@pytest.mark.parametrize(("name", "groups"), [("base", ["build"]), ("dev", ["build", "dev"])])
def test_a_list_holds_all_that_the_project_declares(name: str, groups: list[str]) -> None:
    listed = pins(name)
    for wanted in declared(*groups):
        pin = listed[canonicalize_name(wanted.name)]
        version = next(iter(pin.specifier)).version
        assert wanted.specifier.contains(version), f"{wanted} is pinned to {version}: run make lock"


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_whole_so_that_nothing_else_need_be_fetched(name: str) -> None:
    listed = pins(name)
    for package, pin in listed.items():
        for line in _requires(package):
            needed = Requirement(line)
            extras = {"", *pin.extras}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                assert canonicalize_name(needed.name) in listed, f"{package} needs {needed}: run make lock"


def test_both_lists_pin_the_same_versions() -> None:
    dev = pins("dev")
    assert {name: str(pin.specifier) for name, pin in pins("base").items()} == {
        name: str(dev[name].specifier) for name in pins("base")
    }


def _requires(package: str) -> list[str]:
    try:
        return requires(package) or []
    except PackageNotFoundError:
        pytest.fail(f"{package} is in the list and not installed: run make test, which installs it")
