"""Finds traces that say the same again, exactly or nearly. Which of them stays is up to the order they come in.

A near duplicate asks and does nearly the same over nearly the same material: each of the two by itself, for one file
carries many tasks, and one instruction ("Fix tests") many files. Similarity is Jaccard's over shingles of five tokens,
estimated by MinHash (Broder 1997) with a fixed seed, so the same traces give the same answer everywhere; candidates
come from locality-sensitive hashing, which may overlook a pair close to the threshold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tracewright.records.base import canonical, digest
from tracewright.records.trace import Trace

if TYPE_CHECKING:
    from rensa import RMinHash  # type: ignore[import-untyped]  # ships no types

T = TypeVar("T")

PERMUTATIONS = 128
SEED = 1
SHINGLE = 5
_TOKEN = re.compile(r"\w+|[^\w\s]")
_HEADER = re.compile(
    r"\A(?:\s*(?:/\*.*?\*/|<!--.*?-->|//[^\n]*|--[^\n]*|#(?:[!# \t=*-][^\n]*)?(?=\n|\Z)))+",
    re.DOTALL,
)


@dataclass(frozen=True)
class Sketch:
    """What a trace is about and what is asked and done in it, as two MinHashes of 512 bytes."""

    material: RMinHash
    deed: RMinHash


def fingerprint(trace: Trace) -> str:
    """Return a hash that two traces share when they ask the same, of the same material, and act the same."""
    task = trace.task
    asked = {"environment": trace.environment, "instruction": normalised(task.instruction)}
    material = {"files": dict(task.files), "inputs": dict(task.inputs), "data": task.data, "focus": task.focus}
    return digest({**asked, **material, "actions": _actions(trace)})


def sketch(trace: Trace) -> Sketch:
    """Return the sketches of a trace; the licence header of each file is left aside, for it makes strangers alike."""
    task = trace.task
    files = [without_header(text) for _, text in sorted(task.files.items())]
    data = canonical({"inputs": dict(task.inputs), "data": task.data}).decode() if task.inputs or task.data else ""
    deed = [normalised(task.instruction), canonical(_actions(trace)).decode()]
    return Sketch(_minhash("\n".join((*files, data))), _minhash("\n".join(deed)))


def distinct(items: Iterable[T], mark: Callable[[T], str]) -> list[T]:
    """Return the items in their order without those whose mark was seen before."""
    first: dict[str, T] = {}
    for item in items:
        first.setdefault(mark(item), item)
    return list(first.values())


def distinct_nearly(items: Sequence[T], sketch_of: Callable[[T], Sketch], threshold: float) -> list[T]:
    """Return the items in their order without those that are nearly one that stays."""
    from rensa import RMinHashLSH

    bands = _bands(threshold)
    by_material = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=bands)
    by_deed = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=bands)
    kept: list[T] = []
    for item in items:
        own = sketch_of(item)
        near = min(by_material.query(own.material), by_deed.query(own.deed), key=len)
        if any(_alike(own, sketch_of(kept[place]), threshold) for place in near):
            continue
        by_material.insert(len(kept), own.material)
        by_deed.insert(len(kept), own.deed)
        kept.append(item)
    return kept


def normalised(text: str) -> str:
    """Return a text without differences of case and blanks."""
    return " ".join(text.casefold().split())


def without_header(text: str) -> str:
    """Return a source text without the comments that it begins with."""
    return _HEADER.sub("", text, count=1)


def shingles(text: str) -> list[str]:
    """Return the distinct runs of five tokens, sorted; a shorter text is one run."""
    tokens = _TOKEN.findall(text.casefold())
    runs = range(max(1, len(tokens) - SHINGLE + 1))
    return sorted({" ".join(tokens[start : start + SHINGLE]) for start in runs})


def _actions(trace: Trace) -> list[object]:
    return [step.action.model_dump(mode="json") if step.action else None for step in trace.steps]


def _minhash(text: str) -> RMinHash:
    from rensa import RMinHash

    minhash = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    minhash.update(shingles(text))
    return minhash


def _alike(one: Sketch, other: Sketch, threshold: float) -> bool:
    return bool(one.material.jaccard(other.material) >= threshold and one.deed.jaccard(other.deed) >= threshold)


def _bands(threshold: float) -> int:
    """Return how many bands find a pair at the threshold with a chance of 98 % or more: 1 - (1 - t^rows)^bands."""
    choices = (8, 16, 32, 64, 128)
    return next(
        bands for bands in choices if 1 - (1 - threshold ** (PERMUTATIONS // bands)) ** bands >= 0.98 or bands == 128
    )
