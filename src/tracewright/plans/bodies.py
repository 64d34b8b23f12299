"""Walks a body step by step: core steps go to the open block, macros are rewritten first; also joined groups."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tracewright.plans.document import Body, read_shape
from tracewright.plans.expressions import binding, calls, moments, nests, operators, subplans
from tracewright.plans.faults import Fault, Path, did_you_mean
from tracewright.plans.macros import MACROS
from tracewright.plans.macros.rewriting import LetName
from tracewright.plans.relation import Relation
from tracewright.plans.scope import Column, Env, Let, Scope, Trail, Work, quoted
from tracewright.plans.steps import aggregate, columns, joining, sets
from tracewright.plans.steps.block import Block
from tracewright.plans.steps.recursion import recurse
from tracewright.plans.steps.sources import Opened, open_source

TAGS = {**binding.TAGS, **operators.TAGS, **calls.TAGS, **moments.TAGS, **nests.TAGS, **subplans.TAGS}

CORE = (
    "join", "filter", "derive", "select", "aggregate", "window", "distinct", "sort", "limit", "union", "intersect",
    "except", "pivot", "unpivot",
)  # fmt: skip
KINDS = frozenset((*CORE, *MACROS))


def run_body(work: Work, body: Any, path: Path, outer: Env | None) -> Relation:
    """Compile a body that stands by itself, with its closed blocks in a WITH of its own."""
    ctes: list[exp.CTE] = []
    found = run_into(work, body, path, outer, ctes)
    found.query = work.closed(found.query, ctes)
    return found


def run_into(work: Work, body: Any, path: Path, outer: Env | None, ctes: list[exp.CTE]) -> Relation:
    """Compile a body whose closed blocks go to `ctes`."""
    shape = body if isinstance(body, Body) else read_shape(Body, body, path)
    block = Block(work, outer, ctes)
    block.path = path
    start(block, shape.source, (*path, "from"))
    for index, step in enumerate(shape.steps):
        before = block.core, len(block.core)
        take(block, step, (*path, "steps", index))
        if work.trail is not None and not path and outer is None:
            _leave_trail(work.trail, block, step, *before)
    block.path = path
    work.cores[id(body)] = (body, {"from": block.core_source, "steps": block.core})
    return block.finish((*path, "steps", len(shape.steps) - 1) if shape.steps else (*path, "from"))


def _leave_trail(trail: Trail, block: Block, step: Any, core: list[Any], length: int) -> None:
    """Note what a step became; a macro that began anew shows what it begins from."""
    if not isinstance(step, dict):
        return
    anew = block.core is not core
    steps = [{"from": block.core_source}, *block.core] if anew else block.core[length:]
    trail.append((next(iter(step), ""), steps, block.scope.visible))


def start(block: Block, source: Any, path: Path) -> None:
    """Begin a body at its source; a source that does not exist leaves nothing in sight, and everything possible."""
    env = Env(block.work, block.scope, block.outer)
    block.core_source, block.core = source, []
    try:
        found = _open(block, env, source, path)
    except Fault as fault:
        block.work.note(fault)
        block.see([], fuzzy=True)
        block.source = exp.Table(this=quoted("unknown"))
        return
    block.source, block.keys = found.sql, list(found.keys)
    block.see(found.columns, fuzzy=found.fuzzy)


def take(block: Block, step: Any, path: Path) -> None:
    """Take one step; a fault is kept, and what follows is read without knowing the columns."""
    block.path = path
    try:
        tag = _tag(step, path)
        if tag in MACROS:
            _expand(block, tag, step[tag], (*path, tag))
        else:
            _core(block, tag, step, (*path, tag))
            block.core.append(step)
    except Fault as fault:
        block.work.note(fault)
        block.scope.fuzzy = True


def _tag(step: Any, path: Path) -> str:
    if not isinstance(step, dict) or not step:
        raise Fault("BAD_SHAPE", path, "a step is an object with one key, its kind")
    found = [key for key in step if key in KINDS]
    if len(found) != 1:
        name = next(iter(step)) if not found else found[1]
        message = f"{name!r} is no step" if not found else f"{found[0]!r} and {name!r} stand in one step"
        known = [*CORE, *MACROS]
        raise Fault("UNKNOWN_KEY", (*path, name), message, known, did_you_mean(name, known))
    spare = step.keys() - {found[0]} - ({"replace"} if found[0] == "derive" else set())
    if spare:
        raise Fault("UNKNOWN_KEY", (*path, min(spare)), f"{min(spare)!r} cannot stand beside {found[0]!r}")
    return str(found[0])


class _Body:
    """The body that a macro is rewritten into: its core steps are taken like any others, and kept."""

    def __init__(self, block: Block, path: Path) -> None:
        self.block, self.path = block, path

    def columns(self) -> list[Column]:
        return self.block.scope.visible

    def add(self, *steps: dict[str, Any]) -> None:
        for step in steps:
            (tag,) = step.keys() - {"replace"}
            _core(self.block, tag, step, (*self.path, tag))
            self.block.core.append(step)

    def close(self) -> str:
        block, work = self.block, self.block.work
        if not block.core and isinstance(block.core_source, str):
            return LetName(block.core_source) if block.core_source in work.lets else block.core_source
        if block.outer is not None:
            hint = 'close what comes before it in a "let" and read that'
            raise Fault("SUBPLAN_SHAPE", self.path, "this step reads its input more than once", hint=hint)
        found = block.finish(self.path)
        name = work.let_name()
        block.ctes.append(exp.CTE(this=found.query, alias=exp.TableAlias(this=quoted(name))))
        work.lets[name] = Let(found.columns, found.keys, used=True)
        work.core_lets[name] = {"from": block.core_source, "steps": block.core}
        return LetName(name)

    def begin(self, source: Any) -> None:
        block = self.block
        block.empty()
        block.keys, block.order_names, block.total = [], None, False
        block.scope = Scope([], fuzzy=block.scope.fuzzy)
        start(block, source, self.path)


def _expand(block: Block, tag: str, value: Any, path: Path) -> None:
    """Rewrite a macro into core steps, and take those."""
    work = block.work
    before = work.scratch, work.macro
    work.scratch, work.macro = True, (path, value)
    try:
        MACROS[tag](_Body(block, path), value)
    except Fault as fault:
        work.note(fault)
        block.scope.fuzzy = True
    finally:
        work.scratch, work.macro = before
    work.expanded = True


def _core(block: Block, tag: str, step: dict[str, Any], path: Path) -> None:
    value = step[tag]
    _keep_order(block, tag, path)
    match tag:
        case "join":
            _join(block, value, path)
        case "filter":
            columns.filter_rows(block, value, path)
        case "derive":
            columns.derive(block, value, path, replace=step.get("replace") is True)
        case "select":
            columns.select(block, value, path)
        case "aggregate":
            aggregate.aggregate(block, value, path)
        case "window":
            columns.window(block, value, path)
        case "distinct":
            columns.distinct(block, value, path)
        case "sort":
            columns.sort(block, value, path)
        case "limit":
            columns.limit(block, value, path)
        case "pivot":
            aggregate.pivot(block, value, path)
        case "unpivot":
            sets.unpivot(block, value, path, _join)
        case _:
            sets.combine(block, tag, value, path, _operand)


def _keep_order(block: Block, tag: str, path: Path) -> None:
    """Warn where a sort is lost: only limit and select keep the rows in order."""
    if block.sorted_at is not None and tag not in {"limit", "select"}:
        block.work.lint("SORT_LOST", block.sorted_at, f"the order is lost by the {tag} after it", "sort last, or limit")
    # An order that a macro left behind is nobody's loss.
    block.sorted_at = path if tag == "sort" and block.work.macro is None else None


def _join(block: Block, value: Any, path: Path) -> None:
    def target(env: Env, source: Any, where: Path, lateral: bool) -> Opened:
        return _open(block, env, source, where, lateral=lateral)

    joining.join(block, value, path, target)


def _open(block: Block, env: Env, source: Any, path: Path, *, lateral: bool = False) -> Opened:
    if isinstance(source, dict) and "joined" in source:
        return _joined(block, source, path)
    if isinstance(source, dict) and "recurse" in source:
        return _recursed(block, env, source, path)

    def run(body: Any, where: Path) -> Relation:
        if lateral:  # may read the rows beside it, so nothing of it can be closed further up
            return run_body(block.work, body, where, env)
        return run_into(block.work, body, where, block.outer, block.ctes)

    return open_source(env, source, path, run)


def _recursed(block: Block, env: Env, source: dict[str, Any], path: Path) -> Opened:
    if block.outer is not None:
        raise Fault("SUBPLAN_SHAPE", path, "a recursion cannot stand in a sub-plan", hint='close it in a "let"')

    def seed(body: Any, where: Path) -> Relation:
        return run_into(block.work, body, where, None, block.ctes)

    def step(body: Any, where: Path) -> Relation:
        return run_body(block.work, body, where, None)

    name = recurse(block, source["recurse"], (*path, "recurse"), seed, step)
    return open_source(env, {"let": name, **{k: v for k, v in source.items() if k != "recurse"}}, path, seed)


def _joined(block: Block, source: dict[str, Any], path: Path) -> Opened:
    """Return a join in parentheses; its aliases stay in sight."""
    group = read_shape(Body, source["joined"], (*path, "joined"))
    inner = Block(block.work, block.outer, block.ctes)
    inner.path = path
    start(inner, group.source, (*path, "joined", "from"))
    for index, step in enumerate(group.steps):
        where = (*path, "joined", "steps", index)
        if not (isinstance(step, dict) and step.keys() == {"join"}):
            raise Fault(
                "BAD_SHAPE", where, "a joined group holds joins only", hint='other steps go into {"plan": Body}'
            )
        _join(inner, step["join"], (*where, "join"))
    table = inner.source
    if table is not None and inner.joins:
        table.set("joins", inner.joins)
    return Opened(exp.Paren(this=table), inner.scope.columns, inner.keys, inner.scope.fuzzy)


def _operand(block: Block, value: Any, path: Path) -> Relation:
    if isinstance(value, dict) and "from" in value:
        return run_into(block.work, value, path, block.outer, block.ctes)
    return run_into(block.work, {"from": value}, path, block.outer, block.ctes)
