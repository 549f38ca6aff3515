"""Narrow peaks of short windows: chirps, bubbles, squeaks, which are too short for the long ones, or glide too fast."""

from __future__ import annotations

import math

import numpy as np

from .grid import Grid
from .numerics import Array, Frames, Places, hundredths, vertex
from .spectrum import Spectrum
from .thresholds import BRIEF_PEAK

LOWEST, HIGHEST = 500, 9000  # Hz
AROUND = 440  # Hz on either side, whose mean level is what a peak stands out from
QUIET = 1e-11  # power: -110 dBFS, added to each bin
APART = 2  # short windows: a peak is looked for in every second one of a frame


class Brief:
    """The narrow peak of short windows that stands out most."""

    def __init__(self, short: Spectrum, top: float):
        """For spectra that can be used up to `top` Hz."""
        self.short = short
        self.around = max(1, round(AROUND / short.bin))
        self.first = math.ceil(LOWEST / short.bin)
        self.last = max(self.first, math.floor(min(HIGHEST, top - AROUND) / short.bin))
        self.end = self.last + self.around + 1  # of the bins that are looked at

    def __call__(self, power: Array) -> Array:
        """Hz, (windows,), 0 for none, from the power of each bin, (windows, bins)."""
        start = max(0, self.first - self.around)
        levels = hundredths(power[:, start : self.end] * self.short.scale + QUIET)
        sums = np.cumsum(np.pad(levels, ((0, 0), (1, 0))), axis=1)
        place: Places = np.arange(self.first, self.last) - start
        if not len(place):
            return np.zeros(len(power))
        low = np.maximum(place - self.around, 0)
        mean = (sums[:, place + self.around + 1] - sums[:, low]) / (place + self.around + 1 - low)
        own, before, after = (levels[:, place + i] for i in (0, -1, 1))
        height = np.where((own > before) & (own >= after), own - mean, 0)
        best = height.argmax(axis=1)
        row = np.arange(len(power))
        shift = vertex(before[row, best], own[row, best], after[row, best])
        hz = (self.first + best + shift) * self.short.bin
        return np.rint(np.where(height[row, best] >= BRIEF_PEAK, hz, 0))


def measured(frames: Frames, grid: Grid, count: int) -> Frames:
    """brief_peak_0, brief_peak_1 …, NaN for none."""
    hz = frames["brief"][grid.now(count)]
    return {f"brief_peak_{i}": np.where(hz[:, i] > 0, hz[:, i], np.nan) for i in range(hz.shape[1])}
