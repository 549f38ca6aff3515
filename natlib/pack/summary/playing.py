"""How notes are played, by register: how they begin, how they go on, in which room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...wire import Head
from ..measures import Table
from ..thresholds import DISTORTED, MIDDLE, PLAYED, ROOM
from .collector import Block, Collector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REGISTERS = {  # MIDI notes, each up to the next one
    "low_register": (0, MIDDLE[0]),
    "mid_register": MIDDLE,
    "high_register": (MIDDLE[1], 128),
}
KINDS = ("attack", "slope", "onset")
ATTACKS, ATTACK_STEP = 60, 10  # of a histogram: how many, ms each
SLOPES, FASTEST = 161, -120  # how many, 1 dB/s each, and the first one


class Playing(Collector):
    """{"playing": {"low_register": {"count", "attack_time", "decay"}, …, "distortion", "reverberation"}}."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        super().__init__(table, rate)
        count = len(table.notes)
        self.columns = {kind: [table.index.get(f"note_{kind}_{i}", -1) for i in range(count)] for kind in KINDS}
        self.there = bool(count) and all(min(columns) >= 0 for columns in self.columns.values())
        self.attacks = {name: np.zeros(ATTACKS, np.int64) for name in REGISTERS}
        self.slopes = {name: np.zeros(SLOPES, np.int64) for name in REGISTERS}
        self.distortion, self.room = np.zeros(101, np.int64), np.zeros(101, np.int64)

    def take(self, block: Block) -> None:
        import numpy as np

        if not self.there or not len(block.rows):
            return
        rows = block.rows
        notes = rows[:, self.table.notes]
        attack, slope, onset = (rows[:, self.columns[kind]] for kind in KINDS)
        for name, (low, high) in REGISTERS.items():
            own = (notes >= low) & (notes < high)
            begun = own & ~np.isnan(onset)
            self.attacks[name] += histogram(attack[begun], 0, ATTACK_STEP, ATTACKS)
            self.slopes[name] += histogram(slope[own & np.isnan(onset)], FASTEST, 1, SLOPES)
        tonal = (notes >= 0).any(axis=1)
        self.distortion += histogram(self.table.column(rows, "distortion")[tonal], 0, 0.01, 101)
        self.room += histogram(self.table.column(rows, "reverberation"), 0, 0.1, 101)

    def result(self) -> Head:
        told: Head = {}
        for name in REGISTERS:
            begun, held = int(self.attacks[name].sum()), int(self.slopes[name].sum())
            if begun >= PLAYED and held >= PLAYED:
                told[name] = {
                    "count": begun,
                    "attack_time": round(median(self.attacks[name]) * ATTACK_STEP),
                    "decay": -round(median(self.slopes[name]) + FASTEST),
                }
        if not told:
            return {}
        if self.distortion.sum() and (share := median(self.distortion) / 100) >= DISTORTED:
            told["distortion"] = round(share, 2)
        if self.room.sum() >= ROOM:
            told["reverberation"] = round(median(self.room) / 10, 1)
        return {"playing": told}


def histogram(values: NDArray[np.float64], low: float, step: float, count: int) -> NDArray[np.int64]:
    """How many values lie at each step; those beyond the ends at the ends."""
    import numpy as np

    known = values[~np.isnan(values)]
    return np.bincount(np.clip(np.rint((known - low) / step), 0, count - 1).astype(np.int64), minlength=count)


def median(counts: NDArray[np.int64]) -> int:
    """The step at which half of them lie."""
    import numpy as np

    return int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
