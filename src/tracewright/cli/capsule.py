"""`capsule …`: queries kept with all that made their answer: shown, verified, run again, compared, sent, taken in."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracewright.cli.screen import DEFAULT_HOME, Home, Json, emit, note, printable, say, table

if TYPE_CHECKING:
    from tracewright.pipeline.capsules.comparing import Comparison
    from tracewright.records.capsule import Capsule

capsule = typer.Typer(help="Show, verify, replay, compare and export kept queries.", no_args_is_help=True)

CapsuleId = Annotated[str, typer.Argument(metavar="CAPSULE", help="The id, or enough of its beginning.")]
CELL_WIDTH = 60


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(capsule, name="capsule")


@capsule.command("list")
def list_capsules(
    data: Annotated[str, typer.Option("--data", help="Only queries over this set.")] = "",
    status: Annotated[str, typer.Option(help="Only this outcome: ok, rejected, failed, timeout, …")] = "",
    code: Annotated[str, typer.Option(help="Only this code: TABLE_DENIED, FANOUT, RUNNER_TIMEOUT, …")] = "",
    plan: Annotated[str, typer.Option(help="Only of the plan whose hash begins so.")] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="Only what ran on that day (2026-01-31) or later.")] = "",
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """List the capsules of this home by their id."""
    from tracewright.pipeline.capsules import shelf

    if since:
        _require_day(since)
    found = [(capsule_id, shelf.load(home, capsule_id)) for capsule_id in shelf.ids(home)]
    lines = [
        _line(capsule_id, one)
        for capsule_id, one in found
        if data in ("", one.request.data.id)
        and status in ("", one.outcome.status)
        and code in ("", one.outcome.code)
        and one.request.plan_sha256.startswith(plan)
        and (not since or any(run.at >= since for run in shelf.runs(home, capsule_id).runs))
    ]
    if as_json:
        emit({"capsules": lines})
        return
    cells = [(line["id"][:12], line["data"], line["outcome"], line["rows"], line["asked"]) for line in lines]
    shown = [(*cell[:4], " ".join(cell[4].split())[:CELL_WIDTH]) for cell in cells]
    table(("capsule", "data", "outcome", "rows", "question or query"), shown)


def _require_day(text: str) -> None:
    from tracewright.errors import UsageError

    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"wanted --since as a day such as 2026-01-31, found {text[:40]!r}") from error


def _line(capsule_id: str, found: Capsule) -> dict[str, str]:
    rows = str(found.result.rows) if found.result else ""
    request = found.request
    asked = request.question or request.sql or request.raw_sql or str((request.plan or {}).get("notes") or "a plan")
    outcome = f"{found.outcome.status} {found.outcome.code}".strip()
    return {"id": capsule_id, "data": found.request.data.id, "outcome": outcome, "rows": rows, "asked": asked}


@capsule.command("show")
def show(capsule_id: CapsuleId, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Show one capsule: question, plan, query, ruling, what came of it, and where its pictures are."""
    from tracewright.cli.plan import readable
    from tracewright.errors import StoreError
    from tracewright.pipeline.capsules import shelf, verifying

    found_id = shelf.find(home, capsule_id)
    found, folder = shelf.load(home, found_id), shelf.folder(home, found_id)
    if faults := asyncio.run(verifying.verify(None, home, found_id)).faults:
        wrong = "; ".join(f"{fault.file} {fault.what}" for fault in faults)
        raise StoreError(f"capsule {found_id} was changed since it was kept, so it is not shown: {printable(wrong)}")
    if as_json:
        emit({"id": found_id, "folder": str(folder), **found.plain()})
        return
    request = found.request
    say(f"capsule {found_id}")
    say(f"data {request.data.id} {request.data.version_hash[:12]}, {request.engine.name} {request.engine.version}")
    plan = readable(request.plan) if request.plan else ""
    for label, text in (("question", request.question), ("plan", plan), ("sql", request.sql or request.raw_sql)):
        if text:
            say(f"{label}: {printable(text)}")
    _show_ruling(found)
    say(f"{found.outcome.status} {found.outcome.code} {printable(found.outcome.message)}".rstrip())
    for notice in found.notices:
        say(f"notice: {printable(notice)}")
    if found.result:
        _show_rows(folder)
    for picture in sorted(folder.glob("chart.*.svg")):
        say(f"picture: {picture}")
    say(f"licence {found.licence}; unsigned")


def _show_ruling(found: Capsule) -> None:
    ruling = found.ruling
    used = (("reads", ruling.tables), ("calls", ruling.functions))
    told = [f"{verb} {', '.join(names)}" for verb, names in used if names]
    say(f"policy: {'; '.join(['allowed' if ruling.allowed else 'refused', *told])}")
    for warning in ruling.warnings:
        say(f"warning: {warning.code} {printable(warning.reason)}".rstrip())


def _show_rows(folder: Path) -> None:
    import json

    from tracewright.errors import StoreError
    from tracewright.records.capsule import PREVIEW

    try:
        shown = json.loads((folder / PREVIEW).read_bytes())
        names = [printable(str(column["name"])) for column in shown["columns"]]
        rows = [["" if cell is None else cell for cell in row] for row in shown["rows"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{folder / PREVIEW} cannot be read: {error}; run: tracewright capsule verify") from error
    table(names, rows)
    if shown.get("more"):
        say("there are more rows")


@capsule.command("verify")
def verify(
    capsule_id: CapsuleId,
    files_only: Annotated[
        bool, typer.Option("--files-only", help="Compare hashes of files alone; needs no jail.")
    ] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Recompute every hash of a capsule and name what does not hold; exits 1 where something does not."""
    from tracewright.pipeline.capsules import shelf, verifying
    from tracewright.pipeline.capsules.reading import bench

    async def checked() -> verifying.Verification:
        found = shelf.find(home, capsule_id)
        if files_only:
            return await verifying.verify(None, home, found)
        async with bench(home) as there:
            return await verifying.verify(there, home, found)

    told = asyncio.run(checked())
    if as_json:
        emit(told)
    elif told.ok:
        say(f"{told.id} holds{'' if told.contents else ' (its result was not read)'}; unsigned")
    else:
        table(("file", "what is wrong"), [(fault.file, fault.what) for fault in told.faults])
    if not told.ok:
        raise typer.Exit(1)


@capsule.command("replay")
def replay(
    capsule_id: CapsuleId,
    exact: Annotated[bool, typer.Option("--exact", help="Take nothing but identical rows for equal.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run a capsule's query again and compare; exits 1 unless the outcome is the same."""
    from tracewright.pipeline.capsules import replaying, shelf
    from tracewright.pipeline.capsules.reading import bench

    async def again() -> replaying.Replay:
        found = shelf.find(home, capsule_id)
        async with bench(home) as there:
            return await replaying.replay(there, found)

    told = asyncio.run(again())
    if as_json:
        emit(told)
    else:
        say(f"{told.answer} {printable(told.detail)}".rstrip())
        if told.capsule:
            say(f"kept as {told.capsule}")
    if told.answer not in (("identical",) if exact else replaying.EQUAL):
        raise typer.Exit(1)


@capsule.command("diff")
def diff(left: CapsuleId, right: CapsuleId, home: Home = DEFAULT_HOME, as_json: Json = False) -> None:
    """Compare two capsules section by section, then row by row; exits 1 when they differ."""
    from tracewright.pipeline.capsules import comparing, shelf
    from tracewright.pipeline.capsules.reading import bench

    async def compared() -> Comparison:
        pair = shelf.find(home, left), shelf.find(home, right)
        async with bench(home) as there:
            return await comparing.compare(there, *pair)

    told = asyncio.run(compared())
    if as_json:
        emit(told)
    else:
        _show_difference(told)
    if not told.same:
        raise typer.Exit(1)


def _show_difference(told: Comparison) -> None:
    if told.same:
        say("no difference")
    if told.changes:
        cells = [(one.section, one.where, one.left[:400], one.right[:400]) for one in told.changes]
        table(("section", "where", "left", "right"), cells)
    if told.sql:
        say(printable(told.sql))
    if rows := told.rows:
        near = "; the same within a tolerance" if rows.near else ""
        say(f"{rows.only_left} rows only left, {rows.only_right} only right, {rows.changed} changed{near}")
        marked = [("-", row) for row in rows.left] + [("+", row) for row in rows.right]
        marked += [(mark, row) for pair in rows.pairs for mark, row in zip("<>", pair, strict=True)]
        for mark, row in marked:
            say(f"{mark} {printable(str(list(row)))}")


@capsule.command("export")
def export(
    capsule_id: CapsuleId,
    out: Annotated[Path | None, typer.Option("--out", help="The zip file to write.")] = None,
    without_question: Annotated[
        bool, typer.Option("--without-question", help="Leave out the words of the question: another capsule.")
    ] = False,
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Write a capsule as an RO-Crate in one zip file, the same bytes every time."""
    from tracewright.blobs import write_whole
    from tracewright.pipeline.capsules import exporting, shelf

    exported, data = exporting.export(home, shelf.find(home, capsule_id), with_question=not without_question)
    path = out or Path(f"capsule-{exported[:12]}.zip")
    write_whole(path, data)
    if as_json:
        emit({"id": exported, "out": str(path), "bytes": len(data)})
    else:
        say(f"{path}: capsule {exported}, {len(data)} bytes")


@capsule.command("import")
def take_in(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A zip file that `capsule export` wrote.")],
    home: Home = DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Take in a capsule that was made elsewhere; its rows are read in the jail, its pictures drawn anew."""
    from tracewright.pipeline.capsules.importing import Taken, take
    from tracewright.pipeline.capsules.reading import bench

    async def taken() -> Taken:
        async with bench(home) as there:
            return await take(there, path)

    told = asyncio.run(taken())
    if as_json:
        emit(told._asdict())
    else:
        say(f"{told.id} {'taken in' if told.new else 'was here already'}")
        if told.note:
            note(told.note)
