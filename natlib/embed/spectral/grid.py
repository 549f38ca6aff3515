"""The grid of frames and short windows, and which of them a row looks at."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np

from .numerics import Array, hann, weights

CONTEXT = Fraction(96, 100)  # seconds heard before and after a frame
HOPS = 100  # short windows a second, about


class Grid:
    """Frames, `frame_rate` a second, each with `hops` short windows."""

    def __init__(self, frame_rate: Fraction):
        self.frame_rate = frame_rate
        self.hops = max(1, round(HOPS / frame_rate))
        self.rate = frame_rate * self.hops  # short windows a second
        self.ahead = round(CONTEXT * frame_rate)  # frames
        self.past = self.ahead + 1  # frames remembered
        self.group = max(1, round(Fraction(32, 100) * frame_rate))  # frames analysed at a time, at least
        size = 2 * self.ahead + 1
        self.context = weights(hann(size, 1, size + 1))
        size *= self.hops
        self.taper = weights(hann(size, 0.5))  # over the same time, a number for each short window

    def now(self, count: int, shift: int = 0) -> slice:
        """The `count` current frames, whose rows are made; or those `shift` frames later."""
        return slice(self.past + shift, self.past + count + shift)

    def near(self, count: int) -> slice:
        """The current frames, and all that are heard before and after them."""
        return slice(self.past - self.ahead, self.past + count + self.ahead)

    def around(self, values: Array, count: int) -> Array:
        """Sums over about two seconds around each of the `count` frames, Hann-weighted: (count, ...).

        `values` are whole numbers, so the product is exact in whatever order it is summed.
        """
        size = len(self.context)
        band = np.zeros((count, count + size))
        band[:, :size] = self.context
        band = band.ravel()[: count * (count + size - 1)].reshape(count, count + size - 1)
        window = values[self.near(count)]
        return np.asarray(band @ window.reshape(len(window), -1))


@lru_cache(8)
def grid(frame_rate: Fraction) -> Grid:
    """The Grid of a frame rate, made once."""
    return Grid(frame_rate)
