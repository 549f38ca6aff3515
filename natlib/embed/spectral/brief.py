"""Narrow peaks of short windows: chirps, bubbles, squeaks, which are too short for the long ones, or glide too fast."""

from __future__ import annotations

import math

import numpy as np

from .grid import Grid
from .numerics import Array, Frames, hundredths, padded, vertex
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
        self.first = math.ceil(LOWEST / short.bin)  # at least `around`
        self.count = max(0, math.floor(min(HIGHEST, top - AROUND) / short.bin) - self.first)

    def __call__(self, power: Array) -> Array:
        """Hz, (windows,), 0 for none, from the power of each bin, (windows, bins)."""
        around, count = self.around, self.count
        if not count:
            return np.zeros(len(power))
        seen = power[:, self.first - around : self.first + count + around]
        levels = hundredths(seen * self.short.scale + QUIET)
        sums = np.cumsum(padded(levels, 1, 0), axis=1)
        own, before, after = (levels[:, around + i : around + i + count] for i in (0, -1, 1))
        height = own * (2 * around + 1) - (sums[:, 2 * around + 1 :] - sums[:, :count])
        height *= (own > before) & (own >= after)
        best = height.argmax(axis=1)
        row = np.arange(len(power))
        shift = vertex(before[row, best], own[row, best], after[row, best])
        hz = (self.first + best + shift) * self.short.bin
        return np.rint(np.where(height[row, best] >= BRIEF_PEAK * (2 * around + 1), hz, 0))


def measured(frames: Frames, grid: Grid, count: int) -> Frames:
    """brief_peak_0, brief_peak_1 …, NaN for none."""
    hz = frames["brief"][grid.now(count)]
    return {f"brief_peak_{i}": np.where(hz[:, i] > 0, hz[:, i], np.nan) for i in range(hz.shape[1])}
