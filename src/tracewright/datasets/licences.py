"""Says whether an SPDX licence expression is allowed: `OR` needs one arm, `AND` all, `WITH` what it is added to.

Reads expressions as annex D of the SPDX specification 2.3 writes them; it does not know which names exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_LENGTH = 1000
_NAME = r"(?!(?:AND|OR|WITH)(?![\w.:+-]))[\w.:+-]+"
_WORD = re.compile(rf"\s*([()]|(?:AND|OR)(?![\w.:+-])|{_NAME}(?:\s+WITH\s+{_NAME})?)\s*", re.ASCII | re.IGNORECASE)
_BINDING = {"OR": 1, "AND": 2}


def allowed(expression: str, licences: Collection[str]) -> bool:
    """Say whether `licences` satisfy an expression; one that cannot be read is never allowed.

    An exception only adds permissions and `+` only offers later versions, so the plain licence suffices for both.
    """
    known = {licence.casefold() for licence in licences}
    if expression.casefold() in known:
        return True
    words = _words(expression)
    return bool(words) and _holds(words, known)


def _words(expression: str) -> list[str]:
    words: list[str] = []
    end = 0
    while end < len(expression):
        match = _WORD.match(expression, end)
        if match is None or end > MAX_LENGTH:
            return []
        words.append(match[1].upper() if match[1].upper() in _BINDING else match[1])
        end = match.end()
    return words


def _holds(words: list[str], known: Collection[str]) -> bool:
    """Evaluate with a stack of values and one of operators, as in Dijkstra's shunting yard; no recursion."""
    values: list[bool] = []
    operators: list[str] = []
    wants_value = True
    for word in words:
        if wants_value != (word not in {"AND", "OR", ")"}):
            return False
        if word == "(":
            operators.append(word)
        elif word == ")":
            while operators and operators[-1] != "(":
                _apply(values, operators.pop())
            if not operators:
                return False
            operators.pop()
        elif word in _BINDING:
            while operators and _BINDING.get(operators[-1], 0) >= _BINDING[word]:
                _apply(values, operators.pop())
            operators.append(word)
            wants_value = True
        else:
            values.append(_known(word, known))
            wants_value = False
    if wants_value or "(" in operators:
        return False
    while operators:
        _apply(values, operators.pop())
    return values[0]


def _apply(values: list[bool], operator: str) -> None:
    right, left = values.pop(), values.pop()
    values.append(left or right if operator == "OR" else left and right)


def _known(term: str, known: Collection[str]) -> bool:
    parts = term.casefold().split()
    return " ".join(parts) in known or parts[0] in known or parts[0].removesuffix("+") in known
