"""The whole turn of the product on embedded defaults: tasks of three kinds, traces, a dataset, a report."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import tracewright
from tracewright import registry
from tracewright.blobs import write_whole
from tracewright.datasets.build import build_dataset
from tracewright.datasets.export import export_dataset
from tracewright.errors import MissingPartError
from tracewright.pipeline.again import replay_traces
from tracewright.pipeline.build import now, parts, store_of
from tracewright.pipeline.collection import run, start
from tracewright.pipeline.tasks import Drops
from tracewright.records.base import Record
from tracewright.records.manifest import DatasetRequest, Manifest
from tracewright.records.recipe import Recipe, StorePart, read_recipe_data
from tracewright.records.rollout import RolloutReport, Tally

SEED = 7
REPLAYED = 10
RENDERED = ("messages", "tunix_sft", "prompt_completion")
LEGS = {"commits": (None, None), "mined": (60, 12), "synthetic": (200, 40), "cards": (60, 20)}
"""The legs of the demo, and how many tasks each has, whole and short."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Leg:
    """One part of the demo: the tasks of one kind, played."""

    name: str
    report: RolloutReport


class DemoReport(Record):
    """What `tracewright demo --json` prints."""

    tasks: int
    traces: int
    verified: int
    failed: int
    by: Mapping[str, Mapping[str, Tally]]
    seconds: float
    steps_per_second: float
    dataset: str
    sha256: str
    examples: int
    exports: tuple[str, ...]
    replayed: int
    agreed: int
    report: str


async def demo(home: Path, fast: bool, workers: int, say: Say) -> DemoReport:
    """Turn the wheel once and write `reports/demo.md`; the same traces come out on every machine."""
    begun = monotonic()
    legs = [await _leg(name, home, fast, workers, say) for name in LEGS]
    played = sum(leg.report.seconds for leg in legs)
    manifest = await _dataset(home, say)
    exports = [await _export(home, manifest, renderer, say) for renderer in RENDERED]
    say(f"replaying {REPLAYED} traces")
    again = await replay_traces(home, "sql", (), REPLAYED, SEED, None, lambda done, total: None)
    steps = sum(leg.report.steps_per_second * leg.report.seconds for leg in legs)
    report = DemoReport(
        tasks=sum(leg.report.tasks for leg in legs),
        traces=sum(leg.report.traces for leg in legs),
        verified=sum(leg.report.verified for leg in legs),
        failed=sum(leg.report.failed for leg in legs),
        by=_by(legs),
        seconds=round(monotonic() - begun, 1),
        steps_per_second=round(steps / played, 1) if played else 0.0,
        dataset=manifest.key,
        sha256=manifest.sha256,
        examples=sum(count for _, count in exports[:1]),
        exports=tuple(name for name, _ in exports),
        replayed=again.traces,
        agreed=again.equal,
        report="reports/demo.md",
    )
    write_whole(home / report.report, _markdown(report))
    return report


async def _leg(name: str, home: Path, fast: bool, workers: int, say: Say) -> Leg:
    limit = LEGS[name][fast]
    recipe = _recipe(name, home, limit, workers)
    drops = Drops()
    rollout = await start(recipe, home, drops)
    say(f"{name}: {rollout.tasks} tasks, played by {recipe.policy.name}")
    return Leg(name, await run(rollout, home, lambda done, total: None))


def _recipe(name: str, home: Path, limit: int | None, workers: int) -> Recipe:
    tasks: dict[str, Any] = {"seed": SEED} | ({} if limit is None else {"limit": limit})
    environment, policy = "astgrep", "oracle"
    match name:
        case "commits":
            tasks |= {"source": "edits", "path": str(examples() / "edits.jsonl")}
            policy = "search"
        case "mined":
            tasks |= {"source": "git_history", "path": str(_history(home / "demo" / "history"))}
            policy = "search"
        case "cards":
            environment = "cards"
    data = {
        "environment": {"name": environment},
        "tasks": tasks,
        "policy": {"name": policy, "attempts": 8 if policy == "search" else 1},
        "engine": {"workers": workers},
    }
    return read_recipe_data(Recipe, data, "the demo")


def examples() -> Path:
    """Return where the example sources lie: in the wheel, else beside the sources of a checkout."""
    package = Path(tracewright.__file__).parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parents[1] / "examples"


def _history(folder: Path) -> Path:
    """Make a git history of our example sources, one renamed function a commit, the same on every machine."""
    if (folder / ".git").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    for path in sorted((examples() / "code").rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(examples() / "code")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (folder / "LICENSE").write_text(APACHE, encoding="utf-8")
    _commit(folder, "Add the sources")
    for path in sorted(folder.glob("*/**/*.*")):
        if ".git" not in path.parts:
            _rename_functions(folder, path)
    return folder


DEFINED = re.compile(r"(?:def|function) ([a-z]\w{5,})\b")


def _rename_functions(folder: Path, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in dict.fromkeys(DEFINED.findall(text)):
        new = f"{name}_once" if path.suffix == ".py" else f"{name}Once"
        changed = re.sub(rf"\b{name}\b", new, text)
        if new in text or text.count(name) < 2:
            continue
        path.write_text(changed, encoding="utf-8")
        _commit(folder, f"Rename {name} to {new}")
        text = changed


def _commit(folder: Path, subject: str) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", subject)


def _git(folder: Path, *arguments: str) -> None:
    fixed = "2026-01-01T00:00:00Z"
    who = {"NAME": "Example", "EMAIL": "example@example.invalid", "DATE": fixed}
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    try:
        subprocess.run(["git", "-C", str(folder), *arguments], env=environment | quiet, check=True, capture_output=True)
    except FileNotFoundError as error:
        raise MissingPartError("the demo mines a git history and git is missing; run: apt-get install git") from error


APACHE = """Licensed under the Apache License, Version 2.0 (the "License"); you may not use these files except in
compliance with the License. SPDX-License-Identifier: Apache-2.0
"""


async def _dataset(home: Path, say: Say) -> Manifest:
    request = DatasetRequest(name="demo", version="v1", strategy="stratified", seed=SEED)
    manifest = await build_dataset(store_of(StorePart(), home), request, home, now)
    say(f"dataset {manifest.key}: {len(manifest.traces)} traces, sha256 {manifest.sha256[:16]}")
    return manifest


async def _export(home: Path, manifest: Manifest, renderer: str, say: Say) -> tuple[str, int]:
    built = registry.build("renderers", renderer, {}, parts(home))
    name = f"datasets/{manifest.key}/{renderer}.jsonl"
    count = await export_dataset(store_of(StorePart(), home), manifest, built, "jsonl", home / name)
    say(f"{renderer}: {count} examples")
    return name, count


def _by(legs: list[Leg]) -> dict[str, dict[str, Tally]]:
    languages: dict[str, Tally] = {}
    for leg in legs:
        for language, tally in leg.report.by.get("language", {}).items():
            languages[language] = _sum(languages.get(language, Tally()), tally)
    kinds = {leg.name: Tally(tasks=leg.report.tasks, verified=leg.report.verified) for leg in legs}
    return {"kind": kinds, "language": dict(sorted(languages.items()))}


def _sum(left: Tally, right: Tally) -> Tally:
    return Tally(**{name: getattr(left, name) + getattr(right, name) for name in Tally.model_fields})


def _markdown(report: DemoReport) -> str:
    rows = [
        f"| {name} | {value} | {tally.tasks} | {tally.verified} |"
        for name, slices in report.by.items()
        for value, tally in slices.items()
    ]
    lines = [
        "# One turn of the wheel",
        "",
        f"{report.verified} of {report.tasks} tasks verified in {report.traces} traces, {report.failed} failed by",
        f"infrastructure; {report.seconds} s in all, {report.steps_per_second} steps/s while playing.",
        "",
        "| by | | tasks | verified |",
        "|---|---|---:|---:|",
        *rows,
        "",
        f"Dataset `{report.dataset}`, sha256 `{report.sha256}`, {report.examples} examples as chat messages.",
        f"Replayed {report.replayed} traces drawn at random: {report.agreed} came out the same.",
        "",
    ]
    return "\n".join(lines)
