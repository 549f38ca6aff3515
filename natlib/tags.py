"""Tags around sound: how they begin, and how long ID3v2 is (id3.org, APEv2, Lyrics3). No I/O."""

from __future__ import annotations

import re

TAG = re.compile(rb"TAG|APETAGEX|LYRICSBEGIN|ID3[\x02-\x04][\0-\x0a]")


def id3_size(head: bytes) -> int:
    """The size of the ID3v2 tag that starts with the 10 bytes `head`."""
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + (20 if head[5] & 0x10 else 10)
