"""Lengths in tokens."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from tests.builders import make_step, make_task, make_trace
from tracewright.datasets.lengths import CHARACTERS, longest, summary, tokenizer
from tracewright.errors import MissingPartError, UsageError
from tracewright.records.messages import exchanges


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A tokenizer that counts words."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra tokenizers is not installed")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    path = tmp_path / "tokenizer.json"
    made.save(str(path))
    return path


def test_four_characters_are_a_token_and_the_rest_is_one_more() -> None:
    counter = tokenizer(CHARACTERS)
    assert [counter.count("x" * length) for length in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_a_tokenizer_file_counts_its_own_tokens_and_is_known_by_its_hash(words: Path) -> None:
    counter = tokenizer(str(words))
    assert counter.count("one two  three") == 3
    assert counter.sha256 == hashlib.sha256(words.read_bytes()).hexdigest()


def test_the_longest_example_is_that_of_an_accepted_turn() -> None:
    short, long = make_step(0), make_step(1, thought="because " * 100)
    failed = make_step(2, thought="because " * 900, accepted=False)
    trace = make_trace(steps=(short, long, failed))
    second = list(exchanges(trace.task, trace.steps))[1]
    characters = len(second.prompt() + second.reply())
    assert longest(trace, tokenizer(CHARACTERS)) == -(-characters // 4)
    assert longest(make_trace(make_task(), steps=()), tokenizer(CHARACTERS)) == 0


def test_a_summary_is_by_nearest_rank() -> None:
    assert summary(list(range(100, 0, -1))) == {
        "count": 100,
        "total": 5050,
        "mean": 50.5,
        "p50": 50,
        "p90": 90,
        "p99": 99,
        "max": 100,
    }
    assert summary([7]) == {"count": 1, "total": 7, "mean": 7.0, "p50": 7, "p90": 7, "p99": 7, "max": 7}


def test_a_tokenizer_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wanted 'characters/4' or a tokenizer\.json"):
        tokenizer(str(tmp_path / "nothing.json"))


@pytest.mark.parametrize("data", [b"{}", b"\xff", b""])
def test_a_file_that_is_no_tokenizer_is_wrong_use(tmp_path: Path, data: bytes) -> None:
    pytest.importorskip("tokenizers", reason="the extra tokenizers is not installed")
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(UsageError, match=r"wanted a tokenizer\.json of the library tokenizers"):
        tokenizer(str(tmp_path / "x.json"))


def test_a_missing_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(MissingPartError, match=r"pip install 'tracewright\[tokenizers\]'"):
        tokenizer(str(tmp_path / "x.json"))
