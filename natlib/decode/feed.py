"""An item's bytes: as they come, or all of them as a file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from .. import runtime
from ..errors import Failure
from ..wire import Record

SMALL = 1 << 25  # bytes of an item that are kept in memory
PIECE = 1 << 18  # bytes of a file in one record


class Feed:
    """An item's bytes as they come. The notes among them are kept until their turn."""

    def __init__(self, records: Iterable[Record]):
        self._notes: list[Record] = []
        self._data = self._payloads(records)
        self._held = b""
        self.ended = False  # has the item's last byte come?

    def _payloads(self, records: Iterable[Record]) -> Iterator[bytes]:
        for record in records:
            if record.event == "data":
                yield record.payload
            else:
                self._notes.append(record)
        self.ended = True

    def peek(self, size: int) -> bytes:
        """The first bytes, `size` or more of them; fewer only where the item ends before. They stay to be read."""
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
        """Those that came since the last time."""
        notes, self._notes = self._notes, []
        return iter(notes)


def spooled(feed: Feed, wait: float | None = None) -> BinaryIO:
    """The whole item as a file without a name: in memory while it is small, where the system can do that.

    Or what came of it in `wait` seconds, if it goes on after those.
    """
    import shutil
    import tempfile

    late = wait and time.monotonic() + wait
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
            if late and time.monotonic() > late:
                break
        file.flush()
    except OSError as error:
        raise Failure(f"temporary file in {tempfile.gettempdir()}: {error.strerror} (TMPDIR chooses another)") from None
    return file


def pieces(file: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Record]:
    """The bytes of a file from `start` to `stop` as records."""
    stop = os.fstat(file.fileno()).st_size if stop is None else stop
    while start < stop and (data := os.pread(file.fileno(), min(PIECE, stop - start), start)):
        yield runtime.data(data)
        start += len(data)
