"""Rules by example, for people: found from one edit, shown before they write, tried on cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import tracewright

RULE = "id: no-print\nlanguage: python\nrule: {pattern: print($A)}\nfix: log($A)\n"
OTHER = "---\nid: no-exit\nlanguage: python\nrule: {pattern: exit()}\nfix: quit()\n"


@pytest.fixture
def rules(jail: Path) -> Path:
    Path("rules.yml").write_text(RULE)
    return Path("rules.yml")


def test_an_example_gives_rules_that_make_its_edit(jail: Path) -> None:
    Path("pre.py").write_text("print(1)\nprint(f(2))\n")
    Path("post.py").write_text("log(1)\nlog(f(2))\n")
    ran = tracewright("rule", "infer", "--pre", "pre.py", "--post", "post.py", "--out", "best.yml", "--json")
    best = ran.json["candidates"][0]
    assert (ran.code, best["exact"], best["memo"]) == (0, True, False)
    applied = tracewright("rule", "apply", "best.yml", "pre.py", "--write", "--layout", best["layout"])
    assert applied.code == 0
    assert Path("pre.py").read_text() == Path("post.py").read_text()


def test_candidates_are_shown_to_people_as_yaml_with_how_to_apply_them(jail: Path) -> None:
    Path("pre.txt").write_text("print(1)\n")
    Path("post.txt").write_text("log(1)\n")
    words = ("--pre", "pre.txt", "--post", "post.txt", "--language", "python", "--limit", "1")
    ran = tracewright("rule", "infer", *words)
    assert ran.code == 0
    assert ran.out.startswith("# 1: exact")
    assert "language: Python" in ran.out


def test_an_edit_that_no_rule_makes_is_exit_1(jail: Path) -> None:
    Path("a.py").write_text("x = 1\n")
    ran = tracewright("rule", "infer", "--pre", "a.py", "--post", "a.py")
    assert (ran.code, ran.out) == (1, "")
    assert "no rule makes this edit: unchanged" in ran.err


def test_applying_shows_the_diff_and_writes_nothing(rules: Path) -> None:
    Path("a.py").write_text("print(1)\n")
    ran = tracewright("rule", "apply", rules, "a.py")
    assert ran.code == 0
    assert "-print(1)\n+log(1)" in ran.out
    assert Path("a.py").read_text() == "print(1)\n"


def test_writing_keeps_the_mode_the_line_ends_and_all_that_was_not_named(rules: Path) -> None:
    for name in ("a.py", "b.py"):
        Path(name).write_bytes(b"print(1)\r\n")
    Path("a.py").chmod(0o750)
    assert tracewright("rule", "apply", rules, "a.py", "--write").code == 0
    assert Path("a.py").read_bytes() == b"log(1)\r\n"
    assert Path("a.py").stat().st_mode & 0o777 == 0o750
    assert Path("b.py").read_bytes() == b"print(1)\r\n"


def test_writing_through_a_link_changes_what_it_points_to(rules: Path) -> None:
    Path("real.py").write_text("print(1)\n")
    Path("link.py").symlink_to("real.py")
    tracewright("rule", "apply", rules, "link.py", "--write")
    assert Path("link.py").is_symlink()
    assert Path("real.py").read_text() == "log(1)\n"


def test_rules_that_match_nothing_are_exit_1(rules: Path) -> None:
    Path("a.py").write_text("x = 1\n")
    ran = tracewright("rule", "apply", rules, "a.py", "--write", "--json")
    assert (ran.code, ran.json["status"]) == (1, "no_match")


def test_rules_that_cannot_be_run_are_wrong_use(jail: Path) -> None:
    Path("a.py").write_text("print(1)\n")
    Path("bad.yml").write_text("language: python\nrule: {pattern: print($A)}\nfix: log($B)\n")
    ran = tracewright("rule", "apply", "bad.yml", "a.py")
    assert (ran.code, ran.out) == (2, "")
    assert "No pattern of the rule binds" in ran.err


def test_cases_say_what_to_leave_what_to_find_and_what_to_write(rules: Path) -> None:
    Path("cases.yml").write_text(
        "id: no-print\nvalid: ['log(1)']\ninvalid: ['print(1)']\n---\n- {before: 'print(2)', after: 'log(2)'}\n"
    )
    ran = tracewright("rule", "test", rules, "cases.yml", "--json")
    assert (ran.code, ran.json) == (0, {"cases": 3, "passed": 3, "failed": []})


def test_each_case_that_fails_is_named(rules: Path) -> None:
    Path("cases.yml").write_text("valid: ['print(1)']\ninvalid: ['log(1)']\nbefore: print(2)\nafter: log(3)\n")
    ran = tracewright("rule", "test", rules, "cases.yml", "--json")
    assert ran.code == 1
    assert [(failed["number"], failed["kind"]) for failed in ran.json["failed"]] == [
        (1, "valid"),
        (2, "invalid"),
        (3, "rewrite"),
    ]
    assert "made 'log(2)'" in ran.json["failed"][2]["detail"]


def test_an_id_picks_one_rule_of_several(jail: Path) -> None:
    Path("rules.yml").write_text(RULE + OTHER)
    Path("cases.yml").write_text("id: no-exit\nvalid: ['print(1)']\ninvalid: ['exit()']\n")
    assert tracewright("rule", "test", "rules.yml", "cases.yml").out == "2 of 2 cases pass\n"


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ("[]", "found none"),
        ("valid: 1", "wanted code as text at 'valid'"),
        ("valid: [1]", "wanted code as text at 'valid'"),
        ("before: a", "wanted code as text at 'after'"),
        ("vaild: ['a']", "found 'vaild'"),
        ("- a", "wanted mappings"),
        ("id: other\nvalid: ['a']", "'other', which is not among the rules"),
        ("language: klingon\nvalid: ['a']", "found 'klingon'"),
        ("a: [", "wanted YAML"),
    ],
)
def test_cases_that_cannot_be_meant_are_wrong_use(
    cases: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.yml").write_text(RULE)
    Path("cases.yml").write_text(cases)
    ran = tracewright("rule", "test", "rules.yml", "cases.yml")
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
