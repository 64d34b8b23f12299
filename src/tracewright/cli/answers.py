"""What `sql` and `plan run` share: what may be said of a run, and how its answer is shown, written and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tracewright.cli.screen import emit, note, table

if TYPE_CHECKING:
    from tracewright.pipeline.capsules.making import Draft
    from tracewright.records.job import Outcome

Rows = Annotated[int, typer.Option(help="Keep at most so many rows.", min=1, max=1_000_000)]
Seconds = Annotated[float, typer.Option(help="End each query after so long.", min=0.1, max=600)]
Loose = Annotated[bool, typer.Option("--loose", help="Let pass what depends on the order of rows.")]
Form = Annotated[Literal["arrow", "parquet"], typer.Option("--format", help="The form of the result.")]
Out = Annotated[Path | None, typer.Option(help="Write the whole result to this file.")]


def json_value(text: str) -> Any:
    """Return what a word means as JSON, or the word itself where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def tell(draft: Draft, home: Path, out: Path | None, as_json: bool) -> None:
    """Print what came of a query that is kept, and write its rows where they are wanted."""
    if out is not None and (result := draft.capsule.result):
        _write(out, draft.files[result.file])
    if as_json:
        emit({**draft.outcome.model_dump(mode="json"), "capsule": draft.capsule.id})
    else:
        _show(draft, home)


def _write(out: Path, data: bytes) -> None:
    from tracewright.blobs import write_whole

    write_whole(out, data)
    note(f"wrote {len(data)} bytes to {out}")


def _show(draft: Draft, home: Path) -> None:
    from tracewright.pipeline.capsules import shelf

    _show_outcome(draft.outcome)
    for notice in draft.capsule.notices:
        if notice != draft.outcome.message:
            note(notice)
    note(f"kept as capsule {draft.capsule.id}{'; ' if draft.note else ''}{draft.note}")
    for picture in sorted(shelf.folder(home, draft.capsule.id).glob("chart.*.png")):
        note(f"picture: {picture}")


def _show_outcome(outcome: Outcome) -> None:
    """Print the rows of a query as a table, or why there are none."""
    result: Any = outcome.result
    if outcome.status != "ok":
        note(f"{outcome.code}: {outcome.message}")
        return
    table([f"{column['name']}" for column in result["columns"]], result["preview"])
    note(" ".join(part for part in (f"{result['rows']} rows.", outcome.message) if part))
    for warning in result["warnings"]:
        note(f"{warning['code']}: {warning['reason']}")
