"""A kind of job that kills whoever supervises it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import Result

ISOLATION = "oneshot"


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """End the jail."""
    os.kill(os.getppid(), signal.SIGKILL)
    return Result()
