"""Chunks that say how long they are: RIFF (WAV, RF64, BW64, AVI) and IFF (AIFF, 8SVX), W64, CAF.

Specifications: IBM and Microsoft's Multimedia Programming Interface (RIFF, WAV); EBU Tech 3306 (RF64); ITU-R BS.2088
(BW64); EA IFF 85 and its 8SVX; Apple's AIFF-C; Sony's Wave64; Apple's Core Audio Format.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from ..boundaries import ends, known, search
from ..window import LOOK, Window
from .integers import big, little


# Long: one loop over chunks; their sizes, the size of the whole and the pads contradict each other in many ways.
def iff(window: Window, data: bytes, placeholder: int, number: Callable[[bytes], int] = big) -> str:
    """RIFF or IFF: a size for the whole, then chunks with sizes, padded to even ones.

    The size of the whole, that of the chunk `data` and the pads may each be wrong; a size of 0, or of `placeholder` or
    more, means that the writer didn't know. If they disagree, the one that leads to an end (`ends`) is right.
    """
    head = window.peek(40)
    whole, at, heard = 8 + number(head[4:8]), 12, False  # where the file ends (0: not known), and where we are in it
    long = (0, 0)  # the sizes of the whole and of the data if 32 bits are too few
    if head[12:16] == b"ds64":
        long = little(head[20:28]), little(head[28:36])
    if not 8 < whole < 8 + placeholder:
        whole = 8 + long[0] if long[0] else 0
    window.take(12)
    while True:
        if at == whole and (heard or ends(window)):
            return "exact"
        if at >= whole:
            whole = 0
        if heard and ends(window):
            return "exact"
        for place in range(8):
            if known(window, place, searching=True):  # cut off before a chunk, or within its head
                window.take(place)
                return "next-file"
        left = whole - at
        head = window.peek(8)
        kind, size = head[:4], number(head[4:])
        if kind not in CHUNKS and not (re.match(rb"[ -~]{4}", kind) and 8 + size <= left + 1):
            if not heard:
                return search(window)
            if 0 < left <= LOOK and ends(window, left):
                window.take(left)
            return "exact"
        if kind in (b"fmt ", b"COMM", b"VHDR") and size > LOOK:
            return search(window)
        window.take(8)
        at += 8
        if kind == data:
            heard = True
            if size == 0xFFFFFFFF and long[1]:
                size = long[1]
            elif size == 0 or size >= placeholder:
                if size == 0 and (at == whole or ends(window) or window.peek(4) in CHUNKS):
                    continue
                if at < whole:
                    window.take(whole - at)
                    if ends(window):
                        return "exact"
                return search(window)
        if at < whole < at + size - 1:
            window.take(whole - at)
            at, size = whole, at + size - whole
            if ends(window):
                return "exact"
            if size > LOOK:
                return search(window)
        window.take(size)
        at += size
        if size % 2 and padded(window, at == whole):
            window.take(1)
            at += 1


CHUNKS = frozenset(
    name.ljust(4)
    for name in (
        b"fmt data fact LIST INFO id3 ID3 cue smpl inst plst bext iXML axml aXML bxml sxml chna JUNK junk PAD FLLR "
        b"PEAK levl cart DISP acid strc _PMX afsp minf elm1 regn umid DGDA ResU SyLp Cr8r slnt wavl dbmd LGWV note "
        b"labl ltxt COMM SSND FVER MARK INST COMT NAME AUTH (c) ANNO AESD MIDI APPL SAXL CHAN VHDR BODY CHRS ATAK RLSE"
    ).split()
)


def padded(window: Window, complete: bool) -> bool:
    """Does the pad byte of a chunk of odd size follow? Some writers leave it out, or don't count it in the whole."""
    if complete:
        return window.peek(1) == b"\0" and ends(window, 1)
    return not (window.peek(4) in CHUNKS or ends(window))


def wav(window: Window) -> str:
    """WAV, little-endian or (RIFX) big-endian; with sizes of 32 or 64 bits (EBU Tech 3306, ITU-R BS.2088)."""
    return iff(window, b"data", 0x7FFF0000, big if window.peek(4) == b"RIFX" else little)


def riff(window: Window) -> str:
    """Another RIFF, such as AVI."""
    size = little(window.peek(4, 4))
    if not 0 < size < 0x7FFF0000:
        return search(window)
    window.take(8 + size + size % 2)
    return "exact"


aiff = partial(iff, data=b"SSND", placeholder=0x7F000000)  # what sox writes to a pipe
svx = partial(iff, data=b"BODY", placeholder=0x7F000000)


def w64(window: Window) -> str:
    """Sony Wave64: RIFF with GUIDs, and sizes of 64 bits that count their own heads; chunks start at multiples of 8."""
    whole = little(window.peek(8, 16))
    if 40 < whole < 1 << 62:
        window.take(whole)
        return "exact"
    window.take(40)
    while (head := window.peek(24))[4:8] == b"\xf3\xac\xd3\x11":
        size = little(head[16:])
        if not 24 < size < 1 << 62:
            break
        window.take(size + -size % 8)
        if head.startswith(b"data") and ends(window):
            return "exact"
    return search(window)


def caf(window: Window) -> str:
    """Apple Core Audio Format: chunks with sizes of 64 bits; that of the data may be −1 if it is the last chunk."""
    window.take(8)
    while (head := window.peek(12))[:4] in CAF_CHUNKS:
        size = int.from_bytes(head[4:], "big", signed=True)
        if size < 0:
            return search(window)
        window.take(12 + size)
    return "exact"


CAF_CHUNKS = frozenset(b"desc data chan kuki pakt info strg mark regn inst midi uuid ovvw peak edct umid free".split())
