"""Turns a path that somebody else wrote into one that is safe in a workspace."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from tracewright.records.base import WorkspacePath
from tracewright.sources._code.languages import language_of, suffix_of

_PATHS: TypeAdapter[str] = TypeAdapter(WorkspacePath)


def is_safe(path: str) -> bool:
    """Say whether a path may name a file of a workspace."""
    try:
        _PATHS.validate_python(path)
    except (ValidationError, UnicodeEncodeError):
        return False
    return True


def workspace_path(path: str, language: str) -> str:
    """Return `path` where it is safe and its suffix stands for the language, else `main` with the language's suffix."""
    if is_safe(path) and language_of(path) == language:
        return path
    return f"main{suffix_of(language)}"
