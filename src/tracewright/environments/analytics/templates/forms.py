"""The forms of questions: each joins parts into a meaning, in every way that makes sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from tracewright.environments.analytics.questions.lowering import reachable
from tracewright.environments.analytics.questions.meaning import Expression, Group, Meaning, Measure, Rank, columns_in
from tracewright.environments.analytics.templates.parts import FilterPart, GroupPart, MeasurePart, SetParts, Window
from tracewright.tables.schema import TableSet

GRAINS: Mapping[str, tuple[str, ...]] = {
    "ecommerce": ("month", "week"),
    "support": ("month", "week", "day"),
    "sensors": ("day",),
}
TOPS = (3, 5, 10)
EASY, MEDIUM = {"total", "each"}, {"series", "top", "bottom", "share"}
"""Forms by how hard they are; all others are hard."""


@dataclass(frozen=True)
class Shape:
    """A form with its parts filled in, but for which rows count: `slots` are words, `combination` names the parts."""

    form: str
    meaning: Meaning
    slots: Mapping[str, str]
    combination: str
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Which rows count: those of a filter, of a time, of both, or all."""

    filter: FilterPart | None = None
    window: Window | None = None


@dataclass(frozen=True)
class Asked:
    """A question whole but for its wording."""

    shape: Shape
    selection: Selection
    meaning: Meaning
    combination: str

    @property
    def tier(self) -> str:
        """Return how hard it is: a filter makes an easy form medium, two make any hard."""
        narrowed = [self.selection.filter, self.selection.window]
        if None not in narrowed or self.shape.form not in EASY | MEDIUM:
            return "hard"
        return "easy" if narrowed == [None, None] and self.shape.form in EASY else "medium"


def shapes(tables: TableSet, parts: SetParts) -> Iterator[Shape]:
    """Yield every way to join the parts of a set, but for which rows count, in a fixed order."""
    for measure in parts.measure:
        groups = [group for group in parts.group if _fits(group, measure, tables)]
        yield from _plain(measure, groups, parts)
        yield from _timed(measure, groups, tables, parts)
        yield from _ranked(measure, groups)
        yield from _derived(measure, groups, parts)
    for share in parts.share:
        yield from _shares(share, [group for group in parts.group if _fits(group, share, tables)], parts)


def _fits(group: GroupPart, part: MeasurePart | FilterPart, tables: TableSet) -> bool:
    table = group.expr.split(".")[0]
    if isinstance(part, MeasurePart) and group.expr in columns_in(part.of):
        return False  # what tells rows apart is the same in all rows of a group
    return group.only in ("", part.base) and reachable(part.base, {table}, tables.relationships)


def _shape(form: str, measure: MeasurePart, meaning: Meaning, by: str = "-", order: str = "", **slots: str) -> Shape:
    slots = {"measure": measure.words, "Measure": measure.words[:1].upper() + measure.words[1:], **slots}
    noun = measure.words.removeprefix("the ")
    slots |= {"noun": noun, "a_noun": f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"}
    ordered = (order,) if order else ()
    return Shape(form, meaning, slots, f"{form}/{measure.base}.{measure.name}/{by}", ordered)


def _of(measure: MeasurePart, *groups: Group) -> Meaning:
    return Meaning(base=measure.base, groups=groups, measures=(measure.measure(),))


def _plain(measure: MeasurePart, groups: list[GroupPart], parts: SetParts) -> Iterator[Shape]:
    yield _shape("total", measure, _of(measure))
    few = [group for group in groups if not group.many]
    for group in few:
        yield _shape("each", measure, _of(measure, group.group()), group.name, group=group.words)
    for one, other in permutations(few, 2):
        if _overlap(one.expr, other.expr, parts):
            continue
        by = f"{one.name}+{other.name}"
        meaning = _of(measure, one.group(), other.group())
        yield _shape("pair", measure, meaning, by, group=one.words, other=other.words)


def _timed(measure: MeasurePart, groups: list[GroupPart], tables: TableSet, parts: SetParts) -> Iterator[Shape]:
    clock = parts.clocks.get(measure.base)
    for grain in GRAINS[tables.id.split("-x")[0]] if clock else ():
        period = Group(name=grain, expr={"bucket": [clock, grain]}, grain=grain)
        series = _of(measure, period)
        yield _shape("series", measure, series, grain, grain=grain)
        yield _shape("change", measure, series.model_copy(update={"follow": "change"}), grain, grain=grain)
        if measure.additive:
            yield _shape("running", measure, series.model_copy(update={"follow": "running"}), grain, grain=grain)
        for group in groups:
            if not group.many and grain == "month":
                meaning = _of(measure, period, group.group())
                yield _shape("spread", measure, meaning, f"{grain}+{group.name}", grain=grain, group=group.words)


def _ranked(measure: MeasurePart, groups: list[GroupPart]) -> Iterator[Shape]:
    for group in groups:
        named = {"group": group.words, "groups": group.plural}
        for rows in TOPS if group.many else TOPS[:1]:
            for form in ("top", "bottom"):
                rank = Rank(rows=rows, descending=form == "top")
                meaning = _of(measure, group.group()).model_copy(update={"rank": rank})
                yield _shape(form, measure, meaning, group.name, measure.name, n=str(rows), **named)
        for value in measure.above:
            having: Expression = {"gt": [measure.name, int(value) if value == int(value) else value]}
            meaning = _of(measure, group.group()).model_copy(update={"having": (having,)})
            yield _shape("above", measure, meaning, group.name, value=f"{value:g}", **named)


def _derived(measure: MeasurePart, groups: list[GroupPart], parts: SetParts) -> Iterator[Shape]:
    few = [group for group in groups if not group.many]
    for group in few if measure.additive else ():
        meaning = _of(measure, group.group()).model_copy(update={"follow": "share"})
        yield _shape("portion", measure, meaning, group.name, group=group.words, groups=group.plural)
    for one, other in permutations(groups, 2):
        if one in few and not _overlap(one.expr, other.expr, parts):
            rank = Rank(rows=1, per=(one.name,))
            meaning = _of(measure, one.group(), other.group()).model_copy(update={"rank": rank})
            yield _shape("leader", measure, meaning, f"{one.name}+{other.name}", group=one.words, other=other.words)
    for per in parts.per if measure.additive else ():
        if per.base == measure.base:
            inner = (Group(name=per.name, expr=per.expr),)
            meaning = _of(measure).model_copy(update={"inner": inner, "outer": "avg"})
            yield _shape("average", measure, meaning, per.name, per=per.words)


def _shares(share: FilterPart, groups: list[GroupPart], parts: SetParts) -> Iterator[Shape]:
    number = MeasurePart(base=share.base, name=share.name, words="", kind="share")
    measures = (Measure(name="share", kind="share", where=share.holds),)
    slots = {"things": parts.things[share.base], "holds": share.words}
    plain = Meaning(base=share.base, measures=measures)
    yield _shape("share", number, plain, **slots)
    for group in groups:
        if not group.many and not _overlap(group.expr, share.holds, parts):
            meaning = plain.model_copy(update={"groups": (group.group(),)})
            yield _shape("shares", number, meaning, group.name, group=group.words, **slots)


def selections(shape: Shape, parts: SetParts) -> Iterator[Sequence[Selection]]:
    """Yield what may be said of which rows count, kind by kind: nothing, a filter, a time, both."""
    meaning = shape.meaning
    kept = [part for part in parts.filter if part.base == meaning.base and _sensible(part, meaning, parts)]
    times = meaning.base in parts.clocks and not any(group.grain for group in meaning.groups)
    seen = parts.windows if times else ()
    plain = [[Selection()], [Selection(part) for part in kept], [Selection(None, window) for window in seen]]
    both = [Selection(part, window) for part in kept for window in seen]
    for found in (*plain, both):
        yield [selection for selection in found if not _needs_own(meaning, selection, parts)]


def asked(shape: Shape, selection: Selection, tables: TableSet, parts: SetParts) -> Asked:
    """Return the question that asks for a shape over a selection of rows."""
    part, window, clock = selection.filter, selection.window, parts.clocks.get(shape.meaning.base)
    filters: list[Expression] = [part.holds] if part else []
    if window and clock:
        table, column = clock.split(".")
        kind = next(c.type for c in tables.table(table).columns if c.name == column).lower()
        first, after = ({"lit": day, "as": kind} for day in window[1:])
        filters += [{"gte": [clock, first]}, {"lt": [clock, after]}]
    meaning = shape.meaning.model_copy(update={"filters": tuple(filters)})
    return Asked(shape, selection, meaning, f"{tables.id}/{shape.combination}/{part.name if part else '-'}")


def _sensible(part: FilterPart, meaning: Meaning, parts: SetParts) -> bool:
    """Say whether a filter leaves something to tell apart: not one by the group or the share that is asked for."""
    told = [group.expr for group in meaning.groups] + [measure.where for measure in meaning.measures]
    return not any(_overlap(expression, part.holds, parts) for expression in told)


def _overlap(one: Expression, other: Expression, parts: SetParts) -> bool:
    """Say whether two expressions look at the same: at one column, or at columns of which one follows from another."""
    ours, theirs = set(columns_in(one)), set(columns_in(other))
    return bool(ours & theirs) or any(ours & {*tied} and theirs & {*tied} for tied in parts.tied)


def _needs_own(meaning: Meaning, selection: Selection, parts: SetParts) -> bool:
    """Say whether a measure that other tables have too is asked for without a word of its own table."""
    measure = meaning.measures[0]
    if not any(part.own and (part.base, part.name) == (meaning.base, measure.name) for part in parts.measure):
        return False
    told = [group.expr for group in meaning.groups] + ([selection.filter.holds] if selection.filter else [])
    columns = {column for expression in told for column in columns_in(expression)}
    return all(column.split(".")[0] != meaning.base for column in columns)


def without_order(plan: Mapping[str, Expression]) -> dict[str, Expression]:
    """Return a plan without the sort at its end, where nobody asked for one."""
    steps = list(plan["steps"])
    return {**plan, "steps": steps[:-1] if steps and "sort" in steps[-1] else steps}


def one_more(meaning: Meaning) -> Meaning:
    """Return a ranked meaning with one row more, which tells whether the last place is shared."""
    rank = meaning.rank
    return meaning.model_copy(update={"rank": rank.model_copy(update={"rows": rank.rows + 1})}) if rank else meaning
