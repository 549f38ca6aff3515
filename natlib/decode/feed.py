"""An item's bytes: as they come, or all of them as a file."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from .. import runtime
from ..errors import Failure
from ..wire import Record

SMALL = 1 << 25  # bytes of an item that are kept in memory, at most
PIECE = 1 << 18  # bytes of a file in one record


class Feed:
    """An item's bytes as they come. The notes among them are kept until their turn."""

    def __init__(self, records: Iterable[Record]):
        self._notes: list[Record] = []
        self._data = self._payloads(records)
        self._held = b""

    def _payloads(self, records: Iterable[Record]) -> Iterator[bytes]:
        for record in records:
            if record.event == "data":
                yield record.payload
            else:
                self._notes.append(record)

    def peek(self, size: int) -> bytes:
        """The first bytes, `size` or more of them; fewer only if the item ends first. They remain to be read."""
        held, missing = [self._held], size - len(self._held)
        while missing > 0 and (data := next(self._data, None)) is not None:
            held.append(data)
            missing -= len(data)
        self._held = b"".join(held)
        return self._held

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._held:
            held, self._held = self._held, b""
            return held
        return next(self._data)

    def notes(self) -> Iterator[Record]:
        """The notes since the last call."""
        notes, self._notes = self._notes, []
        return iter(notes)


class Kept:
    """Bytes that can be read again, from the first one on, until `forget`."""

    MOST = 1 << 25  # bytes that are kept, at most

    def __init__(self, data: Iterator[bytes]):
        self._data = data
        self._kept: list[bytes] | None = []
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data = next(self._data)
        self._size += len(data)
        if self._kept is not None and self.whole:
            self._kept.append(data)
        return data

    @property
    def whole(self) -> bool:
        """Were there few enough to keep them all?"""
        return self._size <= self.MOST

    def again(self) -> Iterator[bytes]:
        """All bytes, from the first one on."""
        return itertools.chain(self._kept or (), self._data)

    def forget(self) -> None:
        """They will not be read again."""
        self._kept = None


def spooled(feed: Iterator[bytes]) -> BinaryIO:
    """All bytes as a file without a name: in memory while it is small, if the system can do that."""
    import shutil
    import tempfile

    try:
        memory = hasattr(os, "memfd_create")
        file: BinaryIO = open(os.memfd_create("nat"), "w+b") if memory else tempfile.TemporaryFile()
        for data in feed:
            if memory and file.tell() + len(data) > SMALL:
                memory, small, file = False, file, tempfile.TemporaryFile()
                small.seek(0)
                shutil.copyfileobj(small, file)
                small.close()
            file.write(data)
        file.flush()
    except OSError as error:
        raise Failure(f"temporary file in {tempfile.gettempdir()}: {error.strerror} (TMPDIR chooses another)") from None
    return file


def pieces(file: BinaryIO) -> Iterator[Record]:
    """The bytes of a file as records."""
    start = 0
    while data := os.pread(file.fileno(), PIECE, start):
        yield runtime.data(data)
        start += len(data)
