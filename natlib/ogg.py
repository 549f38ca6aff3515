"""Ogg pages (RFC 3533): how long they are, and whether they are sound. No I/O.

nat-split finds by them where a file ends, nat-decode what of it is missing.
"""

from __future__ import annotations

import zlib

HEAD = 27  # bytes of a page before the sizes of its segments
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def page_size(head: bytes) -> int:
    """Bytes of the page that starts with `head`, which must reach to the end of the segment sizes."""
    return HEAD + head[26] + sum(head[HEAD : HEAD + head[26]])


def checksum(page: bytes) -> bool:
    """Is the checksum of a whole page right?

    Ogg's CRC-32 goes through the bits in the other direction than zlib's, and inverts nothing.
    """
    crc = zlib.crc32((page[:22] + bytes(4) + page[26:]).translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return crc.to_bytes(4, "big").translate(REVERSED) == page[22:26]
