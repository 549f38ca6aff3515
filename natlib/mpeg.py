"""MPEG audio frames (ISO/IEC 11172-3, 13818-3): what their headers say. No I/O.

With them, nat-split finds where a file ends, and nat-decode finds its sound.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

FREE = 8192  # bytes within which the next frame of a free format begins
OPENING = 64  # bytes of a frame that `opening` must see

KBITS = {  # by (version 1?, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


class Frame(NamedTuple):
    """What the header of a frame says."""

    size: int  # bytes, header included
    kind: object  # what stays the same throughout a file


@lru_cache(1 << 12)
def header(head: bytes, free: int = 0) -> Frame | None:
    """The frame whose first 4 bytes are `head` (11172-3, 2.4.1.3); None if they begin no frame.

    `free` is the size of frames in free format, without their padding; 0 if there are none.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer, index, rate = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3), head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or index == 15 or rate == 3 or (index == 0 and not free):
        return None
    slot = 4 if layer == 1 else 1
    bits = 1000 * KBITS[version == 3, layer][index - 1]
    hertz = (44100, 48000, 32000)[rate] >> (2, 2, 1, 0)[version]
    factor = 12 if layer == 1 else 72 if layer == 3 and version != 3 else 144
    size = slot * (factor * bits // hertz) if index else free
    return Frame(size + slot * (head[2] >> 1 & 1), (version, layer, rate, head[3] >> 6 == 3, index == 0))


def free_pattern(head: bytes) -> re.Pattern[bytes] | None:
    """How the next frame begins after one in free format, whose first 3 bytes are `head`; None for other formats."""
    if len(head) < 3 or head[2] >= 0x10:
        return None
    return re.compile(re.escape(head[:2]) + b"[" + re.escape(bytes(head[2] & 0xFC | low for low in range(4))) + b"]")


def free_size(head: bytes, distance: int) -> int:
    """The size of frames in free format, without their padding, from the distance between the first two."""
    return distance - (head[2] >> 1 & 1) * (4 if head[1] & 6 == 6 else 1)


def opening(head: bytes) -> tuple[int, int] | None:
    """What the frame says that encoders put before all others (Xing, LAME, Fraunhofer): how many frames there are,
    itself included, and how many bytes; (0, 0) if it does not say. None for an ordinary frame.
    """
    if len(head) < OPENING or head[1] & 6 != 2:
        return None
    mono, version1 = head[3] >> 6 == 3, head[1] & 0x18 == 0x18
    side = 4 + ((17 if mono else 32) if version1 else (9 if mono else 17))
    if head[side : side + 4] in (b"Xing", b"Info"):
        told = head[side + 7] & 3 == 3
        return (_big(head[side + 8 : side + 12]) + 1, _big(head[side + 12 : side + 16])) if told else (0, 0)
    return (_big(head[50:54]) + 1, _big(head[46:50])) if head[36:40] == b"VBRI" else None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")
