"""Spells names of inner queries so that a plan can give them: wherever they are made and wherever they are read."""

from __future__ import annotations

from sqlglot import exp

from tracewright.plans.catalogue import Catalogue
from tracewright.plans.importing.naming import free, slug
from tracewright.plans.scope import NEW_NAME


def spell(tree: exp.Expr, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Rename in a tree, in place, what inner queries call their columns; returns those that the result shows.

    A name is changed everywhere or nowhere, and to one that nothing else bears, so that what it means stays.
    """
    identifiers = list(tree.find_all(exp.Identifier))
    taken = {found.name.casefold() for found in identifiers}
    fixed = {name.casefold() for table in catalogue.tables for name in [table.name, *(c.name for c in table.columns)]}
    fixed |= {found.name.casefold() for pair in tree.find_all(exp.PropertyEQ) for found in [pair.this]}
    shown = {name.casefold() for name in tree.named_selects} if isinstance(tree, exp.Query) else set()
    renamed: dict[str, str] = {}
    told: list[tuple[str, str]] = []
    for name in _given_inside(tree):
        folded = name.casefold()
        if folded in renamed or folded in fixed:
            continue
        renamed[folded] = free(slug(name), [*taken, *fixed, *renamed.values()])
        if folded in shown or "*" in shown:
            told.append((name, renamed[folded]))
    for found in identifiers:
        if found.name.casefold() in renamed:
            found.set("this", renamed[found.name.casefold()])
    return told


def _given_inside(tree: exp.Expr) -> list[str]:
    """Return the names that no plan can give, but a query inside of this one gives to a column."""
    names = []
    for inner in tree.find_all(exp.Select):
        if inner is not tree:
            names += [item.alias for item in inner.expressions if isinstance(item, exp.Alias)]
    for alias in tree.find_all(exp.TableAlias):
        names += [column.name for column in alias.args.get("columns") or []]
    return [name for name in names if not NEW_NAME.match(name)]
