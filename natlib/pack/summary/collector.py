"""What makes up the summary: a Collector takes every frame of an item and gives some fields of the line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from ...wire import Head
from ..measures import Table
from ..thresholds import FEWEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array
    from ..music.leadsheet import Bar


class Block(NamedTuple):
    """The next frames of an item."""

    rows: Array  # (frames, measures), NaN for what is absent
    voiced: Array  # (frames,): the pitch in Hz, NaN if it is not clear
    second: Array  # (frames, measures): the whole seconds that these frames complete, from their first frame on
    starts: NDArray[np.int64]  # the rows of `second` at which each begins; empty for none


class Collector:
    """Takes the frames and the sounds of an item. `frames` is how many were taken."""

    def __init__(self, table: Table, rate: float):
        self.table, self.rate = table, rate
        self.frames = 0
        self.start = 0.0  # seconds of the recording before the first frame

    def feed(self, block: Block) -> None:
        """Take the next frames."""
        self.take(block)
        self.frames += len(block.rows)

    def take(self, block: Block) -> None:
        """What a collector does with the next frames."""

    def sound(self, start: float, sound: Head) -> None:
        """Take an event: its start in seconds, the fields of its line."""

    def bar(self, bar: Bar, told: bool) -> None:
        """Take a bar, and whether it is sure enough to be told."""

    def result(self) -> Head:
        """The fields; {} if there is nothing to be said. May be asked for more than once."""
        raise NotImplementedError

    def many(self, count: int, share: float) -> bool:
        """Is `count` at least this share of the frames, and more than chance?"""
        return count >= max(FEWEST, share * self.frames)

    def percent(self, count: int) -> int:
        """`count` in per cent of the frames."""
        return round(100 * count / self.frames)


class Seconds:
    """Cuts frames into whole seconds."""

    def __init__(self, rate: float):
        self.rate = rate
        self.frames = self.seconds = 0
        self._rest: Array | None = None  # rows of a second that has not ended

    def feed(self, rows: Array) -> tuple[Array, NDArray[np.int64]]:
        """The seconds that the next rows complete: their rows, and those at which a second begins."""
        import numpy as np

        rest = rows if self._rest is None else np.concatenate((self._rest, rows))
        start = self.frames - (len(rest) - len(rows))
        self.frames += len(rows)
        ends = [start]
        while (end := max(ends[-1] + 1, math.ceil(self.rate * (self.seconds + len(ends))))) <= self.frames:
            ends.append(end)
        self.seconds += len(ends) - 1
        self._rest = rest[ends[-1] - start :].copy()
        return rest[: ends[-1] - start], np.array(ends[:-1]) - start
