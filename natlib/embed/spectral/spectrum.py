"""Spectra and their bands, and the arithmetic that is the same on every machine.

Elementwise sums, products, quotients and roots are exact by IEEE 754, the logarithm is made of them (`decibels`),
window and filter tables are rounded to 24 bits; only the Fourier transform's last bits may differ between builds of
numpy. What comes out of it is rounded to integers (a hundredth of a decibel) before anything else is done, and integers
below 2**53 add up to the same in any order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
Frames = dict[str, Array]  # by name, one row a frame

BANDS = 40
LOW, HIGH = 40.0, 16000.0  # Hz
USABLE = 0.92  # of the Nyquist frequency: above it lies the slope of somebody's filter
CACHE = 1 << 16  # numbers that stay in a processor's second cache with what is made of them


def exact(table: Any) -> Array:
    """A table rounded to 24 bits after the point: the last bits of the mathematical library stay out of it."""
    return np.asarray(np.rint(np.asarray(table, dtype=np.float64) * 2**24) / 2**24)


def decibels(power: Array) -> Array:
    """10 log10(power), within 1e-7 dB, from operations that IEEE 754 defines to the bit; power > 0."""
    mantissa, exponent = np.frexp(power)
    low = mantissa < math.sqrt(0.5)
    mantissa *= 1 + low
    s = mantissa - 1  # log m = 2 artanh s
    mantissa += 1
    s /= mantissa
    t = s * s
    series = t / 11
    for odd in (9, 7, 5, 3, 1):
        series += 1 / odd
        series *= t if odd > 1 else s
    series *= 20 / math.log(10)
    series += (exponent - low) * (10 * math.log10(2))
    return np.asarray(series)


def hundredths(power: Array) -> Array:
    """Decibels on the grid that everything else is made from: whole hundredths."""
    return np.rint(100 * decibels(power))


def transform_size(samples: float) -> int:
    """The even number nearest to `samples` with no prime factor above 5."""
    near = round(samples / 2)
    return 2 * next(half for gap in itertools.count() for half in (near - gap, near + gap) if smooth(half))


def smooth(number: int) -> bool:
    """Whether a number is positive and has no prime factor above 5."""
    for prime in (2, 3, 5):
        while number > 1 and number % prime == 0:
            number //= prime
    return number == 1


def weights(values: Array) -> Array:
    """Weights from 0 to 1 as whole numbers, in 1/1024."""
    return np.asarray(np.rint(1024 * values))


def hann(size: int) -> Array:
    """A periodic Hann window, shape (size,)."""
    return exact(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))


def emphasis(count: int, bin: float) -> Array:
    """Weights of `count` bins, `bin` Hz apart, towards 150 to 1500 Hz: neither rumble nor hiss makes a pitch."""
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
        self.window = hann(self.size)
        self.bin = sample_rate / self.size  # Hz
        # sum(power) over all bins is then the mean square of the sound, weighted by the squared window
        self.scale = 2 / (self.size * float((self.window * self.window).sum()))

    def __call__(self, buffer: Array, middles: NDArray[np.int64]) -> Iterator[Array]:
        """The power of each bin, (windows, size / 2 + 1), some windows at a time.

        As many as stay in a processor's cache. Without a constant offset: it stands in bins 0 and 1 of a Hann window
        alone, half of bin 0, with the opposite sign, in bin 1.
        """
        starts = middles - self.size // 2
        views = sliding_window_view(buffer, self.size)
        apart = np.diff(starts)
        even = len(apart) and (apart == apart[0]).all()  # a slice of them is no copy
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
    """Overlapping triangles over the bins of a spectrum. Those that reach above the usable band are absent."""

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
