"""Free questions over tables: `reading` takes words apart, `meaning` is what they ask, `lowering` makes plans of it.

`search` is the way in: a pure function, without a model and without a goal.
"""

from tracewright.environments.analytics.questions.links import NOTHING, Links
from tracewright.environments.analytics.questions.looking import Look, looks, seen
from tracewright.environments.analytics.questions.searching import Candidate, Reading, search

__all__ = ["search", "Reading", "Candidate", "Look", "looks", "seen", "Links", "NOTHING"]
