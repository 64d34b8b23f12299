"""What every test stands on: a home of its own, the same examples on every run, and the corpora where they are."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.stocked import Stock, stock
from tracewright.errors import MissingPartError
from tracewright.pipeline.jailed import run_jailed
from tracewright.sandboxes._jail.layout import EVERYWHERE

# No clock in the verdict and no dice: `--hypothesis-profile explore` looks for new examples.
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("ci")


UNCOUNTED = (
    "contracts/test_environment_contract.py",
    "contracts/test_plugin.py",
    "contracts/test_sandbox_contract.py",
    "contracts/test_sandbox_escapes.py",
    "contracts/test_sandbox_suite.py",
    "corpora",
    "environments/test_cards.py",
    "pipeline/test_demo.py",
    "plans/test_random_plans.py",
    "test_promises.py",
)
"""What computes most, on lines that other tests reach too: counting them would double its time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count no coverage where it costs more than it tells."""
    places = tuple(Path(__file__).parent / place for place in UNCOUNTED)
    for item in items:
        if any(item.path.is_relative_to(place) for place in places):
            item.add_marker("no_cover")


def pytest_configure() -> None:
    """Have jobs that run in here find what they find in a worker, and let Ctrl-C reach what the tests start.

    A shell has those that run in the background ignore it.
    """
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = EVERYWHERE["ARROW_DEFAULT_MEMORY_POOL"]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point TRACEWRIGHT_HOME at a folder that only this test sees."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TRACEWRIGHT_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Return the folder of the corpora, or skip and say which variable names it."""
    folder = Path(os.environ.get("TRACEWRIGHT_CORPORA", ""))
    if not os.environ.get("TRACEWRIGHT_CORPORA"):
        pytest.skip("TRACEWRIGHT_CORPORA is not set; it names the folder that holds astgrep/commits_dev.jsonl")
    if not folder.is_dir():
        pytest.fail(f"TRACEWRIGHT_CORPORA names {folder}, which is no folder")
    return folder.resolve()


@pytest.fixture(scope="session")
def proved_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home in which a jail was proved to hold, or skip and say why none does."""
    home = tmp_path_factory.mktemp("proved")
    try:
        asyncio.run(run_jailed([], home))
    except MissingPartError as missing:
        pytest.skip(str(missing))
    return home


@pytest.fixture(scope="session")
def stocked(proved_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Return a home with traces, which no test may change."""
    home = tmp_path_factory.mktemp("stocked")
    (home / "preflight").symlink_to(proved_home / "preflight")
    return stock(home)
