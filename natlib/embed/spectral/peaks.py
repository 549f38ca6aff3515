"""The strongest narrow peaks of a spectrum, over the whole range: a whistle, a hum, a chirp too high for a pitch."""

from __future__ import annotations

import math

import numpy as np

from ..measures import PEAKS
from .numerics import Array, Frames, exact, hundredths, vertex
from .spectrum import Spectrum
from .thresholds import PEAK_FAINT, PROMINENT, REACH, SPREAD

GROUP, SHARE = 16, 6  # a peak is compared with its group: a sixth of its frequency wide, and at least 16 bins
LOWEST, HIGHEST = 60, 16000  # Hz
BESIDE = 8  # bins: a peak must also stand out from each side, by half as much: the edge of a band of noise does not
LOBE = 2  # bins on each side of a peak that belong to it, through the Hann window


class Peaks:
    """The strongest of the narrow peaks that stand out from their groups of bins."""

    def __init__(self, long: Spectrum, top: float):
        """For the spectra `long`, below `top` Hz."""
        self.bin, self.scale = long.bin, long.scale
        edges = [math.ceil(LOWEST / long.bin)]
        while (edge := edges[-1] + max(GROUP, edges[-1] // SHARE)) <= min(HIGHEST, top) / long.bin - BESIDE:
            edges.append(edge)
        self.end = edges[-1] + BESIDE
        self.starts, self.sizes = np.array(edges[:-1], dtype=np.int64), np.diff(edges)
        self.share = 1 / (SPREAD + (self.sizes - 2 * LOBE - 1) / PROMINENT)  # least share of its group that a peak has

    def __call__(self, power: Array, all: Array) -> Frames:
        """From the power of each bin, (frames, bins), and of all, in hundredths of a dB, (frames,).

        peaks: tenths of Hz (none: 0), the strongest first, (frames, PEAKS). prominence: how far the
        strongest stands above the rest of its group, in hundredths of a dB.
        """
        count = len(power)
        if not len(self.starts):
            return {"peaks": np.zeros((count, PEAKS)), "prominence": np.zeros(count)}
        total = np.add.reduceat(power[:, : self.starts[-1] + self.sizes[-1]], self.starts, axis=1)
        spans = zip(self.starts.tolist(), (self.starts + self.sizes).tolist(), strict=True)
        tops = np.stack([power[:, first:end].argmax(axis=1) for first, end in spans], axis=1)
        highest = np.take_along_axis(power, self.starts + tops, axis=1)
        faint = np.maximum(PEAK_FAINT, exact(10 ** ((all - REACH) / 1000)))[:, None]
        row, group = np.nonzero((highest > self.share * total) & (highest * self.scale > faint))
        start, size, top = self.starts[group], self.sizes[group], tops[row, group]
        rest, others = total[row, group], size.copy()
        for i in range(-LOBE, LOBE + 1):
            inside = (top + i >= 0) & (top + i < size)
            rest -= np.where(inside, power[row, start + top + i], 0)
            others -= inside
        a, b, c = (power[row, start + top + i] for i in (-1, 0, 1))
        clear = (b * others > PROMINENT * rest) & (b > a) & (b >= c)
        for sign in (-1, 1):
            beside = sum(power[row, start + top + sign * i] for i in range(LOBE + 1, BESIDE + 1))
            clear &= b * (BESIDE - LOBE) > PROMINENT / 2 * beside
        row, place, a, b, c = row[clear], (start + top)[clear], a[clear], b[clear], c[clear]
        rest = hundredths(np.maximum(rest / others, 0)[clear] * self.scale + 1e-14)
        a, b, c = (hundredths(value * self.scale + 1e-14) for value in (a, b, c))
        hz = np.rint(10 * self.bin * (place + vertex(a, b, c)))
        peaks, prominence = np.zeros((count, PEAKS)), np.zeros(count)
        order = np.lexsort((-b, row))
        row, hz, over = row[order], hz[order], (b - rest)[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        peaks[row[rank < PEAKS], rank[rank < PEAKS]] = hz[rank < PEAKS]
        prominence[row[rank == 0]] = over[rank == 0]
        return {"peaks": peaks, "prominence": prominence}
