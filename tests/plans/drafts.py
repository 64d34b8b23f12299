"""A random plan under way: its JSON so far, what is in sight after it, and sources and sub-plans to go on from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.plans.expressions import COMPARED, FAMILIES, Draw, Expressions, Node, Seen
from tests.plans.small import TABLES, small_catalogue
from tracewright.plans.compiling import compile_plan

MOST_COLUMNS = 14
PARAMS = {"least": {"type": "bigint", "value": 2}, "since": {"type": "date", "value": "2024-02-01"}}

Steps = list[Node] | None
Kinds = tuple[list[Callable[["Draft"], Steps]], ...]
"""What draws a step: core steps, and macros."""


class Draft:
    """A plan under way: its JSON so far, and what is in sight after it."""

    def __init__(self, draw: Draw, kinds: Kinds, made: list[int] | None = None, depth: int = 0) -> None:
        self.draw, self.kinds, self.depth = draw, kinds, depth
        self.source: Node = ""
        self.steps: list[Node] = []
        self.lets: dict[str, Node] = {}
        self.made = made if made is not None else [0]
        self.say = Expressions(draw, [])
        self.key: list[Node] = []

    def plan(self) -> dict[str, Any]:
        """Return the plan so far."""
        body = {"from": self.source, "steps": self.steps}
        return {"plan": 1, "params": PARAMS, **({"let": self.lets} if self.lets else {}), **body}

    def look(self) -> None:
        """Take what is in sight from the compiler; aliases are in sight right after a source."""
        found = compile_plan(self.plan(), small_catalogue())
        alias = self.source.get("as") if isinstance(self.source, dict) and not self.steps else None
        seen = [Seen(c.name, c.family.partition("(")[0]) for c in found.columns]
        if alias and "values" not in self.source:
            seen += [Seen(f"{alias}.{c.name}", c.family.partition("(")[0]) for c in found.columns]
        seen += [Seen({"param": "least"}, "int"), Seen({"param": "since"}, "date")]
        self.names = [c.name for c in found.columns]
        self.families = {c.name: c.family.partition("(")[0] for c in found.columns}
        self.key = list(found.keys[0]) if found.keys else []
        self.say = Expressions(self.draw, seen, self.subplan if self.depth == 0 else None)

    def fresh(self, letter: str = "c") -> str:
        """Return a name that nothing bears."""
        self.made[0] += 1
        return f"{letter}_{self.made[0]}"

    def named(self, expr: Node) -> Node:
        return {"as": self.fresh(), "expr": expr}

    def inner(self) -> Draft:
        """Return a draft of a plan inside this one; what it names is named nowhere else."""
        return Draft(self.draw, self.kinds, self.made, self.depth + 1)

    def subplan(self, family: str) -> Node:
        """Draw a body of one column and one row or none, which may look at the row around it."""
        around = [s for s in self.say.seen if isinstance(s.written, str) and "." not in s.written]
        inner = self.inner()
        inner.source = {"table": self.say.pick(sorted(TABLES)), "as": self.fresh("i")}
        inner.look()
        if around and self.say.chance(2):
            outer = self.say.pick(around)
            if outer.family in COMPARED:
                met = {"eq": [inner.say.of(outer.family, 1), {"outer": outer.written}]}
                inner.steps.append({"filter": met})
        x = inner.say.of(family, 1)
        inner.steps.append({"aggregate": {"measures": [inner.named({self.say.pick(["min", "max"]): x})]}})
        return {"from": inner.source, "steps": inner.steps}

    def begin(self) -> None:
        """Draw a source."""
        say, alias = self.say, self.fresh("t")
        match say.number(1, 8):
            case 1:
                self.source = say.pick(sorted(TABLES))
            case 2:
                rows = [[say.number(-2, 2), say.pick(["a", None])] for _ in range(say.number(1, 4))]
                columns = [{"as": "k", "type": "bigint"}, {"as": "w", "type": "varchar"}]
                self.source = {"values": rows, "columns": columns, "as": alias}
            case 3:
                ends = {"from": {"lit": "2024-01-30", "as": "date"}, "to": {"lit": "2024-02-03", "as": "date"}}
                spine = {**ends, "step": {"interval": [1, "day"]}}
                numbers = {"from": -1, "to": {"param": "least"}, "step": 1}
                self.source = {"range": say.pick([spine, numbers]), "as": alias, "column": "n"}
            case 4 if self.depth == 0:
                inner = self.inner()
                inner.begin()
                inner.step()
                self.source = {"plan": {"from": inner.source, "steps": inner.steps}, "as": alias}
            case 5 if self.depth == 0:
                self._recursion(alias)
            case 6 if self.depth == 0:
                self.source = self._joined()
                self.steps.append({"select": ["sales.id", "shops.shop", {"as": "c_at", "expr": "sales.at"}, "rate"]})
            case _:
                self.source = {"table": say.pick(sorted(TABLES)), "as": alias}
        self.look()

    def _recursion(self, alias: str) -> None:
        name = self.fresh("r")
        seed = {
            "from": {"values": [[1, 10]], "columns": [{"as": "n", "type": "bigint"}, {"as": "m", "type": "bigint"}]}
        }
        step = {"from": {"let": name}, "steps": [{"select": [{"as": "n", "expr": {"add": ["n", 1]}}, "m"]}]}
        recursion = {"name": name, "seed": seed, "step": step, "max_depth": self.say.number(1, 4), "all": True}
        self.source = {"recurse": recursion, "as": alias}

    def _joined(self) -> Node:
        on = {"eq": ["sales.shop", "shops.shop"]}
        join = {"to": "shops", "how": self.say.pick(["inner", "left", "full"]), "on": on}
        return {"joined": {"from": "sales", "steps": [{"join": join}]}}

    def step(self) -> None:
        """Draw one step, or one macro; one that does not fit what is in sight becomes a filter."""
        taken = self.say.pick(self.say.pick(self.kinds))(self)
        if taken is None or len(self.names) > MOST_COLUMNS:
            taken = [{"filter": self.say.of("bool", 2)}]
        self.steps += taken
        self.look()

    def having(self, *families: str) -> list[str]:
        """Return the columns of these families."""
        return [name for name in self.names if self.families[name] in families]

    def total(self) -> list[Node]:
        """Draw an order in which rows that can change places are equal."""
        first = [name for name in self.draw(st.permutations(self.names)) if self.families[name] in (*COMPARED, "bool")]
        return [self.say.ordered(name) for name in first]

    def sortable(self) -> bool:
        return all(family in FAMILIES for family in self.families.values())
