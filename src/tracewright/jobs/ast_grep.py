"""Applies ast-grep rules to files, or works out facts about their trees; it reads and rewrites text and runs no code.

`{"op": "apply", "rules": YAML | "pattern", "rewrite", "language", …, "passes": 1..20, "layout": "exact" | "tidy",
"paths": […], "base": {path: text}}` rewrites the files (changed lines are told of `base` where it has the path);
`{"op": "facts", "against": {path: text}}` describes them, and compares them with
other texts of the same paths. `language` (a word, or {path: word}) names what a file's suffix does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._ast_grep.apply import MAX_PASSES, Applied, Layout, apply_rules
from tracewright.jobs._ast_grep.facts import code_changed, compare, describe, strings_changed
from tracewright.jobs._ast_grep.languages import canonical_language, language_of
from tracewright.jobs._ast_grep.lines import changed_lines
from tracewright.jobs._ast_grep.refusal import Refusal
from tracewright.jobs._ast_grep.rules import Rule, read_rules

ISOLATION: IsolationNeed = "worker"
MAX_MATCHES_TOLD = 200
_FIELDS = {
    "apply": {
        "op",
        "rules",
        "pattern",
        "rewrite",
        "language",
        "selector",
        "strictness",
        "passes",
        "layout",
        "paths",
        "base",
    },
    "facts": {"op", "against", "language"},
}


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Do what `request["op"]` says; an action that cannot be run is an `action_error` with a code of its own."""
    try:
        return _run(request, files)
    except Refusal as refusal:
        return Result(status="action_error", code=refusal.code, message=refusal.message)
    except UnicodeEncodeError:
        return Result(
            status="action_error", code="bad_text", message="A text holds half a character (a lone surrogate)."
        )


def _run(request: Mapping[str, Any], files: Mapping[str, str]) -> Result:
    op = request.get("op")
    if op not in _FIELDS:
        raise Refusal("bad_field", f"`op` must be one of {', '.join(_FIELDS)}, found {str(op)[:40]!r}.")
    unknown = sorted(set(request) - _FIELDS[op])
    if unknown:
        raise Refusal("bad_field", f"`{op}` knows no field `{unknown[0]}`.")
    return _facts(request, files) if op == "facts" else _apply(request, files)


def _apply(request: Mapping[str, Any], files: Mapping[str, str]) -> Result:
    rules = read_rules(request)
    passes, layout = _passes(request), _layout(request)
    wanted = {rule.language for rule in rules}
    scanned = {path: files[path] for path in _paths(request, files) if language_of(path) in wanted}
    if not scanned:
        return Result(status="no_match", code="no_file", message=f"No file in view is {' or '.join(sorted(wanted))}.")
    applied = apply_rules(rules, scanned, passes, layout)
    facts = _apply_facts(rules, scanned, applied)
    facts |= _since(_base(request), scanned, applied)
    if not applied.passes:
        return Result(status="no_match", code="no_match", message="No rule matched anything.", result=facts)
    changed = {path: text for path, text in applied.files.items() if text != scanned[path]}
    return Result(message=_remark(applied, bool(changed)), files=changed, result=facts)


def _remark(applied: Applied, changed: bool) -> str:
    if not changed:
        return "The rules matched, but the text stayed as it was."
    if applied.converged is False:
        return f"After {len(applied.passes)} passes the rules would still change the text."
    return ""


def _apply_facts(rules: tuple[Rule, ...], before: Mapping[str, str], applied: Applied) -> dict[str, Any]:
    first = applied.passes[0] if applied.passes else ()
    by_rule = Counter(match.rule for found in applied.passes for match in found)
    changed = [path for path in sorted(before) if applied.files[path] != before[path]]
    languages = {path: language_of(path) for path in before}
    return {
        "matches": [
            {"rule": match.rule, "path": match.path, "start": match.start, "end": match.end, "line": match.line}
            for match in first[:MAX_MATCHES_TOLD]
        ],
        "matches_count": sum(by_rule.values()),
        "edits": applied.edits,
        "changed": bool(changed),
        "passes": len(applied.passes),
        "converged": applied.converged,
        "per_rule": [
            {"id": rule.id, "matches": by_rule[rule.id], "has_metavariable": rule.has_metavariable} for rule in rules
        ],
        **describe(applied.files, languages),
        "string_changed": any(strings_changed(before[path], applied.files[path], languages[path]) for path in changed),
    }


def _since(base: Mapping[str, str], before: Mapping[str, str], applied: Applied) -> dict[str, Any]:
    """Say of each file that is not as in `base` which lines changed, and whether more did than layout and comments."""
    texts = applied.files
    original = {path: base.get(path, text) for path, text in before.items()}
    changed = [path for path in sorted(before) if texts[path] != original[path]]
    return {
        "changed_lines": {path: changed_lines(original[path], texts[path]) for path in changed},
        "code_changed": {path: code_changed(original[path], texts[path], language_of(path)) for path in changed},
    }


def _base(request: Mapping[str, Any]) -> Mapping[str, str]:
    base = request.get("base", {})
    if not isinstance(base, Mapping) or not all(isinstance(text, str) for text in base.values()):
        raise Refusal("bad_field", "`base` must map paths to texts.")
    return base


def _facts(request: Mapping[str, Any], files: Mapping[str, str]) -> Result:
    against = request.get("against", {})
    if not isinstance(against, Mapping) or not all(isinstance(text, str) for text in against.values()):
        raise Refusal("bad_field", "`against` must map paths to texts.")
    stray = sorted(set(against) - set(files))
    if stray:
        raise Refusal("unknown_path", f"`against` names {stray[0]!r}, which is no file in view.")
    languages = {path: _language(request.get("language"), path) for path in files}
    facts = describe(files, languages)
    if against:
        facts |= {"against": describe(against, languages), **compare(files, against, languages)}
    return Result(result=facts)


def _language(named: Any, path: str) -> str | None:
    word = named.get(path) if isinstance(named, Mapping) else named
    if word is None:
        return language_of(path)
    language = canonical_language(str(word))
    if language is None:
        raise Refusal("unknown_language", f"ast-grep knows no language {str(word)[:40]!r}.")
    return language


def _passes(request: Mapping[str, Any]) -> int:
    passes = request.get("passes", 1)
    if isinstance(passes, bool) or not isinstance(passes, int) or not 1 <= passes <= MAX_PASSES:
        raise Refusal("bad_field", f"`passes` must be a whole number from 1 to {MAX_PASSES}.")
    return passes


def _layout(request: Mapping[str, Any]) -> Layout:
    match request.get("layout", "exact"):
        case "exact":
            return "exact"
        case "tidy":
            return "tidy"
        case _:
            raise Refusal("bad_field", "`layout` must be exact or tidy.")


def _paths(request: Mapping[str, Any], files: Mapping[str, str]) -> list[str]:
    paths = request.get("paths")
    if paths is None:
        return sorted(files)
    if not isinstance(paths, list) or not paths:
        raise Refusal("bad_field", "`paths` must be a list of paths.")
    stray = [path for path in paths if path not in files]
    if stray:
        raise Refusal("unknown_path", f"There is no file {str(stray[0])[:80]!r} in view.")
    return sorted(set(paths))
