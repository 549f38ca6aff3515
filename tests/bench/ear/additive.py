"""Notes as sums of sines, as programs and synthesizers make them: no two of a font's sounds are so plain."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ..music.pieces import Entry
from .rooms import RATE

if TYPE_CHECKING:
    from .rooms import Array

HIGHEST = 12000.0  # Hz of a partial
LOUD = 0.1  # amplitude of a note


def additive(entries: list[Entry], seconds: float, draw: random.Random) -> Array:
    """[from, to, note] as samples, (n,): partials whose amplitudes fall by a power, all or odd ones, held or dying."""
    import numpy as np

    result = np.zeros(round(seconds * RATE))
    partials = draw.choice([1, 1, 2, 4, 8, 20, 40])
    slope = draw.uniform(0.3, 2.5)
    odd = draw.random() < 0.25
    fall = draw.choice([0.0, 0.0, 0.5, 2.0, 6.0])  # e-folds a second
    attack, release = draw.choice([0.002, 0.01, 0.05, 0.2]), draw.choice([0.005, 0.03, 0.1])  # s
    for start, end, note in entries:
        first, count = round(start * RATE), round((end - start) * RATE)
        time = np.arange(min(count, len(result) - first)) / RATE
        if not len(time):
            continue
        hertz = 440 * 2 ** ((note - 69) / 12)
        shape = np.minimum(1, np.minimum(time / attack, (end - start - time) / release)) * np.exp(-fall * time)
        for number in range(1, partials + 1):
            if number * hertz < HIGHEST and (number % 2 or not odd):
                phase = draw.uniform(0, 2 * np.pi)
                wave = np.sin(2 * np.pi * number * hertz * time + phase)
                result[first : first + len(time)] += LOUD * number**-slope * shape * wave
    return result
