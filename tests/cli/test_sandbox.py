"""`sandbox run` shows what really came out of the jail, and its exit code says whether that was well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import tracewright
from tracewright.records.job import Outcome
from tracewright.sandboxes._contract.suite import GROUPS

AGREEABLE = Path(__file__).parents[1] / "sandboxes" / "fakes" / "agreeable.py"


def test_a_program_runs_and_its_outcome_is_the_only_thing_on_stdout(jail: Path) -> None:
    Path("a.py").write_text("import sys; print('hi', *sys.argv[1:]); open('b.txt', 'w').write('new\\n')")
    ran = tracewright("sandbox", "run", "--kind", "python", "a.py", "--arg", "you", "--json")
    outcome = Outcome.model_validate(ran.json)
    assert (ran.code, outcome.status, outcome.stdout) == (0, "ok", "hi you\n")
    assert dict(outcome.files) == {"b.txt": "new\n"}
    assert outcome.observed.isolation is not None
    assert outcome.observed.isolation.level == "namespaces"
    assert not Path("b.txt").exists()


def test_a_failing_program_is_an_outcome_and_exit_1(jail: Path) -> None:
    ran = tracewright("sandbox", "run", "--kind", "python", "--code", "raise SystemExit(3)", "--json")
    assert (ran.code, ran.json["status"], ran.json["exit_code"]) == (1, "nonzero", 3)


def test_the_first_file_is_the_program_unless_another_is_named(jail: Path) -> None:
    Path("a.py").write_text("print('a')")
    Path("b.py").write_text("print('b')")
    first = tracewright("sandbox", "run", "--kind", "python", "a.py", "b.py", "--json").json
    named = tracewright("sandbox", "run", "--kind", "python", "a.py", "b.py", "--entry", "b.py", "--json").json
    assert (first["stdout"], named["stdout"]) == ("a\n", "b\n")


def test_tests_are_counted(jail: Path) -> None:
    Path("calc.py").write_text("def add(a, b):\n    return a + b\n")
    Path("test_calc.py").write_text("import calc\n\n\ndef test_add():\n    assert calc.add(1, 2) == 3\n")
    ran = tracewright("sandbox", "run", "--kind", "pytest", "calc.py", "test_calc.py", "--json")
    assert (ran.code, ran.json["result"]["passed"], ran.json["result"]["failed"]) == (0, 1, 0)


def test_a_pattern_rewrites_and_the_diff_is_shown_to_people(jail: Path) -> None:
    Path("a.py").write_text("print(1)\n")
    words = ("--pattern", "print($A)", "--rewrite", "log($A)", "--language", "python")
    ran = tracewright("sandbox", "run", "--kind", "ast_grep", "a.py", *words)
    assert ran.code == 0
    assert "-print(1)\n+log(1)" in ran.out
    assert Path("a.py").read_text() == "print(1)\n"


def test_rules_come_from_a_file(jail: Path) -> None:
    Path("a.py").write_text("print(1)\n")
    Path("r.yml").write_text("language: python\nrule: {pattern: print($A)}\nfix: log($A)\n")
    ran = tracewright("sandbox", "run", "--kind", "ast_grep", "a.py", "--rules", "r.yml", "--json")
    assert ran.json["files"] == {"a.py": "log(1)\n"}


def test_a_rule_without_a_match_is_exit_1(jail: Path) -> None:
    Path("a.py").write_text("x = 1\n")
    words = ("--pattern", "print($A)", "--rewrite", "log($A)", "--language", "python")
    ran = tracewright("sandbox", "run", "--kind", "ast_grep", "a.py", *words, "--json")
    assert (ran.code, ran.json["status"]) == (1, "no_match")


def test_any_kind_can_be_asked_by_its_request(jail: Path) -> None:
    Path("a.py").write_text("print(1)\n")
    request = json.dumps({"path": "a.py", "post": "log(1)\n"})
    ran = tracewright("sandbox", "run", "--kind", "infer_rules", "a.py", "--request", request, "--json")
    assert ran.json["result"]["candidates"][0]["exact"] is True


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("--code", "while True: pass", "--seconds", "0.5"), "timeout", "wall_seconds"),
        (("--code", "print('x' * 5000)", "--output", "1"), "ok", ""),
    ],
)
def test_limits_are_those_that_were_asked_for(words: tuple[str, ...], status: str, code: str, jail: Path) -> None:
    outcome = tracewright("sandbox", "run", "--kind", "python", *words, "--json").json
    assert (outcome["status"], outcome["code"]) == (status, code)
    assert len(outcome["stdout"]) < 2000


def test_files_from_elsewhere_are_known_by_their_last_name(jail: Path, tmp_path: Path) -> None:
    (tmp_path / "far.py").write_text("print(__file__)")
    ran = tracewright("sandbox", "run", "--kind", "python", tmp_path / "far.py", "--json")
    assert ran.json["stdout"] == "far.py\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--kind", "python", "missing.py"), "found none that can be read"),
        (("--kind", "python", "binary.py"), "wanted text in UTF-8"),
        (("--kind", "python", "a.py", "../a.py"), "run them apart"),
        (("--kind", "python", "--pattern", "x"), "takes no 'pattern'"),
        (("--kind", "python", "--request", "[1]"), "a JSON object"),
        (("--kind", "python", "--request", "{"), "a JSON object"),
        (("--kind", "phyton", "--code", "1"), "did you mean 'python'"),
        (("--kind", "python", "--code", "1", "--sandbox", "paper"), "there is no 'paper'"),
        (("--kind", "python", "--code", "1", "--memory", "1"), "--memory"),
    ],
)
def test_wrong_use_is_exit_2_with_a_sentence(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for path in (Path("a.py"), Path("../a.py")):
        path.write_text("1")
    Path("binary.py").write_bytes(b"\xff\xfe")
    ran = tracewright("sandbox", "run", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_without_a_jail_nothing_is_run_and_the_exit_code_is_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = tracewright("sandbox", "run", "--kind", "python", "--code", "print('ran')")
    assert (ran.code, ran.out) == (3, "")
    assert "no sandbox holds on this machine" in ran.err


def test_a_jail_is_checked_and_every_case_is_told(jail: Path) -> None:
    ran = tracewright("sandbox", "check", "bubblewrap", "--group", "network", "--json")
    cases = ran.json["cases"]
    assert (ran.code, ran.json["sandbox"], ran.json["failed"]) == (0, "bubblewrap", 0)
    assert len(cases) == len(GROUPS["network"])
    assert ran.json["held"] + ran.json["not_claimed"] + ran.json["skipped"] == len(cases)
    assert ran.json["held"] >= 1


def test_a_sandbox_that_does_not_hold_what_it_claims_is_exit_1() -> None:
    ran = tracewright("sandbox", "check", AGREEABLE, "--group", "network", "--group", "files")
    assert ran.code == 1
    assert f"0 held, 0 not claimed, {len(GROUPS['network']) + len(GROUPS['files'])} failed" in ran.out


def test_a_group_of_cases_that_nobody_knows_is_exit_2() -> None:
    ran = tracewright("sandbox", "check", "bubblewrap", "--group", "weather")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no group of cases 'weather'; the groups are: protocol, files" in ran.err


def test_a_jail_that_is_not_installed_cannot_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ran = tracewright("sandbox", "check", "nsjail")
    assert (ran.code, ran.out) == (3, "")
    assert "needs nsjail" in ran.err
