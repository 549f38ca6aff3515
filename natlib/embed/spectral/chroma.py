"""Pitch classes, for S, and the tuning, from the partials of a long window."""

from __future__ import annotations

import math

import numpy as np

from .numerics import Array, Frames, exact, vertex
from .spectrum import Spectrum
from .thresholds import AGREE, PARTIAL


class Chroma:
    """What the partials from 40 to 2000 Hz say about the notes."""

    def __init__(self, long: Spectrum):
        low, high = math.ceil(40 / long.bin), math.floor(2000 / long.bin)
        self.partials = low, high
        self.lowest_class = math.ceil(100 / long.bin) - low
        fine = np.arange(16 * (low - 1), 16 * (high + 2)) * long.bin / 16
        self.semitone = exact(12 * np.log2(fine / 440) + 69)  # MIDI note of each sixteenth of a bin
        turns = 2 * np.pi * np.rint(16 * self.semitone) / 16
        self.turn = np.rint(1024 * np.exp(1j * turns))  # its place between two notes, tuned to A4 = 440 Hz

    def __call__(self, magnitude: Array) -> Frames:
        """From the magnitudes, (frames, bins).

        chroma: shares of the pitch classes, C first, from 100 Hz up, in thousandths, (frames, 12). turn: the sum of the
        partials' places between two notes, (frames, 2), and of their strengths.
        """
        low, high = self.partials
        a, b, c = (magnitude[:, low + i : high + i] for i in (-1, 0, 1))
        side = magnitude[:, low - 3 : high - 3] + magnitude[:, low + 3 : high + 3]
        peak = (b > a) & (b >= c) & (b > PARTIAL * side)
        row, column = np.nonzero(peak)
        a, b, c = a[row, column], b[row, column], c[row, column]
        shift = vertex(a, b, c)
        sixteenth = np.rint(16 * (column + 1 + shift)).astype(np.int64)
        note = self.semitone[sixteenth]
        lower = np.floor(note)
        share = np.clip(2 * (note - lower) - 0.5, 0, 1)  # of the upper class: a note a quarter tone off is in both
        strength = np.where(column >= self.lowest_class, np.rint(2**20 * np.sqrt(b)), 0)
        index = 12 * row + lower.astype(np.int64) % 12
        above = 12 * row + (lower.astype(np.int64) + 1) % 12
        rows = len(magnitude)
        sums = np.bincount(index, strength * (1 - share), 12 * rows) + np.bincount(above, strength * share, 12 * rows)
        table = sums.reshape(-1, 12)
        turn = self.turn[sixteenth]
        turns = [np.bincount(row, strength * part, rows) for part in (turn.real, turn.imag, 1024)]

        return {
            "chroma": np.rint(1000 * table / (np.add.reduce(table, axis=1)[:, None] + 1000)),
            "turn": np.rint(np.stack(turns, axis=1) / 2**10),
        }


def tuning(turn: Array) -> Array:
    """How many cents the partials lie above notes tuned to A4 = 440 Hz: their mean direction between two notes.

    From sums of `turn`, (frames, 3). NaN where the partials do not agree.
    """
    x, y, strength = turn.T
    agree = (strength > 0) & (x * x + y * y > strength * strength / AGREE)
    angle = np.array([math.atan2(*pair) for pair in zip(y.tolist(), x.tolist(), strict=True)])
    return np.where(agree, 50 / math.pi * angle, np.nan)
