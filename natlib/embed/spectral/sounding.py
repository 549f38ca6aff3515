"""Which notes sound in a step, how loud each is and how it moves: from what Polyphony answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...network import ONE, logistic
from ..measures import VOICES
from .logspectrum import FIRST, PER_SEMITONE, RANGE
from .numerics import Array, Frames, Mask, decibels, exact, hundredths, padded, vertex
from .polyphony import LOW, NOTES, bins
from .thresholds import BASS_BELOW, BEGINS, FUSED, HELD, LEADS, LIKELY, OCTAVE, SOUNDS, TREBLE_ABOVE

HARMONICS = 6  # whose power is a note's
TRUE = (1, 2, 3, 4)  # of which the strongest says where the note lies
HARMONIC_BINS = np.array([bins(h) for h in TRUE])
HARMONIC_OFF = np.rint([1e5 * (12 * np.log2(h) - bins(h) / PER_SEMITONE) for h in TRUE]) / 1e3  # cents above its bin
WAVERING = 2  # semitones from its middle that a vibrato may reach
OVERTONES = np.rint([4096 * 12 * math.log2(n) for n in range(2, 13)]) / 4096  # semitones above the fundamental
BESIDE = 0.75  # semitones: a note is a harmonic if it is nearer
OWN = (5, 7)  # harmonics that no note of a tempered chord has where they would be
SIDE = 1  # bins beside a harmonic's place in which its top may lie
SLOPE = 2  # steps before and after over which a note's slope is taken
PER_SECOND = 12.5 / 10 / 10  # of a sum over these of tenths of a dB times their place: dB/s
BEFORE = AFTER = 3  # steps around that are looked at: for slopes, and for what began a step ago

POWER = exact(10 ** (-np.arange(RANGE + 1) / 1000))  # by hundredths of a dB below the loudest bin
PLACES = (np.arange(NOTES) + LOW - FIRST) * PER_SEMITONE
_semitone = np.arange(NOTES) + LOW
TREBLE = np.clip((_semitone - BASS_BELOW) / (TREBLE_ABOVE - BASS_BELOW), 0, 1)  # how far a note is treble
SHARES = {"treble_chroma": np.rint(256 * TREBLE), "bass_chroma": np.rint(256 * (1 - TREBLE))}


def mask(sounds: Array) -> Mask:
    """Which notes are told, (steps, NOTES), from answers about `steps` and one step on either side."""
    own = sounds[1:-1]
    beside = np.maximum(sounds[:-2], sounds[2:])
    wide = padded(own, 1, 1, -np.inf)
    top = (own >= wide[:, :-2]) & (own > wide[:, 2:])  # of neighbours, one: two semitones at once are rare
    told = top & ((own >= SOUNDS * ONE) | ((own >= HELD * ONE) & (beside >= SOUNDS * ONE)))
    # A tone alone may seem to have its octave beside it: that takes more to be told than a note in a chord.
    pair = (told.sum(axis=1) == 2)[:, None] & told
    told[:, 12:] &= ~(pair[:, 12:] & pair[:, :-12] & (own[:, 12:] < OCTAVE * ONE))
    order = np.argsort(-np.where(told, own, -np.inf), axis=1, kind="stable")[:, VOICES:]
    np.put_along_axis(told, order, False, axis=1)
    return np.asarray(told)


def fused(told: Mask, pitch: Array, salience: Array, relief: Array) -> Mask:
    """One tone in the place of its harmonics: where a pitch is nearly all that sounds, and each note is one of them.

    A fifth has a pitch too, an octave below: a tone whose own note is not told must have harmonics that no chord has.

    `told`, (steps, NOTES); `pitch` in hundredths of Hz (none: 0) and its salience in thousandths, (steps,); `relief`,
    tenths of a dB, (steps, BINS).
    """
    hertz = np.where(pitch > 0, pitch, 44000)
    exactly = decibels(hertz / 44000) * (12 / (10 * math.log10(2))) + 69 - LOW
    base = np.clip(np.rint(exactly), 0, NOTES - 1).astype(np.int64)
    clear = (pitch > 0) & (salience >= FUSED) & (np.abs(exactly - base) < 1) & told.any(axis=1)
    above = np.arange(NOTES) - np.rint(4096 * exactly)[:, None] / 4096
    of_it = (np.abs(above) <= WAVERING) | (np.abs(above[:, :, None] - OVERTONES) < BESIDE).any(axis=2)
    rows = np.arange(len(told))
    wide = padded(relief, 0, bins(OWN[-1]), -RANGE)
    own = np.min([wide[rows, PLACES[base] + bins(n)] for n in OWN], axis=0) >= LIKELY
    near = (told & (np.abs(above) <= 1)).any(axis=1)
    one = clear & (near | own) & ~(told & ~of_it).any(axis=1)
    return np.where(one[:, None], np.arange(NOTES) == base[:, None], told)


class Sounding:
    """Measures of the notes of `steps`, from answers and levels of BEFORE steps before to AFTER steps after them, and
    from pitch, salience and relief of the steps (`fused`).
    """

    def __init__(self, answers: Array, levels: Array, pitch: Array, salience: Array, relief: Array):
        self.steps = len(answers) - BEFORE - AFTER
        self.answers, self.levels = answers, levels[:, 0]
        self.now = slice(BEFORE, BEFORE + self.steps)
        wide = mask(answers[:, :, 0])  # without the first and the last step
        self.told = fused(wide[BEFORE - 1 : BEFORE - 1 + self.steps], pitch, salience, relief)
        self.before = wide[BEFORE - 2 : BEFORE - 2 + self.steps]
        self.counts = self.told.sum(axis=1)
        # The notes of each step, from the lowest up; `there` marks those that are.
        order = np.argsort(~self.told, axis=1, kind="stable")[:, :VOICES]
        self.there = np.arange(VOICES) < self.counts[:, None]
        self.index = np.where(self.there, order, 0)

    def of_notes(self, table: NDArray[Any]) -> NDArray[Any]:
        """The entries of a table, (steps, NOTES), that belong to the notes told, (steps, VOICES)."""
        return np.take_along_axis(table, self.index, axis=1)

    def power(self) -> Array:
        """The power of each note, relative to the loudest bin of its step, (all steps, NOTES)."""
        levels = self.levels
        below = np.clip(levels.max(axis=1, keepdims=True) - levels, 0, RANGE).astype(np.int64)
        power = padded(POWER[below], SIDE, SIDE + bins(HARMONICS))
        high = np.maximum(np.maximum(power[:, :-2], power[:, 1:-1]), power[:, 2:])
        return np.asarray(sum(high[:, PLACES + bins(h)] for h in range(1, HARMONICS + 1)))

    def columns(self) -> Frames:
        """note, note_level, note_slope: (steps, VOICES); polyphony, bass, lead; chromas, (steps, 12)."""
        power = self.power()
        loudest = self.levels.max(axis=1, keepdims=True)
        absolute = (hundredths(power + 1e-9) + loudest) / 10  # tenths of a dB
        slope = sum(k * absolute[BEFORE + k : BEFORE + k + self.steps] for k in range(-SLOPE, SLOPE + 1))
        leads = np.where(self.told, self.answers[self.now, :, 2], -np.inf)
        best = leads.argmax(axis=1)
        rows = np.arange(self.steps)
        places = self.places()
        lead = np.where(self.index == best[:, None], places, 0).max(axis=1)
        sure = leads[rows, best] >= LEADS * ONE
        sounds = logistic(self.answers[self.now, :, 0])
        result = {
            "note": np.where(self.there, places, np.nan),
            "note_level": np.where(self.there, self.of_notes(absolute[self.now]), np.nan),
            "note_slope": np.where(self.there, self.of_notes(slope) * PER_SECOND, np.nan),
            "polyphony": self.counts.astype(np.float64),
            "bass": np.where(self.counts > 0, places[:, 0], np.nan),
            "lead": np.where(sure, lead, np.nan),
        }
        for name, share in SHARES.items():
            result[name] = np.where(self.counts[:, None] > 0, classes(sounds * share) / 2560, np.nan)
        return result

    def places(self) -> Array:
        """Where each note told lies by its strongest harmonic, in hundredths of a semitone, (steps, VOICES)."""
        levels = self.levels[self.now]
        wide = padded(levels, 2, 3 + bins(TRUE[-1]), -20000)
        rows = np.arange(self.steps)[:, None, None]
        place = (PLACES[self.index][:, :, None] + HARMONIC_BINS) + 2  # (steps, VOICES, harmonics)
        near = np.stack([wide[rows, place + i] for i in (-2, -1, 0, 1, 2)])
        strongest = near[1:4].max(axis=0).argmax(axis=2)[None, :, :, None]
        a, b, c, d, e = np.take_along_axis(near, strongest, axis=3)[..., 0]
        middle = (c >= b) & (c >= d)
        left = ~middle & (b > d)
        shifted = (a, b, c), (b, c, d), (c, d, e)
        before, top, after = (np.where(middle, y, np.where(left, x, z)) for x, y, z in shifted)
        off = np.where(middle, 0, np.where(left, -1, 1)) + np.clip(vertex(before, top, after), -0.5, 0.5)
        found = np.rint(100 * off / PER_SEMITONE - HARMONIC_OFF[strongest[0, :, :, 0]])
        return np.asarray(100 * (self.index + LOW) + np.clip(found, -49, 49))

    def begun(self) -> tuple[Mask, Mask]:
        """Which of the notes told begin, (steps, VOICES), and whether they did in the step before."""
        begins = self.answers[:, :, 1]
        top = (begins[1:-1] >= begins[:-2]) & (begins[1:-1] > begins[2:]) & (begins[1:-1] >= BEGINS * ONE)
        own = top[BEFORE - 1 : BEFORE - 1 + self.steps]
        earlier = top[BEFORE - 2 : BEFORE - 2 + self.steps] & ~self.before
        return self.of_notes(own | earlier) & self.there, self.of_notes(earlier & ~own)


def classes(table: Array) -> Array:
    """The highest of each pitch class, C first, (steps, 12), from values by note, (steps, NOTES)."""
    wide = padded(table, LOW % 12, -(LOW + NOTES) % 12)
    return np.asarray(wide.reshape(len(table), -1, 12).max(axis=1))
