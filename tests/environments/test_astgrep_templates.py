"""The templates of synthetic refactorings: complete, precise, and filled without a slot left over."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import yaml

from tracewright.environments.astgrep.actions import ARGUMENTS
from tracewright.environments.astgrep.templates.template import Template, fill, templates

LANGUAGES = ("java", "javascript", "python", "typescript")
SLOT = re.compile(r"<<(\w+)")


def slots_of(template: Template) -> dict[str, str]:
    """Return a value for every slot that `find` and `choices` bind."""
    return {name: f"{name}Slot" for name in (*re.compile(template.find).groupindex, *template.choices)}


def test_there_are_enough_templates_for_every_language() -> None:
    counts = Counter(language for template in templates() for language in template.languages)
    assert set(counts) == set(LANGUAGES)
    assert min(counts.values()) >= 20
    assert len(templates()) >= 80


def test_ids_are_unique_and_tell_the_language() -> None:
    ids = [template.id for template in templates()]
    assert len(set(ids)) == len(ids)
    assert {name.split("-")[0] for name in ids} == {"java", "js", "py", "ts"}


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.id)
def test_a_template_fills_without_a_slot_left_over(template: Template) -> None:
    slots = slots_of(template)
    texts = [template.instruction(number, slots) for number in range(len(template.wordings))]
    assert len(set(texts)) == len(texts) >= 4
    assert not any(SLOT.search(text) for text in texts)
    for language in template.languages:
        action = template.action(language, slots)
        ARGUMENTS[action.name].model_validate(action.arguments)
        assert not SLOT.search(action.to_json())


@pytest.mark.parametrize("template", [one for one in templates() if one.rules], ids=lambda template: template.id)
def test_rules_are_yaml_documents_of_the_right_language(template: Template) -> None:
    for language in template.languages:
        rules = str(template.action(language, slots_of(template)).arguments["rules"])
        assert {document["language"] for document in yaml.safe_load_all(rules)} == {language}


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.id)
def test_every_wording_names_what_the_rule_depends_on(template: Template) -> None:
    """A slot that the rewrite needs must be said, else nobody could know it."""
    needed = set(SLOT.findall(template.rewrite + template.rules)) - {"language"}
    for wording in template.wordings:
        assert needed <= set(SLOT.findall(wording)), wording


def test_places_come_once_and_in_order() -> None:
    template = next(one for one in templates() if one.id == "py-rename-function")
    text = "def second():\n    pass\n\ndef first():\n    pass\n\ndef second():\n    pass\n"
    assert list(template.places(text)) == [{"name": "second"}, {"name": "first"}]


def test_a_new_name_that_is_taken_is_not_drawn() -> None:
    template = next(one for one in templates() if one.id == "py-rename-function")
    drawn = template.drawn({"name": "load"}, "def load(): ...", 0)
    assert drawn is not None
    assert template.drawn({"name": "load"}, f"def load(): {drawn['new']}", 0) is None


def test_spellings_of_a_slot() -> None:
    assert fill("do<<name|Cap>> <<name|UPPER>> <<name>>", {"name": "readLine"}) == "doReadLine READ_LINE readLine"
    with pytest.raises(KeyError, match="no spelling"):
        fill("<<name|odd>>", {"name": "x"})


def test_a_template_is_either_rules_or_a_pattern() -> None:
    with pytest.raises(ValueError, match="either rules or a pattern"):
        Template.model_validate(
            {"id": "x", "kind": "x", "languages": ["python"], "find": "x", "wordings": ["a", "b", "c", "d"]}
        )
