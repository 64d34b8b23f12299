"""Reads the names of tests out of a file's text, so that a test that silently vanished is missed.

It sees what stands at the top of the file and in test classes; tests made on the fly or inherited are not expected.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator


def expected_tests(path: str, text: str) -> list[str]:
    """Return the node ids (without parameters) that pytest must find; empty where the text is no Python."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return []
    return sorted({f"{path}::{name}" for name in _names(body)})


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_test(node):
                yield node.name
            case ast.ClassDef() if _is_test_class(node):
                yield from (f"{node.name}::{name}" for name in _methods(node))
            case _:
                pass


def _methods(node: ast.ClassDef) -> Iterator[str]:
    for member in node.body:
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and _is_test(member):
            yield member.name


def _is_test(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    fixture = any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
    return node.name.startswith("test") and not fixture


def _is_test_class(node: ast.ClassDef) -> bool:
    names = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
    assigned = {
        ast.unparse(target) for member in node.body if isinstance(member, ast.Assign) for target in member.targets
    }
    if "__test__" in assigned:
        return False
    if any(ast.unparse(base).endswith("TestCase") for base in node.bases):
        return True
    return node.name.startswith("Test") and "__init__" not in names
