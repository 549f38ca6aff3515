"""MPEG audio, layers I to III (ISO/IEC 11172-3, 13818-3; 2.5 by Fraunhofer), with the frames that Xing and LAME add."""

from __future__ import annotations

from functools import partial

from ... import mpeg as headers
from ..window import Window
from .frames import Frame, Opening, chain, frame_by_frame


def mpeg(window: Window) -> str:
    """MPEG audio, layers I to III, versions 1, 2 and 2.5."""
    return frame_by_frame(window, partial(mpeg_frame, free=mpeg_free(window, 0)), xing)


def mpeg_chain(window: Window, at: int) -> bool:
    """Does a file start here, if perhaps in the middle of a stream?"""
    free = mpeg_free(window, at)  # the distance to the second frame, so only the third one proves anything
    return chain(window, at, partial(mpeg_frame, free=free), least=3 if free else 2)


def mpeg_start(window: Window, at: int) -> bool:
    """Does a file start here, rather than a wave that repeats itself, or nearly a second of silence?"""
    if not mpeg_chain(window, at):
        return False
    if xing(window, at):
        return True
    parse = partial(mpeg_frame, free=mpeg_free(window, at))
    if window.peek(2, at)[1] & 6 != 2 and not chain(window, at, parse, enough=12, least=6):
        return False  # the headers of layers I and II are not so rare in samples close to zero
    bodies: set[bytes] = set()
    for _ in range(32):
        frame = parse(window, at)
        body = window.peek(frame.size - 4, at + 4) if frame else b""
        if not frame or len(body) < frame.size - 4:
            break
        bodies.add(body)
        at += frame.size
    return len(bodies) > 1


def mpeg_frame(window: Window, at: int, free: int = 0) -> Frame | None:
    """A frame (ISO 11172-3, 2.4.1.3); `free` is the size of those in free format, without their padding."""
    return headers.header(window.peek(4, at), free)


def mpeg_free(window: Window, at: int) -> int:
    """The size of frames in free format, without their padding, from the distance to the next such header."""
    head = window.peek(3, at)
    if not (pattern := headers.free_pattern(head)):
        return 0
    size = window.find(pattern, 3, at + 24, at + headers.FREE) - at
    return headers.free_size(head, size) if size < headers.FREE else 0


def xing(window: Window, at: int) -> Opening | None:
    """The frame that encoders put before all others, to say how many there are (Xing, LAME, Fraunhofer)."""
    return headers.opening(window.peek(headers.OPENING, at))
