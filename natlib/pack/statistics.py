"""What the end line tells of the codes: how many are used, how often they change."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..stats import entropy
from ..wire import Head
from .layers import Layout, changes

if TYPE_CHECKING:
    from .layers import Codes


class Statistics:
    """What the end line tells of the codes."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.counts: list[Counter[int]] = [Counter() for _ in layout.names]
        self.changes = [0] * len(layout.names)
        self.frames = 0
        self._last: Codes | None = None

    def feed(self, codes: Codes) -> None:
        """Count the next frames."""
        changed = changes(codes, codes[:1] if self._last is None else self._last)
        self._last = codes[-1:]
        self.changes = [a + b for a, b in zip(self.changes, changed.sum(axis=0).tolist(), strict=True)]
        for counts, column in zip(self.counts, codes.T.tolist(), strict=True):
            counts.update(column)
        self.frames += len(codes)

    def summary(self) -> Head:
        """By layer: codes used and their share of the vocabulary, entropy in bits, changes a second, mean run."""
        layers = {}
        for j, name in enumerate(self.layout.names):
            counts, frames = self.counts[j], self.frames
            layers[name] = {
                "used": len(counts),
                "utilisation": round(len(counts) / self.layout.vocab[j], 3),
                "entropy": round(entropy(counts.values()), 2),
                "changes_per_second": round(self.changes[j] * float(self.layout.rate) / frames, 2) if frames else 0.0,
                "mean_run": round(frames / (self.changes[j] + 1), 2),
            }
        return layers
