"""Measures into lines: `scene`, the measured present about twice a second, and `sound`, what rises out of it.

Both are plain integers and notes in constant units, so that a reader who knows the header's two lines can follow them.
Nothing is estimated here: the measures are nat-embed's, averaged, and left out where they are absent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from . import gloss
from .wire import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ABSENT = -32768
VOICED = 0.6  # salience from which a pitch is said


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

    def rows(self, numbers: NDArray[np.int16]) -> Array:
        """Grid numbers into units, a row a frame; NaN for an absent one."""
        import numpy as np

        return np.where(numbers == ABSENT, np.nan, numbers * np.array(self.steps))

    def column(self, rows: Array, name: str) -> Array:
        """The measure `name` of each row; NaN where the stream has no such measure."""
        import numpy as np

        i = self.index.get(name)
        return np.full(rows.shape[:-1], np.nan) if i is None else rows[..., i]

    def voiced(self, rows: Array) -> Array:
        """The pitch of each row in Hz, NaN where it is not clear enough to be said."""
        import numpy as np

        pitch = self.column(rows, "pitch")
        return np.where((pitch > 0) & (self.column(rows, "salience") >= VOICED), pitch, np.nan)


def present(values: Sequence[float]) -> list[float]:
    """Those that are not NaN."""
    return [value for value in values if value == value]


def mean(rows: Array, axis: int) -> Array:
    """The mean of what is not NaN; NaN where all is."""
    import numpy as np

    there = ~np.isnan(rows)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, rows, 0).sum(axis=axis) / there.sum(axis=axis))


class Scenes:
    """Averages over `length` frames, one line each."""

    ATTACK = 6.0  # dB that the attack of a frame must have to be counted
    REGULAR = 0.6  # regularity from which a pulse is said
    CHROMA = 0.5  # strength from which a pitch class is said

    def __init__(self, table: Table, length: int):
        self.table, self.length = table, length
        self.power = [i for i, name in enumerate(table.names) if name == "level" or name.startswith("band_")]
        self.fluct = [table.index[f"fluct_{i}"] for i in range(4) if f"fluct_{i}" in table.index]
        self.chroma = [(i, table.index[f"chroma_{i}"]) for i in range(12) if f"chroma_{i}" in table.index]

    def feed(self, rows: Array) -> Iterator[Measured | None]:
        """The scenes of `rows`, `length` frames each (the last may be shorter); None where nothing was measured."""
        whole = len(rows) // self.length
        if whole:
            yield from self._measure(rows[: whole * self.length].reshape(whole, self.length, -1))
        if len(rows) % self.length:
            yield from self._measure(rows[None, whole * self.length :])

    def _measure(self, rows: Array) -> Iterator[Measured | None]:
        """Of the shape (scenes, frames, measures)."""
        import numpy as np

        column = self.table.column
        level = column(mean(rows, 1), "level").tolist()
        means = mean(rows, 1)
        means[:, self.power] = 10 * np.log10(mean(10 ** (rows[:, :, self.power] / 10), 1))  # of the powers
        rise = np.fmax.reduce(column(rows, "rise"), axis=1).tolist()
        attacks = (column(rows, "attack") >= self.ATTACK).sum(axis=1).tolist()
        heard = self.table.voiced(rows).tolist()
        names = self.table.names
        for i, values in enumerate(means.tolist()):
            now = {name: value for name, value in zip(names, values, strict=True) if value == value}
            bands = [values[j] for j in self.table.bands]
            while bands and bands[-1] != bands[-1]:  # above the recording's own band
                bands.pop()
            scene: Head = {}
            if "level" in now:
                scene["dB"] = round(now["level"])
            if rise[i] >= 3:
                scene["rise"] = round(rise[i])
            if bands:
                scene["bands"] = [round(band) if band == band else None for band in bands]
            if "centroid" in now:
                scene["Hz"] = gloss.rounded(now["centroid"])
            if "tonality" in now:
                scene["tone"] = round(100 * now["tonality"])
            if pitch := self.pitch(heard[i]):
                scene["pitch"] = pitch
            if attacks[i]:
                scene["attacks"] = attacks[i]
            if present(depths := [values[j] for j in self.fluct]):
                scene["wobble"] = [round(depth) if depth == depth else 0 for depth in depths]
            if "pulse" in now and now.get("regularity", 0) >= self.REGULAR:
                scene["pulse"] = round(now["pulse"], 1)
            if notes := self.notes(values):
                scene["notes"] = notes
            words = {"level": level[i]} if level[i] == level[i] else {}
            words |= {name: now[name] for name in ("centroid", "tonality") if name in now}
            words |= {f"fluct_{j}": depth for j, depth in enumerate(scene.get("wobble", ()))}
            yield Measured(scene, words) if scene else None

    @staticmethod
    def pitch(voiced: list[float]) -> str:
        """The pitch's note where half of the frames have one, with where it goes if it moves by a semitone."""
        heard = present(voiced)
        if not heard or 2 * len(heard) < len(voiced):
            return ""
        third = -(-len(heard) // 3)
        first, last = gloss.note(median(heard[:third])), gloss.note(median(heard[-third:]))
        return first if first == last else f"{first}>{last}"

    def notes(self, means: list[float]) -> str:
        """The strong pitch classes, strongest first."""
        strong = sorted(((means[j], i) for i, j in self.chroma if means[j] >= self.CHROMA), reverse=True)
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
        self.table, self.rate = table, rate
        self.attack = attack  # dB: what begins an event
        self.possible = "level" in table.index and "attack" in table.index
        self.colours: list[tuple[float, ...]] = []  # of the event under way: centroid and COLOUR, a frame each
        self.heard: list[float] = []  # its pitches, a frame each
        self.start = 0.0
        self.rise = 0.0
        self.peak = 0.0

    def feed(self, frame: int, rows: Array) -> Iterator[tuple[int, float, Head]]:
        """The events that the next rows end: the frame that does, their start in seconds and their fields."""
        if not self.possible:
            return
        columns = [
            self.table.column(rows, name).tolist()
            for name in ("level", "attack", "attack_time", "centroid", *self.COLOUR)
        ]
        for level, attack, moment, hz, *colour in zip(
            *columns[:3], self.table.voiced(rows).tolist(), *columns[3:], strict=True
        ):
            done = None
            if level != level:
                done = self.finish()
            elif self.colours or (attack >= self.attack and level > self.QUIET):
                done = self._step(frame, level, attack, moment, hz, tuple(colour))
            if done:
                yield frame, *done
            frame += 1

    def _step(
        self, frame: int, level: float, attack: float, moment: float, hz: float, colour: tuple[float, ...]
    ) -> tuple[float, Head] | None:
        """One frame, in an event or at the start of one."""
        hit = attack >= self.attack
        begins = hit and level > self.QUIET and len(self.colours) != 1
        done = None
        if self.colours and not begins:
            over = level < self.peak - self.FALL or len(self.colours) >= self.LONGEST * self.rate
            begins = not over and self.new_pitch(hz, level)
            if over:
                done = self.finish()
        if begins:
            done = self.finish() or done
            self.start = frame / self.rate + (moment / 1000 if hit and moment == moment else 0)
            self.rise, self.peak, self.colours, self.heard = attack, level, [colour], [hz]
        elif self.colours:
            self.colours.append(colour)
            self.heard.append(hz)
            self.peak = max(self.peak, level)
        return done

    def new_pitch(self, hz: float, level: float) -> bool:
        """Does the pitch begin a note: is it a step away from that of the event's last frames?"""
        before = present(self.heard[-3:]) if hz == hz and level > self.peak - self.RING else []
        return len(before) > 1 and abs(12 * math.log2(hz / median(before))) >= self.STEP

    def finish(self) -> tuple[float, Head] | None:
        """The event under way."""
        rows, self.colours = self.colours, []
        if not rows:
            return None
        sound: Head = {"s": round(len(rows) / self.rate, 2), "dB": round(self.peak)}
        if self.rise >= self.attack:
            sound["rise"] = round(self.rise)
        centroids, *colours = zip(*rows, strict=True)
        if early := present(centroids[:3]):
            sound["Hz"] = gloss.rounded(sum(early) / len(early))
        if heard := present(self.heard):
            sound["pitch"] = gloss.note(median(heard))
        for field, values in zip(self.COLOUR.values(), colours, strict=True):
            if len(told := present(values)) > 1:
                sound[field] = round(median(told))
        return round(self.start, 2), sound
