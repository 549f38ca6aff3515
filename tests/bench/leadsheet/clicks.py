"""What is regular and no piece: metronomes, whose beats are known, and sounds that come again, evenly or not."""

from __future__ import annotations

import random

import numpy as np

from ..ear.rooms import RATE, Array, gain
from ..music.pieces import Truth

NOTHING: Truth = {  # a truth where there is no music
    "kind": "none",
    **{name: None for name in ("tempo", "meter", "key")},
    **{name: [] for name in ("beats", "downbeats", "chords", "notes", "bass", "tune", "drums")},
    "compound": False,
    "swing": False,
}

TEMPI = (40, 220)  # clicks a minute
SECONDS = (12.0, 30.0)
CLICKS = ["sine", "noise", "wood", "pulse"]
LENGTHS = [0.02, 0.05, 0.1]  # seconds of a click
HERTZ = (400.0, 2500.0)
ACCENTS = ["none", "none", "none", "level", "pitch"]  # of the first click of a bar
UNDER, NOISE = 0.4, (-60.0, -35.0)  # how often there is noise under it; dBFS

LOW_RATE = 22050  # Hz, of sounds that come again: nothing lies above 11 kHz
LASTING = [5, 5, 8, 15]  # seconds of sounds that come again
AGAIN = (40.0, 200.0)  # a minute
KINDS = [1, 1, 2, 3]  # of sounds that take turns
SHAKEN = [0.0, 0.01, 0.03, 0.08, 0.2, 0.5]  # standard deviation of the intervals, as a share of them
ANYWHERE = 0.33  # how often they come at random times
REGULAR = 0.03  # up to which they are regular: somebody may hear beats
TURNS = 0.8  # how often the next sound is the one whose turn it is
LEAST = 0.06  # seconds of an interval
PAUSES, PAUSE = 0.05, 2.0  # how often there is a pause; seconds of it, at most
FLOOR = (-70.0, -30.0)  # dBFS of the noise under it


def click(rnd: random.Random, rng: np.random.Generator) -> tuple[Array, Array, str]:
    """A metronome's click, that on the first beat of a bar, and what sets that one apart."""
    kind, length, hertz, accent = rnd.choice(CLICKS), rnd.choice(LENGTHS), rnd.uniform(*HERTZ), rnd.choice(ACCENTS)
    time = np.arange(round(RATE * length)) / RATE

    def sound(pitch: float) -> Array:
        if kind == "sine":
            return np.asarray(np.sin(2 * np.pi * pitch * time) * np.exp(-5 * time / length))
        if kind == "noise":
            return np.asarray(rng.standard_normal(len(time)) * np.exp(-6 * time / length))
        if kind == "wood":
            both = np.sin(2 * np.pi * hertz * time) + 0.5 * np.sin(2 * np.pi * 2.7 * hertz * time)
            return np.asarray(both * np.exp(-90 * time))
        return np.where(np.arange(len(time)) < 40, 1.0, 0.0)

    return sound(hertz), sound(hertz * (1.5 if accent == "pitch" else 1)) * (2 if accent == "level" else 1), accent


def metronome(rnd: random.Random) -> tuple[Array, Truth]:
    """Samples, (n,), and their truth."""
    rng = np.random.default_rng(rnd.randrange(2**32))
    tempo = rnd.choice([rnd.uniform(*TEMPI), rnd.randint(*TEMPI)])
    seconds, at, meter = rnd.uniform(*SECONDS), rnd.uniform(0, 0.8), rnd.choice([2, 3, 4])
    plain, strong, accent = click(rnd, rng)
    result = np.zeros(round(RATE * seconds))
    beats = np.arange(at, seconds - 0.2, 60 / tempo).tolist()
    for number, time in enumerate(beats):
        add(result, strong if number % meter == 0 else plain, int(time * RATE), 0.3)
    if rnd.random() < UNDER:
        result += rng.standard_normal(len(result)) * gain(rnd.uniform(*NOISE))
    truth = NOTHING | {"kind": "metronome", "tempo": tempo, "beats": beats}
    if accent != "none":
        truth |= {"meter": meter, "downbeats": beats[::meter]}
    return result * rnd.uniform(0.2, 1), truth


def add(sound: Array, more: Array, first: int, level: float) -> None:
    """Another sound, from a sample on, in place."""
    more = more[: max(0, len(sound) - first)]
    sound[first : first + len(more)] += level * more


def knock(rnd: random.Random, rng: np.random.Generator) -> Array:
    """A short sound of any kind, with a peak of 1: noise in a resonance, a buzz, noise."""
    count = round(LOW_RATE * rnd.uniform(0.02, 0.5))
    time, kind = np.arange(count) / LOW_RATE, rnd.random()
    sound = rng.standard_normal(count)
    if kind < 0.6:
        turn, held = 2 * np.pi * rnd.uniform(100, 6000) / LOW_RATE, rnd.uniform(0.9, 0.999)
        steps = np.arange(count)
        answer = held**steps * np.sin(turn * (steps + 1))
        sound = np.fft.irfft(np.fft.rfft(sound, 2 * count) * np.fft.rfft(answer, 2 * count), 2 * count)[:count]
    elif kind < 0.8:
        glide = 1 + rnd.uniform(-0.5, 0.5) * time
        sound = np.sign(np.sin(2 * np.pi * rnd.uniform(80, 900) * time * glide))
    sound = sound * np.minimum(1, time / rnd.choice([0.001, 0.01, 0.05]))
    sound *= np.exp(-time * LOW_RATE / count * rnd.uniform(2, 7))
    return np.asarray(sound / max(float(np.abs(sound).max()), 1e-9))


def again(rnd: random.Random) -> tuple[Array, Truth]:
    """Samples, (n,), at LOW_RATE, and their truth."""
    rng = np.random.default_rng(rnd.randrange(2**32))
    seconds, interval, shaken = rnd.choice(LASTING), 60 / rnd.uniform(*AGAIN), rnd.choice(SHAKEN)
    kinds = [knock(rnd, rng) for _ in range(rnd.choice(KINDS))]
    result, time, number = np.zeros(seconds * LOW_RATE), rnd.uniform(0, 1), 0
    stop, anywhere = rnd.choice([seconds, seconds, rnd.uniform(1, seconds)]), rnd.random() < ANYWHERE
    while time < stop:
        sound = kinds[number % len(kinds)] if rnd.random() < TURNS else rnd.choice(kinds)
        add(result, sound, int(time * LOW_RATE), rnd.uniform(0.5, 1))
        number += 1
        time += rng.exponential(interval) if anywhere else max(LEAST, interval * (1 + rng.normal(0, shaken)))
        if rnd.random() < PAUSES:
            time += rnd.uniform(0, PAUSE)
    result *= 0.5 / max(float(np.abs(result).max()), 1e-9)
    result += rng.standard_normal(len(result)) * gain(rnd.uniform(*FLOOR))
    return np.clip(result, -1, 1), NOTHING | {"kind": "regular" if shaken <= REGULAR and not anywhere else "none"}
