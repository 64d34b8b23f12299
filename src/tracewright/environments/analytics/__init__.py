"""Questions over tables: plans, SQL and Python as actions, a result as the answer, graded against a gold query."""

from tracewright.environments.analytics.environment import Options, build
from tracewright.environments.analytics.grader import build_grader

__all__ = ["Options", "build", "build_grader"]
