"""Reads sources of installed Python distributions whose versions and bytes are pinned in `distributions.json`.

Another version or another byte is dropped by reason: the same tasks come out on every machine, or visibly fewer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from tracewright.records.base import Record
from tracewright.records.task import UNKNOWN_LICENCE, Dropped
from tracewright.sources._code.folder import read_plain
from tracewright.sources._code.licences import Licence, read_licence, spdx

MAX_FILE = 1 << 18
CLASSIFIER = "License :: OSI Approved :: "


class Pinned(Record):
    """One distribution: its version and the sha256 of every file that is taken from it."""

    version: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class Module:
    """One source file of a distribution as installed."""

    name: str
    version: str
    path: str
    text: str
    sha256: str
    licence: Licence


def pinned() -> dict[str, Pinned]:
    """Return the distributions that tasks are made from, by name."""
    text = (files(__package__ or "") / "distributions.json").read_text(encoding="utf-8")
    return {name: Pinned.model_validate(row) for name, row in sorted(json.loads(text).items())}


def modules(pins: Mapping[str, Pinned]) -> Iterator[Module | Dropped]:
    """Yield the pinned files of every distribution that is installed in its pinned version, in a fixed order."""
    for name, pin in pins.items():
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            yield Dropped("not_installed", f"{name} {pin.version}")
            continue
        if installed.version != pin.version:
            yield Dropped("other_version", f"{name}: wanted {pin.version}, found {installed.version}")
            continue
        licence = distribution_licence(installed)
        if not licence.permissive:
            yield Dropped("licence", f"{name} {pin.version}: {licence.expression}")
            continue
        yield from _modules(installed, pin, licence)


def distribution_licence(installed: Distribution) -> Licence:
    """Return the licence that a distribution's metadata states, else that of its licence file."""
    metadata = installed.metadata
    for expression in metadata.get_all("License-Expression") or []:
        return Licence(spdx(expression), f"License-Expression: {expression}")
    for line in metadata.get_all("Classifier") or []:
        if line.startswith(CLASSIFIER) and (name := spdx(line.removeprefix(CLASSIFIER))) != UNKNOWN_LICENCE:
            return Licence(name, f"Classifier: {line}")
    for name in sorted(metadata.get_all("License-File") or []):
        path = next((path for path in installed.files or [] if path.name == Path(name).name), None)
        data = read_plain(Path(str(installed.locate_file(path))), MAX_FILE) if path else ""
        if isinstance(data, bytes):
            return read_licence(name, data)
    return Licence()


def _modules(installed: Distribution, pin: Pinned, licence: Licence) -> Iterator[Module | Dropped]:
    name = installed.metadata["Name"].lower()
    for path, sha256 in sorted(pin.files.items()):
        data = read_plain(Path(str(installed.locate_file(path))), MAX_FILE)
        if isinstance(data, str):
            yield Dropped(data, f"{name}: {path}")
        elif hashlib.sha256(data).hexdigest() != sha256:
            yield Dropped("changed_file", f"{name}: {path}")
        else:
            yield Module(name, pin.version, path, data.decode(), sha256, licence)
