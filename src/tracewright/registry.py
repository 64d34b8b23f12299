"""A name is a file name: finds the implementations of each wing without importing any of them.

`ls sandboxes/` is the list of sandboxes. Others add theirs by an entry point in the group `tracewright.<wing>`,
by a file (`./units.py`) or as `package:module`. A missing optional library fails only when its file is loaded.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from tracewright.errors import MissingPartError, UsageError
from tracewright.records.action import Action, ActionSchema
from tracewright.records.task import TaskView
from tracewright.records.trace import Step

WINGS = ("environments", "policies", "sandboxes", "jobs", "stores", "engines", "sources", "renderers")

EXTRAS = {
    "docker": "docker",
    "duckdb": "analytics",
    "httpx2": "kubernetes",
    "lightkube": "kubernetes",
    "open_spiel": "games",
    "psycopg": "postgres",
    "pyspiel": "games",
    "sqlglot": "analytics",
    "tokenizers": "tokenizers",
    "vl_convert": "analytics",
}
"""Which extra brings which library."""

Candidates = Callable[[TaskView, Sequence[Step]], Awaitable[Sequence[Action]]]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """What a builder may lean on. `candidates` and `gold` come from the goal and only reach privileged policies.

    `share` is the part of this machine that is ours to use: one of n processes that work side by side has 1/n.
    `database` returns the blob of a table set's database by the id and version of the set, `twins` those of its altered
    copies in the order in which they are asked.
    """

    home: Path
    seed: int = 0
    share: float = 1.0
    clock: Callable[[], datetime] = field(default=_now)
    tools: Callable[[str], Sequence[ActionSchema]] | None = None
    legal: Candidates | None = None
    candidates: Candidates | None = None
    gold: Callable[[TaskView], Sequence[Action]] | None = None
    database: Callable[[str, str], str] | None = None
    twins: Callable[[str, str], Sequence[str]] | None = None


def names(wing: str) -> list[str]:
    """Return the names of a wing's implementations, sorted; nothing is imported."""
    return sorted({*_builtin(wing), *_plugins(wing)})


def load(wing: str, name: str) -> ModuleType:
    """Import one implementation: a registry name, a file, or `package:module`."""
    try:
        if name.endswith(".py"):
            return _load_file(Path(name))
        if ":" in name:
            return importlib.import_module(name.replace(":", "."))
        return _load_named(wing, name)
    except ModuleNotFoundError as error:
        raise _missing(wing, name, error) from error
    except UsageError:
        raise
    except Exception as error:
        if not name.endswith(".py"):
            raise
        raise _told(Path(name).name, error) from error


def module_path(wing: str, name: str) -> str:
    """Return the dotted module of an implementation without importing it."""
    if name in _builtin(wing):
        return f"tracewright.{wing}.{name}"
    if name in (plugins := _plugins(wing)):
        return plugins[name].value.replace(":", ".")
    raise _unknown(wing, name)


def build(wing: str, name: str, options: Mapping[str, Any], parts: Parts) -> Any:
    """Load an implementation and build it; unknown or unfit options are a UsageError that names them."""
    module = load(wing, name)
    for wanted in ("Options", "build"):
        if not hasattr(module, wanted):
            raise UsageError(f"{name} has no {wanted!r}; each of {wing} has Options and build(options, parts)")
    return module.build(read_options(module, wing, name, options), parts)


def read_options(module: ModuleType, wing: str, name: str, options: Mapping[str, Any]) -> BaseModel:
    """Read the options of an implementation; raises UsageError that names the key and lists those that exist."""
    kind: type[BaseModel] = module.Options
    try:
        return kind.model_validate(dict(options))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        known = ", ".join(sorted(kind.model_fields)) or "none"
        raise UsageError(
            f"{wing}.{name} has no fitting option {where!r}: {fault['msg']}; its options are: {known}"
        ) from error


def origins(wing: str) -> dict[str, str]:
    """Return name to where it comes from: `built in`, or the distribution of a plug-in."""
    found = dict.fromkeys(_builtin(wing), "built in")
    for name, point in _plugins(wing).items():
        found[name] = point.dist.name if point.dist else "plug-in"
    return found


def _builtin(wing: str) -> list[str]:
    if wing not in WINGS:
        raise UsageError(f"there is no wing {wing!r}; the wings are: {', '.join(WINGS)}")
    folder = Path(__file__).parent / wing
    return [module.name for module in pkgutil.iter_modules([str(folder)]) if not module.name.startswith("_")]


def _plugins(wing: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"tracewright.{wing}")}


def _load_named(wing: str, name: str) -> ModuleType:
    return importlib.import_module(module_path(wing, name))


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"wanted a Python file, found nothing at {path}")
    name = f"tracewright_file_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    loader = SourceFileLoader(name, str(path))
    spec = ModuleSpec(name, loader, origin=str(path))
    spec.has_location = True  # gives the module its `__file__`
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _told(path: str, error: Exception) -> UsageError:
    """Return what is wrong with a file of the user's own, with the line where it went wrong."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(path)]
    line = error.lineno if isinstance(error, SyntaxError) else frames[-1].lineno if frames else None
    where = f"{path}:{line}" if line else path
    return UsageError(f"{where} cannot be loaded: {type(error).__name__}: {error}")


def _missing(wing: str, name: str, error: ModuleNotFoundError) -> Exception:
    library = (error.name or "").split(".")[0]
    if library in EXTRAS:
        extra = EXTRAS[library]
        return MissingPartError(
            f"{wing}.{name} needs {library}, which is not installed; run: pip install 'tracewright[{extra}]'"
        )
    return MissingPartError(f"{wing}.{name} cannot be loaded: {error}")


def _unknown(wing: str, name: str) -> UsageError:
    known = names(wing)
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UsageError(f"there is no {name!r} among {wing}{hint} (known: {', '.join(known)})")


def iter_modules(wing: str) -> Iterator[tuple[str, ModuleType]]:
    """Yield every implementation of a wing that can be loaded here, by name."""
    for name in names(wing):
        yield name, load(wing, name)
