"""What a codebook's codes measure like, as notes before their first use."""

from __future__ import annotations

import math
from collections.abc import Callable

from .. import wire
from .codebook import Array, Codebook


class Introductions:
    """What a codebook's codes measure like, as `code` notes: each is encoded once, for all items."""

    def __init__(self, codebook: Codebook):
        self.layers: list[str] = [layer["name"] for layer in codebook.meta["layers"]]
        self.tables = [layer.measures for stream in codebook.streams for layer in stream.layers]
        self.names: list[str] = [measure["name"] for measure in codebook.meta["measures"]]
        self.digits = [digits(measure.get("step", 1)) for measure in codebook.meta["measures"]]
        self.notes: dict[tuple[int, int], bytes] = {}

    def item(self) -> Callable[[Array], bytes]:
        """A function that takes the blocks of one item, and returns the notes for the codes that are new in each."""
        known: list[set[int]] = [set() for _ in self.layers]

        def introduce(codes: Array) -> bytes:
            notes = b""
            for layer, column in enumerate(codes.T.tolist()):
                new = set(column) - known[layer]
                known[layer] |= new
                for code in sorted(new):
                    notes += self.note(layer, code)
            return notes

        return introduce

    def note(self, layer: int, code: int) -> bytes:
        """The introduction of one code."""
        if (layer, code) not in self.notes:
            values = zip(self.names, self.tables[layer][code].tolist(), self.digits, strict=True)
            said = {name: round(value, places) for name, value, places in values if not math.isnan(value)}
            head = {"event": "code", "layer": self.layers[layer], "code": code, "measures": said}
            self.notes[layer, code] = wire.dump(head)
        return self.notes[layer, code]


def digits(step: float) -> int | None:
    """How many decimals a number on a grid of `step` needs; None for none, as round() expects."""
    return max(0, math.ceil(-math.log10(step) - 1e-9)) or None
