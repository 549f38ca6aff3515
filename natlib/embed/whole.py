"""Short items that other processes hear, each as a whole, while the next ones are read; they come out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from .. import runtime
from ..errors import Failure
from ..wire import Record
from .gathering import MOST, Gathering
from .jobs import Jobs
from .segments import Segments, compact


class Whole(runtime.Item):
    """An item that was read; its rows are what its jobs answer next when its turn has come."""

    def __init__(self, item: runtime.Item, gathering: Gathering, encoder: Segments):
        super().__init__(item.head, iter(()))
        self.item, self.gathering, self.encoder = item, gathering, encoder
        self.sound: NDArray[np.float64] | None = None  # what nobody else hears

    def give(self) -> None:
        """Have it heard. Not all workers may be busy; if there can be none, it will be heard here."""
        sound = self.gathering.last()
        small = compact(sound)
        try:
            self.encoder.jobs.give(self.encoder.whole(small), [small], 2 * MOST)
        except Failure:
            self.sound = sound

    def out(self) -> Iterator[Record]:
        """Header, blocks of rows, notes in place, end. Raises Failure, and whatever went wrong."""
        try:  # before anything is written, which may fail: the next answer is another item's
            rows = self._rows()
        except Exception:
            yield from self.gathering.open()
            raise
        yield from self.gathering.finish(rows)
        yield runtime.end(self.item, frames=self.gathering.blocks.frames)

    def _rows(self) -> NDArray[np.float32]:
        if self.sound is None:
            return self.encoder.past(*self.encoder.jobs.answer())
        return self.encoder.model.finish(self.sound)


class Queue:
    """Items that are being heard, as many as there are jobs. `write` writes one, whatever comes of it."""

    def __init__(self, jobs: Jobs, write: Callable[[runtime.Item], None]):
        self.jobs, self.write = jobs, write
        self.waiting: deque[Whole] = deque()

    def put(self, item: Whole) -> None:
        """Have an item heard; write those that were heard meanwhile."""
        self.settle(self.jobs.most - 1)
        item.give()
        self.waiting.append(item)
        if item.sound is None:
            self.answered()
        else:
            self.settle()

    def answered(self) -> None:
        """Write those that were heard."""
        while self.waiting and self.jobs.answered():
            self.settle(len(self.waiting) - 1)

    def settle(self, most: int = 0) -> None:
        """Write items, the first ones first, until no more than `most` are left."""
        while len(self.waiting) > most:
            self.write(self.waiting.popleft())
