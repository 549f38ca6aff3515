"""What a codebook is fitted on: a sample, of bounded size, of the rows that go by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import wire
from ..errors import Failure
from ..runtime import Item
from ..wire import Head, Record
from .codebook import Array, describe

SAMPLE = 1 << 17  # rows that a codebook is fitted on, at most
SAMPLE_BYTES = 48 << 20
SHARE = 400  # of them at most from any one item: long ones must not swamp the short


class Sampler:
    """Watches items go by, and keeps what a codebook is fitted on."""

    def __init__(self, head: Head, seed: int):
        self.head = head
        self.width = wire.row_size(head) // 4
        self.features = self.width - len(head.get("measures", []))
        limit = max(1, min(SAMPLE, SAMPLE_BYTES // 4 // self.width))
        self.reservoir: Reservoir = Reservoir(self.width, limit, SHARE, seed)

    def watch(self, item: Item) -> Iterator[Record]:
        """The item's records, unchanged. Raises what iterating over it does, and Failure if it is unlike the first."""
        if describe(item.head) != describe(self.head) or item.head.get("measures") != self.head.get("measures"):
            raise Failure(f"expected {describe(self.head)} and measures as in item 0, got {describe(item.head)}")
        whole, frames = False, 0
        try:
            for record in item:
                if record.event == "data":
                    rows = np.frombuffer(record.payload, "<f4").reshape(-1, self.width)
                    finite(rows[:, : self.features], frames)
                    self.reservoir.add(rows)
                    frames += len(rows)
                yield record
            whole = True
        finally:
            self.reservoir.end(whole)


def finite(features: Array, frames: int) -> None:
    """Raise Failure if a number is NaN or infinite; `frames` frames came before."""
    if not np.isfinite(features).all():
        frame = frames + int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise Failure(f"frame {frame}: expected finite features, got NaN or infinity")


class Reservoir:
    """A random sample of at most `limit` rows of all that went in, and at most `share` of any one item.

    Each row gets a number from the seeded generator, and the rows with the smallest stay: the same rows for the same
    input, however it is split. Memory: twice the limit.
    """

    def __init__(self, width: int, limit: int, share: int, seed: int):
        self.items = self.frames = 0
        self._random = np.random.PCG64(seed)
        self._all = _Lowest(width, limit)
        self._item = _Lowest(width, share)
        self._item_frames = 0

    def add(self, rows: Array) -> None:
        """Rows (frames, width), float32, of the item being read."""
        self._item_frames += len(rows)
        self._item.add(rows, self._random.random_raw(len(rows)))

    def end(self, keep: bool = True) -> None:
        """The item is over, and counts (or failed, and does not)."""
        rows = self._item.take()
        if keep:
            self.items += 1
            self.frames += self._item_frames
            self._all.add(rows, self._random.random_raw(len(rows)))
        self._item_frames = 0

    def sample(self) -> Array:
        """The sampled rows (rows, width), float32; the reservoir is empty afterwards."""
        return self._all.take()


class _Lowest:
    """The `limit` rows with the lowest keys, in the order in which they came."""

    def __init__(self, width: int, limit: int):
        self.width, self.limit = width, limit
        self._clear()

    def _clear(self) -> None:
        self._rows, self._keys = [np.empty((0, self.width), np.float32)], [np.empty(0, np.uint64)]
        self._size = 0

    def add(self, rows: Array, keys: Array) -> None:
        self._rows.append(rows)
        self._keys.append(keys)
        self._size += len(rows)
        if self._size > 2 * self.limit:
            self._shrink()

    def _shrink(self) -> None:
        rows, keys = np.concatenate(self._rows), np.concatenate(self._keys)
        chosen = np.sort(np.argsort(keys, kind="stable")[: self.limit])
        self._rows, self._keys, self._size = [rows[chosen]], [keys[chosen]], len(chosen)

    def take(self) -> Array:
        self._shrink()
        rows = self._rows[0]
        self._clear()
        return rows
