"""The networks as torch fits them, the same computations as in natlib/pack/music, in real numbers.

They see activations, 1/ONE. bench.ear's Network says how they become whole numbers.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from natlib.network import ONE
from natlib.pack.music.inputs import QUALITIES
from natlib.pack.music.pulse import NEAR, TAPS
from natlib.pack.music.steps import CHANNELS

from ..ear.networks import Network
from .measures import Array

SMALL = 1 << 15  # numbers below it are written in 16 bits


def near(rows: torch.Tensor, taps: tuple[int, ...]) -> torch.Tensor:
    """(batch, steps, width) to (batch, steps, taps * width): those before and after; 0 beyond the ends."""
    before, after, count = -min(taps), max(0, *taps), rows.shape[1]
    padded = nn.functional.pad(rows, (0, 0, before, after))
    return torch.cat([padded[:, before + tap : before + tap + count] for tap in taps], dim=2)


class Pulse(Network):
    """pulse.Pulse."""

    def __init__(self, width: int = 24, dropped: float = 0.1):
        pairs = [size for taps in TAPS for size in ((width * len(taps), width), (width, width))]
        super().__init__((CHANNELS * len(NEAR), width), *pairs, (width, 2))
        self.drop = nn.Dropout(dropped)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Logits, (batch, steps, 2), from (batch, steps, CHANNELS)."""
        rows = self.layer(0, near(steps / ONE, NEAR))
        for number, taps in enumerate(TAPS):
            answers = self.drop(self.layer(1 + 2 * number, near(rows, taps)))
            rows = torch.relu(rows + self.layers[2 + 2 * number](answers))
        result: torch.Tensor = self.layers[-1](rows)
        return result

    def whole(self) -> dict[str, Array]:
        names = ["first", *(name for number in range(len(TAPS)) for name in (f"{number}", f"{number}.mix")), "out"]
        found = self.tables("pulse", {})
        return {
            f"pulse.{name}.{part}": found[f"pulse.{number}.{part}"]
            for number, name in enumerate(names)
            for part in ("weight", "bias")
        }


class Dense(Network):
    """Layers, one after the other: logits of classes."""

    def __init__(self, name: str, *widths: int):
        super().__init__(*pairwise(widths))
        self.name = name

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """Logits, (n, classes)."""
        values = seen / ONE
        for number in range(len(self.layers)):
            values = self.layer(number, values)
        return values

    def whole(self) -> dict[str, Array]:
        return self.tables(self.name, {})


class Odds(Dense):
    """One answer: the logarithm of the odds. bars.Firsts, told.Sure, summary/bars.confidence."""

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return torch.cat((torch.zeros(len(seen), 1), super().forward(seen)), dim=1)


class Chords(Dense):
    """chords.Chords: from each root up, the qualities, and how far there is no chord."""

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        values, count = super().forward(seen), len(QUALITIES)
        return torch.cat((values[:, :, :count].flatten(1), values[:, :, count].mean(dim=1, keepdim=True)), dim=1)


class Line(Dense):
    """lines.Line: of each candidate, how likely it is."""

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return super().forward(seen)[..., 0]


class Key(Dense):
    """key.Keys: from each tonic up, major and minor."""

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return super().forward(seen).transpose(1, 2).flatten(1)


def small(found: dict[str, Array]) -> dict[str, Array]:
    """In 16 bits, where they are enough."""
    return {
        name: table.astype(np.int16) if np.abs(table).max() < SMALL else table for name, table in sorted(found.items())
    }
