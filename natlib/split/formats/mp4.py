"""MP4, M4A, 3GP, QuickTime: boxes (ISO/IEC 14496-12)."""

from __future__ import annotations

import re

from ..boundaries import search
from ..window import Window
from .integers import big


def mp4(window: Window) -> str:
    """ISO base media (MP4, M4A, 3GP, QuickTime; fragmented or not): boxes."""
    seen: set[bytes] = set()
    while BOX.match(head := window.peek(16)):
        size, kind = big(head[:4]), head[4:8]
        if (kind == b"ftyp" and seen) or (kind == b"moov" and kind in seen):
            return "exact"
        if size == 1:
            size = big(head[8:])
        if size < 8:
            return search(window) if kind == b"mdat" else "exact"  # 0: to the end of the file
        seen.add(kind)
        window.take(size)
    if head[:1] == b"\0" and len(head) < 8:
        window.take(8)  # the head of a box, cut off
    return "exact"


# A box whose type is not in the standard (makers of cameras and phones have their own) must be of modest size.
BOX = re.compile(
    rb".{4}(?:ftyp|styp|moov|mdat|moof|mfra|free|skip|wide|uuid|meta|udta|sidx|ssix|pdin|emsg|prft|pnot)|\0.{3}\w{4}",
    re.DOTALL,
)
