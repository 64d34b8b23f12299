"""Where a name of the SQL is looked up: one frame a SELECT, with the body that it becomes and the frames around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tracewright.plans import bodies
from tracewright.plans.document import MOST_LETS, Param
from tracewright.plans.families import UNKNOWN, Type
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.importing.refusal import SIGN, refusal, refused_fault
from tracewright.plans.relation import Keys, Output
from tracewright.plans.scope import Column, Env, Let, Scope, Work
from tracewright.plans.steps.block import Block

Json = Any
MOST_RETRIES = 64
MOST_REPEATS = 50_000


class Draft:
    """A body under way: its JSON, and the compiler's own block, which has taken the same steps.

    `stored` names the outputs that are a table's own columns: to these alone SQLite gives an affinity. `called` tells
    what the text calls those whose names no plan can give.
    """

    def __init__(self, work: Work, outer: Env | None, source: Json) -> None:
        self.work, self.source = work, source
        self.stored: frozenset[str] = frozenset()
        self.called: dict[str, str] = {}
        self.steps: list[dict[str, Json]] = []
        self.block = Block(work, outer, [])
        bodies.start(self.block, source, ("from",))
        self._check()

    def take(self, step: dict[str, Json]) -> None:
        """Go on with a step; raises the compiler's fault as a refusal."""
        bodies.take(self.block, step, ("steps", len(self.steps)))
        self.steps.append(step)
        self._check()

    def _check(self) -> None:
        if self.work.faults:
            fault = self.work.faults[0]
            self.work.faults.clear()  # the import may try another way
            raise refused_fault(fault)

    @property
    def columns(self) -> list[Column]:
        """Return the columns that the body would put out now."""
        return self.block.scope.visible

    def body(self) -> dict[str, Json]:
        """Return the body as it is written."""
        return {"from": self.source, **({"steps": list(self.steps)} if self.steps else {})}

    def outputs(self) -> tuple[list[Output], Keys]:
        """Return what a reader of the body sees, and its keys."""
        seen = self.columns
        keys = tuple(frozenset(c.name for c in key) for key in self.block.keys if all(c in seen for c in key))
        return [Output(column.name, column.type, column.nullable) for column in seen], keys


@dataclass(eq=False, slots=True)
class Named:
    """A common table expression: where it was written, and the let that it became once somebody read it.

    `again` says that it reads itself.
    """

    tree: exp.Expr
    around: Names
    parent: Frame | None
    let: str | None = None
    again: bool = False


Names = Mapping[str, Named]


@dataclass(eq=False, slots=True)
class Frame:
    """One SELECT: its sources in sight, and what has become of its expressions by the steps so far.

    `parent` is the frame that a sub-plan sees by `outer`; `beside` the frame whose sources a derived table stands
    next to, and sees only if it is lateral. `sources` are the columns of a FROM once it is whole: names mean these,
    whatever the steps after it leave in sight. `known` holds expressions that are columns by now, under their names.
    `equal` are the columns that are so in every row. `grouped` says that nothing but what is `known` is left.
    """

    number: int
    parent: Frame | None
    names: Names
    draft: Draft | None = None
    beside: Frame | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    sources: list[Column] = field(default_factory=list)
    types: dict[tuple[str, str], Type] = field(default_factory=dict)
    stored: set[tuple[str, str]] = field(default_factory=set)
    called: dict[tuple[str, str], str] = field(default_factory=dict)
    windows: dict[str, exp.Expr] = field(default_factory=dict)
    known: dict[exp.Expr, str] = field(default_factory=dict)
    equal: list[tuple[exp.Column, exp.Column]] = field(default_factory=list)
    grouped: bool = False

    @property
    def body(self) -> Draft:
        """Return the body under way."""
        if self.draft is None:
            raise refusal("UNSUPPORTED_CLAUSE", "a sub-query stands where its rows are not there yet")
        return self.draft

    def see(self, columns: list[Column]) -> None:
        """Put these columns in sight."""
        self.columns = columns
        for column in columns:
            self.types.setdefault((column.alias or "", column.name), column.type)

    def bring(self, alias: str, draft: Draft) -> None:
        """Remember what is known of the columns that a body brings under an alias."""
        self.stored |= {(alias, name) for name in draft.stored}
        self.called |= {(alias, name): called for name, called in draft.called.items()}

    def heading(self, column: Column) -> str:
        """Return what the text calls a column."""
        return self.called.get((column.alias or "", column.name), column.name)

    def env(self, work: Work) -> Env:
        """Return where an expression of this frame stands for the compiler."""
        return Env(work, Scope(self.columns), self.parent.env(work) if self.parent else None)

    def take(self, step: dict[str, Json]) -> None:
        """Go on with a step, and see what it leaves."""
        self.body.take(step)
        self.see(self.body.block.scope.columns)

    def find(self, table: str | None, name: str) -> Column | None:
        """Return the column that a name means among this frame's own sources; raises AMBIGUOUS_COLUMN."""
        alias = self.aliases.get(table.casefold()) if table is not None else None
        if table is not None and alias is None:
            return None
        folded = name.casefold()
        found = [column for column in self.sources or self.columns if self.heading(column).casefold() == folded]
        found = [c for c in found if c.alias == alias] if table is not None else [c for c in found if not c.hidden]
        if len(found) > 1:
            several = ", ".join(f"{column.alias}.{column.name}" for column in found)
            raise refusal("AMBIGUOUS_COLUMN", f"{name!r} may be any of {several}")
        return found[0] if found else None

    def written(self, alias: str, name: str) -> Json:
        """Return how a plan writes a column that is in sight."""
        if not alias or len({column.alias for column in self.columns}) == 1:
            return plain_name(name)
        return {"col": [alias, name]} if "." in alias or "." in name else f"{alias}.{name}"

    def settled(self, column: Column, *, bare: bool = False) -> exp.Column:
        """Return a column so that every reference to it is the same tree; a bare USING key may be of neither side."""
        alias = "" if bare and column.merged is not None else column.alias or ""
        self.types.setdefault((alias, column.name), column.type)
        place = exp.to_identifier(f"{self.number}{SIGN}{alias}", quoted=True)
        return exp.Column(this=exp.to_identifier(column.name, quoted=True), table=place)


def plain_name(name: str) -> Json:
    """Return how a plan writes a column by its name alone."""
    return {"col": [name]} if "." in name else name


RunQuery = Callable[["Import", exp.Expr, "Frame | None", Names, "Frame | None"], Draft]


@dataclass(eq=False, slots=True)
class Import:
    """One import under way. The last argument of `run_query` is the frame beside which a derived table stands."""

    work: Work
    dialect: str
    run_query: RunQuery
    run_exists: RunQuery
    lets: dict[str, dict[str, Json]] = field(default_factory=dict)
    params: dict[str, Param] = field(default_factory=dict)
    frames: dict[int, Frame] = field(default_factory=dict)
    types: dict[int, Type] = field(default_factory=dict)
    drafts: dict[int | str, Draft] = field(default_factory=dict)
    trees: list[exp.Expr] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    retries: int = 0
    repeats: int = 0

    @property
    def sqlite(self) -> bool:
        """Tell whether the text means what SQLite takes it to mean."""
        return self.dialect == "sqlite"

    def frame(self, parent: Frame | None, names: Names, beside: Frame | None = None) -> Frame:
        """Return a new frame."""
        frame = Frame(len(self.frames), parent, names, beside=beside)
        self.frames[frame.number] = frame
        return frame

    def open(self, frame: Frame, source: Json) -> None:
        """Begin a frame's body at a source."""
        frame.draft = Draft(self.work, frame.parent.env(self.work) if frame.parent else None, source)
        frame.see(frame.draft.block.scope.columns)

    def remember(self, tree: exp.Expr, draft: Draft) -> None:
        """Keep what is known of the one column of a sub-query that was just imported."""
        self.trees.append(tree)  # so that no other tree is ever given its id
        self.types[id(tree)], self.drafts[id(tree)] = draft.columns[0].type, draft

    def let(self, wanted: str, draft: Draft) -> str:
        """Keep a body as a let, and return its name."""
        if len(self.lets) == MOST_LETS:
            raise refusal("LIMIT_EXCEEDED", f"a plan has at most {MOST_LETS} lets")
        name = free(slug(wanted), {*self.lets, *self.work.catalogue.by_name})
        self.lets[name], self.drafts[name] = draft.body(), draft
        self.work.lets[name] = Let(*draft.outputs())
        return name

    def retry(self) -> None:
        """Count a query that has to be read twice."""
        self.retries += 1
        if self.retries > MOST_RETRIES:
            raise refusal("LIMIT_EXCEEDED", "too many queries read the rows beside or around them")

    def repeat(self) -> None:
        """Count a part of an expression that stands where its alias stood."""
        self.repeats += 1
        if self.repeats > MOST_REPEATS:
            raise refusal("LIMIT_EXCEEDED", "aliases stand for too much")


def place_of(run: Import, column: exp.Column) -> tuple[Frame, str, str]:
    """Return what a settled column stands for: its frame, alias and name."""
    number, _, alias = str(column.table).partition(SIGN)
    return run.frames[int(number)], alias, str(column.name)


def type_of_column(run: Import, column: exp.Column) -> Type:
    """Return the type of a settled column."""
    frame, alias, name = place_of(run, column)
    return frame.types.get((alias, name), UNKNOWN)


def is_stored(run: Import, node: exp.Expr) -> bool:
    """Tell whether an expression is a table's own column, by itself or as the one column of a sub-query."""
    if isinstance(node, exp.Subquery):
        return id(node) in run.drafts and bool(run.drafts[id(node)].stored)
    if not isinstance(node, exp.Column):
        return False
    frame, alias, name = place_of(run, node)
    aliases = [alias] if alias else [column.alias or "" for column in frame.columns if column.name == name]
    return all(one in frame.tables or (one, name) in frame.stored for one in aliases)


def is_settled(column: exp.Column) -> bool:
    """Tell whether a column was looked up already."""
    return SIGN in str(column.table)
