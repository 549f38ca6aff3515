"""What lies below or above what is measured, where most of the energy is: infrasound, ultrasound."""

from __future__ import annotations

from array import array

from ...wire import Head
from ..measures import Table, present, rounded
from ..thresholds import ASIDE, EXTREMES, FEWEST, OFTEN
from .collector import Block, Collector


class Outside(Collector):
    """{"below_40_hz": {"percent"}, "above_16_khz": {"percent", "low", "high"}} where energy lies there, in Hz."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.below = self.above = 0  # frames that have most of it there
        self.main = array("f")  # Hz, of the strongest, above

    def take(self, block: Block) -> None:
        column = self.table.column
        below, above = (column(block.rows, name) >= ASIDE for name in ("below", "above"))
        self.below += int(below.sum())
        self.above += int(above.sum())
        main = column(block.rows, "main")
        self.main.extend(present(main[above & (main > 1000)].tolist()))

    def result(self) -> Head:
        import numpy as np

        found: Head = {}
        if self.many(self.below, OFTEN):
            found["below_40_hz"] = {"percent": self.percent(self.below)}
        if self.many(self.above, OFTEN):
            found["above_16_khz"] = {"percent": self.percent(self.above)}
            if len(self.main) >= FEWEST:
                low, high = map(rounded, np.percentile(np.array(self.main), EXTREMES).tolist())
                found["above_16_khz"] |= {"low": low, "high": high}
        return found
