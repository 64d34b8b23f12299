"""The `python` kind: what a program does in its jail is told as facts."""

from __future__ import annotations

from tests.sandboxes.jails import outcome_of
from tracewright.records.job import Job, Outcome

FILES = {
    "pkg/__init__.py": "",
    "pkg/tool.py": "print('imported')\n",
    "app/main.py": "import near\n",
    "app/near.py": "print('near')\n",
}


def _run(files: dict[str, str] | None = None, **request: object) -> Outcome:
    record = {"kind": "python", "isolation": "oneshot", "files": files or {}, "request": request}
    return outcome_of("bubblewrap", Job.model_validate(record))


def test_code_sees_the_modules_of_the_workspace() -> None:
    assert _run(FILES, code="import pkg.tool").stdout == "imported\n"


def test_a_file_sees_the_modules_beside_it() -> None:
    assert _run(FILES, entry="app/main.py").stdout == "near\n"


def test_a_file_runs_as_the_main_module_with_its_arguments_and_input() -> None:
    text = "import sys\nprint(__name__, sys.argv, sys.stdin.read(), exit is quit)\n"

    outcome = _run({"a.py": text}, entry="a.py", argv=["-x", 1], stdin="hello")

    assert outcome.stdout == "__main__ ['a.py', '-x', '1'] hello False\n"


def test_installed_libraries_can_be_imported() -> None:
    assert _run(code="import numpy; print(numpy.arange(3).sum())").stdout == "3\n"


def test_a_customisation_file_in_the_workspace_is_not_run() -> None:
    shadows = dict.fromkeys(("sitecustomize.py", "usercustomize.py"), "print('customised')")

    assert _run(shadows, code="print('alone')").stdout == "alone\n"


def test_an_uncaught_exception_is_nonzero_with_its_traceback() -> None:
    outcome = _run({"a.py": "1 / 0"}, entry="a.py")

    assert (outcome.status, outcome.exit_code) == ("nonzero", 1)
    assert "ZeroDivisionError" in outcome.stderr


def test_folders_that_tools_leave_behind_are_no_work_of_the_program() -> None:
    code = "import os; os.makedirs('pkg/__pycache__'); open('pkg/__pycache__/x.pyc', 'wb').write(b'\\xff')"

    assert _run(code=code).files == {}


def test_a_request_that_says_neither_or_both_is_an_action_error() -> None:
    assert _run().code == _run({"a": ""}, entry="a", code="").code == "bad_request"


def test_an_entry_that_is_no_file_of_the_workspace_is_an_action_error() -> None:
    assert _run({"a": ""}, entry="/etc/passwd").code == "unknown_path"
