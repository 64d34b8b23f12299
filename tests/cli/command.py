"""Runs the command line in this process, as a shell would: words in, exit code and both outputs out."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any
from unittest.mock import patch

from tracewright.cli.main import main


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the one JSON value that stands on standard output."""
        return json.loads(self.out)


def tracewright(*words: object) -> Ran:
    """Run `tracewright` with these words."""
    out, err = StringIO(), StringIO()
    with patch("sys.argv", ["tracewright", *map(str, words)]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as leaving:
            return Ran(int(leaving.code or 0), out.getvalue(), err.getvalue())
    return Ran(0, out.getvalue(), err.getvalue())
