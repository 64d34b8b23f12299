"""Duplicates, exact and near."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import make_step, make_task, make_trace
from tests.list_store import ListStore
from tracewright.datasets.build import build_dataset
from tracewright.datasets.dedupe import distinct, distinct_nearly, fingerprint, shingles, sketch, without_header
from tracewright.records.action import Action
from tracewright.records.manifest import DatasetRequest
from tracewright.records.trace import Trace

HEADER = (
    "/*\n * Copyright 2020 The Authors\n" + " * under the licence you may not use this file except\n" * 15 + " */\n"
)
BODY = "".join(f"def function_{n}(a, b):\n    return a * {n} + b\n" for n in range(60))
OTHER = "".join(f"class Thing{n}:\n    size = {n}\n" for n in range(60))


def of_file(text: str, instruction: str = "Rename it") -> Trace:
    return make_trace(make_task(instruction, {"a.py": text}))


def stays(traces: list[Trace], threshold: float = 0.85) -> list[Trace]:
    pairs = [(trace, sketch(trace)) for trace in traces]
    return [trace for trace, _ in distinct_nearly(pairs, lambda pair: pair[1], threshold)]


def test_case_and_blanks_of_the_instruction_make_no_difference() -> None:
    assert fingerprint(of_file(BODY, "Rename  it\n")) == fingerprint(of_file(BODY, "rename it"))


@pytest.mark.parametrize(
    "other",
    [
        make_trace(make_task("Something else")),
        make_trace(make_task(files={"b.py": "print(x)\n"})),
        make_trace(make_task(data={"seed": 4})),
        make_trace(make_task(environment="cards")),
        make_trace(steps=(make_step(action=Action(name="submit")),)),
    ],
)
def test_another_task_or_another_act_is_no_duplicate(other: Trace) -> None:
    assert fingerprint(other) != fingerprint(make_trace())


def test_the_first_of_equals_stays() -> None:
    assert distinct(["a1", "b1", "a2"], lambda item: item[0]) == ["a1", "b1"]


def test_a_file_that_differs_in_one_line_is_a_near_duplicate() -> None:
    first, near, far = of_file(BODY), of_file(BODY + "x = 1\n"), of_file(OTHER)
    assert stays([first, near, far]) == [first, far]
    assert stays([near, first, far]) == [near, far]


def test_two_tasks_over_one_file_both_stay() -> None:
    one = of_file(BODY, "Rename function_3 to plus in every place where it is called")
    two = of_file(BODY, "Turn each return statement into an assignment and then a return")
    assert stays([one, two]) == [one, two]


def test_one_instruction_over_two_files_stays_twice() -> None:
    assert len(stays([of_file(BODY, "Fix tests"), of_file(OTHER, "Fix tests")])) == 2


def test_a_licence_header_does_not_make_strangers_alike() -> None:
    one, two = "a = call(one)\n" * 3, "for item in things:\n    yield item\n"
    assert without_header(HEADER + one).strip() == one.strip()
    alike = [of_file(HEADER + one), of_file(HEADER + two)]
    assert stays(alike, threshold=0.5) == alike


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("#!/usr/bin/env python\n# Copyright\n#\nimport os\n", "import os\n"),
        ("// Copyright\n\n/* more */ package a;\n", "package a;\n"),
        ("<!-- MIT -->\n<p>\n", "<p>\n"),
        ("-- MIT\nSELECT 1\n", "SELECT 1\n"),
        ("#include <stdio.h>\n", "#include <stdio.h>\n"),
        ("/* never closed\n", "/* never closed\n"),
        ("x = 1  # not a header\n", "x = 1  # not a header\n"),
    ],
)
def test_only_the_leading_comments_are_a_header(text: str, left: str) -> None:
    assert without_header(text).strip() == left.strip()


def test_shingles_are_runs_of_five_tokens() -> None:
    assert shingles("a = f(b)") == ["= f ( b )", "a = f ( b"]
    assert shingles("A b") == ["a b"]
    assert shingles("") == [""]


def test_hashing_finds_the_pairs_that_comparing_all_with_all_finds() -> None:
    texts = ["".join(BODY.splitlines(keepends=True)[: 120 - cut]) for cut in range(0, 60, 4)]
    traces = [of_file(text) for text in texts]
    kept: list[Trace] = []
    for trace in traces:
        own = set(shingles(texts[traces.index(trace)]))
        others = (set(shingles(texts[traces.index(other)])) for other in kept)
        if not any(len(own & other) / len(own | other) >= 0.8 for other in others):
            kept.append(trace)
    assert abs(len(stays(traces, 0.8)) - len(kept)) <= 1  # an estimate, so an edge may fall either way
    assert 1 < len(kept) < len(traces)


def test_a_dataset_without_near_duplicates_counts_them_and_does_not_depend_on_order(tmp_path: Path) -> None:
    def build(traces: list[Trace], home: str) -> str:
        request = DatasetRequest(dedupe="near")
        store = ListStore(traces)
        manifest = asyncio.run(build_dataset(store, request, tmp_path / home, lambda: datetime(2026, 3, 1, tzinfo=UTC)))
        assert manifest.dropped == {"near_duplicate": 2}
        return manifest.sha256

    traces = [of_file(BODY), of_file(BODY + "x = 1\n"), of_file(BODY + "y = 2\n"), of_file(OTHER)]
    assert build(traces, "one") == build(traces[::-1], "two")
