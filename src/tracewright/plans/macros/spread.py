"""Macros over values: percentile, histogram, outliers, sample."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from tracewright.plans.document import Closed, read_shape
from tracewright.plans.faults import Fault
from tracewright.plans.macros.rewriting import Json, Rewrite, derived, over, without

MAD_SCALE = Decimal("1.4826")
"""Turns a median absolute deviation into a standard deviation, for values that are normal: 1 / quantile(0.75)."""


class Percentile(Closed):
    """Which quantiles of what, for which groups."""

    of: Any
    at: tuple[Any, ...] = Field(min_length=1)
    per: tuple[Any, ...] = ()
    kind: Literal["cont", "disc"] = "cont"


def percentile(body: Rewrite, value: Any) -> None:
    """Aggregate to quantiles: columns p50, p95, p99_9, …."""
    step = read_shape(Percentile, value, body.path)
    measures = []
    for index, at in enumerate(step.at):
        if isinstance(at, bool) or not isinstance(at, int | float | Decimal) or not 0 <= at <= 1:
            raise Fault("BAD_SHAPE", (*body.path, "at", index), f"a quantile lies between 0 and 1, found {at}")
        share = format((Decimal(str(at)) * 100).normalize(), "f").replace(".", "_")
        expr = {"agg": f"quantile_{step.kind}", "args": [step.of, at]}
        measures.append({"as": f"p{share}", "expr": expr})
    body.add({"aggregate": {"by": list(step.per), "measures": measures}})


class Histogram(Closed):
    """Bins of a width, or so many bins."""

    of: Any
    width: Any = None
    origin: Any = 0
    bins: int | None = Field(default=None, ge=1, le=1000)


def histogram(body: Rewrite, value: Any) -> None:
    """Count rows by bin, empty bins included: columns bin, low, high, n. Nulls lie in no bin."""
    step = read_shape(Histogram, value, body.path)
    if (step.width is None) == (step.bins is None):
        raise Fault("BAD_SHAPE", body.path, 'wanted "width" or "bins", not both')
    body.add({"select": [{"as": "x", "expr": step.of}]}, {"filter": {"not_null": "x"}})
    values = body.close()
    width, origin = (step.width, step.origin) if step.bins is None else _measured(values, step.bins)
    body.begin(values)
    body.add(derived(bin=_bin(width, origin, step.bins)))
    body.add({"aggregate": {"by": ["bin"], "measures": [{"as": "n", "expr": {"count": "*"}}]}})
    counts = body.close()
    first, past = _edge(counts, "min"), {"add": [_edge(counts, "max"), 1]}
    ends = {"from": first, "to": past} if step.bins is None else {"from": 0, "to": step.bins}
    body.begin({"range": {**ends, "step": 1}, "as": "g", "column": "bin"})
    body.add({"join": {"to": {"let": counts, "as": "h"}, "how": "left", "on": {"eq": ["h.bin", "g.bin"]}}})
    low = [{"add": [origin, {"mul": [at, width]}]} for at in ("g.bin", {"add": ["g.bin", 1]})]
    edges = [{"as": name, "expr": expr} for name, expr in zip(("low", "high"), low, strict=True)]
    body.add({"select": ["g.bin", *edges, {"as": "n", "expr": {"coalesce": ["h.n", 0]}}]}, {"sort": ["bin"]})


def _measured(values: str, bins: int) -> tuple[Json, Json]:
    """Return width and origin that spread so many bins from the least value to the greatest."""

    def of(expr: Any) -> Json:
        return {"scalar": {"from": values, "steps": [{"aggregate": {"measures": [{"as": "edge", "expr": expr}]}}]}}

    return of({"div": [{"sub": [{"max": "x"}, {"min": "x"}]}, bins]}), of({"min": "x"})


def _bin(width: Any, origin: Any, bins: int | None) -> Json:
    place: Json = {"call": "floor", "args": [{"ratio": [{"sub": ["x", origin]}, width]}]}
    if bins is not None:  # all values equal: no width, and all lie in the first bin
        place = {"call": "least", "args": [{"coalesce": [place, 0]}, bins - 1]}
    return {"cast": place, "to": "bigint"}


def _edge(counts: str, which: str) -> Json:
    return {
        "scalar": {"from": counts, "steps": [{"aggregate": {"measures": [{"as": "edge", "expr": {which: "bin"}}]}}]}
    }


class Outliers(Closed):
    """What counts as far out, and what becomes of it."""

    of: Any
    per: tuple[Any, ...] = ()
    method: Literal["iqr", "zscore", "mad"] = "iqr"
    k: Any = Decimal("1.5")
    keep: Literal["flag", "only", "drop"] = "flag"


def outliers(body: Rewrite, value: Any) -> None:
    """Mark, keep or drop values that lie far out in their group. A null lies nowhere and is no outlier.

    iqr: beyond k quartile ranges from the quartiles; zscore: beyond k sample deviations from the mean; mad: beyond
    k scaled median absolute deviations from the median.
    """
    step = read_shape(Outliers, value, body.path)
    spread, far = _METHODS[step.method](step)
    body.add(derived(**{name: over(call, step.per) for name, call in spread.items()}))
    body.add(derived(outlier={"coalesce": [far, False]}), without(*spread))
    if step.keep != "flag":
        body.add({"filter": "outlier" if step.keep == "only" else {"not": "outlier"}}, without("outlier"))


def _iqr(step: Outliers) -> tuple[Json, Json]:
    spread = {"_q1": {"agg": "quantile_cont", "args": [step.of, Decimal("0.25")]}}
    spread["_q3"] = {"agg": "quantile_cont", "args": [step.of, Decimal("0.75")]}
    reach = {"mul": [step.k, {"sub": ["_q3", "_q1"]}]}
    return spread, {"or": [{"lt": [step.of, {"sub": ["_q1", reach]}]}, {"gt": [step.of, {"add": ["_q3", reach]}]}]}


def _zscore(step: Outliers) -> tuple[Json, Json]:
    spread = {"_mean": {"avg": step.of}, "_spread": {"agg": "stddev_samp", "args": [step.of]}}
    return spread, _beyond(step, "_mean", {"mul": [step.k, "_spread"]})


def _mad(step: Outliers) -> tuple[Json, Json]:
    spread = {"_mean": {"median": step.of}, "_spread": {"agg": "mad", "args": [step.of]}}
    return spread, _beyond(step, "_mean", {"mul": [step.k, MAD_SCALE, "_spread"]})


def _beyond(step: Outliers, middle: str, reach: Json) -> Json:
    return {"gt": [{"call": "abs", "args": [{"sub": [step.of, middle]}]}, reach]}


_METHODS: dict[str, Callable[[Outliers], tuple[Json, Json]]] = {"iqr": _iqr, "zscore": _zscore, "mad": _mad}


class Sample(Closed):
    """How many rows or which part of them, told apart by which columns."""

    rows: int | None = Field(default=None, ge=1)
    fraction: Any = None
    by: tuple[Any, ...] = Field(min_length=1)
    seed: int = 0


def sample(body: Rewrite, value: Any) -> None:
    """Keep rows by the md5 of seed and keys: the same ones on every engine and at any number of threads."""
    step = read_shape(Sample, value, body.path)
    if (step.rows is None) == (step.fraction is None):
        raise Fault("BAD_SHAPE", body.path, 'wanted "rows" or "fraction", not both')
    keys = [{"coalesce": [{"cast": key, "to": "varchar"}, {"lit": ""}]} for key in step.by]
    parts = [part for key in keys for part in ({"lit": "|"}, key)]
    hashed = {"call": "md5", "args": [{"concat": [{"lit": str(step.seed)}, *parts]}]}
    if step.rows is not None:
        body.add({"sort": [hashed, *step.by]}, {"limit": step.rows})
        return
    if not isinstance(step.fraction, float | Decimal) or not 0 < step.fraction < 1:
        raise Fault("BAD_SHAPE", (*body.path, "fraction"), "a fraction lies between 0 and 1")
    bound = format(int(Decimal(str(step.fraction)) * 16**12), "012x")
    body.add({"filter": {"lt": [hashed, {"lit": bound}]}})


MACROS: dict[str, Callable[[Rewrite, Any], None]] = {
    "percentile": percentile,
    "histogram": histogram,
    "outliers": outliers,
    "sample": sample,
}
