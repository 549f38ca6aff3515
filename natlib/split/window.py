"""The input as a finder of a file's end sees it: it looks at what lies ahead, and takes it, which passes it on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .signatures import Signatures

PIECE = 1 << 20  # bytes passed on at once, at most
LOOK = 1 << 16  # how far ahead to look for something that may not be there
AHEAD = 1 << 24  # how far ahead to look at most, to see what a file is before any of it is passed on


class Window:
    """The input. `emit` gets what is passed on; `signatures` recognise the starts of files."""

    def __init__(
        self, chunks: Iterator[memoryview], emit: Callable[[bytes | memoryview], None], signatures: Signatures
    ):
        self.signatures = signatures
        self._chunks = chunks
        self._emit = emit
        self._buffer = bytearray()  # what was read and not passed on
        self._taken = 0  # how many bytes of it were taken
        self._offset = 0  # where it starts in the input
        self._ended = False  # has the last byte been read?
        self._kept: bytearray | None = None  # what was passed on since `keep`, if that is not too much
        self._passed = 0  # how far the input had been passed on when some of it came again

    def peek(self, size: int, at: int = 0) -> bytes:
        """The `size` bytes that lie `at` bytes ahead; fewer only at the end of input."""
        start = self._taken + at
        if start + size > len(self._buffer):
            self._fill(at + size)
            start = self._taken + at
        return bytes(self._buffer[start : start + size])

    def take(self, size: int) -> None:
        """The next `size` bytes belong to the file. If there are fewer, takes them and raises EOFError."""
        here = min(size, len(self._buffer) - self._taken)
        self._taken += here
        size -= here
        while size:
            self.flush()
            chunk = self._read()
            if not chunk:
                raise EOFError
            self._pass_on(chunk[:size])
            self._buffer += chunk[size:]
            here = len(chunk) - len(self._buffer)
            self._offset += here
            size -= here

    def skip(self, size: int) -> None:
        """The next `size` bytes, peeked at before, belong to no file."""
        self.flush()
        del self._buffer[:size]
        self._offset += size

    def tell(self) -> int:
        """How many bytes were taken or skipped."""
        return self._offset + self._taken

    def find(self, pattern: re.Pattern[bytes], reach: int, at: int, limit: int) -> int:
        """How far ahead, from `at` on, `pattern` (of `reach` bytes) first matches; `limit` if it doesn't."""
        while at < limit:
            self._fill(at + reach)
            stop = min(limit, len(self._buffer) - self._taken - (0 if self._ended else reach - 1))
            match = pattern.search(self._buffer, self._taken + at, self._taken + stop + reach - 1)
            if match:
                return match.start() - self._taken
            if self._ended:
                break
            at = stop
        return limit

    def scan(self, places: Callable[[bytearray, int, int], list[int]], reach: int) -> Iterator[None]:
        """Take everything, stopping at each of places(buffer, start, stop), which sees `reach` bytes beyond `stop`.

        Raises EOFError at the end of input.
        """
        while True:
            self._fill(reach + 1)
            end = len(self._buffer) - (0 if self._ended else reach)
            if self._taken >= end:
                raise EOFError
            stop = min(end, self._taken + LOOK)
            offset = self._offset
            for place in [*places(self._buffer, self._taken, stop), stop]:
                self._taken = place + offset - self._offset
                if place < stop:
                    yield

    def flush(self) -> None:
        """Pass on what was taken."""
        for start in range(0, self._taken, PIECE):
            with memoryview(self._buffer) as view:
                piece = bytes(view[start : min(start + PIECE, self._taken)])
            self._pass_on(piece)
        del self._buffer[: self._taken]
        self._offset += self._taken
        self._taken = 0

    def keep(self) -> None:
        """From here on, keep a copy of what is passed on, up to AHEAD bytes."""
        self.flush()
        self._kept = bytearray()

    def forget(self) -> None:
        """Stop keeping it, and drop the copy."""
        self._kept = None

    def keeps(self) -> bool:
        """Is everything passed on since `keep` still there?"""
        return self._kept is not None

    def again(self) -> int:
        """Put what was kept ahead once more. Returns how many bytes that is; 0 if it was too much."""
        self.flush()
        kept, self._kept = self._kept or b"", None
        self._passed = max(self._passed, self._offset)
        self._buffer[:0] = kept
        self._offset -= len(kept)
        return len(kept)

    def passed(self) -> bool:
        """Was what lies ahead passed on before, as bytes of another file?"""
        return self.tell() < self._passed

    def _pass_on(self, data: bytes | memoryview) -> None:
        if self._kept is not None and len(self._kept) + len(data) > AHEAD:
            self._kept = None
        if self._kept is not None:
            self._kept += data
        self._emit(data)

    def _fill(self, size: int) -> None:
        """Read until `size` bytes lie ahead, or all there are."""
        if len(self._buffer) - self._taken < size and not self._ended:
            self.flush()
            while len(self._buffer) < size and (chunk := self._read()):
                self._buffer += chunk

    def _read(self) -> bytes | memoryview:
        chunk = b"" if self._ended else next(self._chunks, b"")
        self._ended = not chunk
        return chunk


Find = Callable[[Window], str]  # takes a file, and returns the extent
Check = Callable[[Window, int], bool]  # is something true that many bytes ahead?


class TooFarError(Exception):
    """A file is longer than AHEAD, or doesn't know its length."""


class Preview(Window):
    """What a finder would take from `window`, without taking it: the methods that finders use, and no others."""

    def __init__(self, window: Window):
        self.signatures = window.signatures
        self._window = window
        self.at = 0

    def peek(self, size: int, at: int = 0) -> bytes:
        if self.at + at + size > AHEAD:
            raise TooFarError
        return self._window.peek(size, self.at + at)

    def forget(self) -> None:
        pass

    def take(self, size: int) -> None:
        if size and not self.peek(1, size - 1):
            self.at += len(self.peek(size))
            raise EOFError
        self.at += size

    def find(self, pattern: re.Pattern[bytes], reach: int, at: int, limit: int) -> int:
        return self._window.find(pattern, reach, self.at + at, self.at + limit) - self.at

    def scan(self, places: Callable[[bytearray, int, int], list[int]], reach: int) -> Iterator[None]:
        raise TooFarError
