"""Measures into lines: `scene`, the measured present about twice a second, and `sound`, what rises out of it.

Both are plain integers and notes in constant units, so that a reader who knows the header's two lines can follow them.
Nothing is estimated here: the measures are nat-embed's, averaged, and left out where they are absent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median, median_low
from typing import TYPE_CHECKING, ClassVar

from . import gloss
from .wire import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ABSENT = -32768
LOUDEST = 300.0  # dB: what is said to be louder is not believed
VOICED = 0.6  # salience from which a pitch is said


class Table:
    """The measures of a stream by name."""

    def __init__(self, measures: Sequence[Head]):
        self.names = [str(measure.get("name")) for measure in measures]
        self.steps = [float(measure.get("step", 1)) for measure in measures]
        self.index = {name: i for i, name in enumerate(self.names)}
        self.bands = [i for i, name in enumerate(self.names) if name.startswith("band_")]
        self.power = [i for i, name in enumerate(self.names) if name == "level" or i in self.bands]  # dB
        self.regions = [(measures[i].get("low"), measures[i].get("high")) for i in self.bands]  # Hz
        self.edges = "-".join(str(low) for low, _ in self.regions + [(high, 0) for _, high in self.regions[-1:]])

    def rows(self, numbers: NDArray[np.int16]) -> Array:
        """Grid numbers into units, a row a frame; NaN for an absent one."""
        import numpy as np

        rows = np.where(numbers == ABSENT, np.nan, numbers * np.array(self.steps))
        rows[:, self.power] = np.clip(rows[:, self.power], -LOUDEST, LOUDEST)
        return rows

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
    TONAL = 0.5  # tonality from which pitch classes are

    def __init__(self, table: Table, length: int):
        self.table, self.length = table, length
        self.fluct = [table.index[f"fluct_{i}"] for i in range(4) if f"fluct_{i}" in table.index]
        self.chroma = [(i, table.index[f"chroma_{i}"]) for i in range(12) if f"chroma_{i}" in table.index]

    def feed(self, rows: Array) -> Iterator[Head]:
        """The scenes of `rows`, `length` frames each (the last may be shorter); empty where nothing was measured."""
        whole = len(rows) // self.length
        if whole:
            yield from self._measure(rows[: whole * self.length].reshape(whole, self.length, -1))
        if len(rows) % self.length:
            yield from self._measure(rows[None, whole * self.length :])

    def _measure(self, rows: Array) -> Iterator[Head]:
        """Of the shape (scenes, frames, measures)."""
        import numpy as np

        column, power = self.table.column, self.table.power
        means = mean(rows, 1)
        means[:, power] = 10 * np.log10(mean(10 ** (rows[:, :, power] / 10), 1))  # of the powers
        attacks = (column(rows, "attack") >= self.ATTACK).sum(axis=1).tolist()
        heard = self.table.voiced(rows).tolist()
        noise = np.where(
            np.isnan(self.table.voiced(rows)), column(rows, "crest"), np.nan
        )  # a voice's pulses are no grain
        grain = mean(noise, 1).tolist()
        swings = (~np.isnan(column(rows, "vibrato_rate") * column(rows, "vibrato_depth"))).sum(axis=1).tolist()
        names = self.table.names
        for i, values in enumerate(means.tolist()):
            now = {name: value for name, value in zip(names, values, strict=True) if value == value}
            scene: Head = {}
            if "level" in now:
                scene["dB"] = round(now["level"])
            if "centroid" in now:
                scene["Hz"] = gloss.rounded(now["centroid"])
            if "tonality" in now:
                scene["tone"] = round(100 * now["tonality"])
            if grain[i] == grain[i]:
                scene["grain"] = round(grain[i])
            if pitch := melody(heard[i]):
                scene["pitch"] = pitch
            if 2 * swings[i] >= self.length:
                scene["vibrato"] = [round(now["vibrato_rate"], 1), round(now["vibrato_depth"])]
            notes = self.notes(values) if now.get("tonality", 0) >= self.TONAL else ""
            if notes and notes != pitch.rstrip("-0123456789"):
                scene["notes"] = notes
            if attacks[i]:
                scene["attacks"] = attacks[i]
            if "pulse" in now and now.get("regularity", 0) >= self.REGULAR:
                scene["pulse"] = round(now["pulse"], 1)
            bands = [values[j] for j in self.table.bands]
            while bands and bands[-1] != bands[-1]:  # above the recording's own band
                bands.pop()
            if bands:
                scene["bands"] = [round(band) if band == band else None for band in bands]
            if present(depths := [values[j] for j in self.fluct]):
                scene["wobble"] = [round(depth) if depth == depth else 0 for depth in depths]
            yield scene

    def notes(self, means: list[float]) -> str:
        """The strong pitch classes, strongest first."""
        strong = sorted(((means[j], i) for i, j in self.chroma if means[j] >= self.CHROMA), reverse=True)
        return " ".join(gloss.NOTES[i] for _, i in strong[:4])


def melody(voiced: Sequence[float]) -> str:
    """The pitch's note where half of the frames have one, with where it goes if it moves by a semitone: "A4>C5".

    None where it is said to move by more than an octave: then it is no one voice's.
    """
    heard = present(voiced)
    if not heard or 2 * len(heard) < len(voiced):
        return ""
    third = -(-len(heard) // 3)
    low, high = median_low(heard[:third]), median_low(heard[-third:])
    if not 0.49 < low / high < 2.04:
        return ""
    first, last = gloss.note(low), gloss.note(high)
    return first if first == last else f"{first}>{last}"


class Sounds:
    """Events: from an attack (or a new pitch, in a held tone) until the level has fallen, or the next one begins."""

    ATTACK = 6.0  # dB: what begins an event, unless told otherwise
    FALL = 12.0  # dB under its peak: what ends it
    RING = 6.0  # dB under its peak: from there on it rings out, and no new pitch begins an event
    STEP = 0.8  # semitones: a new note
    # What tells one instrument from another: the fields that say it, and from which size on.
    COLOUR: ClassVar = {
        "harmonicity": ("harm", 6), "odd_even": ("odd", 8), "tilt": ("tilt", 0), "decay": ("fall", 10),
    }  # fmt: skip
    # An item may begin in the midst of a sound: what rises at its very start, and does not fall, is no event.
    QUIET = -65.0  # dBFS: below, nothing begins
    LONGEST = 8.0  # seconds

    def __init__(self, table: Table, rate: float, attack: float = ATTACK):
        self.table, self.rate = table, rate
        self.attack = attack  # dB: what begins an event
        self.possible = "level" in table.index and "attack" in table.index
        self.colours: list[tuple[float, ...]] = []  # of the event under way: centroid, COLOUR; a frame each
        self.heard: list[float] = []  # its pitches, a frame each
        self.frame = 0  # at which it begins
        self.start = 0.0
        self.rise = 0.0
        self.peak = 0.0
        self.level = 0.0  # of its last frame

    @property
    def under_way(self) -> int | None:
        """The frame at which the event begins that has not ended yet."""
        return self.frame if self.colours else None

    def feed(self, frame: int, rows: Array) -> Iterator[tuple[int, float, Head]]:
        """The events that the next rows, from `frame` on, end: their first frame, start in seconds, fields."""
        if not self.possible:
            return
        level, attack, moment, *colours = (
            self.table.column(rows, name).tolist()
            for name in ("level", "attack", "attack_time", "centroid", *self.COLOUR)
        )
        pitch = self.table.voiced(rows).tolist()
        for i, colour in enumerate(zip(*colours, strict=True)):
            if self.colours or attack[i] >= self.attack:
                yield from self._step(frame + i, level[i], attack[i], moment[i], pitch[i], colour)

    def _step(
        self, frame: int, level: float, attack: float, moment: float, hz: float, colour: tuple[float, ...]
    ) -> Iterator[tuple[int, float, Head]]:
        """One frame, in an event or at the start of one."""
        long = len(self.colours) >= self.LONGEST * self.rate
        if self.colours and (level != level or level < self.peak - self.FALL or long):
            yield from self.finish()
        if attack >= self.attack and level > self.QUIET and len(self.colours) != 1:
            yield from self.finish()
            self._begin(frame, moment, level, attack)
        elif not self.colours:
            return
        elif self._new_pitch(hz, level):
            begun = [self.colours.pop()], [self.heard.pop()]  # a frame ago
            yield from self.finish()
            self._begin(frame - 1, math.nan, level, 0.0)
            self.colours, self.heard = begun
        self.colours.append(colour)
        self.heard.append(hz)
        self.level, self.peak = level, max(self.peak, level)

    def _begin(self, frame: int, moment: float, level: float, rise: float) -> None:
        self.frame, self.start = frame, frame / self.rate + (moment / 1000 if moment == moment else 0)
        self.rise, self.peak, self.colours, self.heard = rise, level, [], []

    def _new_pitch(self, hz: float, level: float) -> bool:
        """Are this pitch and the last one a new note's: the same, and a step (not an octave) away from those before?"""
        if not (hz == hz and level > self.peak - self.RING and len(self.heard) > 3):
            return False
        before = present(self.heard[-4:-1])
        if len(before) < 2 or not abs(12 * math.log2(hz / self.heard[-1])) < self.STEP / 2:
            return False
        step = abs(12 * math.log2(hz / median(before)))
        return step >= self.STEP and abs(step - 12) >= self.STEP

    def finish(self) -> Iterator[tuple[int, float, Head]]:
        """The event under way."""
        rows, self.colours = self.colours, []
        begun_before = self.frame <= 1 and len(rows) >= self.rate and self.level > self.peak - self.RING
        if not rows or begun_before:
            return
        sound: Head = {"s": round(len(rows) / self.rate, 2), "dB": round(self.peak)}
        if self.rise >= self.attack:
            sound["rise"] = round(self.rise)
        centroids, *colours = zip(*rows, strict=True)
        if early := present(centroids[:3]):
            sound["Hz"] = gloss.rounded(sum(early) / len(early))
        if pitch := melody(self.heard):
            sound["pitch"] = pitch
        for (field, least), values in zip(self.COLOUR.values(), colours, strict=True):
            if len(told := present(values)) > 1 and (value := round(median(told))) and (not least or value >= least):
                sound[field] = value
        yield self.frame, round(self.start, 2), sound
