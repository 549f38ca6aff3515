"""Events: from an attack, or a new pitch in a held tone, until the level has fallen or the next event begins.

`Detector` finds them, frame by frame; `describe` says what one measures like, in the fields of a sound line.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from ..notes import note_name
from ..wire import Head
from .contours import field, modulated, place, repeating, turn
from .inside import NEAR, Moment, around, formants, inside
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

BEGINNING = 3  # frames of an event in which its notes begin
# What tells one instrument from another, and the least value that is said (0: any value).
TIMBRE = {"harmonicity": HARMONIC, "odd_even": ODD, "tilt": 0}


class Event(NamedTuple):
    """What was found: frames from `frame` on."""

    frame: int
    rise: float  # dB of the attack, 0 for none
    moments: list[Moment]
    before: list[float]  # powers of the finest bands in the frame before it
    level: float  # dB to which it fell, NaN if the next one begins or nothing more comes
    led: list[Moment]  # the frames before it that are of no event, NEAR of them at most
    trailed: list[Moment]  # those after it

    @property
    def known(self) -> int:
        """The frame at which it is known: one more, for what it takes two frames to tell."""
        return self.frame + len(self.moments) + min(len(self.trailed) + 1, NEAR)

    @property
    def fallen(self) -> float:
        """The level at its end."""
        return self.level if self.level == self.level else self.moments[-1].level


class Detector:
    """Finds events in rows of measures."""

    def __init__(self, table: Table, rate: float):
        self.table, self.rate = table, rate
        self.possible = "level" in table.index and "onset_strength" in table.index
        self.moments: list[Moment] = []  # of the current event, one a frame
        self.last = Moment._make([*[math.nan] * (len(Moment._fields) - 4), [], [], [], []])  # the frame before
        self.before: list[float] = []  # powers in the frame before the event
        self.led: list[Moment] = []  # the frames before it
        self.between: deque[Moment] = deque(maxlen=NEAR)  # the last frames that are of no event
        self.ended: Event | None = None  # what follows it is yet to come
        self.sunk = -math.inf  # dB: the lowest level since the last event
        self.frame = 0  # at which the event begins
        self.rise = 0.0
        self.peak = 0.0
        self.top = 0  # the moment that has the peak
        self.floor = 0.0  # dB: the level that ends it

    @property
    def under_way(self) -> int | None:
        """The frame at which the current event began, if one is under way."""
        return self.ended.frame if self.ended else self.frame if self.moments else None

    def feed(self, frame: int, rows: Array) -> Iterator[Event]:
        """The events that the next rows, from `frame` on, end."""
        if not self.possible:
            return
        columns = [self.table.column(rows, name).tolist() for name in Moment._fields[:-5]]
        columns.append(self.table.voiced(rows).tolist())
        columns.append(rows[:, [i for i, *_ in self.table.rises]].tolist())
        columns.append(self.table.beginning(rows))
        columns.append(self.table.powers(rows).tolist())
        columns.append(rows[:, self.table.formants].tolist())
        for i, values in enumerate(zip(*columns, strict=True)):
            now = Moment._make(values)
            yield from self._step(frame + i, now)
            self.last, self.sunk = now, min(self.sunk, now.level)

    def _step(self, frame: int, now: Moment) -> Iterator[Event]:
        """One frame, in an event or at the start of one."""
        if self.moments:
            long = len(self.moments) >= LONGEST * self.rate
            held = now.voiced == now.voiced or now.polyphony > 1
            sunk = now.level < self.floor and not held  # a held tone may lie low among others
            if now.level != now.level or now.level < self.peak - FALL or sunk or long:
                yield from self.finish(now.level)
        if now.level > QUIET and len(self.moments) != 1 and (now.onset_strength >= ATTACK or self._again(now)):
            yield from self.finish()
            self._begin(frame, now.onset_strength)
        elif self._new_pitch(now):
            if self.moments:
                self.moments.pop()
            elif self.between:
                self.between.pop()
                if self.ended:
                    self.ended.trailed.pop()
            yield from self.finish()
            self._begin(frame - 1, 0.0)
            self._take(self.last)
        elif not self.moments:
            yield from self._pause(now)
            return
        self._take(now)

    def _begin(self, frame: int, rise: float) -> None:
        self.frame, self.rise, self.peak, self.floor = frame, rise, -math.inf, -math.inf
        self.before = self.last.powers
        self.led = list(self.between)
        self.between.clear()

    def _pause(self, now: Moment) -> Iterator[Event]:
        """A frame of no event."""
        self.between.append(now)
        if self.ended:
            self.ended.trailed.append(now)
            if len(self.ended.trailed) == NEAR:
                yield from self._release()

    def _release(self) -> Iterator[Event]:
        if self.ended:
            yield self.ended
        self.ended = None

    def _take(self, now: Moment) -> None:
        self.moments.append(now)
        if now.level > self.peak:
            self.peak, self.floor, self.top = now.level, now.level - FALL, len(self.moments) - 1
            height = self.peak - (self.moments[0].level - self.moments[0].above_background)
            if height == height:
                self.floor = max(self.floor, self.peak - (1 - SINK) * height)

    def _again(self, now: Moment) -> bool:
        """Is the tone under way struck again?"""
        if not self.moments or now.voiced != now.voiced:
            return False
        lowest = min((moment.level for moment in self.moments[self.top + 1 :]), default=math.inf)
        dip = now.level - lowest
        return dip >= DIP or (now.onset_strength >= AGAIN and now.level >= self.moments[-1].level + AGAIN / 2)

    def _new_pitch(self, now: Moment) -> bool:
        """Do this pitch and the last one begin a new note: the same, and a step (not an octave) from those before?

        If no event is under way: the same, and above the background.
        """
        hz, last = now.voiced, self.last.voiced
        if not (hz == hz and last == last and abs(12 * math.log2(hz / last)) < NEW_NOTE / 2):
            return False
        if not self.moments:
            over = min(now.above_background, self.last.above_background, self.last.level - self.sunk)
            return self.last.level > QUIET and over >= AGAIN
        if now.level <= self.peak - RING or len(self.moments) < SETTLED:
            return False
        before = present([moment.voiced for moment in self.moments[-4:-1]])
        step = abs(12 * math.log2(hz / median(before))) if before else 0
        return step >= NEW_NOTE and abs(step - 12) >= NEW_NOTE

    def finish(self, level: float = math.nan) -> Iterator[Event]:
        """End the event under way, with the level to which it fell."""
        yield from self._release()
        moments, self.moments = self.moments, []
        if moments:
            self.sunk = moments[-1].level
            self.ended = Event(self.frame, self.rise, moments, self.before, level, self.led, [])
            if level != level:
                yield from self._release()


def described(events: Iterator[Event], table: Table, rate: float) -> Iterator[tuple[Event, float, Head]]:
    """Each event that proves to be one, with its start in seconds and its fields."""
    for event in events:
        if sound := describe(event, table, rate):
            yield event, *sound


def describe(event: Event, table: Table, rate: float) -> tuple[float, Head] | None:
    """The start of an event in seconds, and its fields; None if it had begun before the item did."""
    moments = event.moments
    columns = dict(zip(Moment._fields, zip(*moments, strict=True), strict=True))
    seconds, peak = len(moments) / rate, max(columns["level"])
    first = event.frame <= 1
    long = seconds >= BEGUN
    if first and event.fallen > peak - RING and (long or event.level == event.level):
        return None  # it had begun before
    start, sound = event.frame / rate, Head(duration=round(seconds, 2), max_level=round(peak))
    if event.rise >= ATTACK:
        began = moments[0]
        start += (began.onset_time if began.onset_time == began.onset_time else 0) / 1000
        sound["onset_strength"] = round(event.rise)
        if began.attack_time == began.attack_time:
            sound["attack_time"] = round(began.attack_time)
        if where := rising(began.rises, table):
            sound["onset_band"] = where
    sound |= field("centroid", turn([hz for hz in columns["centroid"] if hz >= 1]))
    began_notes = sorted({number for moment in moments[:BEGINNING] for number in moment.begun})
    pitch, fields = place(columns["voiced"], columns["pitch"], [] if began_notes else columns["peak_0"])
    sound |= fields
    if began_notes and not pitch:
        sound["onset_notes"] = [note_name(number) for number in began_notes]
    elif not pitch:
        known = present(columns["periodicity"])
        sound |= repeating(sum(known) / len(known) if known else None, columns["f0"])
    for name, least in TIMBRE.items():
        told = present(columns[name])
        if len(told) > 1 and (value := round(median(told))) and (not least or value >= least):
            sound[name] = value
    if len(moments) >= SETTLED and (am := modulated(columns["am_rate"], columns["am_depth"], columns["pitch"])):
        sound["am"] = am
    sound |= inside(moments, event.before, table.middles)
    sound |= around(event.led, event.trailed, table.middles)
    if not began_notes:
        sound |= formants(moments)
    if (fall := falling(columns["level"], event.level, rate)) >= SINKING:
        sound["decay"] = round(fall)
    gradual = sound.get("attack_time", 0) >= GRADUAL and sound.get("decay", 0) < SLOW
    if first and long and gradual and not pitch:
        return None  # a recording that begins in the midst of surf looks like this
    return round(start, 2), sound


def falling(levels: Sequence[float], level: float, rate: float) -> float:
    """How many dB a second an event falls from its peak, in the end to `level`; 0 if the last frame has the peak.

    In longer events the last quarter, their end, does not count.
    """
    peak, ends = max(levels), level == level and len(levels) < SHORT
    levels = [*levels, level] if ends else levels
    top = levels.index(peak)
    after = 3 * (len(levels) - 1 - top) // 4 if len(levels) > SHORT else len(levels) - 1 - top
    return (peak - levels[top + after]) * rate / after if after else 0.0


def rising(rises: Sequence[float], table: Table) -> list[float]:
    """The range in which most of an attack rises, in Hz; [] if that is everywhere."""
    highest = max(present(rises), default=0.0)
    strong = [i for i, rise in enumerate(rises) if rise >= max(RISES, HALF * highest)]
    if not strong or (strong[0], strong[-1]) == (0, len(rises) - 1):
        return []
    return [table.rises[strong[0]][1], table.rises[strong[-1]][2]]
