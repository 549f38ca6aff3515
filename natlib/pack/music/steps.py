"""What happens fifty times a second, in whole numbers: the attacks, strokes and notes that begin, and new chords."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...network import ONE
from ..measures import Table, filled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array

RATE = 50  # steps a second
ENVELOPES = ("low_onset_envelope", "mid_onset_envelope", "high_onset_envelope")
RISE, MOST = 10.0, 3.0  # dB of a rise, of a stroke, that stand for 1; the most that is told
LOW = 52  # MIDI note: what begins below it is counted apart
TOGETHER = 3.0  # notes beginning together that stand for 1
AROUND = 0.5  # seconds before and after whose pitch classes are compared
CHANNELS = 11  # three envelopes, three strokes, tones, low and high notes, new treble, new bass


class Steps:
    """Takes rows of measures, gives rows of steps: (n, CHANNELS), whole numbers, 1/ONE."""

    channels = CHANNELS

    def __init__(self, table: Table, rate: float):
        self.table, self.rate = table, rate
        self.around = max(1, round(AROUND * rate))  # frames
        self.frames = 0  # taken
        self.done = 0  # frames whose steps were given
        self.envelopes = [table.families.get(kind, []) for kind in ENVELOPES]
        self.strokes = [(table.index.get(f"stroke_{i}"), table.index.get(f"stroke_time_{i}")) for i in range(3)]
        self.chroma = [
            [table.index[f"{kind}_chroma_{i}"] for i in range(12) if f"{kind}_chroma_{i}" in table.index]
            for kind in ("treble", "bass")
        ]
        # Those that are still looked at, `around` before the first one that is not done
        self._rows: Array | None = None

    @property
    def there(self) -> bool:
        """Has the stream what it takes?"""
        notes, begun = len(self.table.notes), len(self.table.begun)
        return all(self.envelopes) and all(len(columns) == 12 for columns in self.chroma) and 0 < notes == begun

    def edge(self, frame: int) -> int:
        """The first step that lies in a frame, or after its start."""
        return -int(-frame * RATE // self.rate)

    def needed(self, steps: int) -> int:
        """How many frames have to be there for so many steps."""
        return math.floor((steps - 1) / RATE * self.rate) + 1 + self.around

    def feed(self, rows: Array, last: bool = False) -> NDArray[np.int64]:
        """The steps that these rows complete; all that are left with the `last` ones."""
        import numpy as np

        before = np.repeat(rows[:1], self.around, axis=0) * np.nan if self._rows is None else self._rows
        rows = np.concatenate((before, rows))
        self.frames += len(rows) - len(before)
        end = self.frames if last else max(self.done, self.frames - self.around)
        if last:
            rows = np.concatenate((rows, rows[:1].repeat(self.around, axis=0) * np.nan))
        result = self._steps(rows, self.done, end)
        self._rows = rows[end - self.done :].copy()
        self.done = end
        return result

    def _steps(self, rows: Array, first: int, end: int) -> NDArray[np.int64]:
        """Steps of the frames from `first` to `end`; `rows` begin `around` frames before."""
        import numpy as np

        start, before = self.edge(first), first - self.around
        shift = self.edge(before)  # notes may begin in a frame beside that which tells them
        wide = np.zeros((self.edge(end + self.around) - shift, CHANNELS))
        result = wide[start - shift :][: self.edge(end) - start]
        if not len(result):
            return result.astype(np.int64)
        begins = (before + np.arange(len(rows))) / self.rate  # seconds

        def put(column: int, times: Array, values: Array, most: bool = True) -> None:
            place = np.floor(times * RATE + 1e-6).astype(np.int64) - shift
            there = (place >= 0) & (place < len(wide))
            (np.maximum if most else np.add).at(wide[:, column], place[there], values[there])

        for column, windows in enumerate(self.envelopes):
            middle = (np.arange(len(windows)) + 0.5) / len(windows) / self.rate
            times, values = begins[:, None] + middle, filled(rows[:, windows])
            put(column, times.ravel(), np.clip(values / RISE, 0, MOST).ravel())
        for column, (rise, time) in enumerate(self.strokes, 3):
            if rise is not None and time is not None:
                there = ~np.isnan(rows[:, time]) & ~np.isnan(rows[:, rise])
                put(column, begins[there] + rows[there, time] / 1000, np.clip(rows[there, rise] / RISE, 0.1, MOST))
        tone = self.table.column(rows, "tone_onset")
        there = ~np.isnan(tone)
        put(6, begins[there] + tone[there] / 1000, np.ones(there.sum()))
        for note, onset in zip(self.table.notes, self.table.begun, strict=False):
            there = ~np.isnan(rows[:, onset]) & ~np.isnan(rows[:, note])
            times, low = begins[there] + rows[there, onset] / 1000, rows[there, note] < LOW
            put(7, times[low], np.ones(low.sum()))
            put(8, times[~low], np.full((~low).sum(), 1 / TOGETHER), most=False)
        frame = np.floor((start + np.arange(len(result)) + 0.5) / RATE * self.rate).astype(np.int64) - first
        for column, classes in enumerate(self.chroma, 9):
            result[:, column] = self._novelty(rows, classes, end - first)[np.clip(frame, 0, end - first - 1)]
        return np.asarray(np.rint(np.minimum(result, MOST) * ONE), np.int64)

    def _novelty(self, rows: Array, classes: list[int], count: int) -> Array:
        """How far the pitch classes after the start of each frame differ from those before, 0 to about 1."""
        import numpy as np

        size = self.around
        sums = np.concatenate((np.zeros((1, 12)), np.cumsum(filled(rows[:, classes]), axis=0)))
        sums = np.rint(sums * 100)  # whole: the same, whatever comes before
        middle = sums[size : size + count]
        before, after = middle - sums[:count], sums[2 * size : 2 * size + count] - middle
        total = np.maximum(before.sum(axis=1), after.sum(axis=1)) + 10.0 * size
        return np.asarray(np.abs(after - before).sum(axis=1) / total)
