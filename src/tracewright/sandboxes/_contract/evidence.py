"""Cases about tests and their code: a failing test fails, whatever lies beside it, and silence is no pass."""

from __future__ import annotations

from tracewright.records.job import Job, Limits
from tracewright.sandboxes._contract.case import Asked, Case, Ending

TESTS = {"test_sum.py": "from sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"}
RIGHT = "def add(a, b): return a + b\n"
WRONG = "def add(a, b): return a - b\n"
FAILS = (Ending("nonzero", "tests_failed", facts={"failed": 1, "passed": 0}),)
NO_EVIDENCE = (
    Ending("no_evidence", "no_evidence"),
    Ending("no_evidence", "runner_died"),
    Ending("nonzero", "tests_failed"),
)


def tests(code: str, **beside: str) -> Job:
    """Return the job that runs the tests over this code, with other files in the workspace."""
    files = {"sums.py": code, **{path.replace("__", "/"): text for path, text in beside.items()}}
    return Job(
        kind="pytest", isolation="oneshot", files=files, request={"tests": TESTS}, limits=Limits(wall_seconds=20)
    )


def beside(files: dict[str, str]) -> Asked:
    """Return wrong code with files that would hide it: the failing test still fails."""
    job = tests(WRONG)
    return Asked(job.model_copy(update={"files": {**job.files, **files}}), FAILS)


END = "import os; os._exit(0)\n"
CASES = (
    Case(0, "right code passes", "", Asked(tests(RIGHT), (Ending("ok", exit_code=0, facts={"passed": 1}),))),
    Case(28, "conftest.py that ends the process", "", beside({"conftest.py": END})),
    Case(28, "pytest.py that shadows pytest", "", beside({"pytest.py": END, "_pytest/__init__.py": END})),
    Case(28, "sitecustomize.py and a .pth file", "", beside({"sitecustomize.py": END, "a.pth": END})),
    Case(
        28,
        "pytest.ini, tox.ini and pyproject.toml with options",
        "",
        beside(
            {
                "pytest.ini": "[pytest]\naddopts = --collect-only\n",
                "tox.ini": "[pytest]\npython_functions = nothing\n",
                "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--deselect test_sum.py'\n",
            }
        ),
    ),
    Case(
        28,
        "plug-in by its entry point",
        "",
        beside(
            {
                "evil.py": END,
                "evil-1.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
                "evil-1.dist-info/METADATA": "Name: evil\nVersion: 1\n",
            }
        ),
    ),
    Case(29, "code that ends the process when imported", "", Asked(tests(RIGHT + END), NO_EVIDENCE)),
    Case(
        29,
        "code that ends the process when called",
        "",
        Asked(tests("import os\ndef add(a, b): os._exit(0)\n"), NO_EVIDENCE),
    ),
    Case(
        29,
        "code that deletes whatever report it finds",
        "",
        Asked(
            tests("""
import os
for number in range(3, 64):
    try: os.close(number)
    except OSError: pass
# By name: where nothing holds, a case must still do no harm to what lies beside.
for name in ('test_sum.py', 'sums.py', 'report', 'report.xml', 'report.json', '.report.json'):
    try: os.unlink(os.path.join(os.path.dirname(os.path.abspath(__file__)), name))
    except OSError: pass
def add(a, b): os._exit(0)
"""),
            NO_EVIDENCE,
        ),
    ),
    Case(
        29,
        "code that alters pytest",
        "",
        Asked(
            tests(WRONG + "import _pytest.python as p\np.Function.runtest = lambda self: None\n"),
            NO_EVIDENCE,
        ),
    ),
    Case(
        0,
        "code that kills whoever runs it",
        "signals",
        Asked(
            tests("import os, signal\ndef add(a, b):\n    os.kill(os.getppid(), 9)\n    os._exit(0)\n"),
            (*NO_EVIDENCE, Ending("killed", "jail_killed")),
        ),
    ),
    Case(
        0,
        "code that skips its test",
        "",
        Asked(tests("import pytest\ndef add(a, b): pytest.skip('not today')\n"), NO_EVIDENCE),
    ),
)
