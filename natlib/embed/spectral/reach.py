"""What is within reach of the loudest in a spectrum, and where the loudest is if it lies outside what the ear hears.

The ear of this encoder hears from 40 Hz to 16 kHz. Anything stronger below or above leaks into that range through the
window (F. Harris, "On the use of windows for harmonic analysis", 1978): a Hann window's side lobes fall by 18 dB an
octave.
"""

from __future__ import annotations

import math

import numpy as np

from ..measures import FINE
from .numerics import Array, Frames, exact, hundredths
from .spectrum import Spectrum
from .thresholds import REACH

CLASSES = 100  # Hz: from here on there are pitch classes
NOTES = 2000  # Hz: and up to here
MARGIN = 2.0  # times the bound of a side lobe: so much counts as leaked


class Reach:
    """For long spectra, whose bins up to `end` are used for pitch."""

    def __init__(self, long: Spectrum, end: int):
        self.bin, self.scale, self.end = long.bin, long.scale, end
        self.low = math.ceil(FINE[0] / long.bin)  # the first bin that is heard
        self.high = min(math.ceil(FINE[-1] / long.bin), long.size // 2 + 1)  # the first one above
        self.classes, self.notes = math.ceil(CLASSES / long.bin), math.floor(NOTES / long.bin)
        self.cuts = [0, self.low, self.classes, self.notes, self.end, self.high]
        self.cuts = [cut for cut in self.cuts if cut < long.size // 2 + 1]
        far = np.arange(self.high + self.low + 2) - 0.5
        far[:2] = 1.5
        lobes = MARGIN / (np.pi * far * (far * far - 1)) ** 2
        lobes[:2] = 1
        self.leak = exact(lobes)  # share of a peak's power that leaks, by distance in bins

    def __call__(self, long: Array) -> Frames:
        """From the power of every bin, (frames, bins). Shares of all are in hundredths of a dB, (frames,).

        heard, pitched, noted: 1 if the range that is heard, of pitch, of pitch classes is within reach of the loudest.
        deep: 1 if nothing is heard because of what lies below. below, above: how much lies below and above the range
        that is heard. main: Hz of the strongest bin, if it lies there (none: 0).
        """
        sums = np.add.reduceat(long, self.cuts, axis=1)
        sums = np.concatenate((sums, np.zeros((len(long), 6 - sums.shape[1]))), axis=1)
        below, above = sums[:, 0], sums[:, 5]
        within, classes = sums[:, 1:5].sum(axis=1), sums[:, 2]
        total = below + within + above
        low, hidden = below > within, below + sums[:, 1] > classes
        parts = np.stack((within, sums[:, 1:4].sum(axis=1), classes), axis=1)
        main = np.zeros(len(long))
        if low.any():
            rest = self._unleaked(long[low], self.low)
            parts[low, 0], parts[low, 1] = rest.sum(axis=1), rest[:, : self.end - self.low].sum(axis=1)
            main[low] = long[low, : self.low].argmax(axis=1) * self.bin
        if hidden.any():
            parts[hidden, 2] = self._unleaked(long[hidden], self.classes)[:, : self.notes - self.classes].sum(axis=1)
        high = np.flatnonzero((above > within) & (above > below))
        if len(high):
            main[high] = (long[high, self.high :].argmax(axis=1) + self.high) * self.bin
        levels = hundredths(np.hstack((np.stack((total, below, above), axis=1), parts)) * self.scale + 1e-14)
        there = (levels[:, 3:] >= levels[:, :1] - REACH).astype(np.float64)
        levels[:, 1:3] -= levels[:, :1]
        deep = (there[:, 0] == 0) & (levels[:, 1] >= levels[:, 2])
        return {
            "deep": deep.astype(np.float64), "heard": there[:, 0], "pitched": there[:, 1], "noted": there[:, 2],
            "below": levels[:, 1], "above": levels[:, 2], "main": np.rint(main), "total": levels[:, 0],
        }  # fmt: skip

    def _unleaked(self, long: Array, first: int) -> Array:
        """The bins from `first` on, without what the strongest bin below leaks into them."""
        row, top = np.arange(len(long)), long[:, :first].argmax(axis=1)
        leaked = self.leak[np.arange(first, self.high) - top[:, None]] * long[row, top][:, None]
        return np.asarray(np.maximum(long[:, first : self.high] - leaked, 0))
