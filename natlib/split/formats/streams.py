"""Frames and packets, one after the other: AAC in ADTS, AC-3, DTS, MPEG transport streams, AMR, Musepack, FLV.

Specifications: ISO/IEC 13818-7 (ADTS); ATSC A/52 (AC-3); ETSI TS 102 114 (DTS); ISO/IEC 13818-1 (transport streams);
RFC 4867 (AMR); Musepack's stream version 8; Adobe's Flash Video 10.1.
"""

from __future__ import annotations

import re

from ..boundaries import ends, search
from ..window import Window
from .frames import Frame, chain
from .integers import big
from .tags import tags


def adts_frame(window: Window, at: int) -> Frame | None:
    """AAC in ADTS frames (ISO 13818-7, 6.2)."""
    head = window.peek(7, at)
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return None
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return Frame(size, (head[1], head[2], head[3] >> 4)) if size > 8 else None


def ac3_frame(window: Window, at: int) -> Frame | None:
    """AC-3 and E-AC-3 (ATSC A/52, 5.3 and E.1.2)."""
    head = window.peek(6, at)
    if len(head) < 6 or head[:2] != b"\x0b\x77" or head[5] >> 3 > 16:
        return None
    rate, code = head[4] >> 6, head[4] & 63
    if head[5] >> 3 > 10:
        return Frame(2 * ((head[2] & 7) << 8 | head[3]) + 2, ("enhanced", rate))
    if rate == 3 or code > 37:
        return None
    kbits = AC3_KBITS[code >> 1]
    return Frame((4 * kbits, 2 * (320 * kbits // 147 + code % 2), 6 * kbits)[rate], (rate, head[5] >> 3))


AC3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def dts_frame(window: Window, at: int) -> Frame | None:
    """DTS in words of 16 bits, big-endian (ETSI TS 102 114, 5.3)."""
    head = window.peek(9, at)
    if len(head) < 9 or head[:4] != b"\x7f\xfe\x80\x01":
        return None
    return Frame(((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1, ("dts", head[8] >> 2 & 15))


def mpegts_packet(window: Window, at: int) -> Frame | None:
    """MPEG transport stream: packets of 188 bytes (ISO 13818-1)."""
    return Frame(188, "packet") if window.peek(1, at) == b"G" else None


def mpegts_cut(window: Window, at: int) -> bool:
    """Are these packets from the middle of a stream, not samples in which one byte keeps recurring?"""
    return window.peek(188, at).count(b"G") < 20 and chain(window, at, mpegts_packet)


def amr(window: Window) -> str:
    """AMR, narrow and wide band (RFC 4867): the first byte of a frame gives its size."""
    wide = window.peek(9) == b"#!AMR-WB\n"
    sizes = AMR_WIDE if wide else AMR_NARROW
    window.take(9 if wide else 6)
    while not ends(window) and (toc := window.peek(1)[0]) & 0x83 == 0 and (size := sizes[toc >> 3]):
        window.take(size)
    return "exact"


AMR_NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
AMR_WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)


def musepack(window: Window) -> str:
    """Musepack 8: packets with a key and a size, up to the one with the key SE."""
    window.take(4)
    while packet := re.match(rb"[A-Z]{2}([\x80-\xff]*[\0-\x7f])", window.peek(12)):
        size = 0
        for byte in packet[1]:
            size = size << 7 | byte & 0x7F
        window.take(max(size, packet.end()))
        if packet[0].startswith(b"SE"):
            tags(window)
            return "exact"
    return search(window)


def flv(window: Window) -> str:
    """Flash Video: tags, each followed by its size."""
    window.take(13)
    while window.peek(1) in (b"\x08", b"\x09", b"\x12"):
        window.take(11 + big(window.peek(3, 1)) + 4)
    return "exact"
