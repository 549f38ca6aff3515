"""Modulations of the whole: of the level, unless they are a pitch's own beating, and of the pitch."""

from __future__ import annotations

from ...wire import Head
from ..measures import Table
from ..thresholds import EXTREMES, FASTER, FEWEST, OFTEN, OWN_BEAT, OWN_RATIOS, VIBRATO
from .collector import Block, Collector


class Modulation(Collector):
    """{"am_percent", "am": [rate in Hz, depth in dB], "am_range"}: the range only if rates differ."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.found: list[tuple[float, float]] = []  # rate in Hz and depth in dB

    def take(self, block: Block) -> None:
        import numpy as np

        rate, depth, pitch = (self.table.column(block.rows, name) for name in ("am_rate", "am_depth", "pitch"))
        with np.errstate(invalid="ignore", divide="ignore"):
            order = pitch / rate
            own = (order < OWN_RATIOS) & (np.abs(order - np.rint(order)) < OWN_BEAT)
        self.found += np.stack((rate, depth), 1)[(rate > 0) & (depth > 0) & ~own].tolist()

    def result(self) -> Head:
        import numpy as np

        if not self.many(len(self.found), OFTEN):
            return {}
        rate, depth = np.median(np.array(self.found), axis=0).tolist()
        slow, fast = np.percentile(np.array(self.found)[:, 0], EXTREMES).tolist()
        fields: Head = {"am_percent": self.percent(len(self.found)), "am": [round(rate, 1), round(depth)]}
        return fields | ({"am_range": [round(slow), round(fast)]} if fast > FASTER * slow else {})


class Vibrato(Collector):
    """{"vibrato": [rate in Hz, extent in cents]} if enough of what has a pitch has one."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.pitched = 0  # frames
        self.found: list[tuple[float, float]] = []

    def take(self, block: Block) -> None:
        import numpy as np

        pairs = np.stack([self.table.column(block.rows, f"vibrato_{name}") for name in ("rate", "extent")], 1)
        self.pitched += int((block.voiced == block.voiced).sum())
        self.found += pairs[~np.isnan(pairs[:, 0] * pairs[:, 1])].tolist()

    def result(self) -> Head:
        import numpy as np

        if len(self.found) < max(FEWEST, VIBRATO * self.pitched):
            return {}
        rate, extent = np.median(np.array(self.found), axis=0).tolist()
        return {"vibrato": [round(rate, 1), round(extent)]}
