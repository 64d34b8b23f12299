"""Random expressions of a wanted family over the columns in sight, such that every run gives the same value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
Node = Any

NUMBERS = ("int", "dec", "float")
FAMILIES = ("int", "dec", "float", "text", "bool", "date", "ts")
COMPARED = ("int", "dec", "float", "text", "date", "ts")
TEXTS = ("", "a", "A", "nord", "süd", "東", "it's", "a_b%c", "käse", "view", "b\\n")
PATTERNS = ("%a%", "_", "s__", "", "a\\_b\\%c", "東%")
DATES = ("2024-01-31", "2024-02-29", "2023-12-31", "2024-04-01")
UNITS = ("day", "week", "month", "quarter", "year")
PARTS = ("year", "month", "day", "hour", "dow", "isodow", "doy", "quarter", "week")
WAYS = ("eq", "ne", "lt", "lte", "gt", "gte", "same", "differs")


@dataclass(frozen=True)
class Seen:
    """A column in sight, as it is written, with its family; `outer` ones belong to the plan around."""

    written: Node
    family: str


class Expressions:
    """Draws expressions over columns; `plans` draws sub-plans of one column of a family, where they may stand."""

    def __init__(self, draw: Draw, seen: Sequence[Seen], plans: Callable[[str], Node] | None = None) -> None:
        self.draw, self.seen, self.plans = draw, list(seen), plans

    def pick(self, items: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(items))

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def chance(self, of: int) -> bool:
        return self.number(1, of) == of

    def of(self, family: str, depth: int = 2) -> Node:
        """Draw an expression of a family."""
        if depth <= 0 or self.chance(3):
            return self.leaf(family)
        return getattr(self, f"_{family}")(depth - 1)

    def leaf(self, family: str) -> Node:
        """Draw a column of a family, or a literal where there is none."""
        known = [column.written for column in self.seen if column.family == family]
        if known and not self.chance(5):
            return self.pick(known)
        return self.literal(family)

    def column(self, *families: str) -> Node:
        """Draw a column of one of these families, None where there is none."""
        known = [
            column.written for column in self.seen if column.family in families and isinstance(column.written, str)
        ]
        return self.pick(known) if known else None

    def literal(self, family: str) -> Node:
        match family:
            case "int":
                return self.number(-9, 9)
            case "dec":
                return self.pick(
                    [0.5, -1.25, {"lit": "10.50", "as": "decimal(10,2)"}, {"lit": "0.00", "as": "decimal(10,2)"}]
                )
            case "float":
                return {"lit": self.pick(["0.25", "-3", "1.5", "100.5"]), "as": "double"}
            case "bool":
                return self.pick([True, False])
            case "date":
                return {"lit": self.pick(DATES), "as": "date"}
            case "ts":
                return {"lit": self.pick(DATES) + self.pick(["", " 08:30:00"]), "as": "timestamp"}
        return {"lit": self.pick(TEXTS)}

    def either(self, family: str, depth: int) -> Node:
        """Draw what every family has: a choice, or the first that is there."""
        match self.number(1, 4):
            case 1:
                return {"coalesce": [self.of(family, depth), self.of(family, depth)]}
            case 2 if (x := self.column(family)) is not None:
                return {"nullif": [x, self.of(family, depth)]}
            case 3 if family in COMPARED:
                of = self.pick(COMPARED)
                arms = [[self.literal(of), self.of(family, depth)], [self.literal(of), self.of(family, 0)]]
                return {"case": arms, "of": self.leaf(of), "else": self.of(family, 0)}
        arms = [[self._bool(depth), self.of(family, depth)]]
        return {"case": arms, **({"else": self.of(family, depth)} if self.chance(2) else {})}

    def _int(self, depth: int) -> Node:
        match self.number(1, 12):
            case 1:
                return {self.pick(["add", "sub"]): [self.of("int", depth), self.of("int", depth)]}
            case 2:
                return {"mul": [self.of("int", depth), self.number(-3, 3)]}
            case 3:
                return {self.pick(["idiv", "mod"]): [self.of("int", depth), self.pick([2, 3, -4])]}
            case 4:
                return {"part": [self.of("ts", depth), self.pick(PARTS)]}
            case 5:
                family = self.pick(["date", "ts"])
                return {"diff": [self.pick(UNITS), self.of(family, depth), self.of(family, 0)]}
            case 6:
                return {"sub": [self.of("date", depth), self.of("date", 0)]}
            case 7:
                return {"call": self.pick(["length", "strlen"]), "args": [self.of("text", depth)]}
            case 8:
                return {"try_cast": self.of("text", depth), "to": "bigint"}
            case 9:
                return {"call": self.pick(["greatest", "least"]), "args": [self.of("int", depth), self.of("int", 0), 1]}
            case 10:
                return {"neg": self.of("int", depth)}
            case 11:
                return {"get": [{"list": [self.of("int", depth), 7]}, self.number(1, 3)]}
        return self._choice_or_plan("int", depth)

    def _choice_or_plan(self, family: str, depth: int) -> Node:
        if self.plans is not None and self.chance(3):
            return {"scalar": self.plans(family)}
        return self.either(family, depth)

    def _dec(self, depth: int) -> Node:
        match self.number(1, 5):
            case 1:
                return {self.pick(["add", "sub"]): [self.of("dec", depth), self.of("dec", 0)]}
            case 2:
                return {"call": "round", "args": [self.of("dec", depth), self.number(0, 1)]}
            case 3:
                return {"call": "abs", "args": [self.of("dec", depth)]}
            case 4:
                return {"cast": {"cast": self.of("int", 0), "to": "smallint"}, "to": "decimal(12,2)"}
        return self.either("dec", depth)

    def _float(self, depth: int) -> Node:
        match self.number(1, 7):
            case 1:
                return {"ratio": [self.of(self.pick(NUMBERS), depth), self.of(self.pick(NUMBERS), 0)]}
            case 2:
                return {"div": [self.of(self.pick(NUMBERS), depth), self.pick([2, 4, -0.5])]}
            case 3:
                return {self.pick(["add", "sub"]): [self.of("float", depth), self.of(self.pick(NUMBERS), 0)]}
            case 4:
                return {"call": "round", "args": [self.of("float", depth), 1]}
            case 5:
                return {"cast": self.of(self.pick(["int", "dec"]), depth), "to": "double"}
            case 6:
                return {"call": "sqrt", "args": [{"call": "abs", "args": [self.of("float", depth)]}]}
        return self._choice_or_plan("float", depth)

    def _text(self, depth: int) -> Node:
        x = self.of("text", depth)
        match self.number(1, 10):
            case 1:
                return {"concat": [x, self.of("text", 0)]}
            case 2:
                return {"call": self.pick(["upper", "lower", "trim", "reverse", "md5"]), "args": [x]}
            case 3:
                return {"call": "substring", "args": [x, self.number(-2, 3), self.number(0, 3)]}
            case 4:
                return {"call": self.pick(["left", "right"]), "args": [x, self.number(-1, 3)]}
            case 5:
                return {"call": "replace", "args": [x, {"lit": "a"}, self.literal("text")]}
            case 6:
                return {"cast": self.of(self.pick(["int", "bool", "date"]), depth), "to": "varchar"}
            case 7:
                return {"call": "strftime", "args": [self.of("ts", depth), {"lit": "%Y-%m"}]}
            case 8:
                return {"call": "lpad", "args": [x, 6, {"lit": "."}]}
            case 9:
                return {"get": [{"struct": [["f", x], ["g", self.of("int", 0)]]}, "f"]}
        return self._choice_or_plan("text", depth)

    def _bool(self, depth: int) -> Node:
        match self.number(1, 13 if self.plans is not None else 10):
            case 1 | 2:
                family = self.pick(COMPARED)
                return {self.pick(WAYS): [self.of(family, depth), self.of(family, 0)]}
            case 3:
                family = self.pick(COMPARED)
                return {"between": [self.of(family, depth), self.of(family, 0), self.of(family, 0)]}
            case 4:
                return {self.pick(["is_null", "not_null"]): self.of(self.pick(FAMILIES), depth)}
            case 5:
                return {self.pick(["and", "or"]): [self.of("bool", depth), self.of("bool", depth), self.leaf("bool")]}
            case 6:
                return {"not": self.of("bool", depth)}
            case 7:
                return {
                    "in": [
                        self.of("text", depth),
                        {"lit": list(self.draw(st.lists(st.sampled_from(TEXTS), max_size=3)))},
                    ]
                }
            case 8:
                return {"in": [self.of("int", depth), [self.of("int", 0), self.number(0, 5)]]}
            case 9:
                tag = self.pick(["contains", "starts_with", "ends_with"])
                return {tag: [self.of("text", depth), self.literal("text")]}
            case 10:
                return {
                    self.pick(["like", "ilike"]): [self.of("text", depth), {"lit": self.pick(PATTERNS)}],
                    "escape": "\\",
                }
            case 11:
                return {"exists": self.plans(self.pick(COMPARED))} if self.plans else True
            case 12:
                family = self.pick(COMPARED)
                return {"in": [self.of(family, 0), {"plan": self.plans(family)}]} if self.plans else True
        family, way = self.pick(COMPARED), self.pick(WAYS[:6])
        compared = {"compare": way, "of": self.of(family, 0)}
        return {**compared, self.pick(["any", "all"]): self.plans(family)} if self.plans else True

    def _date(self, depth: int) -> Node:
        match self.number(1, 4):
            case 1:
                return {"cast": self.of("ts", depth), "to": "date"}
            case 2:
                return {"add": [self.of("date", depth), self.number(-40, 40)]}
            case 3:
                return {"call": "last_day", "args": [self.of("date", depth)]}
        return self.either("date", depth)

    def _ts(self, depth: int) -> Node:
        family = self.pick(["date", "ts"])
        match self.number(1, 6):
            case 1:
                return {"bucket": [self.of(family, depth), self.pick(["hour", *UNITS])]}
            case 2:
                return {"shift": [self.of(family, depth), self.number(-14, 14), self.pick(UNITS)]}
            case 3:
                return {"cast": self.of("date", depth), "to": "timestamp"}
            case 4:
                return {"add": [self.of("ts", depth), {"interval": [self.number(-3, 3), self.pick(UNITS)]}]}
            case 5:
                return {"bucket": [self.of("ts", depth), {"interval": [self.pick([6, 36]), "hour"]}]}
        return self.either("ts", depth)

    def aggregate(self, family: str = "") -> Node:
        """Draw an aggregate whose value hangs on no order of rows."""
        match self.number(1, 9):
            case 1:
                node: Node = {"count": "*"}
            case 2:
                node = {self.pick(["count", "count_distinct"]): self.of(self.pick(COMPARED), 1)}
            case 3 | 4:
                node = {self.pick(["sum", "avg", "median"]): self.of(self.pick(NUMBERS), 1)}
            case 5:
                node = {self.pick(["min", "max"]): self.of(self.pick(COMPARED), 1)}
            case 6:
                tail = self.pick(["cont", "disc"])
                node = {
                    "agg": f"quantile_{tail}",
                    "args": [self.of(self.pick(NUMBERS), 1), self.pick([0.25, 0.5, 0.9])],
                }
            case 7:
                node = {"agg": self.pick(["bool_and", "bool_or", "count_if"]), "args": [self.of("bool", 1)]}
            case 8:
                node = self._in_order("string_agg", self.column("text"))
            case _:
                node = self._in_order(self.pick(["list", "first", "last"]), self.column(*COMPARED))
        if self.chance(4):
            node["where"] = self.of("bool", 1)
        return node

    def _in_order(self, name: str, x: Node) -> Node:
        """Draw an aggregate whose value hangs on the order of its own argument, if there is one."""
        if x is None:
            return {"count": "*"}
        mark = [{"lit": "|"}] if name == "string_agg" else []
        return {"agg": name, "args": [x, *mark], "order": [self.pick([x, {"desc": x}])]}

    def windowed(self, key: Sequence[Node]) -> Node:
        """Draw a windowed expression; frames of rows and numbers of rows only where a key settles the order."""
        partition = [self.leaf(self.pick(COMPARED))] if self.chance(2) else []
        order = [self.ordered(self.leaf(self.pick(COMPARED)))] if self.chance(2) or not key else []
        over = {"partition": partition, "order": [*order, *key]}
        moved = [self.leaf(self.pick(COMPARED))]
        call = self.pick(["row_number", "ntile", "lag", "lead", "first_value"]) if key else "rank"
        match self.number(1, 5 if key else 3):
            case 1:
                return {"over": {"call": self.pick(["rank", "dense_rank", "percent_rank", "cume_dist"])}, **over}
            case 2:
                return {"over": {self.pick(["sum", "avg", "count"]): self.leaf(self.pick(["int", "dec"]))}, **over}
            case 3:
                node = {self.pick(["min", "max", "count"]): self.leaf(self.pick(COMPARED))}
                return {"over": node, "partition": partition}
            case 4:
                args = {"row_number": [], "ntile": [3]}.get(call, moved)
                return {"over": {"call": call, "args": args}, **over}
        frame = {"rows": self.pick([[-2, 0], [None, -1], [-1, 1], [None, None], [0, None]])}
        return {"over": {self.pick(["sum", "min", "count"]): self.leaf("int")}, **over, "frame": frame}

    def ordered(self, node: Node) -> Node:
        """Draw the direction of an order key."""
        way = self.pick(["", "asc", "desc", "first"])
        if way == "first":
            return {self.pick(["asc", "desc"]): node, "nulls": "first"}
        return {way: node} if way else node
