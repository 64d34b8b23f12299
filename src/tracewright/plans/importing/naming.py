"""Names that a plan may give: what SQL calls a column or an alias, made to fit, and told apart from its neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracewright.plans.scope import NEW_NAME

MOST = 40


def slug(text: str) -> str:
    """Return a name that a plan may give, as like to a text as can be."""
    if NEW_NAME.match(text):
        return text
    found = "_".join(re.findall(r"[A-Za-z0-9]+", text))[:MOST].strip("_")
    if not found:
        return "value"
    return found if found[0].isalpha() else f"c_{found}"


def free(name: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken; the engine tells no letter case apart."""
    folded = {one.casefold() for one in taken}
    if name.casefold() not in folded:
        return name
    count = 2
    while f"{name}_{count}".casefold() in folded:
        count += 1
    return f"{name}_{count}"
