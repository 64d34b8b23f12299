"""Capsules made, verified, replayed, compared and taken in where a jail reads what they hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.capsules import FIRST, answered, parquet
from tracewright.errors import SourceError
from tracewright.pipeline import plans
from tracewright.pipeline.capsules import comparing, exporting, importing, making, replaying, shelf, verifying
from tracewright.pipeline.capsules.making import Asked
from tracewright.pipeline.capsules.planning import AskedPlan, Planned
from tracewright.pipeline.capsules.reading import Bench, bench
from tracewright.pipeline.tables import Registration, register
from tracewright.plans.document import read_plan
from tracewright.plans.faults import PlanError
from tracewright.records.capsule import Capsule, Ending, Parameter
from tracewright.records.chart import Chart

T = TypeVar("T")
BY_STATUS = "select status, count(*) as orders from orders group by status order by status"


@pytest.fixture
def here(proved_home: Path, home: Path, tmp_path: Path) -> Path:
    """Return a home whose jail holds, with a set `shop` of one table."""
    home.mkdir()
    (home / "preflight").symlink_to(proved_home / "preflight")
    stock(home, tmp_path, "paid,1.5\nopen,2\npaid,3\n")
    return home


def stock(home: Path, folder: Path, rows: str) -> None:
    """Register a CSV as the set `shop`, in place of what it was."""
    path = folder / "orders.csv"
    path.write_text("status,amount\n" + rows)
    asyncio.run(register(home, Registration(path, "shop", "orders", replace=True)))


def ask(home: Path, sql: str = BY_STATUS, **fields: Any) -> Capsule:
    return asyncio.run(making.ask(home, Asked(data="shop", sql=sql, **fields))).capsule


def at_bench(home: Path, work: Callable[[Bench], Awaitable[T]]) -> T:
    """Do something where there is a jail."""

    async def opened() -> T:
        async with bench(home) as there:
            return await work(there)

    return asyncio.run(opened())


def replay(home: Path, capsule: Capsule) -> replaying.Replay:
    return at_bench(home, lambda there: replaying.replay(there, capsule.id))


def verify(home: Path, capsule: Capsule) -> verifying.Verification:
    return at_bench(home, lambda there: verifying.verify(there, home, capsule.id))


def test_a_query_becomes_a_capsule_with_rows_preview_chart_and_pictures(here: Path) -> None:
    draft = asyncio.run(making.ask(here, Asked(data="shop", sql=BY_STATUS, question="orders by status?", ordered=True)))
    capsule, folder = draft.capsule, shelf.folder(here, draft.capsule.id)
    assert not draft.note
    assert {path.name for path in folder.iterdir()} == {
        *("capsule.json", "run.json", "attestation.intoto.json", "result.parquet", "preview.json", "chart.vl.json"),
        *("chart.light.svg", "chart.light.png", "chart.dark.svg", "chart.dark.png"),
    }
    assert json.loads((folder / "preview.json").read_bytes())["rows"] == [["open", 1], ["paid", 2]]
    assert capsule.chart is not None
    assert (capsule.chart.mark, capsule.chart.x, capsule.chart.y) == ("bar", "status", "orders")
    assert verify(here, capsule).contents


def test_the_same_question_of_the_same_data_is_the_same_capsule(here: Path) -> None:
    assert ask(here) == ask(here)
    assert ask(here, question="why?").request.content_hash() == ask(here).request.content_hash()


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("select * from secrets", "rejected", "TABLE_DENIED"),
        ("drop table orders", "rejected", "STMT_DENIED"),
        ("select nothing from orders", "failed", "BIND"),
        ("select cast(status as integer) from orders", "failed", "RUNNER_ERROR"),
    ],
)
def test_a_query_without_an_answer_is_a_capsule_that_says_why(here: Path, sql: str, status: str, code: str) -> None:
    capsule = ask(here, sql)
    assert (capsule.outcome.status, capsule.outcome.code, capsule.result) == (status, code, None)
    assert verify(here, capsule).ok
    assert replay(here, capsule).answer == "identical"


def test_a_query_that_does_not_end_is_a_capsule(here: Path) -> None:
    limits = making.LIMITS.model_copy(update={"seconds": 0.5})
    capsule = ask(here, "select count(*) from range(100000000) a, range(1000000) b", limits=limits)
    assert capsule.outcome.status in {"timeout", "memory"}


def test_intervals_are_kept_as_arrow(here: Path) -> None:
    capsule = ask(here, "select interval 3 day as pause")
    assert capsule.result is not None
    assert capsule.result.file == "result.arrow"
    assert verify(here, capsule).ok
    assert replay(here, capsule).answer == "identical"


def test_a_cut_result_says_so(here: Path) -> None:
    limits = making.LIMITS.model_copy(update={"rows": 2})
    capsule = ask(here, "select status, amount from orders", limits=limits)
    assert capsule.result is not None
    assert (capsule.result.rows, capsule.result.truncated, len(capsule.notices)) == (2, True, 1)


def test_a_replay_of_equal_rows_is_told_in_the_runs_alone(here: Path) -> None:
    sql = "select amount from orders where status = $1 order by amount"
    capsule = ask(here, sql, parameters=(Parameter(value="paid"),), ordered=True)
    assert replay(here, capsule) == replaying.Replay(id=capsule.id, answer="identical")
    assert shelf.ids(here) == [capsule.id]
    assert [run.answer for run in shelf.runs(here, capsule.id).runs] == [None, "identical"]


def test_data_that_changed_are_drift_and_the_tables_are_named(here: Path, tmp_path: Path) -> None:
    capsule = ask(here)
    stock(here, tmp_path, "paid,1.5\nopen,2\n")
    told = replay(here, capsule)
    assert told.answer == "drift:data"
    assert told.detail.startswith("orders: 3 rows")
    assert "2 rows" in told.detail


FLOAT = ("DOUBLE", "float")


def forged(
    home: Path, capsule: Capsule, kind: tuple[str, str] = ("BIGINT", "int"), ordered: bool = False, **columns: list[Any]
) -> Capsule:
    """Keep a capsule that tells of other rows than its query has, as if they had come out once."""
    data = parquet(columns)
    rows = list(zip(*columns.values(), strict=True))
    other = answered(data, tuple(columns), rows, kind, ordered).result
    assert other is not None
    changed = capsule.model_copy(update={"result": other, "chart": None})
    shelf.keep(home, changed, {"result.parquet": data, "preview.json": b"{}"}, FIRST)
    return changed


def test_other_rows_of_the_same_request_are_no_accident(here: Path) -> None:
    capsule = ask(here, "select 1::bigint as a, 2::bigint as b")
    told = replay(here, forged(here, capsule, a=[1], b=[3]))
    assert (told.answer, told.capsule) == ("nondeterministic", capsule.id)
    assert "1 rows less, 1 more" in told.detail
    assert shelf.runs(here, capsule.id).runs[-1].answer == "nondeterministic"


def test_floats_that_differ_in_their_last_digits_are_equal_within_a_tolerance(here: Path) -> None:
    capsule = ask(here, "select 0.1::double + 0.2::double as a")
    assert replay(here, forged(here, capsule, FLOAT, a=[0.3])).answer == "equal_within_tolerance"


def test_the_same_rows_in_another_order_are_told_as_that(here: Path) -> None:
    capsule = ask(here, "select range as a from range(3) order by 1", ordered=True)
    assert replay(here, forged(here, capsule, ordered=True, a=[2, 1, 0])).answer == "order_differs"


def test_a_result_that_was_cut_is_not_the_whole_one(here: Path) -> None:
    capsule = ask(here, "select 1::bigint as a")
    assert capsule.result is not None
    cut = capsule.model_copy(update={"result": capsule.result.model_copy(update={"truncated": True})})
    shelf.keep(here, cut, {"result.parquet": kept_rows(here, capsule), "preview.json": b"{}"}, FIRST)
    assert replay(here, cut).detail == "one result was cut, the other not"


@pytest.mark.parametrize(
    ("sql", "answer"),
    [("drop table orders", "drift:policy"), ("select nothing from orders", "failed"), ("select 1", "nondeterministic")],
)
def test_another_outcome_is_told_by_what_it_is_now(here: Path, sql: str, answer: str) -> None:
    capsule = ask(here, sql)
    then = Ending(status="memory" if answer == "nondeterministic" else "ok", code="RUNNER_MEMORY")
    other = capsule.model_copy(update={"outcome": then, "result": None, "chart": None})
    shelf.keep(here, other, {}, FIRST)
    assert replay(here, other).answer == answer


PLAN = {
    "plan": 1,
    "params": {"least": {"type": "decimal(4,1)", "value": 1.5}},
    "from": "orders",
    "steps": [
        {"filter": {"gte": ["amount", {"param": "least"}]}},
        {"aggregate": {"by": ["status"], "measures": [{"as": "paid", "expr": {"sum": "amount"}}]}},
        {"sort": ["status"]},
    ],
    "chart": {"mark": "arc", "x": "status", "y": "paid"},
}


PIVOT = {"pivot": {"on": "status", "values": {"discover": 2}, "measures": [{"as": "n", "expr": {"count": "*"}}]}}
TOO_WIDE = {"pivot": {**PIVOT["pivot"], "values": {"discover": 1}}}
FANNED = {"join": {"to": {"table": "orders", "as": "o"}, "using": ["status"], "expect": "many_to_one"}}
CASTS = {"filter": {"gt": [{"cast": "status", "to": "bigint"}, 0]}}


def ask_plan(home: Path, plan: Any, **fields: Any) -> Planned:
    return asyncio.run(plans.answered(home, AskedPlan(read_plan(plan), "shop", **fields)))


def of_orders(*steps: Any, **keys: Any) -> dict[str, Any]:
    return {"plan": 1, **keys, "from": "orders", "steps": list(steps)}


def test_a_plan_becomes_a_capsule_that_can_be_proved_from_the_plan(here: Path) -> None:
    done = ask_plan(here, PLAN, question="what was paid?")
    capsule, compiled, request = done.draft.capsule, done.compiled, done.draft.capsule.request
    assert request.question == "what was paid?"
    assert (capsule.outcome.status, request.kind, request.raw_sql) == ("ok", "plan", "")
    assert (request.plan_sha256, request.core_sha256) == (compiled.plan_sha256, compiled.core_sha256)
    assert request.parameters == (Parameter(name="least", type="decimal(4,1)", value="1.5"),)
    assert capsule.chart == Chart(mark="arc", x="status", y="paid")
    assert capsule.result is not None
    assert capsule.result.ordered
    assert verify(here, capsule).contents
    assert replay(here, capsule).answer == "identical"


def test_a_pivot_is_kept_with_the_values_that_it_found(here: Path) -> None:
    capsule = ask_plan(here, of_orders(PIVOT)).draft.capsule
    assert capsule.request.plan is not None
    assert capsule.request.plan["steps"][0]["pivot"]["values"] == ["open", "paid"]  # type: ignore[index,call-overload]  # a plan
    assert capsule.result is not None
    assert [column.name for column in capsule.result.columns] == ["open", "paid"]
    assert verify(here, capsule).contents
    assert replay(here, capsule) == replaying.Replay(id=capsule.id, answer="identical")


def test_a_pivot_of_more_values_than_it_may_have_is_no_plan_and_no_capsule(here: Path) -> None:
    with pytest.raises(PlanError, match="more than 1 values were found"):
        ask_plan(here, of_orders(TOO_WIDE))
    assert shelf.ids(here) == []


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (of_orders(FANNED, {"select": ["orders.amount"]}), "FANOUT"),
        (of_orders(CASTS), "CAST"),
        # The query that looks for the values of the pivot fails, long before the plan's own.
        (of_orders(CASTS, PIVOT), "CAST"),
    ],
)
def test_a_plan_that_fails_at_its_run_is_a_capsule_that_fails_again(here: Path, plan: Any, code: str) -> None:
    capsule = ask_plan(here, plan).draft.capsule
    assert (capsule.outcome.status, capsule.outcome.code, capsule.result) == ("failed", code, None)
    assert capsule.ruling.allowed
    assert capsule.request.plan == plan
    assert verify(here, capsule).ok
    assert replay(here, capsule) == replaying.Replay(id=capsule.id, answer="identical")
    assert shelf.ids(here) == [capsule.id]


def test_the_queries_before_a_plans_own_take_only_the_parameters_that_they_bind(here: Path) -> None:
    params = {"least": {"type": "decimal(4,1)"}, "most": {"type": "bigint"}}
    enough = {"filter": {"gte": ["amount", {"param": "least"}]}}
    plan = of_orders(enough, PIVOT, {"filter": {"lte": ["paid", {"param": "most"}]}}, params=params)
    capsule = ask_plan(here, plan, given={"least": 1.5, "most": 9}).draft.capsule
    assert (capsule.outcome.status, capsule.outcome.message) == ("ok", "")
    assert [(one.name, one.value) for one in capsule.request.parameters] == [("least", 1.5), ("most", 9)]


def test_a_promise_is_checked_again_with_the_parameters_of_its_plan(here: Path) -> None:
    enough = {"filter": {"gte": ["amount", {"param": "least"}]}}
    plan = of_orders(enough, FANNED, {"select": ["orders.amount"]}, params=PLAN["params"])
    capsule = ask_plan(here, plan).draft.capsule
    assert capsule.outcome.code == "FANOUT"
    assert replay(here, capsule).answer == "identical"


def test_a_plan_that_came_to_no_query_has_nothing_to_replay(here: Path) -> None:
    capsule = ask(here, "select 1")
    bare = capsule.request.model_copy(update={"kind": "plan", "plan": {"plan": 2}, "raw_sql": "", "sql": ""})
    ending = Ending(status="rejected", code="PLAN_VERSION")
    other = Capsule(request=bare, ruling=capsule.ruling, outcome=ending)
    shelf.keep(here, other, {}, FIRST)
    assert verify(here, other).ok
    assert replay(here, other).answer == "failed"


def test_another_engine_is_drift_of_the_engine(here: Path) -> None:
    capsule = forged(here, ask(here, "select 1::bigint as a"), a=[2])
    engine = capsule.request.engine.model_copy(update={"version": "1.5.5"})
    older = capsule.model_copy(update={"request": capsule.request.model_copy(update={"engine": engine})})
    shelf.keep(here, older, {"result.parquet": parquet({"a": [2]}), "preview.json": b"{}"}, FIRST)
    assert replay(here, older).answer == "drift:engine"


def test_rows_that_do_not_bear_out_their_capsule_are_named(here: Path) -> None:
    capsule = ask(here, "select 1::bigint as a")
    assert capsule.result is not None
    lying = capsule.result.model_copy(update={"logical_sha256": "0" * 64, "rows": 7})
    changed = capsule.model_copy(update={"result": lying})
    shelf.keep(here, changed, {"result.parquet": kept_rows(here, capsule), "preview.json": b"{}"}, FIRST)
    told = [(fault.file, fault.what) for fault in verify(here, changed).faults]
    assert told == [
        ("result.parquet", "does not hold the rows that the capsule tells"),
        ("result.parquet", "does not hold the logical_sha256 that the capsule tells"),
        ("preview.json", "does not show the first rows of the result"),
    ]


def kept_rows(home: Path, capsule: Capsule) -> bytes:
    return (shelf.folder(home, capsule.id) / "result.parquet").read_bytes()


def test_two_capsules_are_compared_to_the_row(here: Path) -> None:
    one = ask(here, ordered=True)
    other = ask(here, BY_STATUS.replace("count(*)", "count(amount) + 1"), ordered=True)
    told = at_bench(here, lambda there: comparing.compare(there, one.id, other.id))
    assert not told.same
    assert {"request", "result"} <= {change.section for change in told.changes}
    assert told.rows is not None
    assert (told.rows.only_left, told.rows.only_right, told.rows.changed) == (0, 0, 2)
    same = at_bench(here, lambda there: comparing.compare(there, one.id, one.id))
    assert same == comparing.Comparison(left=one.id, right=one.id, same=True)


def test_a_capsule_goes_to_another_house_and_holds_there(here: Path, proved_home: Path, tmp_path: Path) -> None:
    capsule = ask(here, question="orders by status?", ordered=True)
    exported, data = exporting.export(here, capsule.id)
    (tmp_path / "x.zip").write_bytes(data)
    there = tmp_path / "elsewhere"
    there.mkdir()
    (there / "preflight").symlink_to(proved_home / "preflight")
    taken = at_bench(there, lambda open_bench: importing.take(open_bench, tmp_path / "x.zip"))
    assert taken[:2] == (exported, True)
    assert verify(there, capsule).contents
    assert exporting.export(there, exported)[1] == data
    assert replay(there, capsule).answer == "drift:data"  # `shop` is nothing that it knows
    stock(there, tmp_path, "paid,1.5\nopen,2\npaid,3\n")
    assert replay(there, capsule).answer == "identical"
    assert at_bench(there, lambda open_bench: importing.take(open_bench, tmp_path / "x.zip"))[:2] == (exported, False)


def test_a_picture_from_elsewhere_is_drawn_anew(here: Path, tmp_path: Path) -> None:
    capsule = ask(here, ordered=True)
    folder = shelf.folder(here, capsule.id)
    drawn = {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in verifying.VOUCHING}
    evil = {**drawn, "chart.light.svg": b"<svg onload='alert(1)'/>", "preview.json": b'{"rows":[["lies"]]}'}
    files = shelf.contents(capsule, evil, shelf.runs(here, capsule.id))
    (tmp_path / "x.zip").write_bytes(exporting.packed(files))
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    at_bench(here, lambda there: importing.take(there, tmp_path / "x.zip"))
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in verifying.VOUCHING}
    assert found == drawn


def test_a_stranger_whose_rows_lie_is_refused(here: Path, tmp_path: Path) -> None:
    honest = ask(here, "select 1::bigint as a")
    lying = forged(here, honest, a=[2])
    assert lying.result is not None
    told = lying.model_copy(update={"result": lying.result.model_copy(update={"rounded_sha256": "0" * 64})})
    files = shelf.contents(told, {"result.parquet": parquet({"a": [2]})}, shelf.runs(here, lying.id))
    (tmp_path / "x.zip").write_bytes(exporting.packed(files))
    with pytest.raises(SourceError, match="other rounded_sha256"):
        at_bench(here, lambda there: importing.take(there, tmp_path / "x.zip"))
    assert told.id not in shelf.ids(here)
    garbage = told.model_copy(update={"result": lying.result.model_copy(update={"sha256": sha(b"PAR1 no")})})
    files = shelf.contents(garbage, {"result.parquet": b"PAR1 no"}, shelf.runs(here, lying.id))
    (tmp_path / "x.zip").write_bytes(exporting.packed(files))
    with pytest.raises(SourceError, match="rows that cannot be read"):
        at_bench(here, lambda there: importing.take(there, tmp_path / "x.zip"))


def sha(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()
