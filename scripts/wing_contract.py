"""An import contract of our own: the implementations of a wing stand alone, and so does its protocol.

Implementations are found by name, so adding one means adding one file. What several of them share lies in a room
whose name starts with an underscore; such rooms may lean on each other, never on an implementation.
"""

from __future__ import annotations

from collections.abc import Iterator

import grimp
from importlinter import Contract, ContractCheck, fields, output

Chain = tuple[str, ...]


class WingContract(Contract):
    """Keeps `implementations > _rooms > protocol` in every package listed under `wings`."""

    type_name = "wing"
    wings = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Collect every import that goes from one implementation to another, or up to one."""
        wings = [str(wing) for wing in self.wings]  # type: ignore[attr-defined]  # filled in when the contract is read
        chains = sorted({chain for wing in wings for chain in (*_sideways(graph, wing), *_upward(graph, wing))})
        return ContractCheck(kept=not chains, metadata={"chains": chains})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each chain of imports that must go."""
        for chain in check.metadata["chains"]:
            output.print_error(" -> ".join(chain), bold=False)
        output.new_line()


def _sideways(graph: grimp.ImportGraph, wing: str) -> Iterator[Chain]:
    children = graph.find_children(wing)
    rooms = {child for child in children if child.removeprefix(wing).startswith("._")}
    layers = [grimp.Layer(*(children - rooms), independent=True), grimp.Layer(*rooms, independent=False)]
    for broken in graph.find_illegal_dependencies_for_layers([layer for layer in layers if layer.module_tails]):
        for route in broken.routes:
            yield min(route.heads), *route.middle, min(route.tails)


def _upward(graph: grimp.ImportGraph, wing: str) -> Iterator[Chain]:
    for imported in graph.find_modules_directly_imported_by(wing):
        if imported.startswith(f"{wing}."):
            yield wing, imported
