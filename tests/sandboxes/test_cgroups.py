"""Control groups of both versions; a folder that fills itself stands in for the kernel's."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from tracewright.records.job import MIB, Limits
from tracewright.sandboxes._jail import cgroups
from tracewright.sandboxes._jail.cgroups import SCAFFOLD, Group, Tree

SECOND = ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.max", "cgroup.kill", "memory.peak")
FIRST = {
    "memory": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"),
    "pids": ("pids.max",),
    "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us"),
}
LIMITS = Limits(memory_bytes=256 * MIB, processes=32, cpu_cores=2)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder below which new groups hold the files of the hierarchy that they are made in."""
    make, remove = Path.mkdir, Path.rmdir

    def filled(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        make(path, mode, parents, exist_ok)
        if path.name.startswith(cgroups.NAME):
            files = SECOND if path.is_relative_to(tmp_path / "unified") else FIRST[path.relative_to(tmp_path).parts[0]]
            for file in files:
                (path / file).write_text("")

    def emptied(path: Path) -> None:
        # The kernel's own files do not keep a group from being removed.
        for file in path.iterdir():
            file.unlink()
        remove(path)

    monkeypatch.setattr(Path, "mkdir", filled)
    monkeypatch.setattr(Path, "rmdir", emptied)
    return tmp_path


def _find(kernel: Path, mounts: str, own: str) -> Tree | None:
    (kernel / "mountinfo").write_text(mounts)
    (kernel / "cgroup").write_text(own)
    return cgroups.find(str(kernel / "mountinfo"), str(kernel / "cgroup"))


def _read(group: Group, name: str) -> str:
    return next((folder / name).read_text() for folder in group.folders if (folder / name).exists())


def test_version_two_limits_the_tree_with_swap_off(kernel: Path) -> None:
    (kernel / "unified/slice/scope").mkdir(parents=True)
    tree = _find(kernel, f"1 2 0:1 / {kernel}/unified rw - cgroup2 cgroup2 rw\n", "0::/slice/scope\n")
    assert tree is not None
    group = tree.group(LIMITS)

    assert (tree.version, _read(group, "memory.max"), _read(group, "memory.swap.max")) == (2, str(256 * MIB), "0")
    assert (_read(group, "pids.max"), _read(group, "cpu.max")) == (str(32 + SCAFFOLD), "200000 100000")


def test_version_one_limits_the_tree_in_each_hierarchy(kernel: Path) -> None:
    for name in FIRST:
        (kernel / name / "own").mkdir(parents=True)
    mounts = "".join(f"1 2 0:1 / {kernel}/{name} rw - cgroup cgroup rw,{name}\n" for name in FIRST)
    tree = _find(kernel, mounts, "3:memory:/own\n2:pids:/own\n1:cpu:/own\n")
    assert tree is not None
    group = tree.group(LIMITS)

    assert (tree.version, _read(group, "memory.limit_in_bytes")) == (1, str(256 * MIB))
    assert (_read(group, "pids.max"), _read(group, "cpu.cfs_quota_us")) == (str(32 + SCAFFOLD), "200000")


def test_without_both_controllers_there_is_no_tree(kernel: Path) -> None:
    (kernel / "memory").mkdir()

    assert _find(kernel, f"1 2 0:1 / {kernel}/memory rw - cgroup cgroup rw,memory\n", "1:memory:/\n") is None


def test_a_place_that_cannot_be_written_is_passed_over_for_its_parent(kernel: Path) -> None:
    (kernel / "unified").mkdir()
    mounts = f"1 2 0:1 / {kernel}/unified rw - cgroup2 cgroup2 rw\n"
    tree = _find(kernel, mounts, "0::/not/there\n")

    assert tree == Tree(2, (kernel / "unified",))


def test_kills_and_peak_are_read_from_either_version(tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("oom 4\noom_kill 3\n")
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    (tmp_path / "memory.peak").write_text("77\n")

    assert (Group(2, (tmp_path,)).kills(), Group(1, (tmp_path,)).kills()) == (3, 2)
    assert (Group(2, (tmp_path,)).peak(), Group(1, (tmp_path,)).peak()) == (77, None)


def test_a_command_enters_every_folder_before_it_becomes_itself(tmp_path: Path) -> None:
    folders = [tmp_path / "a b", tmp_path / "c"]
    for folder in folders:
        folder.mkdir()
    command = Group(1, tuple(folders)).joined(["/bin/sh", "-c", "echo $$ $0", "x y"])
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(maxsplit=1)

    assert [(folder / "cgroup.procs").read_text().strip() for folder in folders] == [told[0]] * 2
    assert told[1] == "x y\n"


def test_a_group_is_removed_once(kernel: Path) -> None:
    (kernel / "unified").mkdir()
    group = Tree(2, (kernel / "unified",)).group(LIMITS)

    asyncio.run(group.remove())
    asyncio.run(group.remove())
    assert not list((kernel / "unified").iterdir())


def _outer(kernel: Path, mounts: str, own: str) -> frozenset[str]:
    (kernel / "mountinfo").write_text(mounts)
    (kernel / "cgroup").write_text(own)
    return cgroups.outer_limits(str(kernel / "mountinfo"), str(kernel / "cgroup"))


@pytest.mark.parametrize(
    ("memory", "pids", "found"),
    [(f"{64 * MIB}", "100", {"memory", "pids"}), ("max", "100", {"pids"}), (f"{1 << 60}", "max", set())],
)
def test_limits_that_somebody_around_us_set_are_seen(memory: str, pids: str, found: set[str], kernel: Path) -> None:
    inner = kernel / "unified/outer/inner"
    inner.mkdir(parents=True)
    (inner.parent / "memory.max").write_text(f"{memory}\n")
    (inner / "pids.max").write_text(f"{pids}\n")

    assert _outer(kernel, f"1 2 0:1 / {kernel}/unified rw - cgroup2 cgroup2 rw\n", "0::/outer/inner\n") == found


def test_in_a_container_that_shows_only_itself_its_limits_are_at_the_top(kernel: Path) -> None:
    for name in ("memory", "pids"):
        (kernel / name).mkdir()
    (kernel / "memory/memory.limit_in_bytes").write_text(f"{64 * MIB}\n")
    (kernel / "pids/pids.max").write_text("64\n")
    mounts = "".join(f"1 2 0:1 / {kernel}/{name} rw - cgroup cgroup rw,{name}\n" for name in ("memory", "pids"))

    assert _outer(kernel, mounts, "3:memory:/docker/x\n2:pids:/docker/x\n") == {"memory", "pids"}


def test_a_group_that_the_kernel_refuses_leaves_nothing_behind(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FIRST:
        (kernel / name).mkdir()
    tree = Tree(1, tuple(kernel / name for name in ("memory", "gone", "pids")))
    with pytest.raises(FileNotFoundError):
        tree.group(LIMITS)
    assert not list((kernel / "memory").iterdir())
