"""The size check: what it refuses, and that its allowances only shrink."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.check_sizes import empty_names, faults, measure


def test_a_long_function_and_a_long_file_are_refused() -> None:
    found = list(faults({"src/a.py": 401, "src/a.py::f": 61, "src/b.py": 400, "src/b.py::f": 60}, {}))
    assert [fault.split()[0] for fault in found] == ["src/a.py", "src/a.py::f"]


def test_an_allowance_covers_exactly_what_it_names() -> None:
    assert not list(faults({"src/a.py": 431}, {"src/a.py": 431}))
    assert "has 432 lines" in next(faults({"src/a.py": 432}, {"src/a.py": 431}))


@pytest.mark.parametrize(
    ("lines", "advice"), [(420, "lower the number"), (400, "needs no allowance"), (0, "needs no allowance")]
)
def test_an_allowance_that_is_too_large_is_refused(lines: int, advice: str) -> None:
    assert advice in next(faults({"src/a.py": lines}, {"src/a.py": 431}))


def test_lines_are_counted_per_file_and_per_longest_function_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.py").write_text("class A:\n    def f(self):\n        return 1\n\nasync def f():\n    pass\n")
    assert measure(tmp_path) == {"src/a.py": 6, "src/a.py::f": 2}


@pytest.mark.parametrize("name", ["utils.py", "_helpers.py", "trace_manager.py", "common/__init__.py"])
def test_a_module_whose_name_says_nothing_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "src/tracewright" / name
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert [fault.split()[0] for fault in empty_names(tmp_path)] == [
        f"src/tracewright/{name.removesuffix('/__init__.py')}"
    ]
