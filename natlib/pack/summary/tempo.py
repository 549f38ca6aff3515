"""Tempo: the frequency at which the attacks line up best, by the Fourier transform of their times.

After P. Grosche and M. Mueller, "Extracting predominant local pulse information from music recordings", IEEE TASLP
2011. The attacks must line up better than as many at random would.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

from ...wire import Head
from ..measures import Table
from ..thresholds import ATTACK, BEATING, BEATS, CHANCE, IN_WINDOW
from .collector import Block, Collector

if TYPE_CHECKING:
    from ..measures import Array

TEMPI = (50.0, 200.0)  # beats a minute
WINDOW = 12.0  # seconds over which attacks must line up
STRONGEST = 30.0  # dB: a stronger attack counts no more
TAPPED = (120, 0.9)  # beats a minute that people tap most; octaves by which they differ


class Tempo(Collector):
    """{"tempo": {"bpm", "confidence", "alternative_bpm"}}; the last is the octave that could be meant as well."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.times = array("d")  # of attacks, in seconds
        self.strengths = array("d")  # dB

    def take(self, block: Block) -> None:
        import numpy as np

        attack = self.table.column(block.rows, "onset_strength")
        hits = np.flatnonzero(attack >= ATTACK)
        late = np.nan_to_num(self.table.column(block.rows, "onset_time")[hits]) / 1000
        self.times.extend(((self.frames + hits) / self.rate + late).tolist())
        self.strengths.extend(np.minimum(attack[hits], STRONGEST).tolist())

    def result(self) -> Head:
        import numpy as np

        if len(self.times) < BEATS:
            return {}
        grid = np.exp(np.arange(math.log(TEMPI[0]), math.log(2 * TEMPI[1]), 0.002))  # beats a minute, 0.2 % apart
        times = np.array(self.times)
        score, windows = aligned(times, np.array(self.strengths), grid)
        if not windows:
            return {}
        score /= windows
        prior = np.exp(-0.5 * (np.log2(grid / TAPPED[0]) / TAPPED[1]) ** 2)
        best = int(np.argmax(np.where(grid <= TEMPI[1], score * prior, 0)))
        apart = max(1.0, (int(times[-1] // (WINDOW / 2)) + 1) / 2)  # windows that do not overlap
        chance = (CHANCE[0] + CHANCE[1] / math.sqrt(apart)) / math.sqrt(len(times) / apart)
        if score[best] < max(BEATING, chance):
            return {}
        bpm = float(grid[best])
        octaves = [(float(score[np.argmin(abs(grid - other))]), other) for other in (bpm / 2, 2 * bpm)]
        confidence = round(float(score[best]), 2)
        return {"tempo": {"bpm": round(bpm, 1), "confidence": confidence, "alternative_bpm": round(max(octaves)[1], 1)}}


def aligned(times: Array, weights: Array, grid: Array) -> tuple[Array, int]:
    """How well attacks line up at each tempo of `grid`: the sum over windows, 0 to 1 each, and their number."""
    import numpy as np

    half = WINDOW / 2  # a window is two halves, so that each is computed once
    phase = (2 * np.pi / 60 * grid).astype(np.float32)
    turn = np.exp(1j * half * phase)
    score, windows = np.zeros(len(grid)), 0
    last, sum_before, weight_before, count_before = int(times[-1] // half), np.zeros(len(grid), complex), 0.0, 0
    for i in range(last + 1):
        inside = slice(*np.searchsorted(times, (i * half, (i + 1) * half)))
        angle = np.outer(phase, (times[inside] - i * half).astype(np.float32))
        weight = weights[inside]
        sums, total, count = np.cos(angle) @ weight + 1j * (np.sin(angle) @ weight), weight.sum(), len(weight)
        if count_before + count >= IN_WINDOW and (i or not last):
            score += np.abs(sum_before + turn * sums) / (weight_before + total)
            windows += 1
        sum_before, weight_before, count_before = sums, total, count
    return score, windows
