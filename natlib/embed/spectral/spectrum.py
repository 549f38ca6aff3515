"""Spectra and their bands."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .numerics import CACHE, Array, exact, hann, transform_size, windows

BANDS = 40
LOW, HIGH = 40.0, 16000.0  # Hz
USABLE = 0.92  # of the Nyquist frequency: above this lies the slope of somebody's filter


def emphasis(count: int, bin: float) -> Array:
    """Weights of `count` bins, `bin` Hz apart, that favour 150 to 1500 Hz: neither rumble nor hiss makes a pitch."""
    f = np.arange(count) * bin
    return exact(f * f / (f * f + 150**2) / (1 + (f / 1500) ** 2))


def mel_edges() -> list[float]:
    """The BANDS + 2 corner frequencies of triangles evenly spaced in mel (O'Shaughnessy 1987), in Hz."""
    low, high = (2595 * math.log10(1 + f / 700) for f in (LOW, HIGH))
    return [700 * (10 ** ((low + (high - low) * i / (BANDS + 1)) / 2595) - 1) for i in range(BANDS + 2)]


class Spectrum:
    """Power spectra through a Hann window of about `seconds`, for windows given by their middle sample."""

    def __init__(self, sample_rate: int, seconds: Fraction):
        self.size = transform_size(float(seconds * sample_rate))
        self.window = exact(hann(self.size))
        self.bin = sample_rate / self.size  # Hz
        # times this, sum(power) over all bins is the mean square of the sound, weighted by the squared window
        self.scale = 2 / (self.size * float((self.window * self.window).sum()))

    def __call__(self, buffer: Array, middles: NDArray[np.int64]) -> Iterator[Array]:
        """The power of each bin, (windows, size / 2 + 1), some windows at a time.

        As many at a time as fit into a processor's cache. A constant offset is removed: through a Hann window it is in
        bins 0 and 1 only, and in bin 1 it is half of bin 0 with the opposite sign.
        """
        starts = middles - self.size // 2
        views = windows(buffer, self.size)
        apart = np.diff(starts)
        even = len(apart) and (apart == apart[0]).all()  # then a slice avoids a copy
        step = max(1, CACHE // self.size)
        for first in range(0, len(starts), step):
            some = starts[first : first + step]
            some_views = views[some[0] : some[-1] + 1 : apart[0]] if even else views[some]
            spectrum = np.fft.rfft(some_views * self.window)
            spectrum[:, 1] += spectrum[:, 0] / 2
            spectrum[:, 0] = 0
            parts: Array = spectrum.view(np.float64)
            parts *= parts
            yield parts[:, ::2] + parts[:, 1::2]


class Filters:
    """Overlapping triangles over the bins of a spectrum. Those that reach above the usable band are left out."""

    def __init__(self, spectrum: Spectrum, edges: list[float], sample_rate: int):
        bins = np.arange(spectrum.size // 2 + 1) * spectrum.bin
        top = USABLE * sample_rate / 2
        self.count = sum(edge <= top for edge in edges[2:])
        edges = edges[: self.count + 2]
        first = [int(np.searchsorted(bins, edge)) for edge in edges]
        self.cuts, self.end = first[:-1], first[-1]
        rising = np.zeros(spectrum.size // 2 + 1)
        for low, high in itertools.pairwise(edges):
            inside = (bins >= low) & (bins < high)
            rising[inside] = (bins[inside] - low) / (high - low)
        self.rising = exact(rising)[: self.end]
        self.scale = spectrum.scale

    def __call__(self, power: Array) -> Array:
        """Power of each band, shape (rows, count)."""
        power = power[:, : self.end]
        total = np.add.reduceat(power, self.cuts, axis=1)
        rising = np.add.reduceat(power * self.rising, self.cuts, axis=1)
        return np.asarray((rising[:, :-1] + (total - rising)[:, 1:]) * self.scale)
