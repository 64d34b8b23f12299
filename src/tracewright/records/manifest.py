"""A dataset: an immutable list of traces by hash, with the request that chose them."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Literal, Self

from pydantic import Field, field_validator

from tracewright.records.base import SCHEMA_VERSION, JsonObject, Record, claims, digest
from tracewright.records.task import Split

IsolationLevel = Literal["none", "process", "namespaces", "container", "vm"]

DEFAULT_LICENCES = (
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "PSF-2.0",
    "Python-2.0",
    "Unlicense",
)


class Filters(Record):
    """Which traces may enter; a field at its default does not filter."""

    environment: str = ""
    policy: str = ""
    rollout: str = ""
    language: str = ""
    kind: str = ""
    tier: str = ""
    passed: bool | None = True
    privileged: bool | None = None
    min_reward: float | None = Field(default=None, allow_inf_nan=False)


class DatasetRequest(Record):
    """What a dataset is made of. The same request over the same traces gives the same manifest hash.

    `mixture` maps environments to weights; `pass_rate` bounds the share of a group's attempts that passed;
    `best_of_group` keeps that many of a group: the highest reward, then the fewest steps.
    """

    name: str = "dataset"
    version: str = "v1"
    kind: Literal["sft", "srl", "preference", "stepwise", "rl"] = "sft"
    filters: Filters = Filters()
    limit: int | None = Field(default=None, ge=1)
    strategy: Literal["latest", "random", "stratified"] = "random"
    stratify_by: tuple[str, ...] = ("environment", "kind", "language")
    seed: int = Field(default=0, ge=0, lt=2**53)
    splits: tuple[Split, ...] = ("train",)
    dedupe: Literal["none", "exact", "near"] = "exact"
    near_threshold: float = Field(default=0.85, gt=0, le=1)
    best_of_group: int | None = Field(default=None, ge=1)
    pass_rate: tuple[float, float] = (0.0, 1.0)
    mixture: Mapping[str, float] = Field(default_factory=dict)
    min_isolation: IsolationLevel = "namespaces"
    licences: tuple[str, ...] = DEFAULT_LICENCES
    tokenizer: str = "characters/4"
    max_tokens: int | None = Field(default=None, ge=1)

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        return _plain(name, "name", "-")

    @field_validator("version")
    @classmethod
    def _version(cls, version: str) -> str:
        return _plain(version, "version", "")

    @field_validator("splits", "licences")
    @classmethod
    def _set(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        """Sort what has no order of its own, so that it cannot change the hash."""
        return tuple(sorted(set(values)))

    @field_validator("pass_rate")
    @classmethod
    def _band(cls, band: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= band[0] <= band[1] <= 1:
            raise ValueError(f"a pass-rate band lies between 0 and 1, lower bound first, found {band}")
        return band

    @field_validator("mixture")
    @classmethod
    def _weights(cls, mixture: Mapping[str, float]) -> Mapping[str, float]:
        if not all(0 < weight < inf for weight in mixture.values()):
            raise ValueError(f"a mixture's weights are positive numbers, found {dict(mixture)}")
        return mixture

    @property
    def key(self) -> str:
        """Return `{name}-{version}`; injective, since a version holds no hyphen."""
        return f"{self.name}-{self.version}"


def _plain(text: str, what: str, extra: str) -> str:
    allowed = all(char.isascii() and (char.isalnum() or char in "._" + extra) for char in text)
    if not text or not allowed or not text[0].isalnum() or len(text) > 100:
        raise ValueError(f"a dataset's {what} is made of letters, digits, '.', '_'{' and -' if extra else ''}")
    return text


class TraceRef(Record):
    """One trace of a dataset: what it claims and the bytes that were stored."""

    id: str
    sha256: str


class Manifest(Record):
    """A built dataset. `sha256` covers the request and the traces, not when, where or by whom it was built."""

    key: str
    schema_version: int = SCHEMA_VERSION
    build_id: str
    created_at: str
    request: DatasetRequest
    traces: tuple[TraceRef, ...]
    stats: JsonObject = Field(default_factory=dict)
    licences: Mapping[str, int] = Field(default_factory=dict)
    dropped: Mapping[str, int] = Field(default_factory=dict)
    parent: str = ""
    session_id: str = ""
    training_run_id: str = ""
    sha256: str = ""

    def sealed(self) -> Self:
        """Return the manifest with its hash filled in."""
        return self.model_copy(update={"sha256": self.content_hash()})

    def content_hash(self) -> str:
        """Return the hash that the request and the traces ask for."""
        return digest(claims(self, {"request", "traces"}))
