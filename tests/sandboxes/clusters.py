"""Gives tests the fake cluster that all tests of one process share, or the reason why it cannot be had here."""

from __future__ import annotations

import atexit
import os
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes import bubblewrap_node, podman_node


@cache
def shared() -> Any:
    """Return the cluster, and point KUBECONFIG at it."""
    from tests.sandboxes.fake_kubernetes import FakeCluster

    folder = tempfile.TemporaryDirectory(prefix="tracewright-cluster-")
    cluster = FakeCluster(Path(folder.name), podman_node.start if podman_node.usable() else bubblewrap_node.start)
    atexit.register(folder.cleanup)
    atexit.register(cluster.stop)
    return cluster


def missing() -> str:
    """Say why there is no cluster here, or return nothing."""
    for library in ("lightkube", "kubernetes_validate", "wsproto"):
        if find_spec(library) is None:
            return f"{library} is not installed"
    return "" if podman_node.usable() else bubblewrap_node.missing()


def options(name: str) -> dict[str, object]:
    """Return what the sandbox `name` must be told to find a cluster; nothing for any but `kubernetes`."""
    if name != "kubernetes":
        return {}
    if reason := missing():
        pytest.skip(f"kubernetes: {reason}")
    from tests.sandboxes.fake_kubernetes import IMAGE

    os.environ["KUBECONFIG"] = str(shared().kubeconfig)
    return podman_node.options() if podman_node.usable() else {"image": IMAGE, **bubblewrap_node.image_options()}
