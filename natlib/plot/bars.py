"""The bars of NDJSON: which of their lines make sense, what `like` stands for, where each ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from heapq import heappush, heappushpop
from itertools import groupby
from typing import NamedTuple

from ..notes import CHORD, CLASSES, parse
from ..wire import Head

WAITING = 1024  # bars that wait for earlier ones: a line comes when its bar is known, some bars late
KNOWN = 4096  # bars that a `like` can mean, those told or meant last: nat-pack means one of the last 256
PARTS = 256  # into which a bar is divided at most: 16 beats of 16 parts
BEATS = 64  # of a bar at most
MOST = 1_000_000  # above any number of a bar: five weeks of bars of 3 s
NAME = 12  # characters of a chord's name at most
NOTES = 128  # of MIDI
REGIONS = ("low", "mid", "high")  # of strokes, from the lowest row up
PASSED_ON = ("beats", "chords", "bass", "melody", "strokes")  # what a bar has of the one that it is like

# Semitones from the root of a chord. A chord of any other name is written, but none of its tones are drawn.
SHAPES = {"": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "maj7": (0, 4, 7, 11),
          "dim": (0, 3, 6), "sus4": (0, 5, 7), "5": (0, 7)}  # fmt: skip

Span = tuple[int, float, float]  # MIDI note or row, from, to


class Bar(NamedTuple):
    """A bar: when it begins and ends, in seconds, and its fields, with those of the bar that it is like."""

    start: float
    end: float
    number: int
    fields: Head

    @property
    def beats(self) -> int:
        """How many it has; 0 if nothing tells."""
        return beats(self.fields)

    def at(self, place: float, parts: float) -> float:
        """When a part begins, if the bar is divided into `parts` equal ones."""
        return self.start + (self.end - self.start) * place / parts

    def line(self, name: str) -> Iterator[Span]:
        """The notes of bass or melody: what is alike in a row is one note."""
        told, place = self.fields.get(name, ()), 0
        for note, same in groupby(told):
            last = place + len([*same])
            if note is not None:
                yield parse(note) or 0, self.at(place, len(told)), self.at(last, len(told))
            place = last

    def chords(self) -> Iterator[tuple[str, float, float]]:
        """Name, from, to."""
        place = 0.0
        for name, length in self.fields.get("chords", ()):
            if name is not None:
                yield name, self.at(place, self.beats), self.at(place + length, self.beats)
            place += length

    def strokes(self) -> Iterator[Span]:
        """The row of a region, from 0, and the part of the bar that the stroke begins."""
        for row, region in enumerate(REGIONS):
            pattern = self.fields.get("strokes", {}).get(region, "")
            for place, sign in enumerate(pattern):
                if sign == "x":
                    yield row, self.at(place, len(pattern)), self.at(place + 1, len(pattern))


class Bars:
    """Takes the lines of bars, gives the bars in the order of their times; what it keeps does not grow with them.

    A line that makes no sense only ends the bar before it.
    """

    def __init__(self, give: Callable[[Bar], None]):
        self.give = give
        self._waiting: list[tuple[float, int, Head]] = []  # a heap: time, count, fields
        self._known: dict[int, Head] = {}  # fields by number, the one used last at the end
        self._count = 0
        self._last: tuple[float, Head] | None = None  # the bar whose end is not known yet
        self._length = 0.0  # of the bar before

    def add(self, time: float, fields: Head, start: float = 0.0) -> None:
        """Take a line. `time`: s of the item, which begins at `start` of the recording."""
        fields = {key: value for key, value in fields.items() if value is not None}
        if not sound(fields):
            fields = {}
        if isinstance(end := fields.get("end"), int | float):
            fields["end"] = end - start
        if fields:
            self._keep(fields["n"], {key: fields[key] for key in ("like", *PASSED_ON) if key in fields})
        self._count += 1
        item = (time, self._count, fields)
        if len(self._waiting) < WAITING:
            heappush(self._waiting, item)
        else:
            time, _, fields = heappushpop(self._waiting, item)
            self._next(time, fields)

    def finish(self, until: float) -> None:
        """No more lines will come, and the item ends at `until`."""
        for time, _, fields in sorted(self._waiting, key=lambda item: item[:2]):
            self._next(time, fields)
        self._waiting = []
        if self._last:
            time = self._last[0]
            self._close(time + self._length if self._length else max(until, time))

    def _next(self, time: float, fields: Head) -> None:
        if self._last:
            self._close(time)
        self._last = (time, fields)

    def _close(self, end: float) -> None:
        """The last bar ends at `end`, unless it says that it ends before."""
        assert self._last
        time, fields = self._last
        end = min(end, fields.get("end", end))
        whole = {**self._meant(fields["n"]), **fields} if fields else {}
        if whole and end > time and adds_up(whole):
            self._length = end - time
            self.give(Bar(time, end, fields["n"], whole))

    def _keep(self, number: int, fields: Head) -> None:
        self._known.pop(number, None)
        self._known[number] = fields
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]

    def _meant(self, number: int) -> Head:
        """The fields of a bar, with those of the bars that it is like, as far as they are known."""
        chain: list[int] = []
        while number in self._known and number not in chain:
            chain.append(number)
            if (like := self._known[number].get("like")) is None:
                break
            number = like
        whole: Head = {}
        for number in reversed(chain):
            own = self._known[number]
            whole = {**whole, **{key: value for key, value in own.items() if key != "like"}}
            self._keep(number, whole)  # so that a chain is followed once
        return whole


def sound(fields: Head) -> bool:
    """Has what a line tells the types that it should, whatever it is like?"""
    strokes = fields.get("strokes", {})
    lines = [fields.get(name, [None]) for name in ("bass", "melody")]
    chords = fields.get("chords", [])
    return (
        type(fields.get("n")) is int
        and 0 <= fields["n"] < MOST
        and type(fields.get("like", 0)) is int
        and type(fields.get("beats", 1)) is int
        and 0 < fields.get("beats", 1) <= BEATS
        and type(fields.get("end", 0.0)) in (int, float)
        and all(isinstance(line, list) and 0 < len(line) <= PARTS and all(map(note, line)) for line in lines)
        and isinstance(chords, list)
        and len(chords) <= PARTS
        and all(map(chord, chords))
        and isinstance(strokes, dict)
        and all(isinstance(strokes.get(region, "-"), str) for region in REGIONS)
        and all(0 < len(strokes.get(region, "-")) <= PARTS for region in REGIONS)
    )


def note(value: object) -> bool:
    """Is it a note of MIDI, or null?"""
    return value is None or (isinstance(value, str) and (midi := parse(value)) is not None and 0 <= midi < NOTES)


def chord(value: object) -> bool:
    """Is it the name of a chord, or null, with a number of beats?"""
    if not isinstance(value, list) or len(value) != 2 or type(value[1]) not in (int, float):
        return False
    name, beats = value
    named = isinstance(name, str) and name.isascii() and name.isprintable() and len(name) <= NAME
    known = named and (found := CHORD.fullmatch(name)) and found[1] in CLASSES
    return bool((name is None or known) and 0 < beats <= BEATS)


def beats(fields: Head) -> int:
    """How many beats a bar has: as told, or as many as its bass has notes or its chords last; 0 if nothing tells."""
    return int(fields.get("beats") or len(fields.get("bass", ())) or math.ceil(lasting(fields)))


def lasting(fields: Head) -> float:
    """How many beats the chords of a bar last."""
    return float(sum(length for _, length in fields.get("chords", ())))


def adds_up(fields: Head) -> bool:
    """Do the lengths of a bar's parts, its own and those of bars that it is like, fit its beats?"""
    count = beats(fields)
    return count <= BEATS and lasting(fields) <= count + 1e-6 and len(fields.get("bass", range(count))) == count


def tones(name: str) -> list[int]:
    """The tones of a chord as semitones above the C below its root: the root is the lowest one."""
    found = CHORD.fullmatch(name)
    return [CLASSES[found[1]] + step for step in SHAPES.get(found[2], ())] if found else []
