"""Supplies real code to make tasks from: pinned dependencies, the examples that we wrote, or any folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from pydantic import Field

from tracewright.errors import MissingPartError, SourceError
from tracewright.records.base import Record
from tracewright.records.task import CodeFile, Dropped, Origin
from tracewright.registry import Parts
from tracewright.sources import SourceCard
from tracewright.sources._code.cut import parts
from tracewright.sources._code.distributions import Module, modules, pinned
from tracewright.sources._code.folder import Found, code_files, folder_licence
from tracewright.sources._code.licences import Licence, spdx

LANGUAGES = ("java", "javascript", "python", "typescript")
EXAMPLES_LICENCE = Licence("Apache-2.0", "written for this project and under its licence")
KIB = 1 << 10


class Options(Record):
    """`folder` replaces the shipped code; its licence is `licence`, else that of its licence file.

    Files beyond `max_file_bytes` are dropped; those beyond `max_bytes` are cut at top-level boundaries.
    """

    folder: str = ""
    licence: str = ""
    languages: tuple[str, ...] = LANGUAGES
    max_bytes: int = Field(default=6 * KIB, ge=KIB)
    min_lines: int = Field(default=12, ge=1)
    max_file_bytes: int = Field(default=256 * KIB, ge=KIB)


class SyntheticSource:
    """Code whose bytes are the same everywhere, so that the tasks made of it are."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def describe(self) -> SourceCard:
        if self.options.folder:
            return SourceCard(name="synthetic", description="the code files of a folder")
        return SourceCard(
            name="synthetic",
            description="sources of the pinned dependencies as installed, and example programs of our own",
            digests={f"{name} {pin.version}": _seal(pin.files) for name, pin in pinned().items()},
        )

    def records(self) -> Iterator[CodeFile | Dropped]:
        """Yield code files by origin and path; a long one comes in parts whose `origin.record` names the lines."""
        if self.options.folder:
            folder = Path(self.options.folder)
            if not folder.is_dir():
                raise SourceError(f"wanted a folder of code at {folder}, found none")
            given = self.options.licence
            licence = Licence(spdx(given), f"option: {given}") if given else folder_licence(folder)
            yield from self._below(folder, "folder", "", licence)
            return
        if "python" in self.options.languages:
            yield from self._dependencies()
        yield from self._below(examples(), "examples", "examples/code/", EXAMPLES_LICENCE)

    def _below(self, folder: Path, source: str, prefix: str, licence: Licence) -> Iterator[CodeFile | Dropped]:
        for found in code_files(folder, frozenset(self.options.languages), self.options.max_file_bytes):
            if isinstance(found, Dropped):
                yield found
                continue
            origin = Origin(
                source=source,
                path=prefix + found.path,
                sha256=hashlib.sha256(found.text.encode()).hexdigest(),
                licence=licence.expression,
                licence_evidence=licence.evidence,
            )
            yield from self._parts(found, origin)

    def _dependencies(self) -> Iterator[CodeFile | Dropped]:
        for module in modules(pinned()):
            if isinstance(module, Dropped):
                yield module
            else:
                yield from self._parts(Found(module.path, module.text, "python"), _origin(module))

    def _parts(self, found: Found, origin: Origin) -> Iterator[CodeFile | Dropped]:
        cut = list(parts(found.text, self.options.max_bytes, self.options.min_lines))
        if not cut:
            yield Dropped("no_fitting_part", found.path)
        for part in cut:
            lines = f"{origin.path} lines {part.first}-{part.last}" if part.text != found.text else origin.path
            placed = origin.model_copy(update={"record": lines})
            yield CodeFile(path=found.path, text=part.text, language=found.language, origin=placed)


def build(options: Options, parts: Parts) -> SyntheticSource:
    """Return the source; nothing is read before its records are asked for."""
    return SyntheticSource(options)


def examples() -> Path:
    """Return the folder of our example programs: in the installed package, or in the checkout that it runs from."""
    shipped = Path(str(files("tracewright") / "examples" / "code"))
    checkout = Path(__file__).parents[3] / "examples" / "code"
    for folder in (shipped, checkout):
        if folder.is_dir():
            return folder
    raise MissingPartError(f"wanted example programs in {shipped} or {checkout}, found none; install tracewright again")


def _origin(module: Module) -> Origin:
    return Origin(
        source="dependencies",
        # A package URL without a version: all versions of a distribution stand on one side of the split.
        address=f"pkg:pypi/{module.name}",
        revision=module.version,
        path=module.path,
        sha256=module.sha256,
        licence=module.licence.expression,
        licence_evidence=module.licence.evidence,
    )


def _seal(hashes: object) -> str:
    return hashlib.sha256(repr(sorted(dict(hashes).items())).encode()).hexdigest()  # type: ignore[call-overload]
