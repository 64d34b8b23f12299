"""Reads the rules of an action and compiles them to the one rules file that the CLI is given.

It closes the doors of the rule format (files, metadata, severities, foreign fields); whether a rule makes sense is the
CLI's to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tracewright.jobs._ast_grep.languages import canonical_language
from tracewright.jobs._ast_grep.refusal import Refusal

MAX_RULES = 64
MAX_RULE_BYTES = 64 * 1024
MAX_NODES = 4096
_KEPT = ("rule", "constraints", "utils", "transform", "fix", "rewriters")
_DROPPED = frozenset({"id", "language", "message", "note", "severity"})
_METAVARIABLE = re.compile(r"\$(?:\$\$)?[A-Z_][A-Z0-9_]*|\$\$\$")
_SHORT_FORM = ("pattern", "rewrite", "language", "selector", "strictness")


@dataclass(frozen=True)
class Rule:
    """One compiled rule: its id in the CLI's answer, its language and the body that the CLI reads."""

    id: str
    language: str
    body: Mapping[str, Any]

    @property
    def has_metavariable(self) -> bool:
        """Say whether any text of the rule names a metavariable."""
        return any(_METAVARIABLE.search(text) for text in _texts(self.body))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Return the pattern texts anywhere in the rule."""
        return tuple(_patterns(self.body))


def read_rules(request: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Return the rules of a request, from its YAML text or its short form; raises Refusal."""
    if "rules" in request and any(name in request for name in _SHORT_FORM):
        raise Refusal("bad_field", "Give either `rules` or `pattern` with `rewrite`, not both.")
    documents = _documents(request["rules"]) if "rules" in request else [_short_form(request)]
    return compile_rules(documents)


def compile_rules(documents: Sequence[Any]) -> tuple[Rule, ...]:
    """Check rule documents and give them the ids r0, r1, … in their order (padded, so that text order is order)."""
    if not documents:
        raise Refusal("bad_rules", "The rules hold no rule; write at least one YAML document with `rule` and `fix`.")
    if len(documents) > MAX_RULES:
        raise Refusal("too_many_rules", f"At most {MAX_RULES} rules fit one action, found {len(documents)}.")
    named = [document["id"] for document in documents if isinstance(document, Mapping) and "id" in document]
    repeated = sorted({str(name) for name in named if named.count(name) > 1})
    if repeated:
        raise Refusal("duplicate_rule_id", f"Rule ids must differ, found {repeated[0]!r} twice.")
    width = len(str(len(documents) - 1))
    return tuple(_rule(document, f"r{index:0{width}}") for index, document in enumerate(documents))


def rules_file(rules: Sequence[Rule]) -> str:
    """Return the rules file: JSON documents, which are YAML, of severity hint so that exit 1 never means "found"."""
    heads = ({"id": rule.id, "language": rule.language, "severity": "hint"} for rule in rules)
    return "\n---\n".join(json.dumps({**head, **rule.body}) for head, rule in zip(heads, rules, strict=True))


def _documents(text: Any) -> list[Any]:
    if not isinstance(text, str):
        raise Refusal("bad_field", "`rules` must be YAML text.")
    if len(text.encode(errors="replace")) > MAX_RULE_BYTES:
        raise Refusal("rules_too_long", f"Rules may hold {MAX_RULE_BYTES} bytes.")
    try:
        # An alias can unfold to gigabytes when the rule is written out again.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise Refusal("bad_rules", "YAML aliases are not read; write the rule out.")
        return [document for document in yaml.safe_load_all(text) if document is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Refusal("bad_rules", f"The rules are not YAML: {str(error)[:300]}") from error


def _short_form(request: Mapping[str, Any]) -> dict[str, Any]:
    missing = [name for name in ("pattern", "language") if not isinstance(request.get(name), str)]
    if missing:
        raise Refusal("bad_field", f"Give `rules`, or `pattern`, `rewrite` and `language`; `{missing[0]}` is no text.")
    pattern = request["pattern"]
    extra = {key: request[key] for key in ("selector", "strictness") if request.get(key)}
    rule = {"pattern": {"context": pattern, **extra} if extra else pattern}
    fix = {"fix": request["rewrite"]} if request.get("rewrite") is not None else {}
    return {"language": request["language"], "rule": rule, **fix}


def _rule(document: Any, rule_id: str) -> Rule:
    if not isinstance(document, Mapping) or not isinstance(document.get("rule"), Mapping):
        raise Refusal("bad_rules", "Each rule must be a mapping with a `rule`.")
    unknown = sorted(str(key) for key in document if key not in _DROPPED and key not in _KEPT)
    if unknown:
        raise Refusal("bad_field", f"A rule may hold {', '.join(_KEPT)}, id and language; found `{unknown[0]}`.")
    language = canonical_language(str(document.get("language", "")))
    if language is None:
        raise Refusal("unknown_language", f"ast-grep knows no language {str(document.get('language'))[:40]!r}.")
    body = {key: document[key] for key in _KEPT if key in document}
    if sum(1 for _ in _walk(body)) > MAX_NODES:
        raise Refusal("rules_too_long", f"A rule may hold {MAX_NODES} values.")
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refusal("bad_rules", f"A rule may hold texts, numbers, lists and mappings only: {error}") from error
    return Rule(rule_id, language, body)


def _walk(value: Any) -> Iterator[Any]:
    stack = [value]
    while stack:
        item = stack.pop()
        yield item
        if isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)


def _texts(value: Any) -> Iterator[str]:
    return (item for item in _walk(value) if isinstance(item, str))


def _patterns(value: Any) -> Iterator[str]:
    for item in _walk(value):
        pattern = item.get("pattern") if isinstance(item, Mapping) else None
        text = pattern.get("context") if isinstance(pattern, Mapping) else pattern
        if isinstance(text, str):
            yield text
