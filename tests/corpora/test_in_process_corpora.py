"""Real rules, the catalog's and those found from edits: what the binding answers is what the CLI answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracewright.jobs import infer_rules
from tracewright.jobs._ast_grep import cli, in_process
from tracewright.jobs._ast_grep.languages import canonical_language, suffix_of
from tracewright.jobs._ast_grep.refusal import Refusal
from tracewright.jobs._ast_grep.rules import read_rules

Case = tuple[str, str, str]
"""Rules, their language, a text."""


def rows(path: Path, step: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()[::step]]


def inferred(row: dict[str, Any], before: str, after: str) -> Iterator[Case]:
    language = str(canonical_language(row["lang"]))
    path = f"a{suffix_of(language)}"
    request = {"path": path, "post": row[after], "limit": 6}
    found = infer_rules.run(request, {path: row[before]}, {}).result
    yield from ((candidate["rules"], language, row[before]) for candidate in found.get("candidates", []))


def compare(cases: Iterator[Case]) -> Counter[str]:
    seen: Counter[str] = Counter()
    for text, language, source in cases:
        try:
            rules = read_rules({"rules": text})
        except Refusal:
            continue
        files = {f"a{suffix_of(language)}": source.encode()}
        found = in_process.attempt(rules, files)
        seen["fast" if found is not None else "cli"] += 1
        if found is not None:
            assert found == cli.scan(rules, files), text
    return seen


def test_the_catalog_comes_out_alike_either_way(corpora: Path) -> None:
    found = rows(corpora / "astgrep" / "astgrep_catalog.jsonl", 1)
    cases = ((row["rule_yaml"], str(canonical_language(row["language"])), row["before"]) for row in found)
    assert compare(case for case in cases if case[0])["fast"] >= 10


def test_rules_found_from_linter_tables_come_out_alike_either_way(corpora: Path) -> None:
    found = rows(corpora / "astgrep" / "linter_tables_dev.jsonl", 20)
    cases = (case for row in found if row["before"] and row["after"] for case in inferred(row, "before", "after"))
    seen = compare(cases)
    assert seen["fast"] > 10 * seen["cli"]


def test_rules_found_from_commits_come_out_alike_either_way(corpora: Path) -> None:
    found = rows(corpora / "astgrep" / "commits_dev.jsonl", 12)
    seen = compare(case for row in found for case in inferred(row, "pre", "post"))
    assert seen["fast"] > seen["cli"]
