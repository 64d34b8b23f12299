"""Plans inside expressions: exists, scalar, membership and comparison; they see the plan around only by `outer`."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.expressions import operators
from tracewright.plans.expressions.binding import attempt, joined, operand
from tracewright.plans.expressions.operators import NONE, Tag, fits
from tracewright.plans.families import BOOL
from tracewright.plans.faults import Fault, Path
from tracewright.plans.relation import Relation
from tracewright.plans.scope import Bound, Env

COMPARISONS: dict[str, type[exp.Binary]] = {
    "eq": exp.EQ, "ne": exp.NEQ, "lt": exp.LT, "lte": exp.LTE, "gt": exp.GT, "gte": exp.GTE,
}  # fmt: skip


def run(env: Env, body: Any, path: Path) -> Relation:
    """Compile the body of a sub-plan that stands in an expression."""
    if env.work.run_body is None:
        raise Fault("SUBPLAN_SHAPE", path, "a plan cannot stand here")
    found: Relation = env.work.run_body(env.work, body, path, env)
    return found


def one_column(found: Relation, path: Path) -> None:
    """Raise SUBPLAN_SHAPE unless a sub-plan puts out exactly one column."""
    if len(found.columns) != 1 and not found.fuzzy:
        names = [column.name for column in found.columns]
        hint = 'end it with {"select": [one column]}'
        raise Fault("SUBPLAN_SHAPE", path, f"wanted one column, found {len(names)}", names, hint)


def exists(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"exists": Body}`."""
    found = run(env, value, path)
    if found.unshaped:
        found.query.set("expressions", [exp.Literal.number(1)])
    return Bound(exp.Exists(this=found.query), BOOL, nullable=False)


def scalar(env: Env, value: Any, _: dict[str, Any], path: Path) -> Bound:
    """Bind `{"scalar": Body}`: one value; null without a row, an error of the run with more than one."""
    found = run(env, value, path)
    one_column(found, path)
    return Bound(exp.Subquery(this=found.query), found.columns[0].type, nullable=True)


def membership(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `in` over a plan; every other form is the operator's."""
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict) and "plan" in value[1]):
        return operators.membership(env, value, node, path)
    x = attempt(env, value[0], (*path, 0))
    found = run(env, value[1]["plan"], (*path, 1, "plan"))
    one_column(found, (*path, 1, "plan"))
    fits(x.type, found.columns[0].type, (*path, 1))
    sql = exp.In(this=operand(x), query=exp.Subquery(this=found.query))
    return joined([x], sql, BOOL, nullable=x.nullable or found.columns[0].nullable)


def negation(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `not`, and warn where NOT IN meets a null: then nothing is ever outside."""
    found = operators.negation(env, value, node, path)
    if isinstance(found.sql.this, exp.Paren) and isinstance(found.sql.this.this, exp.In) and found.nullable:
        hint = "drop the nulls inside, or use not exists"
        env.work.lint("NOT_IN_NULLABLE", path, "not in is never true once the list holds a null", hint)
    return found


def compare(env: Env, value: Any, node: dict[str, Any], path: Path) -> Bound:
    """Bind `{"compare": "gt", "of": E, "any" or "all": Body}`."""
    ways = [way for way in ("any", "all") if way in node]
    if not isinstance(value, str) or value not in COMPARISONS or len(ways) != 1 or "of" not in node:
        hint = f"the comparisons are {', '.join(COMPARISONS)}"
        raise Fault("BAD_SHAPE", path[:-1], 'wanted {"compare": name, "of": E, "any" or "all": Body}', hint=hint)
    where = (*path[:-1], ways[0])
    x = attempt(env, node["of"], (*path[:-1], "of"))
    found = run(env, node[ways[0]], where)
    one_column(found, where)
    fits(x.type, found.columns[0].type, where)
    # ANY writes the parentheses of its plan itself, ALL does not.
    around = exp.Any(this=exp.Subquery(this=found.query)) if ways[0] == "any" else exp.All(this=found.query)
    sql = COMPARISONS[value](this=operand(x), expression=around)
    return joined([x], sql, BOOL, nullable=True)


TAGS: dict[str, Tag] = {
    "exists": (exists, NONE),
    "scalar": (scalar, NONE),
    "in": (membership, NONE),
    "not": (negation, NONE),
    "compare": (compare, frozenset({"of", "any", "all"})),
}
