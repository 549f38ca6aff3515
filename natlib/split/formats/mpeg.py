"""MPEG audio, layers I to III (ISO/IEC 11172-3, 13818-3; 2.5 by Fraunhofer), with the frames that Xing and LAME add."""

from __future__ import annotations

import re
from functools import lru_cache, partial

from ..window import Window
from .frames import Frame, Opening, chain, frame_by_frame
from .integers import big


def mpeg(window: Window) -> str:
    """MPEG audio, layers I to III, versions 1, 2 and 2.5."""
    return frame_by_frame(window, partial(mpeg_frame, free=mpeg_free(window, 0)), xing)


def mpeg_chain(window: Window, at: int) -> bool:
    """Does a file start here, although perhaps in the midst of a stream?"""
    free = mpeg_free(window, at)  # that is how far it is to the second frame, so only the third one proves anything
    return chain(window, at, partial(mpeg_frame, free=free), least=3 if free else 2)


def mpeg_start(window: Window, at: int) -> bool:
    """Does a file start here, and not a wave that repeats itself, or silence for close to a second?"""
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
    """A frame (ISO 11172-3, 2.4.1.3); `free` is the size of those in free format, but for their padding."""
    return mpeg_header(window.peek(4, at), free)


@lru_cache
def mpeg_header(head: bytes, free: int) -> Frame | None:
    """The same, of its first 4 bytes."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer, index, rate = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3), head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or index == 15 or rate == 3 or (index == 0 and not free):
        return None
    slot = 4 if layer == 1 else 1
    bits = 1000 * MPEG_KBITS[version == 3, layer][index - 1]
    hertz = (44100, 48000, 32000)[rate] >> (2, 2, 1, 0)[version]
    factor = 12 if layer == 1 else 72 if layer == 3 and version != 3 else 144
    size = slot * (factor * bits // hertz) if index else free
    return Frame(size + slot * (head[2] >> 1 & 1), (version, layer, rate, head[3] >> 6 == 3, index == 0))


def mpeg_free(window: Window, at: int) -> int:
    """The size of frames in free format, but for their padding: how far it is to the next such header."""
    head = window.peek(3, at)
    if len(head) < 3 or head[2] >= 0x10:
        return 0
    like = re.escape(head[:2]) + b"[" + re.escape(bytes(head[2] & 0xFC | low for low in range(4))) + b"]"
    size = window.find(re.compile(like), 3, at + 24, at + 8192) - at
    return size - (head[2] >> 1 & 1) * (4 if head[1] & 6 == 6 else 1) if size < 8192 else 0


MPEG_KBITS = {  # by (version 1?, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def xing(window: Window, at: int) -> Opening | None:
    """The frame that encoders put in front of all others, to tell how many there are (Xing, LAME, Fraunhofer)."""
    head = window.peek(64, at)
    if len(head) < 64 or head[1] & 6 != 2:
        return None
    mono, version1 = head[3] >> 6 == 3, head[1] & 0x18 == 0x18
    side = 4 + ((17 if mono else 32) if version1 else (9 if mono else 17))
    if head[side : side + 4] in (b"Xing", b"Info"):
        told = head[side + 7] & 3 == 3
        return (big(head[side + 8 : side + 12]) + 1, big(head[side + 12 : side + 16])) if told else (0, 0)
    return (big(head[50:54]) + 1, big(head[46:50])) if head[36:40] == b"VBRI" else None
