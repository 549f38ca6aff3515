"""The built-in encoder: two streams of features made from the spectrum, with no weights.

A, acoustic, is what the ear hears in one frame: the cepstrum of a mel spectrum and how it moves, the rise of four
regions and how rough they are, tonality, how much of it stands still, glides and strikes, and pitch with its salience:
as height, and as pitch class, a place on a circle.

S, semantic, describes the scene over about two seconds around a frame: mean and spread of the cepstrum, within frames
and from frame to frame; the modulation spectrum, which is how strongly eight regions fluctuate in seven octaves from
0.5 to 50 Hz; tonality and salience of pitch with their spread; attacks; the onsets' autocorrelation by lag; pitch and
its spread; how few pitch classes make up the harmony, whatever the key; and which ones, as their places on circles of
fifths, of major thirds and of minor thirds (Harte, Sandler and Gasser 2006, "Detecting harmonic change in musical
audio").

All values are whole numbers: numerics.py says why they are the same on every machine. A thousand is about the
standard deviation of a group of features over many sounds, times the weight that best told kinds of sounds apart.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import lru_cache

import numpy as np

from ..measures import NAMES
from . import parts
from .extractor import Meter
from .grid import Grid
from .numerics import Array, Frames, decibels, windows
from .thresholds import CLEAR_PITCH, ONSET

MODEL_VERSION = "5"

# name: (width, factor), in the order of the row
SEMANTIC = {
    "mean": (13, 0.34), "spread": (13, 2.2), "motion": (13, 2.4), "modulation": (56, 0.86), "tone": (2, 6.4),
    "tone_spread": (2, 6.4), "flux": (4, 0.54), "flux_spread": (4, 0.4), "rhythm": (12, 1000), "regularity": (1, 830),
    "density": (1, 15000), "pitch": (1, 0.52), "pitch_spread": (1, 0.83), "harmony": (4, 3.6),
    "circles": (6, 1.5),
}  # fmt: skip
ACOUSTIC = {
    "cepstrum": (16, 0.48), "slope": (6, 0.45), "flux": (4, 0.31), "roughness": (4, 0.14), "tonality": (1, 1.1),
    "salience": (1, 1.95), "pitch": (1, 1.38), "pitch_class": (2, 0.75), "parts": (3, 38),
}  # fmt: skip
OCTAVES = (0.5, 1, 2, 4, 8, 16, 32)  # Hz: where each octave of modulation starts; the last ends at 50
LAGS = (5, 6, 8, 10, 12, 16, 20, 26, 34, 44, 58, 76, 100)  # in short windows: borders of the ranges of lags of rhythm
TURNS = 2 * np.pi * np.outer((7 / 12, 1 / 3, 1 / 4), np.arange(12))  # of the twelve pitch classes on three circles
CIRCLES = np.rint(1024 * np.concatenate((np.cos(TURNS), np.sin(TURNS))))
TURN = np.rint(1000 * np.exp(2j * np.pi * np.arange(1000) / 1000))  # by thousandths of an octave


# What is summed over the seconds around a frame, and how many numbers each sum has.
SUMS = {
    "windows": 1, "frames": 1, "inside": 1, "voiced": 1, "onsets": 1, "pitch": 1, "pitch_square": 1, "height": 1,
    "mean": 13, "square": 13, "frame": 13, "motion": 13, "tone": 2, "tone_square": 2, "flux": 4, "flux_square": 4,
    "chroma": 12,
}  # fmt: skip


class Spectral(Meter):
    """Mono samples in; rows of S, A and the measures out."""

    S = sum(width for width, _ in SEMANTIC.values())
    A = sum(width for width, _ in ACOUSTIC.values())

    HIDDEN = frozenset(f"{name}_share" for name in parts.NAMES)

    def __init__(self, sample_rate: int, frame_rate: Fraction = Fraction(25, 2), names: frozenset[str] = NAMES):
        super().__init__(sample_rate, frame_rate, names)
        self.widths = {"S": self.S, "A": self.A}
        self.semantic = Semantic(self.grid, self.lags.lags)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return self.S + self.A + super().width

    def summary(self, part: Frames) -> Frames:
        """What the measures and the streams need of each frame."""
        own = of_frames(part)
        return super().summary(part) | own | {"sums": self.semantic.sums(part, own)}

    def rows(self, frames: Frames, count: int) -> Array:
        """The rows of the `count` current frames."""
        measured = self.measured(frames, count)
        own = acoustic(frames, self.grid, count) | {"parts": np.nan_to_num(measured[:, self.columns.hidden])}
        streams = [(SEMANTIC, self.semantic(frames, count)), (ACOUSTIC, own)]
        scaled = [
            np.rint(values[name].reshape(count, width) * factor)
            for table, values in streams
            for name, (width, factor) in table.items()
        ]
        return np.hstack((*scaled, measured[:, self.columns.told]))


def of_frames(part: Frames) -> Frames:
    """For each frame: how many short windows it has, its mean cepstrum, its pitch weighted by salience."""
    number = np.maximum(part["valid"].sum(axis=1), 1)
    clear = np.maximum(part["salience"] - CLEAR_PITCH, 0) / (1000 - CLEAR_PITCH)
    turn = TURN[part["octaves"].astype(np.int64) % 1000] * clear
    return {
        "number": number,
        "mean": np.rint(part["cepstra"].sum(axis=1) / number[:, None]),
        "height": np.rint(part["octaves"] * clear),
        "pitch_class": np.rint(np.stack((turn.real, turn.imag), axis=1)),
    }


def acoustic(frames: Frames, grid: Grid, count: int) -> Frames:
    """The groups of A."""
    before, now, after = (grid.now(count, i) for i in (-1, 0, 1))
    number = frames["number"][now, None]
    mean, there = frames["mean"], frames["valid"].sum(axis=1)[:, None] > 0
    slope = np.where(there[after], mean[after], mean[now]) - np.where(there[before], mean[before], mean[now])
    octants = frames["octants"][now]
    level = octants.sum(axis=1) / number
    rough = np.sqrt(np.maximum((octants * octants).sum(axis=1) / number - level * level, 0))
    return {
        "cepstrum": mean[now],
        "slope": slope[:, :6],
        "flux": frames["flux"][now].sum(axis=1) / number,
        "roughness": rough[:, 0::2] + rough[:, 1::2],
        "tonality": frames["tonality"][now],
        "salience": frames["salience"][now],
        "pitch": frames["height"][now],
        "pitch_class": frames["pitch_class"][now],
    }


@lru_cache(8)
def ranges(grid: Grid, most: int) -> tuple[list[int], list[slice]]:
    """Where the octaves of modulation begin in its spectrum; the ranges of lags, up to `most`; made once."""
    size = len(grid.taper)
    bins = [round(Fraction(low) * size / grid.rate) for low in OCTAVES]
    lags = [min(round(lag * grid.rate / 100), most) for lag in LAGS]
    octaves = [min(max(1, low), size // 2) for low in bins]
    return octaves, [slice(low - 1, max(low, high)) for low, high in itertools.pairwise(lags)]


class Semantic:
    """The groups of S."""

    def __init__(self, grid: Grid, most: int):
        """For `grid`; onsets are correlated up to `most` short windows apart."""
        self.grid = grid
        self.onset_tail = np.zeros(4)
        self.octaves, self.lag_ranges = ranges(grid, most)

    def sums(self, part: Frames, own: Frames) -> Array:
        """What is summed later (SUMS), for each frame, (frames, width); `own` is what `of_frames` gave for `part`."""
        valid, inside = part["valid"], part["inside"]
        there = (valid.sum(axis=1) > 0).astype(np.float64)
        voiced = (part["pitch"] > 0).astype(np.float64)
        pitch, cepstra = part["octaves"], part["cepstra"][:, :, :13]
        mean = own["mean"][:, :13] * there[:, None]
        flux = part["flux"] * inside[:, :, None]
        tone = np.stack((part["tonality"], part["salience"]), axis=1) * there[:, None]
        sums = {
            "windows": valid.sum(axis=1), "frames": there, "inside": inside.sum(axis=1), "voiced": voiced,
            "onsets": self.onsets(part["onset"] * inside), "pitch": pitch, "pitch_square": pitch * pitch,
            "height": own["height"], "mean": cepstra.sum(axis=1), "square": (cepstra * cepstra).sum(axis=1),
            "frame": mean, "motion": mean * mean, "tone": tone, "tone_square": tone * tone,
            "flux": flux.sum(axis=1), "flux_square": (flux * flux).sum(axis=1),
            "chroma": part["chroma"] * there[:, None],
        }  # fmt: skip
        return np.hstack([sums[name].reshape(len(valid), width) for name, width in SUMS.items()])

    def __call__(self, frames: Frames, count: int) -> Frames:
        """The groups of S."""
        ends = list(itertools.accumulate(SUMS.values()))
        parts = np.split(self.grid.around(frames["sums"], count), ends[:-1], axis=1)
        total = dict(zip(SUMS, parts, strict=True))
        windows, heard, quiet = total["windows"], total["frames"], total["inside"] + 1
        sung = np.maximum(total["voiced"], 1)

        def spread(square: Array, mean: Array) -> Array:
            return np.sqrt(np.maximum(square - mean * mean, 0))

        mean, frame, tone = total["mean"] / windows, total["frame"] / heard, total["tone"] / heard
        rhythm = frames["rhythm"]
        chroma = np.sort(total["chroma"] / heard, axis=1)
        return {
            "mean": mean,
            "spread": spread(total["square"] / windows, mean),
            "motion": spread(total["motion"] / heard, frame),
            "modulation": self.modulation(frames, count),
            "tone": tone,
            "tone_spread": spread(total["tone_square"] / heard, tone),
            "flux": total["flux"] / quiet,
            "flux_spread": np.sqrt(total["flux_square"] / quiet),
            "rhythm": np.stack([rhythm[:, lags].max(axis=1) for lags in self.lag_ranges], axis=1),
            "regularity": rhythm[:, self.lag_ranges[0].start :].max(axis=1),
            "density": np.sqrt(total["onsets"] / quiet),
            "pitch": total["height"] / heard,
            "pitch_spread": spread(total["pitch_square"] / sung, total["pitch"] / sung) * total["voiced"] / heard,
            "harmony": chroma[:, :-5:-1],
            "circles": total["chroma"] @ CIRCLES.T / (1024 * heard),
        }

    def onsets(self, onset: Array) -> Array:
        """How many onsets stand out in each frame, counted two short windows late: each is the highest of five."""
        flat = np.concatenate((self.onset_tail, onset.ravel()))
        self.onset_tail = flat[-4:]
        near = windows(flat, 5)
        middle = near[:, 2]
        peak = (middle > ONSET) & (middle == near.max(axis=1)) & (middle > near[:, 3])
        return np.asarray(peak.reshape(onset.shape).sum(axis=1), dtype=np.float64)

    def modulation(self, frames: Frames, count: int) -> Array:
        """Fluctuation of eight regions in seven octaves from 0.5 to 50 Hz: power, dB squared, in dB, (count, 56)."""
        hops = self.grid.hops
        window = self.grid.near(count)
        octants = np.ascontiguousarray(frames["octants"][window].reshape(-1, 8).T)
        views = windows(octants, len(self.grid.taper), axis=1)[:, ::hops]
        taper = windows(frames["valid"][window].ravel(), len(self.grid.taper))[::hops] * self.grid.taper
        mean = np.einsum("ijk,jk->ij", views, taper) / taper.sum(axis=1)
        spectrum = np.fft.rfft((views - np.rint(mean)[:, :, None]) * taper)
        parts = spectrum.real * spectrum.real + spectrum.imag * spectrum.imag
        power = np.add.reduceat(parts[:, :, :-1], self.octaves, axis=2)
        scale = 2 / (500**2 * len(self.grid.taper) * (taper * taper).sum(axis=1))
        return 100 * decibels(power * scale[:, None] + 0.05).transpose(1, 0, 2)
