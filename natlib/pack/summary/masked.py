"""Attacks that rise too little above the rest to be told one by one: masked, not absent."""

from __future__ import annotations

from ...wire import Head
from ..measures import Table
from ..thresholds import ATTACK, MASKED, MASKED_OFTEN, MASKED_SHARE
from .collector import Block, Collector


class Masked(Collector):
    """{"masked_onsets": attacks a second, to two digits} if there are many beside those that stand out."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.masked = self.clear = 0

    def take(self, block: Block) -> None:
        attack = self.table.column(block.rows, "onset_strength")
        self.clear += int((attack >= ATTACK).sum())
        self.masked += int(((attack >= MASKED) & (attack < ATTACK)).sum())

    def result(self) -> Head:
        a_second = self.masked * self.rate / max(1, self.frames)
        if a_second < MASKED_OFTEN or self.masked < MASKED_SHARE * self.clear:
            return {}
        return {"masked_onsets": float(f"{a_second:.2g}")}
