"""Questions put together of parts, each with the plan that answers it: measure x group x filter x time x form.

The words were written without a look into the reader's, and the plans are put together here without its lowering.
A combination is held out when its hash says so; nobody may tune the reader on those.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """A number: ways to say it, the table it is had from, and its aggregate."""

    says: tuple[str, ...]
    base: str
    expr: Any


@dataclass(frozen=True)
class Group:
    """What rows are told apart by: said in the singular, its expression, and what only sorts it."""

    says: tuple[str, ...]
    bases: tuple[str, ...]
    name: str
    expr: Any


@dataclass(frozen=True)
class Filter:
    """What is kept: words that stand behind the measure, and the condition; `where` are the tables it can be told of."""

    says: tuple[str, ...]
    bases: tuple[str, ...]
    holds: Any


@dataclass(frozen=True)
class Share:
    """A share of rows: "what share of {all} {is}", the condition and the table."""

    whole: str
    says: tuple[str, ...]
    base: str
    where: Any
    among: Any = None


@dataclass(frozen=True)
class World:
    """The parts of one set of tables; `links` join a child to a parent."""

    data: str
    measures: tuple[Measure, ...]
    groups: tuple[Group, ...]
    filters: tuple[Filter, ...]
    spans: tuple[Filter, ...]
    shares: tuple[Share, ...]
    links: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True)
class Made:
    """A question with its gold plan; `optional` columns of the answer may be left out."""

    data: str
    question: str
    plan: Any
    optional: tuple[str, ...]
    held_out: bool


def lit(value: str, kind: str = "") -> Any:
    return {"lit": value, "as": kind} if kind else {"lit": value}


def since(column: str, day: str, kind: str = "date") -> Any:
    return {"gte": [column, lit(day, kind)]}


def within(column: str, first: str, end: str, kind: str = "date") -> Any:
    return {"and": [{"gte": [column, lit(first, kind)]}, {"lt": [column, lit(end, kind)]}]}


ITEM_REVENUE = {
    "sum": {"mul": ["order_items.price", "order_items.quantity", {"sub": [1, {"div": ["order_items.discount", 100]}]}]}
}
DAY = "orders.order_date"
BOTH = ("orders", "order_items")
SHOP = World(
    data="ecommerce",
    measures=(
        Measure(("number of orders", "order count", "how many orders we had"), "orders", {"count": "*"}),
        Measure(("total revenue", "revenue", "total sales"), "orders", {"sum": "orders.total"}),
        Measure(("average order value", "mean order total"), "orders", {"avg": "orders.total"}),
        Measure(("median order total", "median order value"), "orders", {"median": "orders.total"}),
        Measure(("number of distinct customers", "number of different customers"), "orders", {"count_distinct": "orders.customer_id"}),
        Measure(("largest order total", "highest order total"), "orders", {"max": "orders.total"}),
        Measure(("number of units sold", "total quantity sold", "units sold"), "order_items", {"sum": "order_items.quantity"}),
        Measure(("average item price", "average unit price", "mean price"), "order_items", {"avg": "order_items.price"}),
        Measure(("average discount", "mean discount"), "order_items", {"avg": "order_items.discount"}),
        Measure(("number of order items", "number of items sold"), "order_items", {"count": "*"}),
        Measure(("number of products",), "inventory", {"count": "*"}),
        Measure(("total stock", "stock on hand"), "inventory", {"sum": "inventory.stock"}),
        Measure(("average stock", "mean stock level"), "inventory", {"avg": "inventory.stock"}),
    ),
    groups=(
        Group(("status", "order status"), ("orders",), "status", "orders.status"),
        Group(("month",), BOTH, "month", {"bucket": [DAY, "month"]}),
        Group(("week",), BOTH, "week", {"bucket": [DAY, "week"]}),
        Group(("day of the week", "weekday"), ("orders",), "weekday", {"call": "dayname", "args": [DAY]}),
        Group(("customer",), ("orders",), "customer_id", "orders.customer_id"),
        Group(("category", "product category"), ("order_items",), "category", "order_items.category"),
        Group(("category", "product category"), ("inventory",), "category", "inventory.category"),
        Group(("discount",), ("order_items",), "discount", "order_items.discount"),
    ),
    filters=(
        Filter(("for completed orders", "of completed orders only"), BOTH, {"eq": ["orders.status", lit("completed")]}),
        Filter(("for returned orders", "of orders that were returned"), BOTH, {"eq": ["orders.status", lit("returned")]}),
        Filter(("for orders that were not cancelled", "excluding cancelled orders"), BOTH, {"ne": ["orders.status", lit("cancelled")]}),
        Filter(("for orders above 500", "of orders worth more than 500"), ("orders",), {"gt": ["orders.total", 500]}),
        Filter(("in the Toys category", "for Toys"), ("order_items",), {"eq": ["order_items.category", lit("Toys")]}),
        Filter(("for Books and Home", "in the categories Books or Home"), ("order_items",), {"in": ["order_items.category", lit(["Books", "Home"])]}),
        Filter(("with a discount of at least 20 percent", "with at least 20% discount"), ("order_items",), {"gte": ["order_items.discount", 20]}),
        Filter(("in Clothing", "for clothing products"), ("inventory",), {"eq": ["inventory.category", lit("Clothing")]}),
        Filter(("that are out of stock", "with no stock"), ("inventory-count",), {"eq": ["inventory.stock", 0]}),
    ),
    spans=(
        Filter(("in January 2026", "during January 2026"), BOTH, within(DAY, "2026-01-01", "2026-02-01")),
        Filter(("in the last 30 days", "over the past 30 days"), BOTH, within(DAY, "2026-01-02", "2026-02-01")),
        Filter(("since November 2025", "since 1 November 2025"), BOTH, since(DAY, "2025-11-01")),
        Filter(("in Q4 2025", "in the fourth quarter of 2025"), BOTH, within(DAY, "2025-10-01", "2026-01-01")),
        Filter(("before October 2025",), BOTH, {"lt": [DAY, lit("2025-10-01", "date")]}),
        Filter(("on weekends", "at the weekend"), BOTH, {"in": [{"part": [DAY, "isodow"]}, lit([6, 7])]}),
    ),
    shares=(
        Share("orders", ("were returned", "came back"), "orders", {"eq": ["orders.status", lit("returned")]}),
        Share("orders", ("were cancelled",), "orders", {"eq": ["orders.status", lit("cancelled")]}),
        Share("products", ("are out of stock",), "inventory", {"eq": ["inventory.stock", 0]}),
        Share("order items", ("were discounted", "had a discount"), "order_items", {"gt": ["order_items.discount", 0]}),
    ),
    links=(("order_items", "order_id", "orders", "order_id"), ("order_items", "product_id", "inventory", "product_id")),
)  # fmt: skip

OPENED = "tickets.created_at"
TICKETS = ("tickets",)
HELP = World(
    data="support",
    measures=(
        Measure(("number of tickets", "ticket count", "how many tickets there were"), "tickets", {"count": "*"}),
        Measure(("average resolution time", "mean resolution time in hours", "average time to resolution"), "tickets", {"avg": "tickets.resolution_time_hours"}),
        Measure(("median resolution time",), "tickets", {"median": "tickets.resolution_time_hours"}),
        Measure(("90th percentile of the resolution time", "p90 resolution time"), "tickets", {"agg": "quantile_cont", "args": ["tickets.resolution_time_hours", 0.9]}),
        Measure(("average CSAT", "average CSAT score", "mean satisfaction score"), "tickets", {"avg": "tickets.csat_score"}),
        Measure(("longest resolution time", "maximum resolution time"), "tickets", {"max": "tickets.resolution_time_hours"}),
        Measure(("number of different agents",), "tickets", {"count_distinct": "tickets.agent_id"}),
    ),
    groups=(
        Group(("category", "ticket category"), TICKETS, "category", "tickets.category"),
        Group(("priority", "priority level"), TICKETS, "priority", "tickets.priority"),
        Group(("channel",), TICKETS, "channel", "tickets.channel"),
        Group(("agent",), TICKETS, "agent_id", "tickets.agent_id"),
        Group(("status",), TICKETS, "status", "tickets.status"),
        Group(("month",), TICKETS, "month", {"bucket": [OPENED, "month"]}),
        Group(("week",), TICKETS, "week", {"bucket": [OPENED, "week"]}),
        Group(("day",), TICKETS, "day", {"bucket": [OPENED, "day"]}),
        Group(("hour of the day",), TICKETS, "hour", {"part": [OPENED, "hour"]}),
        Group(("weekday", "day of the week"), TICKETS, "weekday", {"call": "dayname", "args": [OPENED]}),
    ),
    filters=(
        Filter(("for billing tickets", "in the Billing category"), TICKETS, {"eq": ["tickets.category", lit("Billing")]}),
        Filter(("for high and critical priority", "for tickets with High or Critical priority"), TICKETS, {"in": ["tickets.priority", lit(["High", "Critical"])]}),
        Filter(("via email", "for tickets that came in by email"), TICKETS, {"eq": ["tickets.channel", lit("Email")]}),
        Filter(("for resolved tickets", "of tickets that were resolved"), TICKETS, {"eq": ["tickets.status", lit("Resolved")]}),
        Filter(("for tickets that missed their SLA", "of tickets that breached the SLA"), TICKETS, {"and": [{"not": "tickets.sla_met"}, {"ne": ["tickets.status", lit("Open")]}]}),
        Filter(("for tickets that met their SLA", "within SLA"), TICKETS, "tickets.sla_met"),
        Filter(("for agent 105", "handled by agent 105"), TICKETS, {"eq": ["tickets.agent_id", 105]}),
        Filter(("that took more than 48 hours", "with a resolution time above 48 hours"), TICKETS, {"gt": ["tickets.resolution_time_hours", 48]}),
        Filter(("excluding the phone channel", "without phone tickets"), TICKETS, {"ne": ["tickets.channel", lit("Phone")]}),
    ),
    spans=(
        Filter(("in December 2025", "during December 2025"), TICKETS, within(OPENED, "2025-12-01", "2025-12-31") and within(OPENED, "2025-12-01T00:00:00", "2026-01-01T00:00:00", "timestamp")),
        Filter(("since the start of 2026", "since January 2026"), TICKETS, since(OPENED, "2026-01-01T00:00:00", "timestamp")),
        Filter(("before December 2025",), TICKETS, {"lt": [OPENED, lit("2025-12-01T00:00:00", "timestamp")]}),
        Filter(("between 2025-12-01 and 2025-12-15", "from 2025-12-01 to 2025-12-15"), TICKETS, within(OPENED, "2025-12-01T00:00:00", "2025-12-16T00:00:00", "timestamp")),
        Filter(("on Mondays",), TICKETS, {"eq": [{"part": [OPENED, "isodow"]}, 1]}),
    ),
    shares=(
        Share("tickets", ("are open", "are still open"), "tickets", {"eq": ["tickets.status", lit("Open")]}),
        Share("tickets", ("are critical", "have critical priority"), "tickets", {"eq": ["tickets.priority", lit("Critical")]}),
        Share("resolved tickets", ("met the SLA",), "tickets", "tickets.sla_met", {"eq": ["tickets.status", lit("Resolved")]}),
        Share("tickets", ("came in by phone",), "tickets", {"eq": ["tickets.channel", lit("Phone")]}),
    ),
)  # fmt: skip

AT = "readings.timestamp"
READ = ("readings",)
SITE = World(
    data="sensors",
    measures=(
        Measure(("number of readings", "reading count"), "readings", {"count": "*"}),
        Measure(("average temperature", "mean temperature"), "readings", {"avg": "readings.temperature_c"}),
        Measure(("highest temperature", "maximum temperature"), "readings", {"max": "readings.temperature_c"}),
        Measure(("average humidity",), "readings", {"avg": "readings.humidity_pct"}),
        Measure(("lowest humidity", "minimum humidity"), "readings", {"min": "readings.humidity_pct"}),
        Measure(("average pressure", "mean air pressure"), "readings", {"avg": "readings.pressure_hpa"}),
        Measure(("median vibration", "median vibration level"), "readings", {"median": "readings.vibration_mm_s"}),
        Measure(("99th percentile of vibration",), "readings", {"agg": "quantile_cont", "args": ["readings.vibration_mm_s", 0.99]}),
        Measure(("standard deviation of the temperature",), "readings", {"agg": "stddev_samp", "args": ["readings.temperature_c"]}),
        Measure(("number of sensors", "number of distinct sensors"), "readings", {"count_distinct": "readings.sensor_id"}),
        Measure(("lowest battery level",), "readings", {"min": "readings.battery_pct"}),
    ),
    groups=(
        Group(("location",), READ, "location", "readings.location"),
        Group(("zone",), READ, "zone", "readings.zone"),
        Group(("sensor",), READ, "sensor_id", "readings.sensor_id"),
        Group(("status",), READ, "status", "readings.status"),
        Group(("hour of the day",), READ, "hour", {"part": [AT, "hour"]}),
        Group(("day",), READ, "day", {"bucket": [AT, "day"]}),
        Group(("week",), READ, "week", {"bucket": [AT, "week"]}),
    ),
    filters=(
        Filter(("in Warehouse-A", "at location Warehouse-A"), READ, {"eq": ["readings.location", lit("Warehouse-A")]}),
        Filter(("in the North zone", "in zone North"), READ, {"eq": ["readings.zone", lit("North")]}),
        Filter(("of online sensors", "for online readings"), READ, {"eq": ["readings.status", lit("online")]}),
        Filter(("for outdoor sensors", "outdoors"), READ, {"starts_with": ["readings.location", lit("Outdoor")]}),
        Filter(("for anomalous readings", "of readings flagged as anomalies"), READ, "readings.anomaly_flag"),
        Filter(("where the temperature is above 30 degrees", "with a temperature above 30"), READ, {"gt": ["readings.temperature_c", 30]}),
        Filter(("with humidity between 40 and 60 percent",), READ, {"between": ["readings.humidity_pct", 40, 60]}),
        Filter(("of sensor SEN-007", "for sensor SEN-007"), READ, {"eq": ["readings.sensor_id", lit("SEN-007")]}),
    ),
    spans=(
        Filter(("in the last 24 hours", "during the past 24 hours"), READ, within(AT, "2026-01-31T00:00:00", "2026-02-01T00:00:00", "timestamp")),
        Filter(("in the last 7 days", "over the last seven days"), READ, within(AT, "2026-01-25T00:00:00", "2026-02-01T00:00:00", "timestamp")),
        Filter(("on 31 January 2026", "on January 31, 2026"), READ, within(AT, "2026-01-31T00:00:00", "2026-02-01T00:00:00", "timestamp")),
        Filter(("since 2026-01-30",), READ, since(AT, "2026-01-30T00:00:00", "timestamp")),
    ),
    shares=(
        Share("readings", ("are anomalous", "were flagged as anomalous"), "readings", "readings.anomaly_flag"),
        Share("readings", ("are offline", "were offline"), "readings", {"eq": ["readings.status", lit("offline")]}),
        Share("online readings", ("are anomalies",), "readings", "readings.anomaly_flag", {"eq": ["readings.status", lit("online")]}),
    ),
)  # fmt: skip

WORLDS = (SHOP, HELP, SITE)

GROUPED = (
    "What is the {m} by {g}{f}{t}?",
    "Show the {m} for each {g}{f}{t}.",
    "{m} per {g}{f}{t}",
    "For every {g}, what is the {m}{f}{t}?",
    "Give me the {m}{f}{t}, broken down by {g}",
)
PLAIN = ("What is the {m}{f}{t}?", "What was the {m}{f}{t}?", "Tell me the {m}{f}{t}", "{m}{f}{t}")
MOST = ("Which {g} has the highest {m}{f}{t}?", "Which {g} had the highest {m}{f}{t}?")
LEAST = ("Which {g} has the lowest {m}{f}{t}?",)
TOP = ("Top 3 {gs} by {m}{f}{t}", "List the three {gs} with the highest {m}{f}{t}")
TWICE = ("Show the {m} by {g} and {h}{f}{t}", "{m} for each {g} and {h}{f}{t}")
SHARED = ("What share of {whole} {is} by {g}{t}?", "What percentage of {whole} {is} in each {g}{t}?")
SHARE = ("What share of {whole} {is}{t}?", "What percentage of {whole} {is}{t}?")
CHANGE = ("How did the {m} change from month to month?", "{m} per month and the change against the previous month")


def questions(seed: int = 7, count: int = 900) -> list[Made]:
    """Return distinct questions in one order; the same seed gives the same."""
    found: dict[str, Made] = {}
    chance = random.Random(seed)  # noqa: S311  # no secret hangs on it
    while len(found) < count:
        made = _drawn(chance.choice(WORLDS), chance)
        if made:
            found.setdefault(made.data + made.question, made)
    return list(found.values())


def _drawn(world: World, chance: random.Random) -> Made | None:
    form = chance.choices(("group", "plain", "most", "top", "two", "share", "shares", "change"), (8, 5, 4, 3, 3, 2, 2, 1))[0]
    if form in ("share", "shares"):
        return _shared(world, chance, form == "shares")
    measure = chance.choice(world.measures)
    if " we " in measure.says[0]:
        return None
    groups = [group for group in world.groups if measure.base in group.bases]
    kept = [each for each in world.filters if measure.base in each.bases]
    spans = [each for each in world.spans if measure.base in each.bases]
    filters = chance.sample(kept, min(len(kept), chance.choices((0, 1, 2), (4, 5, 1))[0])) if form != "change" else []
    span = chance.choice(spans) if spans and form != "change" and chance.random() < 0.3 else None
    if len(groups) < 2 or _clash(filters, groups):
        return None
    picked = chance.sample(groups, 2)
    words = _words(measure, picked, filters, span, form, chance)
    if words is None:
        return None
    wanted = {"plain": [], "two": picked, "change": []}.get(form, picked[:1])
    conditions = [each.holds for each in (*filters, *([span] if span else []))]
    plan, optional = _plan(world, measure, wanted, conditions, form, words)
    # The parts decide, not the words: a combination is held out in all its wordings.
    parts = (world.data, measure.says, [g.name for g in wanted], [each.says for each in filters], span and span.says, form)
    return Made(world.data, words, plan, optional, _held_out(parts))


def _held_out(parts: Any) -> bool:
    return hashlib.sha256(repr(parts).encode()).digest()[0] % 2 == 0


def _clash(filters: Sequence[Filter], groups: Sequence[Group]) -> bool:
    """Two conditions on one column would be empty, or mean "or" to a reader."""
    columns = [str(_column(each.holds)) for each in filters]
    return len(set(columns)) < len(columns)


def _column(holds: Any) -> Any:
    match holds:
        case str():
            return holds
        case {"and": [first, *_]}:
            return _column(first)
        case {"not": first}:
            return first
        case dict():
            return next(iter(holds.values()))[0]
    return None


def _words(
    measure: Measure, groups: Sequence[Group], filters: Sequence[Filter], span: Filter | None, form: str, chance: random.Random
) -> str | None:
    said = chance.choice(measure.says)
    if form in ("most", "top") and said.startswith(("highest", "lowest", "largest", "longest", "maximum", "minimum")):
        return None
    if form == "change" and measure.base not in ("orders", "tickets"):
        return None
    forms = {"group": GROUPED, "plain": PLAIN, "most": MOST, "top": TOP, "two": TWICE, "change": CHANGE}[form]
    text = chance.choice(forms)
    first, second = chance.choice(groups[0].says), chance.choice(groups[1].says)
    behind = "".join(f" {chance.choice(each.says)}" for each in filters)
    time = f" {chance.choice(span.says)}" if span else ""
    whole = text.format(m=said, g=first, h=second, gs=_plural(first), f=behind, t=time)
    return whole[0].upper() + whole[1:]


def _plural(word: str) -> str:
    if " of the " in word:
        head, tail = word.split(" of the ")
        return f"{head}s of the {tail}"
    if word.endswith("us"):
        return word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2] not in "aeiou" else word + "s"


def _shared(world: World, chance: random.Random, grouped: bool) -> Made | None:
    share = chance.choice(world.shares)
    groups = [group for group in world.groups if share.base in group.bases and group.expr != _column(share.where)]
    spans = [each for each in world.spans if share.base in each.bases]
    span = chance.choice(spans) if spans and chance.random() < 0.4 else None
    if not groups:
        return None
    group = chance.choice(groups)
    text = chance.choice(SHARED if grouped else SHARE)
    time = f" {chance.choice(span.says)}" if span else ""
    words = text.format(whole=share.whole, g=chance.choice(group.says), t=time, **{"is": chance.choice(share.says)})
    ratio = {"ratio": [{"count": "*", "where": share.where}, {"count": "*"}]}
    conditions = [each for each in (share.among, span and span.holds) if each is not None]
    measure = Measure((), share.base, ratio)
    plan, optional = _plan(world, measure, [group] if grouped else [], conditions, "group", words)
    parts = (world.data, share.says, share.whole, group.name if grouped else "", span and span.says)
    return Made(world.data, words, plan, optional, _held_out(parts))


def _plan(
    world: World, measure: Measure, groups: Sequence[Group], conditions: Sequence[Any], form: str, words: str
) -> tuple[Any, tuple[str, ...]]:
    used = str([measure.expr, [group.expr for group in groups], conditions])
    steps: list[Any] = []
    for child, key, parent, other in world.links:
        if measure.base == child and f"'{parent}." in used:
            steps.append({"join": {"to": parent, "on": {"eq": [f"{child}.{key}", f"{parent}.{other}"]}}})
    if conditions:
        steps.append({"filter": {"and": list(conditions)} if len(conditions) > 1 else conditions[0]})
    by = [{"as": group.name, "expr": group.expr} for group in groups]
    if form == "change":
        by = [{"as": "month", "expr": {"bucket": [DAY if measure.base == "orders" else OPENED, "month"]}}]
    steps.append({"aggregate": {"by": by, "measures": [{"as": "value", "expr": measure.expr}]}})
    optional: tuple[str, ...] = ()
    if form == "change":
        steps.append({"compare": {"of": ["value"], "by": "month", "grain": "month", "offset": 1, "outputs": ["prev", "delta", "pct"]}})
        optional = ("value", "value_prev", "value_pct")
    if form in ("most", "top"):
        order = {"desc": "value"} if "lowest" not in words.split(" has the ")[-1][:7] else "value"
        steps += [{"sort": [order, groups[0].name]}, {"limit": 1 if form == "most" else 3}]
        optional = ("value",)
    return {"plan": 1, "from": measure.base, "steps": steps}, optional


def of(data: str, held_out: bool, made: Sequence[Made]) -> Iterator[Made]:
    """Yield the questions of one set and one side."""
    return (each for each in made if each.data == data and each.held_out == held_out)
