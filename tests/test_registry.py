"""Names are file names; nothing is imported to list them, and what is missing is said with its fix."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tracewright import registry
from tracewright.errors import MissingPartError, UsageError
from tracewright.registry import Parts

BUILT = [wing for wing in registry.WINGS if wing != "jobs"]


@pytest.mark.parametrize("wing", BUILT)
def test_every_implementation_has_options_and_build(wing: str) -> None:
    assert registry.names(wing)
    for name, module in registry.iter_modules(wing):
        assert callable(module.build), name
        assert module.Options.model_config["frozen"], name
        assert registry.origins(wing)[name] == "built in"


def test_every_job_kind_says_which_jail_it_needs_and_runs() -> None:
    for name, module in registry.iter_modules("jobs"):
        assert module.ISOLATION in {"worker", "fork", "oneshot"}, name
        assert callable(module.run), name


def test_listing_names_imports_no_implementation() -> None:
    code = "import sys; from tracewright import registry; [registry.names(w) for w in registry.WINGS];"
    code += (
        "print([m for m in sys.modules if m.startswith('tracewright.') and m.count('.') > 1 and 'records' not in m])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'oracle'"):
        registry.load("policies", "oracel")
    with pytest.raises(UsageError, match="no wing"):
        registry.names("engine")


def test_unfit_options_name_the_key_and_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"engines.local has no fitting option 'wrokers'.*workers"):
        registry.build("engines", "local", {"wrokers": 1}, Parts(home=tmp_path))


def test_a_file_is_an_implementation(tmp_path: Path) -> None:
    path = tmp_path / "still.py"
    path.write_text("from tracewright.policies.nop import Options, build\n")
    assert registry.build("policies", str(path), {}, Parts(home=tmp_path)).name == "nop"
    assert registry.load("policies", str(path)) is registry.load("policies", str(path))


def test_a_module_by_its_dotted_name_is_an_implementation() -> None:
    assert registry.load("policies", "tracewright.policies:nop").__name__ == "tracewright.policies.nop"


def test_a_plug_in_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint(name="idle", value="tracewright.policies:nop", group="tracewright.policies")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == point.group else [])
    assert registry.names("policies") == ["idle", "nop", "oracle", "search", "uniform"]
    assert registry.module_path("policies", "idle") == "tracewright.policies.nop"
    assert registry.build("policies", "idle", {}, Parts(home=tmp_path)).name == "nop"
    assert registry.origins("policies")["idle"] == "plug-in"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found nothing"):
        registry.load("policies", str(tmp_path / "none.py"))


def test_a_broken_file_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("\nraise ValueError('first time')\n")
    with pytest.raises(UsageError, match=r"broken\.py:2 cannot be loaded: ValueError: first time"):
        registry.load("policies", str(path))
    path.write_text("from tracewright.policies.nop import Options, build\n")
    assert registry.load("policies", str(path)).build


def test_a_file_with_a_slip_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "slip.py"
    path.write_text("Options = 1\ndef build(options, parts)\n")
    with pytest.raises(UsageError, match=r"slip\.py:2 cannot be loaded: SyntaxError"):
        registry.load("policies", str(path))


def test_a_file_without_a_build_is_told(tmp_path: Path) -> None:
    path = tmp_path / "half.py"
    path.write_text("from tracewright.policies.nop import Options\n")
    with pytest.raises(UsageError, match=r"half\.py has no 'build'"):
        registry.build("policies", str(path), {}, Parts(home=tmp_path))


def test_a_module_of_a_package_that_fails_keeps_its_own_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "holder").mkdir()
    (tmp_path / "holder" / "__init__.py").write_text("")
    (tmp_path / "holder" / "broken.py").write_text("raise ValueError('theirs')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ValueError, match="theirs"):
        registry.load("policies", "holder:broken")


@pytest.mark.parametrize(
    ("library", "fix"), [("pyspiel", r"pip install 'tracewright\[games\]'"), ("no_such_library", "cannot be loaded")]
)
def test_a_missing_library_names_its_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, fix: str
) -> None:
    path = tmp_path / "needs.py"
    path.write_text(f"import {library}\n")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingPartError, match=fix):
        registry.load("policies", str(path))


def test_the_clock_of_parts_is_utc(tmp_path: Path) -> None:
    moment = Parts(home=tmp_path).clock()
    assert moment.utcoffset() is not None


def test_the_module_of_a_name_is_told_without_importing_it() -> None:
    assert registry.module_path("policies", "nop") == "tracewright.policies.nop"
    with pytest.raises(UsageError):
        registry.module_path("policies", "none")
