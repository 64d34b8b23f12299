"""The data check: what is shipped passes it, and what the program would refuse is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.validate_data import main, recipe_faults, row_faults

ROOT = Path(__file__).parents[2]


def test_what_is_shipped_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ROOT) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[environment", "wanted a recipe in TOML"),
        ("[weather]\nname = 'sun'", "weather"),
        ("[policy]\nname = 'nobody'", "there is no 'nobody' among policies"),
        ("[policy]\nname = 'nop'\ncolour = 'red'", "colour"),
        ("[sandbox]\nname = 'garden'", "there is no 'garden' among sandboxes"),
        ("[tasks]\nsource = 'sky'", "there is no 'sky' among sources"),
    ],
)
def test_a_recipe_that_names_what_is_not_there_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    assert fault in next(recipe_faults(path))


def test_a_corrupt_example_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n{\n")
    assert "rows.jsonl:2" in next(row_faults(path))


def test_an_empty_example_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("")
    assert list(row_faults(path)) == [f"{path} holds no records"]


def test_no_recipe_at_all_is_refused(tmp_path: Path) -> None:
    assert main(tmp_path) == 1
