"""Builds the parts that a recipe names."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import tracewright
from tracewright import registry
from tracewright.engines import Engine
from tracewright.environments import Environment, Grader
from tracewright.errors import MissingPartError, UsageError
from tracewright.pipeline.databases import database, twins
from tracewright.pipeline.known import part_named
from tracewright.policies import Policy
from tracewright.records.action import Action, ActionSchema
from tracewright.records.recipe import Part, Recipe
from tracewright.records.task import Task, TaskView
from tracewright.records.trace import Provenance, Step
from tracewright.registry import Parts
from tracewright.rollouts.rollout import Players, settle
from tracewright.sandboxes import Sandbox
from tracewright.sources import Source
from tracewright.stores import Store

SANDBOX_ORDER = ("bubblewrap", "nsjail", "docker", "landlock", "kubernetes")
"""Which sandbox `auto` tries first; those that are not named here follow by name."""
NEVER_AUTO = frozenset({"firejail", "none"})
"""What runs only where it is asked for by name."""


def now() -> datetime:
    """Return the time, UTC; the clock that parts are given unless a test hands in its own."""
    return datetime.now(UTC)


def parts(home: Path, **fields: Any) -> Parts:
    """Return what every builder may lean on."""
    return Parts(**{"home": home, "clock": now, "tools": partial(tools, home), **fields})


def tools(home: Path, environment: str) -> Sequence[ActionSchema]:
    """Return the actions of an environment that a trace or task names."""
    return environment_of(part_named(environment, home), home).actions()


def check_parts(recipe: Recipe, home: Path) -> None:
    """Find every part that a recipe names, read its options and open its store: a slip is told before any work."""
    named: list[tuple[str, Part, Mapping[str, Any]]] = [
        ("environments", recipe.environment, recipe.environment.options()),
        ("policies", recipe.policy, _policy_options(recipe)),
        ("engines", recipe.engine, _engine_options(recipe)),
        ("renderers", recipe.renderer, recipe.renderer.options()),
    ]
    for wing, part, options in named:
        registry.read_options(registry.load(wing, part.name), wing, part.name, options)
    _check_jail(recipe)
    store_of(recipe.store, home)


def environment_of(part: Part, home: Path) -> Environment:
    """Build an environment."""
    built: Environment = registry.build("environments", part.name, part.options(), _around(home))
    return built


def grader_of(part: Part, home: Path) -> Grader:
    """Build the grader beside an environment."""
    module = registry.load("environments", part.name)
    options = registry.read_options(module, "environments", part.name, part.options())
    grader: Grader = module.build_grader(options, _around(home))
    return grader


def _around(home: Path) -> Parts:
    """Return what an environment and its grader may lean on; neither is handed anything that knows a goal."""
    return Parts(home=home, clock=now, database=partial(database, home), twins=partial(twins, home))


def store_of(part: Part, home: Path) -> Store:
    """Open a store."""
    store: Store = registry.build("stores", part.name, part.options(), parts(home))
    return store


def engine_of(recipe: Recipe, home: Path) -> Engine:
    """Build the engine."""
    engine: Engine = registry.build("engines", recipe.engine.name, _engine_options(recipe), parts(home))
    return engine


def _engine_options(recipe: Recipe) -> dict[str, Any]:
    return {**recipe.engine.options(), "workers": recipe.engine.workers}


def source_of(recipe: Recipe, environment: Environment, home: Path) -> Source | None:
    """Build the source of a recipe's tasks; None where the environment needs no records."""
    name = recipe.tasks.source or environment.source
    if not name:
        if recipe.tasks.options():
            raise UsageError(f"environment {environment.name} reads no records; drop {sorted(recipe.tasks.options())}")
        return None
    source: Source = registry.build("sources", name, recipe.tasks.options(), parts(home, seed=recipe.tasks.seed))
    return source


@asynccontextmanager
async def open_sandbox(part: Part, home: Path, share: float = 1.0) -> AsyncIterator[Sandbox]:
    """Open a sandbox whose preflight passed and close it at the end; raises MissingPartError when none holds.

    `share` is the part of the machine that this process may use.
    """
    sandbox = await _first_sandbox(part, home, share)
    try:
        yield sandbox
    finally:
        await sandbox.close()


async def _first_sandbox(part: Part, home: Path, share: float) -> Sandbox:
    if part.name != "auto":
        return await _proved(part, part.name, home, share)
    reasons: list[str] = []
    for name in sandbox_names():
        try:
            return await _proved(part, name, home, share)
        except MissingPartError as error:
            reasons.append(f"{name}: {error}")
    raise MissingPartError("no sandbox holds on this machine, so nothing is run. " + "; ".join(reasons))


def sandbox_names() -> list[str]:
    """Return the sandboxes in the order in which `auto` tries them."""
    asked = [name for name in registry.names("sandboxes") if name not in NEVER_AUTO]
    last = len(SANDBOX_ORDER)
    return sorted(asked, key=lambda name: (SANDBOX_ORDER.index(name) if name in SANDBOX_ORDER else last, name))


def _check_jail(recipe: Recipe) -> None:
    """Read the options of every jail that the recipe may use, and let only those act unjailed who are told the goal."""
    if recipe.sandbox.name == "none" and not is_privileged(recipe.policy.name, _policy_options(recipe)):
        raise UsageError(
            f"without a jail only privileged policies may act, and {recipe.policy.name!r} is none;"
            " choose a jail (sandbox.name=auto), or a policy such as oracle or search"
        )
    auto = recipe.sandbox.name == "auto"
    for name in sandbox_names() if auto else [recipe.sandbox.name]:
        # Whose library is missing is passed over by `auto` in any case.
        with suppress(MissingPartError) if auto else nullcontext():
            sandbox_options(recipe.sandbox, name)


def sandbox_options(part: Part, name: str) -> dict[str, Any]:
    """Return the options of one backend: keys beside the name, then those of its own table, as [sandbox.landlock].

    Under `auto`, a key beside the name is for whichever backend knows it.
    """
    module = registry.load("sandboxes", name)
    own = part.options()
    tables: dict[str, Any] = {key: own.pop(key) for key in list(own) if isinstance(own[key], dict)}
    if stray := sorted(tables.keys() - set(registry.names("sandboxes"))):
        raise UsageError(f"there is no sandbox {stray[0]!r} to have a table of options")
    if part.name == "auto":
        own = {key: value for key, value in own.items() if key in module.Options.model_fields}
    options: dict[str, Any] = own | tables.get(name, {})
    registry.read_options(module, "sandboxes", name, options)
    return options


async def _proved(part: Part, name: str, home: Path, share: float) -> Sandbox:
    options = sandbox_options(part, name)
    sandbox: Sandbox = registry.build("sandboxes", name, options, parts(home, share=share))
    try:
        await sandbox.preflight()
    except BaseException:
        await sandbox.close()
        raise
    return sandbox


@asynccontextmanager
async def open_players(
    recipe: Recipe, home: Path, tasks: Mapping[str, Task], provenance: Provenance, share: float = 1.0
) -> AsyncIterator[Players]:
    """Open everyone who takes part in the episodes of a recipe, on a `share` of the machine."""
    _check_jail(recipe)
    environment = environment_of(recipe.environment, home)
    grader = grader_of(recipe.environment, home)
    async with open_sandbox(recipe.sandbox, home, share) as sandbox:
        policy = _policy(recipe, home, environment, grader, sandbox, tasks)
        yield Players(
            environment=environment,
            grader=grader,
            policy=policy,
            sandbox=sandbox,
            clock=now,
            seed=recipe.tasks.seed,
            max_retries=recipe.policy.max_retries,
            policy_parameters=recipe.policy.options(),
            provenance=provenance,
            privileged=is_privileged(recipe.policy.name, _policy_options(recipe)),
        )


def _policy(
    recipe: Recipe,
    home: Path,
    environment: Environment,
    grader: Grader,
    sandbox: Sandbox,
    tasks: Mapping[str, Task],
) -> Policy:
    part, options = recipe.policy, _policy_options(recipe)
    open_to_all = partial(parts, home, seed=recipe.tasks.seed, legal=_legal(environment), tools=offers(environment))
    if not is_privileged(part.name, options):
        return _built(part.name, options, open_to_all())

    def gold(view: TaskView) -> Sequence[Action]:
        return tasks[view.id].goal.actions

    saw_goal = open_to_all(gold=gold, candidates=_privileged(grader, sandbox, tasks))
    return _built(part.name, options, saw_goal)


def _policy_options(recipe: Recipe) -> dict[str, Any]:
    privileged = recipe.policy.privileged
    return recipe.policy.options() | ({} if privileged is None else {"privileged": privileged})


def offers(environment: Environment) -> Callable[[str], Sequence[ActionSchema]]:
    """Return what `Parts.tools` is where one environment is played, be it known by name or by file."""
    return lambda name: environment.actions()


def _built(name: str, options: Mapping[str, Any], given: Parts) -> Policy:
    policy: Policy = registry.build("policies", name, options, given)
    return policy


def is_privileged(name: str, options: Mapping[str, Any]) -> bool:
    """Say whether a policy asks for the goal: by its option `privileged`, else by its module's `PRIVILEGED`."""
    module = registry.load("policies", name)
    read = registry.read_options(module, "policies", name, options)
    return bool(getattr(read, "privileged", getattr(module, "PRIVILEGED", False)))


def _legal(environment: Environment) -> registry.Candidates | None:
    listed = getattr(environment, "candidates", None)
    if listed is None:
        return None

    async def legal(view: TaskView, steps: Sequence[Step]) -> Sequence[Action]:
        return list(listed(view, steps))

    return legal


def _privileged(grader: Grader, sandbox: Sandbox, tasks: Mapping[str, Task]) -> registry.Candidates | None:
    proposed = getattr(grader, "candidates", None)
    if proposed is None:
        return None
    found: dict[str, Sequence[Action]] = {}

    async def candidates(view: TaskView, steps: Sequence[Step]) -> Sequence[Action]:
        # Every attempt at a task asks again; the answer is the same, so it is worked out once.
        if view.id not in found:
            found[view.id] = await settle(sandbox, proposed(tasks[view.id]))
        return found[view.id]

    return candidates


def provenance(engine: str, rollout: str = "") -> Provenance:
    """Return what is running: versions, commit, platform."""
    return Provenance(
        tracewright=tracewright.__version__,
        commit=_commit(),
        lock=_lock(),
        python=platform.python_version(),
        platform=f"{platform.system()}-{platform.machine()}",
        engine=engine,
        rollout=rollout,
    )


@cache
def _commit() -> str:
    """Return the commit of the checkout that we run from; empty for an installed wheel."""
    folder = Path(tracewright.__file__).parents[2]
    if not (folder / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


@cache
def _lock() -> str:
    """Return the hash of the names and versions of all installed distributions."""
    installed = sorted({f"{found.name.lower()}=={found.version}" for found in distributions() if found.name})
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()
