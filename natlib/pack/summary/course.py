"""The course of an item by half seconds: what sections, voice and character are told from."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ...wire import Head
from ..groups import Groups
from ..measures import Table, filled
from ..thresholds import ATTACK
from .collector import Block, Collector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array

    Bools = NDArray[np.bool_]

HALF = 0.5  # seconds, about
FIELDS = (
    "power",  # mean square; full scale is 1
    "loudness",  # the same, K-weighted
    "voice",  # 0 to 1
    "onsets",  # how many frames an attack begins in
    "lowest",  # MIDI note; NaN for none
    "highest",
    "centroid",  # octaves above 1 Hz
    "low",  # strokes of lows
    "mid",
    "high",
)
SHELF, HIGH_PASS = 1681.97, 38.14  # Hz: the two filters of ITU-R BS.1770-4
GAIN, QUALITY = 3.9998, (0.7072, 0.5003)  # dB of the shelf; of the shelf and of the high pass


def k_weight(hz: float) -> float:
    """The gain in power of the K-weighting at a frequency: the analogue prototypes of BS.1770-4's two filters."""
    s = 1j * hz / SHELF
    top, root = 10 ** (GAIN / 20), 10 ** (GAIN * 0.4996667741545416 / 20)
    shelf = (top * s * s + root * s / QUALITY[0] + 1) / (s * s + s / QUALITY[0] + 1)
    s = 1j * hz / HIGH_PASS
    return float(abs(shelf * s * s / (s * s + s / QUALITY[1] + 1)) ** 2)


class Course(Collector):
    """Keeps a row of FIELDS for each half second. Memory: 100 bytes for each second."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.size = max(1, round(HALF * rate))  # frames
        self.seconds = self.size / rate
        self.bands = [(i, k_weight((low * high) ** 0.5)) for i, (low, high) in self._bands() if low > 0]
        self._groups = Groups(self.size, len(table.names))
        self._rows: list[NDArray[np.float32]] = []

    def _bands(self) -> list[tuple[int, tuple[float, float]]]:
        """The columns of the finest bands, with their edges in Hz."""
        edges = self.table.grids.get("spectrum_hz", self.table.grids.get("bands_hz", []))
        columns = self.table.fine if "spectrum_hz" in self.table.grids else self.table.bands
        return list(zip(columns, pairwise(edges), strict=False))

    def take(self, block: Block) -> None:
        if len(halves := self._groups(block.rows)):
            self._rows.append(self._halves(halves))

    def result(self) -> Head:
        return {}

    @property
    def rows(self) -> Array:
        """(half seconds, FIELDS), with the last one, which may be shorter."""
        import numpy as np

        rest = [self._halves(self._groups.rest[None])] if len(self._groups.rest) else []
        found = [*self._rows, *rest]
        return np.concatenate(found).astype(np.float64) if found else np.zeros((0, len(FIELDS)))

    def _halves(self, rows: Array) -> NDArray[np.float32]:
        """One row of FIELDS for each of some half seconds, (halves, frames, measures)."""
        import numpy as np

        column = self.table.column
        power = filled(10 ** (column(rows, "level") / 10))
        bands = np.moveaxis(rows[..., [i for i, _ in self.bands]], -1, 0)
        weights = np.array([weight for _, weight in self.bands])[:, None, None]
        loud = power * (filled(10 ** (np.minimum(bands, 0) / 10)) * weights).sum(axis=0)
        voice = column(rows, "voice")
        known = ~np.isnan(voice)
        strokes = [~np.isnan(column(rows, f"stroke_time_{i}")) for i in range(3)]
        notes = rows[..., self.table.notes]
        lowest = np.fmin.reduce(notes, axis=(1, 2), initial=np.nan) if self.table.notes else np.full(len(rows), np.nan)
        highest = np.fmax.reduce(notes, axis=(1, 2), initial=np.nan) if self.table.notes else lowest
        with np.errstate(invalid="ignore", divide="ignore"):
            weighted = np.where(np.isnan(column(rows, "centroid")), 0, power)
            hz = filled(np.log2(np.maximum(column(rows, "centroid"), 1)))
            centroid = (hz * weighted).sum(axis=1) / weighted.sum(axis=1)
        return np.stack((
            power.mean(axis=1), loud.mean(axis=1), filled(voice).sum(axis=1) / np.maximum(known.sum(axis=1), 1),
            self._onsets(rows, strokes).sum(axis=1), lowest, highest, centroid,
            *(each.sum(axis=1) for each in strokes),
        ), axis=1).astype(np.float32)  # fmt: skip

    def _onsets(self, rows: Array, strokes: list[Bools]) -> Bools:
        """In which frames an attack begins: of a note or a stroke, or, where these are not known, of anything."""
        import numpy as np

        found = ~np.isnan(self.table.column(rows, "tone_onset"))
        for each in strokes:
            found = found | each
        known = "tone_onset" in self.table.index
        return found if known else filled(self.table.column(rows, "onset_strength")) >= ATTACK
