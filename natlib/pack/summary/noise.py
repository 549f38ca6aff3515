"""Noise, described: how its spectrum falls, where it resonates, how it swells, in which regions, together or apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...wire import Head
from ..groups import Groups
from ..measures import Table, rounded
from ..thresholds import BUMP, NOISY_PERCENT, PITCHED, TOGETHER, WAVES, WAVING
from .collector import Block, Collector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array

STEP = 0.25  # seconds, about, of a level
LOWS, HIGHS = 400.0, 2500.0  # Hz: below, between, from there on
FEWEST = 4  # bands that can have a slope
LONGEST = 60  # seconds of which swells are looked for: what swells does so within a minute
FAINT = 40.0  # dB below the loudest band: not heard beside it


class Noise(Collector):
    """{"noise": {"slope", "resonances", "swells", "together"}} of what is mostly noise."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        super().__init__(table, rate)
        self.middles = np.array(table.middles)
        self.sum = np.zeros(len(table.middles))  # of powers
        self.tonality, self.known, self.voiced = 0.0, 0, 0  # of frames
        self.size = max(1, round(STEP * rate))  # frames
        self.levels: list[Array] = []  # powers of lows, mids, highs, by STEP
        self._groups = Groups(self.size, 3)

    def take(self, block: Block) -> None:
        import numpy as np

        if not len(self.middles) or not len(block.rows):
            return
        powers = self.table.powers(block.rows)
        self.sum += powers.sum(axis=0)
        tonality = self.table.column(block.rows, "tonality")
        known = ~np.isnan(tonality)
        self.tonality += float(tonality[known].sum())
        self.known += int(known.sum())
        self.voiced += int((block.voiced == block.voiced).sum())
        if len(self.levels) * self.size >= LONGEST * self.rate:
            return
        places = [self.middles < LOWS, (self.middles >= LOWS) & (self.middles < HIGHS), self.middles >= HIGHS]
        regions = np.stack([powers[:, place].sum(axis=1) for place in places], axis=1)
        self.levels += list(self._groups(regions).mean(axis=1))

    def result(self) -> Head:
        import numpy as np

        tonal = not self.known or 100 * self.tonality / self.known >= NOISY_PERCENT
        if tonal or 100 * self.voiced >= PITCHED * self.frames:
            return {}
        told: Head = {}
        there = self.sum > self.sum.max(initial=0) * 10 ** (-FAINT / 10)
        if there.sum() >= FEWEST:
            octaves = np.log2(self.middles[there])
            density = 10 * np.log10(self.sum[there] / self.middles[there])  # a Hz: white noise is flat
            slope, start = np.polyfit(octaves, density, 1)
            told["slope"] = round(float(slope))
            above = density - (slope * octaves + start)
            bumps = [i for i in range(1, len(above) - 1) if above[i] >= BUMP and above[i] == above[i - 1 : i + 2].max()]
            if bumps:
                told["resonances"] = [rounded(float(2 ** octaves[i])) for i in bumps]
        told |= self._swells()
        return {"noise": told} if told else {}

    def _swells(self) -> Head:
        """How often a second, and by how many dB, lows, mids and highs swell, if they do so again and again."""
        import numpy as np

        if len(self.levels) * STEP < 4 / WAVES[1]:
            return {}
        levels = 10 * np.log10(np.maximum(np.array(self.levels), 1e-12))
        levels = levels[:, levels.max(axis=0) > levels.max() - FAINT]
        found = [swell(column - column.mean(), self.size / self.rate) for column in levels.T]
        told: Head = {"swells": found} if any(found) and len(found) == 3 else {}
        if len(found) == 3 and levels[:, 0].std() > 1 and levels[:, 2].std() > 1:
            both = float(np.corrcoef(levels[:, 0], levels[:, 2])[0, 1])
            if both >= TOGETHER[1] or both <= TOGETHER[0]:
                told["together"] = bool(both >= TOGETHER[1])
        return told


def swell(level: NDArray[np.float64], step: float) -> list[float] | None:
    """[times a second, dB] of a level that swells again and again, by its autocorrelation; None if it does not."""
    import numpy as np

    depth, least = float(2 * level.std()), WAVING[0]
    if depth < least:
        return None
    size = len(level)
    lags = np.correlate(level, level, "full")[size - 1 :] / np.arange(size, 0, -1)
    lags = lags / max(lags[0], 1e-9)
    first, last = math.ceil(1 / (WAVES[1] * step)), min(int(1 / (WAVES[0] * step)), size // 3)
    tops = [i for i in range(max(2, first), last) if lags[i] >= WAVING[1] and lags[i] == lags[i - 2 : i + 3].max()]
    return [round(1 / (tops[0] * step), 2), round(depth)] if tops else None
