"""Recursions as the compiler writes them: a seed at depth 0, and a step that counts its depth up to a bound."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.families import INT
from tracewright.plans.importing.frames import Draft, Import, Named
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.importing.reading import name_of
from tracewright.plans.importing.refusal import ImportRefusal, only, refusal
from tracewright.plans.importing.settling import conjuncts
from tracewright.plans.relation import Output
from tracewright.plans.scope import Let
from tracewright.plans.steps.recursion import DEPTH


def recursion(run: Import, named: Named) -> Draft:
    """Return the body that reads a recursion; raises UNBOUNDED_RECURSION where no depth is counted up to a bound."""
    name, query = name_of(named.tree.args["alias"]), named.tree.this
    if not isinstance(query, exp.Union) or not all(
        isinstance(side, exp.Select) for side in query.args.values() if side
    ):
        raise _unbounded(name)
    only(query, "this", "expression", "distinct")
    seed_tree, step_tree = query.this.copy(), query.expression.copy()
    if not _counts(seed_tree, lambda value: value == exp.Literal.number(0)):
        raise _unbounded(name)
    most = _bound(step_tree)
    if most is None:
        raise _unbounded(name)
    own = free(f"{slug(name)}_steps", {*run.lets, *run.work.lets, *run.work.catalogue.by_name})
    seed = run.run_query(run, seed_tree, None, named.around, None)
    outputs, _ = seed.outputs()
    run.drafts[own] = seed
    run.work.lets[own] = Let([*outputs, Output(DEPTH, INT, nullable=False)], used=True)
    around = {**named.around, name.casefold(): Named(named.tree, named.around, named.parent, let=own)}
    step = run.run_query(run, step_tree, None, around, None)
    del run.work.lets[own]  # the recursion itself brings it
    again: dict[str, Any] = {"name": own, "seed": seed.body(), "step": step.body(), "max_depth": most}
    if not query.args.get("distinct"):
        again["all"] = True
    return Draft(run.work, None, {"recurse": again})


def _unbounded(name: str) -> ImportRefusal:
    return refusal("UNBOUNDED_RECURSION", f"{name!r} reads itself without a bound on how often")


def _counts(select: exp.Expr, is_so: Any) -> bool:
    """Tell whether the last output is a depth of this form, and leave it out."""
    last = select.expressions[-1]
    if not (isinstance(last, exp.Alias) and last.alias.casefold() == DEPTH and is_so(last.this)):
        return False
    select.set("expressions", select.expressions[:-1])
    return True


def _bound(step: exp.Expr) -> int | None:
    """Return the bound of `depth < n AS depth + 1`, and leave both out; None where they are not there."""
    where = step.args.get("where")
    parts = conjuncts(where.this) if where is not None else []
    bounds = [part for part in parts if isinstance(part, exp.LT) and _is_depth(part.this)]
    if len(bounds) != 1 or not isinstance(bounds[0].expression, exp.Literal) or bounds[0].expression.is_string:
        return None
    next_depth = exp.Add(this=bounds[0].this.copy(), expression=exp.Literal.number(1))
    if not _counts(step, lambda value: value == next_depth):
        return None
    rest = [part for part in parts if part is not bounds[0]]
    step.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
    return int(bounds[0].expression.this)


def _is_depth(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and name_of(node).casefold() == DEPTH
