"""Brief tones: narrow peaks that last some hundredths of a second, as of chirps and bubbles, one after the other."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from statistics import median

from ...wire import Head
from ..inside import LOWEST
from ..measures import Table, rounded
from ..thresholds import BRIEF_RATE, BRIEF_STEP, BRIEF_TONE, FEWEST_BRIEF
from .collector import Block, Collector


class Brief(Collector):
    """{"brief_tones": {"per_second", "duration", "band", "sweep"}} where there are more of them than of longer ones."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.columns = table.families.get("brief_peak", [])
        self.seconds = 1 / (rate * max(1, len(self.columns)))  # from peak to peak
        self.most = int(BRIEF_TONE[1] / self.seconds) + 1  # peaks of a brief tone
        self.own: list[float] = []  # Hz of the tone under way, as long as it is brief, and its last one
        self.count = 0  # of its peaks
        self.lengths, self.middles, self.sweeps = array("f"), array("f"), array("f")  # s; Hz; semitones
        self.ends = array("f")  # when each ends, in frames
        self.held = 0.0  # seconds of longer tones

    def take(self, block: Block) -> None:
        for i, hz in enumerate(block.rows[:, self.columns].ravel().tolist()):
            there = hz >= LOWEST  # not NaN
            near = there and self.own and abs(math.log2(hz / self.own[-1])) < BRIEF_STEP
            if self.own and not near:
                self._end(self.frames + i / len(self.columns))
            if there:
                self.own[self.most :] = [hz]
                self.count += 1

    def _end(self, frame: float) -> None:
        own, self.own = self.own, []
        length, self.count = self.count * self.seconds, 0
        if length > BRIEF_TONE[1]:
            self.held += length
        elif length >= BRIEF_TONE[0]:
            self.ends.append(frame)
            self.lengths.append(length)
            self.middles.append(median(own))
            self.sweeps.append(12 * math.log2(max(own) / min(own)))

    def within(self, first: int, last: int, low: float, high: float) -> bool:
        """Does a brief tone end from one frame to another, the last one too, between two frequencies?"""
        near = range(bisect_left(self.ends, first), bisect_right(self.ends, last + 1))
        return any(low <= self.middles[i] <= high for i in near)

    def result(self) -> Head:
        count, seconds = len(self.lengths), self.frames / self.rate
        if count < FEWEST_BRIEF or count < BRIEF_RATE * seconds or self.held > sum(self.lengths):
            return {}
        hz = sorted(self.middles)
        band = [rounded(hz[int(share * (count - 1))]) for share in (0.1, 0.9)]
        told: Head = {"per_second": round(count / seconds, 1), "duration": round(median(self.lengths), 2), "band": band}
        return {"brief_tones": told | {"sweep": round(median(self.sweeps), 1)}}
