"""Turns settled expressions into the plan's: operators, choice, time, nesting and plans inside of expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from tracewright.plans.document import Param
from tracewright.plans.families import INT, NUMBERS, TIMES, parse_type
from tracewright.plans.importing import calls, moments
from tracewright.plans.importing.fitting import alike, as_text, as_truth, blended
from tracewright.plans.importing.frames import Draft, Import, is_settled, place_of, plain_name
from tracewright.plans.importing.kinds import is_text, kind
from tracewright.plans.importing.literals import as_type, number, type_name
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import only, refusal
from tracewright.plans.importing.speech import Speech

Handler = Callable[[Speech, exp.Expr], Any]
ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "add", exp.Sub: "sub", exp.Mul: "mul", exp.Div: "div", exp.IntDiv: "idiv", exp.Mod: "mod",
}  # fmt: skip
COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "eq", exp.NEQ: "ne", exp.LT: "lt", exp.LTE: "lte", exp.GT: "gt", exp.GTE: "gte",
    exp.NullSafeEQ: "same", exp.NullSafeNEQ: "differs",
}  # fmt: skip
FROM_ZERO = 1
"""The parser counts a list's items from 0, the language from 1."""


def say(speech: Speech, node: exp.Expr) -> Any:
    """Return the plan node of a settled expression; raises ImportRefusal for what the language cannot say."""
    if (known := speech.known(node)) is not None:
        return known
    if type(node) in COMPARISONS:
        return _comparison(speech, node)
    if type(node) in ARITHMETIC:
        return _arithmetic(speech, node)
    handler = HANDLERS.get(type(node))
    if handler is None and isinstance(node, exp.Func):
        raise refusal("UNKNOWN_FUNCTION", f"the catalogue has no function {node.sql_name().lower()!r}", node)
    if handler is None:
        raise refusal("UNSUPPORTED_EXPRESSION", f"the plan language has no {type(node).__name__.upper()}", node)
    return handler(speech, node)


def truth(speech: Speech, node: exp.Expr) -> Any:
    """Return an expression where a condition is wanted."""
    return as_truth(speech.run, (node, say(speech, node)))


def _column(speech: Speech, node: exp.Expr) -> Any:
    """Return a column of this frame or, by `outer`, of one around it."""
    if not (isinstance(node, exp.Column) and is_settled(node)):
        raise refusal("UNKNOWN_COLUMN", "this column cannot be seen from here", node)
    frame, alias, name = place_of(speech.run, node)
    up, here = 0, speech.frame
    while here is not frame:
        if here.parent is None:
            raise refusal("UNKNOWN_COLUMN", f"{name!r} cannot be seen from here")
        up, here = up + 1, here.parent
    if not up:
        return speech.ungrouped(node, frame.written(alias, name))
    if node not in frame.known and frame.grouped:
        raise refusal("NOT_GROUPED", f"{name!r} has many values in one group")
    plain = plain_name(frame.known[node]) if node in frame.known else frame.written(alias, name)
    return {"outer": plain, **({"up": up} if up > 1 else {})}


def _comparison(speech: Speech, node: exp.Expr) -> Any:
    tag = COMPARISONS[type(node)]
    if isinstance(node.expression, exp.Any | exp.All):
        return _quantified(speech, node, tag)
    left, right = say(speech, node.this), say(speech, node.expression)
    return {tag: list(alike(speech.run, (node.this, left), (node.expression, right)))}


def _quantified(speech: Speech, node: exp.Expr, tag: str) -> Any:
    around, inside = node.expression, node.expression.this
    if isinstance(inside, exp.Select | exp.SetOperation):
        inside = exp.Subquery(this=inside)
    if not isinstance(inside, exp.Subquery) or tag in {"same", "differs"}:
        raise refusal("UNSUPPORTED_EXPRESSION", "ANY and ALL are said of sub-queries only", node)
    of, body = _beside_column(speech, node.this, inside)
    return {"compare": tag, "of": of, "any" if isinstance(around, exp.Any) else "all": body}


def _beside_column(speech: Speech, x: exp.Expr, query: exp.Expr) -> tuple[Any, Any]:
    """Return an expression and the body of the sub-query with whose one column it is compared."""
    run, said, draft = speech.run, say(speech, x), _draft(speech, query)
    name = plain_name(draft.columns[0].name)
    fitted, inner = alike(run, (x, said), (query, name))
    if inner != name:
        if not run.sqlite:
            raise refusal("TYPE_MISMATCH", "the sub-query's column would be cast in silence", query)
        draft.take({"select": [{"as": "value", "expr": inner}]})
    return fitted, draft.body()


def _arithmetic(speech: Speech, node: exp.Expr) -> Any:
    tag = ARITHMETIC[type(node)]
    span = node.expression if tag == "add" else None
    if isinstance(span, exp.Interval) and (shifted := moments.shift(speech, node, say)) is not None:
        return shifted
    chain, left = [node.expression], node.this
    while tag in {"add", "mul"} and type(left) is type(node) and speech.known(left) is None:
        chain.append(left.expression)
        left = left.this
    parts = [left, *reversed(chain)]
    said = [say(speech, part) for part in parts]
    if speech.run.sqlite and tag in {"div", "idiv", "mod"}:
        return _sqlite_division(speech.run, tag, parts, said)
    return {tag: said}


def _sqlite_division(run: Import, tag: str, parts: list[exp.Expr], said: list[Any]) -> Any:
    """Return SQLite's division: whole numbers stay whole, and by zero it is null."""
    kinds = [kind(run, part) for part in parts]
    if any(found.family not in NUMBERS for found in kinds):
        raise refusal("TYPE_MISMATCH", "what SQLite divides here is not settled", parts[0])
    if kinds == [INT, INT]:
        by = said[1] if type(said[1]) is int and said[1] else {"nullif": [said[1], 0]}
        return {"mod" if tag == "mod" else "idiv": [said[0], by]}
    if tag == "mod":
        raise refusal("UNSUPPORTED_EXPRESSION", "SQLite's % of fractions has no equal", parts[0])
    return {"ratio": said}


def _connective(tag: str) -> Handler:
    def handler(speech: Speech, node: exp.Expr) -> Any:
        parts, under = [], [node]
        while under:
            one = under.pop()
            if type(one) is type(node) and speech.known(one) is None:
                under += [one.expression, one.this]
            else:
                parts.append(one)
        return {tag: [truth(speech, part) for part in parts]}

    return handler


def _not(speech: Speech, node: exp.Expr) -> Any:
    inner = node.this
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null) and speech.known(inner) is None:
        return {"not_null": say(speech, inner.this)}
    return {"not": truth(speech, inner)}


def _is(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "expression")
    if isinstance(node.expression, exp.Null):
        return {"is_null": say(speech, node.this)}
    if isinstance(node.expression, exp.Boolean):
        return {"same": [truth(speech, node.this), bool(node.expression.this)]}
    raise refusal("UNSUPPORTED_EXPRESSION", "IS is said of NULL, TRUE and FALSE only", node)


def _between(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "low", "high")
    x = say(speech, node.this)
    said = [(end, say(speech, end)) for end in (node.args["low"], node.args["high"])]
    (x, low), (again, high) = (alike(speech.run, (node.this, x), end) for end in said)
    if x != again:
        raise refusal("TYPE_MISMATCH", "the two ends of BETWEEN are of two types", node)
    return {"between": [x, low, high]}


def _in(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "expressions", "query")
    if isinstance(node.this, exp.Tuple):
        raise refusal("UNSUPPORTED_EXPRESSION", "IN is said of one value, not of a row", node)
    if (query := node.args.get("query")) is not None:
        x, body = _beside_column(speech, node.this, query)
        return {"in": [x, {"plan": body}]}
    x, items = say(speech, node.this), []
    for item in node.expressions:
        x, fitted = alike(speech.run, (node.this, x), (item, say(speech, item)))
        items.append(fitted)
    if items and all(isinstance(item, dict) and item.keys() == {"lit"} for item in items):
        return {"in": [x, {"lit": [item["lit"] for item in items]}]}
    if items and all(type(item) is int for item in items):
        return {"in": [x, {"lit": items}]}
    return {"in": [x, items]}


def _like(tag: str) -> Handler:
    def handler(speech: Speech, node: exp.Expr) -> Any:
        only(node, "this", "expression", "negate")
        # SQLite's LIKE takes no notice of the case of ASCII letters.
        name = "ilike" if speech.run.sqlite else tag
        if speech.run.sqlite and not (is_text(node.expression) and str(node.expression.this).isascii()):
            speech.run.notes.append(
                "LIKE takes no notice of the case of any letter, where SQLite takes none of ASCII's"
            )
        found = {name: [say(speech, node.this), say(speech, node.expression)]}
        return {"not": found} if node.args.get("negate") else found

    return handler


def _escape(speech: Speech, node: exp.Expr) -> Any:
    if not isinstance(node.this, exp.Like | exp.ILike) or not is_text(node.expression):
        raise refusal("UNSUPPORTED_EXPRESSION", "ESCAPE belongs to LIKE and is one character", node)
    return {**say(speech, node.this), "escape": str(node.expression.this)}


def _concat(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "expression", "safe")
    chain, left = [node.expression], node.this
    while isinstance(left, exp.DPipe) and speech.known(left) is None:
        chain.append(left.expression)
        left = left.this
    return {"concat": [as_text(speech.run, (part, say(speech, part))) for part in (left, *reversed(chain))]}


def _case(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "ifs", "default")
    run, of = speech.run, node.args.get("this")
    subject = say(speech, of) if of is not None else None
    whens = []
    for arm in node.args["ifs"]:
        if of is None:
            whens.append(truth(speech, arm.this))
            continue
        subject, when = alike(run, (of, subject), (arm.this, say(speech, arm.this)))
        whens.append(when)
    results = [arm.args["true"] for arm in node.args["ifs"]]
    results += [node.args["default"]] if node.args.get("default") is not None else []
    said = blended(run, [(result, say(speech, result)) for result in results])
    arms = [[when, then] for when, then in zip(whens, said, strict=False)]
    other = {"else": said[-1]} if len(said) > len(arms) else {}
    return {"case": arms, **({"of": subject} if of is not None else {}), **other}


def _if(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "true", "false")
    arm = exp.If(this=node.this, true=node.args["true"])
    return _case(speech, exp.Case(ifs=[arm], default=node.args.get("false")))


def _coalesce(speech: Speech, node: exp.Expr) -> Any:
    parts = [node.this, *node.expressions]
    said = blended(speech.run, [(part, say(speech, part)) for part in parts])
    return {"coalesce": said} if len(said) > 1 else said[0]


def _nullif(speech: Speech, node: exp.Expr) -> Any:
    said = [(part, say(speech, part)) for part in (node.this, node.expression)]
    return {"nullif": list(alike(speech.run, said[0], said[1]))}


def _cast(tag: str) -> Handler:
    def handler(speech: Speech, node: exp.Expr) -> Any:
        only(node, "this", "to", "safe")
        to = type_name(node.args["to"])
        if isinstance(node.this, exp.Placeholder):
            return _param(speech.run, name_of(node.this), to)
        if speech.run.sqlite:
            raise refusal("UNSUPPORTED_EXPRESSION", "SQLite's CAST never fails, and no cast here is like it", node)
        family = parse_type(to)
        if tag == "cast" and is_text(node.this) and family is not None and family.family in TIMES:
            return as_type(str(node.this.this), family)
        return {tag: say(speech, node.this), "to": to}

    return handler


def _param(run: Import, name: str, to: str) -> Any:
    known = run.params.setdefault(name, Param(type=to))
    if known.type != to:
        raise refusal("PARAM_TYPE", f"the parameter {name!r} is cast to {known.type} and to {to}")
    return {"param": name}


def _placeholder(speech: Speech, node: exp.Expr) -> Any:
    raise refusal("PARAM_TYPE", "a parameter is written under a CAST that tells its type", node)


def _neg(speech: Speech, node: exp.Expr) -> Any:
    if not isinstance(node.this, exp.Literal) or node.this.is_string:
        return {"neg": say(speech, node.this)}
    found = number(node.this)
    return {**found, "lit": "-" + found["lit"]} if isinstance(found, dict) else -found


def _literal(speech: Speech, node: exp.Expr) -> Any:
    return {"lit": str(node.this)} if is_text(node) else number(node)


def _array(speech: Speech, node: exp.Expr) -> Any:
    return {"list": blended(speech.run, [(item, say(speech, item)) for item in node.expressions])}


def _struct(speech: Speech, node: exp.Expr) -> Any:
    if not all(isinstance(item, exp.PropertyEQ) for item in node.expressions):
        raise refusal("UNSUPPORTED_EXPRESSION", "a struct names its fields", node)
    return {"struct": [[name_of(item), say(speech, item.expression)] for item in node.expressions]}


def _bracket(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "expressions")
    if len(node.expressions) != 1 or not isinstance(node.expressions[0], exp.Literal | exp.Neg):
        raise refusal("UNSUPPORTED_EXPRESSION", "an item is taken out by one literal", node)
    key = node.expressions[0]
    plain = {"lit": str(key.this)} if is_text(key) else say(speech, key) + FROM_ZERO
    return {"get": [say(speech, node.this), plain]}


def _field(speech: Speech, node: exp.Expr) -> Any:
    return {"get": [say(speech, node.this), {"lit": name_of(node.expression)}]}


def _substring(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "start", "length")
    args = [node.this, node.args["start"], *([node.args["length"]] if node.args.get("length") else [])]
    return {"call": "substring", "args": [say(speech, arg) for arg in args]}


def _trim(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "expression", "position")
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or "").upper(), "trim")
    args = [node.this, *([node.expression] if node.args.get("expression") else [])]
    return {"call": name, "args": [say(speech, arg) for arg in args]}


def _infix(name: str) -> Handler:
    def handler(speech: Speech, node: exp.Expr) -> Any:
        return calls.call(speech, exp.Anonymous(this=name, expressions=[node.this, node.expression]), say)

    return handler


def _position(speech: Speech, node: exp.Expr) -> Any:
    only(node, "this", "substr")
    return calls.call(speech, exp.Anonymous(this="strpos", expressions=[node.this, node.args["substr"]]), say)


def _exists(speech: Speech, node: exp.Expr) -> Any:
    run = speech.run
    return {"exists": run.run_exists(run, node.this, speech.frame, speech.frame.names, None).body()}


def _scalar(speech: Speech, node: exp.Expr) -> Any:
    body = _draft(speech, node).body()
    if speech.run.sqlite and not _one_row(body):
        body = {**body, "steps": [*body.get("steps", []), {"limit": 1}]}  # SQLite takes the first row
    return {"scalar": body}


def _one_row(body: dict[str, Any]) -> bool:
    steps = [step for step in body.get("steps", []) if not step.keys() & {"select", "sort"}]
    last = steps[-1] if steps else {}
    return last.get("limit") == 1 or ("aggregate" in last and "by" not in last["aggregate"])


def _draft(speech: Speech, node: exp.Expr) -> Draft:
    """Return a sub-query's body, and remember what its one column is."""
    run = speech.run
    draft = run.run_query(run, node, speech.frame, speech.frame.names, None)
    if len(draft.columns) != 1:
        raise refusal("SUBPLAN_SHAPE", f"a sub-query in an expression has one column, found {len(draft.columns)}", node)
    run.remember(node, draft)
    return draft


HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Column: _column, exp.Literal: _literal, exp.Boolean: lambda _, node: bool(node.this),
    exp.Null: lambda _, __: None, exp.Neg: _neg, exp.And: _connective("and"), exp.Or: _connective("or"),
    exp.Not: _not, exp.Is: _is, exp.Between: _between, exp.In: _in, exp.Like: _like("like"),
    exp.ILike: _like("ilike"), exp.Escape: _escape, exp.DPipe: _concat, exp.Case: _case, exp.If: _if,
    exp.Coalesce: _coalesce, exp.Nullif: _nullif, exp.Cast: _cast("cast"), exp.TryCast: _cast("try_cast"),
    exp.Placeholder: _placeholder, exp.Interval: lambda s, n: moments.interval(s, n, say),
    exp.Extract: lambda s, n: moments.extract(s, n, say), exp.Array: _array,
    exp.Struct: _struct, exp.Bracket: _bracket, exp.StructExtract: _field, exp.Dot: _field, exp.Substring: _substring,
    exp.Trim: _trim, exp.Pow: _infix("power"),
    exp.StrPosition: _position, exp.Exists: _exists, exp.Subquery: _scalar,
    exp.Anonymous: lambda s, n: calls.call(s, n, say),
    exp.Filter: lambda s, n: calls.call(s, n, say), exp.Grouping: lambda s, n: calls.grouping(s, n, say),
    exp.Window: lambda s, n: calls.window(s, n, say),
}  # fmt: skip
