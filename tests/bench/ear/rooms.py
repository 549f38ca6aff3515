"""What may happen to a sound on its way to the ear: a room, noise, a loudspeaker's colour, drive, another level.

Samples are mono, (n,), at 44.1 kHz. Every figure here is a range that is wider than most of what people record.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

RATE = 44100
OFTEN = {"room": 0.25, "noise": 0.3, "colour": 0.3, "drive": 0.15}  # how often each of them happens
DECAY = (0.2, 2.0)  # seconds in which a reverberation falls by 60 dB
WET = (-20.0, -3.0)  # dB, a reverberation's energy relative to the dry sound
SNR = (5.0, 40.0)  # dB of sound over noise
SLOPE = (0.0, 1.0)  # of a noise's amplitude: by which power of the frequency it falls, from white to brown
BOTTOM = 30.0  # Hz below which noise falls no further
BUMPS = 8  # points of a colour, from 16 Hz to 23 kHz, equally far apart in octaves
BUMP = 5.0  # dB, standard deviation of each
CUTS = [None, None, 3500, 5000, 8000, 11000]  # Hz above which there is nothing: telephones, old radios, lossy files
DRIVE = (1.0, 6.0)  # of a peak, before tanh
PEAK = (-30.0, -1.0)  # dBFS, of the result


def effective(sound: Array) -> float:
    """The root mean square."""
    return float(np.sqrt(np.mean(sound**2)))


def gain(decibels: float) -> float:
    """As a factor."""
    return float(10 ** (decibels / 20))


def room(sound: Array, draw: random.Random, rng: np.random.Generator) -> Array:
    """The sound, and behind it itself convolved with noise that decays."""
    count, wet = round(draw.uniform(*DECAY) * RATE), draw.uniform(*WET)
    answer = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    size = 1 << (len(sound) + count).bit_length()
    tail = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(answer, size), size)[: len(sound)]
    return sound + tail * (gain(wet) * effective(sound) / max(effective(tail), 1e-9))


def noise(sound: Array, draw: random.Random, rng: np.random.Generator) -> Array:
    """Under noise between white and brown."""
    hertz = np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), BOTTOM)
    drawn = np.fft.rfft(rng.standard_normal(len(sound))) * hertz ** -draw.uniform(*SLOPE)
    more = np.fft.irfft(drawn, len(sound))
    return sound + more * (gain(-draw.uniform(*SNR)) * effective(sound) / effective(more))


def colour(sound: Array, draw: random.Random, rng: np.random.Generator) -> Array:
    """As a loudspeaker, a telephone or a lossy file leaves it."""
    spectrum, hertz = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / RATE)
    decibels = np.interp(np.log2(hertz + 1), np.linspace(4, 14.5, BUMPS), BUMP * rng.standard_normal(BUMPS))
    if cut := draw.choice(CUTS):
        decibels[hertz > cut] -= 60
    return np.asarray(np.fft.irfft(spectrum * 10 ** (decibels / 20), len(sound)))


def drive(sound: Array, draw: random.Random, rng: np.random.Generator) -> Array:
    """As an amplifier that is turned up too far."""
    return np.tanh(sound * (draw.uniform(*DRIVE) / max(float(np.abs(sound).max()), 1e-9)))


def degraded(sound: Array, draw: random.Random, often: float = 1.0) -> Array:
    """What may happen, each with its chance, `often` times as often as usual; then a level. Nothing clips."""
    rng = np.random.default_rng(draw.randrange(2**32))
    for change in (room, noise, colour, drive):
        if draw.random() < often * OFTEN[change.__name__]:
            sound = change(sound, draw, rng)
    return sound * (gain(draw.uniform(*PEAK)) / max(float(np.abs(sound).max()), 1e-9))
