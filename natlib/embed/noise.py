"""--model noise: seeded random rows that say nothing about the sound, for trying out the stages that follow."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..wire import Head

WIDTH = 16  # numbers of each stream in a row


class Noise:
    """Rows of seeded standard normal numbers, one for each frame of the sound: they say nothing about it."""

    version = "1"

    def __init__(self, sample_rate: int, frame_rate: Fraction, seed: int):
        self.measures: list[Head] = []
        self.widths = {"S": WIDTH, "A": WIDTH}
        self.rate, self.frame_rate = sample_rate, frame_rate
        # PCG64's bits are fixed by its definition; a sum of twelve uniforms needs no library's logarithm.
        self.bits = np.random.PCG64(seed)
        self.samples = self.frames = 0

    def ready(self, samples: int) -> int:
        """How many rows have come out once so many samples were taken."""
        return int(samples * self.frame_rate / self.rate)

    def feed(self, samples: NDArray[np.float64]) -> NDArray[np.float32]:
        """Take samples. Returns the rows that are ready."""
        self.samples += len(samples)
        return self._rows(self.ready(self.samples))

    def flush(self) -> NDArray[np.float32]:
        """The rows that were put off: none."""
        return self._rows(self.frames)

    def finish(self, samples: NDArray[np.float64]) -> NDArray[np.float32]:
        """Take the last samples. Returns the rest of the rows."""
        self.samples += len(samples)
        return self._rows(max(1, -int(-self.samples * self.frame_rate // self.rate)))

    def _rows(self, total: int) -> NDArray[np.float32]:
        shape = (total - self.frames, 2 * WIDTH, 12)
        self.frames = total
        uniform = (self.bits.random_raw(int(np.prod(shape))) >> np.uint64(44)).reshape(shape)
        return np.asarray(uniform.sum(axis=2) / 2**20 - 6, dtype=np.float32)
