"""Random plans over the small tables: all core steps, expressions, sub-plans and macros, each valid by construction.

Whatever a plan of these puts out hangs on no chance: orders are total where a step depends on them, and values of
equal rows are the same. What is in sight after each step is taken from the compiler; that it is right is a property of
its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.plans.drafts import Draft, Steps
from tests.plans.expressions import COMPARED, FAMILIES, NUMBERS, UNITS, Draw, Node
from tests.plans.small import TABLES
from tracewright.plans.scope import NEW_NAME

MOST_STEPS = 5


@st.composite
def plans(draw: Draw) -> dict[str, Any]:
    """Draw a valid plan, as JSON has it."""
    draft = Draft(draw, (CORE, MACROS))
    draft.begin()
    for _ in range(draft.say.number(1, MOST_STEPS)):
        draft.step()
    return draft.plan()


def derive(d: Draft) -> Steps:
    items = [d.named(d.say.of(d.say.pick(FAMILIES), 2)) for _ in range(d.say.number(1, 2))]
    old = [name for name in d.names if d.families[name] in FAMILIES and name not in d.key]
    if old and d.say.chance(4):
        return [{"derive": [{"as": d.say.pick(old), "expr": d.say.of("int", 2)}], "replace": True}]
    return [{"derive": items}]


def select(d: Draft) -> Steps:
    if d.say.chance(3):
        return [{"select": [{"all": "*", "except": [d.say.pick(d.names)]}, d.named(d.say.of("text", 1))]}]
    kept = d.draw(st.lists(st.sampled_from(d.names), min_size=1, max_size=4, unique=True))
    return [{"select": [*kept, d.named(d.say.of(d.say.pick(FAMILIES), 2))]}]


def aggregate(d: Draft) -> Steps:
    by: list[Node] = [name for name in d.names if d.families[name] in COMPARED][: d.say.number(0, 2)]
    if d.say.chance(2):
        by.append(d.named(d.say.of(d.say.pick(COMPARED), 1)))
    measures = [d.named(d.say.aggregate()) for _ in range(d.say.number(1, 3))]
    step: Node = {"by": by, "measures": measures}
    names = [item if isinstance(item, str) else item["as"] for item in by]
    if names and not any(isinstance(item, dict) for item in by) and d.say.chance(3):
        step["sets"] = d.say.pick([{"rollup": names}, {"cube": names}, [names, []]])
        measures.append(d.named({"grouping": names}))
    return [{"aggregate": step}]


def window(d: Draft) -> Steps:
    if d.say.chance(2):
        return [{"derive": [d.named(d.say.windowed(d.key))]}]
    order = [d.say.ordered(d.say.leaf(d.say.pick(COMPARED)))]
    measures = [d.named({"count": "*"}), d.named({"sum": d.say.leaf("int")})]
    return [{"window": {"partition": [d.say.leaf("text")], "order": order, "measures": measures}}]


def distinct(d: Draft) -> Steps:
    if not d.sortable() or d.say.chance(2):
        return [{"distinct": True}]
    return [{"distinct": {"on": [d.say.pick(d.names)], "order": d.total()}}]


def sort(d: Draft) -> Steps:
    if not d.sortable():
        return None
    ends = d.say.pick([3, {"rows": 4, "offset": 1}, {"param": "least"}])
    limit = [{"limit": ends}] if d.say.chance(2) else []
    after = [{"select": d.names[:2]}] if d.say.chance(4) else []
    return [{"sort": d.total()}, *limit, *after]


def combine(d: Draft) -> Steps:
    if not d.sortable() or d.depth or not all(map(NEW_NAME.match, d.names)):
        return None
    inner = d.inner()
    inner.source = {"table": d.say.pick(sorted(TABLES)), "as": d.fresh("u")}
    inner.look()
    columns = [{"as": name, "expr": inner.say.of(d.families[name], 1)} for name in d.names]
    body = {"from": inner.source, "steps": [{"select": columns}]}
    by = {"by": "name"} if d.say.chance(4) else {}
    return [{d.say.pick(["union", "intersect", "except"]): {"with": [body], "all": d.say.chance(2), **by}}]


def pivot(d: Draft) -> Steps:
    on = d.having("text", "bool")
    if not on or {"nord", "süd", "null", "true", "false"} & set(d.names):
        return None
    name = d.say.pick(on)
    values = ["nord", "süd", None] if d.families[name] == "text" else [True, False]
    by = [other for other in d.names if other != name and d.families[other] in COMPARED][:1]
    measures = [{"as": d.fresh("p"), "expr": {"count": "*"}}, {"as": d.fresh("p"), "expr": {"max": d.say.leaf("int")}}]
    step = {"on": name, "values": values, "by": by, "measures": measures[: d.say.number(1, 2)]}
    return [{"pivot": step}]


def unpivot(d: Draft) -> Steps:
    for family in ("int", "text", "dec", "float"):
        columns = d.having(family)[:2]
        if len(columns) == 2:
            step = {"columns": columns, "name": d.fresh("n"), "value": d.fresh("v"), "keep_nulls": d.say.chance(2)}
            return [{"unpivot": step}]
    return None


def join(d: Draft) -> Steps:
    if d.depth:
        return None
    alias, inner = d.fresh("j"), d.inner()
    inner.source = {"table": d.say.pick(sorted(TABLES)), "as": d.fresh("x")}
    inner.look()
    columns = [{"as": d.fresh("j"), "expr": name} for name in inner.names[: d.say.number(2, 4)]]
    target = {"plan": {"from": inner.source, "steps": [{"select": columns}]}, "as": alias}
    right = {f"{alias}.{c['as']}": inner.families[c["expr"]] for c in columns}
    pairs = [(name, other) for name in d.names for other, kind in right.items() if kind == d.families[name]]
    if not pairs:
        return [{"join": {"to": target, "how": "cross"}}]
    on: Node = {d.say.pick(["eq", "eq", "same"]): list(d.say.pick(pairs))}
    if d.say.chance(3):
        on = {"and": [on, d.say.of("bool", 1)]}
    how = d.say.pick(["inner", "left", "right", "full", "semi", "anti"])
    return [{"join": {"to": target, "how": how, "on": on}}]


def join_shops(d: Draft) -> Steps:
    if "shop" not in d.names or {"city", "opened", "rate"} & set(d.names) or d.families["shop"] != "text":
        return None
    how = d.say.pick(["inner", "left", "right", "full", "semi", "anti"])
    source = d.source if isinstance(d.source, str) else d.source.get("table")
    return None if source == "shops" else [{"join": {"to": "shops", "how": how, "using": ["shop"]}}]


def join_beside(d: Draft) -> Steps:
    """Join what reads the rows beside it: items of a list, a lateral plan, the latest event before."""
    alias = d.fresh("j")
    match d.say.number(1, 3):
        case 1:
            items = {
                "unnest": {"list": [d.say.of("int", 1), 5]},
                "as": alias,
                "column": d.fresh(),
                "position": d.fresh(),
            }
            return [{"join": {"to": items, "how": "cross", "lateral": True}}]
        case 2 if d.having("int"):
            met = {"eq": ["who", {"outer": d.say.pick(d.having("int"))}]}
            one = {"aggregate": {"measures": [d.named({"max": "score"})]}}
            body = {"from": "events", "steps": [{"filter": met}, one]}
            return [{"join": {"to": {"plan": body, "as": alias}, "how": "left", "lateral": True}}]
        case 3 if d.having("ts") and not d.depth:
            at, score = d.fresh(), d.fresh()
            last = {"by": [{"as": at, "expr": "at"}], "measures": [{"as": score, "expr": {"max": "score"}}]}
            body = {"from": "events", "steps": [{"filter": {"not_null": "at"}}, {"aggregate": last}]}
            on = {"gte": [d.say.pick(d.having("ts")), f"{alias}.{at}"]}
            how = d.say.pick(["asof", "asof_left"])
            return [{"join": {"to": {"plan": body, "as": alias}, "how": how, "on": on}}]
    return None


def let(d: Draft) -> Steps:
    """Close what is there into a let, and read that."""
    if d.depth:
        return None
    name = d.fresh("l")
    d.lets[name] = {"from": d.source, "steps": d.steps}
    d.source, d.steps = d.say.pick([name, {"let": name, "as": d.fresh("t")}]), []
    d.look()
    return [{"filter": d.say.of("bool", 1)}]


CORE: list[Callable[[Draft], Steps]] = [
    derive, select, aggregate, window, distinct, sort, combine, pivot, unpivot, join, join_shops, join_beside, let,
    lambda d: [{"filter": d.say.of("bool", 3)}],
]  # fmt: skip


def drop(d: Draft) -> Steps:
    return [{"drop": [d.say.pick(d.names)]}] if len(d.names) > 1 else None


def rename(d: Draft) -> Steps:
    return [{"rename": {d.say.pick(d.names): d.fresh()}}]


def nulls(d: Draft) -> Steps:
    name = d.say.pick(d.names)
    if d.families[name] not in FAMILIES or d.say.chance(2):
        return [{"nulls": {"drop": [name]}}]
    return [{"nulls": {"set": {name: d.say.literal(d.families[name])}}}]


def top(d: Draft) -> Steps:
    if not d.sortable():
        return None
    per = [d.say.pick(d.names)] if d.say.chance(2) else []
    match d.say.number(1, 3):
        case 1:
            order = [d.say.ordered(d.say.leaf(d.say.pick(COMPARED)))]
            return [{"top": {"n": 2, "per": per, "order": order, "ties": d.say.pick(["rank", "dense"])}}]
        case 2:
            return [{"top": {"n": 2, "per": per, "order": d.total(), "ties": "row"}}]
    if per and d.say.chance(2):
        return [{"dedupe": {"key": per, "order": d.total()}}]
    return [{d.say.pick(["first", "last"]): {"per": per, "order": d.total()}}]


def share(d: Draft) -> Steps:
    of = d.having("int", "dec")
    per = [d.say.pick(d.names)]
    return [{"share": {"of": d.say.pick(of), "per": per, "as": d.fresh()}}] if of else None


def by_period(d: Draft) -> Steps:
    """Aggregate to periods, then fill, compare, roll or sum up."""
    times = d.having("ts", "date")
    if not times or d.depth:
        return None
    grain, per = d.say.pick(["day", "week", "month"]), d.having("text", "bool")[: d.say.number(0, 1)]
    at, n = d.fresh("p"), d.fresh()
    bucket = {"as": at, "expr": {"bucket": [d.say.pick(times), grain]}}
    step = {"aggregate": {"by": [bucket, *per], "measures": [{"as": n, "expr": {"count": "*"}}]}}
    steps = [step, {"filter": {"not_null": at}}]
    match d.say.number(1, 4):
        case 1:
            steps = [*steps, {"filter": {"lt": [at, {"lit": "2024-06-01", "as": "timestamp"}]}}]
            carry = {"carry": [n]} if d.say.chance(2) else {"set": {n: 0}}
            return [*steps, {"fill": {"on": at, "grain": grain, "per": per, **carry}}]
        case 2:
            outputs = d.say.pick([["prev"], ["prev", "delta", "pct"]])
            return [*steps, {"compare": {"of": [n], "by": at, "grain": grain, "per": per, "outputs": outputs}}]
        case 3:
            last = d.say.pick([{"rows": 2}, {"last": [40, "day"]}, {"last": [1, "month"], "min_rows": 2}])
            measures = [d.named({d.say.pick(["sum", "avg", "max"]): n})]
            return [*steps, {"rolling": {"measures": measures, "by": at, "per": per, **last}}]
    reset = {"reset": "year"} if d.say.chance(2) else {}
    return [*steps, {"cumulative": {"measures": [d.named({"sum": n})], "by": at, "per": per, **reset}}]


def to_date(d: Draft) -> Steps:
    times = d.having("ts", "date")
    until = {"lit": "2024-03-15", "as": "timestamp"}
    return [{"to_date": {"time": d.say.pick(times), "grain": d.say.pick(UNITS), "until": until}}] if times else None


def percentile(d: Draft) -> Steps:
    of = d.having(*NUMBERS)
    per = [d.say.pick(d.having(*COMPARED))] if d.say.chance(2) and d.having(*COMPARED) else []
    step = {"of": d.say.pick(of or [0]), "at": [0.25, 0.999], "per": per, "kind": d.say.pick(["cont", "disc"])}
    return [{"percentile": step}] if of and not set(per) & {"p25", "p99_9"} else None


def histogram(d: Draft) -> Steps:
    of = d.having("int", "dec")
    size = d.say.pick([{"width": 5}, {"width": 2.5, "origin": 1}, {"bins": 4}])
    return [{"histogram": {"of": d.say.pick(of), **size}}] if of and not d.depth else None


def behaviour(d: Draft) -> Steps:
    """Go on from the events, whatever was there, with what is asked of them."""
    if d.depth:
        return None
    grain = d.say.pick(["day", "week", "month"])
    who = {"entity": "who", "time": "at"}
    conditions = [{"as": kind, "expr": {"eq": ["kind", {"lit": kind}]}} for kind in ("view", "cart", "buy")]
    asked = [
        {"cohort": {**who, "grain": grain}},
        {"retention": {**who, "grain": "month", "periods": 3}},
        {"funnel": {**who, "steps": conditions[: d.say.number(2, 3)], "anchor": d.say.pick(["first", "any"])}},
        {"funnel": {**who, "steps": conditions, "within": [20, "day"]}},
        {"visits": {**who, "gap": [30, "minute"]}},
        {"islands": {"per": ["who"], "by": {"bucket": ["at", "day"]}, "grain": "day"}},
    ]
    d.source, d.steps = "events", [{"filter": d.say.pick([{"not_null": "who"}, {"gte": ["score", 0]}])}]
    return [d.say.pick(asked)]


def islands(d: Draft) -> Steps:
    if not d.key or "streak" in d.names:
        return None
    same = [d.say.pick(d.names)]
    return [{"islands": {"order": d.key, "same": same}}]


def sample(d: Draft) -> Steps:
    size = d.say.pick([{"rows": 4}, {"fraction": 0.5}])
    return [{"sample": {**size, "by": d.names, "seed": 3}}] if d.sortable() else None


def outliers(d: Draft) -> Steps:
    of = d.having("int")
    method, keep = d.say.pick(["iqr", "zscore", "mad"]), d.say.pick(["flag", "only", "drop"])
    if not of or "outlier" in d.names:
        return None
    return [{"outliers": {"of": d.say.pick(of), "method": method, "k": 1, "keep": keep}}]


MACROS: list[Callable[[Draft], Steps]] = [
    drop, rename, nulls, top, share, by_period, to_date, percentile, histogram, behaviour, islands, sample, outliers,
]  # fmt: skip
