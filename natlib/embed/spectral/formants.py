"""Formants: resonances that shape a tone or a breath, as those of a vowel.

Linear prediction from a smoothed power spectrum (J. Makhoul, "Linear prediction: a tutorial review", Proceedings of the
IEEE 1975): an all-pole envelope, and its first peaks.
"""

from __future__ import annotations

import math

import numpy as np

from .grid import Grid
from .numerics import Array, Frames, Mask, exact, hundredths, powers, vertex
from .spectrum import Spectrum
from .thresholds import (
    BREATHY,
    CLEAR_PITCH,
    FAINTEST,
    HARMONIC_SPACING,
    HIGH_VOICE,
    PERIODIC,
    RESONANT,
    RESONANT_BREATH,
)

COUNT = 3  # formants that are told
ORDER = 12  # of the prediction: two poles a kHz, and two for the slope
TOP = 5500  # Hz up to which there is a formant for each kHz, as of an adult's vocal tract
LOWEST, HIGHEST = 180, 5000  # Hz
POINTS = 220  # of the envelope
WHITE = 1 + 1e-4  # times the energy: a floor 40 dB below, so that the prediction is stable
STABLE = 1 - 2.0**-10  # of a reflection, at most: a deep notch, as a coder leaves, can make it reach 1 and more


class Formants:
    """The first resonances in the first `end` bins of short windows."""

    def __init__(self, short: Spectrum, top: float):
        self.end = math.floor(min(TOP, top) / short.bin)
        self.top = self.end * short.bin
        bins = np.arange(self.end)
        self.rise = exact((bins / self.end) ** 0.5)  # 1.5 dB an octave: a voice falls by 6, a train of pulses by 0
        self.cosines = np.rint(2**12 * np.cos(np.pi * np.outer(bins, np.arange(ORDER + 1)) / self.end))
        at = np.pi * (np.arange(POINTS) + 0.5) / POINTS
        self.turns = [(exact(np.cos(k * at)), exact(np.sin(k * at))) for k in range(ORDER + 1)]
        self.powers = np.rint(2**20 * powers(-FAINTEST, 0))

    def levels(self, power: Array, valid: Array) -> Array:
        """Hundredths of a dB of each bin, (frames, end), the mean of the windows of `power`, (frames, windows, end)."""
        mean = np.add.reduce(power * valid[:, :, None], axis=1) / np.maximum(valid.sum(axis=1), 1)[:, None]
        return hundredths(mean + 1e-13)

    def __call__(self, levels: Array) -> tuple[Array, Array]:
        """Hz of the first COUNT peaks, and by how much they rise, hundredths of a dB: (n, COUNT) each; NaN for none."""
        if not len(levels):
            return np.zeros((0, COUNT)), np.zeros((0, COUNT))
        below = np.clip(levels - levels.max(axis=1, keepdims=True), -FAINTEST, 0).astype(np.int64)
        power = np.rint(self.powers[below + FAINTEST] * self.rise)  # whole, so that sums are the same in any order
        return self.peaks(self.envelope(power @ self.cosines))

    def envelope(self, r: Array) -> Array:
        """Hundredths of a dB at POINTS frequencies, from the autocorrelation (Levinson and Durbin's recursion)."""
        error = np.maximum(r[:, 0] * WHITE, 1.0)
        a = np.zeros((len(r), ORDER + 1))
        a[:, 0] = 1
        for order in range(1, ORDER + 1):
            reflected = r[:, order].copy()
            for k in range(1, order):
                reflected += a[:, k] * r[:, order - k]
            reflected = np.clip(reflected / -error, -STABLE, STABLE)
            before = a.copy()
            for k in range(1, order + 1):
                a[:, k] = before[:, k] + reflected * before[:, order - k]
            error = error * (1 - reflected * reflected)
        real, imaginary = np.zeros((2, len(r), POINTS))
        for k, (cosine, sine) in enumerate(self.turns):
            real += a[:, k : k + 1] * cosine
            imaginary += a[:, k : k + 1] * sine
        return -hundredths(real * real + imaginary * imaginary + 1e-12)

    def peaks(self, envelope: Array) -> tuple[Array, Array]:
        """The first COUNT peaks: where, in Hz, and how far above the higher of the valleys beside them."""
        hz, rises = np.full((2, len(envelope), COUNT), np.nan)
        tops = (envelope[:, 1:-1] > envelope[:, :-2]) & (envelope[:, 1:-1] >= envelope[:, 2:])
        row, place = np.nonzero(tops)
        place += 1
        same = row[1:] == row[:-1]
        before = np.where(np.append(False, same), np.append(0, place[:-1]), 0)  # the peak before it, or the edge
        after = np.where(np.append(same, False), np.append(place[1:], 0), POINTS - 1)
        flat, first = np.append(envelope.ravel(), np.inf), row * POINTS
        valleys = [
            np.minimum.reduceat(flat, np.stack((first + start, first + end + 1), axis=1).ravel())[::2]
            for start, end in ((before, place), (place, after))
        ] if len(row) else np.zeros((2, 0))  # fmt: skip
        rise = envelope[row, place] - np.maximum(*valleys)
        shift = vertex(*(envelope[row, place + i] for i in (-1, 0, 1)))
        near = (place + 0.5 + shift) * (self.top / POINTS)
        told = (near >= LOWEST) & (near <= HIGHEST) & (rise >= RESONANT)
        row, near, rise = row[told], near[told], rise[told]
        count = np.arange(len(row)) - np.searchsorted(row, row)  # of those before it
        few = count < COUNT
        hz[row[few], count[few]], rises[row[few], count[few]] = near[few], rise[few]
        return np.rint(hz / 10) * 10, rises


def measured(frames: Frames, grid: Grid, count: int, told: Mask, formants: Formants) -> Frames:
    """formant_1 to formant_3, of frames with a pitch (`told`), or periodic, or breathy with clear resonances."""
    now, near = grid.now(count), slice(grid.past - 1, grid.past + count + 1)
    result = np.full((count, COUNT), np.nan)
    tone = (frames["salience"][now] >= CLEAR_PITCH) | (frames["periodicity"][now] >= PERIODIC)
    periodic = tone & (frames["heard"][now] > 0)
    if periodic.any():
        hz, _ = formants(frames["envelope"][now][periodic])
        f0 = np.where(told, frames["pitch"], frames["fundamental"])[now][periodic] / 100
        own = np.isnan(hz[:, :2]).any(axis=1) | harmonics(hz, f0)
        hz[own] = np.nan
        result[periodic] = hz
    breathy = ~periodic & (frames["heard"][now] > 0) & (frames["periodicity"][now] >= BREATHY)
    if breathy.any():
        levels = frames["envelope"][near]
        mean = np.rint((levels[:-2] + levels[1:-1] + levels[2:]) / 3)[breathy]
        hz, rises = formants(mean)
        hz[~(np.nan_to_num(rises) >= RESONANT_BREATH).all(axis=1)] = np.nan
        result[breathy] = hz
    return {f"formant_{i + 1}": result[:, i] / 10 for i in range(COUNT)}


def harmonics(hz: Array, f0: Array) -> Mask:
    """Are the peaks those of a high voice's harmonics rather than resonances?"""
    orders = hz / np.maximum(f0, 1)[:, None]
    off = np.abs(orders - np.rint(orders))
    return np.asarray((f0 >= HIGH_VOICE) & (np.nan_to_num(off[:, :2]) < HARMONIC_SPACING).all(axis=1))
