"""What the bars have in common: tempo, metre, the chords that come again."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from ...network import MUSIC, ONE, Layers
from ...notes import NAMES
from ...wire import Head
from ..measures import Table
from ..music.chords import NONE, named
from ..music.leadsheet import EVIDENCE
from ..thresholds import BARRED, FAST, LOOPED, LOOPS, SAME_TEMPO, STEADY_TEMPO, TIMED
from .collector import Collector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..music.leadsheet import Bar


def confidence(name: str, evidence: Sequence[float]) -> float:
    """How likely something is right, 0 to 1, by what a small network says."""
    import numpy as np

    odds = Layers(name, MUSIC)([evidence])[0, 0] / ONE
    return round(1 / (1 + float(np.exp(-odds))), 2)


class OfBars(Collector):
    """Keeps what tells how sure bars are."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.count = self.told = 0
        self.sums = [0] * EVIDENCE

    def bar(self, bar: Bar, told: bool) -> None:
        self.count += 1
        self.told += told
        self.sums = [total + each for total, each in zip(self.sums, bar.evidence, strict=True)]

    def evidence(self, right: float) -> list[float]:
        """The means, how many bars there are, and which share of them says the same."""
        return [*(total // self.count for total in self.sums), 8 * min(self.count, 32), round(ONE * right)]


class Tempo(OfBars):
    """{"tempo": {"bpm", "confidence", "alternative_bpm"}}; the last is the level that could be meant as well."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.intervals = array("f")  # seconds from beat to beat

    def bar(self, bar: Bar, told: bool) -> None:
        super().bar(bar, told)
        self.intervals.extend(b - a for a, b in pairwise([*bar.beats, bar.end]))

    def result(self) -> Head:
        import numpy as np

        if not self.count:
            return {}
        intervals = np.array(self.intervals, float)
        middle = float(np.median(intervals))
        near = abs(intervals - middle) < SAME_TEMPO * middle
        found = confidence("tempo", self.evidence(float(near.mean())))
        if found < (BARRED if self.told else TIMED) or near.mean() < STEADY_TEMPO:
            return {}
        bpm = 60 / float(intervals[near].mean())
        other = bpm / 2 if bpm >= FAST else 2 * bpm
        return {"tempo": {"bpm": round(bpm, 1), "confidence": found, "alternative_bpm": round(other, 1)}}


class Meter(OfBars):
    """{"meter": {"beats", "compound", "swing", "confidence"}}."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.beats: Counter[int] = Counter()
        self.kinds: Counter[str] = Counter()

    def bar(self, bar: Bar, told: bool) -> None:
        super().bar(bar, told)
        self.beats[len(bar.beats)] += 1
        self.kinds[bar.division] += 1

    def result(self) -> Head:
        if not self.told:
            return {}
        beats, count = self.beats.most_common(1)[0]
        found = confidence("meter", self.evidence(count / self.count))
        if found < BARRED:
            return {}
        kind = self.kinds.most_common(1)[0][0]
        meter = {"beats": beats, "compound": kind == "compound", "swing": kind == "swung", "confidence": found}
        return {"meter": meter}


class ChordLoop(Collector):
    """{"chord_loop": ["C", "G", "Am", "F"], "chord_loop_percent": 80}: the chords of bars that come again and again."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.names: dict[tuple[int, ...], int] = {}  # the chords of a bar, and their number
        self.bars = array("H")  # that number, of each bar

    def bar(self, bar: Bar, told: bool) -> None:
        if told:
            chords = tuple(chord for i, chord in enumerate(bar.chords) if not i or chord != bar.chords[i - 1])
            self.bars.append(self.names.setdefault(chords, min(len(self.names), 65535)))

    def result(self) -> Head:
        bars = self.bars.tolist()
        best: tuple[int, ...] = ()
        covered = 0
        for length in LOOPS:
            if len(bars) < 2 * length:
                continue
            loops = Counter(tuple(bars[i : i + length]) for i in range(len(bars) - length + 1))
            for loop, _ in loops.most_common(length):
                if (count := covers(bars, loop)) > covered and len({*loop}) > 1:
                    best, covered = loop, count
        chords = list(self.names)
        if not best or covered < LOOPED * len(bars) or any(NONE in chords[number] for number in best):
            return {}
        said = ["-".join(str(named(chord, NAMES)) for chord in chords[number]) for number in best]
        return {"chord_loop": said, "chord_loop_percent": round(100 * covered / len(bars))}


def covers(bars: Sequence[int] | Sequence[str], loop: Sequence[int] | Sequence[str]) -> int:
    """How many bars lie in the loop, each time that it comes whole."""
    place = count = 0
    while place + len(loop) <= len(bars):
        if tuple(bars[place : place + len(loop)]) == tuple(loop):
            count += len(loop)
            place += len(loop)
        else:
            place += 1
    return count if count > len(loop) else 0
