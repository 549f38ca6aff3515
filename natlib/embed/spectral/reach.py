"""What of a spectrum is within reach of the loudest, and where the loudest is if that is outside of what the ear hears.

The ear of this encoder hears from 40 Hz to 16 kHz. What is stronger below or above leaks into that range, by the window
(F. Harris, "On the use of windows for harmonic analysis", 1978): a Hann window's side lobes fall by 18 dB an octave.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..measures import FINE
from .numerics import Array, Frames, exact, hundredths
from .spectrum import Spectrum
from .thresholds import REACH

CLASSES = 100  # Hz: from here on there are pitch classes
NOTES = 2000  # Hz: and up to here
MARGIN = 2.0  # times the bound of a side lobe that counts as leaked


class Reach:
    """Of long spectra, of which bins up to `end` tell of pitch."""

    def __init__(self, long: Spectrum, end: int):
        self.bin, self.scale, self.end = long.bin, long.scale, end
        self.low = math.ceil(FINE[0] / long.bin)  # the first bin that is heard
        self.high = min(math.ceil(FINE[-1] / long.bin), long.size // 2 + 1)  # the first one above
        self.classes, self.notes = math.ceil(CLASSES / long.bin), math.floor(NOTES / long.bin)
        far = np.arange(self.high + self.low + 2) - 0.5
        far[:2] = 1.5
        lobes = MARGIN / (np.pi * far * (far * far - 1)) ** 2
        lobes[:2] = 1
        self.leak = exact(lobes)  # at so many bins from a peak, of its power

    def __call__(self, long: Array) -> Frames:
        """Of the power of every bin, (frames, bins). Shares of all in hundredths of a dB, (frames,).

        heard, pitched, noted: 1 where what can be heard, has a pitch, has pitch classes is within reach of the loudest.
        below, above: how much lies there. main: Hz of the strongest bin, where that is there (none: 0).
        """
        low, inside = long[:, : self.low], long[:, self.low : self.high]
        above = long[:, self.high :].sum(axis=1)
        below = low.sum(axis=1)
        within = inside.sum(axis=1)
        total = below + within + above
        deep = below > within
        top = low.argmax(axis=1)
        rest = self._unleaked(long, low, deep)
        main = np.where(deep, top * self.bin, 0)
        classes = long[:, self.classes : self.notes].sum(axis=1)
        under = long[:, : self.classes]
        hidden = under.sum(axis=1) > classes
        parts = np.stack((
            np.where(deep, rest.sum(axis=1), within),
            np.where(deep, rest[:, : self.end - self.low].sum(axis=1), inside[:, : self.end - self.low].sum(axis=1)),
            np.where(hidden, self._unleaked(long, under, hidden)[:, : self.notes - self.classes].sum(axis=1), classes),
        ), axis=1)  # fmt: skip
        high = np.flatnonzero((above > within) & (above > below))
        if len(high):
            main[high] = (long[high, self.high :].argmax(axis=1) + self.high) * self.bin
        levels = hundredths(np.hstack((np.stack((total, below, above), axis=1), parts)) * self.scale + 1e-14)
        there = (levels[:, 3:] >= levels[:, :1] - REACH).astype(np.float64)
        levels[:, 1:3] -= levels[:, :1]
        return {
            "heard": there[:, 0], "pitched": there[:, 1], "noted": there[:, 2],
            "below": levels[:, 1], "above": levels[:, 2], "main": np.rint(main), "total": levels[:, 0],
        }  # fmt: skip

    def _unleaked(self, long: Array, below: Array, which: NDArray[np.bool_]) -> Array:
        """The bins above `below`, without what its strongest one leaks into them; zeros but in the frames `which`."""
        first = below.shape[1]
        rest = np.zeros((len(long), self.high - first))
        rows = np.flatnonzero(which)
        if len(rows):
            top = below[rows].argmax(axis=1)
            leaked = self.leak[np.arange(first, self.high) - top[:, None]] * below[rows, top][:, None]
            rest[rows] = np.maximum(long[rows, first : self.high] - leaked, 0)
        return rest
