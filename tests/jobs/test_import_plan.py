"""The job `import_plan`: a text and a catalogue in, a plan or a refusal out."""

from __future__ import annotations

from typing import Any

import pytest

from tracewright.jobs.import_plan import ISOLATION, run
from tracewright.plans.document import read_plan

CATALOGUE = {"tables": [{"name": "orders", "columns": [{"name": "id", "type": "bigint"}], "keys": [["id"]]}]}


def ask(**fields: Any) -> Any:
    return run({"sql": 'SELECT id AS "no. 1" FROM orders WHERE id > 0.5', "catalogue": CATALOGUE, **fields}, {}, {})


def test_a_query_becomes_a_plan_of_plain_values() -> None:
    found = ask()
    assert found.status == "ok", found.message
    steps = [{"filter": {"gt": ["id", 0.5]}}, {"select": [{"as": "no_1", "expr": "id"}]}]
    assert found.result["plan"] == {"plan": 1, "from": "orders", "steps": steps}
    assert found.result["renamed"] == (("no. 1", "no_1"),)
    assert read_plan(found.result["plan"]).sha256()


def test_a_refused_text_is_an_answer_with_its_code() -> None:
    found = ask(sql="SELECT * FROM order")
    assert (found.status, found.code) == ("action_error", "UNKNOWN_TABLE")
    assert ask(dialect="oracle").code == "UNKNOWN_DIALECT"


def test_a_process_of_its_own_reads_the_text() -> None:
    assert ISOLATION == "fork"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sql": 1}, "`sql` and `dialect` must be texts."),
        ({"dialect": None}, "`sql` and `dialect` must be texts."),
        ({"file": "x"}, "there is no field `file`."),
        ({"catalogue": {"tables": [{"name": "t"}]}}, "`catalogue` is none: 1 faults, the first: Field required."),
        ({"catalogue": None}, "`catalogue` is none: 1 faults"),
    ],
)
def test_a_request_that_is_none_names_its_field(fields: dict[str, Any], message: str) -> None:
    found = ask(**fields)
    assert (found.status, found.code) == ("action_error", "bad_field")
    assert found.message.startswith(message)
