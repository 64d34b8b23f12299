"""Capsules on the shelf: whole or not there, every change named, sent and taken in without trusting anybody."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.capsules import FIRST, kept, parquet, refused
from tracewright.errors import SourceError, StoreError, UsageError
from tracewright.pipeline.capsules import exporting, importing, shelf, verifying
from tracewright.pipeline.capsules.comparing import changes, sql_diff
from tracewright.pipeline.capsules.importing import unpacked
from tracewright.records.capsule import Capsule


def faults(home: Path, capsule: Capsule) -> list[str]:
    """Return the files that a check without a jail finds wrong."""
    return [fault.file for fault in asyncio.run(verifying.verify(None, home, capsule.id)).faults]


def test_a_capsule_is_kept_once_and_every_run_of_it_is_told(home: Path) -> None:
    capsule = kept(home)
    assert kept(home) == capsule
    assert shelf.ids(home) == [capsule.id]
    assert shelf.load(home, capsule.id) == capsule
    assert len(shelf.runs(home, capsule.id).runs) == 2
    assert not faults(home, capsule)


def test_the_id_can_be_checked_by_hand(home: Path) -> None:
    capsule = kept(home)
    assert sha256((shelf.folder(home, capsule.id) / "capsule.json").read_bytes()).hexdigest() == capsule.id


def test_a_refused_query_is_a_capsule_without_a_result(home: Path) -> None:
    shelf.keep(home, refused(), {}, FIRST)
    names = {path.name for path in shelf.folder(home, refused().id).iterdir()}
    assert names == {"capsule.json", "run.json", "attestation.intoto.json"}
    assert not faults(home, refused())


def test_runs_that_are_told_at_the_same_time_are_all_kept(home: Path) -> None:
    capsule = kept(home)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shelf.add_run(home, capsule.id, FIRST), range(24)))
    assert len(shelf.runs(home, capsule.id).runs) == 25


FILES = ("capsule.json", "run.json", "attestation.intoto.json", "result.parquet", "preview.json")


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_anywhere_is_named_by_its_file(home: Path, name: str) -> None:
    capsule = kept(home)
    path = shelf.folder(home, capsule.id) / name
    whole = path.read_bytes()
    for place in range(0, len(whole), 1 + len(whole) // 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = faults(home, capsule)
        assert name in found, place
        assert {*found} <= {name, "attestation.intoto.json", "preview.json"}, place
    path.write_bytes(whole)
    assert not faults(home, capsule)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(home: Path, name: str) -> None:
    capsule = kept(home)
    (shelf.folder(home, capsule.id) / name).unlink()
    assert faults(home, capsule)[0] == name


def test_a_file_that_belongs_to_no_capsule_is_named(home: Path) -> None:
    capsule = kept(home)
    (shelf.folder(home, capsule.id) / "more.exe").write_text("x")
    assert faults(home, capsule) == ["more.exe"]


def test_a_picture_that_nobody_vouches_for_is_named(home: Path) -> None:
    capsule = kept(home)
    (shelf.folder(home, capsule.id) / "chart.light.svg").write_text("<svg/>")
    assert faults(home, capsule)[0] == "chart.light.svg"


def test_a_link_in_place_of_a_file_is_named(home: Path, tmp_path: Path) -> None:
    capsule = kept(home)
    path = shelf.folder(home, capsule.id) / "preview.json"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert "preview.json" in faults(home, capsule)


def test_a_plan_that_was_exchanged_is_told(home: Path) -> None:
    plan = {"plan": 1, "from": "orders"}
    capsule = kept(home, kind="plan", plan=plan, plan_sha256="c" * 64)
    assert faults(home, capsule) == ["capsule.json"]


def test_a_changed_capsule_is_not_loaded(home: Path) -> None:
    capsule = kept(home)
    path = shelf.folder(home, capsule.id) / "capsule.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(StoreError, match="does not hash to its id"):
        shelf.load(home, capsule.id)


@pytest.mark.parametrize("name", ["", "..", "../../etc", "A" * 64, "a" * 63])
def test_what_is_no_id_names_no_folder(home: Path, name: str) -> None:
    with pytest.raises(UsageError):
        shelf.folder(home, name)


def test_an_id_may_be_cut_short_while_it_is_the_only_one(home: Path) -> None:
    one, other = kept(home), kept(home, question="why?")
    assert shelf.find(home, one.id[:8]) == one.id
    assert shelf.find(home, other.id) == other.id
    for start in ("", "no"):
        with pytest.raises(UsageError, match="none begins"):
            shelf.find(home, start)


WRITER = """
import os, sys
from pathlib import Path
from tests.capsules import kept
from tracewright.pipeline.capsules import shelf
write, count = shelf.write_whole, 0
def slow(path, data):
    global count
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    count += 1
    write(path, data)
shelf.write_whole = slow
kept(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("after", range(5))
def test_a_writer_killed_between_two_files_leaves_no_capsule(home: Path, after: int) -> None:
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    command = [sys.executable, "-c", WRITER, str(home), str(after)]
    ran = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False)
    assert ran.returncode == -signal.SIGKILL
    assert shelf.ids(home) == []
    capsule = kept(home)
    assert shelf.ids(home) == [capsule.id]
    assert not faults(home, capsule)


def test_a_full_disk_leaves_no_capsule_and_harms_none(home: Path) -> None:
    capsule = kept(home)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        # What a write of more than this meets is told like a full disk: the system refuses the rest of it.
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
        with pytest.raises(StoreError, match="free space or choose another home"):
            kept(home, question="why?")
        with pytest.raises(StoreError):
            shelf.add_run(home, capsule.id, FIRST)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY if hard < 0 else hard, hard))
    assert shelf.ids(home) == [capsule.id]
    assert not faults(home, capsule)
    assert not list((home / "capsules").glob("*/.*"))


def test_a_crate_is_the_same_bytes_twice_and_in_another_process(home: Path) -> None:
    capsule = kept(home, question="how many?")
    exported, data = exporting.export(home, capsule.id)
    assert (exported, data) == exporting.export(home, capsule.id)
    told = (
        "import sys; from pathlib import Path; from tracewright.pipeline.capsules.exporting import export;"
        "sys.stdout.buffer.write(export(Path(sys.argv[1]), sys.argv[2])[1])"
    )
    elsewhere = {**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", told, str(home), capsule.id]
    assert subprocess.run(command, env=elsewhere, capture_output=True, check=True).stdout == data


def test_a_crate_tells_of_every_file_and_of_one_action(home: Path) -> None:
    capsule = kept(home, question="how many?")
    files = unpacked(exporting.export(home, capsule.id)[1], "x.zip")
    told = json.loads(files["ro-crate-metadata.json"])
    by_id = {entity["@id"]: entity for entity in told["@graph"]}
    assert len(by_id) == len(told["@graph"])
    root = by_id["./"]
    parts = [part["@id"] for part in root["hasPart"]]
    assert sorted({*files} - {"ro-crate-metadata.json"}) == parts
    assert all(by_id[name]["sha256"] == sha256(files[name]).hexdigest() for name in parts)
    assert by_id["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert {"name", "description", "datePublished", "license"} <= root.keys()
    (action,) = [entity for entity in told["@graph"] if entity["@type"] == "CreateAction"]
    for link in (*action["instrument"], *action["object"], *action["result"], *root["mentions"], root["license"]):
        assert link["@id"] in by_id
    assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert (action["startTime"], action["endTime"]) == (FIRST.at, "2026-01-02T03:04:05.250+00:00")


def test_the_crate_of_a_refusal_says_that_it_failed_and_why(home: Path) -> None:
    shelf.keep(home, refused(), {}, FIRST)
    files = unpacked(exporting.export(home, refused().id)[1], "x.zip")
    graph = json.loads(files["ro-crate-metadata.json"])["@graph"]
    (action,) = [entity for entity in graph if entity["@type"] == "CreateAction"]
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert action["error"].startswith("TABLE_DENIED")


def test_a_capsule_sent_without_its_question_holds_and_does_not_hold_it(home: Path) -> None:
    capsule = kept(home, question="what does Ada Lovelace owe us?")
    exported, data = exporting.export(home, capsule.id, with_question=False)
    files = unpacked(data, "x.zip")
    assert exported != capsule.id
    assert b"Lovelace" not in data
    files.pop("ro-crate-metadata.json")
    assert verifying.file_faults(files, exported) == []


def test_a_capsule_that_does_not_hold_is_not_exported(home: Path) -> None:
    capsule = kept(home)
    (shelf.folder(home, capsule.id) / "result.parquet").write_bytes(parquet({"a": [3], "b": [4]}))
    with pytest.raises(StoreError, match=r"result\.parquet does not hash"):
        exporting.export(home, capsule.id)


@dataclass
class Entry:
    """One file of an archive that a stranger packs."""

    name: str
    data: bytes = b"{}"
    mode: int = stat.S_IFREG | 0o644
    method: int = zipfile.ZIP_STORED


def archive(*entries: Entry) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name)
            info.create_system, info.external_attr, info.compress_type = 3, entry.mode << 16, entry.method
            packed.writestr(info, entry.data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (archive(Entry("../../evil.py")), "belongs to no capsule"),
        (archive(Entry("/etc/passwd")), "belongs to no capsule"),
        (archive(Entry("capsule.json/")), "belongs to no capsule"),
        (archive(Entry("capsule.json", b"/etc/passwd", stat.S_IFLNK | 0o777)), "as a link"),
        (archive(Entry("capsule.json", mode=stat.S_IFCHR | 0o644)), "as a link, folder or device"),
        (archive(Entry("capsule.json", b"0" * 10_000_000, method=zipfile.ZIP_DEFLATED)), "more bytes than it has"),
        (archive(Entry("capsule.json", os.urandom(99), method=zipfile.ZIP_DEFLATED)), "compressed or encrypted"),
        (
            archive(Entry("capsule.json"), Entry("capsuleXjson")).replace(b"capsuleX", b"capsule."),
            "two files of one name",
        ),
        (archive(*(Entry(f"{n}") for n in range(17))), "at most 16"),
        (archive(Entry("capsule.json", b" " * (9 << 20))), "at most 8388608 are read"),
        (b"", "no archive"),
        (b"PK\x05\x06" + b"\0" * 18, "holds no sound capsule: capsule.json is missing"),
        (archive(Entry("capsule.json"), Entry("run.json"), Entry("attestation.intoto.json")), "is no capsule"),
        (archive(Entry("capsule.json", b"[" * 99_999), Entry("run.json"), Entry("attestation.intoto.json")), "capsule"),
    ],
)
def test_a_strangers_archive_is_refused_and_nothing_is_written(
    home: Path, tmp_path: Path, data: bytes, told: str
) -> None:
    with pytest.raises(SourceError, match=told):
        take(home, tmp_path, data)
    assert not home.exists()


def take(home: Path, folder: Path, data: bytes) -> Any:
    """Take in an archive where no jail is needed, because it fails before one is."""
    (folder / "x.zip").write_bytes(data)
    return asyncio.run(importing.take(NO_BENCH, folder / "x.zip"))


NO_BENCH: Any = None


def repacked(home: Path, capsule: Capsule, update: Mapping[str, bytes]) -> bytes:
    files = unpacked(exporting.export(home, capsule.id)[1], "x.zip")
    return exporting.packed({**files, **update})


@pytest.mark.parametrize("name", FILES)
def test_an_archive_with_one_exchanged_file_is_refused(home: Path, tmp_path: Path, name: str) -> None:
    data = repacked(home, kept(home), {name: b"{}"})
    with pytest.raises(SourceError, match="holds no sound capsule"):
        take(home, tmp_path, data)


@given(st.binary(max_size=400))
def test_any_bytes_are_an_archive_or_a_source_error(data: bytes) -> None:
    with pytest.raises(SourceError):
        unpacked(data, "x.zip")


@given(st.data())
def test_a_torn_archive_is_refused_or_the_same(data: st.DataObject) -> None:
    whole = archive(Entry("capsule.json", b'{"a": 1}'), Entry("run.json", b"{}"))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        found = unpacked(bytes(changed), "x.zip")
    except SourceError:
        return
    assert set(found) <= {*verifying.KNOWN}
    assert all(content in (b'{"a": 1}', b"{}", b"") for content in found.values())


def test_what_differs_is_told_by_section_and_place(home: Path) -> None:
    one, other = kept(home), kept(home, question="why?", sql="SELECT 2")
    assert [(change.section, change.where) for change in changes(one, other)] == [("question", "")]
    assert not list(changes(one, one))


def test_queries_are_compared_clause_by_clause() -> None:
    told = sql_diff("SELECT a FROM t WHERE b ORDER BY a", "SELECT a FROM t WHERE c ORDER BY a")
    assert [line for line in told.splitlines() if line[0] in "+-" and line[1] not in "+-"] == ["-WHERE b", "+WHERE c"]
    assert sql_diff("SELECT 1", "SELECT 1") == ""
