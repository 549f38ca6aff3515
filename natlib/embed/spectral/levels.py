"""Level, background, the energy of regions, narrow peaks, and how the level falls."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..measures import FINE, PEAKS
from .grid import Grid
from .numerics import Array, Frames, windows
from .thresholds import FALLING, FLOOR, PERIODIC

BACKGROUND = Fraction(4)  # seconds whose quietest fifth is the background


class Background:
    """The quietest fifth of the last seconds."""

    def __init__(self, grid: Grid):
        self._levels = np.full(round(BACKGROUND * grid.frame_rate), np.inf)

    def __call__(self, level: Array) -> Array:
        """The background at each of the next frames, from their levels, (frames,)."""
        levels = np.concatenate((self._levels, level))
        self._levels = levels[len(level) :]
        near = np.sort(windows(levels, len(self._levels) + 1), axis=1)
        fifth = ((near < np.inf).sum(axis=1) - 1) // 5
        return np.asarray(np.take_along_axis(near, fifth[:, None], 1)[:, 0])


def measured(frames: Frames, grid: Grid, count: int) -> Frames:
    """level, bands, spectrum, peaks, centroid, tonality, periodicity, fundamental, decay."""
    now = grid.now(count)
    regions = frames["regions"][now]
    # Sound below 40 Hz hardly moves within a short window: there, the long window gives the level.
    level = frames["loudness"][now]
    columns = {"level": np.where(frames["deep"][now] > 0, np.maximum(frames["total"][now], level), level) / 10}
    columns |= {f"band_{i}": np.maximum((regions[:, i + 1] - regions[:, 0]) / 10, FLOOR) for i in range(6)}
    for i in range(len(FINE) - 1):
        columns[f"spectrum_{i}"] = np.maximum((frames["fine"][now, i] - regions[:, 0]) / 10, FLOOR)
    columns |= {
        name: np.maximum(frames[part][now] / 10, FLOOR)
        for name, part in (("below_40_hz", "below"), ("above_16_khz", "above"))
    }
    columns["dominant_frequency"] = np.where(frames["main"][now] > 0, frames["main"][now] / 10, np.nan)
    peaks = np.where(frames["peaks"][now] > 0, frames["peaks"][now] / 10, np.nan)
    columns |= {f"peak_{i}": peaks[:, i] for i in range(PEAKS)}
    columns["prominence"] = np.where(peaks[:, 0] > 0, frames["prominence"][now] / 10, np.nan)
    columns |= {"periodicity": frames["periodicity"][now] / 10, "tonality": frames["tonality"][now] / 10}
    columns["f0"] = np.where(
        (frames["periodicity"][now] >= PERIODIC) & (frames["fundamental"][now] > 0),
        frames["fundamental"][now] / 100,
        np.nan,
    )
    return columns | {"centroid": frames["centroid"][now], "decay": decay(frames, grid, count)}


def decay(frames: Frames, grid: Grid, count: int) -> Array:
    """How fast the level falls, in dB/s, from a line through five frames; NaN where it does not fall."""
    levels = frames["loudness"]
    there = frames["valid"].sum(axis=1) > 0
    slope = np.zeros(count)
    for i, weight in enumerate((-2, -1, 0, 1, 2)):
        slope += weight * levels[grid.past + i : grid.past + count + i]
    fall = -slope / 10 / 100 * float(grid.frame_rate)
    return np.where((fall >= FALLING) & there[grid.now(count, 4)], fall, np.nan)
