"""When tones move as voices do, and how they sound then."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from ...notes import note_name
from ...wire import Head
from ..measures import Table, filled
from ..thresholds import BRIDGED, EXTREMES, LIKE_VOICE, STEADY_NOTE, SUNG, SURELY_VOICE, SYLLABLE, VOICES
from .collector import Block, Collector
from .course import FIELDS, Course

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array

    Bools = NDArray[np.bool_]

HISS = 4000.0  # Hz from which breath and sibilants stand out
A4, A4_HZ = 69, 440.0
APART = 0.12  # seconds between syllables, at least: eight a second


class Voice(Collector):
    """{"voice": {"percent", "spans", "range", "steady_percent", "syllable_rate", "sibilance"}} where there is any."""

    def __init__(self, table: Table, rate: float, course: Course):
        super().__init__(table, rate)
        self.course = course
        self.notes = array("f")  # of each frame, MIDI; NaN for none
        self.hiss = array("f")  # of each frame: its share of the power
        self.syllables = array("B")  # of each frame: how many begin
        self.windows = table.families.get("mid_onset_envelope", [])
        self.bands = [i for i, (low, _) in zip(table.bands, table.regions, strict=True) if (low or 0) >= HISS]
        self._last = 0.0  # rise of the last short window
        self._since = 99  # short windows since the last syllable began

    def take(self, block: Block) -> None:
        import numpy as np

        pitch = block.voiced
        with np.errstate(divide="ignore", invalid="ignore"):
            own = A4 + 12 * np.log2(pitch / A4_HZ)
        lead = self.table.column(block.rows, "lead")
        self.notes.frombytes(np.where(np.isnan(own), lead, own).astype("f4").tobytes())
        hiss = np.nansum(10 ** (block.rows[:, self.bands] / 10), axis=1) if self.bands else np.zeros(len(pitch))
        self.hiss.frombytes(np.minimum(hiss, 1).astype("f4").tobytes())
        for windows in filled(block.rows[:, self.windows]).tolist():
            self.syllables.append(self._begin(windows))

    def _begin(self, windows: list[float]) -> int:
        """How many syllables begin in these short windows: rises of the mids that are highest where they stand."""
        count, apart = 0, APART * self.rate * len(windows)
        for rise in windows:
            self._since += 1
            if rise < self._last and self._last >= SYLLABLE and self._since >= apart:
                count += 1
                self._since = 0
            self._last = rise
        return count

    def there(self) -> Bools:
        """In which half seconds of the course tones move as voices do."""
        import numpy as np

        voice = self.course.rows[:, FIELDS.index("voice")]
        some = np.flatnonzero(voice >= LIKE_VOICE)
        result = np.zeros(len(voice), bool)
        if not len(some):
            return result
        gap = BRIDGED / self.course.seconds + 1
        for span in np.split(some, np.flatnonzero(np.diff(some) > gap) + 1):
            if len(span) > 1 and np.sort(voice[span])[-2] >= SURELY_VOICE:
                result[span[0] : span[-1] + 1] = True
        return result

    def spans(self, there: Bools) -> list[list[float]]:
        """From when to when that is, in seconds of the recording."""
        import numpy as np

        edges = np.flatnonzero(np.diff(np.concatenate(([0], there.astype(int), [0]))))
        size, end = self.course.seconds, self.frames / self.rate
        return [[round(self.start + min(float(edge * size), end), 1) for edge in span] for span in edges.reshape(-1, 2)]

    def result(self) -> Head:
        import numpy as np

        there = self.there()
        if there.sum() * self.course.seconds < VOICES:
            return {}
        within = np.repeat(there, self.course.size)[: self.frames]
        within = np.pad(within, (0, self.frames - len(within)))
        notes: Array = np.array(self.notes, float)
        sung = notes[within & ~np.isnan(notes)]
        if len(sung) < SUNG * within.sum():
            return {}
        told: Head = {"percent": round(100 * float(there.mean())), "spans": self.spans(there)}
        told["range"] = [note_name(round(float(each))) for each in np.percentile(sung, EXTREMES)]
        steps = abs(np.diff(notes))[within[1:] & within[:-1]]
        steps = steps[~np.isnan(steps)]
        if len(steps):
            told["steady_percent"] = round(100 * float((steps < STEADY_NOTE).mean()))
        if self.windows:
            told["syllable_rate"] = round(float(np.array(self.syllables)[within].sum() * self.rate / within.sum()), 1)
        if self.bands:
            hiss = float(np.array(self.hiss)[within].mean())
            told["sibilance"] = round(10 * float(np.log10(max(hiss, 1e-9))))
        return {"voice": told}
