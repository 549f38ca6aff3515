"""How tones begin and what they are like: attack, inharmonicity, beating, distortion."""

from __future__ import annotations

import numpy as np

from .logspectrum import FIRST, PER_SEMITONE
from .numerics import Array, Places, exact, hundredths, padded, vertex, windows
from .polyphony import LOW, bins
from .sounding import PLACES, POWER
from .thresholds import BEATS_ALONE, BEATS_DEEP, CURVED, FLEETING, STEADY, STRONG, WEAK

ATTACK = 25  # short windows after an attack in which the tone is loudest
EARLIER = 6  # short windows before it in which the attack begins
TENTH, MOST = 2000, 92  # hundredths of a dB below the loudest: a tenth, nine tenths of the amplitude
BEAT = 8  # steps on either side in which a beating is found
BEATINGS = np.arange(0.75, 6.01, 0.25)  # Hz: rates that are tried; the first and the last are not told
UPPER, LOWER = (89, 113), (43, 84)  # MIDI notes: 1.4 to 5.6 kHz, 98 Hz to 1 kHz
STIFF = (1, 2, 3, 4, 5, 6)  # harmonics from which inharmonicity is found


def attack(bands: Array, begins: Places, band: Places) -> Array:
    """How long each tone takes from a tenth to nine tenths of its amplitude, in short windows.

    From the `bands` of short windows, hundredths of a dB; the window in which each begins, and the band it is in.
    """
    level = bands[begins[:, None] + np.arange(-EARLIER, ATTACK), band[:, None]]
    place = np.arange(level.shape[1])
    top = level[:, EARLIER:].max(axis=1)[:, None]
    full = np.argmax((level >= top - MOST) & (place >= EARLIER - 1), axis=1)
    low = np.where((level <= top - TENTH) & (place < full[:, None]), place, -1).max(axis=1)
    least = np.where(place < full[:, None], level, np.inf).argmin(axis=1)  # where it was never so quiet
    return np.asarray(np.maximum(full - np.where(low >= 0, low, least) - 1, 0), dtype=np.float64)


def strongest(levels: Array) -> Places:
    """The MIDI note nearest to the strongest of the first four harmonics of each note, (steps, notes)."""
    wide = padded(levels, 0, bins(4), -20000)
    best = np.stack([wide[:, PLACES + bins(h)] for h in (1, 2, 3, 4)]).argmax(axis=0)
    return np.asarray(np.arange(len(PLACES)) + LOW + np.array([0, 12, 19, 24])[best])


def inharmonicity(levels: Array, note: Places) -> Array:
    """B of f_n = n f sqrt(1 + B n^2) (Fletcher 1964), in hundred thousandths, of one note a step; NaN where the first
    six harmonics do not lie on such a curve.
    """
    wide = padded(levels, 3, 3 + bins(STIFF[-1]), -20000)
    rows = np.arange(len(levels))
    cents = []
    for harmonic in STIFF:
        place = PLACES[note] + bins(harmonic) + 3
        near = np.stack([wide[rows, place + i] for i in (-1, 0, 1)])
        top = near.argmax(axis=0) - 1
        a, b, c = (wide[rows, place + top + i] for i in (-1, 0, 1))
        off = top + np.where((b > a) & (b >= c), vertex(a, b, c), np.nan)
        exactly = 1200 * np.log2(harmonic) - bins(harmonic) * 100 / PER_SEMITONE
        cents.append(off * 100 / PER_SEMITONE - np.rint(1000 * exactly) / 1000)
    found = np.stack(cents, axis=1)
    square = np.array(STIFF, dtype=np.float64) ** 2
    x = square - square.mean()
    slope = (found * x).sum(axis=1) / (x * x).sum()  # cents for each n^2
    rest = found - found.mean(axis=1)[:, None] - slope[:, None] * x
    good = (np.abs(rest).max(axis=1) <= CURVED) & (slope > 0)
    return np.where(good, 1e5 * slope * 2 * np.log(2) / 1200, np.nan)


def beating(track: Array) -> Array:
    """The rate at which a tone's level swings, in hundredths of Hz, where one sine explains it; else NaN.

    `track`: its level in 2 * BEAT + 1 steps around each step, hundredths of a dB, (steps, 2 * BEAT + 1).
    """
    place = np.arange(-BEAT, BEAT + 1)
    centred = track - np.rint(track.mean(axis=1))[:, None]
    centred = centred - np.rint((centred * place).sum(axis=1) / (place * place).sum())[:, None] * place
    swing = 2 * np.pi * 0.08 * np.outer(place, BEATINGS)
    parts = [np.rint(1024 * table(swing)) for table in (np.cos, np.sin)]
    square = sum((centred @ part / 1024) ** 2 for part in parts)
    best = square.argmax(axis=1)
    power = square[np.arange(len(track)), best]
    size = len(place)
    share = 2 * power / (size * ((centred * centred).sum(axis=1) + 1))
    depth = 2 / size * np.sqrt(power)
    there = (share >= BEATS_ALONE) & (depth >= BEATS_DEEP) & (best > 0) & (best < len(BEATINGS) - 1)
    return np.where(there, 100 * BEATINGS[best], np.nan)


def distortion(levels: Array) -> Array:
    """How strong and how steady the upper partials are, hundredths, from levels with two steps on either side.

    A distorted tone has partials up to 6 kHz that are little below the lower ones and do not die away before them.
    """
    (upper, lower) = (slice((a - FIRST) * PER_SEMITONE, (b - FIRST) * PER_SEMITONE) for a, b in (UPPER, LOWER))
    views = windows(levels[:, upper], 5)
    spread = views.max(axis=2) - views.min(axis=2)
    own = levels[2:-2]
    loudest = own[:, lower].max(axis=1)
    below = np.clip(loudest[:, None] - own[:, upper], 0, len(POWER) - 1).astype(np.int64)
    share = np.rint(2**20 * POWER[below]).sum(axis=1) / below.shape[1]
    gap = hundredths(np.maximum(share, 1) / 2**20)
    strong = np.clip((gap - WEAK) / (STRONG - WEAK), 0, 1)
    steady = np.clip((FLEETING - spread.mean(axis=1)) / (FLEETING - STEADY), 0, 1)
    return np.asarray(np.rint(100 * strong * steady))


def nearest_band(centres: Array) -> Places:
    """The band whose middle is nearest to each MIDI note, up to 127."""
    hertz = exact(440 * 2 ** ((np.arange(128) - 69) / 12))
    return np.asarray(np.abs(centres[None, :] - hertz[:, None]).argmin(axis=1))
