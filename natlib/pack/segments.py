"""Where a sound changes: neighbours are joined, the most alike first, so that what stays apart differs most.

Agglomerative clustering by J. Ward's criterion ("Hierarchical grouping to optimize an objective function", 1963),
which joins only neighbours in time.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .thresholds import OTHER_COLOUR, OTHER_LEVEL, OTHER_TONALITY, SILENT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST = 4096  # pieces that are joined one by one; if there are more, pairs are joined first


def units(level: Array, centroid: Array, tonality: Array) -> Array:
    """Level in dB, centroid in Hz and tonality, 0 to 1, in units of difference, (n, 3); NaN stays NaN."""
    import numpy as np

    return np.column_stack((
        np.maximum(level, SILENT) / OTHER_LEVEL, np.log2(np.maximum(centroid, 20)) / OTHER_COLOUR,
        tonality / OTHER_TONALITY,
    ))  # fmt: skip


class Segments:
    """Joins rows, shape (n, measures).

    `bounds` cuts them into any number of segments; a larger number keeps the cuts of a smaller one.
    """

    def __init__(self, rows: Array):
        import numpy as np

        width = 1
        while len(rows) > MOST * width:
            width *= 2
        starts = np.arange(0, len(rows), width)
        sizes = np.diff(np.append(starts, len(rows))).astype(np.float64)
        means = np.add.reduceat(rows, starts, axis=0) / sizes[:, None] if len(rows) else rows
        self.count = len(rows)
        self.removed: list[int] = []  # inner bounds, the one between the most alike first
        self.costs: list[float] = []  # of removing each
        self._join(starts.tolist(), sizes.tolist(), means.tolist())

    def _join(self, starts: list[int], sizes: list[float], means: list[list[float]]) -> None:
        """Join neighbours, those that cost least first; a segment has the number of its first piece."""
        before = list(range(-1, len(starts) - 1))
        after = list(range(1, len(starts) + 1))
        joined = [0] * len(starts)  # how often each was joined, which tells whether a cost is out of date
        queue = [(ward(means[i], means[i + 1], sizes[i], sizes[i + 1]), i, i + 1, 0, 0) for i in range(len(starts) - 1)]
        heapq.heapify(queue)
        while queue:
            cost, i, j, was, other = heapq.heappop(queue)
            if joined[i] != was or joined[j] != other:
                continue
            self.removed.append(starts[j])
            self.costs.append(cost)
            total = sizes[i] + sizes[j]
            means[i] = [(sizes[i] * a + sizes[j] * b) / total for a, b in zip(means[i], means[j], strict=True)]
            sizes[i], joined[j] = total, -1
            joined[i] += 1
            after[i] = after[j]
            if after[i] < len(starts):
                before[after[i]] = i
            for left, right in ((before[i], i), (i, after[i])):
                if left >= 0 and right < len(starts):
                    cost = ward(means[left], means[right], sizes[left], sizes[right])
                    heapq.heappush(queue, (cost, left, right, joined[left], joined[right]))

    def bounds(self, count: int) -> list[int]:
        """Where each of at most `count` segments begins, and where the last one ends."""
        kept = self.removed[max(0, len(self.removed) + 1 - max(1, count)) :]
        return [0, *sorted(kept), self.count]

    def above(self, cost: float, most: int) -> list[int]:
        """The same for as many segments as cost more than `cost` to join, but at most `most`."""
        return self.bounds(min(most, 1 + sum(value > cost for value in self.costs)))


def ward(first: Sequence[float], second: Sequence[float], size: float, other: float) -> float:
    """How much the sum of squares within grows when two neighbours with these means and numbers of rows are joined."""
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) * size * other / (size + other)
