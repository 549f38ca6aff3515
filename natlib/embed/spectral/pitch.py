"""Pitch, tonality, pitch classes and the balance of the harmonics, from the spectrum of a long window."""

from __future__ import annotations

import math

import numpy as np

from .spectrum import CACHE, USABLE, Array, Frames, Spectrum, decibels, emphasis, exact, hundredths, transform_size

HARMONICS = 8


class Harmony:
    """Pitch, tonality and pitch classes of a frame, from its spectrum below 5 kHz.

    Pitch is the first peak of the spectrum's autocorrelation, normalised by the window's (Boersma 1993), that reaches
    nine tenths of the highest one (McLeod and Wyvill 2005). The spectrum is compressed to the power 0.75 and weighted
    towards 150 to 1500 Hz, so that neither rumble nor a single strong partial makes a pitch.
    """

    TOP, HIGHEST, LOWEST = 5000, 4600, 30  # Hz
    COST = 0.02  # an octave down must be better by this
    SHARE = 0.9  # of the best score
    CLEAR = 420  # thousandths of salience, from which a pitch is claimed. Noise stays below 350
    GROUP = 16  # bins, of a measure of flatness

    def __init__(self, long: Spectrum, sample_rate: int):
        self.scale = long.scale
        self.first = math.ceil(25 / long.bin)
        self.end = math.floor(min(self.TOP, USABLE * sample_rate / 2) / long.bin)
        self.weight = emphasis(self.end, long.bin)
        self.size = transform_size(4.4 * self.TOP / long.bin)
        self.step = 1 / (long.bin * self.size)  # seconds of lag
        window = np.fft.irfft(np.abs(np.fft.rfft(long.window)) ** 2)
        lags = np.arange(math.ceil(1 / self.LOWEST / self.step) + 2)
        self.shape = exact(np.interp(lags * self.step * sample_rate, np.arange(long.size), window / window[0]))
        self.low = math.floor(1 / self.HIGHEST / self.step)
        self.cost = np.rint(2**20 * self.COST * np.log2(np.maximum(lags, 1) / self.low))[1:-1]
        self.cuts = np.arange(self.first, self.end - self.GROUP + 1, self.GROUP)
        low, high = math.ceil(40 / long.bin), math.floor(2000 / long.bin)
        self.partials = low, high
        self.lowest_class = math.ceil(100 / long.bin) - low
        fine = np.arange(16 * (low - 1), 16 * (high + 2)) * long.bin / 16
        self.semitone = exact(12 * np.log2(fine / 440) + 69)  # MIDI note of each sixteenth of a bin
        turns = 2 * np.pi * np.rint(16 * self.semitone) / 16
        self.turn = np.rint(1024 * np.exp(1j * turns))  # where it stands between two notes of A4 = 440 Hz
        self.bin = long.bin
        orders = np.log2(np.arange(1, HARMONICS + 1))
        self.better = np.rint(1000 * math.log10(2) * 2 * orders)  # a place is told better by its order
        self.slopes = np.zeros((HARMONICS + 1, HARMONICS))  # of a line through the first n harmonics
        for n in range(3, HARMONICS + 1):
            x = orders[:n] - orders[:n].mean()
            self.slopes[n, :n] = np.rint(1024 * x / (x * x).sum())

    def __call__(self, heard: Array) -> Frames:
        """All there is, from the power of each bin, (frames, end). Changes them."""
        heard[:, : self.first] = 0
        heard *= self.scale
        magnitude = np.sqrt(heard)
        result = {"tonality": self.tonality(heard, magnitude)} | self.notes(magnitude)
        result |= self.pitch(magnitude * np.sqrt(magnitude) * self.weight)
        return result | self.timbre(magnitude, result["pitch"] / 100)

    def tonality(self, power: Array, magnitude: Array) -> Array:
        """How far the spectrum is from noise, thousandths, shape (frames,).

        The squared mean of the magnitudes over the mean of their squares, in groups of 16 bins: pi/4 for noise
        (Rayleigh), 1/6 for one sine. Averaged with the groups' magnitudes.
        """
        energy = np.add.reduceat(power, self.cuts, axis=1) + 1e-13
        sums = np.add.reduceat(magnitude, self.cuts, axis=1)
        weight = np.sqrt(energy)
        flat = np.add.reduce(sums * sums / weight, axis=1) / (self.GROUP * np.add.reduce(weight, axis=1))
        return np.asarray(np.rint(1000 * np.clip((0.75 - flat) / 0.5, 0, 1)))

    def notes(self, magnitude: Array) -> Frames:
        """What the partials of 40 to 2000 Hz say of the notes.

        chroma: shares of the pitch classes from C, from 100 Hz, thousandths, (frames, 12). turn: the sum of their
        places between two notes, (frames, 2), and their strength. bass, top: the lowest and highest strong partial
        that is no harmonic of another, in hundredths of a MIDI note (none: 0).
        """
        low, high = self.partials
        a, b, c = (magnitude[:, low + i : high + i] for i in (-1, 0, 1))
        side = magnitude[:, low - 3 : high - 3] + magnitude[:, low + 3 : high + 3]
        peak = (b > a) & (b >= c) & (b > 1.5 * side)
        row, column = np.nonzero(peak)
        a, b, c = a[row, column], b[row, column], c[row, column]
        shift = (c - a) / (2 * (2 * b - a - c))
        sixteenth = np.rint(16 * (column + 1 + shift)).astype(np.int64)
        note = self.semitone[sixteenth]
        lower = np.floor(note)
        share = np.clip(2 * (note - lower) - 0.5, 0, 1)  # of the upper class: a note a quarter tone off is in both
        strength = np.where(column >= self.lowest_class, np.rint(2**20 * np.sqrt(b)), 0)
        index = 12 * row + lower.astype(np.int64) % 12
        above = 12 * row + (lower.astype(np.int64) + 1) % 12
        rows = len(magnitude)
        sums = np.bincount(index, strength * (1 - share), 12 * rows) + np.bincount(above, strength * share, 12 * rows)
        table = sums.reshape(-1, 12)
        turn = self.turn[sixteenth]
        turns = [np.bincount(row, strength * part, rows) for part in (turn.real, turn.imag, 1024)]

        # A partial of twice (three, five, seven times) the frequency of another, not much weaker one is its harmonic.
        peaks = np.zeros_like(magnitude)
        peaks[row, column + low] = b
        wide = np.maximum(peaks, np.maximum(np.roll(peaks, 1, axis=1), np.roll(peaks, -1, axis=1)))
        place = column + low + shift
        below = np.max([wide[row, np.rint(place / n).astype(np.int64)] for n in (2, 3, 5, 7)], axis=0, initial=0)
        strongest = np.zeros(rows)
        np.maximum.at(strongest, row, b)
        free = (b > 0.1 * strongest[row]) & (below < 0.3 * b)
        bass, top = np.full(rows, np.inf), np.zeros(rows)
        np.minimum.at(bass, row[free], note[free])
        np.maximum.at(top, row[free], note[free])
        return {
            "chroma": np.rint(1000 * table / (np.add.reduce(table, axis=1)[:, None] + 1000)),
            "turn": np.rint(np.stack(turns, axis=1) / 2**10),
            "bass": np.where(bass < np.inf, np.rint(100 * bass), 0),
            "top": np.rint(100 * top),
        }

    def timbre(self, magnitude: Array, pitch: Array) -> Frames:
        """Of the first eight harmonics: how many fit below 5 kHz, levels, fall by octave, odd (3, 5, 7) against even.

        And which partial tells best, in a short window, how the pitch moves: strong and high (none: 0).
        """
        place = np.outer(pitch / self.bin, np.arange(1, HARMONICS + 1))
        index = np.clip(np.rint(place).astype(np.int64), 1, self.end - 2)
        row = np.arange(len(pitch))[:, None]
        power = sum(magnitude[row, index + i] * magnitude[row, index + i] for i in (-1, 0, 1))
        count = np.add.reduce(place < self.end - 2, axis=1) * (pitch > 0)
        level = hundredths(power + 1e-13)
        sure = np.where(
            (place < min(self.end - 2, 4000 / self.bin)) & (pitch > 120)[:, None], level + self.better, -np.inf
        )
        odd, even = (power[:, i] + power[:, i + 2] + power[:, i + 4] + 1e-13 for i in (2, 1))
        slopes = self.slopes[count.astype(np.int64)]
        return {
            "fit": count.astype(np.float64),
            "harmonics": level,
            "partial": np.where(pitch > 120, sure.argmax(axis=1) + 1.0, 0),
            "tilt": np.add.reduce(level * slopes, axis=1),
            "odd_even": hundredths(odd) - hundredths(even),
        }

    def pitch(self, strength: Array) -> Frames:
        """Pitch in hundredths of Hz (none: 0), octaves above A3 in thousandths (none: 0), salience in thousandths."""
        power = np.zeros((len(strength), self.size // 2 + 1))
        power[:, : self.end] = strength
        group = max(1, CACHE // self.size)
        groups = [power[first : first + group] for first in range(0, len(power), group)]
        lags = np.concatenate([np.fft.irfft(some)[:, : len(self.shape)] for some in groups])
        r = np.rint(2**20 * lags / ((lags[:, :1] + 1e-15) * self.shape))
        a, b, c = r[:, :-2], r[:, 1:-1], r[:, 2:]
        peak = (b > a) & (b >= c)
        peak[:, : self.low] = False
        row, column = np.nonzero(peak)
        a, b, c = a[row, column], b[row, column], c[row, column]
        shift = (c - a) / (2 * (2 * b - a - c))
        height = np.rint(b + (c - a) * shift / 4)
        score = height - self.cost[column]
        salience, lag = np.zeros(len(power)), np.ones(len(power))
        there, starts = np.unique(row, return_index=True)  # frames that have a peak at all
        if len(there):
            top = np.zeros(len(power))
            top[there] = np.maximum.reduceat(score, starts)
            good = np.flatnonzero(score >= self.SHARE * np.maximum(top, 1)[row])
            frame, first = np.unique(row[good], return_index=True)
            best = good[first]
            salience[frame] = np.clip(np.rint(1000 * height[best] / 2**20), 0, 1000)
            lag[frame] = (column + 1 + shift)[best] * self.step
        clear = salience >= self.CLEAR
        pitch = np.where(clear, np.rint(100 / lag), 0)
        octaves = np.rint(1000 * decibels(np.where(clear, pitch / 22000, 1)) / (10 * math.log10(2)))
        return {"pitch": pitch, "salience": salience, "octaves": octaves}
