"""Says whether an SPDX licence expression is allowed: `OR` needs one arm, `AND` all, `WITH` what it is added to.

Reads expressions as annex D of the SPDX specification 2.3 writes them; it does not know which names exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_LENGTH = 1000
_WORD = re.compile(r"\s*([()]|[A-Za-z0-9.:+-]+)")
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
    words, end = [], 0
    text = expression.rstrip()[: MAX_LENGTH + 1]
    while end < len(text):
        match = _WORD.match(text, end)
        if match is None or end > MAX_LENGTH:
            return []
        words.append(match[1])
        end = match.end()
    return words


def _holds(words: list[str], known: Collection[str]) -> bool:
    """Evaluate with a stack of values and one of operators, as in Dijkstra's shunting yard; no recursion."""
    values: list[bool] = []
    operators: list[str] = []
    wants_value = True
    for word in _terms(words):
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


def _terms(words: list[str]) -> list[str]:
    """Join `A WITH B` into one term."""
    terms: list[str] = []
    for word in words:
        upper = word.upper()
        if terms and (upper == "WITH" or terms[-1].endswith(" WITH ")):
            terms[-1] += " WITH " if upper == "WITH" else word
        else:
            terms.append(upper if upper in _BINDING else word)
    return terms


def _apply(values: list[bool], operator: str) -> None:
    right, left = values.pop(), values.pop()
    values.append(left or right if operator == "OR" else left and right)


def _known(term: str, known: Collection[str]) -> bool:
    licence = term.casefold().partition(" with ")[0]
    return term.casefold() in known or licence in known or licence.removesuffix("+") in known
