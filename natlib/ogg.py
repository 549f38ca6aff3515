"""Ogg pages (RFC 3533): how long they are, and whether they are intact. No I/O.

With them, nat-split finds where a file ends, and nat-decode finds what is missing from it.
"""

from __future__ import annotations

import zlib

HEAD = 27  # bytes of a page before the sizes of its segments
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def page_size(head: bytes) -> int:
    """Bytes of the page that starts with `head`, which must include all segment sizes."""
    return HEAD + head[26] + sum(head[HEAD : HEAD + head[26]])


def checksum(page: bytes) -> bool:
    """Is the checksum of a whole page right?

    Ogg's CRC-32 goes through the bits in the opposite direction to zlib's, and inverts nothing.
    """
    crc = zlib.crc32((page[:22] + bytes(4) + page[26:]).translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return crc.to_bytes(4, "big").translate(REVERSED) == page[22:26]
