"""Recursion with a bound: rows that a seed starts and a step adds to, with a depth that ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field
from sqlglot import exp

from tracewright.plans.document import Body, Closed, read_shape
from tracewright.plans.families import INT
from tracewright.plans.faults import Fault, Path
from tracewright.plans.relation import Output, Relation
from tracewright.plans.scope import Let, Work, new_name, quoted
from tracewright.plans.steps.block import Block
from tracewright.plans.steps.sets import plain_operand, same_columns

MOST_DEPTH = 10_000
DEPTH = "depth"


class Recursion(Closed):
    """The recursion as it is written: `step` reads the rows of the round before as `{"let": name}`."""

    name: str
    seed: Any
    step: Any
    max_depth: int | None = Field(default=None, ge=1, le=MOST_DEPTH)
    all: bool = False


Run = Callable[[Any, Path], Relation]


def recurse(block: Block, value: Any, path: Path, run_seed: Run, run_step: Run) -> str:
    """Write a recursion and return the name that its rows are read by; a column `depth` counts the rounds."""
    shape = read_shape(Recursion, value, path)
    name = _free_name(block.work, shape.name, (*path, "name"))
    if shape.max_depth is None:
        hint = f'give "max_depth", at most {MOST_DEPTH}'
        raise Fault("UNBOUNDED_RECURSION", path, "nothing ends this recursion", hint=hint)
    seed = run_seed(shape.seed, (*path, "seed"))
    block.work.lets[name] = Let([*seed.columns, Output(DEPTH, INT, nullable=False)], used=True)
    step = run_step(_bounded(shape, name, path), (*path, "step"))
    outputs = same_columns(seed.columns, step.columns[:-1], (*path, "step"))
    start = plain_operand(block, seed, None)
    start.set("expressions", [*start.expressions, exp.alias_(exp.Literal.number(0), DEPTH, quoted=True)])
    query = exp.Union(this=start, expression=plain_operand(block, step, None), distinct=not shape.all)
    block.ctes.append(exp.CTE(this=query, alias=exp.TableAlias(this=quoted(name))))
    block.work.lets[name] = Let([*outputs, Output(DEPTH, INT, nullable=False)], used=True)
    block.work.recursions.add(name)
    return name


def _free_name(work: Work, name: str, path: Path) -> str:
    if new_name(name, path).casefold() in work.taken or name in work.lets:
        raise Fault(
            "NAME_SHADOWS", path, f"{name!r} is the name of a table or a let", hint="name the recursion otherwise"
        )
    return name


def _bounded(shape: Recursion, name: str, path: Path) -> Body:
    """Return the step with its bound: before its last select a filter on depth, in it the next depth."""
    step = read_shape(Body, shape.step, (*path, "step"))
    if not step.steps or not (isinstance(step.steps[-1], dict) and isinstance(step.steps[-1].get("select"), list)):
        hint = 'end it with {"select": [..]} of the columns of the seed'
        raise Fault("UNBOUNDED_RECURSION", (*path, "step"), "the depth cannot be carried through this step", hint=hint)
    sources = [step.source, *(one["join"].get("to") for one in step.steps if isinstance(one, dict) and _joins(one))]
    alias = next((found for source in sources if (found := _alias(source, name)) is not None), None)
    if alias is None:
        raise Fault(
            "UNBOUNDED_RECURSION", (*path, "step"), f"the step never reads {name!r}", hint=f'{{"let": "{name}"}}'
        )
    depth = {"col": [alias, DEPTH]}
    last = [*step.steps[-1]["select"], {"as": DEPTH, "expr": {"add": [depth, 1]}}]
    steps = [*step.steps[:-1], {"filter": {"lt": [depth, shape.max_depth]}}, {"select": last}]
    return Body.model_construct(source=step.source, steps=tuple(steps))


def _joins(step: dict[str, Any]) -> bool:
    return isinstance(step.get("join"), dict)


def _alias(source: Any, name: str) -> str | None:
    match source:
        case str() if source == name:
            return name
        case {"let": str(read), **rest} if read == name:
            return str(rest.get("as", name))
    return None
