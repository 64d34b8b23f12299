"""A recipe refuses what it does not know, and is changed by dotted paths or by keys that only one part has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracewright.errors import UsageError
from tracewright.records.recipe import Recipe, read_recipe


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def test_a_recipe_is_read_with_its_defaults(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, '[policy]\nname = "search"\nattempts = 8\n'))
    assert recipe.policy.attempts == 8
    assert recipe.environment.name == "astgrep"
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize("text", ["[polciy]\nname='x'", "[policy]\nattempts='many'", "[[[", "[policy]\nattempts=0"])
def test_a_recipe_that_does_not_fit_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"recipe\.toml"):
        read_recipe(write(tmp_path, text))


def test_further_keys_of_a_part_are_its_options() -> None:
    recipe = Recipe().changed({"environment.game": "kuhn_poker"})
    assert recipe.environment.options() == {"game": "kuhn_poker"}


def test_a_bare_key_that_one_part_has_is_found() -> None:
    assert Recipe().changed({"attempts": 4}).policy.attempts == 4


@pytest.mark.parametrize(("key", "why"), [("seed", "could mean"), ("colour", "no part has it")])
def test_a_bare_key_of_no_part_or_of_several_is_refused(key: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Recipe().changed({key: 1})


def test_the_id_of_a_recipe_leaves_out_where_it_runs() -> None:
    recipe = Recipe()
    assert recipe.changed({"engine.workers": 8, "store.name": "jsonl"}).id == recipe.id
    assert recipe.changed({"tasks.seed": 8}).id != recipe.id
