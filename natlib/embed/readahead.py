"""Reads items ahead of their turn, so that windows of several items run at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .. import runtime
from ..wire import Record
from .pcm import Mono, samples, sound
from .pretrained.encoder import Encoder, Windows


class Track(runtime.Item):
    """An item that is read ahead of its turn."""

    def __init__(self, item: runtime.Item):
        super().__init__(item.head, iter(()), item.failure)
        self.encoder: Windows | None = None  # None if the item can't be encoded
        self.notes: deque[tuple[int, Record]] = deque()  # each with the frame that it comes before
        self.over = False
        self.error: Exception | None = None  # what ended it early


class Ahead:
    """Reads items ahead while the windows of the current one run, or wait for others to run with."""

    def __init__(self, encoder: Encoder, items: Iterator[runtime.Item]):
        self.encoder = encoder
        self.tracks: deque[Track] = deque()  # read, or being read, with nothing written yet
        self.reading = self.read(items)
        self.exhausted = False

    def items(self) -> Iterator[Track]:
        """Every item, in order."""
        try:
            while self.tracks or self.more():
                if self.tracks:
                    yield self.tracks.popleft()
        finally:
            self.encoder.runner.close()

    def more(self) -> bool:
        """Read one more record. Returns False at the end of the input."""
        self.exhausted = next(self.reading, None) is None
        return not self.exhausted

    def read(self, items: Iterator[runtime.Item]) -> Iterator[bool]:
        """Read all items, pausing after each record."""
        for item in items:
            track = Track(item)
            self.tracks.append(track)
            yield True
            if track.failure:
                continue
            try:
                rate, channels = sound(item.head)
                track.encoder, mono = self.encoder.item(rate), Mono(rate, channels)
                for record in item:
                    if record.event == "data" and track.encoder:
                        track.encoder.feed(mono.feed(samples(record)))
                    elif track.encoder:
                        frame = int(track.encoder.samples * self.encoder.frame_rate / rate)
                        track.notes.append((frame, record))
                    yield True
                if track.encoder:
                    track.encoder.feed(mono.finish())
                    track.encoder.finish()
            except Exception as error:
                track.error = error
            track.end, track.over = item.end, True

    def hear(self, track: runtime.Item) -> Iterator[Record | NDArray[np.float32]]:
        """The rows of one of `items`, with its notes in place."""
        if not isinstance(track, Track):
            raise TypeError(f"expected an item that was read ahead, got {track}")
        frames = 0

        def placed(rows: NDArray[np.float32]) -> Iterator[Record | NDArray[np.float32]]:
            nonlocal frames
            while track.notes and track.notes[0][0] < frames + len(rows):
                frame, note = track.notes.popleft()
                yield rows[: frame - frames]
                yield note
                rows, frames = rows[frame - frames :], frame
            yield rows
            frames += len(rows)

        while True:
            encoder = track.encoder
            if encoder and encoder.ready(wait=self.exhausted or self.encoder.runner.full()):
                try:
                    rows = encoder.rows()
                except Exception:
                    track.encoder = None
                    raise
                yield from placed(rows)
            elif track.over and not (encoder and encoder.jobs):
                break
            else:
                self.more()
        if track.error:
            raise track.error
        if track.encoder:
            yield from placed(track.encoder.last_rows())
        yield from (note for _, note in track.notes)
