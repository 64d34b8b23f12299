"""Finds ast-grep rules from one text before and after an edit; it never sees more than these two and runs no code.

`{"path", "post": text | {path: text}, "language"?, "limit"?, "layout"?: "tidy" | "exact"}` over `files` {path: pre}
gives `{"candidates": [...], "reason": ""}`, best first: `reason` says why there are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result
from tracewright.jobs._ast_grep.apply import Layout
from tracewright.jobs._ast_grep.languages import canonical_language, language_of
from tracewright.jobs._ast_grep.refusal import Refusal
from tracewright.jobs._ast_grep.trees import shape
from tracewright.jobs._synthesis.candidates import LAYOUTS, infer

ISOLATION: IsolationNeed = "worker"
MOST_CANDIDATES = 32
MOST_CHARACTERS = 400_000


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Return ranked candidates for the edit of one file, or the reason why no rule can do it."""
    try:
        return _run(request, files)
    except Refusal as refusal:
        return Result(status="action_error", code=refusal.code, message=refusal.message)
    except UnicodeEncodeError:
        return Result(
            status="action_error", code="bad_text", message="A text holds half a character (a lone surrogate)."
        )


def _run(request: Mapping[str, Any], files: Mapping[str, str]) -> Result:
    path = request.get("path") or next(iter(sorted(files)), "")
    after = request.get("post")
    post = after.get(path) if isinstance(after, Mapping) else after
    if path not in files or not isinstance(post, str):
        raise Refusal("bad_field", "Give `path`, its text before in `files` and its text after in `post`.")
    pre = files[path]
    word = request.get("language")
    language = canonical_language(str(word)) if word else language_of(path)
    if language is None:
        raise Refusal("unknown_language", f"ast-grep knows no language for {path[:80]!r}.")
    if max(len(pre), len(post)) > MOST_CHARACTERS:
        return Result(status="no_match", code="too_large", result={"candidates": [], "reason": "too_large"})
    found = [asdict(candidate) for candidate in infer(pre, post, language, _layouts(request), _limit(request))]
    reason = "" if found else _reason(pre, post, language)
    return Result(status="ok" if found else "no_match", code=reason, result={"candidates": found, "reason": reason})


def _limit(request: Mapping[str, Any]) -> int:
    limit = request.get("limit", 8)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_CANDIDATES:
        raise Refusal("bad_field", f"`limit` must be a whole number from 1 to {MOST_CANDIDATES}.")
    return limit


def _layouts(request: Mapping[str, Any]) -> Sequence[Layout]:
    layout = request.get("layout")
    if layout is not None and layout not in LAYOUTS:
        raise Refusal("bad_field", "`layout` must be exact or tidy.")
    return LAYOUTS if layout is None else tuple(name for name in LAYOUTS if name == layout)


def _reason(pre: str, post: str, language: str) -> str:
    """Say why there is no candidate."""
    if pre == post:
        return "unchanged"
    old, new = shape(pre, language), shape(post, language)
    alike = (old.digest, old.comments) == (new.digest, new.comments)
    return "layout_only" if alike else "no_rule_found"
