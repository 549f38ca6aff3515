"""Where sections begin by colour, level and pitch classes of seconds: for what has no bars.

Boundaries stand where the seconds before differ most from those after, relative to the spread within either (the ratio
that tells speakers apart in P. Delacourt and C. Wellekens, "DISTBIC", Speech Communication 2000). Sections are alike,
and have the same label, if their means are no further apart than seconds within a section are.
"""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

from ..measures import Table
from ..music.form import Section
from ..thresholds import (
    ALIKE,
    DIFFERENT_BANDS,
    DIFFERENT_CHROMA,
    DIFFERENT_COLOUR,
    DIFFERENT_LEVEL,
    DIFFERENT_TONALITY,
    DIFFERENT_WOBBLE,
    LEAST_SPREAD,
    NOVEL,
    PIECE,
    SHORTEST,
)
from .collector import Block

if TYPE_CHECKING:
    from ..measures import Array

# The measures that tell sections apart, with the least difference of each that counts.
KINDS = {
    "level": DIFFERENT_LEVEL,
    "centroid": DIFFERENT_COLOUR,
    "tonality": DIFFERENT_TONALITY,
    "band_": DIFFERENT_BANDS,
    "modulation_": DIFFERENT_WOBBLE,
    "chroma_": DIFFERENT_CHROMA,
    "bass_chroma_": DIFFERENT_CHROMA,
}
REACH = 6.0  # seconds on each side of a boundary that are compared


class Novelty:
    """Takes whole seconds, gives sections."""

    def __init__(self, table: Table):
        self.columns = [i for i, name in enumerate(table.names) if name.startswith(tuple(KINDS))]
        names = [table.names[i] for i in self.columns]
        self.octaves = [name == "centroid" for name in names]
        self.least = [next(least for kind, least in KINDS.items() if name.startswith(kind)) for name in names]
        self.seconds = 0
        self.means = array("f")  # one row a second, one column a measure

    def take(self, block: Block) -> None:
        """Take the seconds that a block completes."""
        import numpy as np

        if not len(block.starts):
            return
        rows = block.second[:, self.columns]
        there = ~np.isnan(rows)
        sums = np.add.reduceat(np.where(there, rows, 0), block.starts, axis=0)
        with np.errstate(invalid="ignore"):
            means = sums / np.add.reduceat(there, block.starts, axis=0, dtype=np.int64)
        octaves = np.log2(np.maximum(means, 20), where=self.octaves, out=np.zeros_like(means)) * 10
        self.means.frombytes(np.where(self.octaves, octaves, means).astype(np.float32).tobytes())
        self.seconds += len(block.starts)

    def sections(self) -> list[Section]:
        """The sections, in seconds; [] if there is only one."""
        if not self.columns or self.seconds < PIECE:
            return []
        rows = self._seconds()
        bounds = [0, *boundaries(rows, round(min(REACH, self.seconds / 4))), self.seconds]
        found: list[Section] = []
        for (start, end), label in zip(pairwise(bounds), labels([rows[a:b] for a, b in pairwise(bounds)]), strict=True):
            if found and found[-1].label == label:
                found[-1] = found[-1]._replace(end=end)
            else:
                found.append(Section(start, end, label))
        return found if len(found) > 1 else []

    def _seconds(self) -> Array:
        """One row a second, one column for each measure that was heard: its distance from the mean, in spreads."""
        import numpy as np

        rows = np.array(self.means, dtype=np.float64).reshape(self.seconds, -1)
        heard = ~np.isnan(rows).all(axis=0)
        rows, least = rows[:, heard], np.array(self.least)[heard]
        rows = np.where(np.isnan(rows), np.nanmean(rows, axis=0), rows)
        spread: Array = np.maximum(rows.std(axis=0), least)
        return np.asarray((rows - rows.mean(axis=0)) / spread)


def labels(parts: list[Array]) -> list[int]:
    """The label of each part: that of an earlier one, but not the one right before, if they are alike."""
    import numpy as np

    middles = [part.mean(axis=0) for part in parts]
    squares = [((part - middle) ** 2).sum(axis=1).mean() for part, middle in zip(parts, middles, strict=True)]
    within = float(np.sqrt(np.mean(squares) + LEAST_SPREAD[0] * parts[0].shape[1]))
    found: list[int] = []
    for i, middle in enumerate(middles):
        distances = np.sqrt(((np.array(middles[:i]) - middle) ** 2).sum(axis=1)).tolist() if i else []
        near = min(range(i), key=distances.__getitem__, default=None)
        known = near is not None and distances[near] <= ALIKE * within and near != i - 1
        found.append(found[near] if known and near is not None else max(found, default=-1) + 1)
    return found


def boundaries(rows: Array, reach: int) -> list[int]:
    """The seconds at which sections begin, except the first."""
    import numpy as np

    seconds = len(rows)
    sums = np.concatenate((np.zeros((1, rows.shape[1])), rows.cumsum(axis=0)))
    squares = np.concatenate(([0.0], (rows * rows).sum(axis=1).cumsum()))
    at = np.arange(2, seconds - 1)
    first, last = np.maximum(at - reach, 0), np.minimum(at + reach, seconds)
    before, after = ((sums[b] - sums[a]) / (b - a)[:, None] for a, b in ((first, at), (at, last)))
    spread = LEAST_SPREAD[1] * rows.shape[1]
    for middle, a, b in ((before, first, at), (after, at, last)):
        spread = spread + (squares[b] - squares[a]) / (b - a) - (middle * middle).sum(axis=1)
    novelty = np.zeros(seconds)
    novelty[at] = ((before - after) ** 2).sum(axis=1) / spread
    peaks = [
        t for t in range(2, seconds - 1)
        if novelty[t] >= NOVEL and novelty[t] == novelty[max(0, t - reach // 2) : t + reach // 2 + 1].max()
    ]  # fmt: skip
    kept: list[int] = []
    for t in sorted(peaks, key=lambda t: -novelty[t]):
        if all(abs(t - other) >= SHORTEST for other in [*kept, 0, seconds]):
            kept.append(t)
    return sorted(kept)
