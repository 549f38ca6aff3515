"""Matroska and WebM: EBML elements (RFC 8794, RFC 9559)."""

from __future__ import annotations

import re

from ..boundaries import search
from ..window import Window
from .integers import big


def matroska(window: Window) -> str:
    """Matroska and WebM: EBML elements (RFC 8794). A segment or cluster of unknown size lasts while children follow."""
    kind = b""
    while (element := EBML.match(head := window.peek(12))) and not (kind and head.startswith(EBML_HEADER)):
        kind = element[0]
        head = head[len(kind) :]
        width = 9 - head[0].bit_length() if head else 0
        unlimited = (1 << 7 * width) - 1
        size = big(head[:width]) & unlimited
        window.take(len(kind) + width)
        if size != unlimited:
            window.take(size)
            if kind == SEGMENT:
                return "exact"
        elif kind not in (SEGMENT, CLUSTER):
            return search(window)
    return "exact"


EBML_HEADER, SEGMENT, CLUSTER = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
EBML = re.compile(  # header, Segment, Void, CRC-32; the children of a segment; those of a cluster
    rb"\x1a\x45\xdf\xa3|\x18\x53\x80\x67|\xec|\xbf|"
    rb"\x11\x4d\x9b\x74|\x15\x49\xa9\x66|\x16\x54\xae\x6b|\x1f\x43\xb6\x75|\x1c\x53\xbb\x6b|\x12\x54\xc3\x67|"
    rb"\x10\x43\xa7\x70|\x19\x41\xa4\x69|\xe7|\xa3|\xa0|\xab|\xa7|\x58\x54|\xaf"
)
