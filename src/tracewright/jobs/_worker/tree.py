"""What the kernel counts for all processes of this jail together, where it shows it inside, as in a container."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GROUPS = "/sys/fs/cgroup"
_PLACES = (("memory.events", "memory.peak"), ("memory/memory.oom_control", "memory/memory.max_usage_in_bytes"))


@dataclass(frozen=True)
class Counter:
    """The files that count kills for want of memory and the most memory held, in either version of control groups."""

    kills: Path | None = None
    peak: Path | None = None

    @classmethod
    def found(cls, groups: str = GROUPS) -> Counter:
        """Return the files that are here, or a counter of nothing."""
        for kills, peak in _PLACES:
            # Where the folder is shut, asking for the file itself would raise.
            if os.access(Path(groups, kills), os.R_OK):
                return cls(Path(groups, kills), Path(groups, peak))
        return cls()

    def told(self) -> dict[str, int | None]:
        """Return the fields of a reply; none where nothing is counted."""
        if self.kills is None or self.peak is None:
            return {}
        return {"memory_kills": _kills(self.kills), "peak_memory_bytes": _number(self.peak)}


def _kills(path: Path) -> int:
    with suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill":
                return int(value)
    return 0


def _number(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int(path.read_text())
    return None
