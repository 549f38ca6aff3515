"""What sounds in stretches of time, beats or parts of them: shares of their frames, in whole numbers."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

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
NOTED = ("sounds", "levels", "lowest", "top", "lead")  # by note: see Spans
WIDTHS = {"treble": 12, "bass": 12, **dict.fromkeys(NOTED, NOTES), "voice": 1, "tuned": 1}
EDGES = list(accumulate(WIDTHS.values(), initial=0))
PLACES = {name: slice(*edges) for name, edges in zip(WIDTHS, pairwise(EDGES), strict=True)}
WIDTH = EDGES[-1]


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
        self.shares = np.zeros((0, WIDTH), np.int32)  # ONE for all of a frame, in the order of PLACES
        self.begun: list[tuple[float, int]] = []  # seconds, note

    def feed(self, rows: Array) -> None:
        """Take rows of measures."""
        import numpy as np

        count, table = len(rows), self.table
        notes = rows[:, table.notes]
        place = np.where((notes >= 0) & (notes < NOTES - 0.5), notes, NONE)
        place = np.rint(filled(place, NONE)).astype(np.int64)
        frame, which = np.nonzero(place >= 0)
        shares = np.zeros((count, WIDTH), np.int32)
        sounds, levels, lowest, highest, leading = (shares[:, PLACES[name]] for name in NOTED)
        sounds[frame, place[frame, which]] = ONE
        level = np.where(np.array(self.levels_of) == NONE, np.nan, rows[:, self.levels_of])
        top = np.fmax.reduce(level, axis=1, initial=-200.0)
        near = np.clip(1 + (filled(level, -999.0) - top[:, None]) / RANGE, 0, 1)
        levels[frame, place[frame, which]] = np.rint(near[frame, which] * ONE)
        lead = table.column(rows, "lead")
        lead = np.where((lead >= 0) & (lead < NOTES - 0.5), lead, NONE)
        last = np.where(place.max(axis=1, initial=NONE) >= 0, place.max(axis=1, initial=NONE), NONE)
        low = np.where(place >= 0, place, NOTES).min(axis=1, initial=NOTES)
        every = np.arange(count)
        for told, end in ((lowest, np.where(low < NOTES, low, NONE)), (highest, last), (leading, np.rint(lead))):
            told[every[end >= 0], end[end >= 0].astype(np.int64)] = ONE
        shares[:, PLACES["tuned"]] = ONE * (last >= 0)[:, None]
        begun = rows[:, table.begun]
        for row, column in zip(*np.nonzero(~np.isnan(begun) & (place >= 0)), strict=True):
            time = (self.frames + int(row)) / self.rate + float(begun[row, column]) / 1000
            self.begun.append((time, int(place[row, column])))
        for name, columns in zip(("treble", "bass"), self.chroma, strict=True):
            shares[:, PLACES[name]] = np.clip(np.rint(filled(rows[:, columns]) * ONE), 0, ONE)
        voice = np.rint(filled(table.column(rows, "voice")) * ONE)
        shares[:, PLACES["voice"]] = np.clip(voice, 0, ONE)[:, None]
        self.shares = np.concatenate((self.shares, shares))
        self.level = np.concatenate((self.level, filled(table.column(rows, "level"), -200.0)))
        self.frames += count

    def forget(self, seconds: float) -> None:
        """Drop what lies before this time."""
        gone = min(int(seconds * self.rate) - self.first, len(self.level))
        if gone > 0:
            self.first += gone
            self.level, self.shares = self.level[gone:].copy(), self.shares[gone:].copy()
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
        some = np.concatenate((self.shares[least:most], np.zeros((1, WIDTH), np.int32)))  # no stretch begins at its end
        sums = np.add.reduceat(some, np.stack((a, b), axis=1).ravel() - least, axis=0)[::2]
        shares = ((sums + length // 2) // length).astype(np.int64)
        begins = np.zeros((len(a), NOTES), np.int64)
        if self.begun:
            begun = np.array(self.begun)
            times = begun[:, 0] + EARLY
            row = np.searchsorted(starts, times, side="right") - 1
            inside = (row >= 0) & (times < np.asarray(ends)[row])
            begins[row[inside], begun[inside, 1].astype(np.int64)] = ONE
        treble, bass, sounds, levels, lowest, top, lead, voice, tuned = (shares[:, place] for place in PLACES.values())
        return Spans(treble, bass, sounds, lowest, top, lead, begins, levels, voice[:, 0], tuned[:, 0])
