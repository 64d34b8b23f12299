"""Turns what a database says into one sentence of ours; never with an address, a password or stored text in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tracewright.errors import StoreError

_SENTENCES = (
    ("locked", "{place} is locked by another process; wait for it or stop it, then try again"),
    ("is full", "{place} has no room left; free space and try again, nothing was half-written"),
    ("not a database", "{place} is not a SQLite database; move it away or choose another home"),
    ("malformed", "{place} is damaged; restore it from a copy"),
    ("readonly", "{place} cannot be written; make it writable or choose another home"),
    ("unable to open", "{place} cannot be opened; make its folder writable or choose another home"),
    ("disk I/O", "{place} cannot be written, the disk says no; free space or check the disk, nothing was half-written"),
)


@contextmanager
def told(place: str) -> Iterator[None]:
    """Raise StoreError, with a sentence that says what to do, for whatever the database raises inside."""
    try:
        yield
    except SQLAlchemyError as error:
        # `from None`: the original may quote statements, options and rows.
        raise StoreError(sentence(place, error)) from None


def sentence(place: str, error: SQLAlchemyError) -> str:
    """Return the sentence for one failure."""
    said = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
    for sign, text in _SENTENCES:
        if sign in said:
            return text.format(place=place)
    first = (said.splitlines() or [""])[0][:200]
    return f"{place} could not do its work ({first}); check that the database is running and ours to use"
