"""GROUP BY and what is measured: keys and measures of one aggregate step, and filters after it for HAVING."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod
from typing import Any

from sqlglot import exp

from tracewright.plans.importing.bare import determined, holds_bare, of_some_row, the_extreme
from tracewright.plans.importing.calls import is_aggregate
from tracewright.plans.importing.expressions import say
from tracewright.plans.importing.frames import Frame, Import, is_settled, place_of
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.importing.refusal import MARK, only, refusal
from tracewright.plans.importing.settling import SUBQUERIES, Aliases, own_parts, settle, within
from tracewright.plans.importing.shaping import Item
from tracewright.plans.importing.speech import Place, Speech
from tracewright.plans.steps.aggregate import MOST_SETS

Sets = list[list[exp.Expr]]


@dataclass
class Groups:
    """The aggregate step under way: keys and measures by their expressions, each with its name."""

    keys: dict[exp.Expr, str] = field(default_factory=dict)
    measures: dict[exp.Expr, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)
    extreme: exp.Expr | None = None

    def name(self, wanted: str) -> str:
        """Return a free name, and take it."""
        self.taken.append(free(wanted, self.taken))
        return self.taken[-1]


def holds_aggregate(node: exp.Expr) -> bool:
    """Tell whether an expression aggregates the rows of its own SELECT; what is under OVER by itself does not."""
    if isinstance(node, exp.Window):
        inner = node.this.this if isinstance(node.this, exp.Filter | exp.IgnoreNulls) else node.this
        parts = [*own_parts(inner), *(part for part in own_parts(node) if part is not node.this)]
        return any(holds_aggregate(part) for part in parts)
    return is_aggregate(node) or any(holds_aggregate(part) for part in own_parts(node))


def group(run: Import, frame: Frame, select: exp.Expr, items: list[Item], later: list[exp.Expr]) -> None:
    """Take the aggregate step; `later` are the expressions besides the items that are said over its groups."""
    groups = Groups(taken=[item.name for item in items])
    groups.extreme = the_extreme([*(item.tree for item in items), *later]) if run.sqlite else None
    aliases = {item.alias.casefold(): item.tree for item in items if item.alias}
    keys, sets = _keys(run, frame, select, items, aliases)
    keys += determined(run, frame, keys, [*(item.tree for item in items), *later])
    _name_keys(run, groups, keys, items)
    frame.known = dict(groups.keys)
    _whole_measures(run, frame, groups, items)
    for node in [*(item.tree for item in items), *later]:
        _measure_parts(run, frame, groups, node)
    by = [_key(run, frame, tree, name) for tree, name in groups.keys.items()]
    step: dict[str, Any] = {"by": by} if by else {}
    if groups.measures:
        step["measures"] = [{"as": name, "expr": groups.said[name]} for name in groups.measures.values()]
    if not step:
        raise refusal("UNSUPPORTED_CLAUSE", "groups without a key and without an aggregate", select)
    if sets is not None:
        step["sets"] = [[groups.keys[key] for key in one] for one in sets]
    frame.known = {}
    frame.take({"aggregate": step})
    frame.known, frame.grouped = {**groups.measures, **groups.keys}, True


def _keys(
    run: Import, frame: Frame, select: exp.Expr, items: list[Item], aliases: Aliases
) -> tuple[list[exp.Expr], Sets | None]:
    """Return the keys in order, each once, and the grouping sets where the text has some."""
    clause = select.args.get("group")
    if clause is None:
        return [], None
    only(clause, "expressions", "grouping_sets", "cube", "rollup", "all")
    if clause.args.get("all"):
        return _once([item.tree for item in items if not holds_aggregate(item.tree)]), None
    plain, parts = [], []
    nodes = [*clause.expressions, *(clause.args.get("rollup") or []), *(clause.args.get("cube") or [])]
    for node in [*nodes, *(clause.args.get("grouping_sets") or [])]:
        if isinstance(node, exp.Rollup | exp.Cube | exp.GroupingSets):
            parts.append(_part(run, frame, node, items, aliases))
        elif not (isinstance(node, exp.Tuple) and not node.expressions):
            plain += [_key_tree(run, frame, one, items, aliases) for one in _listed(node)]
    if not parts:
        return _once(plain), None
    _bounded(prod(map(len, parts)), select)
    sets = [_once([*plain, *(key for one in some for key in one)]) for some in product(*parts)]
    return _once([key for one in sets for key in one]), sets


def _part(run: Import, frame: Frame, node: exp.Expr, items: list[Item], aliases: Aliases) -> Sets:
    """Return the sets of one ROLLUP, CUBE or GROUPING SETS."""
    if isinstance(node, exp.GroupingSets):
        found: Sets = []
        for one in node.expressions:
            if isinstance(one, exp.Rollup | exp.Cube | exp.GroupingSets):
                found += _part(run, frame, one, items, aliases)
            else:
                found.append([_key_tree(run, frame, key, items, aliases) for key in _listed(one)])
        return found
    steps = [[_key_tree(run, frame, key, items, aliases) for key in _listed(one)] for one in node.expressions]
    counts = range(len(steps), -1, -1)
    some = [steps[:count] for count in counts]
    if isinstance(node, exp.Cube):
        _bounded(2 ** len(steps), node)
        some = [list(chosen) for count in counts for chosen in combinations(steps, count)]
    return [[key for step in chosen for key in step] for chosen in some]


def _bounded(count: int, node: exp.Expr) -> None:
    if count > MOST_SETS:
        raise refusal("LIMIT_EXCEEDED", f"at most {MOST_SETS} grouping sets, found {count}", node)


def _listed(node: exp.Expr) -> list[exp.Expr]:
    return list(node.expressions) if isinstance(node, exp.Tuple) else [node]


def _key_tree(run: Import, frame: Frame, node: exp.Expr, items: list[Item], aliases: Aliases) -> exp.Expr:
    """Return a key settled; a number is the position of an item."""
    if isinstance(node, exp.Paren):
        return _key_tree(run, frame, node.this, items, aliases)
    if isinstance(node, exp.Literal) and not node.is_string:
        at = int(node.this) if str(node.this).isdigit() else 0
        if not 1 <= at <= len(items):
            raise refusal("UNSUPPORTED_CLAUSE", f"there is no output at position {node.this}")
        return items[at - 1].tree
    return settle(run, frame, node, aliases)


def _once(nodes: list[exp.Expr]) -> list[exp.Expr]:
    return list(dict.fromkeys(nodes))


def _name_keys(run: Import, groups: Groups, keys: list[exp.Expr], items: list[Item]) -> None:
    named: dict[exp.Expr, str] = {}
    for item in reversed(items):
        named[item.tree] = item.name
    for key in keys:
        if key in named:
            groups.keys[key] = named[key]
            continue
        own = place_of(run, key)[2] if isinstance(key, exp.Column) else ""
        groups.keys[key] = (
            groups.name(own) if own and free(own, groups.taken) == own else groups.name(slug(own or "key"))
        )


def _key(run: Import, frame: Frame, tree: exp.Expr, name: str) -> Any:
    known, frame.known = frame.known, {}
    plain = say(Speech(run, frame), tree)
    frame.known = known
    own = place_of(run, tree)[2] if isinstance(tree, exp.Column) else ""
    return plain if own == name and not _is_outer(plain) else {"as": name, "expr": plain}


def _is_outer(plain: Any) -> bool:
    return isinstance(plain, dict) and "outer" in plain


def _whole_measures(run: Import, frame: Frame, groups: Groups, items: list[Item]) -> None:
    """Make a measure of each item that aggregates and is no window's or sub-query's concern."""
    for item in items:
        tree = item.tree
        if tree in groups.keys or tree in groups.measures:
            continue
        if not holds_aggregate(tree) and not (run.sqlite and holds_bare(run, frame, tree)):
            continue
        if any(isinstance(part, (exp.Window, *SUBQUERIES)) for part in within(tree)):
            continue
        _measure(run, frame, groups, tree, item.name)


def _measure(run: Import, frame: Frame, groups: Groups, tree: exp.Expr, name: str) -> None:
    groups.measures[tree] = name
    groups.said[name] = say(Speech(run, frame, Place.MEASURE), of_some_row(run, frame, tree, groups.extreme))


def _measure_parts(run: Import, frame: Frame, groups: Groups, node: exp.Expr) -> None:
    """Make measures of the aggregates in an expression that is no measure as a whole."""
    if node in groups.keys or node in groups.measures:
        return
    under = isinstance(node, exp.Window)
    if is_aggregate(node) or (run.sqlite and isinstance(node, exp.Column)):
        if not isinstance(node, exp.Column) or place_of(run, node)[0] is frame:
            _measure(run, frame, groups, node, groups.name(slug(_spoken(run, node))))
        return
    inner = node.this.this if under and isinstance(node.this, exp.Filter | exp.IgnoreNulls) else node.this
    parts = [*own_parts(inner), *(p for p in own_parts(node) if p is not node.this)] if under else own_parts(node)
    if under and isinstance(node.this, exp.Filter):
        parts.append(node.this.expression)
    for part in parts:
        _measure_parts(run, frame, groups, part)


def _spoken(run: Import, node: exp.Expr) -> str:
    plain = node.transform(lambda one: exp.column(place_of(run, one)[2]) if _is_settled(one) else one)
    return plain.sql(dialect="duckdb", comments=False).replace(MARK, "").lower()


def _is_settled(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and is_settled(node)  # those of a sub-query are not, before it is read
