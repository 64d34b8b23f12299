"""The walk over the engine's own syntax tree: what is not allowed by name is refused.

It sees what the engine will see, but for what the tree leaves out: a named window that nobody uses, and SHOW of a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NoReturn

from tracewright.jobs._query import determinism, grammar
from tracewright.jobs._query.refusal import Refusal
from tracewright.jobs._query.reviewed import AGGREGATE_BY_NAME, CLOCKS, DISGUISED, REVIEWED, fold

Scope = frozenset[str]
Node = Mapping[str, Any]
COLLATION = re.compile(r"[A-Za-z_]{1,20}(\.[A-Za-z_]{1,20}){0,3}")


@dataclass(frozen=True)
class Catalogue:
    """The tables that a query may read: their names as `fold` makes them, in the one schema of one database."""

    database: str
    tables: frozenset[str]

    def holds(self, path: Sequence[str]) -> bool:
        """Say whether a name of one to three parts is one of the tables."""
        *schema, table = map(fold, path)
        return table in self.tables and schema in ([], ["main"], [self.database], [self.database, "main"])


@dataclass
class Seen:
    """What a query names: tables (with those of WITH), functions, the registered tables among them, and warnings."""

    tables: set[tuple[str, ...]] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    warnings: dict[tuple[str, str], None] = field(default_factory=dict)
    chances: list[Refusal] = field(default_factory=list)
    """Why two runs could differ, where that is reason enough to refuse."""


class Walk:
    """One walk over one tree; raises Refusal at the first thing that is not allowed."""

    def __init__(self, catalogue: Catalogue, strict: bool) -> None:
        self._catalogue = catalogue
        self._strict = strict
        self.seen = Seen()

    def over(self, value: Any, place: str, scope: Scope) -> None:
        """Visit a value that stands under the key `place`; `scope` holds the names of WITH that are visible there."""
        if isinstance(value, dict):
            self._object(value, place, scope)
        elif isinstance(value, list):
            for item in value:
                self.over(item, place, scope)

    def _object(self, node: Node, place: str, scope: Scope) -> None:
        shape = grammar.shape_of(node, place)
        if shape is None or not shape.issuperset(node):
            _refuse_unknown(node, grammar.strange(node, place))
        if "class" in node:
            self._expression(node, scope)
        elif "cte_map" in node:
            self._query(node, scope)
        elif "alias" in node and "type" in node:
            self._table(node, scope)
        else:
            if place == "sample":
                self._note(determinism.of_sample(node))
            self._inside(node, scope)

    def _inside(self, node: Node, scope: Scope, *but: str) -> None:
        for key, value in node.items():
            if not value or key in but:
                continue
            if isinstance(value, dict):
                self._object(value, key, scope)
            elif isinstance(value, list):
                for item in value:
                    self.over(item, key, scope)

    def _query(self, node: Node, scope: Scope) -> None:
        for entry in node["cte_map"]["map"]:
            if unknown := grammar.strange(entry, "map"):
                _refuse_unknown(entry, unknown)
            self.over(entry["value"], "value", scope)
            # A name is seen by those after it and by the query that it hangs on, by nobody before.
            scope |= {fold(entry["key"])}
        if node["type"] == "RECURSIVE_CTE_NODE":
            self.over(node["right"], "right", scope | {fold(node["cte_name"])})
            self._inside(node, scope, "cte_map", "right")
        else:
            self._inside(node, scope, "cte_map")
        self._modifiers(node["modifiers"])

    def _modifiers(self, modifiers: Sequence[Node]) -> None:
        if any(modifier.get("limit_type", "ROW_COUNT") != "ROW_COUNT" for modifier in modifiers):
            raise Refusal("STMT_DENIED", "LIMIT takes a number of rows here, not a percentage.")
        self._note(determinism.of_modifiers({modifier["type"] for modifier in modifiers}))

    def _table(self, node: Node, scope: Scope) -> None:
        match node["type"]:
            case "BASE_TABLE":
                self._base_table(node, scope)
            case "TABLE_FUNCTION":
                self._table_function(node, scope)
            case "SHOW_REF":
                self._show(node, scope)
            case "PIVOT" if any(pivot["pivot_enum"] for pivot in node["pivots"]):
                raise Refusal("STMT_DENIED", "PIVOT takes the list of its values here: ON column IN ('a', 'b').")
            case _:
                self._inside(node, scope)

    def _base_table(self, node: Node, scope: Scope) -> None:
        path = _path(node, ("catalog_name", "schema_name", "table_name"))
        self._inside(node, scope)
        self._name_table(path, scope)
        if node["at_clause"] is not None:
            raise Refusal("TABLE_DENIED", "A table has no versions here: leave out AT.")

    def _name_table(self, path: Sequence[str], scope: Scope) -> None:
        name = tuple(map(fold, path))
        self.seen.tables.add(name)
        if len(name) == 1 and name[0] in scope:
            return
        if not self._catalogue.holds(path):
            raise Refusal("TABLE_DENIED", _no_table(path, self._catalogue))
        self.seen.reads.add(name[-1])

    def _table_function(self, node: Node, scope: Scope) -> None:
        function = node["function"]
        if unknown := grammar.strange(function, "function"):
            _refuse_unknown(function, unknown)
        [name] = _one_part(_path(function, ("catalog", "schema", "function_name")))
        if name not in REVIEWED.tables:
            listed = ", ".join(sorted(REVIEWED.tables))
            raise Refusal("FUNC_DENIED", f"{name[:60]} cannot stand as a table; only {listed} and registered tables.")
        self.seen.functions.add(name)
        self._inside(function, scope)
        self._inside(node, scope, "function")

    def _show(self, node: Node, scope: Scope) -> None:
        if node["table_name"] and node["show_type"] != "SHOW_SPECIAL":
            self._name_table(_path(node, ("catalog_name", "schema_name", "table_name")), scope)
        self._inside(node, scope)
        inner = node["query"] or {}
        of_table = (inner.get("from_table") or {}).get("type") == "BASE_TABLE" and _is_all(inner)
        if node["show_type"] not in {"DESCRIBE", "SUMMARY"} or not of_table:
            raise Refusal("STMT_DENIED", "Only DESCRIBE and SUMMARIZE of one table are answered.")

    def _expression(self, node: Node, scope: Scope) -> None:
        match node["class"]:
            case "FUNCTION":
                self._function(node)
            case "WINDOW":
                self._window(node)
            case "COLUMN_REF":
                _check_column(node["column_names"])
            case "OPERATOR" if node["type"] not in grammar.OPERATORS:
                raise Refusal("STMT_DENIED", f"The operator {node['type'][:60]} is not among those allowed.")
            case "TYPE":
                [name] = _one_part(_path(node, ("catalog", "schema", "type_name")))
                if name not in grammar.TYPES:
                    raise Refusal("STMT_DENIED", f"There is no type {name[:60]} here.")
            case "COLLATE" if not COLLATION.fullmatch(node["collation"]):
                raise Refusal("STMT_DENIED", "A collation is named by letters, as in NOCASE.")
        self._inside(node, scope)

    def _function(self, node: Node) -> None:
        [name] = _one_part(_path(node, ("catalog", "schema", "function_name")))
        allowed = REVIEWED.operators if node["is_operator"] else REVIEWED.expressions
        if name not in allowed or node["export_state"]:
            _refuse_function(name)
        if name in AGGREGATE_BY_NAME:
            _check_named_aggregate(name, node["arguments"])
        if name == "age" and len(node["arguments"]) != 2:
            raise Refusal("NONDETERMINISTIC", "age of one date asks the clock; give it both dates.")
        self.seen.functions.add(name)
        ordered = bool((node["order_bys"] or {}).get("orders"))
        self._note(determinism.of_aggregate(name, ordered, self._strict))

    def _window(self, node: Node) -> None:
        [name] = _one_part(_path(node, ("catalog", "schema", "function_name")))
        if name not in REVIEWED.windows:
            _refuse_function(name)
        self.seen.functions.add(name)
        ordered = bool(node["orders"] or node["arg_orders"])
        self._note(determinism.of_aggregate(name, ordered, self._strict))
        self._note(determinism.of_window(name, ordered))

    def _note(self, found: Refusal | determinism.Warned | None) -> None:
        if isinstance(found, Refusal):
            self.seen.chances.append(found)
        elif found:
            self.seen.warnings[found] = None


def _path(node: Node, keys: tuple[str, str, str]) -> list[str]:
    """Return a name in its parts; the tree gives it twice, and both must be the same."""
    path: list[str] = node["qualified_name"]["path"]
    if path != [node[key] for key in keys if node[key]]:
        raise Refusal("STMT_DENIED", "A name is given in two ways that differ.")
    return path


def _one_part(path: Sequence[str]) -> list[str]:
    if len(path) != 1:
        name = ".".join(path)[:80]
        raise Refusal("FUNC_DENIED", f"{name}: write functions and types without a schema, and f(x) instead of x.f().")
    return [fold(path[0])]


def _is_all(query: Node) -> bool:
    rest = (query["where_clause"], query["modifiers"], query["cte_map"]["map"], query["sample"], query["having"])
    return [item.get("class") for item in query["select_list"]] == ["STAR"] and not any(rest)


def _check_column(names: Sequence[str]) -> None:
    name = fold(names[0])
    if len(names) > 1 or name not in DISGUISED:
        return
    if name in CLOCKS:
        raise Refusal("NONDETERMINISTIC", f"{name} asks the clock; hand the time in as a parameter.")
    raise Refusal("FUNC_DENIED", f"{name} alone is a function of the engine; write a column with its table: t.{name}.")


def _check_named_aggregate(name: str, arguments: Sequence[Node]) -> None:
    second = arguments[1]["expression"] if len(arguments) > 1 else {}
    literal = second.get("literal") or {}
    if literal.get("kind") != "STRING" or fold(literal["text"]) not in REVIEWED.aggregates:
        raise Refusal("FUNC_DENIED", f"{name} takes the name of an aggregate as a plain text, as in 'sum'.")


def _refuse_function(name: str) -> NoReturn:
    why = REVIEWED.refused.get(name)
    if why in {determinism.CLOCK, determinism.RANDOM}:
        instead = "hand the time in as a parameter" if why == determinism.CLOCK else "give a sample a seed instead"
        raise Refusal("NONDETERMINISTIC", f"{name} differs from run to run; {instead}.")
    if why:
        raise Refusal("FUNC_DENIED", f"{name} is refused ({why.replace('_', ' ')}).")
    near = get_close_matches(name, REVIEWED.expressions, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    raise Refusal("FUNC_DENIED", f"{name[:60]} is not among the reviewed functions{hint}")


def _refuse_unknown(node: Node, unknown: str) -> NoReturn:
    if node.get("type") in grammar.WRITERS:
        raise Refusal("DML_IN_CTE", "A WITH may only hold queries; this one writes.")
    raise Refusal("STMT_DENIED", f"The query holds {unknown[:60]}, which is not among the forms allowed.")


def _no_table(path: Sequence[str], catalogue: Catalogue) -> str:
    name = ".".join(path)[:80]
    near = get_close_matches(fold(path[-1]), sorted(catalogue.tables), n=3) or sorted(catalogue.tables)[:12]
    return f"There is no table {name!r} here; there is: {', '.join(near) or 'none'}."
