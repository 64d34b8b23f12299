"""Cuts from a commit's message what names people: sign-off lines and e-mail addresses."""

from __future__ import annotations

import re

_SIGN_OFF = re.compile(
    r"^[ \t]*(?:[A-Za-z][A-Za-z-]*-by[ \t]*:.*|(?:cc|author|committer|from)[ \t]*:.*@.*)(?:\n|\Z)", re.I | re.M
)
_ADDRESS = re.compile(r"<?\b[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}\b>?")
MAX_MESSAGE = 4000


def clean_message(text: str) -> str:
    """Return a message without sign-off lines and addresses, at most 4,000 characters, line ends as LF."""
    lines = _SIGN_OFF.sub("", text.replace("\r\n", "\n").replace("\r", "\n")[: 4 * MAX_MESSAGE])
    return re.sub(r"[ \t]+$", "", _ADDRESS.sub("", lines), flags=re.M).strip()[:MAX_MESSAGE]


def subject_of(message: str) -> str:
    """Return the first line of a message that is not blank."""
    return next((line.strip() for line in clean_message(message).splitlines() if line.strip()), "")
