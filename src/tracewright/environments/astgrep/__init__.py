"""Refactoring with ast-grep: tasks from real code, rules as actions, files as evidence."""

from tracewright.environments.astgrep.environment import Options, build
from tracewright.environments.astgrep.grader import build_grader

__all__ = ["Options", "build", "build_grader"]
