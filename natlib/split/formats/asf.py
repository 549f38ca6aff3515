"""ASF, the container of WMA: objects with GUIDs (Microsoft's Advanced Systems Format, 01.20)."""

from __future__ import annotations

from ..boundaries import search
from ..window import Window
from .integers import little


def asf(window: Window) -> str:
    """ASF (WMA): a header, then other objects. In a broadcast, the data object has no size."""
    window.take(little(window.peek(8, 16)))
    while (kind := window.peek(4)) in ASF:
        size = little(window.peek(8, 16))
        if size < 24 or (kind == ASF[0] and size <= 50):
            return search(window)
        window.take(size)
    return "exact"


# data, then four kinds of index
ASF = tuple(bytes.fromhex(guid) for guid in ("3626b275", "90080033", "d329e2d6", "f803b1fe", "d03fb73c"))
ASF_HEADER = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"
