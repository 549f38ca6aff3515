"""Reverberation: how fast the sound dies away where it stops."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .grid import Grid
from .numerics import Array
from .thresholds import FEWEST_DECAYS, FREE_DECAY, STRAIGHT

LENGTH = 20  # short windows of a decay that is looked at
KEPT = 200  # decays that are remembered
FASTEST = 0.25  # share of the decays that are faster: no sound dies away faster than its room


class Room:
    """The time in which the sound falls by 60 dB, from the straight decays so far (Ratnam and others 2003)."""

    def __init__(self, grid: Grid):
        self.rate = float(grid.rate)
        self.hops = grid.hops
        place = np.arange(LENGTH) - (LENGTH - 1) / 2
        self.place = place
        self.times: list[float] = []

    def __call__(self, bands: Array) -> Array:
        """Hundredths of a second at each frame, (frames,); NaN until there were enough decays.

        From bands of the frames' short windows and LENGTH - 1 later ones, hundredths of a dB, (n, 40).
        """
        pairs = (bands[:, 8:36:2] + bands[:, 9:36:2]) / 2  # 400 Hz to 10 kHz
        views = sliding_window_view(pairs, LENGTH, axis=0)[:: self.hops]
        mean = views.mean(axis=2)
        slope = (views * self.place).sum(axis=2) / (self.place * self.place).sum()
        rest = np.abs(views - mean[:, :, None] - slope[:, :, None] * self.place).max(axis=2)
        free = (slope * LENGTH <= -FREE_DECAY) & (rest <= STRAIGHT)
        times = np.rint(6000 * 100 / self.rate / np.where(free, -slope, 1))
        result = np.full(len(views), np.nan)
        for frame, found in enumerate(free):
            if found.any():
                self.times = (self.times + times[frame, found].tolist())[-KEPT:]
            if len(self.times) >= FEWEST_DECAYS:
                result[frame] = sorted(self.times)[int(FASTEST * len(self.times))]
        return result
