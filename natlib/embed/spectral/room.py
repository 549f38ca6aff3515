"""Reverberation: how fast the sound dies away where it stops."""

from __future__ import annotations

import math

import numpy as np

from .grid import Grid
from .numerics import Array, windows
from .thresholds import FEWEST_DECAYS, FREE_DECAY, STRAIGHT

LENGTH = 20  # short windows of a decay that is looked at
BANDS = slice(8, 36)  # 400 Hz to 10 kHz, two at a time
PAIRS = (BANDS.stop - BANDS.start) // 2
KEPT = 200  # decays that are remembered
FASTEST = 0.25  # share of the decays that are faster: no sound dies away faster than its room


def decays(bands: Array, grid: Grid) -> Array:
    """The time in which each pair of bands would fall by 60 dB, hundredths of a second, (frames, PAIRS); NaN where it
    does not fall in a straight line.

    From bands of the frames' short windows and LENGTH - 1 later ones, hundredths of a dB, (n, 40).
    """
    some = bands[:, BANDS]
    views = windows((some[:, ::2] + some[:, 1::2]) / 2, LENGTH)[:: grid.hops]
    place = np.arange(LENGTH) - (LENGTH - 1) / 2
    mean = views.mean(axis=2)
    slope = (views * place).sum(axis=2) / (place * place).sum()
    rest = np.abs(views - mean[:, :, None] - slope[:, :, None] * place).max(axis=2)
    free = (slope * LENGTH <= -FREE_DECAY) & (rest <= STRAIGHT)
    return np.where(free, np.rint(6000 * 100 / float(grid.rate) / np.where(free, -slope, 1)), np.nan)


class Room:
    """The time in which the sound falls by 60 dB, from the straight decays so far (Ratnam and others 2003)."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.time = math.nan

    def __call__(self, times: Array) -> Array:
        """Hundredths of a second at each of the next frames, (frames,), from their decays; NaN until there were
        enough.
        """
        result = np.empty(len(times))
        begin = 0
        for frame in np.flatnonzero((times > 0).any(axis=1)).tolist():
            result[begin:frame] = self.time
            self.times = (self.times + times[frame][times[frame] > 0].tolist())[-KEPT:]
            if len(self.times) >= FEWEST_DECAYS:
                self.time = sorted(self.times)[int(FASTEST * len(self.times))]
            begin = frame
        result[begin:] = self.time
        return result
