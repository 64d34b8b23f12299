"""Counts the words of the workspace that begin with a letter; runs inside the jail."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result

ISOLATION: IsolationNeed = "worker"  # data only; what runs code of others says "oneshot"


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Return facts; comparing them with the goal is the grader's work."""
    words = " ".join(files.values()).split()
    return Result(result={"count": sum(word.startswith(request["letter"]) for word in words)})
