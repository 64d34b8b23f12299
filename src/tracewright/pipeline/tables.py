"""Makes table sets ready to be queried: builds those that are shipped, registers those that users bring.

Every file, our own included, is parsed in the jail; what comes out is a read-only database in the home.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tracewright import registry
from tracewright.blobs import Blobs
from tracewright.errors import SourceError, UsageError
from tracewright.pipeline.jailed import run_jailed
from tracewright.pipeline.twins import twinned
from tracewright.records.base import JsonObject, Record
from tracewright.records.job import MIB, Job, Limits, Outcome, Sha256
from tracewright.records.task import TaskView
from tracewright.tables import shipped
from tracewright.tables.content import csv_lines
from tracewright.tables.schema import Table, TableSet, sealed
from tracewright.tables.shelf import FORMATS, Kept, Rejected, Shelf, Skipped, SourceFile, check
from tracewright.tables.validate import Fault, faults

LIMITS = Limits(memory_bytes=2048 * MIB, wall_seconds=600, file_bytes=1024 * MIB)
KIND = "load_tables"


class _LoadedTable(Record):
    table: Table
    rejected: tuple[Rejected, ...]
    rejected_rows: int


class _Loaded(Record):
    """What the job says; read as strictly as any other foreign text."""

    tables: tuple[_LoadedTable, ...]
    skipped: tuple[Skipped, ...]
    engine: str


@dataclass(frozen=True)
class Registration:
    """What a user says of a file: the id of the set, the table's name, and whether a CSV begins with names."""

    path: Path
    name: str = ""
    table: str = ""
    header: bool = True
    replace: bool = False


class Report(Record):
    """What `data validate` says of one set."""

    id: str
    version_hash: Sha256
    row_count: int
    ok: bool
    faults: tuple[Fault, ...] = ()


def names(home: Path, scale: int = 1) -> list[str]:
    """Return the id of every set that can be asked: the shipped ones, at a scale, then those that the home holds."""
    made = [shipped.scaled_name(name, scale) for name in shipped.GENERATORS]
    return [*made, *(name for name in Shelf(home).names() if name not in {*shipped.GENERATORS, *made})]


def known(home: Path, scale: int = 1) -> list[TableSet]:
    """Return what is known of those sets, in the same order."""
    return [described(home, name) for name in names(home, scale)]


def described(home: Path, name: str) -> TableSet:
    """Return what is known of a set; raises UsageError for a name that is neither shipped nor registered."""
    if name in shipped.GENERATORS:
        return shipped.registry()[name]
    if kept := Shelf(home).find(name):
        return kept.tables
    if shipped.is_shipped(name):
        return shipped.described(name, shipped.generate(name))
    listed = ", ".join(names(home))
    raise UsageError(
        f"there is no set {name[:80]!r}; there are: {listed}; register a file with `tracewright data register`"
    )


def validated(home: Path, name: str) -> Report:
    """Check a set: a shipped one is made anew and must keep its rules and hash, and no file may have changed."""
    tables, found = _made(name) if shipped.is_shipped(name) else (described(home, name), [])
    if kept := Shelf(home).find(name):
        try:
            Shelf(home).mount(kept)
        except SourceError as error:
            found.append(Fault(table="", rule="unchanged_files", rows=0, example=str(error)))
    return Report(
        id=name,
        version_hash=tables.version_hash,
        row_count=tables.row_count,
        ok=not found,
        faults=tuple(found),
    )


def _made(name: str) -> tuple[TableSet, list[Fault]]:
    """Make a shipped set; return what it is, and where that is not what was promised."""
    rows = shipped.generate(name)
    made, promised = shipped.described(name, rows), shipped.promised(name)
    found = faults(promised, rows, shipped.rules(name))
    if name in shipped.GENERATORS and made.version_hash != promised.version_hash:
        example = f"{name} should have the version {promised.version_hash}, it has {made.version_hash}"
        found.append(Fault(table="", rule="version_hash", rows=made.row_count, example=example))
    return made, found


async def prepared(home: Path, name: str) -> Kept:
    """Return a set with its database ready to be mounted as the blob `database`, and unchanged.

    `name` is a shipped set (`support`, `support-x3`), which is built when it is first wanted, a registered one, or a
    file, which is registered under its name and hash. Raises SourceError where a file changed since then.
    """
    shelf = Shelf(home)
    if Path(name).suffix in FORMATS:
        return await _file(home, Path(name))
    tables = described(home, name)
    kept = shelf.find(name)
    if kept is None or kept.tables.version_hash != tables.version_hash:
        kept = await _build(home, name)
    shelf.mount(kept)
    return kept


async def ready(home: Path, tasks: Iterable[TaskView]) -> None:
    """Make the sets ready that tasks ask questions of, with the twins that graders ask.

    Raises SourceError where one is there in another version only.
    A task says so in its data: `tables` holds what is known of its set.
    """
    told = (task.data.get("tables") for task in tasks)
    wanted = {
        (str(one.get("id")), str(one.get("version_hash")))
        for one in told
        if isinstance(one, dict) and "version_hash" in one
    }
    for name, version in sorted(wanted):
        kept = await prepared(home, name)
        if kept.tables.version_hash != version:
            found = kept.tables.version_hash[:12]
            raise SourceError(f"wanted the tables {name!r} in version {version[:12]}, found {found}; they have changed")
        await twinned(home, kept)


async def register(home: Path, asked: Registration) -> Kept:
    """Load a file into a set of its own; raises UsageError for a taken name, SourceError for a file that is none.

    Registering the same content under the same name again changes nothing.
    """
    shelf = Shelf(home)
    name = asked.name or plain_name(asked.path.stem)
    if shipped.is_shipped(name):
        raise UsageError(f"{name!r} is a set that is shipped; choose another name with --id")
    kind = FORMATS.get(asked.path.suffix.lower())
    if kind is None:
        raise UsageError(f"wanted a file that ends in {', '.join(FORMATS)}, found {asked.path.name!r}")
    before = shelf.find(name)
    source = shelf.take(name, asked.path, kind)
    table: JsonObject = {} if kind == "duckdb" else {"table": asked.table or plain_name(asked.path.stem)}
    header: JsonObject = {} if asked.header else {"header": False}
    outcome = await _load(home, [{"input": "source", "format": kind, **table, **header}], {"source": source.sha256})
    check(asked.path, source.sha256, "it changed while it was read; register it again")
    kept = _kept(TableSet(id=name, name=asked.path.stem[:80], tables=()), outcome, source)
    if before and before.tables.version_hash != kept.tables.version_hash and not asked.replace:
        raise UsageError(f"{name!r} is registered with other content; choose another --id, or say --replace")
    return shelf.keep(kept)


def plain_name(text: str) -> str:
    """Return a safe name made of a text; raises UsageError where nothing of it can be used."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60]
    if not plain:
        raise UsageError(f"no plain name can be made of {text[:80]!r}; say one with --id and --table")
    return plain if plain[0].isalpha() else f"t_{plain}"


async def _file(home: Path, path: Path) -> Kept:
    """Return the set that a file makes, under a name that its content decides."""
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"wanted a file with tables at {path}: {error.strerror}") from error
    name = f"{plain_name(path.stem)[:40]}-{sha256[:12]}"
    kept = Shelf(home).find(name) or await register(home, Registration(path, name))
    Shelf(home).mount(kept)
    return kept


async def _build(home: Path, name: str) -> Kept:
    rows = shipped.generate(name)
    tables = shipped.described(name, rows)
    blobs = Blobs(home / "blobs")
    inputs = {
        table.name: blobs.put(b"".join(csv_lines(table.header, rows[table.name])), "text/csv").sha256
        for table in tables.tables
    }
    sources: list[JsonObject] = [
        {
            "input": table.name,
            "format": "csv",
            "table": table.name,
            "columns": [[c.name, c.type] for c in table.columns],
        }
        for table in tables.tables
    ]
    kept = _kept(tables, await _load(home, sources, inputs), None)
    found = {table.name: table.sha256 for table in kept.tables.tables}
    if found != {table.name: table.sha256 for table in tables.tables}:
        raise SourceError(f"the database of {name} does not hold what was made for it: {found}; report this")
    return Shelf(home).keep(kept.model_copy(update={"tables": tables}))


async def _load(home: Path, sources: Sequence[JsonObject], inputs: Mapping[str, Sha256]) -> Outcome:
    request: JsonObject = {"sources": list(sources), "memory_bytes": LIMITS.memory_bytes // 2}
    isolation = registry.load("jobs", KIND).ISOLATION
    job = Job(kind=KIND, isolation=isolation, inputs=dict(inputs), request=request, limits=LIMITS)
    (outcome,) = await run_jailed([job], home)
    if outcome.status != "ok":
        raise SourceError(f"nothing was registered ({outcome.code or outcome.status}): {outcome.message}")
    return outcome


def _kept(tables: TableSet, outcome: Outcome, source: SourceFile | None) -> Kept:
    """Read what the jail says of the tables; raises SourceError for a reply that says no such thing."""
    try:
        loaded = _Loaded.model_validate(outcome.result)
        database = outcome.artifacts["database"]
    except (ValidationError, KeyError) as error:
        raise SourceError(f"the job {KIND} did not say what it loaded: {error}") from error
    return Kept(
        tables=sealed(tables.model_copy(update={"tables": tuple(table.table for table in loaded.tables)})),
        database=database.sha256,
        database_bytes=database.bytes,
        engine=f"duckdb {loaded.engine}",
        source=source,
        rejected_rows=sum(table.rejected_rows for table in loaded.tables),
        rejected=tuple(line for table in loaded.tables for line in table.rejected),
        skipped=loaded.skipped,
    )
