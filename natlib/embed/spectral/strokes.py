"""Strokes of three regions and beginnings of notes, a hundred times a second."""

from __future__ import annotations

import numpy as np

from ...network import ONE, Layer
from .numerics import Array, Mask, Places, padded, vertex, windows
from .thresholds import BEGINNING, STRUCK

OUTPUTS = ("low", "mid", "high", "note")
SHIFTS = (-8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12)  # short windows that the first layers see, from the one asked about
LATER = (-4, -2, 0, 2, 4)  # and those whose first answers the second ones see
PEAK = 50  # short windows on either side whose loudest band the levels are relative to
RANGE = 300  # tenths of a dB on either side of 30 dB below that
WIDE = max(LATER)
REACH = PEAK + max(SHIFTS) + WIDE  # short windows that an answer depends on
APART = 3  # short windows on either side in which a peak is the highest
FINE = 4096  # times are told in such parts of a short window: their sums are exact, however late in an item
HINT = 6 * ONE  # the most that a note's beginning counts


def relative(bands: Array) -> Array:
    """Bands, hundredths of a dB, (n + 2 * PEAK, 40), to what is seen of n short windows, tenths of a dB, (n, 20)."""
    pairs = np.maximum(bands[:, ::2], bands[:, 1::2]) / 10
    top = windows(pairs.max(axis=1), 2 * PEAK + 1).max(axis=1)
    return np.asarray(np.rint(np.clip(pairs[PEAK : len(pairs) - PEAK] - top[:, None] + RANGE, -RANGE, RANGE)))


def hints(begins: Array, places: Places, parts: int) -> Array:
    """How sure it is that a note begins at each of `places`, in parts of a step: there, a step earlier, a step later.

    A step has `parts`, an even number. `begins` has the highest of each step's answers, from one step before step 0 on.
    """
    told = np.clip(begins, -HINT, HINT)
    step = places // parts
    before, rest = np.divmod(places - parts // 2, parts)
    share = rest / parts
    between = np.rint(told[before + 1] * (1 - share) + told[before + 2] * share)
    return np.stack((between, told[step], told[step + 2]), axis=1)


class Strokes:
    """Answers about each short window, OUTPUTS, 256 times the logarithm of their odds."""

    def __init__(self) -> None:
        self.layers = [Layer(f"strokes.{i}", last=i == 3) for i in range(4)]

    def __call__(self, bands: Array, hint: Array) -> Array:
        """From bands, (n + 2 * REACH, 40), and hints, (n + 2 * WIDE, 3): (n, 4)."""
        seen, count = relative(bands), len(hint)
        start = REACH - WIDE - PEAK  # of the windows that are asked about, among `seen`
        near = [seen[start + shift : start + shift + count] for shift in SHIFTS]
        first = self.layers[1](self.layers[0](np.hstack((*near, hint))))
        later = [first[WIDE + shift : WIDE + shift + count - 2 * WIDE] for shift in LATER]
        return self.layers[3](self.layers[2](np.hstack(later)))


def peaks(answers: Array) -> tuple[Mask, Array]:
    """Which answers are peaks that are told, (n, 4), and their times, in short windows from the first one's start."""
    wide = padded(answers, APART, APART, -np.inf, axis=0)
    views = windows(wide, 2 * APART + 1)
    before, after = views[:, :, :APART].max(axis=2), views[:, :, APART + 1 :].max(axis=2)
    least = np.array([STRUCK * ONE] * 3 + [BEGINNING * ONE])
    told = (answers > before) & (answers >= after) & (answers >= least)
    a, b, c = (wide[APART + i : APART + i + len(answers)] for i in (-1, 0, 1))
    known = np.isfinite(a + c)
    shift = np.rint(FINE * np.where(known, vertex(np.where(known, a, b), b, np.where(known, c, b)), 0)) / FINE
    return np.asarray(told), np.asarray(np.arange(len(answers))[:, None] + 0.5 + shift)


def nearest(times: Array, asked: Array, most: float) -> Array:
    """The one of rising `times` that is nearest to each of `asked`; NaN if it is further than `most`."""
    if not len(times):
        return np.full(asked.shape, np.nan)
    place = np.searchsorted(times, asked)
    before, after = times[np.maximum(place - 1, 0)], times[np.minimum(place, len(times) - 1)]
    best = np.where(np.abs(asked - before) <= np.abs(after - asked), before, after)
    return np.where(np.abs(best - asked) <= most, best, np.nan)


def strongest(told: Mask, times: Array, answers: Array, begins: Places, hops: int) -> Places:
    """The row of the surest peak whose time lies in each frame, -1 for none. `begins`: the first window of each."""
    place = np.flatnonzero(told)
    frame = np.floor((times[place] - begins[0]) / hops).astype(np.int64)
    inside = (frame >= 0) & (frame < len(begins))
    place, frame = place[inside], frame[inside]
    result = np.full(len(begins), -1)
    order = np.argsort(answers[place], kind="stable")
    result[frame[order]] = place[order]
    return result
