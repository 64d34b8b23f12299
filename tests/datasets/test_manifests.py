"""Manifests are whole, immutable, found by key, and reading leaves no trace."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.builders import make_trace
from tests.list_store import ListStore
from tracewright.datasets import manifests
from tracewright.datasets.build import build_dataset
from tracewright.datasets.manifests import folder, keep, keys, load
from tracewright.errors import DatasetError, StoreError, UsageError
from tracewright.records.manifest import DatasetRequest, Manifest

ONE, TWO = make_trace(), make_trace(attempt=1, seed=2)


def build(home: Path, store: ListStore, day: int = 1, **request: object) -> Manifest:
    wanted = DatasetRequest.model_validate({"dedupe": "none", **request})
    return asyncio.run(build_dataset(store, wanted, home, lambda: datetime(2026, 3, day, tzinfo=UTC), f"build-{day}"))


def files(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def test_what_was_built_is_found_by_its_key(home: Path) -> None:
    manifest = build(home, ListStore([ONE]), name="wheel", version="v1")
    assert load(home, "wheel-v1") == manifest
    assert keys(home) == ["wheel-v1"]
    assert files(home / "datasets") == ["wheel-v1", "wheel-v1/README.md", "wheel-v1/manifest.json"]


def test_the_hash_covers_request_and_traces_but_not_the_clock(tmp_path: Path) -> None:
    one = build(tmp_path / "a", ListStore([ONE]), day=1)
    two = build(tmp_path / "b", ListStore([ONE]), day=2)
    assert (one.build_id, one.created_at) != (two.build_id, two.created_at)
    assert one.sha256 == two.sha256
    assert build(tmp_path / "c", ListStore([ONE, TWO])).sha256 != one.sha256


def test_the_same_content_under_the_same_key_is_the_dataset_that_is_there(home: Path) -> None:
    first = build(home, ListStore([ONE]), day=1)
    assert build(home, ListStore([ONE]), day=2) == first


def test_other_content_under_a_taken_key_is_refused_and_changes_nothing(home: Path) -> None:
    first = build(home, ListStore([ONE]))
    with pytest.raises(DatasetError, match=f"dataset-v1 is taken by a dataset with sha256 {first.sha256}"):
        build(home, ListStore([ONE, TWO]))
    assert load(home, "dataset-v1") == first


def test_who_comes_second_in_a_race_does_not_overwrite(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(home, ListStore([ONE]))
    other = build(home.parent / "elsewhere", ListStore([ONE, TWO]))
    look, seen = manifests._same, [first]

    def look_too_early(*asked: Any) -> Manifest | None:
        return None if seen and seen.pop() else look(*asked)

    monkeypatch.setattr(manifests, "_same", look_too_early)
    with pytest.raises(DatasetError, match="is taken"):
        keep(home, other, "card")
    assert load(home, "dataset-v1") == first


def test_who_comes_second_with_the_same_content_gets_what_is_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(home, ListStore([ONE]), day=1)
    second = build(home.parent / "elsewhere", ListStore([ONE]), day=2)
    look, seen = manifests._same, [first]

    def look_too_early(*asked: Any) -> Manifest | None:
        return None if seen and seen.pop() else look(*asked)

    monkeypatch.setattr(manifests, "_same", look_too_early)
    assert keep(home, second, "card") == first


def test_a_manifest_that_cannot_be_read_is_named_with_its_path(home: Path) -> None:
    path = folder(home, "odd-v1") / "manifest.json"
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=f"cannot read {path}"):
        load(home, "odd-v1")


def test_an_empty_dataset_is_refused_with_its_reasons_and_leaves_nothing(home: Path) -> None:
    failed = make_trace(passed=False)
    with pytest.raises(DatasetError, match=r"no trace passes: all 1 were left out \(1 not_passed\)"):
        build(home, ListStore([failed]))
    with pytest.raises(DatasetError, match="no trace passes: the store holds none that fits"):
        build(home, ListStore())
    assert files(home) == []


def test_a_trace_that_does_not_hash_to_its_id_stops_the_build(home: Path) -> None:
    forged = ONE.model_copy(update={"seed": 9})
    with pytest.raises(DatasetError, match=f"trace {ONE.id[:12]} of the store does not hash to its id"):
        build(home, ListStore([forged]))


def test_reading_an_unknown_key_says_what_is_known_and_creates_nothing(home: Path) -> None:
    with pytest.raises(UsageError, match="there is no dataset 'nothing-v1'"):
        load(home, "nothing-v1")
    assert keys(home) == []
    assert not home.exists()
    build(home, ListStore([ONE]), name="wheel")
    with pytest.raises(UsageError, match="did you mean 'wheel-v1'"):
        load(home, "whel-v1")


@pytest.mark.parametrize("key", ["", "v1", "-v1", "a-", "../a-v1", "a/b-v1", "a-../v1", ".a-v1", "a-v 1", "ä-v1"])
def test_what_is_no_key_never_becomes_a_path(home: Path, key: str) -> None:
    with pytest.raises(UsageError, match="no dataset key"):
        folder(home, key)


def test_keys_are_injective() -> None:
    parts = ["a", "a-b", "b", "b.c", "a_b", "c"]
    made = {}
    for name in parts:
        for version in ("a", "b", "b.c", "c", "a_b"):
            made[DatasetRequest(name=name, version=version).key] = (name, version)
    assert len(made) == len(parts) * 5
    with pytest.raises(ValidationError):
        DatasetRequest(name="a", version="b-c")


@pytest.mark.parametrize(
    ("field", "value"), [("traces", []), ("key", "other-v1"), ("sha256", "0" * 64), ("request", {"seed": 3})]
)
def test_a_manifest_that_was_changed_is_not_trusted(home: Path, field: str, value: object) -> None:
    build(home, ListStore([ONE]))
    path = folder(home, "dataset-v1") / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(DatasetError, match="was changed"):
        load(home, "dataset-v1")


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"key": 1}', '{"schema_version": "x"}'])
def test_a_damaged_manifest_is_named(home: Path, text: str) -> None:
    build(home, ListStore([ONE]))
    (folder(home, "dataset-v1") / "manifest.json").write_text(text)
    with pytest.raises(DatasetError, match="manifest of dataset-v1 is damaged"):
        load(home, "dataset-v1")


def test_a_manifest_of_a_newer_form_asks_for_an_upgrade(home: Path) -> None:
    build(home, ListStore([ONE]))
    (folder(home, "dataset-v1") / "manifest.json").write_text('{"schema_version": 99, "colour": "blue"}')
    with pytest.raises(DatasetError, match="newer than ours; upgrade"):
        load(home, "dataset-v1")


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        build(blocked, ListStore([ONE]))


@pytest.mark.parametrize(
    "request_fields",
    [
        {"version": "v-1"},
        {"name": ".."},
        {"pass_rate": [0.5, 0.2]},
        {"pass_rate": [0, 2]},
        {"mixture": {"astgrep": 0}},
        {"mixture": {"astgrep": float("nan")}},
        {"filters": {"min_reward": float("inf")}},
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(request_fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DatasetRequest.model_validate(request_fields)


def test_the_order_of_splits_and_licences_does_not_change_the_request() -> None:
    one = DatasetRequest(splits=("train", "dev"), licences=("MIT", "ISC"))
    assert one == DatasetRequest(splits=("dev", "train", "dev"), licences=("ISC", "MIT"))
