"""When nothing can be heard."""

from __future__ import annotations

from ...wire import Head
from ..measures import Table
from ..thresholds import SILENCE, SILENT
from .collector import Block, Collector

MOST = 100  # times that are kept


class Silence(Collector):
    """{"silence": [[from, to], …]} in seconds, if a second or longer, or all of the item."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.times: list[list[int]] = []  # frames, from and to
        self.begun: int | None = None

    def take(self, block: Block) -> None:
        import numpy as np

        still = self.table.column(block.rows, "level") <= SILENT
        edges = np.flatnonzero(np.diff(np.concatenate(([self.begun is not None], still)).astype(np.int8)))
        for place in edges.tolist():
            frame = self.frames + place
            if self.begun is None:
                self.begun = frame
            else:
                self._end(frame)

    def _end(self, frame: int) -> None:
        if self.begun is not None and frame - self.begun >= SILENCE * self.rate and len(self.times) < MOST:
            self.times.append([self.begun, frame])
        self.begun = None

    def result(self) -> Head:
        times = list(self.times)
        if self.begun is not None and (self.begun == 0 or self.frames - self.begun >= SILENCE * self.rate):
            times.append([self.begun, self.frames])
        if not times:
            return {}
        return {"silence": [[round(self.start + frame / self.rate, 2) for frame in span] for span in times]}
