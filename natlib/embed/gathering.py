"""Rows of an item, made of as much sound at a time as there is: a call costs about the same for little as for much."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .. import runtime
from ..wire import Record
from .encoder import Encoder
from .pcm import Mono, samples

PATIENCE = 0.3  # seconds: so long, sound that came faster than it lasts may pause before rows are asked for
FAST = 4  # times as fast as it lasts: no microphone
LATEST = 1.0  # seconds: so long, rows may be put off again and again by such pauses, while nobody is at work on them
MOST = 1 << 17  # samples at a time: three seconds at 44.1 kHz; twice as many are a tenth faster, and take 20 MB more


class Blocks:
    """Rows into data records of `size` rows each."""

    def __init__(self, size: int):
        self.size = size
        self.frames = 0  # rows that came
        self._rows = np.zeros((0, 0), dtype=np.float32)

    def add(self, rows: NDArray[np.float32]) -> Iterator[Record]:
        """Take rows; the records that are whole."""
        if len(rows):
            self._rows = np.concatenate((self._rows, rows)) if len(self._rows) else rows
            self.frames += len(rows)
        whole = len(self._rows) // self.size * self.size
        yield from self._records(self._rows[:whole])
        self._rows = self._rows[whole:]

    def rest(self) -> Iterator[Record]:
        """A record with what is left."""
        yield from self._records(self._rows)
        self._rows = self._rows[:0]

    def _records(self, rows: NDArray[np.float32]) -> Iterator[Record]:
        for start in range(0, len(rows), self.size):
            yield runtime.data(rows[start : start + self.size].astype("<f4", copy=False).tobytes())


class Gathering:
    """Takes an item's records, gives its header and rows in blocks; notes keep their place, whenever rows are made."""

    def __init__(self, header: Record, encoder: Encoder, mono: Mono, blocks: Blocks):
        self.encoder, self.mono, self.blocks = encoder, mono, blocks
        self._header: Record | None = header  # as long as nothing came out
        self._begun = self._asked = time.monotonic()  # when the item began; when all was asked for last
        self._sound: list[NDArray[np.float64]] = []
        self._notes: list[tuple[int, Record]] = []  # after how many samples each came
        self._taken = self._heard = 0  # samples

    def patience(self, busy: bool) -> float:
        """How long the input may pause before what was put off is due, in seconds; `busy`: are others at work on it?"""
        now = time.monotonic()
        fast = self._taken > FAST * self.mono.rate * (now - self._begun)
        return PATIENCE if fast and (busy or now - self._asked < LATEST) else 0.0

    def take(self, record: Record) -> None:
        """Take the next record."""
        if record.event == "data":
            self._add(self.mono.feed(samples(record)))
        else:
            self._notes.append((self._taken, record))

    @property
    def full(self) -> bool:
        """Is there as much as is heard at a time?"""
        return self._taken - self._heard >= MOST

    @property
    def whole(self) -> bool:
        """Is all of the item here, and none of it heard?"""
        return self._header is not None and self._taken > 0

    def _add(self, sound: NDArray[np.float64]) -> None:
        self._sound.append(sound)
        self._taken += len(sound)

    def _gathered(self) -> NDArray[np.float64]:
        """The samples that were not heard yet."""
        sound, self._sound, self._heard = self._sound, [], self._taken
        return sound[0] if len(sound) == 1 else np.concatenate((np.zeros(0), *sound))

    def open(self) -> Iterator[Record]:
        """The header, unless it came out."""
        if self._header:
            yield self._header
            self._header = None

    def hear(self) -> Iterator[Record]:
        """What comes out now."""
        if self._taken > self._heard:
            yield from self._told(self.encoder.feed(self._gathered()))

    def _told(self, rows: NDArray[np.float32]) -> Iterator[Record]:
        """Rows, and the notes whose place is among them or right behind."""
        yield from self.open()
        while self._notes:
            place, note = self._notes[0]
            before = max(0, self.encoder.ready(place) - self.blocks.frames)
            if before > len(rows) or place > self._heard:
                break
            yield from self.blocks.add(rows[:before])
            rows = rows[before:]
            yield note
            self._notes.pop(0)
        yield from self.blocks.add(rows)

    def due(self) -> Iterator[Record]:
        """Everything that can be said of what came so far."""
        yield from self.hear()
        yield from self._told(self.encoder.flush())
        self._asked = time.monotonic()

    def last(self) -> NDArray[np.float64]:
        """No more will come: the samples that were not heard yet."""
        self._add(self.mono.finish())
        return self._gathered()

    def finish(self, rows: NDArray[np.float32]) -> Iterator[Record]:
        """Everything, with the last rows."""
        yield from self._told(rows)
        yield from self.blocks.rest()
