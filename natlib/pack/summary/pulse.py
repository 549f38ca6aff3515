"""A regular pulse of the whole, or that there is none though there could be one."""

from __future__ import annotations

from array import array

from ...wire import Head
from ..measures import Table, even, present
from ..thresholds import PULSING, RARELY, REGULAR, SWELLS
from .collector import Block, Collector
from .modulation import Modulation
from .sounds import Sounds
from .swell import LENGTH


class Pulse(Collector):
    """{"pulse": pulses a second}, or {"no_pulse": true}; {} if it was not measured, or only a part has one."""

    def __init__(self, table: Table, rate: float, sounds: Sounds, modulation: Modulation):
        super().__init__(table, rate)
        self.sounds, self.modulation = sounds, modulation
        self.pulses = array("f")  # pulses a second, if they are regular

    def take(self, block: Block) -> None:
        column = self.table.column
        regular = column(block.rows, "pulse_clarity") >= REGULAR
        self.pulses.extend(present(column(block.rows, "pulse")[regular].tolist()))

    def result(self) -> Head:
        import numpy as np

        if self.pulses and len(self.pulses) >= PULSING * self.frames:
            return {"pulse": round(float(np.median(np.array(self.pulses))), 1)}
        return {"no_pulse": True} if self._none() else {}

    def _none(self) -> bool:
        """Was no regular pulse found, though one could have been?"""
        measured = {"pulse", "am_rate"} <= self.table.index.keys()
        few = max(1, RARELY * self.frames)
        if not measured or self.frames < SWELLS * LENGTH * self.rate or len(self.pulses) > few:
            return False
        sounds = self.sounds.fields()
        regular = "tatum" in sounds or ("ioi" in sounds and even(sounds))
        return not regular and len(self.modulation.found) <= few
