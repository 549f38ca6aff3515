"""Scenes: the measured present, about twice a second, as the fields of a scene line.

They are plain integers and notes in constant units, so that a reader who knows the header line can follow them.
Nothing is estimated here: the measures are nat-embed's, averaged, and left out if they are absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..notes import NAMES, note_name, pitch_class
from ..stats import percent
from ..wire import Head
from .contours import held, modulated, often, place, repeating
from .measures import Table, half, mean, present, rounded
from .thresholds import ASIDE, ATTACK, CHROMA, HALF, REGULAR, TONAL

if TYPE_CHECKING:
    from .measures import Array


LOWEST = -59.5  # dB: a region at the low end of its grid is not heard beside the rest
NOWHERE = -100.0  # dB


class Span(NamedTuple):
    """What a scene is made of; lists hold a value a frame, and are empty if fewer than half of the frames have one."""

    means: list[float]  # of each measure
    attacks: int
    clicks: int
    grain: float
    swings: int  # frames with a vibrato
    voiced: list[float]  # the pitch, if it is clear
    pitch: list[float]
    peak: list[float]
    bass: list[float]
    top: list[float]
    am_rate: list[float]
    am_depth: list[float]  # of every frame; so is f0
    f0: list[float]
    notes: list[int]  # MIDI numbers that sound together in half of the frames


class Scenes:
    """Averages over `length` frames, one line each."""

    SINGLE = ("level", "centroid", "tonality", "periodicity", "vibrato_rate", "vibrato_extent", "pulse",
              "pulse_clarity", "below_40_hz", "above_16_khz", "dominant_frequency")  # fmt: skip

    def __init__(self, table: Table, length: int):
        self.table, self.length = table, length
        self.begun = False
        self.single = [(name, table.index[name]) for name in self.SINGLE if name in table.index]
        self.modulation = table.modulation
        self.chroma = [(i, table.index[f"chroma_{i}"]) for i in range(12) if f"chroma_{i}" in table.index]

    def feed(self, rows: Array) -> Iterator[Head]:
        """The scenes of `rows`, `length` frames each (the last may be shorter); empty if nothing was measured."""
        whole = len(rows) // self.length
        if whole:
            yield from self._measure(rows[: whole * self.length].reshape(whole, self.length, -1))
        if len(rows) % self.length:
            yield from self._measure(rows[None, whole * self.length :])

    def _measure(self, rows: Array) -> Iterator[Head]:
        """The scenes of `rows`, shape (scenes, frames, measures)."""
        import numpy as np

        column, power = self.table.column, self.table.power
        means = mean(rows, 1)
        means[:, power] = 10 * np.log10(mean(10 ** (rows[:, :, power] / 10), 1))  # the mean of the powers
        attack = column(rows, "onset_strength") >= ATTACK
        attack[0, 0] &= self.begun  # what an item begins with may have begun before: a sound line tells if it is struck
        self.begun = True
        clicks = np.rint(np.nansum(column(rows, "clicks"), axis=1)).astype(int)
        voiced = self.table.voiced(rows)
        grain = mean(np.where(np.isnan(voiced), column(rows, "grain"), np.nan), 1)  # a voice's pulses are no grain
        swings = (~np.isnan(column(rows, "vibrato_rate") * column(rows, "vibrato_extent"))).sum(axis=1)
        figures = [values.tolist() for values in (means, attack.sum(axis=1), clicks, grain, swings)]
        usual = [often(column(rows, name)) for name in ("pitch", "peak_0", "bass", "top", "am_rate")]
        every = [column(rows, name).tolist() for name in ("am_depth", "f0")]
        together = sounding(rows[:, :, self.table.notes])
        for values in zip(*figures, often(voiced), *usual, *every, together, strict=True):
            yield self._scene(Span._make(values))

    def _scene(self, span: Span) -> Head:
        """The fields of a scene, in their order."""
        now = {name: value for name, j in self.single if (value := span.means[j]) == value}
        scene: Head = {}
        if "level" in now:
            scene["level"] = round(now["level"])
        if "centroid" in now:
            scene["centroid"] = rounded(now["centroid"])
        for name in ("below_40_hz", "above_16_khz"):
            if now.get(name, NOWHERE) >= ASIDE:
                scene[name] = round(now[name])
        if "above_16_khz" in scene and "dominant_frequency" in now:
            scene["dominant_frequency"] = rounded(now["dominant_frequency"])
        if "tonality" in now:
            scene["tonality"] = percent(now["tonality"])
        if span.grain == span.grain:
            scene["grain"] = round(span.grain)
        pitch, fields = place(span.voiced, span.pitch, [] if span.notes else span.peak)
        scene |= fields
        if not pitch and not span.notes:
            scene |= repeating(now.get("periodicity"), span.f0)
        if half(span.swings, self.length):
            scene["vibrato"] = [round(now["vibrato_rate"], 1), round(now["vibrato_extent"])]
        if span.notes:
            scene["notes"] = [note_name(number) for number in span.notes]
        elif not self.table.notes and now.get("tonality", 0) >= TONAL:
            scene |= self._notes(span, pitch)
        if span.attacks:
            scene["onsets"] = span.attacks
        if span.clicks > 0:
            scene["clicks"] = span.clicks
        if modulation := modulated(span.am_rate, span.am_depth, span.pitch):
            scene["am"] = modulation
        if "pulse" in now and now.get("pulse_clarity", 0) >= REGULAR:
            scene["pulse"] = round(now["pulse"], 1)
        bands = [span.means[j] for j in self.table.bands]
        while bands and bands[-1] != bands[-1]:  # above the recording's own band
            bands.pop()
        if present(bands):
            scene["bands"] = [round(band) if band > LOWEST else None for band in bands]
        if present(depths := [span.means[j] for j in self.modulation]):
            scene["modulation"] = [round(depth) if depth == depth else 0 for depth in depths]
        return scene

    def _notes(self, span: Span, pitch: Sequence[str]) -> Head:
        """Of a stream that does not tell which notes sound: the strong pitch classes, strongest first, bass and top
        note, except what the pitch already says.
        """
        strong = sorted(((span.means[j], i) for i, j in self.chroma if span.means[j] >= CHROMA), reverse=True)
        classes = [NAMES[i] for _, i in strong[:4]]
        if not classes or classes == [pitch_class(note) for note in pitch]:
            return {}
        fields: Head = {"pitch_classes": classes}
        for field, found in (("lowest", span.bass), ("highest", span.top)):
            if (lasting := held(found)) and lasting not in (*pitch, fields.get("lowest")):
                fields[field] = lasting
        return fields


def sounding(notes: Array) -> list[list[int]]:
    """The MIDI numbers that half of the frames of each scene have, from the lowest up; [] for fewer than two.

    `notes` are those of each frame, (scenes, frames, notes), NaN for none.
    """
    import numpy as np

    scene, frame, _ = there = np.nonzero((notes >= 0) & (notes < 127.5))
    number = np.rint(notes[there]).astype(int)
    once = np.unique(np.stack((scene, frame, number)), axis=1)
    counts = np.zeros((len(notes), 128), dtype=int)
    np.add.at(counts, (once[0], once[2]), 1)
    usual = [np.flatnonzero(row >= HALF * notes.shape[1]).tolist() for row in counts]
    return [found if len(found) > 1 else [] for found in usual]
