"""MPEG audio: whole frames, whatever stands between them; of several joined files, each is a stream.

Given all of the joined files, a decoder stops where the first one says that it ends. Given a file without a count, it
guesses how long it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ... import mpeg
from ...tags import TAG, id3_size
from .link import Bytes, Link

PIECE = 1 << 14  # bytes of frames that are handed on at once
SYNC = re.compile(rb"\xff[\xe2-\xff]")
CHAIN = 3  # frames of one kind in a row that prove that they are frames
MISCOUNTED = 2  # frames by which the counts of encoders may be off: they don't agree on what to count


class Mpeg:
    """The streams of a file."""

    def __init__(self, data: Iterator[bytes]):
        self.bytes = Bytes(data)

    def begins(self) -> bool:
        """Pass the tags. Does the file then begin with frames?"""
        while size := tag(self.bytes.peek(32)):
            self.bytes.skip(size)
        return self._chained(None, 1)

    def links(self) -> Iterator[Link]:
        """The streams, one after the other; read each before the next."""
        while self._find(None) is not None:
            link = Link("mpeg", iter(()))
            link.data = self._frames(link)
            yield link
            for _ in link.data:
                pass

    def _frames(self, link: Link) -> Iterator[bytes]:
        """The frames of one stream, some at a time."""
        data, held = self.bytes, []
        free = self._free(0)
        kind = self._frame(0, free).kind  # type: ignore[union-attr]  # _find saw one here
        expected, _ = mpeg.opening(data.peek(mpeg.OPENING)) or (0, 0)
        count = size = 0
        while True:
            frame = self._frame(0, free)
            if frame and frame.kind == kind:
                if count and ((expected and count == expected) or mpeg.opening(data.peek(mpeg.OPENING))):
                    break
                whole = data.take(frame.size)
                if len(whole) < frame.size:
                    link.damage.append(f"cut off: its last frame has {len(whole)} of {frame.size} bytes")
                    break
                held.append(whole)
                count, size = count + 1, size + frame.size
                if size >= PIECE:
                    yield b"".join(held)
                    held, size = [], 0
            else:
                junk = self._find(kind)
                if junk and count < (expected or count + 1):
                    link.damage.append(f"{junk} bytes between its frames are none")
                after = self._frame(0, free)
                if not after or after.kind != kind:
                    break
        yield b"".join(held)
        if count + MISCOUNTED < expected:
            link.damage.append(f"its header counts {expected} frames, {count} came")

    def _frame(self, at: int, free: int) -> mpeg.Frame | None:
        return mpeg.header(self.bytes.peek(4, at), free)

    def _free(self, at: int) -> int:
        """The size of frames in free format, found from the next one; 0 if there is none."""
        head = self.bytes.peek(mpeg.FREE, at)
        pattern = mpeg.free_pattern(head[:3])
        found = pattern.search(head, 24) if pattern else None
        return mpeg.free_size(head[:3], found.start()) if found else 0

    def _find(self, kind: object) -> int | None:
        """Go to the next frame, of this kind unless it is None, past tags and whatever is no frame.

        Returns how many of the bytes passed are neither tags nor zeros; None at the end of the file.
        """
        data, junk = self.bytes, 0
        while data.have(4) >= 4:
            if size := tag(data.peek(32)):
                data.skip(size)
                continue
            if self._chained(kind, 2 if junk else 1):
                return junk
            near = data.peek(PIECE)
            found = SYNC.search(near, 1)
            step = found.start() if found else max(1, len(near) - 1)
            tags = TAG.search(near, 1, step)
            step = tags.start() if tags else step
            junk += len(near[:step].strip(b"\0"))
            data.skip(step)
        return None

    def _chained(self, kind: object, least: int) -> bool:
        """Do frames follow each other here: CHAIN of them, or `least` before a tag or the end of the file?"""
        free, at = self._free(0), 0
        for count in range(CHAIN):
            frame = self._frame(at, free)
            if not frame or frame.kind != (kind := kind or frame.kind):
                return count >= least and (not self.bytes.peek(1, at) or bool(TAG.match(self.bytes.peek(11, at))))
            at += frame.size
        return True


def tag(head: bytes) -> int:
    """The size of the tag that starts with `head` (ID3v1, ID3v2, APEv2); 0 if there is none."""
    if head.startswith(b"ID3") and len(head) >= 10 and TAG.match(head):
        return id3_size(head)
    if head.startswith(b"APETAGEX") and len(head) >= 32:
        return 32 + (int.from_bytes(head[12:16], "little") if head[23] & 0x20 else 0)  # the flag: this is the header
    if head.startswith(b"TAG"):
        return 227 if head.startswith(b"TAG+") else 128
    return 0
