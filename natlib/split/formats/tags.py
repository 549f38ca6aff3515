"""Tags before and after the sound: ID3v1 and ID3v2 (id3.org), APEv2 and Lyrics3 (as their writers describe them)."""

from __future__ import annotations

import re

from ...tags import TAG, id3_size
from ..window import LOOK, Window
from .integers import little

ID3 = re.compile(rb"ID3[\x02-\x04][\0-\x0a].[\0-\x7f]{4}[A-Z0-9\0\xff]{3}", re.DOTALL)


def front_size(head: bytes) -> int:
    """The size of the tag that starts with `head` and comes before the sound: ID3v2 or APEv2; 0 for none."""
    if ID3.match(head):
        return id3_size(head)
    whole = head.startswith(b"APETAGEX") and len(head) >= 32 and head[23] & 0xA0 == 0xA0  # it has a header: this
    return 32 + little(head[12:16]) if whole else 0


def tags(window: Window) -> None:
    """Take the tags that follow the sound: APEv2, Lyrics3, ID3v1, ID3v2 with a footer."""
    while TAG.match(head := window.peek(32)):
        if head.startswith(b"APETAGEX") and len(head) == 32:
            size = little(head[12:16])
            whole = head[23] & 0x20 or (size < LOOK and window.peek(8, size) == head[:8])  # or only its footer?
            window.take(32 + size if whole else 32)
        elif head.startswith(b"LYRICS") and (end := window.find(LYRICS_END, 9, 0, LOOK)) < LOOK:
            window.take(end + 9)
        elif head.startswith(b"TAG"):
            window.take(227 if head.startswith(b"TAG+") else 128)
        elif head.startswith(b"ID3") and len(head) > 9 and head[5] & 0x10:
            window.take(id3_size(head))
        else:
            return


LYRICS_END = re.compile(b"LYRICS200|LYRICSEND")
