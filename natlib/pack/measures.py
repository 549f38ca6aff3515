"""Measures by name: frames of a stream in their units, and what is computed from many of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..wire import Head
from .thresholds import EVEN, HALF, LOUDEST, VOICED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ABSENT = -32768


class Table:
    """The measures of a stream by name."""

    def __init__(self, measures: Sequence[Head]):
        self.names = [str(measure.get("name")) for measure in measures]
        self.steps = [float(measure.get("step", 1)) for measure in measures]
        self.index = {name: i for i, name in enumerate(self.names)}
        self.bands = [i for i, name in enumerate(self.names) if name.startswith("band_")]
        self.fine = [i for i, name in enumerate(self.names) if name.startswith("spectrum_")]  # narrower bands
        self.rises = [
            (i, *between) for i, m in enumerate(measures) if numbered("onset_strength_", m) and (between := limits(m))
        ]
        self.modulation = [i for i, name in enumerate(self.names) if name.startswith("modulation_")]
        self.orders = [i for i, name in enumerate(self.names) if name.startswith("harmonic_")]
        levels = {*self.bands, *self.fine, *self.orders}
        self.power = [i for i, name in enumerate(self.names) if name == "level" or i in levels]  # dB
        self.regions = [(measures[i].get("low"), measures[i].get("high")) for i in self.bands]  # Hz
        self.grids = {  # Hz: where the values of a list begin, and the last one ends
            f"{field}_hz": found
            for field, columns in (("bands", self.bands), ("modulation", self.modulation), ("spectrum", self.fine))
            if (found := borders([(measures[i].get("low"), measures[i].get("high")) for i in columns]))
        }
        self.formants = [self.index[f"formant_{i}"] for i in (1, 2, 3) if f"formant_{i}" in self.index]
        edges = self.grids.get("spectrum_hz", [])
        self.middles = [math.sqrt(low * high) for low, high in pairwise(edges) if low > 0]  # Hz, of the finest bands
        self.peaks = [name for name in self.names if name.startswith("peak_")]
        self.families: dict[str, list[int]] = {}  # the columns of measures that differ by number, by their name without
        for i, name in enumerate(self.names):
            family, _, number = name.rpartition("_")
            if number.isdecimal():
                self.families.setdefault(family, []).append(i)
        self.notes, self.begun = (self.families.get(name, []) for name in ("note", "note_onset"))  # that sound at once

    def rows(self, numbers: NDArray[np.int16]) -> Array:
        """Grid numbers into units, a row a frame; NaN for an absent value."""
        import numpy as np

        rows = np.where(numbers == ABSENT, np.nan, numbers * np.array(self.steps))
        rows[:, self.power] = np.clip(rows[:, self.power], -LOUDEST, LOUDEST)
        return rows

    def column(self, rows: Array, name: str) -> Array:
        """The measure `name` of each row; NaN if the stream has no such measure."""
        import numpy as np

        i = self.index.get(name)
        return np.full(rows.shape[:-1], np.nan) if i is None else rows[..., i]

    def powers(self, rows: Array) -> Array:
        """The power of each of the finest bands, (frames, bands): 0 for what is absent; no bands if none are known."""
        import numpy as np

        if len(self.middles) != len(self.fine):
            return np.zeros((len(rows), 0))
        level = np.minimum(self.column(rows, "level"), LOUDEST)[:, None] + np.minimum(rows[:, self.fine], 0)
        return filled(10 ** (level / 10))

    def beginning(self, rows: Array) -> list[list[int]]:
        """The MIDI numbers of the notes that begin in each row, from the lowest up."""
        import numpy as np

        if len(self.begun) != len(self.notes) or not self.notes:
            return [[] for _ in rows]
        notes = np.where(np.isnan(rows[:, self.begun]), np.nan, rows[:, self.notes])
        frame, _ = there = np.nonzero((notes >= 0) & (notes < 127.5))
        result: list[list[int]] = [[] for _ in rows]
        for row, number in zip(frame.tolist(), np.rint(notes[there]).astype(int).tolist(), strict=True):
            result[row].append(number)
        return result

    def voiced(self, rows: Array) -> Array:
        """The pitch of each row in Hz, NaN if it is not clear enough to be said."""
        import numpy as np

        pitch = self.column(rows, "pitch")
        return np.where((pitch > 0) & (self.column(rows, "salience") >= VOICED), pitch, np.nan)


def table(measures: Sequence[Head]) -> Table:
    """The Table of these measures; the items of a stream, which have the same ones, have one in common."""
    import orjson

    return _table(orjson.dumps(measures))


@lru_cache(4)
def _table(measures: bytes) -> Table:
    import orjson

    return Table(orjson.loads(measures))


def numbered(prefix: str, measure: Head) -> bool:
    """Is the measure one of a family: attack_0, attack_1 …?"""
    name = str(measure.get("name"))
    return name.startswith(prefix) and name[len(prefix) :].isdigit()


def limits(measure: Head) -> tuple[float, float] | None:
    """The range in Hz that the measure covers, if it says so."""
    low, high = measure.get("low"), measure.get("high")
    return (low, high) if isinstance(low, int | float) and isinstance(high, int | float) else None


def borders(regions: Sequence[tuple[Any, Any]]) -> list[float]:
    """The borders of regions that follow each other, in Hz, rising; [] if they do not, or are not given."""
    found = [low for low, _ in regions] + [high for _, high in regions[-1:]]
    return found if rising(found) == found and all(a[1] == b[0] for a, b in pairwise(regions)) else []


def rising(edges: object) -> list[float]:
    """The numbers in a list, if there are two or more and they rise; else []."""
    found = [edge for edge in edges if type(edge) in (int, float)] if isinstance(edges, list) else []
    return found if len(found) > 1 and all(low < high for low, high in pairwise(found)) else []


def present(values: Sequence[float]) -> list[float]:
    """The values that are not NaN."""
    return [value for value in values if value == value]


def filled(values: Array, absent: float = 0.0) -> Array:
    """The same with a number for each NaN."""
    import numpy as np

    return np.where(np.isnan(values), absent, values)


def mean(rows: Array, axis: int) -> Array:
    """The mean of what is not NaN; NaN if everything is."""
    import numpy as np

    there = ~np.isnan(rows)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, rows, 0).sum(axis=axis) / there.sum(axis=axis))


def half(count: int, of: int) -> bool:
    """Is `count` at least half of them?"""
    return count >= HALF * of


def rounded(hz: float) -> int:
    """Hz to two digits: as much as a reader can use."""
    return int(float(f"{hz:.2g}"))


def even(sounds: Mapping[str, Any]) -> bool:
    """Do sounds follow each other regularly?"""
    return bool(sounds["ioi_sd"] < EVEN * sounds["ioi"])
