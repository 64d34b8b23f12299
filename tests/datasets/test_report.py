"""The report and the card say what the manifest says, and data in them stay data."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from tests.builders import make_task, make_trace
from tests.list_store import ListStore
from tracewright.datasets.build import build_dataset
from tracewright.datasets.report import card, report
from tracewright.records.manifest import DatasetRequest, Manifest
from tracewright.records.trace import Trace


def build(home: Path, *traces: Trace, **request: object) -> Manifest:
    wanted = DatasetRequest.model_validate(request)
    return asyncio.run(build_dataset(ListStore(traces), wanted, home, lambda: datetime(2026, 3, 1, tzinfo=UTC)))


def test_the_report_counts_what_is_in_and_what_was_left_out(home: Path) -> None:
    manifest = build(home, make_trace(), make_trace(make_task("Two")), make_trace(attempt=1, passed=False))
    text = report(manifest)
    assert "| MIT | 2 |" in text
    assert "| not_passed | 1 |" in text
    assert "| characters/4 |" in text
    assert f"sha256 `{manifest.sha256}`, 2 traces" in text


def test_the_card_lies_beside_the_manifest_and_names_hash_and_licence(home: Path) -> None:
    manifest = build(home, make_trace())
    text = (home / "datasets/dataset-v1/README.md").read_text()
    assert text == card(manifest)
    assert text.startswith('---\nlicense: "mit"\n')
    assert manifest.sha256 in text


def test_several_licences_are_all_named_in_the_front_matter(home: Path) -> None:
    manifest = build(home, make_trace(), make_trace(make_task("Two", licence="ISC OR MIT")))
    assert 'license: "other"\nlicense_name: "(ISC OR MIT) AND (MIT)"\n' in card(manifest)


def test_names_from_data_cannot_act_as_markdown_or_html(home: Path) -> None:
    hostile = make_trace(make_task(tags={"language": "<script>|`x`\n# title [a](b)"}))
    for text in (card(build(home, hostile)), report(build(home, hostile))):
        assert "<script>" not in text
        assert "\n# title" not in text
        assert "&#60;script&#62;&#124;&#96;x&#96; # title" in text
