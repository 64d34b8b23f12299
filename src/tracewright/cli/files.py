"""Files that a user names: read into a workspace under safe relative names, written back whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Named:
    """Texts by their name in the workspace, and where on this machine each came from."""

    texts: Mapping[str, str]
    places: Mapping[str, Path]


def read_files(paths: Iterable[Path]) -> Named:
    """Read files; raises UsageError for one that is missing, no UTF-8 text, or named like another."""
    from tracewright.errors import UsageError

    places: dict[str, Path] = {}
    for path in paths:
        name = workspace_name(path)
        if name in places:
            raise UsageError(f"{path} and {places[name]} would both be {name!r} in the workspace; run them apart")
        places[name] = path
    return Named({name: read_text(path) for name, path in places.items()}, places)


def workspace_name(path: Path) -> str:
    """Return the name of a file in the workspace: relative to this folder, or its last part where it lies elsewhere."""
    from pydantic import TypeAdapter, ValidationError

    from tracewright.errors import UsageError
    from tracewright.records.base import WorkspacePath

    here, there = Path.cwd(), Path.cwd() / path.parent
    folder = there.resolve()
    name = (folder / path.name).relative_to(here) if folder.is_relative_to(here) else Path(path.name)
    try:
        return TypeAdapter[str](WorkspacePath).validate_python(name.as_posix())
    except ValidationError as error:
        raise UsageError(f"wanted a file with a plain name, found {str(path)!r}: {error.errors()[0]['msg']}") from error


def read_text(path: Path) -> str:
    """Read one file as it is, line endings and all; raises UsageError that says what is wrong with it."""
    from tracewright.errors import UsageError

    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise UsageError(f"wanted a file at {path}, found none that can be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"wanted text in UTF-8, found other bytes in {path} at byte {error.start}") from error


def write_back(named: Named, changed: Mapping[str, str | None]) -> list[Path]:
    """Write changed texts over the files that they were read from and return those; nothing else is ever written.

    Raises UsageError, before anything is written, where a file was changed by somebody else in between.
    """
    from tracewright.blobs import write_whole
    from tracewright.errors import UsageError

    texts = {name: text for name, text in changed.items() if text is not None and name in named.places}
    for name in texts:
        if read_text(named.places[name]) != named.texts[name]:
            raise UsageError(f"{named.places[name]} was changed by somebody else meanwhile; nothing was written")
    for name, text in texts.items():
        target = named.places[name].resolve()
        mode = target.stat().st_mode
        write_whole(target, text)
        target.chmod(mode)
    return [named.places[name] for name in texts]
