"""Samples in, rows of measures out: what each moment of sound measures. Every encoder adds these to its own features.

A frame is heard by itself (frames.py) and with what is around it; each family of measures has its own module.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..measures import HEADS
from . import chroma, harmonics, levels, onsets, pitch, rhythm
from .frames import Front
from .grid import Grid
from .modulation import Fluctuation, Vibrato, modulated
from .numerics import Array, Frames
from .thresholds import SHORTEST

Places = NDArray[np.int64]
NAMES = [str(head["name"]) for head in HEADS]


def places(*names: str) -> Places:
    """The columns of the named measures and families of measures."""
    return np.array(
        [i for i, name in enumerate(NAMES) if name in names or name.rstrip("0123456789").rstrip("_") in names]
    )


# What is left out for a frame if it is out of reach of the loudest: pitch classes, what depends on a pitch, anything
# that is heard; and, if the loudest lies below the range that is heard, also what depends on time.
NOTED = places("chroma", "bass", "top", "tuning")
PITCHED = places(
    "chroma", "bass", "top", "tuning", "pitch", "salience", "glide", "harmonicity", "odd_even", "tilt", "harmonic",
    "tonality", "periodicity", "f0", "vibrato_rate", "vibrato_extent",
)  # fmt: skip
TIMED = np.append(
    places("modulation", "pulse", "pulse_clarity", "decay", "tempo", "tempo_clarity", "am_rate", "am_depth",
           "onset_time", "attack_time"), NAMES.index("onset_strength"))  # fmt: skip
HEARD = np.setdiff1d(
    np.arange(len(NAMES)),
    np.append(TIMED, places("level", "above_background", "below_40_hz", "above_16_khz", "dominant_frequency")),
)

STEP = 20  # groups of frames analysed at a time, at most: with more, a frame costs no less


class Meter:
    """Mono samples in, rows of measures out, at `frame_rate` frames a second.

    The rows are the same however the samples are split. A frame comes out within two seconds of its last sample.
    Subclasses put streams before the measures (`rows`), and keep what the streams need of each frame (`summary`).
    """

    def __init__(self, sample_rate: int, frame_rate: Fraction = Fraction(25, 2)):
        self.measures, self.sample_rate = HEADS, sample_rate
        self.grid = Grid(frame_rate)
        self.front = Front(sample_rate, self.grid)
        self.lags = rhythm.OnsetLags(self.grid)
        self.tempo = rhythm.Tempo(self.grid)
        self.recent = rhythm.Recent(3 + self.tempo.width)
        self.background = levels.Background(self.grid)
        self.fluctuation = Fluctuation(self.grid)
        self.vibrato = Vibrato(self.grid)
        self.memory: Frames = {}

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return len(self.measures)

    def feed(self, samples: Array) -> NDArray[np.float32]:
        """Take samples, float64, shape (n,), full scale 1. Returns the rows that are ready, float32, (m, width)."""
        self.front.feed(samples)
        ready = self.front.whole() // self.grid.group * self.grid.group
        return self._rows(ready - self.front.frames, 0)

    def finish(self) -> NDArray[np.float32]:
        """No more samples will come. Returns the rest of the rows."""
        return self._rows(self.front.pad() - self.front.frames, self.grid.ahead)

    def _rows(self, count: int, silent: int) -> NDArray[np.float32]:
        """Analyse `count` frames, and give the rows whose context is complete; `silent` empty frames follow."""
        step = STEP * self.grid.group
        parts = [self.front.analyse(min(step, count - i)) for i in range(0, count, step)]
        parts = [part | self.summary(part) for part in parts]
        if not self.memory:
            if not parts:
                return np.zeros((0, self.width), dtype=np.float32)
            self.memory = {name: np.zeros((self.grid.past, *value.shape[1:])) for name, value in parts[0].items()}
        frames = {
            name: np.concatenate((value, *(part[name] for part in parts), np.zeros((silent, *value.shape[1:]))))
            for name, value in self.memory.items()
        }
        done = max(0, len(frames["valid"]) - self.grid.past - self.grid.ahead)
        self.memory = {name: value[done:] for name, value in frames.items()}
        if not done:
            return np.zeros((0, self.width), dtype=np.float32)
        frames |= self.lags.correlation(frames["lagged"], done)
        return np.ascontiguousarray(self.rows(frames, done), dtype=np.float32)

    def summary(self, part: Frames) -> Frames:
        """Sums over each frame's short windows, for what looks at more than one frame."""
        return {"lagged": self.lags.sums(part), "beats": self.tempo.sums(part)}

    def rows(self, frames: Frames, count: int) -> Array:
        """The rows of the `count` current frames (Grid.now)."""
        grid, now = self.grid, self.grid.now(count)
        told = pitch.voiced(frames)
        lately = self.recent(np.hstack((frames["turn"][now], frames["beats"][now])))
        columns = {
            **levels.measured(frames, grid, count),
            "above_background": (frames["loudness"][now] - self.background(frames["loudness"][now])) / 10,
            **pitch.measured(frames, grid, count, told),
            **chroma.measured(frames, grid, count),
            "tuning": chroma.tuning(lately[:, :3]),
            **harmonics.measured(frames, grid, count, told),
            **self.vibrato(frames, count),
            **onsets.measured(frames, grid, count),
            **self.fluctuation(frames, count),
            **modulated(frames, grid, count),
            **rhythm.pulse(frames, grid),
            **self.tempo.measured(lately[:, 3:]),
        }
        table = np.stack([columns[entry["name"]] for entry in self.measures], axis=1)
        silent = columns["level"] < -900  # only the level can be given
        table[silent, 1:] = np.nan
        heard, pitched, noted, deep = (frames[name][now] > 0 for name in ("heard", "pitched", "noted", "deep"))
        for gone, columns_of in ((~noted, NOTED), (~pitched, PITCHED), (~heard, HEARD), (deep, TIMED)):
            table[np.ix_(gone, columns_of)] = np.nan
        if self.front.samples < SHORTEST * self.sample_rate:
            table[:] = np.nan
        return np.clip(np.rint(table), -32767, 32767)
