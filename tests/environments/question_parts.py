"""Questions put together of parts, each with the plan that answers it: measure x group x filter x time x form.

The words were written without a look into the reader's, and the plans are put together here without its lowering.
A combination is held out when its hash says so; nobody may tune the reader on those.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measure:
    """A number: ways to say it, the table it is had from, and its aggregate."""

    says: Sequence[str]
    base: str
    expr: Any


@dataclass(frozen=True)
class Group:
    """What rows are told apart by: said in the singular, its expression, and what only sorts it."""

    says: Sequence[str]
    bases: Sequence[str]
    name: str
    expr: Any


@dataclass(frozen=True)
class Filter:
    """What is kept: words that stand behind the measure, the tables that it can be told of, and the condition."""

    says: Sequence[str]
    bases: Sequence[str]
    holds: Any


@dataclass(frozen=True)
class Share:
    """A share of rows: "what share of {all} {is}", the condition and the table."""

    whole: str
    says: Sequence[str]
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
    links: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Made:
    """A question with its gold plan; `optional` columns of the answer may be left out.

    With `keys_only` a thing is asked for by its key alone.
    """

    data: str
    question: str
    plan: Any
    optional: tuple[str, ...]
    held_out: bool
    keys_only: bool = False


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


def worlds() -> tuple[World, ...]:
    """Return the parts of every set, as they stand in the file beside this one."""
    told = json.loads((Path(__file__).parent / "analytics_parts.json").read_text(encoding="utf-8"))
    return tuple(map(_world, told))


def _world(told: Mapping[str, Any]) -> World:
    return World(
        data=told["data"],
        measures=tuple(Measure(**each) for each in told["measures"]),
        groups=tuple(Group(**each) for each in told["groups"]),
        filters=tuple(Filter(**each) for each in told["filters"]),
        spans=tuple(Filter(**each) for each in told["spans"]),
        shares=tuple(Share(**each) for each in told["shares"]),
        links=tuple(tuple(link) for link in told["links"]),
    )


def questions(seed: int = 7, count: int = 500) -> list[Made]:
    """Return distinct questions in one order; the same seed gives the same."""
    found: dict[str, Made] = {}
    known = worlds()
    chance = random.Random(seed)  # noqa: S311  # no secret hangs on it
    while len(found) < count:
        made = _drawn(chance.choice(known), chance)
        if made:
            found.setdefault(made.data + made.question, made)
    return list(found.values())


def _drawn(world: World, chance: random.Random) -> Made | None:
    form = chance.choices(
        ("group", "plain", "most", "top", "two", "share", "shares", "change"), (8, 5, 4, 3, 3, 2, 2, 1)
    )[0]
    if form in ("share", "shares"):
        return _shared(world, chance, form == "shares")
    measure = chance.choice(world.measures)
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
    parts = (
        world.data,
        tuple(measure.says),
        [g.name for g in wanted],
        [tuple(each.says) for each in filters],
        span and tuple(span.says),
        form,
    )
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
    measure: Measure,
    groups: Sequence[Group],
    filters: Sequence[Filter],
    span: Filter | None,
    form: str,
    chance: random.Random,
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
    parts = (world.data, tuple(share.says), share.whole, group.name if grouped else "", span and tuple(span.says))
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
        clock = next(group.expr for group in world.groups if group.name == "month")
        by = [{"as": "month", "expr": clock}]
    steps.append({"aggregate": {"by": by, "measures": [{"as": "value", "expr": measure.expr}]}})
    optional: tuple[str, ...] = ()
    if form == "change":
        steps.append(
            {
                "compare": {
                    "of": ["value"],
                    "by": "month",
                    "grain": "month",
                    "offset": 1,
                    "outputs": ["prev", "delta", "pct"],
                }
            }
        )
        optional = ("value", "value_prev", "value_pct")
    if form in ("most", "top"):
        order = "value" if " has the lowest " in words else {"desc": "value"}
        steps += [{"sort": [order, groups[0].name]}, {"limit": 1 if form == "most" else 3}]
        optional = ("value",)
    return {"plan": 1, "from": measure.base, "steps": steps}, optional
