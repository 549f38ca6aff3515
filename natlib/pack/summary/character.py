"""What mood is made of, where there are bars: mode and tension of chords, articulation, dynamics, rubato."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from ...wire import Head
from ..measures import Table
from ..music.chords import NONE
from ..music.inputs import QUALITIES
from ..music.key import MINORS
from ..thresholds import ACCENT, GAP, SOUNDING_BARS, SWELLING, SWELLING_FOR
from .collector import Block, Collector
from .course import FIELDS, Course

if TYPE_CHECKING:
    from ..music.leadsheet import Bar

PLAIN = ("", "m", "5")  # qualities of plain triads and open fifths
MAJORS = ("", "7", "maj7")  # whose third is major


class Harmony(Collector):
    """{"harmony": {"major_percent", "plain_percent", "changes_per_bar"}}: of the beats with a chord, in bars told."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.qualities: Counter[str] = Counter()
        self.bars = self.changes = 0
        self._last = NONE

    def bar(self, bar: Bar, told: bool) -> None:
        if not told:
            self._last = NONE
            return
        self.bars += 1
        for before, chord in pairwise([self._last, *bar.chords]):
            if chord != NONE:
                self.qualities[QUALITIES[chord % len(QUALITIES)]] += 1
                self.changes += before not in (NONE, chord)
        self._last = bar.chords[-1]

    def result(self) -> Head:
        beats = self.qualities.total()
        if self.bars < SOUNDING_BARS or beats < self.bars:
            return {}
        major, minor = (sum(self.qualities[name] for name in names) for names in (MAJORS, MINORS))
        told: Head = {"major_percent": round(100 * major / (major + minor))} if major + minor >= beats / 2 else {}
        told["plain_percent"] = round(100 * sum(self.qualities[name] for name in PLAIN) / beats)
        return {"harmony": told | {"changes_per_bar": round(self.changes / self.bars, 1)}}


class Rubato(Collector):
    """{"rubato_percent"}: how far beats differ from the one before, in the bars told; the median."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.changes = array("f")

    def bar(self, bar: Bar, told: bool) -> None:
        if told:
            intervals = [b - a for a, b in pairwise([*bar.beats, bar.end])]
            self.changes.extend(abs(b - a) / a for a, b in pairwise(intervals))

    def result(self) -> Head:
        import numpy as np

        if len(self.changes) < SOUNDING_BARS:
            return {}
        return {"rubato_percent": round(100 * float(np.median(np.array(self.changes))), 1)}


class Articulation(Collector):
    """{"legato_percent"}: of the frames between the first and the last of notes near each other, those with a note."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.bars = 0
        self.gap = max(1, round(GAP * rate))  # frames
        self.sounding = self.gaps = 0
        self._silent = self.gap + 1  # frames since the last note

    def take(self, block: Block) -> None:
        for polyphony in self.table.column(block.rows, "polyphony").tolist():
            if polyphony > 0:
                self.sounding += 1
                self.gaps += self._silent if self._silent <= self.gap else 0
                self._silent = 0
            else:
                self._silent += 1

    def bar(self, bar: Bar, told: bool) -> None:
        self.bars += told

    def result(self) -> Head:
        if self.bars < SOUNDING_BARS or not self.sounding:
            return {}
        return {"legato_percent": round(100 * self.sounding / (self.sounding + self.gaps))}


class Dynamics(Collector):
    """{"dynamics": {"accents", "swells"}}: dB by which onsets differ; long rises and falls of the level."""

    def __init__(self, table: Table, rate: float, course: Course):
        super().__init__(table, rate)
        self.course = course
        self.strengths = array("f")  # dB, of attacks
        self.bars = 0

    def take(self, block: Block) -> None:
        strength = self.table.column(block.rows, "onset_strength")
        self.strengths.extend(strength[strength >= ACCENT].tolist())

    def bar(self, bar: Bar, told: bool) -> None:
        self.bars += told

    def result(self) -> Head:
        import numpy as np

        if self.bars < SOUNDING_BARS:
            return {}
        told: Head = {}
        if len(self.strengths) >= SOUNDING_BARS:
            low, high = np.percentile(np.array(self.strengths), (25, 75))
            told["accents"] = round(float(high - low), 1)
        if swells := self._swells():
            told["swells"] = swells
        return {"dynamics": told} if told else {}

    def _swells(self) -> list[Head]:
        """The times in which the level rises or falls by much and for long: from when to when, by how many dB."""
        import numpy as np

        size = max(1, round(2 / self.course.seconds))  # half seconds of two seconds
        power = self.course.rows[:, FIELDS.index("loudness")]
        count = len(power) // size
        with np.errstate(divide="ignore"):
            level = np.maximum(10 * np.log10(power[: count * size].reshape(count, size).mean(axis=1)), -90)
        found, start = [], 0
        for i in range(1, count + 1):
            way = np.sign(level[i] - level[i - 1]) if i < count else 0
            before = np.sign(level[start + 1] - level[start]) if i > start + 1 else way
            if way != before or i == count:
                rise = float(level[i - 1] - level[start])
                if abs(rise) >= SWELLING and (i - 1 - start) * size * self.course.seconds >= SWELLING_FOR:
                    seconds = [round(self.start + (j + 0.5) * size * self.course.seconds, 1) for j in (start, i - 1)]
                    found.append({"t": seconds[0], "end": seconds[1], "change": round(rise)})
                start = i - 1
        return sorted(sorted(found, key=lambda each: -abs(each["change"]))[:4], key=lambda each: float(each["t"]))
