"""How beats are divided: evenly, in three, or swung; and what strikes, on a grid of parts of beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...network import MUSIC, Layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

BINS = 12  # of a beat
KINDS = ("even", "compound", "swung")
BEFORE, AFTER = 8, 4  # beats that have a say
CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)  # of steps: attacks by region, strokes, tones, notes that begin
LATE = 2 / 3  # of a beat, where the second half of a swung one begins
SLOW = 45  # steps of a compound beat from which its strokes have six parts


def seen(places: Sequence[float], steps: Numbers) -> Numbers:
    """What begins in each twelfth of each beat but the last, (beats - 1, BINS * len(CHANNELS))."""
    import numpy as np

    edges = np.asarray(places)
    length = np.diff(edges)
    middle = edges[:-1, None] + length[:, None] * np.arange(BINS) / BINS
    at = np.clip(np.rint(middle).astype(np.int64), 1, len(steps) - 2)
    some = steps[:, CHANNELS]
    return np.maximum(np.maximum(some[at - 1] // 2, some[at]), some[at + 1] // 2).reshape(len(length), -1)


def around(rows: Numbers) -> Numbers:
    """The mean of each beat and those BEFORE and AFTER it."""
    import numpy as np

    sums = np.concatenate((np.zeros((1, rows.shape[1]), np.int64), np.cumsum(rows, axis=0)))
    places = np.arange(len(rows))
    first, last = np.maximum(places - BEFORE, 0), np.minimum(places + AFTER + 1, len(rows))
    return np.asarray((sums[last] - sums[first]) // (last - first)[:, None])


class Division:
    """Says how beats are divided."""

    def __init__(self) -> None:
        self.network = Layers("division", MUSIC)

    def __call__(self, rows: Numbers) -> Numbers:
        """From seen(): the logarithm of the odds of each of KINDS, 1/ONE, (beats, 3)."""
        import numpy as np

        return self.network(around(rows)).astype(np.int64)


def parts(kind: str, length: float) -> int:
    """Into how many parts strokes divide a beat of so many steps."""
    return 4 if kind != "compound" else 6 if length >= SLOW else 3


def straight(inside: float) -> float:
    """A place in a swung beat, 0 to 1, as it is written."""
    return inside / LATE / 2 if inside < LATE else 0.5 + (inside - LATE) / (1 - LATE) / 2


def pattern(times: Sequence[float], beats: Sequence[float], kind: str, count: int) -> str:
    """What strikes in a bar, as "x--x", in `count` parts a beat. `beats`: their places, and that of the next bar."""
    import numpy as np

    result = ["-"] * (count * (len(beats) - 1))
    for time in times:
        beat = int(np.searchsorted(beats, time, side="right")) - 1
        beat = min(max(beat, 0), len(beats) - 2)
        inside = (time - beats[beat]) / (beats[beat + 1] - beats[beat])
        if kind == "swung" and 0 <= inside < 1:
            inside = straight(inside)
        place = round((beat + inside) * count)
        if 0 <= place < len(result):
            result[place] = "x"
    return "".join(result)
