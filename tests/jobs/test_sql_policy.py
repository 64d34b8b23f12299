"""The policy over SQL: what it refuses and why, what it lets pass, and that it cannot be talked round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jobs.shop import Policy, make
from tests.jobs.sql_texts import ALLOWED, FORBIDDEN, PLACES, REFUSED
from tracewright.jobs._query.policy import Engine, Written, check
from tracewright.jobs._query.refusal import CODES, Refusal
from tracewright.jobs._query.stable import placeless
from tracewright.jobs._query.walk import Catalogue


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy(make(tmp_path_factory.mktemp("shop")))


def test_every_trick_of_the_collection_is_refused_by_its_code(policy: Policy) -> None:
    tricks = [json.loads(line) for line in (Path(__file__).parent / "hostile_sql.jsonl").read_text().splitlines()]
    assert len(tricks) > 200
    other = [(trick, found) for trick in tricks if (found := policy.verdict(trick["sql"])) != trick["code"]]
    assert not other


@pytest.mark.parametrize("place", PLACES)
def test_a_place_with_a_harmless_expression_in_it_is_allowed(policy: Policy, place: str) -> None:
    assert policy.verdict(place.format("1"), strict=False) == "OK"


@pytest.mark.parametrize("place", PLACES)
def test_no_place_hides_what_is_forbidden(policy: Policy, place: str) -> None:
    passed = [text for text in FORBIDDEN if policy.verdict(place.format(text), strict=False) == "OK"]
    assert not passed


@pytest.mark.parametrize(("text", "code"), FORBIDDEN.items())
def test_a_forbidden_expression_is_told_by_its_code(policy: Policy, text: str, code: str) -> None:
    assert policy.verdict(f"SELECT {text}") == code


@pytest.mark.parametrize(("text", "code"), REFUSED.items(), ids=lambda text: text[:50].replace("\0", "NUL"))
def test_what_is_no_plain_query_is_refused(policy: Policy, text: str, code: str) -> None:
    assert policy.verdict(text) == code
    assert code in CODES


@pytest.mark.parametrize("text", ALLOWED)
def test_what_is_allowed_runs_as_it_was_written_anew(policy: Policy, text: str) -> None:
    bare, anew = (policy.opened.data.sql(sql).to_arrow_table() for sql in (text, policy.check(text).canonical))
    assert anew.to_pydict() == bare.to_pydict()


@given(
    st.sampled_from(sorted(FORBIDDEN)),
    st.lists(
        st.sampled_from(["SELECT {}", "SELECT (SELECT {})", "WITH a AS (SELECT {} AS x) SELECT x FROM a"]), max_size=3
    ),
    st.lists(st.booleans(), min_size=80, max_size=80),
    st.sampled_from([" ", "\n", "\t", "/**/", " -- \n", "/* /* nested */ */"]),
)
def test_case_blanks_comments_and_nesting_change_no_verdict(
    policy: Policy, text: str, around: list[str], upper: list[bool], blank: str
) -> None:
    nested = f"SELECT {text}"
    for place in around:
        nested = place.format(f"({nested})")
    quoted = nested.split("'")
    # Only what is outside of quotes may change its case.
    cased = [_cased(part, upper) if index % 2 == 0 else part for index, part in enumerate(quoted)]
    assert policy.verdict("'".join(cased).replace(" ", blank)) == FORBIDDEN[text]


def _cased(text: str, upper: list[bool]) -> str:
    return "".join(char.upper() if upper[index % len(upper)] else char for index, char in enumerate(text))


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_the_policy(policy: Policy, text: str) -> None:
    assert policy.verdict(text) in {"OK", *CODES}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(lambda name: "\0" not in name))
def test_no_quoted_name_but_a_registered_one_is_a_table(policy: Policy, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    known = name.isascii() and name.lower() in {"orders", "customers"}
    assert (policy.verdict(f"SELECT * FROM {quoted}") == "OK") == known  # noqa: S608  # hostile on purpose


def test_what_runs_holds_nothing_of_the_text_but_its_meaning(policy: Policy) -> None:
    checked = policy.check("select /* hidden */ Status from ORDERS -- x")
    assert checked.canonical == "SELECT Status FROM ORDERS"
    assert (checked.tables, checked.functions) == (("orders",), ())


def test_a_query_that_was_written_anew_stays_as_it_is(policy: Policy) -> None:
    for text in ALLOWED:
        once = policy.check(text).canonical
        assert policy.check(once).tables == policy.check(text).tables


def test_what_depends_on_the_order_of_rows_is_a_warning_when_asked_for(policy: Policy) -> None:
    checked = policy.check("SELECT first(amount) FROM orders", strict=False)
    assert [code for code, _ in checked.warnings] == ["ORDER_DEPENDENT"]
    assert policy.verdict("SELECT first(amount) FROM orders") == "NONDETERMINISTIC"


def test_a_limit_or_a_row_number_in_no_order_is_a_warning(policy: Policy) -> None:
    for text in ("SELECT * FROM orders LIMIT 1", "SELECT row_number() OVER () FROM orders"):
        assert [code for code, _ in policy.check(text).warnings] == ["NO_TOTAL_ORDER"]
    assert not policy.check("SELECT * FROM orders ORDER BY order_id LIMIT 1").warnings


def test_an_unknown_table_is_told_with_those_that_are_near(policy: Policy) -> None:
    with pytest.raises(Refusal, match=r"no table 'order' here; there is: orders"):
        policy.check("SELECT * FROM order".replace("order", '"order"'))


def test_a_macro_of_the_file_renames_no_function(tmp_path: Path) -> None:
    script = """CREATE TABLE orders AS SELECT 5 AS amount; CREATE MACRO sum(x) AS 42;
        CREATE MACRO json_serialize_sql(x) AS 'evil'; CREATE VIEW v AS FROM orders; CREATE TABLE pg_class (a INT)"""
    policy = Policy(make(tmp_path, script))
    canonical = policy.check("SELECT sum(amount) FROM orders").canonical
    assert policy.opened.data.sql(canonical).fetchall() == [(5,)]
    assert policy.verdict("SELECT * FROM v") == "TABLE_DENIED"
    assert policy.verdict("SELECT * FROM pg_class") == "TABLE_DENIED"


def test_only_named_tables_may_be_read_where_some_are_named(policy: Policy) -> None:
    few = Catalogue("shop", frozenset({"orders"}))
    with pytest.raises(Refusal) as refused:
        check("SELECT * FROM customers", policy.parser, few)
    assert refused.value.code == "TABLE_DENIED"


class _Broken:
    """A parser of the engine's that fails in some way of its own."""

    def write(self, text: str) -> Written:
        raise RuntimeError("no such luck")

    def tree(self, text: str) -> str:
        raise RuntimeError("no such luck")

    def count(self, text: str) -> int:
        return 1


class _Lying(_Broken):
    """A parser that tells of a shape that nobody reviewed."""

    def write(self, text: str) -> Written:
        tree = '{"error":false,"statements":[{"node":{"type":"NEW_NODE","cte_map":{"map":[]},"modifiers":[]}}]}'
        return Written(tree, text, tree)


@pytest.mark.parametrize("engine", [_Broken(), _Lying()])
def test_whatever_goes_wrong_is_a_refusal(engine: Engine) -> None:
    with pytest.raises(Refusal) as refused:
        check("SELECT 1", engine, Catalogue("shop", frozenset()))
    assert refused.value.code == "STMT_DENIED"


def test_parsers_that_see_different_things_are_a_refusal(policy: Policy) -> None:
    class _Deaf:
        """Hears another text than the one that is asked about."""

        def write(self, text: str) -> Written:
            return policy.parser.write("SELECT abs(1) FROM orders")

        tree = policy.parser.tree
        count = policy.parser.count

    for text in ("SELECT abs(1) FROM customers", "SELECT sin(1) FROM orders", "SELECT abs(1), sin(1) FROM orders"):
        with pytest.raises(Refusal) as refused:
            check(text, _Deaf(), policy.catalogue)
        assert refused.value.code == "PARSERS_DISAGREE"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_the_engine_is_given_every_text_as_it_is(policy: Policy, text: str) -> None:
    quoted = text.replace("'", "''")
    query = f"SELECT '{quoted}' AS text"
    assert policy.parser.write(query).tree == policy.parser.tree(query)


def test_only_positions_are_left_out_of_a_tree(policy: Policy) -> None:
    text = """SELECT ',"query_location":7,"query_location_length":7' AS ",""query_location"":7" FROM orders"""
    tree = policy.parser.tree(text)
    left = placeless(tree)
    assert json.loads(left) == _without(json.loads(tree), {"query_location", "query_location_length"})
    assert left.count("query_location") == text.count("query_location")


def _without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, list):
        return [_without(item, keys) for item in value]
    if isinstance(value, dict):
        return {key: _without(item, keys) for key, item in value.items() if key not in keys}
    return value
