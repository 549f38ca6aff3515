"""Trains of pulses: from when to when, how many a second, and how many in the end: something that runs down, or up."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from ...wire import Head
from ..measures import Table
from ..thresholds import BROKEN_TRAIN, CHANCE_TRAIN, FEWEST_PULSES, REGULAR, SHORTEST_TRAIN, STEADY_TRAIN
from .collector import Block, Collector

MOST = 4  # trains that are told, the longest
ENDS = 5  # a fifth of a train at either end, whose median is its rate there


class Train(NamedTuple):
    """Frames, and pulses a second in each of them."""

    frames: array[int]
    rates: array[float]

    @classmethod
    def new(cls) -> Train:
        """One of nothing yet."""
        return cls(array("l"), array("f"))


class Trains(Collector):
    """{"trains": [{"t", "end", "rate": [Hz at first, Hz in the end]}, …]}."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.current = Train.new()
        self.ended: list[Train] = []

    def take(self, block: Block) -> None:
        import numpy as np

        column = self.table.column
        modulated = column(block.rows, "am_rate")
        regular = np.where(column(block.rows, "pulse_clarity") >= REGULAR, column(block.rows, "pulse"), np.nan)
        rates = np.where(modulated > 0, modulated, regular)
        for place in np.flatnonzero(rates > 0).tolist():
            self._add(self.frames + place, float(rates[place]))

    def _add(self, frame: int, rate: float) -> None:
        frames, rates = self.current
        if frames:
            near = frame - frames[-1] <= BROKEN_TRAIN * self.rate
            if not (near and abs(rate / rates[-1] - 1) <= STEADY_TRAIN):
                self._end()
                frames, rates = self.current
        frames.append(frame)
        rates.append(rate)

    def _end(self) -> None:
        if self._sure(self.current):
            self.ended = sorted([*self.ended, self.current], key=lambda train: -len(train.frames))[:MOST]
        self.current = Train.new()

    def _sure(self, train: Train) -> bool:
        """Is it long enough, and not only every now and then?"""
        if not train.frames:
            return False
        seconds = (train.frames[-1] - train.frames[0] + 1) / self.rate
        pulses = seconds * sum(train.rates) / len(train.rates)
        there = len(train.frames) / (seconds * self.rate)
        return seconds >= SHORTEST_TRAIN and pulses >= FEWEST_PULSES and there >= CHANCE_TRAIN

    def result(self) -> Head:
        import numpy as np

        trains = [*self.ended, *([self.current] if self._sure(self.current) else [])]
        longest = sorted(trains, key=lambda train: -len(train.frames))[:MOST]
        told = []
        for frames, rates in sorted(longest, key=lambda train: train.frames[0]):
            end = max(1, len(rates) // ENDS)
            first, last = (round(float(np.median(some)), 1) for some in (rates[:end], rates[-end:]))
            times = (round(self.start + frame / self.rate, 1) for frame in (frames[0], frames[-1] + 1))
            told.append(dict(zip(("t", "end"), times, strict=True)) | {"rate": [first, last]})
        return {"trains": told} if told else {}
