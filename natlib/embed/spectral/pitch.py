"""Pitch, from the spectrum of a long window; when it is reported, and how it glides."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .grid import Grid
from .numerics import CACHE, Array, Frames, correlation, decibels, exact, transform_size, vertex
from .spectrum import Spectrum, emphasis
from .thresholds import CLEAR_PITCH, FIRST, GLIDE, HISS, OCTAVE_COST, ON_HARMONIC, TONAL


class Pitch:
    """Pitch of a frame, from its spectrum below 5 kHz.

    The first peak of the spectrum's autocorrelation, normalised by the window's (Boersma 1993), that reaches nine
    tenths of the highest one (McLeod and Wyvill 2005). The spectrum is compressed to the power 0.75 and weighted
    towards 150 to 1500 Hz, so that neither rumble nor a single strong partial makes a pitch.
    """

    TOP, HIGHEST, LOWEST = 5000, 4600, 30  # Hz

    def __init__(self, long: Spectrum, sample_rate: int, end: int):
        self.end = end  # bins looked at
        self.weight = emphasis(self.end, long.bin)
        self.size = transform_size(4.4 * self.TOP / long.bin)
        self.step = 1 / (long.bin * self.size)  # seconds of lag
        window = np.fft.irfft(np.abs(np.fft.rfft(long.window)) ** 2)
        lags = np.arange(math.ceil(1 / self.LOWEST / self.step) + 2)
        self.shape = exact(np.interp(lags * self.step * sample_rate, np.arange(long.size), window / window[0]))
        self.low = math.floor(1 / self.HIGHEST / self.step)
        self.cost = np.rint(2**20 * OCTAVE_COST * np.log2(np.maximum(lags, 1) / self.low))[1:-1]

    def __call__(self, magnitude: Array) -> Frames:
        """From the magnitudes, (frames, end): pitch in hundredths of Hz (none: 0), octaves above A3 and salience in
        thousandths.
        """
        power = np.zeros((len(magnitude), self.size // 2 + 1))
        power[:, : self.end] = magnitude * np.sqrt(magnitude) * self.weight
        group = max(1, CACHE // self.size)
        groups = [power[first : first + group] for first in range(0, len(power), group)]
        lags = np.concatenate([np.fft.irfft(some)[:, : len(self.shape)] for some in groups])
        r = correlation(lags, self.shape, 1e-15)
        a, b, c = r[:, :-2], r[:, 1:-1], r[:, 2:]
        peak = (b > a) & (b >= c)
        peak[:, : self.low] = False
        row, column = np.nonzero(peak)
        a, b, c = a[row, column], b[row, column], c[row, column]
        shift = vertex(a, b, c)
        height = np.rint(b + (c - a) * shift / 4)
        score = height - self.cost[column]
        salience, lag = np.zeros(len(power)), np.ones(len(power))
        there, starts = np.unique(row, return_index=True)  # frames that have a peak at all
        if len(there):
            top = np.zeros(len(power))
            top[there] = np.maximum.reduceat(score, starts)
            good = np.flatnonzero(score >= FIRST * np.maximum(top, 1)[row])
            frame, first = np.unique(row[good], return_index=True)
            best = good[first]
            salience[frame] = np.clip(np.rint(1000 * height[best] / 2**20), 0, 1000)
            lag[frame] = (column + 1 + shift)[best] * self.step
        clear = salience >= CLEAR_PITCH
        pitch = np.where(clear, np.rint(100 / lag), 0)
        octaves = np.rint(1000 * decibels(np.where(clear, pitch / 22000, 1)) / (10 * math.log10(2)))
        return {"pitch": pitch, "salience": salience, "octaves": octaves}


def voiced(frames: Frames) -> NDArray[np.bool_]:
    """Which frames have a pitch to report: for a high one, they must be tonal, their strongest peak on a harmonic."""
    pitch, peak = frames["pitch"], 10 * frames["peaks"][:, 0]
    order = np.rint(peak / np.maximum(pitch, 1))  # of the harmonic that the strongest peak would be
    sure = (order >= 1) & (np.abs(peak - order * pitch) < ON_HARMONIC * pitch)
    return np.asarray((pitch > 0) & ((pitch < HISS) | ((frames["tonality"] >= TONAL) & sure)))


def measured(frames: Frames, grid: Grid, count: int, told: NDArray[np.bool_]) -> Frames:
    """pitch, salience, glide of the current frames; `told` marks those with a pitch (`voiced`)."""
    before, now, after = (grid.now(count, i) for i in (-1, 0, 1))
    octaves = frames["octaves"]
    pairs = (before, now), (now, after)
    step = [np.where(told[a] & told[b], octaves[b] - octaves[a], np.nan) for a, b in pairs]
    step = [np.where(np.abs(s) < GLIDE, s, np.nan) for s in step]  # three semitones: another note, not a glide
    both = np.where(np.isnan(step[0]), step[1], np.where(np.isnan(step[1]), step[0], (step[0] + step[1]) / 2))
    return {
        "pitch": np.where(told[now], frames["pitch"][now] / 20, np.nan),
        "salience": frames["salience"][now] / 10,
        "glide": both * 12 / 1000 * float(grid.frame_rate) * 10,
    }
