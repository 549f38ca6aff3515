"""What a moment of sound measures: the numbers that every encoder carries beside its own.

A Meter takes samples and gives a row of measures for each frame, from the frame (frames.py) and what is around it.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .frames import CELLS, EDGES, FINE, RISES, SILENT, Front
from .peaks import MOST
from .pitch import HARMONICS
from .spectrum import Array, Frames, decibels, exact, transform_size, weights

CONTEXT = Fraction(96, 100)  # seconds heard before and after a frame
LAG = Fraction(1)  # seconds: the slowest pulse
STEP = 20  # groups of frames analysed at a time, at most: more cost no less
FLUCT = (0.5, 2, 8, 16, 50)  # Hz, of fluctuation
CLEAR_ATTACK = 300  # hundredths of a dB that all bands rise on average, from which it has a moment
PERIODIC = 300  # thousandths of periodicity, from which a fundamental is told
TONAL = 300  # thousandths of tonality, from which notes are told
FAINT = 16.0  # energy of a cell in 2**-32: below, nothing clicks
HISS = 100000  # hundredths of Hz: from here on a pitch has to be tonal and peak, or it is a fricative, a cymbal
BACKGROUND = 4  # seconds whose quietest fifth is the background
TEMPO = Fraction(2)  # seconds: the slowest beat
SHARPEST = Fraction(16, 100)  # seconds in which an attack is looked for the end of its rise
CLICK = 10.0  # times the 30 ms before and after, of a click
MODULATED = Fraction(24, 100)  # seconds before and after a frame, of a modulation
SLOWEST, FASTEST = 10, 80  # Hz, of it
REGULAR = 0.45  # correlation that it needs; of noise, one frame in a thousand has it
CLEAR_TONE = 600  # thousandths of salience, from which no modulation is looked for
VIBRATO = Fraction(36, 100)  # seconds before and after a frame
SWINGS = np.arange(3.5, 10.1, 0.25)  # Hz, of a vibrato: looked for; told inside

Places = NDArray[np.int64]

MEASURES: list[dict[str, Any]] = [
    {"name": "level", "unit": "dBFS", "step": 0.1},
    {"name": "rise", "unit": "dB", "step": 0.1},
    *({"name": f"band_{i}", "unit": "dB", "step": 0.1, "low": EDGES[i], "high": EDGES[i + 1]} for i in range(6)),
    {"name": "centroid", "unit": "Hz", "step": 1},
    {"name": "tonality", "unit": "0..1", "step": 0.01},
    {"name": "pitch", "unit": "Hz", "step": 0.2},
    {"name": "salience", "unit": "0..1", "step": 0.01},
    {"name": "glide", "unit": "semitones/s", "step": 0.1},
    {"name": "attack", "unit": "dB", "step": 0.1},
    {"name": "attack_time", "unit": "ms", "step": 1},
    *({"name": f"fluct_{i}", "unit": "dB", "step": 0.1, "low": FLUCT[i], "high": FLUCT[i + 1]} for i in range(4)),
    {"name": "pulse", "unit": "Hz", "step": 0.01},
    {"name": "regularity", "unit": "0..1", "step": 0.01},
    *({"name": f"chroma_{i}", "unit": "0..1", "step": 0.01} for i in range(12)),
    {"name": "bass", "unit": "MIDI note", "step": 0.01},
    {"name": "top", "unit": "MIDI note", "step": 0.01},
    {"name": "harmonicity", "unit": "dB", "step": 0.1},
    {"name": "odd_even", "unit": "dB", "step": 0.1},
    {"name": "tilt", "unit": "dB/octave", "step": 0.1},
    {"name": "decay", "unit": "dB/s", "step": 1},
    {"name": "tempo", "unit": "BPM", "step": 0.1},
    {"name": "beat", "unit": "0..1", "step": 0.01},
    {"name": "tuning", "unit": "cents", "step": 1},
    {"name": "grain", "unit": "dB", "step": 0.1},
    {"name": "vibrato_rate", "unit": "Hz", "step": 0.1},
    {"name": "vibrato_depth", "unit": "cents", "step": 1},
    *({"name": f"spectrum_{i}", "unit": "dB", "step": 0.1, "low": FINE[i], "high": FINE[i + 1]} for i in range(12)),
    *({"name": f"peak_{i}", "unit": "Hz", "step": 1} for i in range(MOST)),
    {"name": "prominence", "unit": "dB", "step": 0.1},
    *({"name": f"harmonic_{i}", "unit": "dB", "step": 0.1} for i in range(1, HARMONICS + 1)),
    *({"name": f"attack_{i}", "unit": "dB", "step": 0.1, "low": RISES[i], "high": RISES[i + 1]} for i in range(5)),
    {"name": "attack_length", "unit": "ms", "step": 1},
    {"name": "clicks", "unit": "", "step": 1},
    {"name": "am_rate", "unit": "Hz", "step": 0.1},
    {"name": "am_depth", "unit": "dB", "step": 0.1},
    {"name": "periodicity", "unit": "0..1", "step": 0.01},
    {"name": "fundamental", "unit": "Hz", "step": 1},
]


class Meter:
    """Mono samples in, rows of measures out, at `frame_rate` frames a second.

    The same rows however the samples are cut. A frame comes out within two seconds of its last sample.
    Subclasses put streams before the measures (`rows`).
    """

    measures = MEASURES

    def __init__(self, sample_rate: int, frame_rate: Fraction = Fraction(25, 2)):
        self.front = Front(sample_rate, frame_rate)
        self.ahead = round(CONTEXT * frame_rate)  # frames
        self.past = self.ahead + 1  # frames remembered
        self.group = max(1, round(Fraction(32, 100) * frame_rate))  # frames analysed at a time, at least
        self.rate = frame_rate * self.front.hops  # short windows a second
        self.lags = round(LAG * self.rate)
        self.lag_tail: Frames = {"onset": np.zeros(self.lags), "inside": np.zeros(self.lags)}
        size = 2 * self.ahead + 1
        self.context = weights(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, size + 1) / (size + 1)))
        size *= self.front.hops
        self.taper = weights(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size))
        self.fluct = [min(max(1, round(Fraction(low) * size / self.rate)), size // 2) for low in FLUCT[:-1]]
        self.frame_rate = frame_rate
        size = (2 * round(VIBRATO * frame_rate) + 1) * self.front.hops
        swing = 2 * np.pi * np.outer(np.arange(size), SWINGS) / float(self.rate)
        self.swings = np.rint(1024 * np.stack((np.cos(swing), np.sin(swing)), axis=2)).reshape(size, -1)
        self.levels = np.full(round(BACKGROUND * frame_rate), np.inf)
        self.first_beat = round(self.rate * 60 / 240 / 2)  # in steps of two short windows
        self.last_beat = round(TEMPO * self.rate / 2)
        lags = 2 * np.arange(self.first_beat, self.last_beat + 1)
        octaves = np.log2(lags / float(self.rate) * 2)
        self.preference = exact(np.exp(-0.5 * octaves * octaves))
        self.decayed = np.zeros(6 + len(lags))
        self.beat_tail = np.zeros(2 * self.last_beat)
        self.memory: Frames = {}

    def feed(self, samples: Array) -> Array:
        """Take samples, float64, shape (n,), full scale 1. Returns the rows that are ready, float32, (m, width)."""
        self.front.feed(samples)
        ready = self.front.whole() // self.group * self.group
        return self._rows(ready - self.front.frames, 0)

    def finish(self) -> Array:
        """No more samples will come. Returns the rest of the rows."""
        return self._rows(self.front.pad() - self.front.frames, self.ahead)

    def _rows(self, count: int, silent: int) -> Array:
        """Analyse `count` frames, and give the rows that have all of their context; `silent` frames follow."""
        step = STEP * self.group
        parts = [self.front.analyse(min(step, count - i)) for i in range(0, count, step)]
        parts = [part | self.summary(part) for part in parts]
        if not self.memory:
            if not parts:
                return np.zeros((0, self.width), dtype=np.float32)
            self.memory = {name: np.zeros((self.past, *value.shape[1:])) for name, value in parts[0].items()}
        frames = {
            name: np.concatenate((value, *(part[name] for part in parts), np.zeros((silent, *value.shape[1:]))))
            for name, value in self.memory.items()
        }
        done = max(0, len(frames["valid"]) - self.past - self.ahead)
        self.memory = {name: value[done:] for name, value in frames.items()}
        rows = self.rows(frames | self.rhythm(frames, done), done) if done else np.zeros((0, self.width))
        return np.ascontiguousarray(rows, dtype=np.float32)

    def summary(self, part: Frames) -> Frames:
        """Sums over each frame's short windows, for what looks at more than one frame.

        lagged, (frames, 6, lags): for the correlation of onsets with earlier ones. beats: for the tempo.
        """
        inside, onset = part["inside"], part["onset"] * part["inside"]
        flat = np.concatenate((self.lag_tail["onset"], onset.ravel()))
        there = np.concatenate((self.lag_tail["inside"], inside.ravel()))
        self.lag_tail = {"onset": flat[-self.lags :], "inside": there[-self.lags :]}
        shape = (*inside.shape, self.lags)
        x, m = onset[:, :, None], inside[:, :, None]
        y = sliding_window_view(flat, self.lags)[:-1, ::-1].reshape(shape)  # lag 1, 2, …
        m = m * sliding_window_view(there, self.lags)[:-1, ::-1].reshape(shape)
        x, y = x * m, y * m
        lagged = np.stack([v.sum(axis=1) for v in (m, x, y, x * x, y * y, x * y)], axis=1)
        return {"lagged": lagged, "beats": self.beaten(onset)}

    def beaten(self, onset: Array) -> Array:
        """Sums over each frame for the tempo: how many, of onsets, of squares, of products with earlier ones."""
        flat = np.concatenate((self.beat_tail, onset.ravel()))
        self.beat_tail = flat[-len(self.beat_tail) :]
        flat = flat + np.concatenate(([0.0], flat[:-1]))
        earlier = sliding_window_view(flat, len(self.beat_tail) + 1)[:, ::-1][:, 2 * self.first_beat :: 2]
        x = flat[len(self.beat_tail) :]
        sums = np.hstack((np.ones((len(x), 1)), x[:, None], (x * x)[:, None], earlier * x[:, None]))
        return np.asarray(sums.reshape(*onset.shape, -1).sum(axis=1))

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(MEASURES)

    def around(self, values: Array, count: int) -> Array:
        """Sums over about two seconds around each of the `count` frames, Hann-weighted: (count, ...).

        `values` are whole numbers, so that the product is exact in any order of its sums.
        """
        size = len(self.context)
        band = np.zeros((count, count + size))
        band[:, :size] = self.context
        band = band.ravel()[: count * (count + size - 1)].reshape(count, count + size - 1)
        window = values[self.past - self.ahead : self.past + count + self.ahead]
        return np.asarray(band @ window.reshape(len(window), -1))

    def rhythm(self, frames: Frames, count: int) -> Frames:
        """Pearson's correlation of the onsets around a frame with those 1, 2, … short windows before, (count, lags).

        And how many pairs of short windows it is made of, weighted.
        """
        sums = self.around(frames["lagged"], count).reshape(count, 6, -1)
        n, x, y, xx, yy, xy = np.moveaxis(sums, 1, 0)
        n = np.maximum(n, 1)
        spread = np.sqrt(np.maximum((xx - x * x / n) * (yy - y * y / n), 0))
        return {"rhythm": (xy - x * y / n) / (spread + n), "overlap": sums[:, 0]}

    def rows(self, frames: Frames, count: int) -> Array:
        """The rows of the `count` frames from number `past` on."""
        columns = self.sound(frames, count) | self.note(frames, count) | self.time(frames, count)
        silent = columns["level"] < -900  # nothing but the level can be said
        table = np.stack([columns[entry["name"]] for entry in MEASURES], axis=1)
        table[silent, 1:] = np.nan
        return np.clip(np.rint(table), -32767, 32767)

    def sound(self, frames: Frames, count: int) -> Frames:
        """Level, background, regions, colour."""
        now = slice(self.past, self.past + count)
        level = frames["loudness"][now]
        regions = frames["regions"][now]
        levels = np.concatenate((self.levels, level))
        self.levels = levels[count:]
        near = np.sort(sliding_window_view(levels, len(self.levels) + 1), axis=1)
        fifth = ((near < np.inf).sum(axis=1) - 1) // 5
        background = np.take_along_axis(near, fifth[:, None], 1)[:, 0]
        columns = {"level": level / 10, "rise": (level - background) / 10}
        columns |= {f"band_{i}": (regions[:, i + 1] - regions[:, 0]) / 10 for i in range(6)}
        columns |= {f"spectrum_{i}": (frames["fine"][now, i] - regions[:, 0]) / 10 for i in range(len(FINE) - 1)}
        peaks = np.where(frames["peaks"][now] > 0, frames["peaks"][now] / 10, np.nan)
        columns |= {f"peak_{i}": peaks[:, i] for i in range(MOST)}
        columns["prominence"] = np.where(peaks[:, 0] > 0, frames["prominence"][now] / 10, np.nan)
        columns |= {"periodicity": frames["periodicity"][now] / 10, "tonality": frames["tonality"][now] / 10}
        columns["fundamental"] = np.where(
            (frames["periodicity"][now] >= PERIODIC) & (frames["fundamental"][now] > 0),
            frames["fundamental"][now] / 100,
            np.nan,
        )
        return columns | {"centroid": frames["centroid"][now]}

    def note(self, frames: Frames, count: int) -> Frames:
        """Pitch, pitch classes, and what tells one instrument from another."""
        before, now, after = (slice(self.past + i, self.past + count + i) for i in (-1, 0, 1))
        pitch, octaves, salience = (frames[name] for name in ("pitch", "octaves", "salience"))
        peak = 10 * frames["peaks"][:, 0]
        order = np.rint(peak / np.maximum(pitch, 1))  # of the harmonic that the strongest peak is
        sure = (order >= 1) & (np.abs(peak - order * pitch) < 0.04 * pitch)
        voiced = (pitch > 0) & ((pitch < HISS) | ((frames["tonality"] >= TONAL) & sure))
        pairs = (before, now), (now, after)
        step = [np.where(voiced[a] & voiced[b], octaves[b] - octaves[a], np.nan) for a, b in pairs]
        step = [np.where(np.abs(s) < 250, s, np.nan) for s in step]  # three semitones: another note, not a glide
        both = np.where(np.isnan(step[0]), step[1], np.where(np.isnan(step[1]), step[0], (step[0] + step[1]) / 2))
        tonal = frames["tonality"][now] >= TONAL
        chroma = sliding_window_view(frames["chroma"][self.past - 3 : self.past + count + 3], 7, axis=0).sum(axis=2)
        top = chroma.max(axis=1)
        chroma = np.where((tonal & (top > 0))[:, None], 100 * chroma / np.maximum(top, 1)[:, None], np.nan)
        fit = frames["fit"][now]
        r = np.clip(salience[now], 1, 999) / 1000
        there = voiced[now]
        columns = {
            "pitch": np.where(there, pitch[now] / 20, np.nan),
            "salience": salience[now] / 10,
            "glide": both * 12 / 1000 * float(self.frame_rate) * 10,
            "bass": np.where(tonal & (frames["bass"][now] > 0), frames["bass"][now], np.nan),
            "top": np.where(tonal & (frames["top"][now] > 0), frames["top"][now], np.nan),
            "harmonicity": np.where(there, 10 * decibels(r / (1 - r)), np.nan),
            "odd_even": np.where(fit >= 7, frames["odd_even"][now] / 10, np.nan),
            "tilt": np.where(fit >= 3, frames["tilt"][now] / 1024 / 10, np.nan),
        }
        columns |= {f"chroma_{i}": chroma[:, i] for i in range(12)}
        harmonics = frames["harmonics"][now] - frames["regions"][now, :1]
        heard = there[:, None] & (np.arange(HARMONICS) < fit[:, None])
        harmonics = np.where(heard, np.maximum(harmonics, -9999), np.nan)
        columns |= {f"harmonic_{i + 1}": harmonics[:, i] / 10 for i in range(HARMONICS)}
        return columns | self.vibrato(frames, count)

    def vibrato(self, frames: Frames, count: int) -> Frames:
        """How fast and how far the pitch swings around where it stands or slides to.

        One sine has to explain most of what is left of the track of the pitch when its line is taken away.
        """
        hops, half = self.front.hops, round(VIBRATO * self.frame_rate)
        window = slice(self.past - half, self.past + count + half)
        size = (2 * half + 1) * hops
        sung = sliding_window_view(frames["partial"][window] > 0, 2 * half + 1).all(axis=1)
        x = 2.0 * np.arange(size) - (size - 1)
        track = sliding_window_view(frames["cents"][window].ravel(), size)[::hops]
        track = track - np.rint(track.mean(axis=1))[:, None]
        slope = (track @ x) / (x @ x)
        track = np.clip(np.rint(100 * (track - track.mean(axis=1)[:, None] - slope[:, None] * x)), -40000, 40000)
        swing = track @ self.swings
        square = swing[:, ::2] ** 2 + swing[:, 1::2] ** 2
        best = square.argmax(axis=1)
        square = square[np.arange(count), best] / 1024**2
        share = 2 * square / (size * (track * track).sum(axis=1) + 1)
        depth = 2 / size * np.sqrt(square) / 100
        inside = (best > 0) & (best < len(SWINGS) - 1) & (np.abs(track).max(axis=1) <= 20000)
        there = sung & inside & (share >= 0.6) & (depth >= 10)
        return {
            "vibrato_rate": np.where(there, 10 * SWINGS[best], np.nan),
            "vibrato_depth": np.where(there, depth, np.nan),
        }

    def recent(self, sums: Array) -> Array:
        """Sums of the last seconds up to each frame: what is 64 frames ago counts for 1/e."""
        result = np.empty_like(sums)
        for before, (row, now) in itertools.pairwise([(self.decayed, self.decayed), *zip(result, sums, strict=True)]):
            np.floor(before[0] * (63 / 64), out=row)
            row += now
        self.decayed = result[-1]
        return result

    def time(self, frames: Frames, count: int) -> Frames:
        """Attacks, fluctuation, pulse, tempo, decay."""
        hops, now = self.front.hops, slice(self.past, self.past + count)
        onset = frames["onset"] * (1 - frames["cut"])  # where the sound is cut off, its end is no attack
        near = sliding_window_view(np.pad(onset.ravel(), 2), 5)[:-1]  # the last one is too early to tell
        peak = np.where(near.max(axis=1) == near[:, 2], near[:, 2], 0)
        peak = np.append(peak, 0).reshape(onset.shape)[now]
        attack, hop = peak.max(axis=1), peak.argmax(axis=1)
        clear = attack >= CLEAR_ATTACK
        moment, length = np.full((2, count), np.nan)
        cells = frames["cells"]
        sums = np.concatenate(([0.0], np.cumsum(cells)))  # of all cells before each
        moment[clear], length[clear] = self.moment(sums, cells.shape[1], np.flatnonzero(clear), hop[clear])
        columns = {"attack": attack / 10, "attack_time": moment, "attack_length": length}
        columns["grain"] = self.grain(cells[now], frames["fine"][now])
        rises = frames["rises"][now][np.arange(count), hop]
        columns |= {f"attack_{i}": np.where(clear, rises[:, i] / 10, np.nan) for i in range(len(RISES) - 1)}
        columns |= self.modulated(frames, count) | {"clicks": self.clicks(cells, sums, count)}

        # fluctuation: the level's spectrum
        window = slice(self.past - self.ahead, self.past + count + self.ahead)
        level = np.maximum(frames["level"][window], SILENT).ravel()
        views = sliding_window_view(level, len(self.taper))[::hops]
        taper = sliding_window_view(frames["valid"][window].ravel(), len(self.taper))[::hops] * self.taper
        mean = np.rint((views * taper).sum(axis=1) / taper.sum(axis=1))
        spectrum = np.fft.rfft((views - mean[:, None]) * taper)
        parts = spectrum.real * spectrum.real + spectrum.imag * spectrum.imag
        power = np.add.reduceat(parts[:, :-1], self.fluct, axis=1)
        depth = np.sqrt(power * (2 / (100**2 * len(self.taper) * (taper * taper).sum(axis=1)))[:, None])
        columns |= {f"fluct_{i}": 10 * depth[:, i] for i in range(4)}

        overlap = frames["overlap"]
        trust = overlap / (overlap + 0.15 * hops * self.context.sum())  # in a correlation of few windows
        lag, strength = first_peak(frames["rhythm"] * trust, round(self.rate / 20) - 1)
        regular = strength >= 0.35
        rate = float(self.rate)
        columns |= {"pulse": np.where(regular, 100 * rate / lag, np.nan), "regularity": 100 * np.clip(strength, 0, 1)}

        levels = frames["loudness"]
        there = frames["valid"].sum(axis=1) > 0
        slope = np.zeros(count)
        for i, weight in enumerate((-2, -1, 0, 1, 2)):
            slope += weight * levels[self.past + i : self.past + count + i]
        fall = -slope / 10 / 100 * float(self.frame_rate)
        columns["decay"] = np.where((fall >= 3) & there[self.past + 4 : self.past + count + 4], fall, np.nan)
        return columns | self.lately(frames, count)

    def moment(self, sums: Array, size: int, which: Places, hop: Places) -> tuple[Array, Array]:
        """Where in each of the frames `which` its attack begins, near the short window `hop`, and how long it is; ms.

        It begins where 10 ms are loudest against the 10 ms before. `sums` are of all cells before each cell, of which a
        frame has `size`.
        """
        reach = 4
        start = (self.past + which) * size
        place = np.clip(CELLS * (hop[:, None] - 1) + np.arange(-2, 2 * CELLS + 1), 0, size - 1)
        at = start[:, None] + place
        after, before = sums[at + reach] - sums[at], sums[at] - sums[at - reach]
        best = np.argmax((after - before) / (before + 0.001 * after.max(axis=1)[:, None] + 1), axis=1)
        begun = np.take_along_axis(place, best[:, None], 1)[:, 0]
        milliseconds = 1000 / float(self.frame_rate) / size
        return begun * milliseconds, self.attack_length(sums, size, start + begun) * milliseconds

    def attack_length(self, sums: Array, size: int, start: Places) -> Array:
        """Cells from a tenth to nine tenths of the highest amplitude that follows an attack; NaN where none does.

        Of 10 ms each time, so that no period of a low tone counts as a rise.
        """
        reach, span = 4, round(SHARPEST * self.frame_rate * size)
        near = start[:, None] + np.arange(-reach, span)
        energy = sums[near + reach] - sums[near]
        top = energy.max(axis=1)
        peak = energy.argmax(axis=1)
        before = np.arange(energy.shape[1]) <= peak[:, None]
        # The last place before the peak that is still below: what came before the attack has no say.
        low = np.where(before & (energy <= 0.01 * top[:, None]), np.arange(energy.shape[1]), -1).max(axis=1)
        first = np.argmax(before & (energy >= 0.81 * top[:, None]), axis=1)
        low = np.where(low < 0, np.where(energy[:, 0] < 0.5 * top, 0, first), low)
        return np.where(top > 0, np.maximum(first - low - reach, 0), np.nan)

    def clicks(self, cells: Array, sums: Array, count: int) -> Array:
        """How many clicks each frame has: cells that stand out from what is before and after them."""
        size, reach = cells.shape[1], 12
        flat = cells.ravel()
        at = np.arange(self.past * size, (self.past + count) * size)
        near = np.stack([flat[at + i] for i in (-2, -1, 1, 2)]).max(axis=0)
        before = (sums[at - 1] - sums[at - 1 - reach]) / reach
        after = (sums[at + 3 + reach] - sums[at + 3]) / reach
        stands = (flat[at] >= near) & (flat[at] > CLICK * np.maximum(np.maximum(before, after), FAINT))
        return np.asarray(stands.reshape(count, size).sum(axis=1), dtype=np.float64)

    def grain(self, cells: Array, fine: Array) -> Array:
        """How far the highest cell stands over their mean, more than in smooth noise of that spectrum; tenths of a dB.

        The energy of noise in so short a time has a gamma distribution, its shape the bandwidth times the time (S. O.
        Rice, "Mathematical analysis of random noise", 1945): a rumble is uneven by itself, a hiss is not. The highest
        of all cells is a quantile (E. Wilson and M. Hilferty, "The distribution of chi-square", 1931).
        """
        count = cells.shape[1]
        peak = decibels((cells.max(axis=1) + 1) * count / (cells.sum(axis=1) + count))
        low, high = np.array([FINE[:-1], FINE[1:]], dtype=np.float64)
        density = np.nan_to_num(exact(10 ** ((fine - np.fmax.reduce(fine, axis=1)[:, None]) / 1000))) / (high - low)
        slope = np.add.reduce(density * (high**3 - low**3), axis=1) / 3  # which the cells are of
        square = np.add.reduce(density * density * (high**5 - low**5), axis=1) / 5
        shape = np.maximum(slope * slope / square / (float(self.frame_rate) * count), 0.5)
        most = NormalDist().inv_cdf((count - 0.375) / (count + 0.25))
        smooth = 3 * decibels(1 - 1 / (9 * shape) + most / (3 * np.sqrt(shape)))
        return 10 * np.maximum(peak - smooth, 0)

    def modulated(self, frames: Frames, count: int) -> Frames:
        """How fast and how deep the level is modulated between 10 and 100 Hz, where that is regular.

        By the autocorrelation of the root of the amplitude in cells, without what is slower, against the window's.
        """
        half = round(MODULATED * self.frame_rate)
        cells = frames["cells"][self.past - half : self.past + count + half]
        size = cells.shape[1]
        rate = float(self.frame_rate) * size
        low, high = max(2, math.floor(rate / FASTEST)), math.ceil(rate / SLOWEST)
        root = np.rint(256 * np.sqrt(np.sqrt(cells.ravel())))
        width = (2 * half + 1) * size
        sums = np.concatenate(([0.0], np.cumsum(np.pad(root, (high // 2, high - high // 2), mode="edge"))))
        mean = (sums[high + 1 :] - sums[: -high - 1]) / (high + 1)
        # A clear tone beats with the cells' own rate.
        noisy = np.flatnonzero(frames["salience"][self.past : self.past + count] < CLEAR_TONE)
        views = sliding_window_view(root - np.rint(mean), width)[::size][noisy]
        means = sliding_window_view(root, width)[::size][noisy]
        taper = exact(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(width) + 0.5) / width))
        length = transform_size(width + high + 2)
        spectrum = np.fft.rfft(views * taper, length)
        lags = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, length)[:, : high + 2]
        window = np.fft.irfft(np.abs(np.fft.rfft(taper, length)) ** 2, length)[: high + 2]
        correlation = np.rint(2**20 * lags / ((lags[:, :1] + 1) * exact(window / window[0]))) / 2**20
        lag, strength = first_peak(correlation[:, 1:], low - 1)
        average = np.rint((means * taper).sum(axis=1) / taper.sum()) + 1
        spread = np.sqrt(np.maximum(np.rint(lags[:, 0] / (taper * taper).sum()), 0))
        depth = 400 / math.log(10) * spread / average * 10 * np.sqrt(np.maximum(strength, 0))
        there = (strength >= REGULAR) & (lag >= low)
        columns = {name: np.full(count, np.nan) for name in ("am_rate", "am_depth")}
        columns["am_rate"][noisy[there]], columns["am_depth"][noisy[there]] = 10 * rate / lag[there], depth[there] / 10
        return columns

    def lately(self, frames: Frames, count: int) -> Frames:
        """Tempo and tuning, from sums over about the last five seconds.

        Tempo is the lag at which the onsets repeat best, with a preference for 120 a minute, a bell of one octave
        (Ellis 2007). Tuning is the mean direction of the partials' places between two notes.
        """
        now = slice(self.past, self.past + count)
        sums = self.recent(np.hstack((frames["turn"][now], frames["beats"][now])))
        x, y, strength, n, onsets, squares = sums[:, :6].T
        agree = (strength > 0) & (x * x + y * y > strength * strength / 9)
        angle = np.array([math.atan2(*pair) for pair in zip(y.tolist(), x.tolist(), strict=True)])
        n = np.maximum(n, 1)
        mean = onsets / n
        variance = squares / n - mean * mean
        correlation = (sums[:, 6:] / n[:, None] - (mean * mean)[:, None]) / (variance[:, None] + 1)
        score = correlation * self.preference
        best = score[:, 1:-1].argmax(axis=1) + 1
        row = np.arange(count)
        a, b, c = (score[row, best + i] for i in (-1, 0, 1))
        height = correlation[row, best]
        there = (b > a) & (b >= c) & (height >= 0.15) & (n >= 2.2 * self.rate)
        lag = 2 * (best + self.first_beat + (c - a) / (2 * np.where(there, 2 * b - a - c, 1)))
        return {
            "tempo": np.where(there, 600 * float(self.rate) / np.where(there, lag, 1), np.nan),
            "beat": 100 * np.clip(height, 0, 1),
            "tuning": np.where(agree, 50 / math.pi * angle, np.nan),
        }


def first_peak(correlation: Array, low: int) -> tuple[Array, Array]:
    """The first peak from index `low` that reaches three quarters of the highest: its lag (index + 1) and height.

    Each lag counts half for its neighbours, since a period is no whole number of lags. No height where the highest
    correlation stands at the last lag: the period is longer.
    """
    around = np.pad(correlation, ((0, 0), (1, 1)))
    wide = (around[:, :-2] + around[:, 2:]) / 2 + correlation
    a, b, c = wide[:, low:-2], wide[:, low + 1 : -1], wide[:, low + 2 :]
    dip = np.minimum.accumulate(wide, axis=1)[:, low:-2]  # slow waves fall from lag 0 with bumps: no peak before a dip
    height = np.where((b > a) & (b >= c) & (dip < b / 2), b, 0)
    highest = height.max(axis=1)
    best = np.argmax(height >= 0.75 * highest[:, None], axis=1)
    a, b, c = (np.take_along_axis(v, best[:, None], 1)[:, 0] for v in (a, b, c))
    bend = 2 * b - a - c
    shift = np.where(bend > 0, (c - a) / (2 * np.where(bend > 0, bend, 1)), 0)
    place = best + low + 1
    inside = highest >= 0.9 * wide[:, low:].max(axis=1)
    strength = np.take_along_axis(correlation, place[:, None], 1)[:, 0]
    strength = np.maximum(strength, np.minimum(b, np.take_along_axis(wide, place[:, None], 1)[:, 0]) / 2)
    return place + 1 + shift, np.where(inside & (highest > 0), strength, 0)
