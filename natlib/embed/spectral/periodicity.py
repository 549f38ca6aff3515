"""How periodic a sound is within a few hundredths of a second: a hoarse voice, a buzz or a whirr is, too.

In a long window, the partials of a sound that moves or wavers are smeared into noise; in a short one they are not.
"""

from __future__ import annotations

import math

import numpy as np

from .numerics import Array, Frames, correlation, exact, transform_size, vertex
from .spectrum import Spectrum, emphasis
from .thresholds import CHANCE, FIRST, SURE


class Periodicity:
    """The highest peak of the autocorrelation of a short window, normalised by the window's (Boersma 1993).

    Computed from the magnitudes, weighted towards 150 to 1500 Hz. Lowered where noise could have as high a peak by
    chance: in noise that fills n bins, the peak falls with the root of n. Noise has up to 0.2, if it is wider than an
    octave below 4 kHz; a buzz has 0.2 to 0.6, a tone 0.4 to 1.
    """

    TOP, HIGHEST, LOWEST = 4000, 1200, 110  # Hz

    def __init__(self, short: Spectrum, top: float):
        """For the spectra `short`, below `top` Hz."""
        self.end = math.floor(min(self.TOP, top) / short.bin)
        self.weight = emphasis(self.end, short.bin)
        self.size = transform_size(3.7 * self.TOP / short.bin)
        self.step = 1 / (short.bin * self.size)  # seconds of lag
        self.low = math.floor(1 / self.TOP / self.step)
        self.highest = math.floor(1 / self.HIGHEST / self.step)  # a lag below this belongs to a higher tone
        lags = np.arange(math.ceil(1 / self.LOWEST / self.step) + 2)
        window = np.fft.irfft(np.abs(np.fft.rfft(short.window, 2 * short.size)) ** 2)[: short.size]
        place = lags * self.step * short.bin * short.size  # samples
        self.shape = exact(np.interp(place, np.arange(short.size), window / window[0]))

    def __call__(self, power: Array, valid: Array) -> Frames:
        """From the power of each bin up to `end`, (frames, windows, end). `valid`: which windows there are.

        periodicity: thousandths, the mean of the windows. fundamental: hundredths of Hz, that of the most periodic
        window (none: 0), 10 % too high for a nearly pure tone below 150 Hz. Both are (frames,).
        """
        frames, windows, _ = power.shape
        strength = np.zeros((frames * windows, self.size // 2 + 1))
        strength[:, : self.end] = np.sqrt(power).reshape(-1, self.end) * self.weight
        total, square = np.add.reduce(strength, axis=1), np.add.reduce(strength * strength, axis=1)
        filled = total * total / np.maximum(square, 1e-30)
        lags = np.fft.irfft(strength)[:, : len(self.shape)]
        r = correlation(lags, self.shape, 1e-15)[:, self.low - 1 :]
        peak = np.where((r[:, 1:-1] > r[:, :-2]) & (r[:, 1:-1] >= r[:, 2:]), r[:, 1:-1], 0)
        highest = peak[:, self.highest - self.low :].max(axis=1)
        first = np.argmax(peak >= FIRST * highest[:, None], axis=1)
        row = np.arange(len(r))
        a, b, c = (r[row, first + i] for i in range(3))
        lag = first + self.low + vertex(a, b, c)
        fundamental = np.where(lag >= self.highest, np.rint(100 / (np.maximum(lag, 1) * self.step)), 0)
        height = np.clip(highest / 2**20, 0, 1)
        height *= np.clip((height * np.sqrt(filled) - CHANCE) / (SURE - CHANCE), 0, 1)
        height = np.rint(1000 * height).reshape(frames, windows) * valid
        best = fundamental.reshape(frames, windows)[np.arange(frames), height.argmax(axis=1)]
        mean = np.rint(np.add.reduce(height, axis=1) / np.maximum(np.add.reduce(valid, axis=1), 1))
        return {"periodicity": mean, "fundamental": best}
