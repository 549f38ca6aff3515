"""What sounds in stretches of time, beats or parts of them: shares of their frames, in whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...network import ONE
from ..measures import Table, filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array

    Numbers = NDArray[np.int64]

NOTES = 128  # MIDI notes
EARLY = 0.07  # seconds by which a note may begin before the stretch that it belongs to
RANGE = 30.0  # dB below the loudest note at which another counts nothing
NONE = -1


class Spans(NamedTuple):
    """What sounds in each of some stretches, ONE for all of its frames."""

    treble: Numbers  # (n, 12): pitch classes
    bass: Numbers  # (n, 12)
    sounds: Numbers  # (n, NOTES): which notes sound
    lowest: Numbers  # (n, NOTES): which is the lowest
    top: Numbers  # (n, NOTES): which is the highest
    lead: Numbers  # (n, NOTES): which leads
    begins: Numbers  # (n, NOTES): ONE if it begins in the stretch, or just before
    levels: Numbers  # (n, NOTES): ONE for the loudest note there, 0 for one that is RANGE below
    voice: Numbers  # (n,)
    tuned: Numbers  # (n,): share of frames with a note


class Moments:
    """Keeps the rows of some time, by note."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        self.table, self.rate = table, rate
        self.first = self.frames = 0  # the first frame kept, and how many came
        self.chroma = [[table.index[f"{kind}_chroma_{i}"] for i in range(12)] for kind in ("treble", "bass")]
        self.levels_of = [table.index.get(f"note_level_{i}", NONE) for i in range(len(table.notes))]
        self.level = np.zeros(0)  # dBFS
        self.classes = np.zeros((0, 24), np.int16)
        self.sounds = np.zeros((0, NOTES), bool)
        self.loud = np.zeros((0, NOTES), np.int16)
        self.ends = np.zeros((0, 3), np.int16)  # lowest, highest, leading note
        self.voice = np.zeros(0, np.int16)
        self.begun: list[tuple[float, int]] = []  # seconds, note

    def feed(self, rows: Array) -> None:
        """Take rows of measures."""
        import numpy as np

        count, table = len(rows), self.table
        notes = rows[:, table.notes]
        place = np.where((notes >= 0) & (notes < NOTES - 0.5), notes, NONE)
        place = np.rint(filled(place, NONE)).astype(np.int64)
        frame, which = np.nonzero(place >= 0)
        sounds, loud = np.zeros((count, NOTES), bool), np.zeros((count, NOTES))
        sounds[frame, place[frame, which]] = True
        level = np.where(np.array(self.levels_of) == NONE, np.nan, rows[:, self.levels_of])
        top = np.fmax.reduce(level, axis=1, initial=-200.0)
        near = np.clip(1 + (filled(level, -999.0) - top[:, None]) / RANGE, 0, 1)
        loud[frame, place[frame, which]] = near[frame, which] * ONE
        lead = table.column(rows, "lead")
        lead = np.where((lead >= 0) & (lead < NOTES - 0.5), lead, NONE)
        last = np.where(place.max(axis=1, initial=NONE) >= 0, place.max(axis=1, initial=NONE), NONE)
        low = np.where(place >= 0, place, NOTES).min(axis=1, initial=NOTES)
        ends = np.stack((np.where(low < NOTES, low, NONE), last, np.rint(lead)), axis=1)
        begun = rows[:, table.begun]
        for row, column in zip(*np.nonzero(~np.isnan(begun) & (place >= 0)), strict=True):
            time = (self.frames + int(row)) / self.rate + float(begun[row, column]) / 1000
            self.begun.append((time, int(place[row, column])))
        classes = np.rint(filled(rows[:, self.chroma[0] + self.chroma[1]]) * ONE)
        self.classes = np.concatenate((self.classes, np.clip(classes, 0, ONE).astype(np.int16)))
        self.sounds, self.loud = (
            np.concatenate((self.sounds, sounds)),
            np.concatenate((self.loud, np.rint(loud).astype(np.int16))),
        )
        self.ends = np.concatenate((self.ends, ends.astype(np.int16)))
        voice = np.rint(filled(table.column(rows, "voice")) * ONE)
        self.voice = np.concatenate((self.voice, np.clip(voice, 0, ONE).astype(np.int16)))
        self.level = np.concatenate((self.level, filled(table.column(rows, "level"), -200.0)))
        self.frames += count

    def forget(self, seconds: float) -> None:
        """Drop what lies before this time."""
        gone = min(int(seconds * self.rate) - self.first, len(self.level))
        if gone > 0:
            self.first += gone
            for name in ("level", "classes", "sounds", "loud", "ends", "voice"):
                setattr(self, name, getattr(self, name)[gone:].copy())
            self.begun = [each for each in self.begun if each[0] >= seconds]

    def edges(self, times: Sequence[float]) -> Numbers:
        """The frame, among those kept, whose middle lies at or after each time."""
        import numpy as np

        frames = np.ceil(np.asarray(times) * self.rate - 0.5 - 1e-9).astype(np.int64) - self.first
        return np.clip(frames, 0, len(self.level))

    def spans(self, starts: Sequence[float], ends: Sequence[float]) -> Spans:
        """What sounds from each start to its end, seconds; at least one frame each."""
        import numpy as np

        a = np.minimum(self.edges(starts), len(self.level) - 1)
        b = np.maximum(self.edges(ends), a + 1)
        length = (b - a)[:, None]
        least, most = int(a.min()), int(b.max())
        a, b = a - least, b - least

        def shares(values: NDArray[Any], unit: int) -> Numbers:
            sums = np.concatenate((np.zeros((1, values.shape[1]), np.int64), np.cumsum(values, axis=0, dtype=np.int64)))
            return np.asarray((unit * (sums[b] - sums[a]) + length // 2) // length)

        now = slice(least, most)
        which = np.zeros((most - least, 3, NOTES), bool)
        frame, end = np.nonzero(self.ends[now] >= 0)
        which[frame, end, self.ends[now][frame, end]] = True
        classes, lines = shares(self.classes[now], 1), shares(which.reshape(most - least, -1), ONE)
        begins = np.zeros((len(a), NOTES), np.int64)
        if self.begun:
            begun = np.array(self.begun)
            times = begun[:, 0] + EARLY
            row = np.searchsorted(starts, times, side="right") - 1
            inside = (row >= 0) & (times < np.asarray(ends)[row])
            begins[row[inside], begun[inside, 1].astype(np.int64)] = ONE
        return Spans(
            classes[:, :12],
            classes[:, 12:],
            shares(self.sounds[now], ONE),
            lines[:, :NOTES],
            lines[:, NOTES : 2 * NOTES],
            lines[:, 2 * NOTES :],
            begins,
            shares(self.loud[now], 1),
            shares(self.voice[now][:, None], 1)[:, 0],
            shares((self.ends[now, 1:2] >= 0), ONE)[:, 0],
        )
