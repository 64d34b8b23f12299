"""Cuts a question into items: what is linked to the tables, what is to be done, times, numbers, and what is unknown."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TypeVar

from tracewright.environments.analytics.questions.reading.lexicon import Lexicon
from tracewright.environments.analytics.questions.reading.moments import Grain, Moment, moments
from tracewright.environments.analytics.questions.reading.normal import normal, stem, stems
from tracewright.environments.analytics.questions.reading.senses import Condition, Intent, Quantity, Sense

LONGEST_PHRASE = 6
SHORTEST_TYPO, NEAR = 6, 0.86
"""A word of six letters or more that is this near to a known one is taken for it."""
REWRITES = 40
"""How often one way to speak may be replaced by another in one question."""

_NUMBER = r"-?\d+(?:\.\d+)?"
_SAID = rf"({_NUMBER})(?: percent| degrees| hours)?"
_MORE = (
    r"(?:(?:more|greater|higher|larger|bigger|longer) than"
    r"|above|over|exceeding|exceeds?|exceeded|beyond|in excess of|>)"
)
_NO_LESS = r"(?:at least|no less than|not less than|no fewer than|not below|not under|a minimum of|>=)"
_LESS = r"(?:(?:less|fewer|lower|smaller|shorter) than|below|under|beneath|<)"
_COMPARING = (
    ("between", rf"(?:between|from) {_SAID} (?:and|to) ({_NUMBER})"),
    ("gte", rf"{_NO_LESS} (?:an? )?({_NUMBER})"),
    ("lte", rf"(?:at most|no more than|not more than|not above|not over|up to|a maximum of|<=) (?:an? )?({_NUMBER})"),
    ("gt", rf"{_MORE} (?:an? )?({_NUMBER})"),
    ("lt", rf"{_LESS} (?:an? )?({_NUMBER})"),
    ("gte", rf"{_SAID} (?:or|and) (?:more|higher|above|over|longer|greater|larger)"),
    ("lte", rf"{_SAID} (?:or|and) (?:less|fewer|lower|below|under|shorter|smaller)"),
    ("eq", rf"(?:exactly|equal to|equals|=) (?:an? )?({_NUMBER})"),
)
_PERCENTILE = re.compile(r"\b(?:(\d{1,2})(?:st|nd|rd|th)?(?: percent)? (?:percentile|quantile)|p(\d{1,2}))(?: of)?\b")


@dataclass(frozen=True)
class Compare:
    """A number to compare with: `between` has two. `unit` is what was said behind it, brought to its stem."""

    op: str
    numbers: tuple[float, ...]
    unit: str = ""


@dataclass(frozen=True)
class Number:
    """A number that stands alone."""

    value: float


@dataclass(frozen=True)
class Percentile:
    """A point from 0 to 1."""

    at: float


@dataclass(frozen=True)
class Unknown:
    """A word that is linked to nothing."""


Meant = Sense | Moment | Compare | Number | Percentile | Unknown
M = TypeVar("M")


@dataclass(frozen=True)
class Item:
    """A part of a question with all that it may mean; `lead` are the words without meaning that stand before it.

    `typo` says that it was taken for something that is spelled a little differently.
    """

    begin: int
    end: int
    text: str
    senses: tuple[Meant, ...]
    lead: tuple[str, ...] = ()
    typo: bool = False

    def of(self, kind: type[M]) -> list[M]:
        """Return the senses of a kind."""
        return [sense for sense in self.senses if isinstance(sense, kind)]

    def is_a(self, *kinds: type[Meant]) -> bool:
        """Say whether it may mean something of one of these kinds."""
        return any(isinstance(sense, kinds) for sense in self.senses)

    def is_intent(self, *names: str) -> bool:
        """Say whether one of these intents is meant."""
        return any(sense.name in names for sense in self.of(Intent))


@dataclass(frozen=True)
class Words:
    """The closed lists of `words.toml`."""

    filler: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    intents: Mapping[str, Sequence[Intent]]
    rewrites: Sequence[tuple[str, str]]


@cache
def words() -> Words:
    """Return the closed lists of words."""
    told = tomllib.loads((files(__package__ or "") / "words.toml").read_text(encoding="utf-8"))
    intents: dict[str, list[Intent]] = {}
    for name, phrases in told["intent"].items():
        for phrase in phrases:
            intents.setdefault(normal(phrase), []).append(Intent(name))
    roles = {name: frozenset(told[name]) for name in ("by", "which", "not", "relative", "apart")}
    rewrites = [(pattern, spelling) for pattern, spelling in told["rewrites"]]
    return Words(frozenset(told["filler"].split()), roles, intents, rewrites)


def items_of(question: str, lexicon: Lexicon) -> list[Item]:
    """Return the items of a question in order; none overlaps another."""
    text = rewritten(normal(question), lexicon)
    timed = [*_moments(text, lexicon)]
    # A bare "hours" may belong to a longer phrase, such as "hours to resolution".
    bare = {item.begin: item for item in timed if re.fullmatch(r"\w+", item.text) and item.of(Grain)}
    fixed = [item for item in timed if item.begin not in bare]
    for item in _numbers(text, lexicon):
        if all(item.end <= other.begin or other.end <= item.begin for other in fixed):
            fixed.append(item)
    return _led(text, [*fixed, *_linked(text, fixed, bare, lexicon)])


def rewritten(text: str, lexicon: Lexicon) -> str:
    """Return the text with what the lexicon says in other words replaced."""
    general = (r"distribution of(?: the)?", f"number of {lexicon.main.name} by") if lexicon.main else ("", "")
    current = (r"(?:right now|at the moment|now|nowadays)", "current") if lexicon.latest else ("", "")
    for pattern, spelling in (*words().rewrites, *lexicon.rewrites, *(each for each in (general, current) if each[0])):
        text = re.sub(rf"\b(?:{pattern})(?!\w)", spelling, text, count=REWRITES)
    return text


def _moments(text: str, lexicon: Lexicon) -> Iterator[Item]:
    as_of = datetime.fromisoformat(lexicon.as_of).replace(tzinfo=None) if lexicon.as_of else None
    for found in moments(text, as_of):
        said = text[found.begin : found.end].strip()
        yield Item(text.index(said, found.begin), found.end, said, (found.moment, *found.others))


def _numbers(text: str, lexicon: Lexicon) -> Iterator[Item]:
    units = _units(lexicon)
    for match in _PERCENTILE.finditer(text):
        yield Item(match.start(), match.end(), match[0], (Percentile(int(match[1] or match[2]) / 100),))
    for op, pattern in _COMPARING:
        for match in re.finditer(rf"(?<!\w)(?:{pattern})(?P<unit> (?:{units}))?(?!\w)", text):
            numbers = tuple(float(number) for number in match.groups()[:-1] if number)
            unit = stems((match["unit"] or "").strip())
            yield Item(match.start(), match.end(), match[0], (Compare(op, numbers, unit),))


def _units(lexicon: Lexicon) -> str:
    senses = (sense for each in lexicon.phrases.values() for sense in each)
    known = {unit for sense in senses if isinstance(sense, Quantity) for unit in sense.units}
    known |= {"percent", "minute", "hour", "day", "week"}
    return "|".join(f"{re.escape(unit)}s?" for unit in sorted(known, key=lambda unit: (-len(unit), unit)))


def _linked(text: str, fixed: Sequence[Item], bare: Mapping[int, Item], lexicon: Lexicon) -> Iterator[Item]:
    """Link the words that are still free, the longest phrase first."""
    free = [match for match in re.finditer(r"\S+", text) if not _within(match, fixed)]
    at = 0
    while at < len(free):
        size, senses = _best(free[at:], lexicon)
        if size > 1 and _compared(text, free[at + size - 1], senses, fixed, lexicon):
            at += size - 1  # "with a discount of at least 20" is no "with a discount"
            continue
        if size <= 1 and free[at].start() in bare:
            size = 1
            yield bare[free[at].start()]
        elif senses:
            begin, end = free[at].start(), free[at + size - 1].end()
            yield Item(begin, end, text[begin:end], senses)
        elif (word := free[at][0]) not in words().filler and word != ",":
            yield _lonely(free[at], lexicon)
        at += max(size, 1)


def _best(free: Sequence[re.Match[str]], lexicon: Lexicon) -> tuple[int, tuple[Meant, ...]]:
    """Return the longest phrase, cut short where one that says more begins inside it and reaches farther."""
    size, senses = _longest(free, lexicon)
    for start in range(1, size):
        other = _longest(free[start:], lexicon)[0]
        if start + other > size and _said(free[start : start + other]) > _said(free[:size]):
            return _longest(free[:start], lexicon)
    return size, senses


def _said(phrase: Sequence[re.Match[str]]) -> int:
    return sum(match[0] not in words().filler for match in phrase)


def _compared(text: str, last: re.Match[str], senses: Sequence[Meant], fixed: Sequence[Item], lexicon: Lexicon) -> bool:
    """Say whether the last word of a condition is a quantity by itself that a number is compared with."""
    following = min((item for item in fixed if item.begin >= last.end()), key=lambda item: item.begin, default=None)
    if following is None or not following.is_a(Compare):
        return False
    if not all(isinstance(sense, Condition) for sense in senses):
        return False
    between = set(text[last.end() : following.begin].split())
    alone = (*lexicon.phrases.get(last[0], ()), *lexicon.stemmed.get(stem(last[0]), ()))
    return between <= {"of", "is", "was"} and any(isinstance(sense, Quantity) for sense in alone)


def _within(match: re.Match[str], fixed: Sequence[Item]) -> bool:
    return any(item.begin < match.end() and match.start() < item.end for item in fixed)


def _longest(free: Sequence[re.Match[str]], lexicon: Lexicon) -> tuple[int, tuple[Meant, ...]]:
    """Return how many words make the longest phrase that is known, and what it may mean; as written before stems."""
    for size in range(min(LONGEST_PHRASE, len(free)), 0, -1):
        phrase = " ".join(match[0] for match in free[:size])
        if free[size - 1].end() - free[0].start() != len(phrase):
            continue  # something that was linked already stands between
        found: list[Meant] = [*lexicon.phrases.get(phrase, ()), *words().intents.get(phrase, ())]
        if not found and phrase not in words().filler:
            found = [*lexicon.stemmed.get(stems(phrase), ())]
        if found:
            return size, tuple(found)
    return 0, ()


def _lonely(match: re.Match[str], lexicon: Lexicon) -> Item:
    word = match[0]
    if re.fullmatch(_NUMBER, word):
        return Item(match.start(), match.end(), word, (Number(float(word)),))
    if len(word) >= SHORTEST_TYPO and word.isalpha():
        known = sorted(phrase for phrase in lexicon.phrases if phrase.isalpha() and len(phrase) >= SHORTEST_TYPO - 1)
        near = get_close_matches(word, known, n=1, cutoff=NEAR) or get_close_matches(
            stem(word), known, n=1, cutoff=NEAR
        )
        if near:
            return Item(match.start(), match.end(), word, tuple(lexicon.phrases[near[0]]), typo=True)
    return Item(match.start(), match.end(), word, (Unknown(),))


def _led(text: str, items: Sequence[Item]) -> list[Item]:
    """Give every item the words before it that mean nothing by themselves."""
    found, at = [], 0
    for item in sorted(items, key=lambda item: item.begin):
        found.append(replace(item, lead=tuple(text[at : item.begin].split())))
        at = item.end
    return found
