"""The `pytest` kind: a failing test fails whatever the code under test does, and silence is no pass."""

from __future__ import annotations

import pytest

from tests.sandboxes.jails import outcome_of
from tracewright.jobs._pytest.expected import expected_tests
from tracewright.records.job import Job, Outcome

TESTS = """
import pytest
from calc import add

def test_add():
    assert add(1, 2) == 3

class TestZero:
    @pytest.mark.parametrize("x", [1, 2])
    def test_right(self, x):
        assert add(x, 0) == x
"""
CASE = """
import unittest
from calc import add

class Adding(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)
"""
RIGHT = "def add(a, b): return a + b\n"
WRONG = "def add(a, b): return a - b\n"


def _run(files: dict[str, str], tests: dict[str, str] | None = None, **request: object) -> Outcome:
    brought = {"test_calc.py": TESTS} if tests is None else tests
    record = {"kind": "pytest", "isolation": "oneshot", "files": files, "request": {"tests": brought, **request}}
    return outcome_of("bubblewrap", Job.model_validate(record))


def test_right_code_passes_with_every_test_named() -> None:
    outcome = _run({"calc.py": RIGHT})

    assert (outcome.status, outcome.exit_code, outcome.files) == ("ok", 0, {})
    assert outcome.result == {
        "tests": [
            {"id": "test_calc.py::test_add", "outcome": "passed"},
            {"id": "test_calc.py::TestZero::test_right[1]", "outcome": "passed"},
            {"id": "test_calc.py::TestZero::test_right[2]", "outcome": "passed"},
        ],
        "passed": 3,
        "failed": 0,
        "errors": 0,
        "collected": 3,
    }


def test_wrong_code_fails_the_test_that_shows_it_and_says_why() -> None:
    outcome = _run({"calc.py": WRONG})

    assert (outcome.status, outcome.code, outcome.exit_code) == ("nonzero", "tests_failed", 1)
    assert (outcome.result["passed"], outcome.result["failed"]) == (2, 1)
    assert "assert -1 == 3" in outcome.stdout


def test_cases_of_unittest_pass_and_fail_as_they_should() -> None:
    tests = {"test_case.py": CASE}

    assert _run({"calc.py": RIGHT}, tests).status == "ok"
    assert _run({"calc.py": WRONG}, tests).status == "nonzero"


SHADOWS = {
    "conftest.py": "import os; os._exit(0)",
    "pytest.py": "raise SystemExit(0)",
    "_pytest/__init__.py": "raise SystemExit(0)",
    "sitecustomize.py": "import os; os._exit(0)",
    "json.py": "raise SystemExit(0)",
    "pluggy.py": "raise SystemExit(0)",
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--deselect test_calc.py'\n",
    "tox.ini": "[pytest]\npython_functions = nothing\n",
    "evil.py": "import os; os._exit(0)",
    "evil-1.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
    "evil-1.dist-info/METADATA": "Name: evil\nVersion: 1\n",
}


@pytest.mark.parametrize("shadow", [*SHADOWS, "all of them"])
def test_no_file_of_the_workspace_turns_a_failing_test_into_a_pass(shadow: str) -> None:
    shadows = SHADOWS if shadow == "all of them" else {shadow: SHADOWS[shadow]}
    outcome = _run({"calc.py": WRONG, **shadows})

    assert outcome.status == "nonzero"
    assert outcome.result["failed"] == 1


ATTACKS = {
    "ends the process when imported": WRONG + "import os; os._exit(0)",
    "ends the process when called": "import os\ndef add(a, b): os._exit(0)",
    "exits": "def add(a, b): raise SystemExit(0)",
    "exits when imported": "raise SystemExit(0)",
    "interrupts": "def add(a, b): raise KeyboardInterrupt",
    "ends the session": "import pytest\ndef add(a, b): pytest.exit('done', 0)",
    "skips": "import pytest\ndef add(a, b): pytest.skip('not today')",
    "skips when imported": "import pytest\npytest.skip('not today', allow_module_level=True)",
    "expects to fail": "import pytest\ndef add(a, b): pytest.xfail('as planned')",
    "replaces how tests run": WRONG + "import _pytest.python as p\np.Function.runtest = lambda self: None",
    "replaces the code that calls tests": WRONG
    + "import _pytest.python as p\np.pytest_pyfunc_call.__code__ = (lambda pyfuncitem: True).__code__",
    "replaces how reports are made": WRONG
    + """
import _pytest.reports as r
old = r.TestReport.from_item_and_call
def new(item, call):
    call.excinfo = None
    return old(item, call)
r.TestReport.from_item_and_call = new
""",
    "replaces how cases of unittest run": WRONG
    + "import unittest\nunittest.TestCase.run = unittest.TestCase.__call__ = lambda self, *a, **k: None",
    "hides the tests that import it": WRONG
    + """
import sys
frame = sys._getframe()
while frame:
    if frame.f_globals.get('__name__', '').startswith('test_'): frame.f_globals['__test__'] = False
    frame = frame.f_back
""",
    "writes to every descriptor": """
import os
def add(a, b):
    for number in range(3, 64):
        try: os.write(number, b'{"nonce": "", "kind": "test", "id": "test_calc.py::test_add", "outcome": "passed"}\\n')
        except OSError: pass
    os._exit(0)
""",
    "kills everything": "import os\ndef add(a, b): os.kill(-1, 9)",
    "is no Python": "def add(:",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_code_that_fights_its_tests_never_passes_them(attack: str) -> None:
    tests = {"test_case.py": CASE} if "unittest" in attack else None

    assert _run({"calc.py": ATTACKS[attack]}, tests).status in {"nonzero", "no_evidence", "killed"}


def test_a_file_of_the_task_overrides_that_of_the_workspace() -> None:
    assert _run({"calc.py": WRONG, "test_calc.py": "def test_add(): pass"}).status == "nonzero"


def test_a_conftest_is_used_only_where_the_task_brings_it_and_says_so() -> None:
    tests = {
        "test_a.py": "def test_a(one): assert one == 1",
        "conftest.py": "import pytest\none = pytest.fixture(lambda: 1)",
    }

    assert _run({}, tests, conftest=True).status == "ok"
    assert _run({}, tests).status == "nonzero"


def test_code_below_src_and_modules_beside_the_tests_can_be_imported() -> None:
    tests = {"tests/test_a.py": "import near, pkg\ndef test_a(): assert pkg.x == near.x", "tests/near.py": "x = 1"}

    assert _run({"src/pkg/__init__.py": "x = 1"}, tests).status == "ok"


def test_the_workspace_comes_before_installed_libraries() -> None:
    tests = {"test_a.py": "import numpy\ndef test_a(): assert numpy.mine"}

    assert _run({"numpy/__init__.py": "mine = True"}, tests).status == "ok"


def test_skips_and_expected_failures_of_the_tests_themselves_are_tolerated() -> None:
    text = """
import pytest
@pytest.mark.skip(reason="later")
def test_skipped(): assert False
@pytest.mark.xfail
def test_expected(): assert False
def test_passing(): pass
"""
    outcome = _run({}, {"test_a.py": text})

    assert outcome.status == "ok"
    assert outcome.result["passed"] == 1


def test_only_the_paths_asked_for_are_run() -> None:
    tests = {"test_a.py": "def test_a(): pass\ndef test_b(): pass", "test_c.py": "def test_c(): assert False"}

    assert _run({}, tests, paths=["test_a.py"]).result["collected"] == 2
    assert _run({}, tests, paths=["test_a.py::test_b"]).result["collected"] == 1


@pytest.mark.parametrize("path", ["nowhere.py", "-k", "--collect-only", "../test_a.py"])
def test_a_path_that_is_no_file_of_the_job_is_an_action_error(path: str) -> None:
    assert _run({}, {"test_a.py": "def test_a(): pass"}, paths=[path]).code == "bad_request"


def test_a_workspace_without_tests_proves_nothing() -> None:
    assert _run({"calc.py": RIGHT}, {}).code == "no_tests"
    assert _run({}, {"test_a.py": "x = 1"}).status == "no_evidence"


def test_expected_tests_are_read_from_the_text_alone() -> None:
    text = """
import pytest, unittest
def test_plain(): pass
async def test_waiting(): pass
def helper(): pass
@pytest.fixture
def test_client(): pass
class TestGroup:
    def test_one(self): pass
    def other(self): pass
class TestWithInit:
    def __init__(self): pass
    def test_never(self): pass
class TestOff:
    __test__ = False
    def test_never(self): pass
class Case(unittest.TestCase):
    def test_two(self): pass
"""
    names = ["Case::test_two", "TestGroup::test_one", "test_plain", "test_waiting"]

    assert expected_tests("a.py", text) == [f"a.py::{name}" for name in names]
    assert expected_tests("a.py", "def (") == []
