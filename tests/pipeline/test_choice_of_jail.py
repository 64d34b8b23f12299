"""Which jail is taken, whose options it gets, and who may act without one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import tracewright
from tracewright import registry
from tracewright.errors import MissingPartError, UsageError
from tracewright.pipeline.build import NEVER_AUTO, check_parts, open_sandbox, sandbox_names
from tracewright.records.job import Isolation
from tracewright.records.recipe import Recipe, SandboxPart, read_recipe_data


def _part(**fields: Any) -> SandboxPart:
    return SandboxPart.model_validate(fields)


def _recipe(policy: str, **sandbox: Any) -> Recipe:
    data = {"environment": {"name": "cards"}, "policy": {"name": policy}, "sandbox": sandbox}
    return read_recipe_data(Recipe, data, "here")


async def _opened(part: SandboxPart, home: Path) -> Isolation:
    async with open_sandbox(part, home) as sandbox:
        return await sandbox.preflight()


def test_auto_goes_from_the_default_to_what_needs_something_around_it_and_leaves_two_out() -> None:
    names = sandbox_names()
    ordered = [name for name in ("bubblewrap", "nsjail", "docker", "landlock", "kubernetes") if name in names]

    assert names[: len(ordered)] == ordered
    assert {"bubblewrap", "nsjail", "landlock"} <= set(names)
    assert not NEVER_AUTO & set(names)


def test_auto_takes_the_next_where_one_does_not_hold_and_says_which(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracewright.pipeline.build.sandbox_names", lambda: ["bubblewrap", "landlock"])
    tables = {"bubblewrap": {"binary": "no-such-bwrap"}, "landlock": {"outer_limits_accepted": True}}
    try:
        taken = asyncio.run(_opened(_part(**tables), home))
    except MissingPartError as missing:
        pytest.skip(str(missing))

    assert taken.backend == "landlock"


def test_where_none_holds_each_is_named_with_its_fix(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracewright.pipeline.build.sandbox_names", lambda: ["bubblewrap", "nsjail"])
    tables = {"bubblewrap": {"binary": "no-such-bwrap"}, "nsjail": {"binary": "no-such-nsjail"}}

    with pytest.raises(MissingPartError, match=r"bubblewrap: .*apt-get install bubblewrap.*nsjail: .*build it"):
        asyncio.run(_opened(_part(**tables), home))


def test_a_slip_in_the_table_of_any_jail_is_told_before_any_work(home: Path) -> None:
    with pytest.raises(UsageError, match="no fitting option 'outer'"):
        check_parts(_recipe("oracle", landlock={"outer": True}), home)
    with pytest.raises(UsageError, match="no sandbox 'landlok'"):
        check_parts(_recipe("oracle", landlok={}), home)


def test_without_a_jail_only_those_act_who_are_told_the_goal(home: Path) -> None:
    with pytest.raises(UsageError, match="only privileged policies may act, and 'uniform' is none"):
        check_parts(_recipe("uniform", name="none", accept_no_jail=True), home)
    check_parts(_recipe("oracle", name="none", accept_no_jail=True), home)


def test_no_jail_is_accepted_on_the_command_line_or_not_at_all(home: Path) -> None:
    words = ("rollout", "--env", "cards", "--policy", "oracle", "--limit", "1")
    asked = tracewright(*words, "--set", "sandbox.name=none")

    assert (asked.code, asked.out) == (2, "")
    assert "--accept-no-jail" in asked.err


def test_what_ran_without_a_jail_says_so(home: Path) -> None:
    words = ("rollout", "--policy", "oracle", "--split", "train", "--limit", "1", "--jobs", "1")
    done = tracewright(*words, "--accept-no-jail", "--home", home)
    shown = tracewright("dataset", "build", "--name", "x", "--version", "1", "--home", home)

    assert done.code == 0
    assert "no jail" in done.err
    assert shown.code == 1
    assert "isolation" in shown.err + shown.out


def test_every_builtin_jail_has_options() -> None:
    for name in registry.names("sandboxes"):
        assert registry.load("sandboxes", name).Options
