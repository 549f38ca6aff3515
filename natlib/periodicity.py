"""How periodic a sound is within a few hundredths of a second: what a hoarse voice, a buzz or a whirr has, too.

In a long window the partials of what moves or wavers are smeared to noise; in a short one they are not.
"""

from __future__ import annotations

import math

import numpy as np

from .fourier import Array, Frames, Spectrum, exact, transform_size


class Periodicity:
    """The highest peak of the autocorrelation of a short window, normalised by the window's (Boersma 1993).

    Of the magnitudes, weighted towards 150 to 1500 Hz. Noise has 0.15 to 0.25, a tone nearly 1.
    """

    TOP, HIGHEST, LOWEST = 4000, 1200, 110  # Hz

    def __init__(self, short: Spectrum, top: float):
        """Of the spectra `short`, below `top` Hz."""
        self.end = math.floor(min(self.TOP, top) / short.bin)
        f = np.arange(self.end) * short.bin
        self.weight = exact(f * f / (f * f + 150**2) / (1 + (f / 1500) ** 2))
        self.size = transform_size(3.7 * self.TOP / short.bin)
        self.step = 1 / (short.bin * self.size)  # seconds of lag
        self.low = math.floor(1 / self.HIGHEST / self.step)
        lags = np.arange(math.ceil(1 / self.LOWEST / self.step) + 2)
        window = np.fft.irfft(np.abs(np.fft.rfft(short.window, 2 * short.size)) ** 2)[: short.size]
        place = lags * self.step * short.bin * short.size  # samples
        self.shape = exact(np.interp(place, np.arange(short.size), window / window[0]))

    def __call__(self, power: Array) -> Frames:
        """Of the power of each bin up to `end`, (frames, windows, end).

        periodicity: thousandths, the mean of the windows. fundamental: hundredths of Hz, that of the window that is the
        most periodic; both (frames,).
        """
        frames, windows, _ = power.shape
        strength = np.zeros((frames * windows, self.size // 2 + 1))
        strength[:, : self.end] = np.sqrt(power).reshape(-1, self.end) * self.weight
        lags = np.fft.irfft(strength)[:, : len(self.shape)]
        r = np.rint(2**20 * lags / ((lags[:, :1] + 1e-15) * self.shape))[:, self.low - 1 :]
        peak = np.where((r[:, 1:-1] > r[:, :-2]) & (r[:, 1:-1] >= r[:, 2:]), r[:, 1:-1], 0)
        highest = peak.max(axis=1)
        first = np.argmax(peak >= 0.9 * highest[:, None], axis=1)
        height = np.clip(np.rint(1000 * highest / 2**20), 0, 1000).reshape(frames, windows)
        lag = (first + self.low).reshape(frames, windows)[np.arange(frames), height.argmax(axis=1)] * self.step
        return {"periodicity": np.rint(height.sum(axis=1) / windows), "fundamental": np.rint(100 / lag)}
