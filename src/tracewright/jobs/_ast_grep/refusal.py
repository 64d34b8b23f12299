"""An action that cannot be run, with a stable code and a sentence for whoever sent it."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 -- it is an answer for the policy, not an error of ours
    """Carries the `code` and `message` of an `action_error` result."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
