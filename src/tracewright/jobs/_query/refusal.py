"""Why a query is not run: a stable code and a sentence; `docs/sql-policy.md` explains every code."""

from __future__ import annotations

from typing import Literal, get_args

Code = Literal[
    "EMPTY",
    "LEX",
    "LIMIT",
    "MULTI_STATEMENT",
    "STMT_DENIED",
    "DML_IN_CTE",
    "TABLE_DENIED",
    "FUNC_DENIED",
    "NONDETERMINISTIC",
    "PARSERS_DISAGREE",
    "BIND",
    "RUNNER_ERROR",
    "RUNNER_TIMEOUT",
    "RUNNER_MEMORY",
    "RUNNER_ROWS",
    "RUNNER_CRASH",
]
CODES: tuple[str, ...] = get_args(Code)


class Refusal(Exception):  # noqa: N818  # it is an answer, not a failure
    """A query is refused, for one reason."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
