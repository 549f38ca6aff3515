"""What lies below or above what is measured, if most of the energy is there: infrasound, ultrasound."""

from __future__ import annotations

from array import array

from ...wire import Head
from ..measures import Table, present, rounded
from ..thresholds import ASIDE, EXTREMES, FEWEST, HALF
from .collector import Block, Collector


class Outside(Collector):
    """{"below_40_hz_percent", "above_16_khz_percent", "above_16_khz_range"} if most of the energy often lies there."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.below = self.above = 0  # frames that have most of the energy there
        self.main = array("f")  # Hz, of the strongest above 16 kHz

    def take(self, block: Block) -> None:
        column = self.table.column
        below, above = (column(block.rows, name) >= ASIDE for name in ("below_40_hz", "above_16_khz"))
        self.below += int(below.sum())
        self.above += int(above.sum())
        main = column(block.rows, "dominant_frequency")
        self.main.extend(present(main[above & (main > 1000)].tolist()))

    def result(self) -> Head:
        import numpy as np

        found: Head = {}
        if self.many(self.below, HALF):
            found["below_40_hz_percent"] = self.percent(self.below)
        if self.many(self.above, HALF):
            found["above_16_khz_percent"] = self.percent(self.above)
            if len(self.main) >= FEWEST:
                extremes = np.percentile(np.array(self.main), EXTREMES).tolist()
                found["above_16_khz_range"] = [rounded(hz) for hz in extremes]
        return found
