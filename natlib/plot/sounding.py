"""The notes that sound, as the measures of frames tell them, as a piano roll: all of them, the bass, the lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..wire import Head
from .bars import NOTES
from .base import Panel
from .downsample import Float
from .roll import Roll

VOICES = 32  # notes of a frame at most
BLOCK = 4096  # frames looked at at a time
ALL, BASS, LEAD = range(3)  # the parts, from the one at the back

Flags = NDArray[np.bool_]
Times = NDArray[np.float64]


class Sounding:
    """Takes the measures of frames: those named note_0 … in MIDI notes, with note_onset_0 … in ms, bass and lead."""

    def __init__(self, entries: Sequence[Head], rate: float):
        names = [str(entry.get("name")) for entry in entries]
        pitched = [entry.get("unit") == "MIDI note" for entry in entries]
        place = {name: column for column, name in enumerate(names) if pitched[column]}
        voices = [voice for voice in range(VOICES) if f"note_{voice}" in place]
        self.columns = [[place[f"note_{voice}"] for voice in voices], *([place[name]] if name in place else []
                        for name in ("bass", "lead"))]  # fmt: skip
        self.onsets = [names.index(f"note_onset_{voice}") if f"note_onset_{voice}" in names else -1 for voice in voices]
        self.rate = rate
        self.roll = Roll(("notes", "bass", "lead"), 0.55)
        self._frames = 0
        self._held = np.full((len(self.columns), NOTES), np.nan)  # since when each note of each part sounds, s

    def add(self, rows: Float) -> None:
        """Take `rows` in their units, shape (n, measures); NaN is absent."""
        for first in range(0, len(rows), BLOCK):
            block = rows[first : first + BLOCK]
            begun = self._begun(block)
            for part, columns in enumerate(self.columns):
                if columns:
                    self.roll.spans.add(part, self._spans(part, sounds(block[:, columns]), begun))
            self._frames += len(block)

    def _begun(self, block: Float) -> Times:
        """When a note begins anew, in frames after its frame's start; NaN where it does not. Shape (n, notes)."""
        begun = np.full((len(block), NOTES), np.nan)
        for column, onset in zip(self.columns[ALL], self.onsets, strict=True):
            if onset >= 0:
                notes, after = block[:, column], block[:, onset] * (self.rate / 1000)
                frames = np.flatnonzero(within(notes) & (after >= 0) & (after < 1))
                begun[frames, np.rint(notes[frames]).astype(np.int64)] = after[frames]
        return begun

    def _spans(self, part: int, here: Flags, begun: Times) -> Iterator[tuple[int, float, float]]:
        """The notes that end in a block: those that go on are held for the next one."""
        held = self._held[part]
        before = np.vstack([np.isfinite(held), here[:-1]])
        again = here & np.isfinite(begun)
        frames = self._frames + np.arange(len(here))[:, None] + np.where(again, begun, 0)
        starts, ends = here & (~before | again), before & (~here | again)
        for note in np.flatnonzero(starts.any(axis=0) | ends.any(axis=0)):
            times = frames[:, note] / self.rate
            began = [*held[note : note + 1][np.isfinite(held[note : note + 1])], *times[starts[:, note]]]
            ended = times[ends[:, note]]
            held[note] = began[-1] if len(began) > len(ended) else np.nan
            yield from ((int(note), float(a), float(b)) for a, b in zip(began, ended, strict=False))

    def panels(self) -> dict[str, Panel]:
        """The panel, if any note sounds; not where several items share a picture: theirs shows what is made of it."""
        return {name: panel._replace(detail=True) for name, panel in self.roll.panels().items()}

    def finish(self) -> None:
        """No more frames will come: what is held ends here."""
        end = self._frames / self.rate
        for part, held in enumerate(self._held):
            self.roll.spans.add(
                part, [(int(note), float(held[note]), end) for note in np.flatnonzero(np.isfinite(held))]
            )
        self.roll.finish(end)


def within(notes: Float) -> Flags:
    """Which of `notes` are notes of MIDI."""
    found: Flags = (notes > -0.5) & (notes < NOTES - 0.5)
    return found


def sounds(notes: Float) -> Flags:
    """Which notes sound in each frame: of `notes`, shape (n, voices), shape (n, notes of MIDI)."""
    here = np.zeros((len(notes), NOTES), bool)
    frames, voices = np.nonzero(within(notes))
    here[frames, np.rint(notes[frames, voices]).astype(np.int64)] = True
    return here
