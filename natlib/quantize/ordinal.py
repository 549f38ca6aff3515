"""Numbers codewords so that near numbers sound near, and says how well that succeeds."""

from __future__ import annotations

import math

import numpy as np

from ..wire import Head
from .codebook import Array


def ordinal(words: Array, start: Array | None) -> Array:
    """The order in which to number codewords (codes, dims), so that near codewords have near numbers.

    A quadratic assignment: it lowers the sum, over all pairs, of their distance divided by a power of the difference of
    their numbers. As long as any swap gains, it swaps the pair that gains most; first with a low power, for the whole
    range, then with higher ones, for the neighbours. It starts from `start`, a number for each codeword, or from their
    first component, and stays near it.
    """
    order = np.argsort(words[:, 0] if start is None else start, kind="stable")
    numbers = np.arange(len(words))
    steps = np.abs(numbers[:, None] - numbers)
    later = numbers[:, None] < numbers
    for power in (0.5, 1, 2):
        weights = np.rint(4096.0 / np.maximum(steps, 1) ** power) * (steps > 0)
        far = _distances(words[order])
        product = weights @ far
        while True:
            own = np.diagonal(product)
            gains = (product + product.T - own[:, None] - own + 2 * weights * far) * later  # of swapping i and j
            i, j = divmod(int(np.argmin(gains)), len(words))
            if gains[i, j] >= 0:
                break
            product += np.outer(weights[:, i] - weights[:, j], far[j] - far[i])
            product[:, [i, j]] = product[:, [j, i]]
            far[[i, j]] = far[[j, i]]
            far[:, [i, j]] = far[:, [j, i]]
            order[[i, j]] = order[[j, i]]
    return order


def _distances(words: Array) -> Array:
    """Distances between all pairs of codewords, rounded so that their sums are exact."""
    squares = np.sum(words * words, axis=1)
    return np.asarray(np.rint(np.sqrt(squares[:, None] + squares - 2 * words @ words.T)))


def order_quality(words: Array) -> Head:
    """How ordinal the numbering of codewords (codes, dims) is, and how ordinal it would be if they were shuffled.

    "neighbours": the mean distance of neighbours in number, divided by that of all pairs. "rank": Spearman's rank
    correlation of the difference in number with the distance.
    """
    if len(words) < 3:
        return {}
    shuffled = np.argsort(np.random.PCG64(1).random_raw(len(words)), kind="stable")
    i, j = np.triu_indices(len(words), 1)
    ranks = _ranks(j - i)

    def quality(far: Array) -> Head:
        apart = _ranks(far[i, j])
        correlation = float(ranks @ apart) / math.sqrt(float(ranks @ ranks) * float(apart @ apart) or 1.0)
        nearby = float(np.diagonal(far, 1).mean()) / (float(far[i, j].mean()) or 1.0)
        return {"neighbours": round(nearby, 3), "rank": round(correlation, 3)}

    far = _distances(words)
    return {**quality(far), "shuffled": quality(far[np.ix_(shuffled, shuffled)])}


def _ranks(values: Array) -> Array:
    """The rank of each value, less the mean rank; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse] - (len(values) + 1) / 2)


def brightness(measures: list[Head], averages: Array) -> Array | None:
    """A number for each code, from quiet and dark to loud and bright: its rank in level plus that in centroid."""
    names = [measure.get("name") for measure in measures]
    if "level" not in names or "centroid" not in names:
        return None
    return np.asarray(sum(_ranks(np.nan_to_num(averages[:, names.index(name)], nan=-np.inf if name == "level" else 0.0))
                          for name in ("level", "centroid")))  # fmt: skip
