"""Pulse and tempo: how onsets repeat."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np

from .grid import Grid
from .numerics import Array, Frames, exact, first_peak, vertex, windows
from .thresholds import BEAT, BEATS, PULSE, STROKES, TRUST

LAG = Fraction(1)  # seconds: the slowest pulse
TEMPO = Fraction(2)  # seconds: the slowest beat


class OnsetLags:
    """Compares onsets with earlier ones, lag by lag, up to a second."""

    def __init__(self, grid: Grid):
        self.grid = grid
        self.lags = round(LAG * grid.rate)
        self._onset, self._inside = np.zeros((2, self.lags))  # of the last second

    def sums(self, part: Frames) -> Array:
        """Sums over each frame's short windows, (frames, 6, lags), for the correlation."""
        inside, onset = part["inside"], part["onset"] * part["inside"]
        flat = np.concatenate((self._onset, onset.ravel()))
        there = np.concatenate((self._inside, inside.ravel()))
        self._onset, self._inside = flat[-self.lags :], there[-self.lags :]
        shape = (*inside.shape, self.lags)
        x, m = onset[:, :, None], inside[:, :, None]
        y = windows(flat, self.lags)[:-1, ::-1].reshape(shape)  # lag 1, 2, …
        m = m * windows(there, self.lags)[:-1, ::-1].reshape(shape)
        x, y = x * m, y * m
        return np.stack([v.sum(axis=1) for v in (m, x, y, x * x, y * y, x * y)], axis=1)

    def correlation(self, lagged: Array, count: int) -> Frames:
        """rhythm: Pearson's correlation of the onsets around a frame with those 1, 2, … short windows before, (count,
        lags). overlap: how many pairs of short windows that is made from, weighted. Takes the sums of all near frames.
        """
        sums = self.grid.around(lagged, count).reshape(count, 6, -1)
        n, x, y, xx, yy, xy = np.moveaxis(sums, 1, 0)
        n = np.maximum(n, 1)
        spread = np.sqrt(np.maximum((xx - x * x / n) * (yy - y * y / n), 0))
        return {"rhythm": (xy - x * y / n) / (spread + n), "overlap": sums[:, 0]}


def pulse(frames: Frames, grid: Grid) -> Frames:
    """The measures pulse and pulse_clarity."""
    overlap = frames["overlap"]
    trust = overlap / (overlap + TRUST * grid.hops * grid.context.sum())  # little in a correlation of few windows
    lag, strength = first_peak(frames["rhythm"] * trust, round(grid.rate / 20) - 1)
    rate = float(grid.rate)
    strokes = (frames["stroke"] * frames["inside"]).max(axis=1)[grid.near(len(overlap))]
    highest = windows(strokes, len(grid.context)).max(axis=1)
    strength = np.where(highest >= STROKES, strength, 0)
    return {
        "pulse": np.where(strength >= PULSE, 100 * rate / lag, np.nan),
        "pulse_clarity": 100 * np.clip(strength, 0, 1),
    }


class Recent:
    """Sums over the last seconds up to each frame: a frame 64 frames ago counts for 1/e."""

    def __init__(self, width: int):
        self._sums = np.zeros(width)

    def __call__(self, sums: Array) -> Array:
        """The sums at each of the next frames, from their numbers, whole, (frames, width)."""
        result = np.empty_like(sums)
        for before, (row, now) in itertools.pairwise([(self._sums, self._sums), *zip(result, sums, strict=True)]):
            np.floor(before[0] * (63 / 64), out=row)
            row += now
        self._sums = result[-1]
        return result


class Tempo:
    """The lag at which the onsets of the last seconds repeat best.

    It prefers 120 a minute, by a bell curve of one octave (Ellis 2007, "Beat tracking by dynamic programming").
    """

    def __init__(self, grid: Grid):
        self.rate = grid.rate
        self.first = round(grid.rate * 60 / 240 / 2)  # in steps of two short windows
        last = round(TEMPO * grid.rate / 2)
        lags = 2 * np.arange(self.first, last + 1)
        octaves = np.log2(lags / float(grid.rate) * 2)
        self.preference = exact(np.exp(-0.5 * octaves * octaves))
        self.width = 3 + len(lags)  # numbers for each frame
        self._onset = np.zeros(2 * last)

    def sums(self, part: Frames) -> Array:
        """Sums over each frame, (frames, width): a count, onsets, their squares, their products with earlier ones."""
        onset = part["stroke"] * part["inside"]
        flat = np.concatenate((self._onset, onset.ravel()))
        self._onset = flat[-len(self._onset) :]
        flat = flat + np.concatenate(([0.0], flat[:-1]))
        earlier = windows(flat, len(self._onset) + 1)[:, ::-1][:, 2 * self.first :: 2]
        x = flat[len(self._onset) :]
        sums = np.hstack((np.ones((len(x), 1)), x[:, None], (x * x)[:, None], earlier * x[:, None]))
        return np.asarray(sums.reshape(*onset.shape, -1).sum(axis=1))

    def measured(self, sums: Array) -> Frames:
        """The measures tempo and tempo_clarity, from sums over the last seconds, (count, width)."""
        n, onsets, squares = sums[:, :3].T
        n = np.maximum(n, 1)
        mean = onsets / n
        variance = squares / n - mean * mean
        repeated = (sums[:, 3:] / n[:, None] - (mean * mean)[:, None]) / (variance[:, None] + 1)
        score = repeated * self.preference
        best = score[:, 1:-1].argmax(axis=1) + 1
        row = np.arange(len(sums))
        a, b, c = (score[row, best + i] for i in (-1, 0, 1))
        height = repeated[row, best]
        there = (b > a) & (b >= c) & (height >= BEAT) & (n >= BEATS * self.rate)
        lag = 2 * (best + self.first + vertex(a, b, c))
        return {
            "tempo": np.where(there, 600 * float(self.rate) / np.where(there, lag, 1), np.nan),
            "tempo_clarity": 100 * np.clip(height, 0, 1),
        }
