"""The colour of the frames up to 20 dB below the loudest: of what is heard, not what lies between."""

from __future__ import annotations

import math

from ...stats import percent
from ...wire import Head
from ..measures import Table, present, rounded
from ..thresholds import FAINTEST, MOST, OFTEN
from .collector import Block, Collector
from .loudness import LEVELS, Loudness, steps
from .swell import Swell


class Colour(Collector):
    """{"centroid", "main_band", "tonality", "periodicity", "grain", "modulation", …}, as far as measured."""

    def __init__(self, table: Table, rate: float, loudness: Loudness):
        import numpy as np

        super().__init__(table, rate)
        self.loudness = loudness
        self.swell = Swell(len(table.bands), rate)
        self.names = ("tonality", "periodicity", *(table.names[i] for i in table.modulation))
        self.powers = [*table.bands, *table.fine]
        self.width = 2 + len(self.names) + len(self.powers)
        self.sums = np.zeros((LEVELS, 2 * self.width))  # by level: sums of each value, then counts

    def take(self, block: Block) -> None:
        import numpy as np

        column = self.table.column
        level = column(block.rows, "level")
        heard = level == level
        rows, level = block.rows[heard], level[heard]
        grain = np.where(np.isnan(block.voiced[heard]), column(rows, "grain"), np.nan)
        values = np.stack(
            [np.log2(np.maximum(column(rows, "centroid"), 1)), grain, *(column(rows, name) for name in self.names)]
            + [10 ** (rows[:, i] / 10) for i in self.powers],
            axis=1,
        )
        there = ~np.isnan(values)
        first = 2 + len(self.names)
        self.swell.feed(values[:, first : first + len(self.table.bands)], level)
        np.add.at(self.sums, steps(level), np.hstack((np.where(there, values, 0), there)))

    def result(self) -> Head:
        if (loudest := self.loudness.loudest()) is None:
            return {}
        return self._measured(self._means(self.loudness.first(loudest)))

    def _means(self, first: int) -> list[float]:
        """The mean of each value, over the frames with levels from `first` on; NaN for what hardly any of them has."""
        import numpy as np

        sums, counts = np.split(self.sums[first:].sum(axis=0), 2)
        with np.errstate(invalid="ignore"):
            means = np.where(counts >= OFTEN * self.loudness.counts[first:].sum(), sums / counts, np.nan)
        told: list[float] = means.tolist()
        return told

    def _measured(self, means: list[float]) -> Head:
        """The fields."""
        centroid, grain, tonality, periodicity, *rest = means
        first = len(self.names) - 2
        last = first + len(self.table.bands)
        depths, bands, fine = rest[:first], rest[first:last], rest[last:]
        colour: Head = {}
        if centroid == centroid:
            colour["centroid"] = rounded(2**centroid)
        if strong := [
            i for i, band in enumerate(bands) if band == band and band >= max(present(bands)) / 10 ** (MOST / 10)
        ]:
            colour["main_band"] = [self.table.regions[strong[0]][0], self.table.regions[strong[-1]][1]]
        if tonality == tonality:
            colour["tonality"] = percent(tonality)
        if periodicity == periodicity:
            colour["periodicity"] = percent(periodicity)
        if grain == grain:
            colour["grain"] = max(0, round(grain))
        if present(depths):
            colour["modulation"] = [round(depth) if depth == depth else 0 for depth in depths]
        if swell := self.swell.ranges():
            colour["swell"] = swell
        while fine and fine[-1] != fine[-1]:  # above the recording's own band
            fine.pop()
        if fine:
            colour["spectrum"] = [
                round(10 * math.log10(max(power, FAINTEST))) if power == power else None for power in fine
            ]
        return colour
