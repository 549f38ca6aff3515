"""Samples in, rows of measures out: what each moment of sound measures. Every encoder adds these to its own features.

A frame is heard by itself (frames.py) and with what is around it; each family of measures has its own module.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..measures import NAMES, heads, sources
from . import brief, formants, harmonics, levels, onsets, pitch, rhythm
from .frames import Front
from .grid import Grid, grid
from .listening import Listening
from .modulation import Fluctuation, Vibrato, modulated
from .numerics import Array, Frames, Places
from .past import NAMES as OF_THE_PAST
from .past import Past
from .thresholds import SHORTEST

# What is left out for a frame if it is out of reach of the loudest: pitch classes, what depends on a pitch, anything
# that is heard; and, if the loudest lies below the range that is heard, also what depends on time.
NOTED = {"tuning"}
PITCHED = {
    "tuning", "pitch", "salience", "glide", "harmonicity", "odd_even", "tilt", "harmonic", "tonality", "periodicity",
    "f0", "vibrato_rate", "vibrato_extent", "polyphony", "note", "note_level", "note_slope", "note_onset",
    "note_attack", "bass", "lead", "formant", "treble_chroma", "bass_chroma", "distortion", "inharmonicity", "beating",
}  # fmt: skip
ONE_TONE = PITCHED & {
    "pitch", "glide", "harmonicity", "odd_even", "tilt", "harmonic", "f0", "vibrato_rate", "vibrato_extent",
}  # fmt: skip
TIMED = {
    "modulation", "pulse", "pulse_clarity", "decay", "tempo", "tempo_clarity", "am_rate", "am_depth", "onset_time",
    "attack_time", "onset_strength",
}  # fmt: skip
ALWAYS = {"level", "above_background", "below_40_hz", "above_16_khz", "dominant_frequency"}


class Columns:
    """The columns of a table: which ones are told, which ones belong to each of these sets, what they come from."""

    def __init__(self, hops: int, names: frozenset[str], hidden: frozenset[str]):
        """Of measures `names`; and those `hidden`, which others need."""
        every = heads(hops, names | hidden)
        self.measures = heads(hops, names)
        self.names = [str(measure["name"]) for measure in every]
        told = {measure["name"] for measure in self.measures}
        self.told = np.array([i for i, name in enumerate(self.names) if name in told], dtype=np.int64)
        self.sources = sources(names | hidden) | ({"sounding"} if not ONE_TONE.isdisjoint(names) else set())
        self.hidden = self.places(set(hidden))
        self.noted, self.pitched, self.one_tone = (self.places(wanted) for wanted in (NOTED, PITCHED, ONE_TONE))
        # onset_strength_0 and its kin tell nothing of time
        regions = [self.names.index(f"onset_strength_{i}") for i in range(5)] if "onset_strength" in names else []
        self.timed = np.setdiff1d(self.places(TIMED), regions)
        self.heard = np.setdiff1d(np.arange(len(self.names)), np.append(self.timed, self.places(ALWAYS)))
        self.sounding = np.setdiff1d(np.arange(len(self.names)), self.places({"level"}))

    def places(self, wanted: set[str]) -> Places:
        """The columns of measures and families of measures."""
        families = [name.rstrip("0123456789").rstrip("_") for name in self.names]
        found = [i for i, name in enumerate(self.names) if name in wanted or families[i] in wanted]
        return np.array(found, dtype=np.int64)


@lru_cache(8)
def tables(grid: Grid, names: frozenset[str], hidden: frozenset[str]) -> tuple[Columns, Fluctuation, Vibrato]:
    """What depends on the grid and on which measures are made, made once."""
    return Columns(grid.hops, names, hidden), Fluctuation(grid), Vibrato(grid)


STEP = 20  # groups of frames analysed at a time, at most: with more, a frame costs no less


class Meter:
    """Mono samples in, rows of measures out, at `frame_rate` frames a second.

    The rows are the same however the samples are split. A frame comes out within two seconds of its last sample.
    Subclasses put streams before the measures (`rows`), and keep what the streams need of each frame (`summary`).
    """

    HIDDEN: frozenset[str] = frozenset()  # measures that a subclass needs, told or not

    def __init__(self, sample_rate: int, frame_rate: Fraction = Fraction(25, 2), names: frozenset[str] = NAMES):
        """`names`: of the measures that are made; each is the same whichever others there are."""
        self.sample_rate = sample_rate
        self.grid = grid(frame_rate)
        self.columns, self.fluctuation, self.vibrato = tables(self.grid, names, self.HIDDEN)
        self.measures = self.columns.measures
        self.listening = Listening(sample_rate, self.grid, self.columns.sources)
        self.done = self.skipped = 0  # that were made or skipped; that are to be skipped
        self.front = Front(sample_rate, self.grid)
        self.lags = rhythm.OnsetLags(self.grid)
        self.tempo = rhythm.Tempo(self.grid)
        self.past = Past(self.grid, self.tempo, self.measures)
        self.memory: Frames = {}

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return len(self.measures)

    def feed(self, samples: Array) -> NDArray[np.float32]:
        """Take samples, float64, shape (n,), full scale 1. Returns the rows that are ready, float32, (m, width)."""
        return self.past(*self.hear(samples))

    def hear(self, samples: Array) -> tuple[NDArray[np.float32], Array]:
        """The same, with 0 for the measures of Past, and the numbers, (m, Past.width), that it makes them from."""
        self._take(samples)
        return self._rows(self._analysed(self.front.samples) - self.front.frames, 0)

    def _take(self, samples: Array) -> None:
        self.front.feed(samples)
        self.listening.feed(samples)

    def skip(self, rows: int) -> None:
        """Make none of the first rows: their sound is heard for the sake of those that follow."""
        self.skipped = rows

    def flush(self) -> NDArray[np.float32]:
        """The rows that were put off: none."""
        return np.zeros((0, self.width), dtype=np.float32)

    def ready(self, samples: int) -> int:
        """How many rows have come out once so many samples were taken."""
        return max(0, self._analysed(samples) - self.grid.ahead)

    def needed(self, rows: int) -> int:
        """How many samples must be taken for so many rows, one or more, to come out."""
        group = self.grid.group
        return self.front.centre(-(-(rows + self.grid.ahead) // group) * group - 1) + self.front.reach

    def _analysed(self, samples: int) -> int:
        """How many frames are analysed then: groups of them."""
        return self.front.whole(samples) // self.grid.group * self.grid.group

    def finish(self, samples: Array) -> NDArray[np.float32]:
        """Take the last samples, likewise. Returns the rest of the rows."""
        return self.past(*self.hear_last(samples))

    def hear_last(self, samples: Array) -> tuple[NDArray[np.float32], Array]:
        """The same, without the measures of Past, as `hear`. A short item costs half as much if it is all in here."""
        self._take(samples)
        total = self.front.pad()
        return self._rows(total - self.front.frames, self.grid.ahead, total)

    def _rows(self, count: int, silent: int, total: int = 0) -> tuple[NDArray[np.float32], Array]:
        """Analyse `count` frames, and give the rows whose context is complete; `silent` empty frames follow the last
        one, if there are `total` frames in all.
        """
        step = STEP * self.grid.group
        parts = [self._analyse(min(step, count - i)) for i in range(0, count, step)]
        self.listening.run(total)
        if not self.memory:
            if not parts:
                return self.flush(), np.zeros((0, self.past.width))
            self.memory = {name: np.zeros((self.grid.past, *value.shape[1:])) for name, value in parts[0].items()}
        frames = {
            name: np.concatenate((value, *(part[name] for part in parts), np.zeros((silent, *value.shape[1:]))))
            for name, value in self.memory.items()
        }
        done = max(0, len(frames["valid"]) - self.grid.past - self.grid.ahead)
        self.memory = {name: value[done:] for name, value in frames.items()}
        if skip := max(0, min(done, self.skipped - self.done)):
            frames = {name: value[skip:] for name, value in frames.items()}
            done, self.done = done - skip, self.done + skip
        if not done:
            return self.flush(), np.zeros((0, self.past.width))
        frames |= self.lags.correlation(frames["lagged"], done)
        decays = self.listening.decays(self.done, done)
        numbers = self.past.numbers(frames, self.grid.now(done), decays)
        return np.ascontiguousarray(self.rows(frames, done), dtype=np.float32), numbers

    def _analyse(self, count: int) -> Frames:
        """What the next `count` frames are made of; the networks hear them too."""
        part = self.front.analyse(count)
        low, *mid, high, highest = np.moveaxis(part["rises"], 2, 0)
        rises = np.stack((low, np.maximum(*mid), np.maximum(high, highest)), axis=2)
        bands, level = part.pop("bands"), part["level"]
        self.listening.hear(bands.reshape(-1, bands.shape[2]), rises.reshape(-1, 3), level.ravel())
        return part | self.summary(part)

    def summary(self, part: Frames) -> Frames:
        """Sums over each frame's short windows, for what looks at more than one frame."""
        return {"lagged": self.lags.sums(part), "beats": self.tempo.sums(part)}

    def rows(self, frames: Frames, count: int) -> Array:
        """The rows of the `count` current frames (Grid.now)."""
        return self.measured(frames, count)[:, self.columns.told]

    def measured(self, frames: Frames, count: int) -> Array:
        """The measures, told or hidden."""
        grid, now, of = self.grid, self.grid.now(count), self.columns
        told = pitch.voiced(frames)
        columns = levels.measured(frames, grid, count) | dict.fromkeys(OF_THE_PAST, np.zeros(count))
        columns |= self.listening.rows(self.done, count, frames | {"pitch": np.where(told, frames["pitch"], 0)})
        if "pitch" in of.sources:
            columns |= pitch.measured(frames, grid, count, told)
        if "harmonics" in of.sources:
            columns |= harmonics.measured(frames, grid, count, told)
        if "formants" in of.sources:
            columns |= formants.measured(frames, grid, count, told, self.front.tables.formants)
        if "onsets" in of.sources:
            columns |= onsets.measured(frames, grid, count)
        if "modulation" in of.sources:
            columns |= self.vibrato(frames, count) | self.fluctuation(frames, count) | modulated(frames, grid, count)
        if "brief" in of.sources:
            columns |= brief.measured(frames, grid, count)
        if "rhythm" in of.sources:
            columns |= rhythm.pulse(frames, grid)
        table = np.stack([columns[name] for name in of.names], axis=1) if of.names else np.zeros((count, 0))
        silent = columns["level"] < -900  # only the level can be given
        table[np.ix_(silent, of.sounding)] = np.nan
        heard, pitched, noted, deep = (frames[name][now] > 0 for name in ("heard", "pitched", "noted", "deep"))
        several = columns["polyphony"] > 1 if "sounding" in of.sources else np.zeros(count, dtype=bool)
        for gone, places in ((~noted, of.noted), (~pitched, of.pitched), (several, of.one_tone), (~heard, of.heard),
                             (deep, of.timed)):  # fmt: skip
            table[np.ix_(gone, places)] = np.nan
        self.done += count
        if self.front.samples < SHORTEST * self.sample_rate:
            table[:] = np.nan
        return np.clip(np.rint(table), -32767, 32767)
