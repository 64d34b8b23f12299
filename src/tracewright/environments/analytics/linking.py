"""Reads a question by the parts of templates: their words are found in it, and forms are told by words of their own.

It knows no wording of a template and no goal. Every way to join the parts is held against the question, and the fewer
of its words are left unexplained, the better: so a combination that was never seen is found like any other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from tracewright.environments.analytics import templates
from tracewright.environments.analytics.questions.lowering import plan_of
from tracewright.environments.analytics.templates.forms import Selection, Shape, asked, selections, shapes
from tracewright.environments.analytics.templates.parts import FilterPart, SetParts, Window, parts_of
from tracewright.records.base import JsonObject, canonical
from tracewright.tables.schema import TableSet

_SIGNS = tomllib.loads((files(templates) / "signs.toml").read_text(encoding="utf-8"))
SIGNS: Mapping[str, str] = _SIGNS["signs"]
PLAIN = frozenset(_SIGNS["plain"].split())
TOLD: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "total": (frozenset(), frozenset()),
    "each": (frozenset({"each"}), frozenset()),
    "pair": (frozenset({"each"}), frozenset()),
    "series": (frozenset(), frozenset({"each"})),
    "spread": (frozenset(), frozenset({"each"})),
    "top": (frozenset({"top"}), frozenset({"which", "each"})),
    "bottom": (frozenset({"bottom"}), frozenset({"which", "each"})),
    "above": (frozenset({"above"}), frozenset({"which"})),
    "share": (frozenset({"share"}), frozenset({"which"})),
    "shares": (frozenset({"share", "each"}), frozenset()),
    "portion": (frozenset({"share"}), frozenset({"each"})),
    "change": (frozenset({"change"}), frozenset({"each"})),
    "running": (frozenset({"running"}), frozenset({"each"})),
    "leader": (frozenset({"top", "each", "which"}), frozenset()),
    "average": (frozenset({"average", "each"}), frozenset()),
}
"""What each form must be told by, and what it may be told by beside that."""
MISSED, EXTRA, LEFT = 4, 3, 1
"""What a form's missing sign, a sign that is not the form's, and each word that is left cost."""
MOST_TEXT = 2000
"""Characters of a question that are read; no megabyte may cost minutes here."""
_WORD = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]|[a-z0-9]")


@dataclass(frozen=True)
class Found:
    """A way to read a question: what it costs, and its plan."""

    cost: float
    plan: JsonObject


def readings(question: str, tables: TableSet, limit: int) -> list[Found]:
    """Return at most `limit` readings, cheapest first; none where the set has no templates or no words of theirs."""
    parts = parts_of(tables.id)
    if parts is None:
        return []
    text = " ".join(question[:MOST_TEXT].casefold().split())
    window = _longest([each for each in parts.windows if _in(each[0], text)])
    rest = _without(text, window[0]) if window else text
    costs = [found for shape in _shapes(tables) for found in _costs(shape, rest, window, parts)]
    costs.sort(key=lambda found: found[0])
    kept: dict[bytes, Found] = {}
    for cost, shape, selection in costs[: 4 * limit]:
        plan = plan_of(asked(shape, selection, tables, parts).meaning, tables)
        kept.setdefault(canonical(plan), Found(cost, plan))
    return list(kept.values())[:limit]


@lru_cache(maxsize=16)
def _shapes(tables: TableSet) -> Sequence[Shape]:
    parts = parts_of(tables.id)
    return tuple(shapes(tables, parts)) if parts else ()


def _costs(shape: Shape, text: str, window: Window | None, parts: SetParts) -> Iterator[tuple[float, Shape, Selection]]:
    """Yield what it costs to read a text as a shape, with the filter that its words name, and without one."""
    said = _said(shape, text)
    if said is None:
        return
    filters: list[FilterPart | None] = [None, *(one for one in parts.filter if _in(one.words, text))]
    allowed = [selection for kind in selections(shape, parts) for selection in kind]
    for part in filters:
        selection = Selection(part, window)
        if selection not in allowed:
            continue
        rest = _without(text, part.words) if part else text
        if (left := _consumed(rest, said)) is not None:
            yield _left_over(shape, left) + _crossed(shape, text), shape, selection


def _said(shape: Shape, text: str) -> list[str] | None:
    """Return the words of a shape that a text must hold, longest first; None where it lacks one."""
    told = [shape.slots.get(name, "") for name in ("noun", "other", "grain", "n", "value", "things", "holds", "per")]
    groups = [shape.slots[name] for name in ("groups", "group") if name in shape.slots]
    group = next((words for words in groups if _in(words, text)), "")
    words = [*filter(None, told), *([group] if group else [])]
    if (groups and not group) or not all(_in(each, text) for each in words):
        return None
    return sorted(words, key=len, reverse=True)


def _consumed(text: str, said: Sequence[str]) -> str | None:
    """Return a text without the words of a shape; None where two of them would need the same place."""
    for words in said:
        if not _in(words, text):
            return None
        text = _without(text, words)
    return text


def _crossed(shape: Shape, text: str) -> int:
    """Return the price of taking who leads for where he leads: that is what "each" stands before."""
    return MISSED if shape.form == "leader" and not _in(f"each {shape.slots['group']}", text) else 0


def _left_over(shape: Shape, text: str) -> float:
    must, may = TOLD[shape.form]
    told = {name for name, words in SIGNS.items() if re.search(rf"\b(?:{words})\b", text)}
    signs = "|".join(SIGNS[name] for name in sorted(must | may)) or "(?!)"
    left = [word for word in _WORD.findall(re.sub(rf"\b(?:{signs})\b", " ", text)) if word not in PLAIN]
    return MISSED * len(must - told) + EXTRA * len(told - must - may) + LEFT * len(left)


def _longest(windows: Sequence[Window]) -> Window | None:
    return max(windows, key=lambda window: len(window[0]), default=None)


def _in(words: str, text: str) -> bool:
    return re.search(_whole(words), text) is not None


def _without(text: str, words: str) -> str:
    return re.sub(_whole(words), " ", text, count=1)


@lru_cache(maxsize=4096)
def _whole(words: str) -> str:
    return rf"(?<![\w-]){re.escape(words.casefold())}(?:s|es)?(?![\w-])"
