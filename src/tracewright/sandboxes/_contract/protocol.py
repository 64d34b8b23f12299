"""Cases about the protocol itself: what a sandbox says of its jails, and what comes back from an honest job."""

from __future__ import annotations

from tracewright.blobs import Blobs
from tracewright.records.job import Limits
from tracewright.sandboxes._contract.case import Asked, Case, Ending, holds, program, told
from tracewright.sandboxes._contract.parsers import scan
from tracewright.sandboxes._contract.trial import Trial

DIFF = (
    "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"
    "--- a/b\n+++ b/b\n@@ -1 +1 @@\n-1\n+2\n"
    "--- a/d/c\n+++ b/d/c\n@@ -1 +1 @@\n-1\n+3\n\\ No newline at end of file\n"
)


async def says_what_it_holds(trial: Trial) -> str:
    """The preflight names backend, level and proof, and every outcome repeats it."""
    async with trial.opened() as sandbox:
        isolation = await sandbox.preflight()
        outcomes = [await sandbox.run(job) for job in (scan(), program("pass"))]
    named = bool(isolation.backend) and (isolation.level == "none" or bool(isolation.preflight))
    holds(named, f"an isolation without name or proof: {isolation}")
    holds((isolation.network == "none") or "network" in isolation.lacks, "a network that is not told under `lacks`")
    same = [outcome.observed.isolation == isolation for outcome in outcomes]
    return holds(all(same), f"{isolation.backend}, {isolation.level}; {sum(same)} of 2 outcomes repeat it")


async def changes(trial: Trial) -> str:
    """Changed, new and deleted files come out, in one diff without dates."""
    code = "from pathlib import Path\nPath('b').write_text('2\\n')\nPath('a').unlink()\nPath('d/c').write_text('3')"
    [outcome] = await trial.run(program(code, files={"a": "1\n", "b": "1\n", "d/c": "1\n", "same": "0\n"}))
    holds(dict(outcome.files) == {"a": None, "b": "2\n", "d/c": "3"}, told(outcome))
    return holds(outcome.diff == DIFF, "one diff, without dates" if outcome.diff == DIFF else outcome.diff)


async def inputs(trial: Trial) -> str:
    """What a job is given to read is there by its name."""
    blob = Blobs(trial.backend.home / "blobs").put(b"one,two\n")
    code = "import os\nprint(open(os.environ.get('TRACEWRIGHT_INPUTS', '/in') + '/t.csv').read(), end='')"
    [outcome] = await trial.run(program(code).model_copy(update={"inputs": {"t.csv": blob.sha256}}))
    return holds(outcome.stdout == "one,two\n", told(outcome))


async def inputs_stay(trial: Trial) -> str:
    """What a job is given to read stays as it was, for all who read it after."""
    blobs = Blobs(trial.backend.home / "blobs")
    blob = blobs.put(b"one,two\n")
    code = """
import os
path = os.environ.get('TRACEWRIGHT_INPUTS', '/in') + '/t.csv'
for work in (lambda: os.chmod(path, 0o666), lambda: open(path, 'a').write('x'), lambda: os.unlink(path)):
    try: work()
    except OSError: pass
print('tried')
"""
    [outcome] = await trial.run(program(code).model_copy(update={"inputs": {"t.csv": blob.sha256}}))
    path = blobs.path(blob.sha256)
    kept = path.is_file() and path.read_bytes() == b"one,two\n"
    if not kept:
        path.unlink(missing_ok=True)
    holds(outcome.stdout == "tried\n", told(outcome))
    return holds(kept, "the blob is as it was" if kept else "the blob was written to or removed")


async def same_again(trial: Trial) -> str:
    """Two runs of one program print the same: no dice in hashes and in the order of sets."""
    job = program("print(list({'a', 'b', 'c', 'd'}), hash('x'))")
    one, other = await trial.run(job, job)
    return holds("'a'" in one.stdout and one.stdout == other.stdout, told(other))


async def same_place(trial: Trial) -> str:
    """The work folder lies at the same path each time, so that what prints a path prints the same."""
    one, other = await trial.run(*[program("import os; print(os.getcwd())")] * 2)
    return holds(one.stdout[:1] == "/" and one.stdout == other.stdout, f"{one.stdout.strip()}, {other.stdout.strip()}")


CASES = (
    Case(0, "a preflight that says what it holds, and outcomes that repeat it", "", says_what_it_holds),
    Case(0, "change, make and delete files", "", changes),
    Case(0, "read an input", "", inputs),
    Case(0, "write to an input", "writing", inputs_stay),
    Case(0, "run the same program twice", "", same_again),
    Case(0, "print the path of the work folder", "paths", same_place),
    Case(
        0,
        "fail",
        "",
        Asked(
            program("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"),
            (Ending("nonzero", exit_code=3, stdout=r"\Aout\n\Z", stderr=r"\Aerr\n\Z"),),
        ),
    ),
    Case(
        0,
        "run for ever",
        "",
        Asked(program("while True: pass", limits=Limits(wall_seconds=0.5)), (Ending("timeout", "wall_seconds"),)),
    ),
)
