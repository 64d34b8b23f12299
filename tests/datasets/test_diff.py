"""How two datasets differ."""

from __future__ import annotations

from tracewright.datasets.diff import Change, diff
from tracewright.records.manifest import DatasetRequest, Manifest, TraceRef


def manifest(traces: dict[str, str], **request: object) -> Manifest:
    asked = DatasetRequest.model_validate(request)
    refs = tuple(TraceRef(id=name, sha256=sha256) for name, sha256 in traces.items())
    return Manifest(key=asked.key, build_id="b", created_at="", request=asked, traces=refs).sealed()


def test_a_dataset_is_the_same_as_itself() -> None:
    one = manifest({"a": "1"})
    assert diff(one, one).same
    assert diff(one, one).to_json() == '{"base":"dataset-v1","other":"dataset-v1","same":true}'


def test_traces_that_came_went_and_changed_are_listed() -> None:
    found = diff(manifest({"a": "1", "b": "1", "c": "1"}), manifest({"d": "1", "c": "1", "b": "2"}))
    assert (found.added, found.removed, found.changed, found.reordered) == (("d",), ("a",), ("b",), True)
    assert not found.same


def test_each_field_of_the_request_that_changed_is_shown() -> None:
    found = diff(manifest({}, seed=1), manifest({}, seed=2, filters={"tier": "mixed"}))
    assert found.request["seed"] == Change(before=1, after=2)
    assert sorted(found.request) == ["filters", "seed"]
