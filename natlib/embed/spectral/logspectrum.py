"""Spectra on a logarithmic scale, three bins a semitone, on a grid of 80 ms: what notes are found in.

Low notes lie close together, so below 850 Hz a window of 450 ms is used beside one of 190 ms.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .numerics import Array, exact, hann, hundredths, padded, transform_size, windows
from .spectrum import USABLE

STEP = 25  # centres of the grid lie at odd multiples of a 25th of a second
PER_SEMITONE = 3
FIRST, LAST = 22, 122  # MIDI notes: 29 Hz to 9.4 kHz
BINS = (LAST - FIRST) * PER_SEMITONE
SPLIT = (80 - FIRST) * PER_SEMITONE  # bins below 830 Hz, which are also heard through the longer window
MEDIUM, LONG = 0.19, 0.45  # s: the two windows
DECIMATED = 5500  # Hz: the least sample rate of the longer window
TAPS = 8  # of the filter before that, for each sample left out
QUIET = 1e-11  # power: -110 dBFS, added to each bin
RANGE = 7000  # hundredths of a dB below the loudest bin: what lies lower counts as this
AROUND = 12 * PER_SEMITONE  # bins on either side whose mean is taken from a bin
MOST = 5000  # hundredths of a dB: what lies further from its surroundings counts as this


class Scale:
    """Reads powers at logarithmic places: between two bins, or the highest of several."""

    def __init__(self, bin: float, top: float, places: Array):
        """For spectra whose bins are `bin` Hz apart, up to `top` Hz, at `places`, in Hz."""
        place = places / bin
        half = place * (2 ** (1 / (24 * PER_SEMITONE)) - 1)
        self.count = int(np.searchsorted(places, top))
        narrow = int(np.searchsorted(half, 1.0))  # from here on, a place holds two bins and more
        self.narrow = min(narrow, self.count)
        below = np.floor(place[: self.narrow]).astype(np.int64)
        self.below, self.share = below, exact(place[: self.narrow] - below)
        edges = np.rint(np.append(place - half, place[-1] + half[-1])).astype(np.int64)
        self.edges = edges[self.narrow : self.count + 1]

    def __call__(self, power: Array) -> Array:
        """Hundredths of a dB, (frames, count), from powers, (frames, bins)."""
        low, high = (hundredths(power[:, self.below + i] + QUIET) for i in (0, 1))
        level = np.rint(low + self.share * (high - low))
        if self.narrow == self.count:
            return level
        spans = np.maximum.reduceat(power[:, : self.edges[-1]], self.edges[:-1], axis=1)
        return np.hstack((level, hundredths(spans + QUIET)))


class Tables:
    """What depends on the sample rate alone: both windows, their scales, and the filter before the longer one."""

    def __init__(self, sample_rate: int):
        places = exact(440 * 2 ** ((np.arange(BINS) / PER_SEMITONE + FIRST - 69) / 12))
        top = USABLE * sample_rate / 2
        self.size = transform_size(MEDIUM * sample_rate)
        self.window = scaled(self.size)
        self.medium = Scale(sample_rate / self.size, top, places)
        self.apart = max(1, sample_rate // DECIMATED)
        low_rate = sample_rate / self.apart
        self.low_size = transform_size(LONG * low_rate)
        self.low_window = scaled(self.low_size)
        self.long = Scale(low_rate / self.low_size, min(top, 0.4 * low_rate), places[:SPLIT])
        taps = TAPS * self.apart
        middle = (np.arange(taps) - (taps - 1) / 2) / self.apart
        kernel = np.sinc(0.8 * middle) * hann(taps, 0.5)
        self.kernel = exact(kernel / kernel.sum()).reshape(TAPS, self.apart).T
        self.reach = max(self.size, (self.low_size + TAPS + 2) * self.apart) // 2 + 1


def scaled(size: int) -> Array:
    """A Hann window through which a sine has the power of its mean square, spread over three bins."""
    window = hann(size)
    return exact(window * np.sqrt(2 / (size * (window * window).sum())) * 2**10) / 2**10


@lru_cache(8)
def tables(sample_rate: int) -> Tables:
    """The Tables of a sample rate, made once."""
    return Tables(sample_rate)


class LogSpectrum:
    """Samples in, spectra out, one for each 80 ms. It keeps what later windows need."""

    def __init__(self, sample_rate: int):
        self.sample_rate, self.tables = sample_rate, tables(sample_rate)
        self.apart, self.reach = self.tables.apart, self.tables.reach
        self.start = -2 * self.reach // self.apart * self.apart  # the buffer's first sample, a multiple of `apart`
        self.buffer = np.zeros(-self.start)
        self.low, self.low_start = np.zeros(0), self.start // self.apart + TAPS // 2  # the same, decimated
        self.samples = self.steps = 0  # taken; made

    def centre(self, step: int) -> int:
        """The sample in the middle of a step."""
        return (2 * step + 1) * self.sample_rate // STEP

    def feed(self, samples: Array) -> None:
        """Take more samples."""
        self.buffer = np.concatenate((self.buffer, samples))
        self.samples += len(samples)

    def finish(self, steps: int) -> None:
        """No more samples will come: silence follows, enough for so many steps in all."""
        missing = self.centre(steps) + self.reach + 1 - self.samples
        self.buffer = np.concatenate((self.buffer, np.zeros(max(0, missing))))
        self.samples += max(0, missing)

    def ready(self) -> int:
        """How many steps have all the samples that they need."""
        known = self.samples - self.reach
        count = max(0, (known * STEP // self.sample_rate + 1) // 2)
        while count and self.centre(count - 1) > known:
            count -= 1
        return count

    def analyse(self, count: int) -> Array:
        """The next `count` steps, hundredths of a dB, (count, 2, BINS): medium windows; long ones below SPLIT.

        What lies above the usable band counts as silent.
        """
        middles = np.array([self.centre(self.steps + i) for i in range(count)], dtype=np.int64)
        result = np.full((count, 2, BINS), -11000.0)
        power = self.power(self.buffer, middles - self.start - self.tables.size // 2, self.tables.window)
        result[:, :, : self.tables.medium.count] = self.tables.medium(power)[:, None]
        starts = middles // self.apart - self.low_start - self.tables.low_size // 2
        self.decimate(int(starts[-1]) + self.tables.low_size)
        power = self.power(self.low, starts, self.tables.low_window)
        result[:, 1, : self.tables.long.count] = self.tables.long(power)
        self.steps += count
        centre = self.centre(self.steps)
        keep = min((centre - self.tables.size // 2) // self.apart, self.low_start + len(self.low) - TAPS) * self.apart
        keep -= self.start
        self.buffer, self.start = self.buffer[keep:], self.start + keep
        keep = centre // self.apart - self.tables.low_size // 2 - self.low_start
        self.low, self.low_start = self.low[keep:], self.low_start + keep
        return result

    @staticmethod
    def power(samples: Array, starts: NDArray[np.int64], window: Array) -> Array:
        """Power of each bin through `window` at each of `starts`."""
        parts = np.fft.rfft(windows(samples, len(window))[starts] * window).view(np.float64)
        parts *= parts
        return np.asarray(parts[:, ::2] + parts[:, 1::2])

    def decimate(self, count: int) -> None:
        """Filter and decimate until `low` holds `count` samples."""
        missing = count - len(self.low)
        if missing <= 0:
            return
        first = (self.low_start + len(self.low) - TAPS // 2) * self.apart - self.start
        if self.apart == 1:
            more = self.buffer[first + TAPS // 2 :][:missing]
        else:
            blocks = self.buffer[first : first + (missing + TAPS - 1) * self.apart].reshape(-1, self.apart)
            products = blocks @ self.tables.kernel
            more = np.add.reduce([products[i : i + missing, i] for i in range(TAPS)])
        self.low = np.concatenate((self.low, more))


def relief(levels: Array) -> Array:
    """How far each bin stands out from an octave on either side; and how far it lies below the loudest, plus 35 dB.

    From what LogSpectrum gives, (steps, 2, BINS), in hundredths of a dB; gives tenths of a dB, (steps, 3, BINS): long
    windows where there are such, medium ones, and medium ones below the loudest.
    """
    top = levels[:, 0].max(axis=1)[:, None, None]
    levels = np.maximum(levels, top - RANGE)
    sums = np.cumsum(padded(levels, 1, 0), axis=2)
    place = np.arange(BINS)
    low, high = np.maximum(place - AROUND, 0), np.minimum(place + AROUND + 1, BINS)
    mean = np.rint((sums[:, :, high] - sums[:, :, low]) / (high - low))
    out = np.concatenate(((levels - mean)[:, ::-1], levels[:, :1] - top + RANGE // 2), axis=1)
    return np.asarray(np.rint(np.clip(out, -MOST, MOST) / 10))
