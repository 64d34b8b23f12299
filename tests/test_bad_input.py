"""Bad input ends in one clear sentence and the right exit code, and nothing half-written looks whole.

Every command runs as a user would start it: a process of its own, with a home of its own.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.jail import needs_jail

ROOT = Path(__file__).parents[1]
EXAMPLES = (ROOT / "examples" / "edits.jsonl").read_bytes().splitlines(keepends=True)
KIB = 1 << 10
Ran = subprocess.CompletedProcess[str]


def tracewright(home: Path, *words: object, path: str = "", file_bytes: int | None = None) -> Ran:
    """Run a command; `path` replaces PATH, and no file that it writes may grow over `file_bytes`."""
    command = [sys.executable, "-m", "tracewright.cli.main", *map(str, words)]
    environment = {**os.environ, "TRACEWRIGHT_HOME": str(home), "COLUMNS": "200"} | ({"PATH": path} if path else {})
    if file_bytes is not None:
        # Coverage would complain of the full disk, too.
        environment = {key: value for key, value in environment.items() if not key.startswith("COVERAGE_PROCESS")}
    limited = partial(limit_files, file_bytes) if file_bytes else None
    return subprocess.run(
        command, env=environment, cwd=home.parent, capture_output=True, text=True, check=False, preexec_fn=limited
    )


def limit_files(size: int) -> None:
    """Let no file grow over a size, as a full disk would; Python turns the signal into an error."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def complaint(ran: Ran, code: int) -> str:
    """Return the one sentence that a command ended with, once its exit code and its silence elsewhere are checked."""
    assert (ran.returncode, ran.stdout) == (code, ""), ran.stderr
    assert "Traceback" not in ran.stderr
    sentences = [line for line in ran.stderr.splitlines() if line.startswith("tracewright: ")]
    assert len(sentences) == 1
    assert ran.stderr.splitlines()[-1] == sentences[0]
    return sentences[0]


def leftovers(folder: Path) -> list[str]:
    """Return the files whose names say that they are not finished."""
    return [path.name for path in folder.rglob(".*") if path.is_file()]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play a few tasks and keep the home; tests that change it take a copy."""
    folder = tmp_path_factory.mktemp("played")
    (folder / "in.jsonl").write_bytes(b"".join(EXAMPLES[:8]))
    ran = tracewright(folder / "home", "rollout", "--policy", "search", "--input", "in.jsonl", "--json")
    assert json.loads(ran.stdout)["verified"] == 8
    return folder / "home"


@pytest.fixture
def copied(played: Path, tmp_path: Path) -> Path:
    """Return a copy of the played home that a test may spoil."""
    return shutil.copytree(played, tmp_path / "copied")


@needs_jail
def test_corrupt_lines_are_counted_and_named_and_the_rest_goes_on(home: Path) -> None:
    lines = [EXAMPLES[0], b'{"instruction": "Ren\n', b"\xff\xfe\n", b"[1]\n", EXAMPLES[1], b"\n", EXAMPLES[2]]
    (home.parent / "in.jsonl").write_bytes(b"".join(lines))
    ran = tracewright(home, "rollout", "--policy", "search", "--input", "in.jsonl", "--json")
    answer = json.loads(ran.stdout)
    assert (ran.returncode, answer["tasks"], answer["verified"]) == (0, 3, 3)
    assert answer["dropped"] == {"corrupt_line": 3}
    for sentence in ("in.jsonl:2: not JSON", "in.jsonl:3: not UTF-8 at byte 0", "in.jsonl:4: wanted a JSON object"):
        assert f"left out: corrupt_line {sentence}" in ran.stderr


@needs_jail
def test_a_file_without_a_line_that_can_be_used_is_an_error_that_counts_them(home: Path) -> None:
    (home.parent / "in.jsonl").write_bytes(b"{\n[]\n" + EXAMPLES[0].replace(b'"post"', b'"past"'))
    sentence = complaint(tracewright(home, "rollout", "--policy", "search", "--input", "in.jsonl"), 2)
    assert "(2 corrupt_line, 1 missing_column)" in sentence
    assert not (home / "rollouts").exists()


def test_a_file_that_is_not_there_is_named(home: Path) -> None:
    sentence = complaint(tracewright(home, "rollout", "--policy", "search", "--input", "gone.jsonl"), 1)
    assert "wanted JSON lines at gone.jsonl" in sentence


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("attemps=3", "found 'attemps': no part has it"),
        ("name=search", "it could mean environment.name or policy.name"),
        ("attempts", "wanted --set key=value, found 'attempts'"),
        ("polices.attempts=3", "'polices'"),
        ("policy.attempts=many", "'policy.attempts'"),
        ("policy.attemps=3", "policies.oracle has no fitting option 'attemps'"),
        ("engine.cores=3", "engines.local has no fitting option 'cores'"),
        ("store.adress=x", "stores.sql has no fitting option 'adress'"),
        ("tasks.size=3", "size"),
    ],
)
def test_an_unknown_or_unfit_key_is_named_before_any_work(home: Path, setting: str, said: str) -> None:
    assert said in complaint(tracewright(home, "rollout", "--env", "cards", "--set", setting), 2)
    assert not (home / "rollouts").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rollout", "--env", "astgrp"), "did you mean 'astgrep'? (known: analytics, astgrep, cards, games)"),
        (("rollout", "--env", "./gone.py"), "wanted a Python file, found nothing at gone.py"),
        (("rollout", "--policy", "serch"), "did you mean 'search'?"),
        (("rollout", "--set", "store.name=sqll"), "did you mean 'sql'?"),
        (("rollout", "--set", "sandbox.name=bubble"), "among sandboxes"),
        (("rollout", "--source", "edit"), "did you mean 'edits'?"),
        (("run", "weel"), "there is no recipe 'weel'"),
        (("tasks", "check", "card"), "did you mean 'cards'?"),
        (("resume", "yesterday"), "there is no rollout 'yesterday'"),
        (("dataset", "show", "demo-v1"), "there is no dataset 'demo-v1'"),
        (("dataset", "show", "../../etc"), "is no dataset key"),
        (("replay", "0123456789"), "there is no trace '0123456789'"),
    ],
)
def test_an_unknown_name_is_answered_with_those_that_there_are(home: Path, words: tuple[str, ...], said: str) -> None:
    assert said in complaint(tracewright(home, *words), 2)
    assert not (home / "rollouts").exists()


def test_a_dataset_of_nothing_is_an_error_and_leaves_nothing(home: Path) -> None:
    assert "the store holds none that fits" in complaint(tracewright(home, "dataset", "build"), 1)
    assert not (home / "datasets").exists()


@needs_jail
def test_a_dataset_that_leaves_all_out_says_why(copied: Path) -> None:
    sentence = complaint(tracewright(copied, "dataset", "build", "--licence", "MIT"), 1)
    assert "licence" in sentence
    assert "all 8 were left out" in sentence
    assert not (copied / "datasets").exists()


@needs_jail
def test_a_taken_key_is_refused_and_its_dataset_stays(copied: Path) -> None:
    assert tracewright(copied, "dataset", "build", "--json").returncode == 0
    manifest = (copied / "datasets" / "dataset-v1" / "manifest.json").read_bytes()
    assert tracewright(copied, "dataset", "build", "--json").returncode == 0
    sentence = complaint(tracewright(copied, "dataset", "build", "--seed", 1), 1)
    assert "the key dataset-v1 is taken" in sentence
    assert sentence.endswith("give it another version")
    assert (copied / "datasets" / "dataset-v1" / "manifest.json").read_bytes() == manifest
    assert not leftovers(copied / "datasets")


def stored(home: Path, revision: str = "") -> tuple[str, int]:
    """Return the revision and the number of traces of a home's database, after setting the revision if one is given."""
    with sqlite3.connect(home / "traces.db") as database:
        if revision:
            database.execute("UPDATE tracewright_revision SET version_num = ?", (revision,))
        (found,) = database.execute("SELECT version_num FROM tracewright_revision").fetchone()
        (count,) = database.execute("SELECT count(*) FROM traces").fetchone()
        return found, count


@needs_jail
@pytest.mark.parametrize(
    "words", [("traces", "list"), ("dataset", "build"), ("replay",), ("rollout", "--env", "cards")]
)
def test_a_store_from_a_newer_version_is_refused_and_left_alone(copied: Path, words: tuple[str, ...]) -> None:
    assert stored(copied, "r9999") == ("r9999", 8)
    rollouts = sorted((copied / "rollouts").iterdir())
    sentence = complaint(tracewright(copied, *words), 1)
    assert "was written by a newer Tracewright (revision r9999); upgrade tracewright" in sentence
    assert stored(copied) == ("r9999", 8)
    assert sorted((copied / "rollouts").iterdir()) == rollouts


@needs_jail
def test_a_full_disk_ends_a_rollout_that_goes_on_once_there_is_room(home: Path) -> None:
    ran = tracewright(home, "rollout", "--env", "cards", "--limit", 200, "--json", file_bytes=300 * KIB)
    sentence = complaint(ran, 1)
    assert "traces.db cannot be written" in sentence
    (rollout,) = (home / "rollouts").iterdir()
    assert json.loads((rollout / "rollout.json").read_text()).get("status") != "completed"
    assert not leftovers(home)
    resumed = tracewright(home, "resume", rollout.name, "--json")
    assert (resumed.returncode, json.loads(resumed.stdout)["verified"]) == (0, 200)


@needs_jail
def test_a_full_disk_before_the_first_task_leaves_no_rollout(home: Path) -> None:
    ran = tracewright(home, "rollout", "--env", "cards", "--limit", 200, file_bytes=100 * KIB)
    assert "tasks.jsonl: File too large; free space" in complaint(ran, 1)
    (rollout,) = (home / "rollouts").iterdir()
    assert not list(rollout.iterdir())


@needs_jail
def test_an_export_that_does_not_fit_leaves_no_file(copied: Path) -> None:
    assert tracewright(copied, "dataset", "build", "--json").returncode == 0
    out = copied / "out.jsonl"
    sentence = complaint(tracewright(copied, "dataset", "export", "dataset-v1", out, file_bytes=36 * KIB), 1)
    assert f"cannot write {out}: File too large; free space" in sentence
    assert not out.exists()
    assert not leftovers(copied)


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """Return a PATH on which no program lies."""
    (tmp_path / "bin").mkdir()
    return str(tmp_path / "bin")


@pytest.mark.parametrize(
    "words", [("rollout", "--env", "cards", "--limit", 2), ("tasks", "cards", "--limit", 2), ("demo", "--fast")]
)
def test_without_bubblewrap_nothing_runs_and_the_fix_is_told(
    home: Path, bare_path: str, words: tuple[object, ...]
) -> None:
    sentence = complaint(tracewright(home, *words, path=bare_path), 3)
    assert "needs bwrap, which is not on PATH; run: apt-get install bubblewrap" in sentence
    assert not (home / "rollouts").exists()


@needs_jail
def test_without_bubblewrap_stored_traces_are_not_replayed_either(played: Path, bare_path: str) -> None:
    assert "Nothing is ever run unjailed" in complaint(tracewright(played, "replay", path=bare_path), 3)


def test_the_doctor_names_the_missing_program(home: Path, bare_path: str) -> None:
    ran = tracewright(home, "doctor", "--json", path=bare_path)
    (sandbox,) = [row for row in json.loads(ran.stdout)["sandboxes"] if row["name"] == "bubblewrap"]
    assert ran.returncode == 3
    assert not sandbox["ok"]
    assert "apt-get install bubblewrap" in sandbox["fix"]


def places(tmp_path: Path) -> Mapping[str, Path]:
    """Return homes that nobody can write, not even root."""
    (tmp_path / "file").touch()
    return {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "home"}


@pytest.mark.parametrize("place", ["a file", "below a file"])
@pytest.mark.parametrize(
    "words", [("rollout", "--env", "cards", "--limit", 2), ("traces", "list"), ("dataset", "build"), ("demo", "--fast")]
)
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, place: str, words: tuple[object, ...]) -> None:
    home = places(tmp_path)[place]
    ran = tracewright(tmp_path / "unused", *words, "--home", home)
    sentence = complaint(ran, 1)
    assert str(home) in sentence
    assert "choose another home" in sentence
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into any folder")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    assert "choose another home" in complaint(tracewright(home, "rollout", "--env", "cards", "--limit", 2), 1)
    assert not list(home.iterdir())
