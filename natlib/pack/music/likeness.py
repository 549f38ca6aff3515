"""How bars are alike: all with all, by chords, bass, melody, strokes, colour and level.

After J. Foote, "Visualizing music and audio using self-similarity", ACM Multimedia 1999.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...network import ONE
from .chords import NONE
from .inputs import QUALITIES
from .key import MINORS
from .leadsheet import REGIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

PLACES = 24  # equal parts in which two bars are compared
GRID = 48  # the same, of strokes
FULL = 8  # strokes in either of two bars from which they tell all they can
SIDES = (2, 4)  # units on either side of a border that are compared
FARTHEST = (3 * ONE, 2 * ONE, 4 * ONE)  # a measure, colour and level differ by no more


class Unit(NamedTuple):
    """A bar, or a stretch without bars as long."""

    start: float  # seconds
    end: float
    chroma: Numbers  # (48,): pitch classes of either half, treble and bass, ONE for what surely sounds all the time
    colour: Numbers  # (columns,): measures, in ONE of the least difference that counts; the level first
    chords: Sequence[int]  # in equal parts, as chords.py numbers them
    bass: Sequence[int | None]
    melody: Sequence[int | None]
    strokes: Mapping[str, str]


class Likeness:
    """What units have in common, and in what they differ, 1/ONE."""

    COUNT = 13  # numbers for a pair

    def __init__(self, units: Sequence[Unit]):
        import numpy as np

        chroma = np.array([unit.chroma for unit in units]).reshape(len(units), 2, 24)
        self.treble, self.bass = (chroma[:, :, part].reshape(-1, 24) for part in (slice(12), slice(12, 24)))
        self.colour = np.array([unit.colour for unit in units])
        self.chords = np.array([spread([family(chord) for chord in unit.chords]) for unit in units])
        self.low = np.array([spread(unit.bass) for unit in units])
        self.lead = np.array([spread(unit.melody) for unit in units])
        self.strokes = np.array([struck(unit.strokes) for unit in units])

    def row(self, i: int) -> Numbers:
        """The unit i and each: (n, COUNT)."""
        import numpy as np

        both, count = self.strokes @ self.strokes[i], self.strokes.sum(axis=1)
        either = count + count[i] - both
        strokes, there = both * ONE // np.maximum(either, 1), np.minimum(either * ONE // FULL, ONE)
        chords = (self.chords >= 0) & (self.chords[i] >= 0)
        apart = abs(self.colour - self.colour[i])
        measure, colour, level = FARTHEST
        return np.stack((
            cosine(self.treble, i), cosine(self.bass, i),
            share(chords & (self.chords == self.chords[i])), share(chords),
            *notes(self.low, i), *notes(self.lead, i),
            strokes, there, strokes * there // ONE,
            np.minimum(np.minimum(apart[:, 1:], measure).sum(axis=1) // (apart.shape[1] - 1), colour),
            np.minimum(apart[:, 0], level),
        ), axis=1).astype(np.int32)  # fmt: skip


def borders(rows: Numbers) -> Numbers:
    """How far the units before each one differ from it and those after, and not among themselves: (n, 9).

    `rows`: (n, n, COUNT), as Likeness.row gives them.
    """
    import numpy as np

    strokes = np.where(rows[..., 8] > 0, rows[..., 9] - rows[..., 10], 0)
    unlike = (rows[..., 11], rows[..., 12], strokes, ONE - rows[..., 0])
    count = len(rows)
    result = np.zeros((count, len(SIDES) * len(unlike) + 1), np.int64)
    for place in range(1, count):
        told = []
        for side in SIDES:
            a, b = slice(max(0, place - side), place), slice(place, min(count, place + side))
            before, after = a.stop - a.start, b.stop - b.start
            pairs = before * (before - 1) + after * (after - 1)
            for values in unlike:
                across = int(values[a, b].sum()) // (before * after)
                told.append(across - int(values[a, a].sum() + values[b, b].sum()) // pairs if pairs else 0)
        result[place] = [*told, rows[place - 1, place, 11]]
    return result


def family(chord: int) -> int | None:
    """A chord by its root and whether its third is minor."""
    root, quality = divmod(chord, len(QUALITIES))
    return None if chord == NONE else 2 * root + (QUALITIES[quality] in MINORS)


def spread(values: Sequence[int | None]) -> list[int]:
    """What stands in equal parts of a bar, at PLACES of it; -1 for nothing."""
    there = [-1 if value is None else value for value in values] or [-1]
    return [there[(2 * k + 1) * len(there) // (2 * PLACES)] for k in range(PLACES)]


def struck(strokes: Mapping[str, str]) -> Numbers:
    """(3 * GRID,): where strokes of lows, mids and highs are."""
    import numpy as np

    result = np.zeros((3, GRID), np.int64)
    for row, region in enumerate(REGIONS):
        pattern = strokes.get(region, "")
        for place, stroke in enumerate(pattern):
            result[row, place * GRID // len(pattern)] |= int(stroke == "x")
    return result.ravel()


def share(there: NDArray[np.bool_]) -> Numbers:
    """Of the places."""
    count: Numbers = there.sum(axis=1)
    return count * ONE // PLACES


def notes(rows: Numbers, i: int) -> tuple[Numbers, Numbers]:
    """The share of the places at which the row i and each have the same pitch class, and at which either has any."""
    there = rows >= 0
    same = (rows - rows[i]) % 12 == 0
    return share(same & there & there[i]), share(there | there[i])


def cosine(rows: Numbers, i: int) -> Numbers:
    """Of the angle between the row i and each."""
    import numpy as np

    size = np.sqrt((rows * rows).sum(axis=1))
    return np.asarray(np.rint(ONE * (rows @ rows[i]) / (size * size[i] + 1)), np.int64)
