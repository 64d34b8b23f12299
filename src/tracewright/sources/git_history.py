"""Mines small code edits from a git history; it reads objects and runs nothing of the repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pydantic import Field

from tracewright.records.base import Record
from tracewright.records.task import Dropped, Edit, Origin
from tracewright.registry import Parts
from tracewright.sources import SourceCard
from tracewright.sources._code.languages import language_id, language_of
from tracewright.sources._code.licences import LICENCE_FILE, Licence, read_licence
from tracewright.sources._code.messages import clean_message, subject_of
from tracewright.sources._code.paths import is_safe
from tracewright.sources._history.changes import Change, Commit, Hunk, read_changes, read_commit, read_hunks, read_tree
from tracewright.sources._history.repository import Objects, Repository, borrowed
from tracewright.sources._history.tiers import classify

MAX_LICENCE = 1 << 18
MAX_TREE = 4 << 20
HASH_BYTES = {40: 20, 64: 32}


class Options(Record):
    """Which edits are wanted: at most `limit` of commits that change at most `max_files` files of the languages.

    `address` names the repository in every record; by default it is the name of its folder.
    """

    path: str
    revision: str = "HEAD"
    address: str = ""
    limit: int | None = Field(default=None, ge=1)
    languages: tuple[str, ...] = ("java", "javascript", "python", "tsx", "typescript")
    max_files: int = Field(default=1, ge=1)
    max_bytes: int = Field(default=40_000, ge=1)
    max_changed_lines: int = Field(default=200, ge=1)


@dataclass(frozen=True)
class Reading:
    """A repository being read: its objects, and the licences seen so far by the hash of their tree."""

    repository: Repository
    objects: Objects
    licences: dict[str, Licence] = field(default_factory=dict)


class GitHistorySource:
    """The edits of a history, newest first; merges are skipped and renames are not followed."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.address = options.address or Path(options.path).resolve().name.removesuffix(".git")
        self.languages = frozenset(language_id(name) for name in options.languages)

    def describe(self) -> SourceCard:
        return SourceCard(name="git_history", description=f"edits from the history of {self.address}")

    def records(self) -> Iterator[Edit | Dropped]:
        """Yield edits in git's order of commits, then by path; raises SourceError where there is no history."""
        count = 0
        with borrowed(Path(self.options.path), self.options.revision) as repository, repository.objects() as objects:
            reading = Reading(repository, objects)
            for commit in repository.commits():
                for record in self._of_commit(reading, commit):
                    yield record
                    count += isinstance(record, Edit)
                    if count == self.options.limit:
                        return

    def _of_commit(self, reading: Reading, commit: str) -> Iterator[Edit | Dropped]:
        raw = reading.repository.raw_changes(commit)
        if raw is None:
            yield Dropped("unreadable_commit", commit)
            return
        changes = [change for change in read_changes(raw) if language_of(change.path) in self.languages]
        if reason := self._unwanted(changes):
            yield Dropped(reason, commit)
            return
        data = reading.objects.read(commit, MAX_TREE)
        if data is None or not subject_of((read := read_commit(data)).message):
            yield Dropped("no_message", commit)
            return
        for change in changes:
            yield self._edit(reading, commit, read, change)

    def _unwanted(self, changes: Sequence[Change]) -> str:
        if not changes:
            return "no_code"
        if len(changes) > self.options.max_files:
            return "too_many_files"
        if not all(change.modified for change in changes):
            return "not_a_modification"
        return "" if all(is_safe(change.path) for change in changes) else "unsafe_path"

    def _edit(self, reading: Reading, commit: str, read: Commit, change: Change) -> Edit | Dropped:
        where = f"{commit}:{change.path}"
        pre, post = (self._text(reading, blob) for blob in (change.before, change.after))
        if pre is None or post is None:
            return Dropped("unreadable_side", where)
        if not pre.strip() or not post.strip():
            return Dropped("blank_side", where)
        hunks = read_hunks(reading.repository.patch(commit, change.path) or b"")
        if _size(hunks) > self.options.max_changed_lines:
            return Dropped("too_many_changes", where)
        tier = classify(hunks)
        language = language_of(change.path)
        licence = licence_at(reading, commit, change.path)
        message, subject = clean_message(read.message), subject_of(read.message)
        return Edit(
            instruction=subject,
            path=change.path,
            pre=pre,
            post=post,
            language=language,
            tags={"tier": tier.tier, "kind": tier.kind, "source": "mined"} | _line_ends(pre + post),
            metadata={"hunks": len(hunks), "lines": _size(hunks)}
            | ({"message": message} if message != subject else {}),
            origin=Origin(
                source="git_history",
                address=self.address,
                revision=commit,
                path=change.path,
                date=read.date,
                sha256=hashlib.sha256(pre.encode()).hexdigest(),
                licence=licence.expression,
                licence_evidence=licence.evidence,
            ),
        )

    def _text(self, reading: Reading, blob: str) -> str | None:
        """Return a blob as text, None where it is missing, too large, no UTF-8 or holds a NUL."""
        data = reading.objects.read(blob, self.options.max_bytes)
        try:
            text = None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return None if text is None or "\0" in text else text


def build(options: Options, parts: Parts) -> GitHistorySource:
    """Return the source; git is not started before its records are asked for."""
    return GitHistorySource(options)


def licence_at(reading: Reading, commit: str, path: str) -> Licence:
    """Return the licence that the licence file nearest above `path` states in that commit."""
    for folder in PurePosixPath(path).parents:
        name = "" if folder == PurePosixPath(".") else folder.as_posix()
        tree = reading.objects.read(f"{commit}:{name}", MAX_TREE)
        entries = list(read_tree(tree, HASH_BYTES[len(commit)])) if tree else []
        for file, blob in sorted(entries, key=lambda entry: (len(entry[0]), entry[0])):
            if LICENCE_FILE.fullmatch(file):
                return _licence(reading, f"{name}/{file}".lstrip("/"), blob)
    return Licence()


def _licence(reading: Reading, path: str, blob: str) -> Licence:
    key = f"{blob} {path}"
    if key not in reading.licences:
        data = reading.objects.read(blob, MAX_LICENCE)
        reading.licences[key] = read_licence(path, data) if data is not None else Licence(evidence=f"{path}: too large")
    return reading.licences[key]


def _size(hunks: Sequence[Hunk]) -> int:
    return sum(max(len(hunk.minus), len(hunk.plus)) for hunk in hunks)


def _line_ends(text: str) -> dict[str, str]:
    return {"line_ends": "cr"} if "\r" in text else {}
