"""Where a file ends: a table of formats, with a small finder for each.

A finder gets a `Window` on the input, whose next byte is the first of a file, looks ahead with `peek`, takes the bytes
that belong to the file with `take`, and returns how it knew the end (the `extent`):

    exact         the file's own structure says so
    next-file     a certain start of another file came: a signature that was checked beyond its magic number
    separator     an FS came (and perhaps a newline), followed by a certain start or by text
    end-of-input  there was no more. `take` raises EOFError, which stands for this

The next format is one function and one line of the table FORMATS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

FS = b"\x1c"
PLACEHOLDER = 0x7FFF0000  # a 32-bit length from here on is what writers to a pipe put in


class Window:
    """The input, as a finder sees it: what lies ahead can be looked at, and taken, which passes it on."""

    def __init__(self, chunks: Iterator[bytes], emit: Callable[[bytes], None]):
        self.ended = False  # has the last byte been read?
        self._chunks = chunks
        self._emit = emit
        self._buffer = b""
        self._passed = 0  # where in the buffer the bytes start that were taken and not yet passed on
        self._ahead = 0  # where the bytes start that were not taken

    def peek(self, size: int, at: int = 0) -> bytes:
        """The `size` bytes that lie `at` bytes ahead; fewer only at the end of input."""
        self._fill(at + size)
        return self._buffer[self._ahead + at : self._ahead + at + size]

    def take(self, size: int) -> None:
        """The next `size` bytes belong to the file. Raises EOFError, after taking them, where there are fewer."""
        here = min(size, len(self._buffer) - self._ahead)
        self._ahead += here
        size -= here
        while size:
            self.flush()
            chunk = self._read()
            if not chunk:
                raise EOFError
            if len(chunk) <= size:
                self._emit(chunk)
                size -= len(chunk)
            else:
                self._buffer, self._passed, self._ahead = chunk, 0, size
                return

    def skip(self, size: int) -> None:
        """The next `size` bytes, peeked at already, belong to no file."""
        self.flush()
        self._ahead = self._passed = self._ahead + size

    def scan(self, pattern: re.Pattern[bytes], reach: int) -> None:
        """Take all that comes before the next match of `pattern`, which looks at `reach` bytes. Raises EOFError."""
        while True:
            end = len(self._buffer) - (0 if self.ended else reach)
            match = pattern.search(self._buffer, self._ahead)
            if match and match.start() < end:
                self._ahead = match.start()
                return
            self._ahead = max(self._ahead, end)
            if self.ended:
                raise EOFError
            self._fill(len(self._buffer) - self._ahead + 1)

    def flush(self) -> None:
        """Pass on what was taken."""
        if self._ahead > self._passed:
            self._emit(self._buffer[self._passed : self._ahead])
            self._passed = self._ahead

    def _fill(self, size: int) -> None:
        """Have `size` bytes ahead, or all that there are."""
        missing = size - (len(self._buffer) - self._ahead)
        if missing <= 0 or self.ended:
            return
        self.flush()
        parts = [self._buffer[self._ahead :]]
        while missing > 0 and (chunk := self._read()):
            parts.append(chunk)
            missing -= len(chunk)
        self._buffer, self._passed, self._ahead = b"".join(parts), 0, 0

    def _read(self) -> bytes:
        chunk = b"" if self.ended else next(self._chunks, b"")
        self.ended = not chunk
        return chunk


class Format(NamedTuple):
    """One line of the table."""

    name: str
    magic: re.Pattern[bytes]  # how a file of it starts
    find: Callable[[Window], str]  # takes the file


def wav(window: Window) -> str:
    """RIFF (WAV): the size in the header."""
    size = int.from_bytes(window.peek(4, 4), "little")
    if 0 < size < PLACEHOLDER:
        window.take(8 + size)
        return "exact"
    return unknown(window)


def unknown(window: Window) -> str:
    """Anything else: up to the next certain start, FS, or the end."""
    window.take(1)
    window.scan(re.compile(b"(?s:\x1c|RIFF.{4}WAVE)"), 16)
    return "separator" if window.peek(1) == FS else "next-file"


FORMATS = (Format("wav", re.compile(b"(?s:RIFF.{4}WAVE)"), wav),)
UNKNOWN = Format("unknown", re.compile(b""), unknown)


def identify(window: Window) -> Format:
    """The format of the file that starts here."""
    head = window.peek(64)
    return next((form for form in FORMATS if form.magic.match(head)), UNKNOWN)


def find_end(window: Window, form: Format) -> str:
    """Take the file of the format `form` that starts here, and the separator after it. Returns its extent."""
    try:
        extent = form.find(window)
    except EOFError:
        extent = "end-of-input"
    window.flush()
    if window.peek(1) == FS:
        window.skip(2 if window.peek(2)[1:] == b"\n" else 1)
    return extent
