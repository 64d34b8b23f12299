"""The one door to the ast-grep binary: a fixed argument list, no flag of which ever comes from an action.

An exit status alone proves nothing there, so what went wrong is read from stderr.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from tracewright.jobs._ast_grep.edits import Edit
from tracewright.jobs._ast_grep.refusal import Refusal
from tracewright.jobs._ast_grep.rules import Rule, rules_file
from tracewright.jobs._ast_grep.trees import pattern_has_error

_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
_CAUSES = (  # the CLI's words, our code, our sentence
    (re.compile(r"Undefined meta var `(.+?)`"), "undefined_metavariable", "No pattern of the rule binds `${}`."),
    (
        re.compile(r"Multiple AST nodes are detected"),
        "pattern_error",
        "A pattern must be one node; use context, selector.",
    ),
    (re.compile(r"Pattern contains an ERROR node"), "pattern_error", "A pattern does not parse in the language."),
    (re.compile(r"unknown field `(.+?)`"), "bad_field", "ast-grep knows no field `{}` there."),
    (re.compile(r"Kind `(.+?)` is invalid"), "unknown_kind", "The language's grammar has no node kind `{}`."),
    (re.compile(r"Rule `(.+?)` is not defined"), "undefined_rule", "`matches` names a rule `{}` that is not defined."),
    (
        re.compile(r"(regex parse error|Parsing text matcher fails)"),
        "regex_error",
        "A regex of the rule does not parse.",
    ),
    (re.compile(r"must specify a set of AST kinds"), "rule_without_kind", "A rule must fix a node kind: add `kind`."),
)


@dataclass(frozen=True)
class Match:
    """One match of one rule: its span in bytes, its 0-based line, and the edit, where the rule has a fix.

    `captures` are the spans of the metavariables that stand for one node.
    """

    path: str
    start: int
    end: int
    line: int
    rule: str
    edit: Edit | None
    captures: tuple[tuple[str, int, int], ...] = ()


@lru_cache(maxsize=1)
def binary() -> str:
    """Return the absolute path of the ast-grep that was installed beside this Python; raises FileNotFoundError."""
    places = (Path(sys.executable).parent, Path(sys.prefix) / "bin", Path("/opt/venv/bin"), Path("/usr/local/bin"))
    for place in places:
        path = place / "ast-grep"
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise FileNotFoundError("no ast-grep binary beside this Python; install the package ast-grep-cli")


def scan(rules: Sequence[Rule], files: Mapping[str, bytes]) -> tuple[Match, ...]:
    """Return all matches of the rules in the files, sorted by path, start, outermost, rule id; raises Refusal."""
    with tempfile.TemporaryDirectory(prefix="scan-") as folder:
        # Plain names of our own: a hidden or ignored path would be skipped in silence.
        names = {f"{index}{PurePosixPath(path).suffix.lower()}": path for index, path in enumerate(sorted(files))}
        for name, path in names.items():
            Path(folder, name).write_bytes(files[path])
        Path(folder, "rules.yml").write_text(rules_file(rules), encoding="utf-8")
        command = [binary(), "scan", "-r", "rules.yml", "--json=compact", "--threads=1", "--", *names]
        done = subprocess.run(command, cwd=folder, env=_ENVIRONMENT, capture_output=True, check=False)
    stderr = done.stderr.decode(errors="replace")
    if done.returncode != 0 or "ERROR" in stderr:
        raise _refusal(stderr, rules)
    found = [_match(row, names) for row in json.loads(done.stdout)]
    return tuple(sorted(found, key=lambda match: (match.path, match.start, -match.end, match.rule)))


def _match(row: Mapping[str, Any], names: Mapping[str, str]) -> Match:
    span = row["range"]["byteOffset"]
    edit = None
    if "replacement" in row:
        at = row["replacementOffsets"]
        edit = Edit(at["start"], at["end"], row["replacement"].encode(), row["ruleId"])
    line = row["range"]["start"]["line"]
    singles = ((name, found["range"]["byteOffset"]) for name, found in _singles(row))
    captures = tuple((name, at["start"], at["end"]) for name, at in singles)
    return Match(names[row["file"]], span["start"], span["end"], line, row["ruleId"], edit, captures)


def _singles(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    # A rule without a pattern has no such field in its matches.
    return sorted(row.get("metaVariables", {}).get("single", {}).items())


def _refusal(stderr: str, rules: Sequence[Rule]) -> Refusal:
    broken = [text for rule in rules for text in rule.patterns if pattern_has_error(text, rule.language)]
    for expression, code, sentence in _CAUSES:
        found = expression.search(stderr)
        if found is None:
            continue
        if code == "rule_without_kind" and broken:
            return Refusal("pattern_error", f"The pattern {broken[0][:80]!r} does not parse in the language.")
        return Refusal(code, sentence.format(*found.groups()))
    causes = " ".join(line.removeprefix("╰▻ ") for line in stderr.splitlines() if line.startswith("╰▻"))
    return Refusal("refused_rule", f"ast-grep refused the rules: {(causes or stderr.strip())[:400]}")
