"""A capsule: one query with everything that made its answer, known by the hash of its canonical JSON.

No clock, host or time is in it: the same question of the same data under the same rules is the same capsule anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, StringConstraints

from tracewright.records.base import SCHEMA_VERSION, JsonObject, Record, canonical, claims, digest
from tracewright.records.chart import Chart
from tracewright.records.job import MIB, Sha256

CAPSULE, RUNS, PREVIEW, CHART, ATTESTATION = (
    "capsule.json",
    "run.json",
    "preview.json",
    "chart.vl.json",
    "attestation.intoto.json",
)
"""The files of a capsule beside its result and its pictures."""
PICTURES = ("chart.light.svg", "chart.light.png", "chart.dark.svg", "chart.dark.png")
ResultName = Literal["result.parquet", "result.arrow"]
OutcomeWord = Literal["ok", "rejected", "failed", "timeout", "memory", "crashed"]
ReplayWord = Literal[
    "identical",
    "equal_within_tolerance",
    "order_differs",
    "drift:engine",
    "drift:policy",
    "drift:data",
    "nondeterministic",
    "failed",
]


class Parameter(Record):
    """A bound value; one without a name is bound by its place."""

    name: str = ""
    type: str = ""
    value: JsonValue = None


class TableHash(Record):
    """A table that could be asked: its rows and the hash of what it holds."""

    name: Annotated[str, StringConstraints(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,62}\z")]
    rows: int = Field(ge=0)
    sha256: Sha256


class DataRef(Record):
    """The set of tables, by the hash of what they hold; its id is never taken for a path."""

    id: Annotated[str, StringConstraints(pattern=r"\A[a-z][a-z0-9_-]{0,62}\z")]
    version_hash: Sha256
    tables: tuple[TableHash, ...]


class EngineRef(Record):
    """What computed: the engine, and the libraries that wrote and read the result."""

    name: str
    version: str
    libraries: Mapping[str, str] = Field(default_factory=dict)


class QueryLimits(Record):
    """What the query could use; rows and bytes cut its result, the others end it."""

    seconds: float = Field(gt=0, le=600)
    memory_bytes: int = Field(ge=64 * MIB, le=3072 * MIB)
    rows: int = Field(ge=1, le=1_000_000)
    bytes: int = Field(ge=1, le=96 * MIB)


class Request(Record):
    """Who asked what of which data under which rules. `sql` is the canonical text, the only one that ran."""

    kind: Literal["plan", "sql"]
    question: str = ""
    plan: JsonObject | None = None
    plan_sha256: Sha256 = ""
    core_sha256: Sha256 = ""
    raw_sql: str = ""
    sql: str = ""
    parameters: tuple[Parameter, ...] = ()
    data: DataRef
    engine: EngineRef
    compiler: str = ""
    policy: Literal["strict", "lenient"] = "strict"
    limits: QueryLimits
    now: str = ""

    def content_hash(self) -> Sha256:
        """Return the hash under which equal requests must give equal results; the question's words are not in it."""
        return digest(self.model_dump(mode="json", exclude={"question"}, exclude_defaults=True))


class Warned(Record):
    """Something that the policy let pass, and why it matters."""

    code: str
    reason: str = ""


class Ruling(Record):
    """What the policy said: the tables and functions that the query uses, and what it warned of."""

    allowed: bool
    warnings: tuple[Warned, ...] = ()
    tables: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


class Ending(Record):
    """How it ended; `code` and `message` are those of the policy, the compiler or the runner."""

    status: OutcomeWord
    code: str = ""
    message: str = ""


class ResultColumn(Record):
    """A column of the result: the engine's type, and the family that the hashes heed."""

    name: str
    type: str
    family: str
    distinct: int = 0


class ResultRef(Record):
    """The rows that were kept, by hash: of the file's bytes, and of what it holds, whatever wrote it."""

    file: ResultName
    sha256: Sha256
    columns: tuple[ResultColumn, ...]
    rows: int = Field(ge=0)
    truncated: bool = False
    ordered: bool = False
    logical_sha256: Sha256
    multiset_sha256: Sha256
    rounded_sha256: Sha256


class Capsule(Record):
    """A query from question to rows. Everything here must come out the same on another machine."""

    schema_version: int = SCHEMA_VERSION
    request: Request
    ruling: Ruling
    outcome: Ending
    result: ResultRef | None = None
    chart: Chart | None = None
    notices: tuple[str, ...] = ()
    licence: str = "LicenseRef-unknown"

    @property
    def id(self) -> Sha256:
        """Return the sha256 of the bytes of `capsule.json`."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def without_question(self) -> Self:
        """Return the capsule without the words of its question and notes, which may be personal: another capsule."""
        plan = {key: value for key, value in (self.request.plan or {}).items() if key != "notes"}
        raw = "" if self.request.sql else self.request.raw_sql
        bare = self.request.model_copy(update={"question": "", "plan": plan or None, "raw_sql": raw})
        return self.model_copy(update={"request": bare})


class Run(Record):
    """One time that the request ran: when, where, for whom, and how it compared with the first; outside the id."""

    at: str
    trace: str = ""
    step: int | None = None
    replay_of: Sha256 = ""
    answer: ReplayWord | None = None
    tracewright: str = ""
    platform: str = ""
    executor: str = ""
    isolation: str = ""
    wall_seconds: float | None = Field(default=None, allow_inf_nan=False)
    cpu_seconds: float | None = Field(default=None, allow_inf_nan=False)
    peak_memory_bytes: int | None = None
    sha256: Sha256 = ""

    def sealed(self) -> Self:
        """Return the run with the hash of all its other bytes, by which a change is told."""
        return self.model_copy(update={"sha256": self.content_hash()})

    def content_hash(self) -> Sha256:
        """Return the hash that the run's bytes ask for."""
        return digest(self.model_dump(mode="json", exclude={"sha256"}, exclude_defaults=True))


class Runs(Record):
    """The runs of one capsule, oldest first."""

    schema_version: int = SCHEMA_VERSION
    runs: tuple[Run, ...] = ()


STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"


def statement(capsule: Capsule, files: Mapping[str, Sha256]) -> bytes:
    """Return the in-toto statement (v1, SLSA provenance v1) about a capsule and its other files, as canonical JSON.

    It says what made what; without a signature it is a statement, not evidence.
    """
    subjects = {CAPSULE: capsule.id, **files}
    return canonical(
        {
            "_type": STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": subjects[name]}} for name in sorted(subjects)],
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": _definition(capsule),
                "runDetails": {"builder": {"id": "urn:tracewright:capsule:v1"}},
            },
        }
    )


def _definition(capsule: Capsule) -> dict[str, Any]:
    request = capsule.request
    outside = claims(request, {"question", "plan_sha256", "parameters", "now"})
    inside = claims(request, {"core_sha256", "compiler", "policy", "limits"})
    tables = [
        {
            "name": table.name,
            "uri": f"urn:tracewright:table:{request.data.id}/{table.name}",
            "digest": {"sha256": table.sha256},
        }
        for table in request.data.tables
    ]
    engine = {"name": request.engine.name, "uri": f"pkg:pypi/{request.engine.name}@{request.engine.version}"}
    return {
        "buildType": "urn:tracewright:query:v1",
        "externalParameters": outside,
        "internalParameters": {**inside, "request_sha256": request.content_hash()},
        "resolvedDependencies": [*tables, engine],
    }
