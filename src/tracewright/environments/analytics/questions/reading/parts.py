"""A question taken apart: what is measured, grouped by, looked for and kept, before any table is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracewright.environments.analytics.questions.reading.items import Compare, Item, words


@dataclass(frozen=True)
class Asked:
    """Something to be measured: `kind` is how (empty: as usual), `at` the point of a percentile."""

    item: Item
    kind: str = ""
    at: float = 0.5


@dataclass(frozen=True)
class Kept:
    """A condition as it stands: whether it is denied, and how much it reads like the predicate of a share."""

    item: Item
    negated: bool
    predicate: int


@dataclass(frozen=True)
class Compared:
    """A comparison with a number, what it is about, and how that is measured (empty: each row by itself)."""

    compare: Compare
    about: Item
    kind: str = ""


@dataclass
class Parts:
    """A question taken apart; `pending` is what still looks for its object, with the point of a percentile.

    `missing` are words that nothing in the tables answers to, `unfinished` sentences on what is not said at all.
    `things` are those that were spoken of so far, `trail` the words before the last of them.
    """

    measures: list[Asked] = field(default_factory=list)
    groups: list[Item] = field(default_factory=list)
    target: Item | None = None
    kept: list[Kept] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    spans: list[Item] = field(default_factory=list)
    context: list[Item] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    pending: list[tuple[str, float]] = field(default_factory=list)
    rows: int | None = None
    direction: str = ""
    superlative: str = ""
    share: bool = False
    things: list[Item] = field(default_factory=list)
    trail: set[str] = field(default_factory=set)
    trend: bool = False
    change: bool = False
    change_grain: str = ""
    running: bool = False
    latest: bool = False
    penalty: int = 0

    def wants(self, *names: str) -> bool:
        """Say whether one of these still looks for its object."""
        return any(name in names for name, _ in self.pending)

    def take(self, *names: str) -> tuple[str, float] | None:
        """Return the last of these that still looks for its object; it has found it now."""
        for waiting in reversed(self.pending):
            if waiting[0] in names:
                self.pending.remove(waiting)
                return waiting
        return None

    def drop(self, item: Item) -> bool:
        """Take a thing back from where it was put; says whether it was put anywhere but among the measures."""
        if self.target is item:
            self.target = None
            return True
        for place in (self.context, self.groups):
            if any(other is item for other in place):
                place[:] = [other for other in place if other is not item]
                return True
        return False

    def forget(self, item: Item) -> str:
        """Take back that something was to be measured, since it is compared with a number; return how it was."""
        kind = next((asked.kind for asked in self.measures if asked.item is item), "")
        self.measures = [asked for asked in self.measures if asked.item is not item]
        return kind


def grouped(item: Item) -> bool:
    """Say whether an item is something that rows are told apart by, as the words before it have it."""
    lead = set(item.lead)
    return bool(lead & words().roles["by"]) and not ("across" in lead and lead & {"all", "their"})


def denied(item: Item) -> bool:
    """Say whether the words before an item deny it."""
    return any(word in words().roles["not"] for word in item.lead)
