"""Says no: what the plan language cannot say, or the text does not mean, is refused with a code and a sentence."""

from __future__ import annotations

from sqlglot import exp

from tracewright.errors import UsageError
from tracewright.plans.faults import PlanFault

MARK = "\ue000"
"""Stands before the names of functions while a text is read; it is never shown."""
SIGN = "\ue001"
"""Parts a frame's number from an alias in a settled column; it is never shown either."""

MOST_SHOWN = 80


class ImportRefusal(UsageError):  # noqa: N818 -- it is an answer about a text, nothing broke
    """A text that becomes no plan: a stable `code`, and one sentence that says why."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code, self.sentence = code, sentence
        super().__init__(f"{code}: {sentence}")


def refusal(code: str, sentence: str, at: exp.Expr | None = None) -> ImportRefusal:
    """Return a refusal, with the piece of SQL that it is about."""
    return ImportRefusal(code, f"{sentence}: {shown(at)}" if at is not None else f"{sentence}.")


def shown(node: exp.Expr) -> str:
    """Return the beginning of a piece of SQL as an error may show it."""
    plain = node.copy()
    for column in list(plain.find_all(exp.Column)):
        if SIGN in str(column.table):
            column.set("table", exp.to_identifier(str(column.table).partition(SIGN)[2]) or None)
    text = plain.sql(dialect="duckdb", comments=False).replace(MARK, "")
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def only(node: exp.Expr, *known: str) -> None:
    """Refuse a node that says more than the parts that are read of it, so that nothing is passed over."""
    for name, value in node.args.items():
        if value and name not in known:
            what = f"{type(node).__name__} with {name.rstrip('_').upper()}"
            raise refusal("UNSUPPORTED_CLAUSE", f"the plan language has no {what}", node)


def refused_fault(fault: PlanFault) -> ImportRefusal:
    """Return what the compiler found wrong as a refusal with the compiler's code."""
    hint = f"; {fault.hint}" if fault.hint else ""
    return ImportRefusal(fault.code, f"{fault.message}{hint}")
