"""The word check: registry addresses, paths of one machine and loose ends are found, and nothing else is."""

from __future__ import annotations

import pytest

from scripts.check_words import faults


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements/base.txt", "--index-url https://" + "pypi" + ".org/simple"),
        ("docs/a.md", "see " + "/root" + "/notes"),
        ("src/a.py", "raise Not" + "ImplementedError"),
        ("src/a.py", "# TO" + "DO: later"),
        ("tests/a.py", "assert " + "True"),
    ],
)
def test_what_must_not_be_tracked_is_named_with_its_line(name: str, text: str) -> None:
    assert next(faults(name, f"first\n{text}\n")).startswith(f"{name}:2 holds ")


def test_a_loose_end_is_a_fault_of_code_alone() -> None:
    assert not list(faults("docs/a.md", "there is no TO" + "DO in the code"))
