"""Clicks of the whole."""

from __future__ import annotations

from ...wire import Head
from ..measures import Table, present
from .collector import Block, Collector


class Clicks(Collector):
    """{"click_rate": clicks a second, to two digits}, if they were measured."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.count: int | None = None  # None: not measured

    def take(self, block: Block) -> None:
        if clicks := present(self.table.column(block.rows, "clicks").tolist()):
            self.count = (self.count or 0) + int(sum(clicks))

    def result(self) -> Head:
        if self.count is None:
            return {}
        return {"click_rate": float(f"{max(0, self.count) * self.rate / self.frames:.2g}")}
