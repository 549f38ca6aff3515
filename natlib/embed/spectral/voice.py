"""How far a sound is like a voice: tones that glide and waver, formants that move, breath and sibilants between them.

A small network: kernels over the spectrum on a logarithmic scale see how partials move, whatever their pitch; what
they find, by region, is put together with levels and how they fluctuate; a last part looks at the second around.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...network import Layer, logistic
from .logspectrum import PER_SEMITONE
from .numerics import Array, Places, padded, windows
from .polyphony import MEDIUM

FIRST, COUNT, REGIONS = 12 * PER_SEMITONE, 80 * PER_SEMITONE, 8  # bins that are seen: where, how many, in groups
STEPS, BINS = 5, 9  # of a kernel
PEAK = 5  # steps on either side whose loudest band the levels are relative to
RANGE, MOST = 300, 200  # tenths of a dB: of levels, on either side of 30 dB below that; of their deviation
STRETCHES = ((-12, -7), (-7, -3), (-3, -1), (-1, 2), (2, 4), (4, 7))  # steps whose means the last part sees
BEFORE, AFTER = STRETCHES[0][0], STRETCHES[-1][1]
REACH = STEPS // 2


def kernels(spectra: Array) -> Array:
    """What the kernels see, (steps, COUNT, STEPS * BINS), from relief() of so many steps and REACH on either side."""
    some = spectra[:, MEDIUM, FIRST - BINS // 2 : FIRST + COUNT + BINS // 2]
    views = sliding_window_view(some, (STEPS, BINS))
    return np.ascontiguousarray(views).reshape(*views.shape[:2], STEPS * BINS)


def colours(bands: Array, counts: Places) -> Array:
    """Sums over the short windows of each step, (steps, 3, 20): levels, their squares; and the highest.

    From bands, hundredths of a dB, (windows, 40), and how many windows each step has.
    """
    pairs = np.maximum(bands[:, ::2], bands[:, 1::2])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
    sums = [np.add.reduceat(values, starts, axis=0) for values in (pairs, pairs * pairs)]
    number = counts[:, None]
    mean = np.rint(sums[0] / number)
    deviation = np.rint(np.sqrt(np.maximum(number * sums[1] - sums[0] * sums[0], 0)) / number)
    return np.stack((mean, deviation, np.maximum.reduceat(pairs, starts, axis=0)), axis=1)


def shades(colour: Array) -> Array:
    """Levels and deviations as they are seen, tenths of a dB, (steps, 40), from colours() with PEAK on either side."""
    top = windows(colour[:, 2].max(axis=1), 2 * PEAK + 1).max(axis=1)
    own = colour[PEAK : len(colour) - PEAK]
    level = np.clip((own[:, 0] - top[:, None]) / 10 + RANGE, -RANGE, RANGE)
    return np.asarray(np.rint(np.hstack((level, np.minimum(own[:, 1] / 10, MOST)))))


def stretches(found: Array) -> Array:
    """Means over STRETCHES, (steps, ...), from rows of so many steps, -BEFORE before and AFTER - 1 after them."""
    sums = np.cumsum(padded(found, 1, 0, axis=0), axis=0)
    steps = len(found) + BEFORE - AFTER + 1
    means = [(sums[b - BEFORE :][:steps] - sums[a - BEFORE :][:steps]) / (b - a) for a, b in STRETCHES]
    return np.asarray(np.rint(np.hstack(means)))


class Voice:
    """How far a step is like a voice, in thousandths."""

    def __init__(self) -> None:
        self.kernel, self.found = Layer("voice.0"), Layer("voice.1")
        self.around, self.answer = Layer("voice.2"), Layer("voice.3", last=True)

    def look(self, spectra: Array, colour: Array) -> Array:
        """What is found in each step: of relief() with REACH, and colours() with PEAK, on either side."""
        seen = self.kernel(kernels(spectra))
        pooled = np.rint(seen.reshape(len(seen), REGIONS, -1, seen.shape[-1]).sum(axis=2) * (REGIONS / COUNT))
        return self.found(np.hstack((pooled.reshape(len(seen), -1), shades(colour))))

    def __call__(self, found: Array) -> Array:
        """Thousandths, (steps,), from what is found in so many steps, -BEFORE before them and AFTER - 1 after."""
        return logistic(self.answer(self.around(stretches(found)))[:, 0])
