"""Keeps manifests under `<home>/datasets/<key>/`: a folder that is there holds a whole dataset and never changes."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from tracewright.blobs import write_whole
from tracewright.errors import DatasetError, StoreError, UsageError
from tracewright.records.base import SCHEMA_VERSION
from tracewright.records.manifest import DatasetRequest, Manifest

MANIFEST = "manifest.json"
CARD = "README.md"


def folder(home: Path, key: str) -> Path:
    """Return where a dataset lies, or would lie; raises UsageError for what is no key. Nothing is made."""
    name, _, version = key.rpartition("-")
    try:
        DatasetRequest(name=name, version=version)
    except ValidationError as error:
        raise UsageError(f"{key[:80]!r} is no dataset key; a key is name-version, as in wheel-v1") from error
    return home / "datasets" / key


def keys(home: Path) -> list[str]:
    """Return the keys of the datasets that there are, sorted."""
    return sorted(path.parent.name for path in (home / "datasets").glob(f"[!.]*/{MANIFEST}"))


def load(home: Path, key: str) -> Manifest:
    """Return a manifest; raises UsageError for an unknown key, DatasetError for one that was changed."""
    path = folder(home, key) / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _unknown(home, key) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"cannot read {path}: {error}") from error
    return _read(text, key)


def keep(home: Path, manifest: Manifest, card: str) -> Manifest:
    """Write a manifest and its card, both or neither; returns the one that is there where the content is the same.

    Raises DatasetError when the key is taken by other content.
    """
    if there := _same(home, manifest):
        return there
    target = folder(home, manifest.key)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent, prefix=f".{manifest.key}.") as temporary:
            whole = Path(temporary) / "whole"
            write_whole(whole / CARD, card)
            write_whole(whole / MANIFEST, manifest.to_json() + "\n")
            whole.rename(target)
    except OSError as error:
        # A folder that holds a dataset cannot be renamed over: someone else was faster.
        if there := _same(home, manifest):
            return there
        raise StoreError(f"cannot write {target}: {error.strerror}; free space or choose another home") from error
    return manifest


def _same(home: Path, manifest: Manifest) -> Manifest | None:
    if not (folder(home, manifest.key) / MANIFEST).exists():
        return None
    there = load(home, manifest.key)
    if there.sha256 == manifest.sha256:
        return there
    raise DatasetError(
        f"the key {manifest.key} is taken by a dataset with sha256 {there.sha256}, this one has {manifest.sha256}; "
        "give it another version"
    )


def _read(text: str, key: str) -> Manifest:
    try:
        version = json.loads(text).get("schema_version", SCHEMA_VERSION)
        if version > SCHEMA_VERSION:
            raise DatasetError(f"the manifest of {key} has the form {version}, newer than ours; upgrade tracewright")
        manifest = Manifest.from_json(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise DatasetError(f"the manifest of {key} is damaged ({error}); restore it or build it anew") from error
    if manifest.key != key or manifest.request.key != key or manifest.content_hash() != manifest.sha256:
        raise DatasetError(f"the manifest of {key} does not hash to its sha256; it was changed: restore or rebuild it")
    return manifest


def _unknown(home: Path, key: str) -> UsageError:
    known = keys(home)
    near = get_close_matches(key, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UsageError(f"there is no dataset {key!r}{hint} (known: {', '.join(known) or 'none'})")
