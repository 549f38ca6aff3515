"""Narrow peaks: where they are when there is no pitch, and those that last."""

from __future__ import annotations

from array import array

from ...wire import Head
from ..measures import Table, rounded
from ..thresholds import APART, EXTREMES, LASTS, OFTEN
from .collector import Block, Collector

STEPS = 36  # an octave: sixths of a tone
LOWEST = 20  # Hz
LINES = 10 * STEPS  # up to 20 kHz
MOST_LINES = 6


class Peak(Collector):
    """{"peak_percent", "peak_range"} of the strongest narrow peak, when there is no pitch."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.peaks = array("f")  # Hz, if there is one and no pitch

    def take(self, block: Block) -> None:
        peak, pitch = (self.table.column(block.rows, name) for name in ("peak_0", "pitch"))
        self.peaks.extend(peak[(peak >= 1) & ~(pitch > 0)].tolist())

    def result(self) -> Head:
        import numpy as np

        if not self.many(len(self.peaks), OFTEN):
            return {}
        extremes = np.percentile(np.array(self.peaks), EXTREMES).tolist()
        return {"peak_percent": self.percent(len(self.peaks)), "peak_range": [rounded(hz) for hz in extremes]}


class Lines(Collector):
    """{"spectral_lines": [[Hz, per cent of the time], …]} of narrow peaks that last, the lowest first."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.counts = [0] * LINES  # narrow peaks, by sixths of a tone above 20 Hz

    def take(self, block: Block) -> None:
        import numpy as np

        names = self.table.peaks or ["peak_0"]
        hz = np.stack([self.table.column(block.rows, name) for name in names], 1)
        place = np.rint(STEPS * np.log2(np.where(hz >= LOWEST, hz, LOWEST) / LOWEST)).astype(int)
        for number, count in zip(*np.unique(place[(hz >= LOWEST) & (place < LINES)], return_counts=True), strict=True):
            self.counts[number] += int(count)

    def result(self) -> Head:
        counts = self.counts
        found = [
            (near, i)
            for i, count in enumerate(counts)
            if count
            and self.many(near := sum(counts[max(0, i - 1) : i + 2]), LASTS)
            and count == max(counts[max(0, i - 2) : i + 3])
        ]
        kept: list[tuple[int, int]] = []
        for count, i in sorted(found, reverse=True):
            if len(kept) < MOST_LINES and all(abs(i - other) > APART for _, other in kept):
                kept.append((count, i))
        lines = [
            [rounded(LOWEST * 2 ** (i / STEPS)), min(100, self.percent(count))]
            for count, i in sorted(kept, key=lambda pair: pair[1])
        ]
        return {"spectral_lines": lines} if lines else {}
