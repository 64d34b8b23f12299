"""Function calls, aggregates and windows, each by its name in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from tracewright.plans.expressions.moments import ORIGIN, PARTS, SPANS
from tracewright.plans.functions import catalogue
from tracewright.plans.importing.fitting import as_time, as_truth
from tracewright.plans.importing.frames import Import
from tracewright.plans.importing.kinds import is_text, kind
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal
from tracewright.plans.importing.speech import Place, Speech

Say = Callable[[Speech, exp.Expr], Any]
DIRECT = ("sum", "avg", "min", "max", "median")
TESTS = {"contains": "contains", "starts_with": "starts_with", "ends_with": "ends_with", "regexp_matches": "matches"}
SQLITE = frozenset({
    "count", "sum", "avg", "min", "max", "abs", "lower", "upper", "length", "substring", "replace", "round", "trim",
    "ltrim", "rtrim", "instr", "row_number", "rank", "dense_rank", "first",
    "arg_min_null", "arg_max_null",
})  # fmt: skip
"""Functions that mean the same in SQLite, and those that stand for what it does without a name."""
OF_ONE = frozenset({"min", "max", "round"})
"""Of these, only the form with one argument: SQLite rounds to digits by what they are written as."""


def is_aggregate(node: exp.Expr) -> bool:
    """Tell whether a node calls an aggregate, with or without FILTER."""
    if isinstance(node, exp.Filter):
        return is_aggregate(node.this)
    if isinstance(node, exp.Grouping):
        return True
    function = catalogue().get(name_of(node)) if isinstance(node, exp.Anonymous) else None
    return function is not None and function.kind == "aggregate"


def call(speech: Speech, node: exp.Expr, say: Say) -> Any:
    """Return a call of a scalar function, or an aggregate where one may stand."""
    name = name_of(node.this if isinstance(node, exp.Filter) else node)
    _allowed(speech.run, name, node)
    if is_aggregate(node):
        if speech.place is Place.INSIDE:
            raise refusal("NESTED_AGGREGATE", "an aggregate stands inside another", node)
        if speech.place is not Place.MEASURE:
            raise refusal("AGGREGATE_PLACE", "an aggregate stands where there are no groups", node)
        return aggregate(speech.at(Place.INSIDE), node, say)
    if (own := _own_form(speech, name, node, say)) is not None:
        return own
    function = catalogue().get(name)
    if function is None or function.kind != "scalar":
        raise refusal("UNKNOWN_FUNCTION", f"the catalogue has no function {name!r} that can stand here", node)
    said = [say(speech, arg) for arg in node.expressions]
    if speech.run.sqlite and name in {"trim", "ltrim", "rtrim"} and len(said) == 1:
        said.append({"lit": " "})  # the engine's own form takes every kind of blank away
    return {"call": name, "args": said}


def _allowed(run: Import, name: str, node: exp.Expr) -> None:
    if not run.sqlite:
        return
    if name not in SQLITE or (name in OF_ONE and len(node.expressions) > 1):
        raise refusal("UNKNOWN_FUNCTION", f"what {name!r} means in SQLite has no equal here", node)
    if name in {"lower", "upper"}:
        run.notes.append(f"{name} changes every letter, where SQLite changes those of ASCII")


def _own_form(speech: Speech, name: str, node: exp.Expr, say: Say) -> Any:
    """Return a call in the form that the language has for it, None where it is a plain call."""
    args = node.expressions
    match name, len(args):
        case ("date_part", 2) if _word(args[0]) in PARTS:
            return {"part": [as_time((args[1], say(speech, args[1]))), _word(args[0])]}
        case ("date_trunc", 2) if _word(args[0]) in SPANS:
            return {"bucket": [as_time((args[1], say(speech, args[1]))), _word(args[0])]}
        case ("date_diff", 3) if _word(args[0]) in SPANS:
            return {"diff": [_word(args[0]), *(as_time((arg, say(speech, arg))) for arg in args[1:])]}
        case ("strftime", 2) if is_text(args[0]):  # the engine takes its arguments in either order
            return {"call": name, "args": [as_time((args[1], say(speech, args[1]))), say(speech, args[0])]}
        case ("date_add", 2):
            return {"add": [as_time((args[0], say(speech, args[0]))), say(speech, args[1])]}
        case ("time_bucket", 3):
            return _bucket(speech, node, say)
        case ("list_extract" | "map_extract_value" | "struct_extract", 2):
            return {"get": [say(speech, args[0]), say(speech, args[1])]}
        case ("contains" | "starts_with" | "ends_with" | "regexp_matches", 2):
            if kind(speech.run, args[0]).family == "text":
                return {TESTS[name]: [say(speech, arg) for arg in args]}
    return None


def _word(node: exp.Expr) -> str:
    return str(node.this).lower() if is_text(node) else ""


def _bucket(speech: Speech, node: exp.Expr, say: Say) -> Any:
    width, time, origin = node.expressions
    if not (isinstance(width, exp.Interval) and isinstance(origin, exp.Cast) and name_of(origin.this) == ORIGIN):
        raise refusal("UNSUPPORTED_EXPRESSION", f"buckets of an interval are counted from {ORIGIN}", node)
    inner = time.this if isinstance(time, exp.Cast) and kind(speech.run, time.this).family == "date" else time
    return {"bucket": [say(speech, inner), say(speech, width)]}


def aggregate(inside: Speech, node: exp.Expr, say: Say) -> dict[str, Any]:
    """Return an aggregate; `inside` is where its own arguments stand."""
    options: dict[str, Any] = {}
    if isinstance(node, exp.Filter):
        where = node.expression.this
        options["where"] = as_truth(inside.run, (where, say(inside, where)))
        node = node.this
    only(node, "this", "expressions")
    name, args = name_of(node), list(node.expressions)
    if args and isinstance(args[-1], exp.Order):
        options["order"] = [order_key(inside, key, say) for key in args[-1].expressions]
        args[-1] = args[-1].this
    if args and isinstance(args[0], exp.Distinct):
        only(args[0], "expressions")
        options["distinct"] = True
        args = [*args[0].expressions, *args[1:]]
    if name == "count":
        return _count(inside, args, options, say, node)
    said = [say(inside, arg) for arg in args]
    if inside.run.sqlite and name in {"sum", "avg"} and kind(inside.run, args[0]).family == "text":
        said = [_as_sqlite_number(said[0])]
    if name in DIRECT and len(said) == 1:
        return {name: said[0], **options}
    return {"agg": name, "args": said, **options}


NUMBER_AT_THE_FRONT = r"^\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)"


def _as_sqlite_number(said: Any) -> Any:
    """Return the number that a text begins with, zero without one, null for null (sqlite.org/lang_expr.html, CAST)."""
    front = {"call": "regexp_extract", "args": [said, {"lit": NUMBER_AT_THE_FRONT}]}
    return {"case": [[{"not_null": said}, {"coalesce": [{"try_cast": front, "to": "double"}, 0]}]]}


def _count(inside: Speech, args: list[exp.Expr], options: dict[str, Any], say: Say, node: exp.Expr) -> dict[str, Any]:
    if not args or isinstance(args[0], exp.Star):
        return {"count": "*", **options}
    if len(args) > 1:
        raise refusal("UNSUPPORTED_EXPRESSION", "count takes one expression", node)
    if options.pop("distinct", False):
        return {"count_distinct": say(inside, args[0]), **options}
    return {"count": say(inside, args[0]), **options}


def grouping(speech: Speech, node: exp.Expr, say: Say) -> Any:
    """Return the bit mask of rolled-up keys."""
    if speech.place is not Place.MEASURE:
        raise refusal("AGGREGATE_PLACE", "GROUPING stands where there are no groups", node)
    return {"grouping": [say(speech, key) for key in node.expressions]}


def order_key(speech: Speech, node: exp.Expr, say: Say) -> Any:
    """Return an order key; nulls come last unless the text or its dialect says otherwise."""
    only(node, "this", "desc", "nulls_first")
    first = {"nulls": "first"} if node.args.get("nulls_first") else {}
    said = say(speech, node.this)
    if node.args.get("desc"):
        return {"desc": said, **first}
    return {"asc": said, **first} if first else said


def window(speech: Speech, node: exp.Expr, say: Say) -> Any:
    """Return a window function with its partition, order and frame."""
    if not speech.windows:
        raise refusal("WINDOW_PLACE", "a window function cannot stand here", node)
    only(node, "this", "partition_by", "order", "spec", "over")
    row = speech.at(Place.ROW)
    found: dict[str, Any] = {"over": _windowed(row, node.this, say)}
    if partition := node.args.get("partition_by"):
        found["partition"] = [say(row, key) for key in partition]
    order = node.args["order"].expressions if node.args.get("order") else []
    if order:
        found["order"] = [order_key(row, key, say) for key in order]
    if spec := node.args.get("spec"):
        found |= _frame(row, spec, bool(order), say)
    return {**found, "ignore_nulls": True} if _ignores_nulls(node.this) else found


def _ignores_nulls(node: exp.Expr) -> bool:
    if isinstance(node, exp.IgnoreNulls):
        return True
    return isinstance(node, exp.Anonymous) and any(isinstance(arg, exp.IgnoreNulls) for arg in node.expressions)


def _windowed(row: Speech, node: exp.Expr, say: Say) -> Any:
    if isinstance(node, exp.IgnoreNulls):
        node = node.this
    name = name_of(node.this if isinstance(node, exp.Filter) else node)
    _allowed(row.run, name, node)
    if is_aggregate(node) and not isinstance(node, exp.Grouping):
        return aggregate(row, node, say)
    function = catalogue().get(name) if isinstance(node, exp.Anonymous) else None
    if function is None or function.kind != "window":
        raise refusal("UNKNOWN_FUNCTION", f"the catalogue has no window function {name!r}", node)
    args = [arg.this if isinstance(arg, exp.IgnoreNulls) else arg for arg in node.expressions]
    return {"call": name, **({"args": [say(row, arg) for arg in args]} if args else {})}


def _frame(row: Speech, spec: exp.Expr, ordered: bool, say: Say) -> dict[str, Any]:
    only(spec, "kind", "start", "start_side", "end", "end_side", "exclude")
    ends = [_end(row, spec, "start", "PRECEDING", say), _end(row, spec, "end", "FOLLOWING", say)]
    frame = {str(spec.args.get("kind") or "ROWS").lower(): ends}
    usual = {"range": [None, 0]} if ordered else {"rows": [None, None]}
    found: dict[str, Any] = {} if frame == usual else {"frame": frame}
    exclude = spec.args.get("exclude")
    if exclude and name_of(exclude).lower() != "no others":
        found["exclude"] = name_of(exclude).lower()
    return found


def _end(row: Speech, spec: exp.Expr, which: str, outward: str, say: Say) -> Any:
    value, side = spec.args.get(which), str(spec.args.get(f"{which}_side") or "").upper()
    if value is None or str(value).upper() == "CURRENT ROW":
        return 0
    if str(value).upper() == "UNBOUNDED":
        if side != outward:
            raise refusal("BAD_FRAME", "a frame is unbounded outwards only", spec)
        return None
    sign = -1 if side == "PRECEDING" else 1
    said = say(row, value)
    if isinstance(said, int):
        return sign * said
    if isinstance(said, dict) and "interval" in said and isinstance(said["interval"][0], int):
        return {"interval": [sign * said["interval"][0], said["interval"][1]]}
    raise refusal("BAD_FRAME", "an end of a frame is a whole number or an interval", spec)
