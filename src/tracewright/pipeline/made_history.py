"""Makes a git history out of a folder of sources, one renamed function a commit: the same objects on every machine."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from tracewright.errors import MissingPartError, StoreError

DEFINED = re.compile(r"\b(?:def|function|(?:public|private|static) [\w<>\[\]]+) ([a-z]\w{5,})\(")
RENAMES_PER_FILE = 5
DATE = "2026-01-01T00:00:00Z"
WHO = {"NAME": "Example", "EMAIL": "example@example.invalid", "DATE": DATE}
LICENCE = """Licensed under the Apache License, Version 2.0 (the "License"); you may not use these files except in
compliance with the License. SPDX-License-Identifier: Apache-2.0
"""


def make_history(sources: Path, folder: Path) -> Path:
    """Return a repository below `folder` that is named for the content of the sources; it is made once, whole or not.

    Raises MissingPartError without git, StoreError when the disk says no.
    """
    texts = {path.relative_to(sources): path.read_bytes() for path in sorted(sources.rglob("*.*")) if path.is_file()}
    target = folder / _seal(texts)
    if target.exists():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".") as temporary:
            repository = Path(temporary, "whole")
            _write(repository, texts)
            repository.rename(target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}; free space or choose another home") from error
    return target


def _seal(texts: dict[Path, bytes]) -> str:
    sealed = hashlib.sha256(LICENCE.encode())
    for path, text in texts.items():
        sealed.update(f"{path.as_posix()}\0{len(text)}\0".encode() + text)
    return sealed.hexdigest()[:16]


def _write(repository: Path, texts: dict[Path, bytes]) -> None:
    for path, text in texts.items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_bytes(text)
    (repository / "LICENSE").write_text(LICENCE, encoding="utf-8")
    _git(repository, "init", "--quiet", "--initial-branch=main")
    _commit(repository, "Add the sources")
    # Files take turns, so that the newest commits are about many files and languages.
    for turn in zip_longest(*(_renames(repository / path) for path in texts)):
        for path, name, new in filter(None, turn):
            changed = re.sub(rf"\b{name}\b", new, path.read_text(encoding="utf-8"))
            path.write_text(changed, encoding="utf-8")
            _commit(repository, f"Rename `{name}` to `{new}`")


def _renames(path: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield the functions of a file that are used in it too, each with a name that is not taken."""
    text = path.read_text(encoding="utf-8")
    count = 0
    for name in dict.fromkeys(DEFINED.findall(text)):
        new = f"{name}_v2" if path.suffix == ".py" else f"{name}V2"
        if count < RENAMES_PER_FILE and new not in text and len(re.findall(rf"\b{name}\b", text)) > 1:
            count += 1
            yield path, name, new


def _commit(repository: Path, subject: str) -> None:
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--no-gpg-sign", "--message", subject)


def _git(repository: Path, *arguments: str) -> None:
    binary = shutil.which("git")
    if binary is None:
        raise MissingPartError("a git history is to be made and git is missing; run: apt-get install git")
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in WHO.items()}
    alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    command = [binary, "-C", str(repository), *arguments]
    done = subprocess.run(command, env=who | alone, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise StoreError(f"git {arguments[0]} failed in {repository} and said: {said}; free space or update git")
