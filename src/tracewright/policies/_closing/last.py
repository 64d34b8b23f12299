"""Finds the action by which an episode is ended: one that says that the work is done, or hands in what was found."""

from __future__ import annotations

from collections.abc import Sequence

from tracewright.records.action import Action, ActionSchema

CLOSING = ("submit", "answer")


def closing(offered: Sequence[ActionSchema]) -> Action | None:
    """Return the action that ends an episode, None where every action may end it."""
    names = {schema.name for schema in offered}
    return next((Action(name=name) for name in CLOSING if name in names), None)
