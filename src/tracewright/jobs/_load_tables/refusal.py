"""Why a file is not loaded: a stable code and a sentence."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818  # it is an answer, not an accident
    """What was wanted, what was found, what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
