"""Texts of SQL kept by name: one file, each text under a line `-- name`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def read_texts(path: Path) -> dict[str, str]:
    """Return the texts by name."""
    parts = ("\n" + path.read_text("utf-8")).split("\n-- ")[1:]
    return {name: text.strip() for name, _, text in (part.partition("\n") for part in parts)}


def written(texts: Mapping[str, str]) -> str:
    """Return the texts as such a file has them."""
    return "".join(f"-- {name}\n{text}\n" for name, text in texts.items())
