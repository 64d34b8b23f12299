"""What each case's own program would tell, had it got through; none of it is to be taken for a sandbox that holds."""

from __future__ import annotations

from collections.abc import Mapping

from tests.sandboxes.fakes.canned import CLAIM
from tracewright.records.base import JsonObject
from tracewright.records.job import Observed, Outcome
from tracewright.sandboxes._contract.outputs import NAMES
from tracewright.sandboxes._contract.protocol import DIFF

Answers = tuple[Outcome, ...]
"""To the jobs of one case in turn; the last for all that follow."""


def ok(stdout: str = "", **files: str | None) -> Outcome:
    """Return the outcome of what went well."""
    named = {path.replace("__", "."): text for path, text in files.items()}
    return Outcome(status="ok", exit_code=0, stdout=stdout, files=named, observed=Observed(isolation=CLAIM))


def refused(code: str, message: str, **files: str | None) -> Outcome:
    """Return a refusal that let files out all the same."""
    return Outcome(status="action_error", code=code, message=message, files=files)


def crashed(signal: int, **files: str | None) -> Outcome:
    """Return the end by a signal."""
    return Outcome(status="nonzero", exit_code=-signal, files=files)


def tests(passed: int, failed: int) -> Outcome:
    """Return the report of a test run."""
    report: JsonObject = {"passed": passed, "failed": failed}
    if failed:
        return Outcome(status="nonzero", code="tests_failed", exit_code=1, result=report)
    return Outcome(status="ok", exit_code=0, result=report)


ALL_PASSED: tuple[Answers, ...] = ((tests(1, 0),), (ok(),))
FOLLOWED = "root:x:0:0:root:/root:/bin/bash\n"
CHANGED = {"a": None, "b": "2\n", "d/c": "3"}
RENAMED = "log(1)\nx = 2\n"
APPLIED: tuple[Answers, ...] = ((ok(a__py=RENAMED),), (refused("refused_rule", "refused", **{"a.py": RENAMED}),))
FLOODED = ((ok("x" * 1000),), (Outcome(status="output_limit", stdout="x" * 1000),))
UNANSWERED: tuple[Answers, ...] = ((ok(a__py=RENAMED), refused("jail", "gone")), (ok(), ok()))

ANSWERS: Mapping[str, tuple[Answers, ...]] = {
    "a preflight that says what it holds, and outcomes that repeat it": (
        (ok(), Outcome(status="ok")),
        (Outcome(status="ok", observed=Observed(isolation=CLAIM.model_copy(update={"backend": "another"}))),),
    ),
    "change, make and delete files": (
        (ok().model_copy(update={"files": {**CHANGED, "same": "0\n"}, "diff": DIFF}),),
        (ok().model_copy(update={"files": CHANGED, "diff": f"{DIFF}+"}),),
    ),
    "read an input": ((ok("three,four\n"),),),
    "run the same program twice": ((ok("['a', 'b', 'c', 'd'] 1\n"), ok("['b', 'a', 'c', 'd'] 2\n")),),
    "print the path of the work folder": ((ok("/ws/1\n"), ok("/ws/2\n")),),
    "fail": ((ok("out\n"),), (Outcome(status="nonzero", exit_code=1, stdout="out\n", stderr="err\n"),)),
    "run for ever": ((ok(),), (Outcome(status="killed", code="jail_killed"),)),
    "kill the supervisor and everything else": ((ok(),), (crashed(9),)),
    "stop the supervisor for good": ((ok(),), (Outcome(status="killed", code="jail_killed"),)),
    "forge a reply on whatever descriptor can be found": (
        (ok("forged"),),
        (Outcome(status="nonzero", exit_code=3, stdout="forged"),),
    ),
    "see a task that runs beside it": (
        (ok("files of the other in /tmp\tGOT IT: ['neighbour-1']\nthe end\tnothing\n"),),
        (ok("files of the other in /tmp\tnothing\n"),),
    ),
    "spawning thread ends": ((ok("alive\n"), crashed(9)),),
    "64 jobs side by side": ((ok("0\n"),),),
    "leave something for the next job": ((ok("written\n"), ok("False\nTrue\nFalse\n")),),
    "input that does not exist": ((ok(),), (Outcome(status="nonzero", stderr="no table"),)),
    "close stdout and stderr and go on for ever": ((ok(),),),
    "end by a signal": ((ok(),), (crashed(6, core="memory"),)),
    "read where there is no memory": ((ok(),), (crashed(11, core="memory"),)),
    "one balloon of 8 GB": ((ok("8 GB\n"),), (crashed(9),)),
    "16 processes of 512 MB": ((ok("16 of 16\n"),), (Outcome(status="nonzero", exit_code=1, stdout="3 of 16\n"),)),
    "two busy processes under a limit of one core": ((ok("1.99\n"),), (crashed(9),)),
    "1 GB on stdout": FLOODED,
    "1 GB on stderr": FLOODED,
    "1 GB without a line's end": FLOODED,
    "a million empty files": ((ok("a million files\n"),),),
    "dump core into the workspace": (
        (crashed(11, core="memory"),),
        (crashed(11).model_copy(update={"stdout": "(-1, -1)\n"}),),
    ),
    "print more than is kept": ((ok("a" * 5000 + "z" * 5000 + "\n"),), (ok("a" * 500),)),
    "leave a link to /etc/shadow": ((ok(link=FOLLOWED),), (refused("irregular_file", "link is a link", link="x"),)),
    "leave a link in the place of a file": ((ok(kept__txt=FOLLOWED),), (ok(kept__txt=None),)),
    "leave a link to a folder": ((ok().model_copy(update={"files": {"folder/a": FOLLOWED}}),), (ok(),)),
    "leave a hard link to a file of the system": ((ok(mine=FOLLOWED),), (ok(),)),
    "leave a pipe": ((ok(pipe=""),), (ok(),)),
    "leave a socket": ((ok(sock=""),), (ok(),)),
    "leave a character device": ((ok(null=""),), (ok(),)),
    "a name with a line break": ((ok(a=""),), (refused("unsafe_path", "a control character", a=""),)),
    "a name with a backslash": ((ok(b=""),), (refused("unsafe_path", "a backslash", b=""),)),
    "a name that is not UTF-8": ((ok(x=""),), (refused("irregular_file", "not UTF-8"),)),
    "a path of 4 KB": ((ok(x=""),),),
    "names that other systems forbid, take for one, or take for commands": (
        (ok().model_copy(update={"files": {name: name for name in NAMES[1:]}}),),
        (ok().model_copy(update={"files": dict.fromkeys(NAMES, "a")}),),
    ),
    "leave folders in folders, 3,000 deep": ((ok(x="x"),), (ok(),)),
    "leave bytes that are no text": ((ok(raw="\ufffd"),), (refused("non_utf8_file", "byte 0", raw=""),)),
    "leave 5,000 files": ((ok().model_copy(update={"files": {str(number): "" for number in range(5000)}}),),),
    "leave more than may be brought out": ((ok().model_copy(update={"files": {"0": "x", "1": "x"}}),),),
    "leave a folder that nobody may enter": ((ok(),),),
    "put a link in the place of the workspace": (
        (ok("tried\n", outside="brought out"),),
        (ok("tried\n", kept__txt=None, outside="brought out"),),
    ),
    "print bytes that are no text, and commands for a terminal": ((ok("end\n"),),),
    "right code passes": ((tests(0, 1),), (tests(0, 0),)),
    "conftest.py that ends the process": ALL_PASSED,
    "pytest.py that shadows pytest": ALL_PASSED,
    "sitecustomize.py and a .pth file": ALL_PASSED,
    "pytest.ini, tox.ini and pyproject.toml with options": (*ALL_PASSED, (tests(1, 1),)),
    "plug-in by its entry point": ALL_PASSED,
    "code that ends the process when imported": ALL_PASSED,
    "code that ends the process when called": ALL_PASSED,
    "code that deletes whatever report it finds": ALL_PASSED,
    "code that alters pytest": ALL_PASSED,
    "code that kills whoever runs it": ALL_PASSED,
    "code that skips its test": ALL_PASSED,
    "a rule applied to a file: the changed text and a diff": ((ok(a__py="x = 2\n"),), (ok(),)),
    "--custom-languages in the place of a language": APPLIED,
    "-c in the place of a pattern": APPLIED,
    "a field that is no field of ours": APPLIED,
    "custom languages among the rules": APPLIED,
    "a path outside the workspace": APPLIED,
    "a path that climbs out": APPLIED,
    "a file that is named like an option": (
        (ok(),),
        (ok().model_copy(update={"files": {"--update-all.py": "log(1)\n"}}),),
    ),
    "a kind that nobody allowed": ((ok(),), (Outcome(status="action_error"),)),
    "programs in the workspace named like ours": ((ok(a__py=RENAMED, hijacked="hijacked\n"),), (ok(hijacked=""),)),
    "programs in the workspace, asked of the command line's own parser": ((ok(hijacked="hijacked\n"),),),
    "a regular expression that explodes": UNANSWERED,
    "a source of 50 MB in one line": UNANSWERED,
    "brackets nested 100,000 deep": UNANSWERED,
    "queries that read, write and attach files, fetch, and never end": (
        (ok("read the text of /etc/shadow\tGOT IT\n"),),
        (ok("the engine\tsomething else\n"),),
        (ok("fetch\trefused\n"), ok(), crashed(9)),
        (ok("fetch\trefused\n"), Outcome(status="timeout"), ok("100000000\n")),
        (ok("fetch\trefused\n"), Outcome(status="timeout"), Outcome(status="oom"), ok()),
    ),
    "code in a shared worker": (
        (ok("ran\n"),),
        (refused("isolation_too_weak", "ran").model_copy(update={"stdout": "ran"}),),
    ),
}
"""By the name of the case. What is not here is a list of attempts, or leaves something on the host to be seen."""
