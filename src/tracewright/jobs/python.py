"""Runs a Python program in a jail of its own. What it prints and writes is a fact; what it claims is not checked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracewright.jobs import IsolationNeed, Program, Result

ISOLATION: IsolationNeed = "oneshot"

# -S leaves out site, which would run `.pth` files; programs still expect the names that it gives to builtins.
# Whatever is imported here is also taken down at the end of each program, so nothing is that can be done without.
_BOOT = """
import marshal, site, sys
site.setquit(); site.sethelper(); site.setcopyright()
with open(int(sys.argv[1]), "rb") as pipe:
    told = marshal.loads(pipe.read())
sys.path[:] = told["path"]
sys.argv[:] = [told["entry"] or "-c", *told["argv"]]
scope = {"__name__": "__main__", "__builtins__": __builtins__}
if told["inputs"]:
    scope["INPUTS"] = told["inputs"]
if told["entry"]:
    with open(told["entry"], "rb") as file:
        told["code"] = file.read()
    sys.modules["__main__"] = main = type(sys)("__main__")
    main.__dict__.update(scope, __file__=told["entry"], __cached__=None, __package__="")
    scope = main.__dict__
exec(compile(told["code"], told["entry"] or "<code>", "exec"), scope)
"""
COMMAND = (sys.executable, "-s", "-S", "-P", "-B", "-c", _BOOT)
"""An interpreter that is up, and waits for its program."""


def run(request: Mapping[str, Any], files: Mapping[str, str], inputs: Mapping[str, Path]) -> Result | Program:
    """Run `entry` (a file of the workspace) or `code` with `argv` and `stdin`; `nonzero` unless it exits with 0.

    Where the job has inputs, `INPUTS` is there too: the path of each by its name.
    """
    entry, code = request.get("entry"), request.get("code")
    if (entry is None) == (code is None):
        return Result("action_error", "bad_request", "say either `entry` (a file) or `code` (a text)")
    if entry is not None and entry not in files:
        return Result("action_error", "unknown_path", f"the workspace has no file {entry!r}")
    folder = Path(entry).parent if entry else Path()
    path = [str(folder.resolve()), *sys.path]
    argv = [str(part) for part in request.get("argv", [])]
    mounted = {name: str(place.absolute()) for name, place in inputs.items()}
    told = {"entry": entry, "code": code, "argv": argv, "path": path, "inputs": mounted}
    return Program(told, str(request.get("stdin", "")))
