"""Events: from an attack, or a new pitch in a held tone, until the level has fallen or the next one begins.

`Detector` finds them, frame by frame; `describe` says what one measures like, in the fields of a sound line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from ..wire import Head
from .contours import modulated, place, repeating, turn
from .measures import Table, present
from .thresholds import (
    AGAIN,
    ATTACK,
    BEGUN,
    DIP,
    FALL,
    GRADUAL,
    HALF,
    HARMONIC,
    LONGEST,
    NEW_NOTE,
    ODD,
    QUIET,
    RING,
    RISES,
    SETTLED,
    SHORT,
    SINK,
    SINKING,
    SLOW,
)

if TYPE_CHECKING:
    from .measures import Array

# What tells one instrument from another: the fields that say it, and from which size on (0: whatever it is).
TIMBRE = {"harmonicity": ("harm", HARMONIC), "odd_even": ("odd", ODD), "tilt": ("tilt", 0)}


class Moment(NamedTuple):
    """What an event is made of, of one frame; NaN for what is absent."""

    level: float
    rise: float  # over the background
    attack: float
    attack_time: float
    attack_length: float
    centroid: float
    pitch: float
    peak_0: float
    periodicity: float
    fundamental: float
    harmonicity: float
    odd_even: float
    tilt: float
    am_rate: float
    am_depth: float
    voiced: float  # the pitch, where it is clear
    rises: list[float]  # by region


class Event(NamedTuple):
    """What was found: frames from `frame` on."""

    frame: int
    rise: float  # dB of the attack, 0 for none
    moments: list[Moment]
    level: float  # dB to which it fell, NaN where the next one begins or nothing more comes

    @property
    def fallen(self) -> float:
        """The level at its end."""
        return self.level if self.level == self.level else self.moments[-1].level


class Detector:
    """Finds events in rows of measures."""

    def __init__(self, table: Table, rate: float):
        self.table, self.rate = table, rate
        self.possible = "level" in table.index and "attack" in table.index
        self.moments: list[Moment] = []  # of the event under way, a frame each
        self.last = Moment._make([*[math.nan] * (len(Moment._fields) - 1), []])  # the frame before
        self.sunk = -math.inf  # dB: the lowest level since the last event
        self.frame = 0  # at which it begins
        self.rise = 0.0
        self.peak = 0.0
        self.top = 0  # the moment that has it
        self.floor = 0.0  # dB: the level that ends it

    @property
    def under_way(self) -> int | None:
        """The frame at which the event begins that has not ended yet."""
        return self.frame if self.moments else None

    def feed(self, frame: int, rows: Array) -> Iterator[Event]:
        """The events that the next rows, from `frame` on, end."""
        if not self.possible:
            return
        columns = [self.table.column(rows, name).tolist() for name in Moment._fields[:-2]]
        columns.append(self.table.voiced(rows).tolist())
        columns.append(rows[:, [i for i, *_ in self.table.rises]].tolist())
        for i, values in enumerate(zip(*columns, strict=True)):
            now = Moment._make(values)
            yield from self._step(frame + i, now)
            self.last, self.sunk = now, min(self.sunk, now.level)

    def _step(self, frame: int, now: Moment) -> Iterator[Event]:
        """One frame, in an event or at the start of one."""
        if self.moments:
            long = len(self.moments) >= LONGEST * self.rate
            sunk = now.level < self.floor and now.voiced != now.voiced  # a held tone may lie low among others
            if now.level != now.level or now.level < self.peak - FALL or sunk or long:
                yield from self.finish(now.level)
        if now.level > QUIET and len(self.moments) != 1 and (now.attack >= ATTACK or self._again(now)):
            yield from self.finish()
            self._begin(frame, now.attack)
        elif self._new_pitch(now):
            if self.moments:
                self.moments.pop()
            yield from self.finish()
            self._begin(frame - 1, 0.0)
            self._take(self.last)
        elif not self.moments:
            return
        self._take(now)

    def _begin(self, frame: int, rise: float) -> None:
        self.frame, self.rise, self.peak, self.floor = frame, rise, -math.inf, -math.inf

    def _take(self, now: Moment) -> None:
        self.moments.append(now)
        if now.level > self.peak:
            self.peak, self.floor, self.top = now.level, now.level - FALL, len(self.moments) - 1
            height = self.peak - (self.moments[0].level - self.moments[0].rise)
            if height == height:
                self.floor = max(self.floor, self.peak - (1 - SINK) * height)

    def _again(self, now: Moment) -> bool:
        """Is the tone under way struck again?"""
        if not self.moments or now.voiced != now.voiced:
            return False
        lowest = min((moment.level for moment in self.moments[self.top + 1 :]), default=math.inf)
        dip = now.level - lowest
        return dip >= DIP or (now.attack >= AGAIN and now.level >= self.moments[-1].level + AGAIN / 2)

    def _new_pitch(self, now: Moment) -> bool:
        """Are this pitch and the last one a new note's: the same, and a step (not an octave) away from those before?

        Where no event is under way: the same, and over the background.
        """
        hz, last = now.voiced, self.last.voiced
        if not (hz == hz and last == last and abs(12 * math.log2(hz / last)) < NEW_NOTE / 2):
            return False
        if not self.moments:
            over = min(now.rise, self.last.rise, self.last.level - self.sunk)
            return self.last.level > QUIET and over >= AGAIN
        if now.level <= self.peak - RING or len(self.moments) < SETTLED:
            return False
        before = present([moment.voiced for moment in self.moments[-4:-1]])
        step = abs(12 * math.log2(hz / median(before))) if before else 0
        return step >= NEW_NOTE and abs(step - 12) >= NEW_NOTE

    def finish(self, level: float = math.nan) -> Iterator[Event]:
        """The event under way; with the level to which it fell."""
        moments, self.moments = self.moments, []
        if moments:
            self.sunk = moments[-1].level
            yield Event(self.frame, self.rise, moments, level)


def described(events: Iterator[Event], table: Table, rate: float) -> Iterator[tuple[int, float, Head]]:
    """The first frame, the start in seconds and the fields of each event that is one."""
    for event in events:
        if sound := describe(event, table, rate):
            yield event.frame, *sound


def describe(event: Event, table: Table, rate: float) -> tuple[float, Head] | None:
    """The start of an event in seconds, and its fields; None for what an item only begins in the midst of."""
    moments = event.moments
    columns = dict(zip(Moment._fields, zip(*moments, strict=True), strict=True))
    seconds, peak = len(moments) / rate, max(columns["level"])
    first = event.frame <= 1
    long = seconds >= BEGUN
    if first and event.fallen > peak - RING and (long or event.level == event.level):
        return None  # it had begun before
    start, sound = event.frame / rate, Head(s=round(seconds, 2), dB=round(peak))
    if event.rise >= ATTACK:
        began = moments[0]
        start += (began.attack_time if began.attack_time == began.attack_time else 0) / 1000
        sound["rise"] = round(event.rise)
        if began.attack_length == began.attack_length:
            sound["ms"] = round(began.attack_length)
        if where := rising(began.rises, table):
            sound["in"] = where
    if hz := turn([hz for hz in columns["centroid"] if hz >= 1]):
        sound["Hz"] = hz
    pitch, fields = place(columns["voiced"], columns["pitch"], columns["peak_0"])
    sound |= fields
    if not pitch:
        known = present(columns["periodicity"])
        sound |= repeating(sum(known) / len(known) if known else None, columns["fundamental"])
    for name, (field, least) in TIMBRE.items():
        told = present(columns[name])
        if len(told) > 1 and (value := round(median(told))) and (not least or value >= least):
            sound[field] = value
    if len(moments) >= SETTLED and (am := modulated(columns["am_rate"], columns["am_depth"], columns["pitch"])):
        sound["am"] = am
    if (fall := falling(columns["level"], event.level, rate)) >= SINKING:
        sound["fall"] = round(fall)
    gradual = sound.get("ms", 0) >= GRADUAL and sound.get("fall", 0) < SLOW
    if first and long and gradual and not pitch:
        return None  # so does a recording begin in the midst of surf
    return round(start, 2), sound


def falling(levels: Sequence[float], level: float, rate: float) -> float:
    """How many dB a second an event falls from its peak, in the end to `level`; 0 where the last frame has the peak.

    Of longer ones the last quarter, their end, has no say.
    """
    peak, ends = max(levels), level == level and len(levels) < SHORT
    levels = [*levels, level] if ends else levels
    top = levels.index(peak)
    after = 3 * (len(levels) - 1 - top) // 4 if len(levels) > SHORT else len(levels) - 1 - top
    return (peak - levels[top + after]) * rate / after if after else 0.0


def rising(rises: Sequence[float], table: Table) -> str:
    """The range in which most of an attack rises, in Hz: "40-450"; "" where that is everywhere."""
    highest = max(present(rises), default=0.0)
    strong = [i for i, rise in enumerate(rises) if rise >= max(RISES, HALF * highest)]
    if not strong or (strong[0], strong[-1]) == (0, len(rises) - 1):
        return ""
    return f"{table.rises[strong[0]][1]}-{table.rises[strong[-1]][2]}"
