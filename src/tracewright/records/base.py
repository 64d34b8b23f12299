"""What every record shares: frozen, closed to unknown fields, written as RFC 8785 canonical JSON, known by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Self

import rfc8785
from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

from tracewright.errors import RecordError

JsonObject = dict[str, JsonValue]
"""A JSON object whose keys are the business of one implementation (a job's request, an action's arguments)."""

SCHEMA_VERSION = 1


def _safe_path(path: str) -> str:
    """Accept a relative POSIX path that stays inside the workspace; raise ValueError otherwise."""
    parts = path.split("/")
    unsafe = not path or path.startswith("/") or any(part in {"", ".", ".."} for part in parts)
    if unsafe or any(ord(char) < 32 or char in "\\\x7f" for char in path) or len(path.encode()) > 1024:
        raise ValueError(f"a workspace path must be relative, plain and short, found {path[:80]!r}")
    return path


WorkspacePath = Annotated[str, AfterValidator(_safe_path)]
"""A relative POSIX path without `..`, backslash or control characters, at most 1024 bytes."""


class Record(BaseModel):
    """A frozen value that crosses rooms; its JSON is a public format."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    def plain(self) -> dict[str, Any]:
        """Return the stored form: JSON values without fields at their default, but with the version of the schema."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        if "schema_version" in type(self).model_fields:
            # Left out, an old record would be taken for one of whatever version is newest when it is read.
            data["schema_version"] = getattr(self, "schema_version")  # noqa: B009 -- only some records have it
        return data

    def to_json(self) -> str:
        """Write the stored form as one line of canonical JSON."""
        return canonical(self.plain()).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote; raises pydantic.ValidationError, which names the field."""
        return cls.model_validate_json(text)


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value; NaN and integers that were no doubles are a RecordError."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.IntegerDomainError:
        return canonical(_doubles(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise RecordError(f"a record must be plain JSON with integers below 2**53; found {error}") from error


def _doubles(value: Any) -> Any:
    """Return the value with large integers as the doubles that they were: 1e17 is written without a point."""
    match value:
        case dict():
            return {key: _doubles(item) for key, item in value.items()}
        case list() | tuple():
            return [_doubles(item) for item in value]
        case int() if abs(value) >= 2**53:
            return _double(value)
    return value


def _double(value: int) -> float:
    # RFC 8785 writes the shortest digits of a double, so a text with other digits never was one.
    if abs(value) < 10**21 and rfc8785.dumps(float(value)) == str(value).encode():
        return float(value)
    raise RecordError(f"a record must be plain JSON with integers below 2**53 or doubles; found {str(value)[:40]}")


def digest(value: Any) -> str:
    """Return the sha256 (hex) of a JSON value's canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def claims(record: BaseModel, fields: Mapping[str, Any] | set[str]) -> Any:
    """Return the JSON of `fields` of a record without those at their default, so that new fields keep old ids."""
    return record.model_dump(mode="json", include=fields, exclude_defaults=True)
