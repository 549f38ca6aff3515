"""Short items that other processes hear, each as a whole, while the next ones are read; they come out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from .. import runtime
from ..wire import Record
from .gathering import MOST, Gathering
from .jobs import Jobs
from .segments import Segments, compact


class Whole(runtime.Item):
    """An item that was read; its rows are what its jobs answer next when its turn has come."""

    def __init__(self, item: runtime.Item, gathering: Gathering, encoder: Segments):
        super().__init__(item.head, iter(()))
        self.item, self.gathering, self.encoder = item, gathering, encoder

    def give(self) -> None:
        """Have it heard. Not all workers may be busy."""
        sound = compact(self.gathering.last())
        self.encoder.jobs.give(self.encoder.whole(sound), [sound], 2 * MOST)

    def out(self) -> Iterator[Record]:
        """Header, blocks of rows, notes in place, end. Raises Failure, and whatever went wrong."""
        yield from self.gathering.open()
        yield from self.gathering.finish(self.encoder.past(*self.encoder.jobs.answer()))
        yield runtime.end(self.item, frames=self.gathering.blocks.frames)


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
        while self.jobs.answered():
            self.settle(len(self.waiting) - 1)

    def settle(self, most: int = 0) -> None:
        """Write items, the first ones first, until no more than `most` are left."""
        while len(self.waiting) > most:
            self.write(self.waiting.popleft())
