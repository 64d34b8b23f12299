"""Reads the objects of a git repository that may be hostile, by plumbing commands only.

Its objects are borrowed by an empty repository of our own, so none of its configuration, hooks, attributes or remotes
is in force; only finding the repository reads its configuration, by a command that runs nothing of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracewright.errors import MissingPartError, SourceError
from tracewright.sources._code.folder import read_plain

SECONDS = 120.0
MAX_OUTPUT = 8 << 20
_SAFE = (
    "--no-pager",
    "--literal-pathspecs",
    "--no-replace-objects",
    "-c",
    "core.fsmonitor=",
    "-c",
    "core.hooksPath=/dev/null",
    # Large objects then come as a stream and are never held whole by git.
    "-c",
    "core.bigFileThreshold=1m",
)
_PLAIN = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-commit-id")


class Repository:
    """A borrowed repository: `revision` is the commit that reading starts at."""

    def __init__(self, folder: Path, revision: str) -> None:
        self.folder = folder
        self.revision = revision

    def commits(self) -> Iterator[str]:
        """Yield the hashes of all commits but merges, newest first, in git's own fixed order."""
        with self._started("rev-list", "--no-merges", self.revision) as process:
            for line in _pipe(process.stdout):
                yield line.decode().strip()
            if process.wait(SECONDS) != 0:
                raise SourceError(
                    "the history ends at a commit that is missing or damaged; run git fsck on the repository"
                )

    def raw_changes(self, commit: str) -> bytes | None:
        """Return what a commit changed, as `diff-tree -r -z` writes it: empty for a root, None if unreadable."""
        return self._output("diff-tree", "-r", "-z", "--raw", *_PLAIN, commit)

    def patch(self, commit: str, path: str) -> bytes | None:
        """Return the patch of one file in a commit, without context lines."""
        return self._output("diff-tree", "-p", "-U0", *_PLAIN, commit, "--", path)

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """Open the reader of single objects."""
        with self._started("cat-file", "--batch") as process:
            yield Objects(process)

    def _output(self, *arguments: str) -> bytes | None:
        with self._started(*arguments) as process:
            data = _pipe(process.stdout).read(MAX_OUTPUT + 1)
            # Trees can be built to unfold without end, so what is longer is not read on.
            return data if len(data) <= MAX_OUTPUT and process.wait(SECONDS) == 0 else None

    @contextmanager
    def _started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        pipe = subprocess.PIPE
        command = [_git(), *_SAFE, *arguments]
        with subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            env=_environment(self.folder),
            start_new_session=True,  # Ctrl-C is ours to hear: a git that dies of it looks like a damaged object
        ) as process:
            try:
                yield process
            finally:
                process.kill()


class Objects:
    """Reads objects one after the other from a running `cat-file --batch`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._input, self._output = _pipe(process.stdin), _pipe(process.stdout)

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the bytes of an object by hash or as `commit:path`; None where it is missing or larger."""
        if "\n" in name:
            return None
        try:
            self._input.write(name.encode() + b"\n")
            self._input.flush()
        except BrokenPipeError as error:
            raise SourceError("git stopped at a damaged object; run git fsck on the repository") from error
        words = self._output.readline().split()
        if len(words) != 3 or not words[2].isdigit():
            return None
        size = int(words[2])
        data = self._take(size, keep=size <= max_bytes)
        self._output.read(1)
        return data

    def _take(self, size: int, *, keep: bool) -> bytes | None:
        if keep:
            return self._output.read(size)
        while size > 0 and (chunk := self._output.read(min(size, 1 << 20))):
            size -= len(chunk)
        return None


@contextmanager
def borrowed(path: Path, revision: str) -> Iterator[Repository]:
    """Open the repository at `path` for reading; raises SourceError where there is none or no such revision."""
    common = Path(_ask(path, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    commit = _ask(path, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="borrowed-") as name:
        folder = Path(name)
        (folder / "objects" / "info").mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        (folder / "objects" / "info" / "alternates").write_bytes(os.fsencode(common / "objects") + b"\n")
        shallow = read_plain(common / "shallow", 1 << 20)
        if isinstance(shallow, bytes):
            (folder / "shallow").write_bytes(shallow)
        yield Repository(folder, commit)


def _ask(path: Path, *arguments: str) -> str:
    folder = path.resolve()
    command = [_git(), *_SAFE, "-c", f"safe.directory={folder}", "-C", str(folder), *arguments]
    environment = {**_environment(None), "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"git did not answer for {path} in {SECONDS:.0f} seconds") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SourceError(
            f"wanted a git repository with commits at {path}, git says: {(said or ['nothing'])[-1][:200]}"
        )
    return os.fsdecode(done.stdout).removesuffix("\n")


def _environment(folder: Path | None) -> dict[str, str]:
    quiet = {
        "PATH": os.defpath,
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    return quiet | ({"GIT_DIR": str(folder)} if folder else {})


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise MissingPartError("mining a history needs git, which is not on this machine; run: apt-get install git")
    return found


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise SourceError("git was started without its pipes")
    return stream
