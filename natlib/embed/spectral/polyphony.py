"""The notes that sound together, from spectra on a logarithmic scale.

A small network, the same for every note, looks at the spectrum where the note's harmonics would lie, at what is beside
them, before and after; a second one at what the first one says of the notes around, an octave above, a fifth below …
(Bittner and others 2022, "A lightweight instrument-agnostic model for polyphonic note transcription", have a network
over harmonically stacked spectra; this one is a hundredth of it).
"""

from __future__ import annotations

import math

import numpy as np

from ...network import ONE, Layer
from .logspectrum import BINS, FIRST, PER_SEMITONE, relief
from .numerics import Array, Mask, Places, padded
from .thresholds import LIKELY
from .track import Track

LOW, HIGH = 24, 104  # MIDI notes that are looked for, C1 to G7
NOTES = HIGH - LOW
OUTPUTS = ("sounds", "begins", "leads")
LONG, MEDIUM, LEVEL = range(3)  # what relief() gives
OUTSIDE = -200  # tenths of a dB: what is below and above the scale
PAD = 44 * PER_SEMITONE  # bins beyond the scale, to both sides


def bins(ratio: float) -> int:
    """How many bins lie between a frequency and its multiple."""
    return round(12 * PER_SEMITONE * math.log2(ratio))


# Where the first network looks: which spectrum, how many steps later, how many bins above the note.
TAPS = (
    [(MEDIUM, 0, bins(h) + beside) for h in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12) for beside in (-3, -1, 0, 1, 3)]
    + [(LONG, 0, bins(h) + beside) for h in (1, 2, 3, 4, 6) for beside in (-1, 0, 1)]
    + [(MEDIUM, step, bins(h)) for h in (1, 2, 3, 4, 6) for step in (-1, 1)]
    + [(MEDIUM, step, bins(h)) for h in (1, 2, 3) for step in (-2, 2)]
    + [(MEDIUM, 0, bins(ratio)) for ratio in (1 / 2, 1 / 3, 2 / 3, 3 / 2, 1 / 4, 4 / 3, 5 / 2, 3 / 4)]
    + [(LEVEL, 0, bins(h)) for h in (1, 2, 3, 4)]
)
# Where the second one looks: how many steps later, how many semitones above.
FAR = (12, 16, 19, 24)
AROUND = [(0, -n) for n in (*FAR, 9, 7, 5, 4, 3, 2, 1)] + [(0, n) for n in (0, 1, 2, 3, 4, 5, 7, 9, *FAR)]
AROUND += [(step, n) for step in (-1, 1) for n in (-12, -1, 0, 1, 12)] + [(-2, 0), (2, 0)]
REACH = 2  # steps that each network looks before and after
NEVER = -32 * ONE  # the answer about notes that are not asked about


def likely(spectra: Array) -> Mask:
    """Which notes are asked about, (steps, NOTES): those whose first or second harmonic stands out."""
    first = (LOW - FIRST) * PER_SEMITONE
    places = [slice(first + bins(h), first + bins(h) + PER_SEMITONE * NOTES, PER_SEMITONE) for h in (1, 2)]
    return np.asarray(np.maximum(*(spectra[:, LONG, place] for place in places)) >= LIKELY)


def harmonics(spectra: Array, step: Places, note: Places) -> Array:
    """What the first network sees of notes in steps, (n, taps), from relief() of all steps and REACH on either side."""
    kinds, width = spectra.shape[1], BINS + 2 * PAD
    wide = padded(spectra, PAD, PAD, OUTSIDE).ravel()
    taps = np.array([((REACH + step) * kinds + kind) * width + place for kind, step, place in TAPS])
    start = step * kinds * width + (LOW - FIRST + note) * PER_SEMITONE + PAD
    return np.asarray(wide[start[:, None] + taps])


def surroundings(maps: Array, step: Places, note: Places) -> Array:
    """What the second network sees, (n, places * maps), from the first one's answers, REACH on either side."""
    far, width = max(FAR), NOTES + 2 * max(FAR)
    wide = padded(maps, far, far, axis=1).reshape(-1, maps.shape[2])
    places = np.array([(REACH + step) * width + far + note for step, note in AROUND])
    return np.asarray(wide[(step * width + note)[:, None] + places].reshape(len(step), len(AROUND) * maps.shape[2]))


class Polyphony:
    """Answers about each note, OUTPUTS, 256 times the logarithm of its odds, from levels on a logarithmic scale."""

    def __init__(self) -> None:
        self.first, self.maps_of = Layer("notes.0"), Layer("notes.1")
        self.second, self.answer = Layer("notes.2"), Layer("notes.3", last=True)
        self.spectra, self.maps, self.answers = Track(), Track(), Track()

    def feed(self, levels: Array, asked: bool = True) -> None:
        """Take levels, (steps, 2, BINS), of LogSpectrum; there are answers only if they are `asked` for."""
        if len(levels):
            self.spectra.add(relief(levels))
            if asked:
                self._go(False)

    def finish(self) -> None:
        """No more levels will come."""
        self._go(True)

    def _go(self, whole: bool) -> None:
        start, end = self.maps.count, self.spectra.count - (0 if whole else REACH)
        if end > start:
            step, note = np.nonzero(likely(self.spectra.near(start, end)))
            maps = np.zeros((end - start, NOTES, self.maps_of.weight.shape[1]))
            seen = harmonics(self.spectra.near(start - REACH, end + REACH), step, note)
            maps[step, note] = self.maps_of(self.first(seen))
            self.maps.add(maps)
        start, end = self.answers.count, self.maps.count - (0 if whole else REACH)
        if end > start:
            step, note = np.nonzero(likely(self.spectra.near(start, end)))
            answers = np.full((end - start, NOTES, len(OUTPUTS)), float(NEVER))
            seen = surroundings(self.maps.near(start - REACH, end + REACH, 0), step, note)
            answers[step, note] = self.answer(self.second(seen))
            self.answers.add(answers)
            self.maps.forget(end - REACH)
