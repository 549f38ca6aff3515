"""Hum of the mains: a tone that is locked to 50 or 60 Hz, as no other tone is for long."""

from __future__ import annotations

from ...wire import Head
from ..measures import Table
from ..thresholds import LOCKED, OFTEN
from .collector import Block, Collector

MAINS = 50, 60  # Hz
ORDERS = 1, 2  # of the mains: what transformers and rectifiers hum has twice its frequency
LEAST = 2.0  # seconds


class Mains(Collector):
    """{"mains": {"frequency": 50 or 60, "percent": of the time}}."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.counts = dict.fromkeys(MAINS, 0)

    def take(self, block: Block) -> None:
        import numpy as np

        pitch = self.table.column(block.rows, "pitch")
        for hz in MAINS:
            locked = [np.abs(pitch - order * hz) <= LOCKED * order for order in ORDERS]
            self.counts[hz] += int(np.logical_or(*locked).sum())

    def result(self) -> Head:
        hz = max(MAINS, key=self.counts.__getitem__)
        count = self.counts[hz]
        if count < LEAST * self.rate or not self.many(count, OFTEN):
            return {}
        return {"mains": {"frequency": hz, "percent": self.percent(count)}}
