"""The arithmetic that is the same on every machine.

Elementwise sums, products, quotients and roots are exact by IEEE 754, the logarithm is made from them (`decibels`),
tables of windows and filters are rounded to 24 bits; only the Fourier transform's last bits may differ between builds
of numpy. What comes out of it is rounded to integers (hundredths of a decibel) before anything else is done, and
integers below 2**53 have the same sum in any order.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from .thresholds import DIP, INSIDE, NEARLY

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Frames = dict[str, Array]  # by name, one row a frame

CACHE = 1 << 16  # numbers that fit into a processor's second-level cache with what is made from them


def exact(table: Any) -> Array:
    """A table rounded to 24 bits after the point: the last bits of the maths library stay out of it."""
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


def padded(values: Array, before: int, after: int, fill: float = 0.0, axis: int = -1) -> Array:
    """The same with so many numbers more before and after along an axis: np.pad without its checks, which cost more."""
    axis %= values.ndim
    wide = np.full((*values.shape[:axis], before + values.shape[axis] + after, *values.shape[axis + 1 :]), fill)
    wide[(*(slice(None),) * axis, slice(before, before + values.shape[axis]))] = values
    return wide


def windows(values: Array | Mask, size: int, axis: int = 0) -> Array:
    """Every window of `size` along an axis, as a last axis: sliding_window_view, likewise."""
    shape = (*values.shape[:axis], values.shape[axis] - size + 1, *values.shape[axis + 1 :], size)
    return as_strided(values, shape, (*values.strides, values.strides[axis]), writeable=False)


def powers(low: int, high: int) -> Array:
    """The powers of whole hundredths of a dB from `low` to `high`, each rounded to 24 bits."""
    mantissa, exponent = np.frexp(10.0 ** (np.arange(low, high + 1) / 1000))
    return np.ldexp(exact(mantissa), exponent)


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


def hann(count: int, start: float = 0.0, period: float = 0.0) -> Array:
    """The values of a Hann window at `start`, start + 1, … , (count,); it is `period` long, or `count` if that is 0."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(count) + start) / (period or count)))


def vertex(before: Array, peak: Array, after: Array) -> Array:
    """Where a parabola through three values, 1 apart, has its top, relative to the middle one; 0 if it has none."""
    bend = 2 * peak - before - after
    return np.asarray(np.where(bend > 0, (after - before) / (2 * np.where(bend > 0, bend, 1)), 0))


def correlation(lags: Array, shape: Array, least: float) -> Array:
    """Autocorrelations by lag, (n, lags), divided by the window's own, `shape`: 2**20 at lag 0.

    `least` is added to the energy, so that silence has no correlation (Boersma 1993).
    """
    return np.rint(2**20 * lags / ((lags[:, :1] + least) * shape))


def first_peak(correlation: Array, low: int) -> tuple[Array, Array]:
    """The first peak from index `low` that reaches three quarters of the highest: its lag (index + 1) and height.

    Each lag counts half for its neighbours, since a period is not a whole number of lags. The height is 0 if the
    correlation is highest at the last lag: the period is longer.
    """
    around = padded(correlation, 1, 1)
    wide = (around[:, :-2] + around[:, 2:]) / 2 + correlation
    a, b, c = wide[:, low:-2], wide[:, low + 1 : -1], wide[:, low + 2 :]
    dip = np.minimum.accumulate(wide, axis=1)[:, low:-2]  # slow waves fall from lag 0 with bumps: no peak before a dip
    height = np.where((b > a) & (b >= c) & (dip < DIP * b), b, 0)
    highest = height.max(axis=1)
    best = np.argmax(height >= NEARLY * highest[:, None], axis=1)
    a, b, c = (np.take_along_axis(v, best[:, None], 1)[:, 0] for v in (a, b, c))
    shift = vertex(a, b, c)
    place = best + low + 1
    inside = highest >= INSIDE * wide[:, low:].max(axis=1)
    strength = np.take_along_axis(correlation, place[:, None], 1)[:, 0]
    strength = np.maximum(strength, np.minimum(b, np.take_along_axis(wide, place[:, None], 1)[:, 0]) / 2)
    return place + 1 + shift, np.where(inside & (highest > 0), strength, 0)
