"""The shapes that a query may have in the engine's syntax tree, as the pinned release writes it to JSON.

An object is known by its `class` (an expression), its `cte_map` (a query), its `type` beside an `alias` (a table), or
else by the key that it stands under. A shape or key that is not listed here is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WHERE = "alias query_location query_location_length"


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def _shapes(shapes: Mapping[str, str], everywhere: str) -> dict[str, frozenset[str]]:
    return {name: words(f"{keys} {everywhere}") for name, keys in shapes.items()}


EXPRESSIONS = _shapes(
    {
        "BETWEEN": "input lower upper",
        "CASE": "case_checks else_expr",
        "CAST": "child try_cast type_expr",
        "COLLATE": "child collation",
        "COLUMN_REF": "column_names",
        "COMPARISON": "left right",
        "CONJUNCTION": "children",
        "CONSTANT": "literal",
        "FUNCTION": "arguments catalog distinct export_state filter function_name is_operator order_bys qualified_name"
        " schema",
        "LAMBDA": "expr lhs syntax_type",
        "OPERATOR": "children",
        "PARAMETER": "identifier",
        "POSITIONAL_REFERENCE": "index",
        "STAR": "columns exclude_list expr qualified_exclude_list relation_name rename_list replace_list",
        "SUBQUERY": "child comparison_type subquery subquery_type",
        "TYPE": "catalog children qualified_name schema type_name",
        "WINDOW": "arg_orders arguments catalog default_expr distinct end end_expr exclude_clause filter_expr"
        " function_name has_ignore_nulls ignore_nulls offset_expr orders partitions qualified_name schema start"
        " start_expr",
    },
    f"class type {_WHERE}",
)
QUERIES = _shapes(
    {
        "RECURSIVE_CTE_NODE": "aliases cte_name key_targets left right union_all",
        "SELECT_NODE": "aggregate_handling from_table group_expressions group_sets having qualify sample select_list"
        " where_clause",
        "SET_OPERATION_NODE": "children left right setop_all setop_type",
    },
    "cte_map modifiers type",
)
TABLES = _shapes(
    {
        "BASE_TABLE": "at_clause catalog_name column_name_alias qualified_name schema_name table_name",
        "EMPTY": "",
        "EXPRESSION_LIST": "expected_names expected_types values",
        "JOIN": "condition delim_flipped duplicate_eliminated_columns is_implicit join_type left nearest_approx"
        " nearest_count nearest_order_type ranking_expression ref_type right using_columns",
        "PIVOT": "aggregates column_name_alias groups include_nulls pivots source unpivot_names",
        "SHOW_REF": "catalog_name qualified_name query schema_name show_type table_name",
        "SUBQUERY": "column_name_alias subquery",
        "TABLE_FUNCTION": "column_name_alias function with_ordinality",
    },
    f"sample type {_WHERE}",
)
MODIFIERS = _shapes(
    {
        "DISTINCT_MODIFIER": "distinct_on_targets",
        "LIMIT_MODIFIER": "limit limit_type offset",
        "ORDER_MODIFIER": "orders",
    },
    "type",
)
PLACES = _shapes(
    {
        "": "error statements",
        "arg_orders": "expression null_order type",
        "arguments": "expression name",
        "at_clause": "expr unit",
        "case_checks": "then_expr when_expr",
        "cte_map": "map",
        "entries": "alias star_expr values",
        "key": "catalog column schema table",
        "literal": "kind text",
        "map": "key value",
        "named_param_map": "key value",
        "orders": "expression null_order type",
        "pivots": "entries pivot_enum pivot_expressions unpivot_names",
        "qualified_exclude_list": "catalog column schema table",
        "qualified_name": "path",
        "rename_list": "key value",
        "replace_list": "key value",
        "sample": "is_percentage method repeatable sample_rate sample_size seed",
        "sample_size": "is_null type value",
        "statements": "named_param_map node",
        "subquery": "named_param_map node",
        "type": "id type_info",
        "value": "aliases key_targets materialized payload_aggregates query_node",
    },
    "",
)
OPERATORS = words(
    "ARRAY_EXTRACT ARRAY_SLICE COMPARE_IN COMPARE_NOT_IN GROUPING_FUNCTION OPERATOR_CAST OPERATOR_COALESCE"
    " OPERATOR_IS_NOT_NULL OPERATOR_IS_NULL OPERATOR_NOT OPERATOR_TRY STRUCT_EXTRACT"
)
TYPES = words(
    "array bigint bignum bit blob bool boolean char date decimal double enum float float4 float8 hugeint int int128"
    " int16 int2 int32 int4 int64 int8 integer interval json list map null numeric real smallint string struct text"
    " time timestamp timestamp_ms timestamp_ns timestamp_s timestamp_us timestamptz tinyint ubigint uhugeint uinteger"
    " union usmallint utinyint uuid varchar row"
) | {"time with time zone", "timestamp with time zone", "timetz"}
WRITERS = frozenset({"COPY_QUERY_NODE", "INSERT_QUERY_NODE", "UPDATE_QUERY_NODE", "DELETE_QUERY_NODE"})


def shape_of(node: Mapping[str, Any], place: str) -> frozenset[str] | None:
    """Return the keys that an object may have, or None where no object of its kind may stand."""
    if "class" in node:
        return EXPRESSIONS.get(node["class"])
    kind = node.get("type")
    if "cte_map" in node:
        return QUERIES.get(kind) if isinstance(kind, str) else None
    if isinstance(kind, str) and "alias" in node:
        return TABLES.get(kind)
    if place in {"modifiers", "order_bys"}:
        return MODIFIERS.get(kind) if isinstance(kind, str) else None
    return PLACES.get(place)


def strange(node: Mapping[str, Any], place: str) -> str:
    """Return what is unknown about an object, its kind or one of its keys; nothing where all is known."""
    shape = shape_of(node, place)
    if shape is None:
        return str(node.get("class") or node.get("type") or place)
    return "" if shape.issuperset(node) else min(node.keys() - shape)
