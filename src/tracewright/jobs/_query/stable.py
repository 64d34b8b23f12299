"""Whether the engine reads a text that it wrote itself as the tree that it wrote it from."""

from __future__ import annotations

import json
import re
from typing import Any

_POSITIONS = re.compile(r',"query_location":[0-9]+(?:,"query_location_length":[0-9]+)?')
"""Inside a JSON string its quotes would be escaped, so this only ever meets keys."""


def placeless(tree: str) -> str:
    """Return a tree without the positions of its parts in the text."""
    return _POSITIONS.sub("", tree)


def alike(tree: str, again: str) -> bool:
    """Say whether two trees without positions are the same but for `SELECT *` around lists of values."""
    return tree == again or _plain(json.loads(tree)) == _plain(json.loads(again))


def _plain(value: Any) -> Any:
    match value:
        case {"type": "SUBQUERY", "alias": "valueslist", "subquery": {"node": node}, "column_name_alias": []}:
            return _plain(node["from_table"]) if _is_list(node) and value["sample"] is None else _kept(value)
        case dict():
            return _kept(value)
        case list():
            return [_plain(item) for item in value]
    return value


def _kept(node: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(item) for key, item in node.items()}


def _is_list(node: Any) -> bool:
    """Say whether a query is the one that the engine puts around a list of values: all of it, in its order."""
    held = {key: item for key, item in node.items() if item and key not in {"type", "select_list", "from_table"}}
    star = [_stars(item) for item in node.get("select_list", [])]
    of_values = (_plain(node.get("from_table")) or {}).get("type") == "EXPRESSION_LIST"
    return of_values and star == [True] and held == {"cte_map": {"map": []}, "aggregate_handling": "STANDARD_HANDLING"}


def _stars(item: Any) -> bool:
    held = {key for key, value in item.items() if value}
    return item["class"] == "STAR" and held == {"class", "type"}
