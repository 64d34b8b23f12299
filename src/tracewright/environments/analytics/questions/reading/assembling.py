"""Puts the parts of a question together to meanings, one for each way to settle what is open in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracewright.environments.analytics.questions.lowering import UnreachableError
from tracewright.environments.analytics.questions.meaning import (
    Expression,
    Group,
    Latest,
    Meaning,
    Measure,
)
from tracewright.environments.analytics.questions.reading import keeping
from tracewright.environments.analytics.questions.reading.choices import (
    Choice,
    UnfitError,
    choices,
    clock,
    thing_at,
    within,
)
from tracewright.environments.analytics.questions.reading.dates import Span
from tracewright.environments.analytics.questions.reading.drafts import Draft
from tracewright.environments.analytics.questions.reading.items import Item
from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.measuring import (
    KINDS,
    bucket,
    counted,
    distinct_groups,
    groups_of,
    measured,
    quantity_at,
)
from tracewright.environments.analytics.questions.reading.parts import Asked, Compared, Parts
from tracewright.environments.analytics.questions.reading.ranking import count_something, ranking
from tracewright.environments.analytics.questions.reading.senses import Act, Quantity, Thing


def meanings(parts: Parts, lexicon: Lexicon, unfit: list[str]) -> Iterator[tuple[int, Meaning]]:
    """Yield meanings with their penalties, in no order; each way to settle what is open gives one at most.

    Where a way gives none, a sentence that says why is added to `unfit`.
    """
    for choice in choices(parts, lexicon):
        try:
            yield _assembled(parts, choice, lexicon)
        except (UnfitError, UnreachableError) as error:
            unfit.append(str(error))


def _assembled(parts: Parts, choice: Choice, lexicon: Lexicon) -> tuple[int, Meaning]:
    draft = Draft(choice.base, penalty=choice.penalty)
    _context(draft, parts, lexicon)
    _grouping(draft, parts, choice, lexicon)
    _measuring(draft, parts, choice, lexicon)
    _sharing(draft, parts, choice, lexicon)
    _keeping(draft, parts, choice, lexicon)
    _comparing(draft, parts, choice, lexicon)
    rank = ranking(draft, parts, choice, lexicon)
    _following(draft, parts, choice, lexicon)
    if not draft.measures and not draft.target:
        raise UnfitError("it is not said what to measure or to list")
    if draft.follow and (draft.outer or (draft.follow == "difference" and len(draft.measures) != 2)):
        raise UnfitError("more is asked of one number than a plan can do at once")
    known = {measure.name for measure in draft.measures}
    if any(operands[0] not in known for kept in draft.having for operands in kept.values()):
        raise UnfitError("a number is compared that is not measured")
    meaning = Meaning(
        base=draft.base,
        filters=tuple(_once(draft.filters)),
        groups=tuple(distinct_groups([*draft.groups, *draft.target])),
        measures=tuple(draft.measures),
        having=tuple(draft.having),
        inner=tuple(draft.inner),
        outer=draft.outer,
        latest=_latest(parts, choice, lexicon),
        rank=rank,
        follow=draft.follow,
    )
    return draft.penalty, meaning


def _once(expressions: Sequence[Expression]) -> list[Expression]:
    return [each for index, each in enumerate(expressions) if each not in expressions[:index]]


def _context(draft: Draft, parts: Parts, lexicon: Lexicon) -> None:
    """What is only spoken of must be within reach as well: products that were *ordered* are rows of orders."""
    for item in parts.context:
        things = [*item.of(Thing), *(act.thing for act in item.of(Act))]
        tables = {way.base for thing in things for way in thing.ways}
        if things and not any(within(f"{table}.x", draft.base, lexicon) for table in tables):
            raise UnfitError(f"{item.text} is out of reach of {draft.base}")
        first = {thing.ways[0].base for thing in things}
        if things and not any(within(f"{table}.x", draft.base, lexicon) for table in first):
            draft.penalty += 3
        told = [way.where for thing in item.of(Thing) for way in thing.ways if way.base == draft.base]
        # What is only spoken of keeps rows as well where it is no more than some of them: anomalies are readings.
        draft.filters += [where for where in told[:1] if where is not None]


def _grouping(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> None:
    for item in parts.groups:
        groups, kept = groups_of(item, choice, lexicon)
        draft.groups += groups
        draft.filters += kept
    if parts.target is not None:
        draft.target, kept = groups_of(parts.target, choice, lexicon)
        draft.filters += kept
    if choice.listed:
        draft.groups += _listed(parts, choice, lexicon)


def _listed(parts: Parts, choice: Choice, lexicon: Lexicon) -> Iterator[Group]:
    columns = [keeping.condition_at(kept.item, choice.base, lexicon).column for kept in parts.kept if not kept.negated]
    for column in sorted(set(columns) - {""}):
        if columns.count(column) > 1:
            yield Group(name=column.split(".")[1], expr=column)


def _measuring(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> None:
    for asked in parts.measures:
        found = next(measured(asked, choice, lexicon), None)
        if found is None:
            raise UnfitError(f"{asked.item.text} is not to be had from {choice.base}")
        draft.measures.append(found[0])
        draft.filters += found[1]
        draft.penalty += _detour(asked, choice)
        if choice.nested and (asked.kind.endswith(("_count", "_sum")) or asked.kind in {"avg", "median"}):
            _nest(draft, asked, parts, choice)
    names = [measure.name for measure in draft.measures]
    draft.measures = [measure for index, measure in enumerate(draft.measures) if measure.name not in names[:index]]


def _detour(asked: Asked, choice: Choice) -> int:
    """Count how far the way that was taken is from the first: revenue is read of orders before it is of items."""
    senses: list[Quantity | Thing] = [*asked.item.of(Quantity), *asked.item.of(Thing)]
    bases = [way.base for sense in senses for way in sense.ways]
    return bases.index(choice.base) if choice.base in bases else 0


def _nest(draft: Draft, asked: Asked, parts: Parts, choice: Choice) -> None:
    """Average what is reckoned for each of the first group: "the average number of orders per customer"."""
    if not parts.groups or not draft.groups:
        raise UnfitError("it is not said what to take the average over")
    per = next(
        (group for item, group in zip(parts.groups, draft.groups, strict=False) if "per" in item.lead), draft.groups[0]
    )
    draft.inner = [per]
    draft.groups = [group for group in draft.groups if group is not per]
    draft.outer = KINDS[asked.kind.split("_")[0]]
    if not asked.kind.endswith("_count"):
        first = draft.measures[-1]
        draft.measures[-1] = first.model_copy(update={"kind": "sum", "name": first.name.removeprefix(f"{first.kind}_")})


def _sharing(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> None:
    """Make a share of what is counted or summed: of the rows that a condition keeps, or of the whole."""
    if not parts.share or any(asked.kind == "rate" for asked in parts.measures):
        return
    if choice.numerator < 0:
        _share_of_all(draft, parts, choice)
        return
    kept = parts.kept[choice.numerator]
    found = keeping.condition_at(kept.item, choice.base, lexicon)
    holds = keeping.denial(found) if kept.negated else found.holds
    summed = next((measure for measure in draft.measures if measure.kind == "sum"), None)
    if summed is not None:
        draft.measures = [Measure(name="share", kind="portion", of=summed.of, where=holds)]
        return
    of, among = _subject(parts, choice, lexicon)
    draft.filters += among
    draft.measures = [Measure(name="share", kind="share", of=of, where=holds)]


def _share_of_all(draft: Draft, parts: Parts, choice: Choice) -> None:
    if not draft.measures:
        subject = next((item for item in parts.context if item.is_a(Thing)), None)
        if subject is None:
            raise UnfitError("it is not said what the share is of")
        found = next(counted(thing_at(subject, choice.base)[0], choice.base))
        draft.measures.append(found[0])
        draft.filters += found[1]
    if not (draft.groups or draft.target):
        raise UnfitError("it is not said which part the share is")
    draft.follow = "share"


def _subject(parts: Parts, choice: Choice, lexicon: Lexicon) -> tuple[Expression, list[Expression]]:
    """Return what a share counts: rows, or what tells things apart; and the rows that are such things at all."""
    asked = [each.item for each in parts.measures if each.item.is_a(Thing)]
    for item in (*asked, *parts.context):
        if item.is_a(Thing):
            _, way = thing_at(item, choice.base)
            return way.of, [] if way.where is None else [way.where]
    main = next((way for way in lexicon.main.ways if way.base == choice.base), None) if lexicon.main else None
    if main is None:
        raise UnfitError("it is not said what the share is of")
    return main.of, []


def _keeping(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> None:
    numerator = choice.numerator if parts.share and not any(asked.kind == "rate" for asked in parts.measures) else -1
    kept = [each for index, each in enumerate(parts.kept) if index != numerator]
    draft.filters += keeping.conditions(kept, choice, lexicon)
    spans = [item for item in parts.spans if item.is_a(Span)]
    if len(spans) == 2 and len(draft.measures) == 1:
        _against(draft, spans, choice, lexicon)
        spans = []
    elif len(spans) > 1:
        raise UnfitError("more spans of time than one are named")
    draft.filters += keeping.spans(
        [item for item in parts.spans if not item.is_a(Span) or item in spans], choice, lexicon
    )


def _against(draft: Draft, spans: Sequence[Item], choice: Choice, lexicon: Lexicon) -> None:
    """Measure in each of two spans, and take the difference: the first less the second, in the order of the words."""
    [measure] = draft.measures
    column = clock(choice.base, lexicon)
    draft.measures = []
    for number, item in enumerate(spans, start=1):
        held = keeping.during(column, item.senses[0], lexicon)
        where = held if measure.where is None else {"and": [measure.where, held]}
        if measure.kind in {"share", "portion"}:
            raise UnfitError("a share is asked for two spans of time at once")
        draft.measures.append(measure.model_copy(update={"name": f"{measure.name}_{number}", "where": where}))
    draft.follow = "difference"


def _comparing(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> None:
    for compared in parts.compared:
        if compared.kind == "follows" and not compared.about.is_a(Quantity):
            found = next(counted(thing_at(compared.about, choice.base)[0], choice.base))
            _have(draft, compared, found[0], found[1], parts, choice, lexicon)
            continue
        if compared.kind == "worth":
            draft.filters.append(_worth(compared, choice, lexicon))
            continue
        quantity, operand = quantity_at(compared.about, choice)
        summed = quantity.usual == "sum" and _keyed(parts, choice) and not _rowwise(compared, parts, choice)
        kind = KINDS.get(compared.kind, quantity.usual if summed else None)
        if kind is None:
            draft.filters.append(keeping.comparison(operand, compared.compare, quantity))
            continue
        name = quantity.name if kind == "sum" else f"{kind}_{quantity.name}"
        _have(draft, compared, Measure(name=name, kind=kind, of=operand), [], parts, choice, lexicon)


def _rowwise(compared: Compared, parts: Parts, choice: Choice) -> bool:
    """Say whether it is rows that have the number: "products with a stock below 20" where each row is a product."""
    about = compared.about
    before = [thing for thing in parts.things if thing.end + len(" ".join(("", *about.lead, ""))) == about.begin]
    return "with" in about.lead and any(thing_at(thing, choice.base)[1].of is None for thing in before)


def _worth(compared: Compared, choice: Choice, lexicon: Lexicon) -> Expression:
    """Compare the number that a thing is meant by; raises UnfitError where none is, or not of single rows."""
    thing, _ = thing_at(compared.about, choice.base)
    quantity = lexicon.worth(thing)
    if quantity is None:
        raise UnfitError(f"no number of {compared.about.text} is named")
    operand = quantity.ways[0].of
    if not within(operand, choice.base, lexicon):
        raise UnfitError(f"{quantity.name} is out of reach of {choice.base}")
    return keeping.comparison(operand, compared.compare, quantity)


def _keyed(parts: Parts, choice: Choice) -> bool:
    """Say whether who is looked for has many rows, so that numbers of his are sums."""
    if parts.latest or parts.target is None or not parts.target.is_a(Thing):
        return parts.target is not None and not parts.target.of(Thing)
    return thing_at(parts.target, choice.base)[1].of is not None


def _have(
    draft: Draft,
    compared: Compared,
    measure: Measure,
    kept: list[Expression],
    parts: Parts,
    choice: Choice,
    lexicon: Lexicon,
) -> None:
    """Keep the groups whose measure compares; where only their number is asked for, count them."""
    draft.filters += kept
    draft.having.append(keeping.comparison(measure.name, compared.compare))
    counting = [asked for asked in parts.measures if asked.kind == "count" and asked.item is not compared.about]
    if counting and not draft.target and not draft.groups:
        draft.inner = groups_of(counting[0].item, choice, lexicon)[0]
        draft.measures, draft.outer = [measure], "count"
        return
    if not draft.target and not draft.groups:
        raise UnfitError(f"it is not said who has “{compared.about.text}”")
    if all(measure.name != other.name for other in draft.measures):
        draft.measures.append(measure)


def _following(draft: Draft, parts: Parts, choice: Choice, lexicon: Lexicon) -> None:
    if parts.trend and not any(group.grain for group in (*draft.groups, *draft.target)):
        draft.groups.insert(0, bucket(parts.change_grain or "month", clock(choice.base, lexicon), lexicon))
    if not draft.measures and (draft.groups or (draft.target and (parts.change or parts.running or not parts.target))):
        count_something(draft, parts, choice, lexicon)
    if (
        draft.target
        and not draft.measures
        and not parts.direction
        and parts.target is not None
        and not parts.target.of(Thing)
    ):
        draft.penalty += 2
    if not (parts.change or parts.running) or draft.follow:
        return
    periods = [group for group in (*draft.groups, *draft.target) if group.grain]
    if not periods and (parts.change_grain or parts.running):
        draft.groups.insert(0, bucket(parts.change_grain or "month", clock(choice.base, lexicon), lexicon))
    elif not periods and (draft.groups or draft.target or choice.listed):
        draft.penalty += 1  # "compare" and its like may only ask to see groups side by side
        return
    elif not periods:
        raise UnfitError("it is not said from when to when it changes")
    draft.follow = "change" if parts.change else "running"


def _latest(parts: Parts, choice: Choice, lexicon: Lexicon) -> Latest | None:
    if not parts.latest:
        return None
    if lexicon.latest is None or not within(lexicon.latest[0], choice.base, lexicon):
        raise UnfitError("these tables have no latest state of anything")
    return Latest(per=lexicon.latest[0], time=lexicon.latest[1])
