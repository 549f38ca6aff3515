"""A stream within a file, as its bytes come: what a decoder gets of it, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

LEAST = Fraction(1, 20)  # s: a jump of the time stamps from here up is a gap; jitter and rounding stay below
LONGEST = 3600  # s: the longest gap that is believed
MOST = 24 * 3600  # s: the most for all gaps of an item


class Gap(NamedTuple):
    """Where sound is missing, after how many seconds of decoded sound, and how many seconds are missing."""

    at: Fraction
    seconds: Fraction


class Link:
    """One stream. `gaps` and `damage` grow while `data` is read; a gap is known before the sound behind it comes."""

    def __init__(self, codec: str, data: Iterator[bytes]):
        self.codec, self.data = codec, data
        self.gaps: list[Gap] = []
        self.damage: list[str] = []


class Bytes:
    """The bytes of a file as they come: peek ahead, then take them."""

    def __init__(self, data: Iterator[bytes]):
        self._data = data
        self._held = bytearray()
        self._at = 0
        self.ended = False

    def have(self, size: int) -> int:
        """Wait for `size` bytes. Returns how many there are: fewer only if the file ends."""
        while len(self._held) - self._at < size and not self.ended:
            more = next(self._data, None)
            if more is None:
                self.ended = True
            else:
                del self._held[: self._at]
                self._at = 0
                self._held += more
        return len(self._held) - self._at

    def peek(self, size: int, at: int = 0) -> bytes:
        """The next bytes from `at` on; fewer only if the file ends."""
        self.have(at + size)
        return bytes(self._held[self._at + at : self._at + at + size])

    def take(self, size: int) -> bytes:
        """Remove the next bytes and return them; fewer only if the file ends."""
        taken = self.peek(size)
        self._at += len(taken)
        return taken

    def skip(self, size: int) -> None:
        """Drop the next bytes, which may be more than memory holds."""
        while size > 0 and (there := self.have(1)):
            size -= (step := min(size, there))
            self._at += step
