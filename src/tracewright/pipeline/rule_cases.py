"""Tests of ast-grep rules for people: code that a rule must leave alone, must find, or must turn into other code.

A file of cases is YAML: documents of {valid: [code], invalid: [code]} as ast-grep's own tests have them, or of
{before, after} pairs, alone or in a list. `id` limits a document to one rule, `language` says what the code is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import yaml

from tracewright.errors import UsageError
from tracewright.jobs._ast_grep.languages import canonical_language, suffix_of
from tracewright.pipeline.jailed import job_of
from tracewright.records.base import JsonObject, Record
from tracewright.records.job import Job, Outcome

KEYS = {"id", "language", "valid", "invalid", "before", "after"}


class Case(Record):
    """One piece of code and what the rules must do to it; `after` is None where no rewrite is expected."""

    number: int
    kind: Literal["valid", "invalid", "rewrite"]
    code: str
    after: str | None = None
    language: str = ""
    rule: str = ""


class Failure(Record):
    """A case that did not come out as it should."""

    number: int
    kind: str
    code: str
    detail: str


def read_cases(text: str, where: str) -> list[Case]:
    """Read a file of cases in its order; raises UsageError that names the document at fault."""
    found = [fields for document in _documents(text, where) for fields in _cases(document, where)]
    if not found:
        raise UsageError(f"wanted cases in {where}, found none; write `valid` and `invalid`, or `before` and `after`")
    return [Case(number=number, **fields) for number, fields in enumerate(found, 1)]


def job_for(case: Case, rules: str, passes: int, layout: str) -> Job:
    """Return the job that applies the rules to a case; raises UsageError for a rule or language that is not there."""
    documents = [rule for rule in _documents(rules, "the rules") if case.rule in ("", rule.get("id"))]
    if not documents:
        raise UsageError(f"case {case.number} is about the rule {case.rule!r}, which is not among the rules")
    word = case.language or str(documents[0].get("language", ""))
    language = canonical_language(word)
    if language is None:
        raise UsageError(f"wanted a language that ast-grep knows for case {case.number}, found {word!r}")
    request: JsonObject = {"op": "apply", "rules": yaml.safe_dump_all(documents), "passes": passes, "layout": layout}
    return job_of("ast_grep", {f"case{suffix_of(language)}": case.code}, request)


def failure_of(case: Case, outcome: Outcome) -> Failure | None:
    """Return how a case failed; raises UsageError where the rules themselves cannot be run."""
    if outcome.status not in ("ok", "no_match"):
        raise UsageError(f"the rules cannot be run on case {case.number}: {outcome.message or outcome.status}")
    matched = outcome.status == "ok"
    written = next(iter(outcome.files.values()), case.code)
    match case.kind:
        case "valid":
            detail = "found something in code that is valid" if matched else ""
        case "invalid":
            detail = "" if matched else "found nothing"
        case "rewrite":
            detail = "" if written == case.after else f"made {written!r} of it"
    if not detail:
        return None
    return Failure(number=case.number, kind=case.kind, code=case.code, detail=detail)


def _documents(text: str, where: str) -> list[Mapping[str, Any]]:
    try:
        loaded = [document for document in yaml.safe_load_all(text) if document is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"wanted YAML in {where}, found: {' '.join(str(error).split())[:200]}") from error
    flat = [item for document in loaded for item in (document if isinstance(document, list) else [document])]
    for item in flat:
        if not isinstance(item, dict):
            raise UsageError(f"wanted mappings in {where}, found {str(item)[:60]!r}")
    return flat


def _cases(document: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    unknown = sorted(set(map(str, document)) - KEYS)
    if unknown:
        raise UsageError(f"{where} knows {', '.join(sorted(KEYS))}; found {unknown[0]!r}")
    shared = {"language": str(document.get("language", "")), "rule": str(document.get("id", ""))}
    for kind in ("valid", "invalid"):
        for code in _codes(document.get(kind), kind, where):
            yield {"kind": kind, "code": code, **shared}
    if "before" in document or "after" in document:
        before, after = (_codes([document.get(key)], key, where)[0] for key in ("before", "after"))
        yield {"kind": "rewrite", "code": before, "after": after, **shared}


def _codes(value: Any, key: str, where: str) -> Sequence[str]:
    codes = [] if value is None else value
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise UsageError(f"wanted code as text at {key!r} in {where}, found {str(value)[:60]!r}")
    return codes
