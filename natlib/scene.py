"""Measures into lines: `scene`, the measured present about twice a second, and `sound`, what rises out of it.

Both are plain integers and notes in constant units, so that a reader who knows the header's two lines can follow them.
Nothing is estimated here: the measures are nat-embed's, averaged, and left out where they are absent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import ClassVar, NamedTuple

from . import gloss
from .wire import Head

VOICED = 0.6  # salience from which a pitch is said

Row = Sequence[float | None]  # the measures of a frame, in their units; None where absent


class Measured(NamedTuple):
    """A scene: the fields of its line, and the averages that words are made of."""

    fields: Head
    means: Head


class Table:
    """The measures of a stream by name."""

    def __init__(self, measures: Sequence[Head]):
        self.names = [str(measure.get("name")) for measure in measures]
        self.steps = [float(measure.get("step", 1)) for measure in measures]
        self.index = {name: i for i, name in enumerate(self.names)}
        self.bands = [i for i, name in enumerate(self.names) if name.startswith("band_")]
        edges = [measures[i].get("low") for i in self.bands] + [measures[i].get("high") for i in self.bands[-1:]]
        self.edges = "-".join(str(edge) for edge in edges)

    def row(self, numbers: Sequence[int]) -> list[float | None]:
        """Grid numbers into units; None for an absent one."""
        return [None if n == -32768 else n * step for n, step in zip(numbers, self.steps, strict=True)]

    def getter(self, name: str) -> Callable[[Row], float | None]:
        """A function that takes a row and gives the measure `name`, None where the stream has no such measure."""
        i = self.index.get(name)
        return (lambda row: None) if i is None else (lambda row: row[i])

    def voiced(self) -> Callable[[Row], float | None]:
        """A function that takes a row and gives its pitch in Hz, None where it is not clear enough to be said."""
        pitch, salience = self.getter("pitch"), self.getter("salience")

        def voiced(row: Row) -> float | None:
            hz = pitch(row)
            return hz if hz and hz > 0 and (salience(row) or 0) >= VOICED else None

        return voiced


def present(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def fmean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def power_mean(decibels: Sequence[float]) -> float:
    """The level of the mean power."""
    return 10 * math.log10(fmean([10 ** (value / 10) for value in decibels]))


class Scenes:
    """Averages over `length` frames, one line each."""

    ATTACK = 6.0  # dB that the attack of a frame must have to be counted
    REGULAR = 0.6  # regularity from which a pulse is said
    CHROMA = 0.5  # strength from which a pitch class is said

    def __init__(self, table: Table, length: int):
        self.table, self.length = table, length
        self.get = {name: table.getter(name) for name in (
            "level", "rise", "centroid", "tonality", "attack", "pulse", "regularity",
        )}  # fmt: skip
        self.voiced = table.voiced()
        self.fluct = [table.index[f"fluct_{i}"] for i in range(4) if f"fluct_{i}" in table.index]
        self.chroma = [table.index[f"chroma_{i}"] for i in range(12) if f"chroma_{i}" in table.index]

    def measure(self, rows: Sequence[Row]) -> Measured | None:
        """The scene of `rows`; None where nothing was measured."""

        def mean(name: str) -> float | None:
            values = present([self.get[name](row) for row in rows])
            return fmean(values) if values else None

        levels = present([self.get["level"](row) for row in rows])
        scene: Head = {}
        if levels:
            scene["dB"] = round(power_mean(levels))
        if (rise := max(present([self.get["rise"](row) for row in rows]), default=None)) is not None and rise >= 3:
            scene["rise"] = round(rise)
        if bands := [present([row[i] for row in rows]) for i in self.table.bands]:
            scene["bands"] = [round(power_mean(values)) if values else None for values in bands]
            while scene["bands"] and scene["bands"][-1] is None:  # above the recording's own band
                scene["bands"].pop()
            if not scene["bands"]:
                del scene["bands"]
        if (centroid := mean("centroid")) is not None:
            scene["Hz"] = gloss.rounded(centroid)
        if (tonality := mean("tonality")) is not None:
            scene["tone"] = round(100 * tonality)
        if pitch := self.pitch(rows):
            scene["pitch"] = pitch
        if attacks := sum((self.get["attack"](row) or 0) >= self.ATTACK for row in rows):
            scene["attacks"] = attacks
        depths = [present([row[i] for row in rows]) for i in self.fluct]
        if any(depths):
            scene["wobble"] = [round(fmean(values)) if values else 0 for values in depths]
        pulse, regularity = mean("pulse"), mean("regularity")
        if pulse is not None and (regularity or 0) >= self.REGULAR:
            scene["pulse"] = round(pulse, 1)
        if notes := self.notes(rows):
            scene["notes"] = notes
        means = {name: value for name in ("level", "centroid", "tonality") if (value := mean(name)) is not None}
        means |= {f"fluct_{i}": depth for i, depth in enumerate(scene.get("wobble", ()))}
        return Measured(scene, means) if scene else None

    def pitch(self, rows: Sequence[Row]) -> str:
        """The pitch's note where half of the frames have one, with where it goes if it moves by a semitone."""
        heard = present([self.voiced(row) for row in rows])
        if not heard or 2 * len(heard) < len(rows):
            return ""
        third = -(-len(heard) // 3)
        first, last = gloss.note(median(heard[:third])), gloss.note(median(heard[-third:]))
        return first if first == last else f"{first}>{last}"

    def notes(self, rows: Sequence[Row]) -> str:
        """The strong pitch classes, strongest first."""
        strengths = [(fmean(values), i) for i, j in enumerate(self.chroma) if (values := present([r[j] for r in rows]))]
        strong = sorted((s, i) for s, i in strengths if s >= self.CHROMA)[::-1]
        return " ".join(gloss.NOTES[i] for _, i in strong[:4])


class Sounds:
    """Events: from an attack (or a new pitch, in a held tone) until the level has fallen, or the next one begins."""

    ATTACK = 6.0  # dB: what begins an event, unless told otherwise
    FALL = 12.0  # dB under its peak: what ends it
    RING = 9.0  # dB under its peak: from there on it rings out, and no new pitch begins an event
    STEP = 0.8  # semitones: a new note
    # What tells one instrument from another, and the fields that say it.
    COLOUR: ClassVar = {"harmonicity": "harm", "odd_even": "odd", "tilt": "tilt", "decay": "fall"}
    QUIET = -65.0  # dBFS: below, nothing begins
    LONGEST = 8.0  # seconds

    def __init__(self, table: Table, rate: float, attack: float = ATTACK):
        self.rate = rate
        self.attack = attack  # dB: what begins an event
        self.get = {name: table.getter(name) for name in (
            "level", "attack", "attack_time", "centroid", *self.COLOUR,
        )}  # fmt: skip
        self.voiced = table.voiced()
        self.possible = "level" in table.index and "attack" in table.index
        self.rows: list[Row] = []  # of the event under way
        self.heard: list[float | None] = []  # its pitches, a frame each
        self.start = 0.0
        self.rise = 0.0
        self.peak = 0.0

    def feed(self, frame: int, row: Row) -> tuple[float, Head] | None:
        """The start (in seconds) and the fields of the event that the frame ends, if it ends one."""
        level = self.get["level"](row)
        if not self.possible or level is None:
            return self.finish()
        attack = self.get["attack"](row) or 0.0
        hz = self.voiced(row)
        done = None
        begins = attack >= self.attack and level > self.QUIET and (len(self.rows) > 1 or not self.rows)
        if self.rows and not begins:
            over = level < self.peak - self.FALL or len(self.rows) >= self.LONGEST * self.rate
            begins = not over and self.new_pitch(hz, level)
            if over:
                done = self.finish()
        if begins:
            done = self.finish() or done
            moment = self.get["attack_time"](row) if attack >= self.attack else None
            self.start = frame / self.rate + (moment or 0) / 1000
            self.rise, self.peak, self.rows, self.heard = attack, level, [row], [hz]
        elif self.rows:
            self.rows.append(row)
            self.heard.append(hz)
            self.peak = max(self.peak, level)
        return done

    def new_pitch(self, hz: float | None, level: float) -> bool:
        """Does the pitch begin a note: is it a step away from that of the event's last frames?"""
        before = present(self.heard[-3:]) if hz and level > self.peak - self.RING else []
        return bool(hz and len(before) > 1 and abs(12 * math.log2(hz / median(before))) >= self.STEP)

    def finish(self) -> tuple[float, Head] | None:
        """The event under way."""
        rows, self.rows = self.rows, []
        if not rows:
            return None
        sound: Head = {"s": round(len(rows) / self.rate, 2), "dB": round(self.peak)}
        if self.rise >= self.attack:
            sound["rise"] = round(self.rise)
        if centroids := present([self.get["centroid"](row) for row in rows[:3]]):
            sound["Hz"] = gloss.rounded(fmean(centroids))
        if heard := present(self.heard):
            sound["pitch"] = gloss.note(median(heard))
        for name, field in self.COLOUR.items():
            if len(values := present([self.get[name](row) for row in rows])) > 1:
                sound[field] = round(median(values))
        return round(self.start, 2), sound
