"""A capsule's id, what lies outside it, and what may not stand in it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.capsules import FIRST, LIMITS, parquet, refused, request
from tests.capsules import answered as made
from tracewright.records.capsule import Capsule, DataRef, QueryLimits, Request, TableHash, statement


def answered(**fields: Any) -> Capsule:
    return made(b"rows", ("a",), [(1,)], **fields)


def test_the_id_is_the_hash_of_the_bytes_that_are_stored() -> None:
    capsule = answered()
    assert capsule.id == hashlib.sha256(capsule.to_json().encode()).hexdigest()
    assert Capsule.from_json(capsule.to_json()) == capsule


def test_the_id_does_not_change_between_releases() -> None:
    assert refused().id == "6883416d7505ea8dd3a06c51da00806112e6d7319a4b5f9c634b2a4e2ce15f23"


def test_the_question_is_in_the_id_and_not_in_the_key_of_equal_requests() -> None:
    one, other = answered(question="how many?"), answered(question="count them")
    assert one.id != other.id
    assert one.request.content_hash() == other.request.content_hash()
    assert one.request.content_hash() != answered(sql="SELECT 2").request.content_hash()


def test_without_its_question_a_capsule_says_nothing_that_a_person_wrote() -> None:
    plan = {"plan": 1, "from": "orders", "notes": "for Ada"}
    bare = answered(kind="plan", question="Ada's orders?", plan=plan, raw_sql="select 1 -- Ada").without_question()
    assert "Ada" not in bare.to_json()
    assert bare.request.plan == {"plan": 1, "from": "orders"}
    assert bare.without_question() == bare


def test_a_run_tells_when_it_was_changed() -> None:
    run = FIRST.sealed()
    assert run.sha256 == run.content_hash()
    assert run.model_copy(update={"wall_seconds": 0.5}).content_hash() != run.sha256


def test_a_statement_names_every_file_and_every_table() -> None:
    capsule = answered()
    told = json.loads(statement(capsule, {"result.parquet": "c" * 64}))
    subjects = {one["name"]: one["digest"]["sha256"] for one in told["subject"]}
    assert subjects == {"capsule.json": capsule.id, "result.parquet": "c" * 64}
    assert (told["_type"], told["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://slsa.dev/provenance/v1",
    )
    materials = told["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [one["uri"] for one in materials] == ["urn:tracewright:table:shop/orders", "pkg:pypi/duckdb@2.0.0"]


@pytest.mark.parametrize("name", ["../shop", "shop.csv", "/shop", "Shop", "", "shop\n"])
def test_a_set_is_never_called_like_a_path(name: str) -> None:
    with pytest.raises(ValidationError):
        DataRef(id=name, version_hash="a" * 64, tables=())
    with pytest.raises(ValidationError):
        TableHash(name=f"{name}/", rows=1, sha256="a" * 64)


@pytest.mark.parametrize("field", [{"seconds": 1e9}, {"memory_bytes": 2**40}, {"rows": 10**9}, {"bytes": 0}])
def test_limits_cannot_be_set_beyond_what_a_jail_grants(field: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QueryLimits.model_validate({**LIMITS.model_dump(), **field})


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Request.model_validate({**request().model_dump(), "template": "x"})


def test_the_examples_of_these_tests_are_the_same_bytes_twice() -> None:
    assert parquet({"a": [1]}) == parquet({"a": [1]})
