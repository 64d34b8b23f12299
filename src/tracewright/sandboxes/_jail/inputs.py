"""What a job is given to read: blobs by name, each seen at a place of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracewright.blobs import Blobs
from tracewright.errors import SandboxError, UsageError
from tracewright.sandboxes._jail.layout import INPUTS, Mount
from tracewright.sandboxes._jail.pool import Cell

_NAME = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


def mounts(cell: Cell, blobs: Blobs) -> Iterator[Mount]:
    """Yield a mount for each input; raises UsageError for an unfit name, SandboxError for a missing blob."""
    for name, sha256 in cell.inputs:
        if not _NAME.fullmatch(name):
            raise UsageError(f"an input's name must be letters, digits, '_', '.' and '-', found {name[:80]!r}")
        path = blobs.path(sha256)
        if not path.is_file():
            raise SandboxError(f"the input {name!r} is not among the blobs: {path} does not exist")
        # A launcher stands in the root folder, whatever folder we stand in.
        yield Mount(path.absolute(), f"{INPUTS}/{name}")
