"""A program that is started before its job is known, in the jail of that job, and waits to be told what to do.

The worker alone says how it ended; the program itself has no way to say it, for it holds nothing but its own pipes.
"""

from __future__ import annotations

import marshal
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tracewright.jobs import Program, Result
from tracewright.jobs._worker import harden
from tracewright.jobs._worker.supervise import Bounds, Child


@dataclass(frozen=True)
class Standby:
    """A program that waits; it is told once, or ended."""

    command: Sequence[str]
    child: Child
    tell: int
    stdin: int

    @classmethod
    def start(cls, command: Sequence[str]) -> Standby:
        """Start a program in the folder that we are in."""
        # A file in memory takes any length at once, where a pipe would wait for its reader.
        stdin = os.memfd_create("stdin")
        (told, tell), (out, out_end), (err, err_end) = os.pipe(), os.pipe(), os.pipe()
        os.set_inheritable(told, True)
        ends = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate((stdin, out_end, err_end))]
        line = [*command, str(told)]
        try:
            process = os.posix_spawn(line[0], line, os.environ, file_actions=ends, setsid=True)
        finally:
            for descriptor in (told, out_end, err_end):
                os.close(descriptor)
        harden.yield_memory(process)
        return cls(command, Child(process, out, err), tell, stdin)

    def run(self, program: Program, bounds: Bounds, sweep: bool) -> Result:
        """Tell it what to do, and return how it ended with all that its process tree printed."""
        os.pwrite(self.stdin, program.stdin.encode(errors="replace"), 0)
        # Whoever ended before it was told has an exit status that tells.
        with suppress(BrokenPipeError), os.fdopen(self.tell, "wb") as pipe:
            pipe.write(marshal.dumps(dict(program.told)))
        os.close(self.stdin)
        ended = self.child.watched(bounds, sweep)
        code = ended.exit_status
        result = ended.stopped or Result("ok" if code == 0 else "nonzero", exit_code=code)
        return replace(result, stdout=ended.stdout, stderr=ended.stderr)

    def end(self) -> None:
        """Kill it where there is nothing for it to do."""
        os.kill(self.child.process, signal.SIGKILL)
        os.waitpid(self.child.process, 0)
        for descriptor in (self.tell, self.stdin, self.child.out, self.child.err):
            os.close(descriptor)
