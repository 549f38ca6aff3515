"""Where a sound changes: neighbours joined from the most alike on, so that what is left apart differs most.

Agglomerative clustering by J. Ward's criterion ("Hierarchical grouping to optimize an objective function", 1963), of
what is next to each other in time alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST = 4096  # pieces that are joined one by one; of more, pairs are joined first


class Segments:
    """Joins rows, shape (n, measures). `bounds` cuts them into any number of segments; more keep the cuts of fewer."""

    def __init__(self, rows: Array):
        import numpy as np

        width = 1
        while len(rows) > MOST * width:
            width *= 2
        starts = np.arange(0, len(rows), width)
        sizes = np.diff(np.append(starts, len(rows))).astype(np.float64)
        means = np.add.reduceat(rows, starts, axis=0) / sizes[:, None] if len(rows) else rows
        self.count = len(rows)
        self.removed: list[int] = []  # inner bounds, that between the most alike first
        self.costs: list[float] = []  # of removing each
        costs = ward(means, sizes)
        while len(costs):
            i = int(costs.argmin())
            self.removed.append(int(starts[i + 1]))
            self.costs.append(float(costs[i]))
            total = sizes[i] + sizes[i + 1]
            means[i] = (sizes[i] * means[i] + sizes[i + 1] * means[i + 1]) / total
            sizes[i] = total
            starts, sizes, means = np.delete(starts, i + 1), np.delete(sizes, i + 1), np.delete(means, i + 1, axis=0)
            costs = np.delete(costs, i)
            for j in (i - 1, i):
                if 0 <= j < len(costs):
                    costs[j] = ward(means[j : j + 2], sizes[j : j + 2])[0]

    def bounds(self, count: int) -> list[int]:
        """Where each of so many segments begins, at most, and where the last one ends."""
        kept = self.removed[max(0, len(self.removed) + 1 - max(1, count)) :]
        return [0, *sorted(kept), self.count]

    def above(self, cost: float) -> list[int]:
        """The same, of as many segments as cost more to be joined."""
        return self.bounds(1 + sum(value > cost for value in self.costs))


def ward(means: Array, sizes: Array) -> Array:
    """By how much the squares within grow where each two neighbours are joined."""
    import numpy as np

    apart = ((means[1:] - means[:-1]) ** 2).sum(axis=1)
    return np.asarray(apart * sizes[1:] * sizes[:-1] / (sizes[1:] + sizes[:-1]))
