"""The words that a set of tables answers to: names of its tables, columns and values, and what people call them.

A set that somebody brought answers to its own names alone; a shipped one has a closed file of further words.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from tracewright.environments.analytics.questions.links import NOTHING, Links
from tracewright.environments.analytics.questions.meaning import equals
from tracewright.environments.analytics.questions.reading import own
from tracewright.environments.analytics.questions.reading.normal import normal, stems
from tracewright.environments.analytics.questions.reading.own import TIMES, columns, linked, spoken, tells_apart
from tracewright.environments.analytics.questions.reading.senses import (
    Act,
    Condition,
    Dimension,
    Quantity,
    Rate,
    Sense,
    Thing,
    Way,
)
from tracewright.tables.schema import Column, TableSet

SHIPPED = ("ecommerce", "support", "sensors")

Entries = Iterator[tuple[str, Sense]]


@dataclass(frozen=True)
class Lexicon:
    """A set of tables with its words: `phrases` as they are written, `stemmed` by their stems.

    `coverage` says from when to when a column has times, where that is known; `as_of` is what "the last
    24 hours" count back from; `latest` which column tells apart what is read again and again, and by which time.
    """

    tables: TableSet
    phrases: Mapping[str, Sequence[Sense]]
    stemmed: Mapping[str, Sequence[Sense]]
    rewrites: Sequence[tuple[str, str]] = ()
    coverage: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    as_of: str = ""
    keys_only: bool = False
    main: Thing | None = None
    worths: Mapping[str, str] = field(default_factory=dict)
    latest: tuple[str, str] | None = None

    def values_of(self, column: str) -> Sequence[str | int]:
        """Return the listed values of a column, written `table.column`."""
        return next((found.values for found in self._named(column)), ())

    def type_of(self, column: str) -> str:
        """Return the type of a column, written `table.column`; empty where there is none."""
        return next((found.type for found in self._named(column)), "")

    def _named(self, column: str) -> list[Column]:
        table, name = column.split(".", 1)
        return [found for found in self.tables.table(table).columns if found.name == name]

    def worth(self, thing: Thing) -> Quantity | None:
        """Return the number that a thing is meant by where none is named: orders above 500."""
        name = self.worths.get(thing.name, "")
        senses = (sense for each in self.phrases.values() for sense in each)
        return next((sense for sense in senses if isinstance(sense, Quantity) and sense.name == name), None)

    def clock(self, table: str) -> str | None:
        """Return the first column of a table that holds a time."""
        columns = self.tables.table(table).columns
        return next((f"{table}.{column.name}" for column in columns if TIMES.match(column.type)), None)


def lexicon_of(tables: TableSet, links: Links = NOTHING) -> Lexicon:
    """Return the words of a set; those of `support-x3` are those of `support`."""
    return _known(tables) if links == NOTHING else _made(tables, links)


@lru_cache(maxsize=8)
def _known(tables: TableSet) -> Lexicon:
    return _made(tables, NOTHING)


def _made(tables: TableSet, links: Links) -> Lexicon:
    told = _told(tables)
    if told:
        things = [*map(_thing, told["thing"])]
        entries = [*_thing_words(things, told), *_quantities(told), *_dimensions(tables, told)]
        entries += [*_values(tables, told), *_conditions(told), *_rates(told)]
    else:
        tables = linked(tables)
        things = [*own.things(tables)]
        entries = [*own.words(tables, things), *_dimensions(tables, {}), *_values(tables, {})]
    entries += [(value, Condition(equals(column, value), column, value)) for column, value in links.values]
    reach = {**coverage_of(tables), **links.reach}
    return _worded(tables, told, things, entries, reach)


def coverage_of(tables: TableSet) -> Mapping[str, tuple[str, str]]:
    """Return from when to when columns of a shipped set have times."""
    return {column: (span[0], span[1]) for column, span in _told(tables).get("coverage", {}).items()}


def _told(tables: TableSet) -> Mapping[str, Any]:
    base = tables.id.split("-x")[0]
    return _file(base) if base in SHIPPED else {}


@cache
def _file(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files(__package__ or "") / f"{name}.toml").read_text(encoding="utf-8"))


def _worded(
    tables: TableSet,
    told: Mapping[str, Any],
    things: Sequence[Thing],
    entries: Sequence[tuple[str, Sense]],
    reach: Mapping[str, tuple[str, str]],
) -> Lexicon:
    phrases: dict[str, list[Sense]] = defaultdict(list)
    stemmed: dict[str, list[Sense]] = defaultdict(list)
    for words, sense in entries:
        for index, key in ((phrases, normal(words)), (stemmed, stems(normal(words)))):
            if key and sense not in index[key]:
                index[key].append(sense)
    by_name = {thing.name: thing for thing in things}
    latest = told.get("latest")
    return Lexicon(
        tables=tables,
        phrases=dict(phrases),
        stemmed=dict(stemmed),
        rewrites=[*_rewrites(told)],
        coverage=reach,
        as_of=tables.as_of or max((last for _, last in reach.values()), default=""),
        main=by_name.get(told.get("main", "")) or (things[0] if things else None),
        worths={entry["name"]: entry["worth"] for entry in told.get("thing", ()) if "worth" in entry},
        latest=(latest["per"], latest["time"]) if latest else None,
    )


def _thing(told: Mapping[str, Any]) -> Thing:
    return Thing(told["name"], tuple(map(_way, told["ways"])), tuple(told["show"]))


def _way(told: Mapping[str, Any]) -> Way:
    return Way(told["base"], told.get("of"), told.get("where"))


def _thing_words(things: Sequence[Thing], told: Mapping[str, Any]) -> Entries:
    written = {entry["name"]: entry for entry in told.get("thing", ())}
    for thing in things:
        for words in written[thing.name]["words"]:
            yield words, thing
        for words in written[thing.name].get("acts", ()):
            yield words, Act(thing)


def _quantities(told: Mapping[str, Any]) -> Entries:
    for entry in told.get("quantity", ()):
        ways = tuple(map(_way, entry["ways"]))
        units, beside = tuple(entry.get("units", ())), tuple(entry.get("beside", ()))
        for words in entry["words"]:
            yield words, Quantity(entry["name"], entry["usual"], ways, units, beside)


def _dimensions(tables: TableSet, told: Mapping[str, Any]) -> Entries:
    further = told.get("words", {})
    for table, column in columns(tables):
        name = f"{table.name}.{column.name}"
        if tells_apart(tables, table, column):
            yield spoken(column.name), Dimension(name, column.name)
            yield from ((words, Dimension(name, column.name)) for words in further.get(name, ()))


def _values(tables: TableSet, told: Mapping[str, Any]) -> Entries:
    further = told.get("values", {})
    for table, column in columns(tables):
        name = f"{table.name}.{column.name}"
        for value in column.values:
            if isinstance(value, str):
                found = Condition(equals(name, value), name, value)
                yield value, found
                yield from ((words, found) for words in further.get(name, {}).get(value, ()))


def _conditions(told: Mapping[str, Any]) -> Entries:
    for entry in told.get("condition", ()):
        found = Condition(entry["holds"], group=entry.get("group", ""))
        yield from ((words, found) for words in entry["words"])


def _rates(told: Mapping[str, Any]) -> Entries:
    for entry in told.get("rate", ()):
        found = Rate(entry["base"], entry["where"], entry.get("among"))
        yield from ((words, found) for words in entry["words"])


def _rewrites(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield patterns with what to read instead: those of the file, then the degrees of adjectives."""
    yield from ((pattern, spelling) for pattern, spelling in told.get("rewrites", ()))
    for entry in told.get("quantity", ()):
        word = entry["words"][0]
        for adjective in entry.get("high", ()):
            yield from _degrees(adjective, word, ("highest", "lowest", "above"))
        for adjective in entry.get("low", ()):
            yield from _degrees(adjective, word, ("lowest", "highest", "below"))


def _degrees(adjective: str, word: str, means: tuple[str, str, str]) -> Iterator[tuple[str, str]]:
    most, least, than = means
    yield rf"(most {adjective}|{_degree(adjective, 'est')})( {word})?", f"{most} {word}"
    yield rf"(more {adjective}|{_degree(adjective, 'er')}) than", f"{word} {than}"
    yield rf"least {adjective}( {word})?", f"{least} {word}"


def _degree(adjective: str, ending: str) -> str:
    if adjective.endswith("e"):
        return adjective + ending[1:]
    if adjective.endswith("y"):
        return adjective[:-1] + "i" + ending
    short = re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwy]", adjective)
    return adjective + adjective[-1] * bool(short) + ending
