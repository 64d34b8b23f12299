"""Cases about data-only jobs: hostile rules, words and texts for the parser, which shares its worker with the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracewright.errors import UsageError
from tracewright.records.job import MIB, Job, Limits
from tracewright.sandboxes._contract.case import Asked, Case, Drill, Ending, holds, told
from tracewright.sandboxes._contract.trial import Trial

RENAME: Mapping[str, Any] = {"op": "apply", "pattern": "print($A)", "rewrite": "log($A)", "language": "python"}
CODE = {"a.py": "print(1)\nx = 2\n"}
RULE = "id: r\nlanguage: python\nrule: {pattern: print($A)}\nfix: log($A)\n"


def scan(files: Mapping[str, str] = CODE, limits: Limits | None = None, **request: Any) -> Job:
    """Return the job that applies a rule; `request` is laid over a harmless one, where None drops a word."""
    asked = {key: value for key, value in {**RENAME, **request}.items() if value is not None}
    return Job(kind="ast_grep", files=files, request=asked, limits=limits or Limits(wall_seconds=20))


def refused(**request: Any) -> Asked:
    """Return a request that must be refused, whatever the code, with no file changed."""
    return Asked(scan(**request), (Ending("action_error", files={}), Ending("no_match", files={})))


def contained(job: Job) -> Drill:
    """Return the drill in which a job may end in any way that is bounded, and the next one is answered as ever."""

    async def drill(trial: Trial) -> str:
        async with trial.opened() as sandbox:
            outcome = await sandbox.run(job)
            after = await sandbox.run(scan())
        fine = (after.status, dict(after.files)) == ("ok", {"a.py": "log(1)\nx = 2\n"})
        return holds(fine, f"{outcome.status} {outcome.code}; the next: {told(after) if not fine else 'fine'}")

    return drill


async def unknown_program(trial: Trial) -> str:
    """A kind that nobody allowed is refused before anything runs."""
    async with trial.opened() as sandbox:
        for kind in ("bash", "../../bin/sh", "ast_grep.evil", "_worker.main"):
            try:
                outcome = await sandbox.run(Job(kind=kind))
            except UsageError:
                continue
            return holds(False, f"{kind!r} ran: {told(outcome)}")
    return "four kinds refused"


HIJACK = "#!/bin/sh\necho hijacked > hijacked\n"
PROGRAMS = dict.fromkeys(("ast-grep", "sg", "python", "python3", "sh", "env"), HIJACK)
HARMLESS = (Ending("ok", files={"a.py": "log(1)\nx = 2\n"}),)

CASES = (
    Case(0, "a rule applied to a file: the changed text and a diff", "", Asked(scan(), HARMLESS)),
    Case(30, "--custom-languages in the place of a language", "", refused(language="--custom-languages allow")),
    Case(30, "-c in the place of a pattern", "", refused(pattern="-c /etc/x", language="--config")),
    Case(30, "a field that is no field of ours", "", refused(argv=["--custom-languages", "allow"])),
    Case(
        30,
        "custom languages among the rules",
        "",
        refused(
            rules=f"customLanguages: {{x: {{libraryPath: /ws/x.so, extensions: [py]}}}}\n{RULE}",
            pattern=None,
            rewrite=None,
            language=None,
        ),
    ),
    Case(30, "a path outside the workspace", "", refused(paths=["/etc/passwd"])),
    Case(30, "a path that climbs out", "", refused(paths=["../../etc/passwd"])),
    Case(
        30,
        "a file that is named like an option",
        "",
        Asked(
            scan({"--update-all.py": "print(1)\n", "-c.py": "print(1)\n", "--.py": "x\n"}),
            (Ending("ok", files={"--update-all.py": "log(1)\n", "-c.py": "log(1)\n"}),),
        ),
    ),
    Case(31, "a kind that nobody allowed", "", unknown_program),
    Case(31, "programs in the workspace named like ours", "", Asked(scan({**CODE, **PROGRAMS}), HARMLESS)),
    Case(
        31,
        "programs in the workspace, asked of the command line's own parser",
        "",
        # What the binding cannot answer is asked of the binary, which must be the installed one.
        Asked(
            scan({"a.py": "# ast-grep-ignore\nprint(1)\nprint(2)\n", **PROGRAMS}),
            (Ending("ok", files={"a.py": "# ast-grep-ignore\nprint(1)\nlog(2)\n"}),),
        ),
    ),
    Case(
        33,
        "a regular expression that explodes",
        "",
        contained(
            scan(
                {"a.py": f"x = '{'a' * 5000}!'\n"},
                Limits(wall_seconds=5),
                rules="id: r\nlanguage: python\nrule: {kind: string_content, regex: '^((((a+)+)+)+)+$'}\nfix: x\n",
                pattern=None,
                rewrite=None,
                language=None,
            )
        ),
    ),
    Case(
        33,
        "a source of 50 MB in one line",
        "",
        contained(scan({"a.py": "x = [" + "1, " * (50 * MIB // 3) + "]\n"}, Limits(wall_seconds=10))),
    ),
    Case(
        33,
        "brackets nested 100,000 deep",
        "",
        contained(scan({"a.py": "x = " + "(" * 100_000 + ")" * 100_000 + "\n"}, Limits(wall_seconds=10))),
    ),
    Case(
        0,
        "code in a shared worker",
        "",
        Asked(
            Job(kind="python", isolation="worker", request={"code": "print('ran')"}),
            (Ending("action_error", "isolation_too_weak", stdout=r"\A\Z"),),
        ),
    ),
)
