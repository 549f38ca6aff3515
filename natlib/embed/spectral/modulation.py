"""How sound fluctuates: its level slowly and fast, its pitch in a vibrato."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from ..measures import MODULATION
from .frames import SILENT
from .grid import Grid
from .numerics import Frames, correlation, exact, first_peak, hann, transform_size, windows
from .thresholds import CLEAR_TONE, REGULAR, VIBRATO_DEPTH, VIBRATO_SHARE

MODULATED = Fraction(24, 100)  # seconds before and after a frame that amplitude modulation is found in
SLOWEST, FASTEST = 10, 80  # Hz: rates of amplitude modulation
VIBRATO = Fraction(36, 100)  # seconds before and after a frame that a vibrato is found in
SWINGS = np.arange(3.5, 10.1, 0.25)  # Hz: rates of vibrato that are tried; the first and the last are not reported


class Fluctuation:
    """The spectrum of the level over about two seconds, in octaves (dB)."""

    def __init__(self, grid: Grid):
        self.grid = grid
        size = len(grid.taper)
        self.fluct = [min(max(1, round(Fraction(low) * size / grid.rate)), size // 2) for low in MODULATION[:-1]]

    def __call__(self, frames: Frames, count: int) -> Frames:
        """modulation_0 to modulation_3."""
        window = self.grid.near(count)
        level = np.maximum(frames["level"][window], SILENT).ravel()
        views = windows(level, len(self.grid.taper))[:: self.grid.hops]
        taper = windows(frames["valid"][window].ravel(), len(self.grid.taper))[:: self.grid.hops] * self.grid.taper
        mean = np.rint((views * taper).sum(axis=1) / taper.sum(axis=1))
        spectrum = np.fft.rfft((views - mean[:, None]) * taper)
        parts = spectrum.real * spectrum.real + spectrum.imag * spectrum.imag
        power = np.add.reduceat(parts[:, :-1], self.fluct, axis=1)
        depth = np.sqrt(power * (2 / (100**2 * len(self.grid.taper) * (taper * taper).sum(axis=1)))[:, None])
        return {f"modulation_{i}": 10 * depth[:, i] for i in range(len(MODULATION) - 1)}


class Vibrato:
    """How fast and how far the pitch swings around its place or its slide."""

    def __init__(self, grid: Grid):
        self.grid = grid
        size = (2 * round(VIBRATO * grid.frame_rate) + 1) * grid.hops
        swing = 2 * np.pi * np.outer(np.arange(size), SWINGS) / float(grid.rate)
        self.swings = np.rint(1024 * np.stack((np.cos(swing), np.sin(swing)), axis=2)).reshape(size, -1)

    def __call__(self, frames: Frames, count: int) -> Frames:
        """vibrato_rate and vibrato_extent.

        One sine must explain most of what is left of the pitch's track once its straight line is subtracted.
        """
        hops, half = self.grid.hops, round(VIBRATO * self.grid.frame_rate)
        window = slice(self.grid.past - half, self.grid.past + count + half)
        size = (2 * half + 1) * hops
        sung = windows(frames["partial"][window] > 0, 2 * half + 1).all(axis=1)
        x = 2.0 * np.arange(size) - (size - 1)
        track = windows(frames["cents"][window].ravel(), size)[::hops]
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
        there = sung & inside & (share >= VIBRATO_SHARE) & (depth >= VIBRATO_DEPTH)
        return {
            "vibrato_rate": np.where(there, 10 * SWINGS[best], np.nan),
            "vibrato_extent": np.where(there, depth, np.nan),
        }


def modulated(frames: Frames, grid: Grid, count: int) -> Frames:
    """How fast and how deep the level is modulated between 10 and 80 Hz, where that is regular.

    From the autocorrelation of the root of the cells' amplitude, less what is slower, relative to the window's own.
    """
    half = round(MODULATED * grid.frame_rate)
    cells = frames["cells"][grid.past - half : grid.past + count + half]
    size = cells.shape[1]
    rate = float(grid.frame_rate) * size
    low, high = max(2, math.floor(rate / FASTEST)), math.ceil(rate / SLOWEST)
    root = np.rint(256 * np.sqrt(np.sqrt(cells.ravel())))
    width = (2 * half + 1) * size
    sums = np.concatenate(([0.0], np.cumsum(np.pad(root, (high // 2, high - high // 2), mode="edge"))))
    mean = (sums[high + 1 :] - sums[: -high - 1]) / (high + 1)
    # A clear tone beats with the cells' own rate: such frames are left out.
    noisy = np.flatnonzero(frames["salience"][grid.past : grid.past + count] < CLEAR_TONE)
    views = windows(root - np.rint(mean), width)[::size][noisy]
    means = windows(root, width)[::size][noisy]
    taper = exact(hann(width, 0.5))
    length = transform_size(width + high + 2)
    spectrum = np.fft.rfft(views * taper, length)
    lags = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, length)[:, : high + 2]
    window = np.fft.irfft(np.abs(np.fft.rfft(taper, length)) ** 2, length)[: high + 2]
    by_lag = correlation(lags, exact(window / window[0]), 1) / 2**20
    lag, strength = first_peak(by_lag[:, 1:], low - 1)
    average = np.rint((means * taper).sum(axis=1) / taper.sum()) + 1
    spread = np.sqrt(np.maximum(np.rint(lags[:, 0] / (taper * taper).sum()), 0))
    depth = 400 / math.log(10) * spread / average * 10 * np.sqrt(np.maximum(strength, 0))
    there = (strength >= REGULAR) & (lag >= low)
    columns = {name: np.full(count, np.nan) for name in ("am_rate", "am_depth")}
    columns["am_rate"][noisy[there]], columns["am_depth"][noisy[there]] = 10 * rate / lag[there], depth[there] / 10
    return columns
