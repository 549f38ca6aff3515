"""Key and tuning.

Key: the correlation of the mean pitch classes with the profiles of C. Krumhansl and E. Kessler (Psychological Review
1982).
"""

from __future__ import annotations

from array import array

from ...notes import NAMES
from ...wire import Head
from ..measures import Table, present
from ..thresholds import AUDIBLE, CLASSES, FLAT, HALF, KEYED, SOUNDING, STRONG, SURE
from .collector import Block, Collector

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


class Key(Collector):
    """{"key": {"name", "confidence"}, "tuning": {"cents"}}: tuning only where there is a key."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        super().__init__(table, rate)
        self.chroma = [table.index[f"chroma_{i}"] for i in range(12) if f"chroma_{i}" in table.index]
        self.classes = np.zeros(len(self.chroma))  # how much of each pitch class
        self.tunings = array("f")  # cents

    def take(self, block: Block) -> None:
        import numpy as np

        self.tunings.extend(present(self.table.column(block.rows, "tuning").tolist()))
        if len(block.starts):
            sums = np.add.reduceat(np.nan_to_num(block.second[:, self.chroma]), block.starts, axis=0)
            levels = np.fmax.reduceat(self.table.column(block.second, "level"), block.starts)
            self.classes += sums[levels > AUDIBLE].sum(axis=0)

    def result(self) -> Head:
        import numpy as np

        classes = self.classes
        if len(classes) < 12 or classes.std() < FLAT:
            return {}
        if (classes > STRONG * classes.max()).sum() < CLASSES or classes.max() < HALF * SOUNDING * self.rate:
            return {}
        fits = sorted(
            (float(np.corrcoef(classes, np.roll(profile, tonic))[0, 1]), f"{NAMES[tonic]} {mode}")
            for mode, profile in (("major", MAJOR), ("minor", MINOR))
            for tonic in range(12)
        )
        if fits[-1][0] < KEYED:
            return {}
        confidence = round(min(1.0, 4 * (fits[-1][0] - fits[-2][0])), 2)
        key = {"name": fits[-1][1], "confidence": confidence}
        if confidence < SURE:
            return {}
        if len(self.tunings) < SOUNDING * self.rate:
            return {"key": key}
        return {"key": key, "tuning": {"cents": round(float(np.median(np.array(self.tunings))))}}
