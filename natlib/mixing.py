"""Several channels to one: their mean or, for two that cancel, half their difference.

Sound is judged in blocks of a tenth of a second, counted from the first sample. If half the difference of two
channels (the side) is so much stronger than half their sum (the mid) that the mean would lose the sound, the side is
taken. The samples are judged as whole numbers of at most 2**17, whose squares add up to the same in any order: so every
machine decides alike.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from .thresholds import threshold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCKS = 10  # per second
FADE = 100  # 1/FADE s from one to the other, at the beginning of a block
STRONGER = threshold(
    15.0, "dB of side over mid", "channels that cancel from wide ones", "57 stereo clips: one has more"
)
FAINT = threshold(
    -84.0, "dBFS of the side", "sound that would be lost from noise of the last bit", "two steps of 16 bits"
)
NEAR = 10 ** ((STRONGER - 1) / 10)  # ratio of side to mid from which a block is judged closely
RULE = (
    f"the mean of all channels; of two, for each 1/{BLOCKS} s in which half their difference is more than "
    f"{STRONGER:g} dB above half their sum, half their difference"
)


def mean(block: Any) -> Any:
    """The mean of all channels, shape (n,), added up from first to last, so that every machine gets the same."""
    if block.shape[1] == 1:
        return block[:, 0]
    total = block[:, 0].copy()
    for channel in range(1, block.shape[1]):
        total += block[:, channel]
    total /= block.shape[1]
    return total


class Mixer:
    """Turns samples, shape (n, channels), into one channel, shape (n,). Holds two channels until a block is whole."""

    def __init__(self, channels: int, rate: int):
        self.judges, self.rate = channels == 2, rate
        self.sides: list[list[float]] = []  # from when to when the side was taken, in seconds
        self._held: Any = None  # samples of the block under way
        self._block = 0  # number of the block under way
        self._side = False  # was the side taken in the block before?

    def feed(self, samples: Any) -> Any:
        """Take samples, float32 or float64. Returns the mixed ones that are ready, of the same type."""
        import numpy as np

        if not self.judges:
            return mean(samples)
        if self._held is not None and len(self._held):
            samples = np.concatenate((self._held, samples))
        first = self._edge(self._block)
        count = (first + len(samples)) * BLOCKS // self.rate - self._block
        edges = np.array([self._edge(self._block + i) - first for i in range(count + 1)])
        self._held = samples[edges[-1] :].copy()
        return self._mixed(samples[: edges[-1]], edges)

    def finish(self) -> Any:
        """No more samples will come. Returns the rest, or None."""
        import numpy as np

        if self._held is None or not len(self._held):
            return None
        held, self._held = self._held, None
        return self._mixed(held, np.array([0, len(held)]))

    def _edge(self, block: int) -> int:
        """The first sample of a block."""
        return -(-block * self.rate // BLOCKS)

    def _mixed(self, samples: Any, edges: NDArray[np.int64]) -> Any:
        """Mix the blocks between `edges`."""
        import numpy as np

        mixed = mean(samples)
        if len(edges) < 2:
            return mixed
        taken = self._judged(samples, edges)
        before = np.concatenate(([self._side], taken[:-1]))
        for i in np.flatnonzero(taken | before):
            self._take(mixed, samples, slice(edges[i], edges[i + 1]), bool(before[i]), bool(taken[i]))
            if taken[i]:
                start, end = (self._edge(self._block + int(i) + k) / self.rate for k in (0, 1))
                if self.sides and self.sides[-1][1] == start:
                    self.sides[-1][1] = end
                else:
                    self.sides.append([start, end])
        self._side, self._block = bool(taken[-1]), self._block + len(taken)
        return mixed

    def _judged(self, samples: Any, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each block: is the side taken? Whole numbers are needed only if the side comes near the threshold."""
        import numpy as np

        left, right = np.ascontiguousarray(samples.T)
        taken = np.zeros(len(edges) - 1, bool)
        for i, (first, last) in enumerate(itertools.pairwise(edges.tolist())):
            a, b = left[first:last], right[first:last]
            squares, common = float(a @ a) + float(b @ b), 2 * float(a @ b)
            if squares - common > NEAR * (squares + common):
                a, b = (np.rint(32768 * np.clip(part.astype(np.float64), -4, 4)) for part in (a, b))
                side, mid = float((a - b) @ (a - b)), float((a + b) @ (a + b))
                faint = 4 * 32768**2 * 10 ** (FAINT / 10) * len(a)
                taken[i] = side > 10 ** (STRONGER / 10) * mid and side > faint
        return taken

    def _take(self, mixed: Any, samples: Any, block: slice, before: bool, now: bool) -> None:
        """Put the side into a block, or the fade to it or back."""
        import numpy as np

        half = (samples[block, 0] - samples[block, 1]) / 2
        share = np.full(len(half), now, dtype=mixed.dtype)
        if before != now:
            ramp = min(len(half), max(1, self.rate // FADE))
            way = np.arange(1, ramp + 1, dtype=mixed.dtype) / ramp
            share[:ramp] = way if now else 1 - way
        mixed[block] += share * (half - mixed[block])
