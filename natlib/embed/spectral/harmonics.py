"""The balance of the harmonics: what tells one instrument from another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..measures import HARMONICS
from .grid import Grid
from .numerics import Array, Frames, decibels, hundredths
from .spectrum import Spectrum
from .thresholds import SWINGING


class Harmonics:
    """The first eight harmonics of a pitch, in the first `end` bins of long spectra."""

    def __init__(self, long: Spectrum, end: int):
        self.bin, self.end = long.bin, end
        orders = np.log2(np.arange(1, HARMONICS + 1))
        self.better = np.rint(1000 * math.log10(2) * 2 * orders)  # the higher its order, the better its place is known
        self.slopes = np.zeros((HARMONICS + 1, HARMONICS))  # for the slope of a line through the first n harmonics
        for n in range(3, HARMONICS + 1):
            x = orders[:n] - orders[:n].mean()
            self.slopes[n, :n] = np.rint(1024 * x / (x * x).sum())

    def __call__(self, magnitude: Array, pitch: Array) -> Frames:
        """For the first eight harmonics: how many fit below 5 kHz, levels, tilt by octave, odd (3, 5, 7) against even.

        And which partial best shows, in a short window, how the pitch moves: a strong and high one (none: 0).
        """
        place = np.outer(pitch / self.bin, np.arange(1, HARMONICS + 1))
        index = np.clip(np.rint(place).astype(np.int64), 1, self.end - 2)
        row = np.arange(len(pitch))[:, None]
        power = sum(magnitude[row, index + i] * magnitude[row, index + i] for i in (-1, 0, 1))
        count = np.add.reduce(place < self.end - 2, axis=1) * (pitch > 0)
        level = hundredths(power + 1e-13)
        sure = np.where(
            (place < min(self.end - 2, 4000 / self.bin)) & (pitch > SWINGING)[:, None], level + self.better, -np.inf
        )
        odd, even = (power[:, i] + power[:, i + 2] + power[:, i + 4] + 1e-13 for i in (2, 1))
        slopes = self.slopes[count.astype(np.int64)]
        return {
            "fit": count.astype(np.float64),
            "harmonics": level,
            "partial": np.where(pitch > SWINGING, sure.argmax(axis=1) + 1.0, 0),
            "tilt": np.add.reduce(level * slopes, axis=1),
            "odd_even": hundredths(odd) - hundredths(even),
        }


def measured(frames: Frames, grid: Grid, count: int, told: NDArray[np.bool_]) -> Frames:
    """harmonicity, odd_even, tilt, and each harmonic's level, of frames whose pitch is reported (`told`)."""
    now = grid.now(count)
    fit, there = frames["fit"][now], told[now]
    r = np.clip(frames["salience"][now], 1, 999) / 1000
    harmonics = frames["harmonics"][now] - frames["regions"][now, :1]
    heard = there[:, None] & (np.arange(HARMONICS) < fit[:, None])
    harmonics = np.where(heard, np.maximum(harmonics, -9999), np.nan)
    return {
        "harmonicity": np.where(there, 10 * decibels(r / (1 - r)), np.nan),
        "odd_even": np.where(fit >= 7, frames["odd_even"][now] / 10, np.nan),
        "tilt": np.where(fit >= 3, frames["tilt"][now] / 1024 / 10, np.nan),
        **{f"harmonic_{i + 1}": harmonics[:, i] / 10 for i in range(HARMONICS)},
    }
