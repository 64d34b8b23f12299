"""Real edits: every row of the corpora is read, and every commit makes a task."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.environments.test_astgrep_tasks import made
from tracewright.records.task import UNKNOWN_LICENCE, Dropped, Edit, Task
from tracewright.registry import Parts, build


def read(path: Path, home: Path) -> list[Edit | Dropped]:
    return list(build("sources", "edits", {"path": str(path)}, Parts(home=home)).records())


def test_all_commits_are_read_and_make_tasks(corpora: Path, tmp_path: Path) -> None:
    found = read(corpora / "astgrep" / "commits_dev.jsonl", tmp_path)
    edits = [edit for edit in found if isinstance(edit, Edit)]
    assert len(edits) == len(found) == 362
    assert Counter(edit.tags["tier"] for edit in edits) == {"uniform": 194, "mixed": 84, "generic": 84}
    assert all(edit.origin.licence != UNKNOWN_LICENCE and edit.origin.revision for edit in edits)
    assert all(isinstance(task, Task) for task in made(edits[:40]))


def test_linter_tables_are_read_but_for_those_with_a_blank_side(corpora: Path, tmp_path: Path) -> None:
    found = Counter(
        one.reason if isinstance(one, Dropped) else one.language
        for one in read(corpora / "astgrep" / "linter_tables_dev.jsonl", tmp_path)
    )
    assert found == {"typescript": 1043, "python": 562, "blank_side": 5}


@pytest.mark.parametrize("language", ["java", "javascript", "python", "typescript"])
def test_commitpackft_columns_are_read(corpora: Path, tmp_path: Path, language: str) -> None:
    path = corpora / "astgrep" / "samples" / "commitpackft" / "data" / language / "data.jsonl"
    found = [one for one in read(path, tmp_path) if isinstance(one, Edit)]
    assert len(found) == 50
    assert {edit.language for edit in found} <= {language, "tsx"}
    assert all(edit.origin.licence != UNKNOWN_LICENCE for edit in found)
