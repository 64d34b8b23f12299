"""Runs a Python program in a jail of its own. What it prints and writes is a fact; what it claims is not checked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Result

ISOLATION: IsolationNeed = "oneshot"

# -S leaves out site, which would run `.pth` files; programs still expect the names that it gives to builtins.
_BOOT = """
import json, runpy, site, sys
spec = json.loads(sys.argv[1])
site.setquit(); site.sethelper(); site.setcopyright()
sys.path[:] = spec["path"]
sys.argv[:] = [spec["entry"] or "-c", *spec["argv"]]
if spec["entry"]:
    runpy.run_path(spec["entry"], run_name="__main__")
else:
    exec(compile(spec["code"], "<code>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
"""


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result:
    """Run `entry` (a file of the workspace) or `code` with `argv` and `stdin`; `nonzero` unless it exits with 0."""
    entry, code = request.get("entry"), request.get("code")
    if (entry is None) == (code is None):
        return Result("action_error", "bad_request", "say either `entry` (a file) or `code` (a text)")
    if entry is not None and entry not in files:
        return Result("action_error", "unknown_path", f"the workspace has no file {entry!r}")
    folder = Path(entry).parent if entry else Path()
    path = [str(folder.resolve()), *sys.path]
    spec = {"entry": entry, "code": code, "argv": [str(part) for part in request.get("argv", [])], "path": path}
    command = [sys.executable, "-s", "-S", "-P", "-B", "-c", _BOOT, json.dumps(spec)]
    ended = subprocess.run(command, input=str(request.get("stdin", "")).encode(), check=False)
    return Result("ok" if ended.returncode == 0 else "nonzero", exit_code=ended.returncode)
