"""What is wrong with a plan: coded, placed by a JSON pointer into the plan as written, with what there is instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from tracewright.errors import UsageError
from tracewright.records.base import Record

Path = tuple[str | int, ...]

MOST_FAULTS = 20
MOST_NAMES = 40
NEAR = 3


class PlanFault(Record):
    """One error or lint. `step` is the index of the step in its body, None outside of steps."""

    code: str
    path: str
    step: int | None = None
    message: str
    have: tuple[str, ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        """Write the fault as one line."""
        have = f" (there are: {', '.join(self.have)})" if self.have else ""
        return f"{self.code} at {self.path or '/'}: {self.message}{have}" + (f"; {self.hint}" if self.hint else "")


class PlanError(UsageError):
    """A plan that cannot be compiled, with everything that was found wrong, up to 20 at once."""

    def __init__(self, faults: Iterable[PlanFault]) -> None:
        self.faults = tuple(faults)[:MOST_FAULTS]
        super().__init__("; ".join(str(fault) for fault in self.faults))


class Fault(Exception):  # noqa: N818 -- it never leaves this room
    """One fault on its way up to whoever collects them; `about` is the text that it is about, where there is one."""

    def __init__(
        self, code: str, path: Path, message: str, have: Iterable[str] = (), hint: str = "", about: str | None = None
    ) -> None:
        super().__init__(message)
        self.about = about
        self.code, self.path, self.message, self.have, self.hint = code, path, message, tuple(have), hint

    def told(self) -> PlanFault:
        """Return the fault as it is reported."""
        return PlanFault(
            code=self.code,
            path=pointer(self.path),
            step=step_of(self.path),
            message=self.message,
            have=self.have[:MOST_NAMES],
            hint=self.hint,
        )


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def step_of(path: Path) -> int | None:
    """Return the index of the innermost step that a path lies in."""
    for index in range(len(path) - 2, -1, -1):
        below = path[index + 1]
        if path[index] == "steps" and isinstance(below, int):
            return below
    return None


def nearest(name: str, names: Sequence[str]) -> list[str]:
    """Return at most three names like `name`; letter case counts for nothing."""
    folded: dict[str, str] = {}
    for known in names:
        folded.setdefault(known.casefold(), known)
    return [folded[found] for found in get_close_matches(name.casefold(), list(folded), n=NEAR, cutoff=0.6)]


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """Return a hint with the nearest names, empty where none is near."""
    near = nearest(name, names)
    return f"did you mean {' or '.join(repr(found) for found in near)}?" if near else ""


RUN_CODES = (
    ("More than one row returned by a subquery", "SCALAR_ROWS"),
    ("Division by zero", "DIVISION"),
    ("Out of Range Error", "OVERFLOW"),
    ("Conversion Error", "CAST"),
    ("Could not parse string", "CAST"),
)
"""How the pinned engine says what can go wrong with a plan only at the run."""


def run_code(message: str) -> str:
    """Return the code of a plan's failure at the run by the engine's message, empty for any other failure."""
    return next((code for said, code in RUN_CODES if said in message), "")
