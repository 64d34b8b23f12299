"""Whether the engine can start in this jail at all: where it cannot, it would end the process without a word."""

from __future__ import annotations

from pathlib import Path

BOUNDS = Path("/proc/self/cgroup")
HIDDEN = (
    f"the engine must read {BOUNDS}, which this jail forbids, and ends itself where it may not; use another sandbox:"
    " bubblewrap, docker or kubernetes"
)


def hindered() -> str:
    """Return why the engine cannot start here; nothing where it can."""
    try:
        BOUNDS.open("rb").close()
    except PermissionError:
        # DuckDB 2.0.0 takes a file that is not there for no bound, and aborts at one that it may not open.
        return HIDDEN
    except OSError:
        return ""
    return ""
