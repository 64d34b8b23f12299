"""What can go wrong on our side, typed by the boundary that it crossed.

    TracewrightError
    ├── UsageError          wrong use: an unknown name, key or flag                      (exit 2)
    ├── RecordError         text that is not the record it should be                     (exit 2)
    ├── MissingPartError    a library, binary or jail is not there; carries the fix      (exit 3)
    ├── SandboxError        the jail broke: a dead worker, a broken protocol             (exit 1)
    ├── StoreError          a store is newer than we are, full, locked or damaged        (exit 1)
    ├── SourceError         something brought in cannot be read                          (exit 1)
    ├── DatasetError        an empty dataset, a taken key, a manifest that does not hold (exit 1)
    └── PolicyError         a policy that cannot act on such a task                      (exit 1)

What the run code does wrong is no error of ours: it is an `Outcome` with a status.
"""

from __future__ import annotations


class TracewrightError(Exception):
    """Says in one sentence what was wanted, what was found and what to do."""

    exit_code = 1


class UsageError(TracewrightError):
    """A name, key, flag or recipe that does not exist or does not fit."""

    exit_code = 2


class RecordError(TracewrightError):
    """A text that is not the record it should be."""

    exit_code = 2


class MissingPartError(TracewrightError):
    """A library, binary or jail that is not on this machine; the message holds the fix."""

    exit_code = 3


class SandboxError(TracewrightError):
    """The jail itself failed; nothing is known about the action."""


class StoreError(TracewrightError):
    """A store could not do what it promises."""


class SourceError(TracewrightError):
    """Something brought in from outside could not be read."""


class DatasetError(TracewrightError):
    """A dataset could not be built, found or trusted."""


class PolicyError(TracewrightError):
    """A policy was asked for something that it cannot do."""
