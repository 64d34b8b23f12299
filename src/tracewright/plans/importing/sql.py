"""Imports SQL: one query becomes a plan that means the same, or is refused with a code and a sentence."""

from __future__ import annotations

from typing import Any

from tracewright.plans.bodies import TAGS, run_body
from tracewright.plans.catalogue import Catalogue
from tracewright.plans.compiling import compile_plan
from tracewright.plans.document import Param, QueryPlan, read_plan
from tracewright.plans.faults import Fault, PlanError
from tracewright.plans.importing.frames import Import
from tracewright.plans.importing.queries import exists, query
from tracewright.plans.importing.reading import read_query
from tracewright.plans.importing.refusal import ImportRefusal, refusal, refused_fault
from tracewright.plans.scope import Work
from tracewright.records.base import Record


class Imported(Record):
    """A plan that was read from SQL.

    `renamed` holds the output names that no plan can give, each with what stands for it; `notes` says where the text
    left something open that the plan settles.
    """

    plan: QueryPlan
    renamed: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def import_sql(text: str, catalogue: Catalogue, dialect: str = "duckdb") -> Imported:
    """Return the plan of one query; raises ImportRefusal for what it cannot say exactly.

    `dialect` is `duckdb` or `sqlite`, and says what the text means where the two differ. The same text and catalogue
    give the same plan, byte for byte.
    """
    tree = read_query(text, dialect)
    params: dict[str, Param] = {}
    taken = {name.casefold() for name in catalogue.by_name}
    run = Import(Work(catalogue, params, TAGS, run_body=run_body, taken=taken), dialect, query, exists, params=params)
    try:
        draft = query(run, tree, None, {}, None)
        plan = _checked(run, draft.body())
    except Fault as fault:
        raise refused_fault(fault.told()) from None
    except PlanError as error:
        raise refused_fault(error.faults[0]) from None
    except RecursionError:
        raise refusal("LIMIT_EXCEEDED", "the text is nested too deeply") from None
    renamed = [(draft.called[column.name], column.name) for column in draft.columns if column.name in draft.called]
    return Imported(plan=plan, renamed=tuple(renamed), notes=tuple(dict.fromkeys(run.notes)))


def _checked(run: Import, body: dict[str, Any]) -> QueryPlan:
    """Return the plan once it compiles; lets that only a reading given up on had asked for are dropped."""
    params = {name: {"type": param.type} for name, param in sorted(run.params.items())}
    lets = dict(run.lets)
    while True:
        parts = {**({"params": params} if params else {}), **({"let": lets} if lets else {})}
        plan = read_plan({"plan": 1, **parts, **body})
        lints = compile_plan(plan, run.work.catalogue).lints
        unused = [lint.path.rpartition("/")[2] for lint in lints if lint.code == "UNUSED_LET"]
        if not unused:
            return plan
        lets = {name: let for name, let in lets.items() if name not in unused}


__all__ = ["ImportRefusal", "Imported", "import_sql"]
