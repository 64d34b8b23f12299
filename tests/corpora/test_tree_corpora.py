"""Real files before and after real commits: their shapes are what a plain walk finds."""

from __future__ import annotations

import json
from pathlib import Path

from tests.jobs.plain_walk import hold_against_the_plain_walk
from tracewright.jobs._ast_grep.languages import canonical_language

STEP = 6


def test_shapes_of_real_files_are_what_a_plain_walk_finds(corpora: Path) -> None:
    with (corpora / "astgrep" / "commits_dev.jsonl").open(encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines][::STEP]
    assert len(cases) >= 50
    for case in cases:
        language = str(canonical_language(case["lang"]))
        for text in (case["pre"], case["post"]):
            hold_against_the_plain_walk(text, language)
