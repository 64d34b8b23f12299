"""Says whether an SPDX licence expression is allowed: `OR` needs one arm, `AND` all, `WITH` what it is added to.

Reads expressions as annex D of the SPDX specification 2.3 writes them; it does not know which names exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_LENGTH = 1000
_NAME = r"(?!(?:AND|OR|WITH)(?![\w.:+-]))[\w.:+-]+"
_WORD = re.compile(rf"\s*([()]|(?:AND|OR)(?![\w.:+-])|{_NAME}(?:\s+WITH\s+{_NAME})?)\s*", re.ASCII | re.IGNORECASE)
_SIGNS = {"OR": "|", "AND": "&", "(": "(", ")": ")"}
_RULES = (
    (re.compile(r"\(([TF])\)"), lambda m: m[1]),
    (re.compile(r"([TF])&([TF])"), lambda m: min(m[1], m[2])),  # F sorts before T
    (re.compile(r"(?<!&)([TF])\|([TF])(?!&)"), lambda m: max(m[1], m[2])),
)


def allowed(expression: str, licences: Collection[str]) -> bool:
    """Say whether `licences` satisfy an expression; one that cannot be read is never allowed.

    An exception only adds permissions and `+` only offers later versions, so the plain licence suffices for both.
    """
    known = {licence.casefold() for licence in licences}
    if expression.casefold() in known:
        return True
    signs, reduced = "", _signs(expression, known)
    while signs != reduced:
        signs = reduced
        for pattern, value in _RULES:
            reduced = pattern.sub(value, reduced)
    return reduced == "T"


def _signs(expression: str, known: Collection[str]) -> str:
    """Return an expression with T or F for each licence and signs for the rest; empty where it cannot be read."""
    signs, end = "", 0
    while end < len(expression):
        match = _WORD.match(expression, end)
        if match is None or end > MAX_LENGTH:
            return ""
        signs += _SIGNS.get(match[1].upper()) or ("T" if _known(match[1], known) else "F")
        end = match.end()
    return signs


def _known(term: str, known: Collection[str]) -> bool:
    parts = term.casefold().split()
    return " ".join(parts) in known or parts[0] in known or parts[0].removesuffix("+") in known
