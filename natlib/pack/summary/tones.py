"""What has tones, but no clear pitch: a fundamental in short windows; one tone at a time, or several."""

from __future__ import annotations

from array import array

from ...wire import Head
from ..measures import Table
from ..thresholds import CLEAR, MIXED, OFTEN, QUARTERS, TONAL
from .collector import Block, Collector


class Fundamental(Collector):
    """{"f0_percent", "f0_median", "f0_quartiles"} if there is one, but no clear pitch."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.found = array("f")  # Hz

    def take(self, block: Block) -> None:
        import numpy as np

        hz = self.table.column(block.rows, "f0")
        self.found.extend(hz[(hz >= 1) & np.isnan(block.voiced)].tolist())

    def result(self) -> Head:
        import numpy as np

        if not self.many(len(self.found), OFTEN):
            return {}
        steps = [QUARTERS[0], 50, QUARTERS[1]]
        low, middle, high = np.rint(np.percentile(np.array(self.found), steps)).astype(int).tolist()
        return {"f0_percent": self.percent(len(self.found)), "f0_median": middle, "f0_quartiles": [low, high]}


class Polyphony(Collector):
    """{"polyphony": {"one", "several"}}: per cent of the tonal frames that have one tone, or several."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.tonal = self.one = self.several = 0  # frames

    def take(self, block: Block) -> None:
        tonal = self.table.column(block.rows, "tonality") >= TONAL
        self.tonal += int(tonal.sum())
        if self.table.notes:
            count = self.table.column(block.rows, "polyphony")
            one, several = count == 1, count > 1
        else:  # a stream that does not tell which notes sound
            clear = self.table.column(block.rows, "harmonicity")
            one, several = clear >= CLEAR, ~(clear >= MIXED)
        self.one += int((tonal & one).sum())
        self.several += int((tonal & several).sum())

    def result(self) -> Head:
        if not self.many(self.tonal, OFTEN):
            return {}
        one, several = (round(100 * count / self.tonal) for count in (self.one, self.several))
        return {"polyphony": {"one": one, "several": several}}
