"""Pitch: how often, from where to where, how it glides, and the timbre of one clear voice."""

from __future__ import annotations

from array import array

from ...notes import name
from ...wire import Head
from ..measures import Table, half, present
from ..thresholds import CLEAR, EXTREMES, FAINT_HARMONIC, FEWEST
from .collector import Block, Collector

TIMBRE = ("harmonicity", "tilt", "odd_even")


class Pitch(Collector):
    """{"pitch_percent", "pitch_range", "pitch_median", "pitched_sounds", "glide", "harmonicity", "tilt", …}."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        super().__init__(table, rate)
        self.pitches = array("f")  # Hz, if there is one
        self.notes = 0  # sounds with a pitch
        self.glides = array("f")  # semitones a second, up or down, if there is a pitch
        self.timbres = [array("f") for _ in TIMBRE]  # if there is a pitch
        self.harmonics = np.zeros((2, len(table.orders)))  # sums and counts, if there is a clear pitch

    def take(self, block: Block) -> None:
        import numpy as np

        column, there = self.table.column, block.voiced == block.voiced
        sung = block.rows[there]
        self.pitches.extend(block.voiced[there].tolist())
        self.glides.extend(present(np.abs(column(sung, "glide")).tolist()))
        for values, measure in zip(self.timbres, TIMBRE, strict=True):
            values.extend(present(column(sung, measure).tolist()))
        clear = sung[column(sung, "harmonicity") >= CLEAR][:, self.table.orders]
        clear = clear[~np.isnan(clear).any(axis=1)]
        clear = 10 ** ((clear - clear.max(axis=1, initial=-300)[:, None]) / 10)
        self.harmonics += np.stack((clear.sum(axis=0), np.full(len(self.table.orders), len(clear))))

    def sound(self, start: float, sound: Head) -> None:
        self.notes += (
            "pitch" in sound or "pitch_contour" in sound or "vague_pitch" in sound
        )  # also those that begin without an attack, as a singer's do

    def result(self) -> Head:
        import numpy as np

        if len(self.pitches) < FEWEST:
            return {}
        steps = [EXTREMES[0], 50, EXTREMES[1]]
        low, middle, high = map(name, np.percentile(np.array(self.pitches), steps, method="nearest").tolist())
        fields: Head = {
            "pitch_percent": self.percent(len(self.pitches)), "pitch_range": [low, high], "pitch_median": middle
        }  # fmt: skip
        if self.notes:
            fields["pitched_sounds"] = self.notes
        if self.glides:
            fields["glide"] = round(float(np.median(np.array(self.glides))), 1)
        voice = {
            measure: round(float(np.median(np.array(values))))
            for values, measure in zip(self.timbres, TIMBRE, strict=True)
            if half(len(values), len(self.pitches))
        }
        if voice.get("harmonicity", 0) >= CLEAR:
            fields |= voice
        sums, numbers = self.harmonics
        if self.table.orders and numbers[0] >= FEWEST:
            levels = 10 * np.log10(np.maximum(sums / numbers, FAINT_HARMONIC))
            fields["harmonics"] = np.rint(levels - levels.max()).astype(int).tolist()
        return fields
