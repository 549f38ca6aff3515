"""Measures that all of an item's past counts for, and what they are made from. Others look back a few seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...wire import Head
from . import chroma, levels, rhythm
from .grid import Grid
from .numerics import Array, Frames
from .room import PAIRS, Room

NAMES = ("tuning", "above_background", "tempo", "tempo_clarity", "reverberation")


class Past:
    """Puts these measures into an item's rows, in order."""

    def __init__(self, grid: Grid, tempo: rhythm.Tempo, measures: list[Head]):
        names = [measure["name"] for measure in measures]
        self.places = {name: names.index(name) - len(names) for name in NAMES if name in names}  # from the end of a row
        self.tempo = tempo
        self.recent = rhythm.Recent(3 + tempo.width)
        self.background = levels.Background(grid)
        self.room = Room()
        self.width = 3 + tempo.width + 1 + PAIRS

    @staticmethod
    def numbers(frames: Frames, now: slice, decays: Array) -> Array:
        """What they are made from, (frames, width): whole numbers, and NaN for no decay."""
        return np.hstack((frames["turn"][now], frames["beats"][now], frames["loudness"][now][:, None], decays))

    def __call__(self, rows: NDArray[np.float32], numbers: Array) -> NDArray[np.float32]:
        """The next rows, with these measures wherever they are not NaN; `rows` are changed."""
        if not len(rows) or not self.places:
            return rows
        sums, loudness, decays = np.split(numbers, (3 + self.tempo.width, 4 + self.tempo.width), axis=1)
        lately = self.recent(sums)
        columns = {
            "tuning": chroma.tuning(lately[:, :3]),
            "above_background": (loudness[:, 0] - self.background(loudness[:, 0])) / 10,
            **self.tempo.measured(lately[:, 3:]),
            "reverberation": self.room(decays),
        }
        for name, place in self.places.items():
            there = ~np.isnan(rows[:, place])
            rows[there, place] = np.clip(np.rint(columns[name][there]), -32767, 32767)
        return rows
