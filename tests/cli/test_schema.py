"""The schemas of the public records: what we write fits them, what we would refuse does not, and they never waver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import tracewright
from tracewright.records import schemas
from tracewright.records.base import SCHEMA_VERSION, Record


def test_every_record_of_the_public_format_has_a_schema() -> None:
    found = tracewright("schema").json
    wanted = {"task", "task_view", "trace", "step", "job", "outcome", "verdict", "grade", "state", "manifest"}
    wanted |= {"dataset_request", "recipe", "edit", "rollout_report", "observation", "action", "turn"}
    assert wanted <= set(found)
    assert list(found) == sorted(found)
    assert {one["schema_version"] for one in found.values()} == {SCHEMA_VERSION}


@pytest.mark.parametrize("name", ["task_view", "TaskView", "taskview"])
def test_a_record_is_found_by_its_name_however_it_is_written(name: str) -> None:
    assert tracewright("schema", name).json["title"] == "TaskView"


def test_a_name_that_is_none_is_wrong_use() -> None:
    ran = tracewright("schema", "tsak")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no record 'tsak'" in ran.err


def test_a_view_has_no_goal_and_a_task_has_one() -> None:
    assert "goal" not in tracewright("schema", "task_view").json["properties"]
    assert "goal" in tracewright("schema", "task").json["properties"]


@pytest.mark.parametrize("kind", schemas.PUBLIC, ids=schemas.name_of)
def test_a_schema_is_closed_where_the_record_is(kind: type[Record]) -> None:
    assert schemas.schema(kind)["additionalProperties"] is False


def test_files_hold_what_is_printed(tmp_path: Path) -> None:
    assert tracewright("schema", "--out", tmp_path / "schemas").code == 0
    printed = tracewright("schema").json
    assert {path.stem: json.loads(path.read_text()) for path in (tmp_path / "schemas").iterdir()} == printed


def test_the_text_is_the_same_under_any_order_of_hashes() -> None:
    command = [sys.executable, "-m", "tracewright.cli.main", "schema"]
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == tracewright("schema").out


@pytest.mark.parametrize("kind", schemas.PUBLIC, ids=schemas.name_of)
def test_the_page_on_records_names_every_public_record(kind: type[Record]) -> None:
    assert f"`{kind.__name__}`" in (Path(__file__).parents[2] / "docs" / "records.md").read_text()
