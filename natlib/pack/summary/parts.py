"""Parts of an item that are nothing like each other: a hiss and then a guitar. No line may give their mean."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

from ...stats import percent
from ...wire import Head
from ..measures import Table, rounded
from ..segments import Segments, units
from ..thresholds import BRIEF, LEVEL_WEIGHT, MAINLY, OTHER, OTHER_LEVEL, SILENT, SPREADS, UNLIKE
from .collector import Block, Collector
from .swell import LENGTH

if TYPE_CHECKING:
    from ..measures import Array

MOST = 8  # parts that are told: more would be a change that comes and goes
CANDIDATES = 4 * MOST  # parts from which they are chosen
NAMES = ("level", "centroid", "tonality")  # by which parts are told apart
TOLD = (*NAMES, "periodicity")


class Parts(Collector):
    """{"parts": [{"t", "end", "level", "centroid", "tonality"}, …]} if there is more than one."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.length = max(1, round(LENGTH * rate))
        self.values = [array("f") for _ in TOLD]  # of each frame
        self.possible = all(name in table.index for name in NAMES)

    def take(self, block: Block) -> None:
        for values, name in zip(self.values, TOLD, strict=True):
            values.frombytes(self.table.column(block.rows, name).astype("f4").tobytes())

    def result(self) -> Head:
        import numpy as np

        if not self.possible or self.frames < 4 * self.length:
            return {}
        means = self._means()
        still = ~(means[:, 0] > SILENT)
        rows = units(*means.T[: len(NAMES)]) * [LEVEL_WEIGHT, 1, 1]
        for column in rows.T[1:]:  # values that are unknown, or in silence, stay as they were
            known = np.flatnonzero(~np.isnan(column) & ~still)
            if not len(known):
                column[:] = 0
                continue
            column[:] = column[known[np.maximum(np.searchsorted(known, np.arange(len(column)), "right") - 1, 0)]]
        bounds = self._apart(rows, Segments(rows).above(OTHER, CANDIDATES))
        if not 3 <= len(bounds) <= MOST + 1:
            return {}
        told = [self._part(means, a, b) for a, b in pairwise(bounds)]
        longest = max(told, key=lambda part: part["end"] - part["t"])
        if longest["end"] - longest["t"] >= MAINLY * self.frames / self.rate and not any(
            part["level"] >= longest["level"] + OTHER_LEVEL for part in told
        ):
            return {}  # only what it begins or ends with
        return {"parts": told}

    def _apart(self, rows: Array, bounds: list[int]) -> list[int]:
        """The bounds between parts that are unlike, and not brief."""
        bounds = list(bounds)

        def apart(i: int) -> float:
            return self._distance(rows[bounds[i] : bounds[i + 1]], rows[bounds[i + 1] : bounds[i + 2]])

        distances = [apart(i) for i in range(len(bounds) - 2)]
        while distances and min(distances) < UNLIKE:
            least = distances.index(min(distances))
            del bounds[least + 1], distances[least]
            for i in (least - 1, least):
                if 0 <= i < len(distances):
                    distances[i] = apart(i)
        return bounds

    @staticmethod
    def _distance(before: Array, after: Array) -> float:
        """How unlike two neighbours are: 0 if one is brief, or either varies about as much within."""
        import numpy as np

        if min(len(before), len(after)) * LENGTH < BRIEF:
            return 0.0
        apart = float(np.sqrt(((before.mean(axis=0) - after.mean(axis=0)) ** 2).sum()))
        within = max(float(np.sqrt(part.var(axis=0).sum())) for part in (before, after))
        return apart if apart >= SPREADS * within else 0.0

    def _means(self) -> Array:
        """Level of the mean power, centroid, tonality of each half second."""
        import numpy as np

        count = -(-self.frames // self.length)
        padded = [np.pad(np.array(v, dtype=np.float64), (0, count * self.length - self.frames), constant_values=np.nan)
                  .reshape(count, -1) for v in self.values]  # fmt: skip
        with np.errstate(invalid="ignore", divide="ignore"):
            power = np.where(np.isnan(padded[0]), 0, 10 ** (padded[0] / 10))
            there = [~np.isnan(values) for values in padded]
            level = 10 * np.log10(power.sum(axis=1) / np.maximum(there[0].sum(axis=1), 1))
            others = [
                np.where(known, values * power, 0).sum(axis=1) / np.where(known, power, 0).sum(axis=1)
                for values, known in zip(padded[1:], there[1:], strict=True)
            ]
        return np.column_stack((level, *others))

    def _part(self, means: Array, a: int, b: int) -> Head:
        """What a part is like."""
        import numpy as np

        power = 10 ** (means[a:b, 0] / 10)
        part: Head = {name: round(self.start + min(i * self.length, self.frames) / self.rate, 1)
                      for name, i in (("t", a), ("end", b))}  # fmt: skip
        level = 10 * np.log10(max(float(power.mean()), 1e-12))
        part["level"] = round(level)
        if level > SILENT:
            for name, values in zip(TOLD[1:], means[a:b, 1:].T, strict=True):
                known = ~np.isnan(values)
                if known.any():
                    value = float((values * power)[known].sum() / power[known].sum())
                    part[name] = rounded(value) if name == "centroid" else percent(value)
        return part
