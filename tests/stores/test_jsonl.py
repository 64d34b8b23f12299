"""The file of lines: readable by hand, mended after a crash, strict about damage."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

from tracewright import registry
from tracewright.errors import StoreError, UsageError
from tracewright.records.trace import Trace
from tracewright.stores import Query
from tracewright.stores._contract.samples import sample
from tracewright.stores.jsonl import JsonlStore


def open_store(home: Path, **options: str) -> JsonlStore:
    store: JsonlStore = registry.build("stores", "jsonl", options, registry.Parts(home=home))
    return store


def seeds(store: JsonlStore) -> list[int]:
    return [trace.seed for trace in asyncio.run(store.find(Query())).traces]


def test_each_line_is_the_canonical_json_of_a_trace(tmp_path: Path) -> None:
    asyncio.run(open_store(tmp_path).append([sample(1), sample(2)]))
    assert (tmp_path / "traces.jsonl").read_text() == f"{sample(1).to_json()}\n{sample(2).to_json()}\n"


def test_reading_makes_nothing_on_disk(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home")
    assert seeds(store) == []
    assert asyncio.run(store.get(sample(1).id)) is None
    assert asyncio.run(store.delete(sample(1).id)) is False
    assert not (tmp_path / "home").exists()


def test_a_line_torn_anywhere_is_passed_over_and_then_cut_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, whole = tmp_path / "traces.jsonl", f"{sample(1).to_json()}\n".encode()
    torn = sample(2, message="♦" * 999).to_json().encode()  # longer than what is written over it
    for cut in (1, 2, len(torn) // 3, len(torn) // 2, torn.index("♦".encode()) + 1, len(torn) - 1):
        file.write_bytes(whole + torn[:cut])
        store = open_store(tmp_path)
        with caplog.at_level(logging.WARNING):
            assert seeds(store) == [1]
        assert f"torn line of {cut} bytes" in caplog.messages[-1]
        assert asyncio.run(store.append([sample(3)])) == 1
        assert file.read_bytes() == whole + f"{sample(3).to_json()}\n".encode()


def test_a_torn_line_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "traces.jsonl").write_text('{"id": ')
    store = open_store(tmp_path)
    assert seeds(store) == seeds(store) == []
    assert len(caplog.messages) == 1


def test_a_whole_last_line_that_lacks_its_newline_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text(sample(1).to_json())
    store = open_store(tmp_path)
    assert seeds(store) == [1]
    asyncio.run(store.append([sample(2)]))
    assert seeds(store) == seeds(open_store(tmp_path)) == [1, 2]
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize("damage", ["not json", "{}", '{"tombstone": 7}', '{"id": "\\ud800"}', "[" * 100_000])
def test_a_corrupt_line_is_an_error_that_names_it(damage: str, tmp_path: Path) -> None:
    lines = [sample(1).to_json(), "", damage, sample(2).to_json()]
    (tmp_path / "traces.jsonl").write_text("\n".join(lines) + "\n")
    store = open_store(tmp_path)
    for call in (store.find(Query()), store.count(Query()), store.get(sample(1).id), store.append([sample(3)])):
        with pytest.raises(StoreError, match=r"line 3 of .*traces\.jsonl is no trace that we can read"):
            asyncio.run(call)
    assert (tmp_path / "traces.jsonl").read_text() == "\n".join(lines) + "\n"


def test_a_line_with_a_field_of_a_later_version_asks_for_an_upgrade(tmp_path: Path) -> None:
    line = {**json.loads(sample(1).to_json()), "mood": "sunny"}
    (tmp_path / "traces.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(StoreError, match=r"line 1 .* at 'mood'.* upgrade tracewright"):
        seeds(open_store(tmp_path))


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    file, store = tmp_path / "traces.jsonl", open_store(tmp_path)
    asyncio.run(store.append([sample(1), sample(2)]))
    assert seeds(store) == [1, 2]
    asyncio.run(open_store(tmp_path / "other").append([sample(3), sample(4), sample(5)]))
    (tmp_path / "other" / "traces.jsonl").rename(file)
    assert seeds(store) == [3, 4, 5]
    file.unlink()
    assert seeds(store) == []


def test_a_line_edited_in_place_is_an_error(tmp_path: Path) -> None:
    file, store = tmp_path / "traces.jsonl", open_store(tmp_path)
    asyncio.run(store.append([sample(1)]))
    with file.open("r+b") as edited:
        edited.write(b"X" * 20)
    with pytest.raises(StoreError, match="was edited while we read it"):
        seeds(store)


def test_a_beginning_that_two_traces_share_is_wrong_use(tmp_path: Path) -> None:
    twins = [sample(n).model_copy(update={"id": f"{'ab' * 4}{n:056x}"}) for n in (1, 2)]
    (tmp_path / "traces.jsonl").write_text("".join(f"{twin.to_json()}\n" for twin in twins))
    store = open_store(tmp_path)
    with pytest.raises(UsageError, match="several traces begin with 'abababab'; give more"):
        asyncio.run(store.get("ab" * 4))
    found = asyncio.run(store.get(twins[1].id))
    assert isinstance(found, Trace)
    assert found.seed == 2


def test_the_path_stays_in_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "out").symlink_to(tmp_path)
    for path in ("../traces.jsonl", "/etc/traces.jsonl", "out/traces.jsonl"):
        with pytest.raises(UsageError):
            open_store(home, path=path)
    asyncio.run(open_store(home, path="mine/kept.jsonl").append([sample(1)]))
    assert (home / "mine" / "kept.jsonl").is_file()
