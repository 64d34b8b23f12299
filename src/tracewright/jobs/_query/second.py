"""The second opinion: sqlglot reads the same text, and must have seen the same tables and the same functions.

It guards against a form that one parser hides. It knows nothing of scopes, and less than the engine of what is called.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cache

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokens import Tokenizer

from tracewright.jobs._query.grammar import words
from tracewright.jobs._query.refusal import Refusal
from tracewright.jobs._query.reviewed import READINGS, REVIEWED, fold
from tracewright.jobs._query.walk import Seen

ROOTS = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Table, exp.Pivot, exp.Summarize, exp.Describe)
UNKNOWN = (exp.Anonymous, exp.AnonymousAggFunc)
"""Calls of functions that sqlglot has no class for: the node tells the name."""
PLAIN = words(
    "Add Alias Aliases All Any AtTimeZone Between BitString BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr"
    " BitwiseRightShift BitwiseXor Boolean Bracket ByteString CTE Column ColumnDef Comprehension Cube DPipe DataType"
    " DataTypeParam Describe Distinct Div Dot EQ Escape Except Filter From GT GTE Glob Group GroupingSets Having"
    " HexString ILike Identifier IgnoreNulls In IntDiv Intersect Interval IntervalSpan Is JSONPath JSONPathFilter"
    " JSONPathKey JSONPathRecursive JSONPathRoot JSONPathScript JSONPathSelector JSONPathSlice JSONPathSubscript"
    " JSONPathUnion JSONPathWildcard Join Kwarg LT LTE Lambda Lateral Like Limit LimitOptions Literal Mod Mul NEQ Neg"
    " Not Null NullSafeEQ NullSafeNEQ Offset Order Ordered Paren Parameter Pivot PivotAlias PivotAliases Placeholder"
    " PositionalColumn PropertyEQ Qualify RawString RespectNulls Rollup Select SimilarTo Slice Star Sub Subquery"
    " Summarize Table TableAlias TableSample Tuple Union UnpivotColumns Values Var Where Window WindowSpec With"
    " WithinGroup"
)
"""Nodes that call nothing."""
SYNTAX = words(
    "And Case Cast Coalesce Collate Columns Exists Grouping GroupingId If JSONExtract Or Parameterized Try TryCast Xor"
)
"""Nodes that sqlglot counts as functions and the engine as syntax."""


@dataclass(frozen=True)
class Reading:
    """What sqlglot saw: names in table position, the classes of all nodes with the names of unknown functions."""

    tables: Set[tuple[str, ...]]
    nodes: Set[str]
    calls: Set[str]


def read(text: str) -> Reading:
    """Parse and walk one query; raises Refusal for all that is not plainly a query."""
    tokenizer, parser = _reader()
    try:
        # Its tokenizer stumbles over a text that holds `$` and ends with `''`; a line break changes no query.
        parsed = parser.parse(tokenizer.tokenize(f"{text}\n"), f"{text}\n")
        [root] = [found for found in parsed if found and not isinstance(found, exp.Semicolon)]
    except (SqlglotError, ValueError) as error:
        raise Refusal(
            "PARSERS_DISAGREE", "The second parser cannot read this as one query; write it plainer."
        ) from error
    if not isinstance(root, ROOTS):
        raise Refusal("PARSERS_DISAGREE", f"The second parser reads this as {type(root).__name__}, not as a query.")
    tables: set[tuple[str, ...]] = set()
    calls: set[str] = set()
    nodes = list(root.walk())
    kinds = set(map(type, nodes))
    # Most nodes are of kinds that name nothing: what need not be asked of each is asked of its kind.
    naming = {kind for kind in kinds if issubclass(kind, (exp.Table, *UNKNOWN))}
    for node in nodes:
        if type(node) not in naming:
            continue
        if isinstance(node, exp.Table):
            _add_table(node, tables)
        else:
            calls.add(fold(node.name))
    names = {kind.__name__ for kind in kinds}
    calls |= {kind.__name__ for kind in kinds if issubclass(kind, exp.Func) and not issubclass(kind, UNKNOWN)}
    if odd := sorted(names - PLAIN - calls - {"Anonymous", "AnonymousAggFunc"}):
        raise Refusal("PARSERS_DISAGREE", f"The second parser sees {odd[0]}, which has no place in a query.")
    return Reading(tables, names | calls, calls)


@cache
def _reader() -> tuple[Tokenizer, Parser]:
    """Return what reads every text: both begin anew with each, and cost as much to make as a short one to read."""
    dialect = DuckDB()
    return dialect.tokenizer(), dialect.parser()


def _add_table(table: exp.Table, tables: set[tuple[str, ...]]) -> None:
    # A function in table position is among the calls.
    if isinstance(table.this, exp.Identifier):
        tables.add(tuple(fold(part.name) for part in table.parts))


def agree(seen: Seen, reading: Reading) -> None:
    """Raise Refusal unless both parsers saw the same tables and functions."""
    if odd := sorted(seen.tables ^ reading.tables):
        raise Refusal("PARSERS_DISAGREE", f"Only one of two parsers sees a table {'.'.join(odd[0])[:60]!r}.")
    explained = set(SYNTAX)
    for name in sorted(seen.functions):
        shown = READINGS.get(name, frozenset({name}))
        if not shown & reading.nodes and name not in REVIEWED.operators:
            raise Refusal("PARSERS_DISAGREE", f"Only the engine's parser sees the function {name}.")
        explained |= shown
    if odd_calls := sorted(reading.calls - explained):
        raise Refusal("PARSERS_DISAGREE", f"Only the second parser sees the function {odd_calls[0][:60]}.")
