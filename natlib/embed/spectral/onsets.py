"""Attacks: where they begin, how far and how fast they rise; clicks; grain."""

from __future__ import annotations

from fractions import Fraction
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..measures import FINE, RISES
from .frames import CELLS
from .grid import Grid
from .numerics import Array, Frames, decibels, exact, padded, windows
from .thresholds import ATTACK_BEGINS, ATTACK_ENDS, CLEAR_ATTACK, CLICK, CLICK_FAINT

SHARPEST = Fraction(16, 100)  # seconds from an attack's beginning within which its rise ends

Places = NDArray[np.int64]


def measured(frames: Frames, grid: Grid, count: int) -> Frames:
    """The strength of onsets, in all and by region, their time, their attack time; clicks; grain."""
    now = grid.now(count)
    onset = frames["stroke"] * (1 - frames["cut"])  # if the sound is cut off, that end is no attack
    near = windows(padded(onset.ravel(), 2, 2), 5)[:-1]  # it is too early to judge the last one
    peak = np.where(near.max(axis=1) == near[:, 2], near[:, 2], 0)
    peak = np.append(peak, 0).reshape(onset.shape)[now]
    attack, hop = peak.max(axis=1), peak.argmax(axis=1)
    clear = attack >= CLEAR_ATTACK
    begins, length = np.full((2, count), np.nan)
    cells = frames["cells"]
    sums = np.concatenate(([0.0], np.cumsum(cells)))  # of all cells before each
    begins[clear], length[clear] = moment(sums, cells.shape[1], grid, np.flatnonzero(clear), hop[clear])
    rises = frames["rises"][now][np.arange(count), hop]
    return {
        "onset_strength": attack / 10,
        "onset_time": begins,
        "attack_time": length,
        "grain": grain(cells[now], frames["fine"][now], grid),
        "clicks": clicks(cells, sums, grid, count),
        **{f"onset_strength_{i}": np.where(clear, rises[:, i] / 10, np.nan) for i in range(len(RISES) - 1)},
        **envelopes(frames, grid, count),
    }


def envelopes(frames: Frames, grid: Grid, count: int) -> Frames:
    """How far the sound rises in each short window: in all bands, and in low, mid and high ones."""
    now = grid.now(count)
    whole = (1 - frames["cut"][now]) / 10
    low, *mid, high, highest = np.moveaxis(frames["rises"][now], 2, 0)
    rises = {
        "onset_envelope": frames["stroke"][now],
        "low_onset_envelope": low,
        "mid_onset_envelope": np.maximum(*mid),
        "high_onset_envelope": np.maximum(high, highest),
    }
    return {f"{name}_{i}": (rise * whole)[:, i] for name, rise in rises.items() for i in range(grid.hops)}


def moment(sums: Array, size: int, grid: Grid, which: Places, hop: Places) -> tuple[Array, Array]:
    """Where the attack in each of the frames `which` begins, near the short window `hop`, and how long it is, in ms.

    It begins where 10 ms are loudest relative to the 10 ms before. `sums` holds, for each cell, the sum of all cells
    before it; a frame has `size` cells.
    """
    reach = 4
    start = (grid.past + which) * size
    place = np.clip(CELLS * (hop[:, None] - 1) + np.arange(-2, 2 * CELLS + 1), 0, size - 1)
    at = start[:, None] + place
    after, before = sums[at + reach] - sums[at], sums[at] - sums[at - reach]
    best = np.argmax((after - before) / (before + 0.001 * after.max(axis=1)[:, None] + 1), axis=1)
    begun = np.take_along_axis(place, best[:, None], 1)[:, 0]
    milliseconds = 1000 / float(grid.frame_rate) / size
    return begun * milliseconds, attack_length(sums, size, grid, start + begun) * milliseconds


def attack_length(sums: Array, size: int, grid: Grid, start: Places) -> Array:
    """The cells from a tenth to nine tenths of the highest amplitude after an attack; NaN if there is none.

    Each amplitude is taken over 10 ms, so that a period of a low tone does not count as a rise.
    """
    reach, span = 4, round(SHARPEST * grid.frame_rate * size)
    near = start[:, None] + np.arange(-reach, span)
    energy = sums[near + reach] - sums[near]
    top = energy.max(axis=1)
    peak = energy.argmax(axis=1)
    before = np.arange(energy.shape[1]) <= peak[:, None]
    # The last place before the peak that is still below a tenth: what came before the attack does not count.
    low = np.where(before & (energy <= ATTACK_BEGINS * top[:, None]), np.arange(energy.shape[1]), -1).max(axis=1)
    first = np.argmax(before & (energy >= ATTACK_ENDS * top[:, None]), axis=1)
    low = np.where(low < 0, np.where(energy[:, 0] < 0.5 * top, 0, first), low)
    return np.where(top > 0, np.maximum(first - low - reach, 0), np.nan)


def clicks(cells: Array, sums: Array, grid: Grid, count: int) -> Array:
    """How many clicks each frame has: cells that stand out from what is before and after them."""
    size, reach = cells.shape[1], 12
    flat = cells.ravel()
    at = np.arange(grid.past * size, (grid.past + count) * size)
    near = np.stack([flat[at + i] for i in (-2, -1, 1, 2)]).max(axis=0)
    before = (sums[at - 1] - sums[at - 1 - reach]) / reach
    after = (sums[at + 3 + reach] - sums[at + 3]) / reach
    stands = (flat[at] >= near) & (flat[at] > CLICK * np.maximum(np.maximum(before, after), CLICK_FAINT))
    return np.asarray(stands.reshape(count, size).sum(axis=1), dtype=np.float64)


def grain(cells: Array, fine: Array, grid: Grid) -> Array:
    """How much further the highest cell is above the mean than in smooth noise of that spectrum; tenths of a dB.

    The energy of noise over so short a time has a gamma distribution, whose shape is the bandwidth times the time
    (S. O. Rice, "Mathematical analysis of random noise", 1945): a rumble is uneven by itself, a hiss is not. The
    highest of all cells is taken as a quantile (E. Wilson and M. Hilferty, "The distribution of chi-square", 1931).
    """
    count = cells.shape[1]
    peak = decibels((cells.max(axis=1) + 1) * count / (cells.sum(axis=1) + count))
    low, high = np.array([FINE[:-1], FINE[1:]], dtype=np.float64)
    density = np.nan_to_num(exact(10 ** ((fine - np.fmax.reduce(fine, axis=1)[:, None]) / 1000))) / (high - low)
    slope = np.add.reduce(density * (high**3 - low**3), axis=1) / 3  # whose energy the cells hold
    square = np.add.reduce(density * density * (high**5 - low**5), axis=1) / 5
    shape = np.maximum(slope * slope / square / (float(grid.frame_rate) * count), 0.5)
    most = NormalDist().inv_cdf((count - 0.375) / (count + 0.25))
    smooth = 3 * decibels(1 - 1 / (9 * shape) + most / (3 * np.sqrt(shape)))
    return 10 * np.maximum(peak - smooth, 0)
