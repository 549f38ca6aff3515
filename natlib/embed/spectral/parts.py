"""Three parts of the sound: what stands still, what glides and wavers, what strikes.

Medians at two resolutions tell them apart (FitzGerald 2010, "Harmonic/percussive separation using median filtering";
Tachibana, Ono and Sagayama 2010): what lasts in a bin of the long windows stands still; what stands out from the bins
around, but does not last, glides; what stands out in time in a band of the short windows strikes. The rest is noise.
"""

from __future__ import annotations

import numpy as np

from .logspectrum import BINS, FIRST, PER_SEMITONE
from .numerics import Array, Frames, Places, decibels, exact, powers, windows
from .thresholds import STANDS_OUT

LASTS = 3  # steps on either side over which the median is taken
STRIKES = 8  # short windows on either side, every second of them
NAMES = ("still", "gliding", "striking")
HERTZ = exact(440 * 2 ** ((np.arange(BINS) / PER_SEMITONE + FIRST - 69) / 12))
LOWEST, HIGHEST = -11000, 2000  # hundredths of a dB
TABLE = powers(LOWEST, HIGHEST)
FINE = 2.0**24  # what stands for the strongest bin or band of a step: sums of such numbers are exact


def power_of(levels: Array) -> Array:
    """Powers of whole hundredths of a dB."""
    return TABLE[np.clip(levels - LOWEST, 0, HIGHEST - LOWEST).astype(np.int64)]


def tones(levels: Array, relief: Array) -> tuple[Array, Array]:
    """Shares and centroids of what stands still and of what glides, (steps, 2), from levels, hundredths of a dB, with
    LASTS steps on either side, and relief(), (steps, BINS), tenths of a dB.
    """
    power = power_of(levels) * HERTZ  # a bin is as wide as its frequency is high
    views = windows(power, 2 * LASTS + 1)
    own = power[LASTS : len(power) - LASTS]
    lasting = np.minimum(own, np.sort(views, axis=2)[:, :, LASTS])
    tonal = relief >= STANDS_OUT
    parts = np.stack((np.where(tonal, lasting, 0), np.where(tonal, own - lasting, 0)), axis=1)
    scale = FINE / own.max(axis=1)
    parts = np.rint(parts * scale[:, None, None])
    sums = parts.sum(axis=2)
    total = np.rint(own * scale[:, None]).sum(axis=1)[:, None]
    return sums / total, (parts * np.rint(HERTZ)).sum(axis=2) / (sums + 1)


def strokes(bands: Array, counts: Places, centres: Array) -> tuple[Array, Array]:
    """Share and centroid of what strikes, (steps,), from bands with STRIKES short windows on either side, hundredths
    of a dB, how many windows each step has, and the middles of the bands, Hz, (40,).
    """
    pairs = np.maximum(bands[:, ::2], bands[:, 1::2])
    power = power_of(pairs)
    views = windows(power, 2 * STRIKES + 1)[:, :, ::2]
    own = power[STRIKES : len(power) - STRIKES]
    rest = np.maximum(own - np.sort(views, axis=2)[:, :, views.shape[2] // 2], 0)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
    scale = np.repeat(FINE / np.maximum.reduceat(own.max(axis=1), starts), counts)[:, None]
    rest, own = np.rint(rest * scale), np.rint(own * scale)
    struck, total = np.add.reduceat(rest, starts, axis=0), np.add.reduceat(own, starts, axis=0)
    middles = np.rint(np.sqrt(centres[::2] * centres[1::2]))
    sums = struck.sum(axis=1)
    return sums / total.sum(axis=1), (struck * middles).sum(axis=1) / (sums + 1)


def measured(tonal: tuple[Array, Array], struck: tuple[Array, Array], level: Array) -> Frames:
    """Shares in hundredths, levels in tenths of a dB, centroids in Hz of the three parts; `level` is that of all."""
    shares = np.column_stack((tonal[0] * (1 - struck[0])[:, None], struck[0]))
    places = np.column_stack((tonal[1], struck[1]))
    columns: Frames = {}
    for i, name in enumerate(NAMES):
        share = np.rint(1000 * shares[:, i]) / 1000
        there = share > 0
        columns[f"{name}_share"] = 100 * share
        columns[f"{name}_level"] = np.where(there, level + 100 * decibels(np.where(there, share, 1)) / 10, np.nan)
        columns[f"{name}_centroid"] = np.where(there, places[:, i], np.nan)
    return columns
