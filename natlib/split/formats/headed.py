"""Files that say in one way or another how much follows: AU, VOC, SoX, NIST, FLV, DSD, TTA, APE, Musepack, AMR."""

from __future__ import annotations

import re

from ..boundaries import ends, search
from ..window import Window
from .integers import big, little
from .tags import tags


def au(window: Window) -> str:
    """Sun/NeXT: the size of the header, the size of the data; −1 (and 0, for some) where it wasn't known."""
    number = big if window.peek(4) == b".snd" else little
    start, size = number(window.peek(4, 4)), number(window.peek(4, 8))
    window.take(start)
    if size == 0xFFFFFFFF or (size == 0 and not ends(window)):
        return search(window)
    window.take(size)
    return "exact"


def voc(window: Window) -> str:
    """Creative Voice: blocks, then a zero, which some leave out."""
    window.take(max(20, little(window.peek(2, 20))))
    while not ends(window):
        kind = window.peek(1)[0]
        if kind > 9:
            return search(window)
        if kind == 0:
            window.take(1)
            break
        window.take(4 + little(window.peek(3, 1)))
        if kind == 9 and window.peek(1, 8) == b"\0" and ends(window, 9) and not ends(window):
            window.take(8)  # sox counts a header of 4 bytes in such a block, which has 12
    return "exact"


def sox(window: Window) -> str:
    """SoX's own: a header that says its size and how many samples of 4 bytes follow; 0 where it wasn't known."""
    number = little if window.peek(4) == b".SoX" else big
    start, samples = 4 + number(window.peek(4, 4)), number(window.peek(8, 8))
    window.take(start)
    if samples == 0 and not ends(window):
        return search(window)
    window.take(4 * samples)
    return "exact"


def nist(window: Window) -> str:
    """NIST SPHERE: a header in text, of 1024 bytes. What is compressed, or was piped, doesn't say how long it is."""
    head = window.peek(1024)
    window.take(1024)
    keys = (b"sample_count", b"sample_n_bytes", b"channel_count")
    numbers = [re.search(rb"\n" + key + rb" -i (\d{1,12})\n", head) for key in keys]
    if None in numbers or b"shorten" in head:
        return search(window)
    samples, width, channels = (int(match[1]) for match in numbers if match)
    window.take(samples * width * channels)
    return "exact"


def flv(window: Window) -> str:
    """Flash Video: tags, each followed by its size."""
    window.take(13)
    while window.peek(1) in (b"\x08", b"\x09", b"\x12"):
        window.take(11 + big(window.peek(3, 1)) + 4)
    return "exact"


def dsf(window: Window) -> str:
    """DSD Stream File: the size of the whole."""
    window.take(little(window.peek(8, 12)))
    return "exact"


def dff(window: Window) -> str:
    """DSDIFF: FRM8, the size of the rest."""
    window.take(12 + big(window.peek(8, 4)))
    return "exact"


def tta(window: Window) -> str:
    """True Audio: a table of the sizes of all frames stands in front."""
    rate, samples = little(window.peek(4, 10)), little(window.peek(4, 14))
    frames = -(-samples // (256 * rate // 245 or 1))
    window.take(22)
    size = 4
    for first in range(0, frames, 4096):  # piece by piece, since their number is only what the header claims
        table = window.peek(4 * min(4096, frames - first))
        size += sum(little(table[at : at + 4]) for at in range(0, len(table), 4))
        window.take(4 * min(4096, frames - first))
    window.take(size)
    tags(window)
    return "exact"


def ape(window: Window) -> str:
    """Monkey's Audio: since 3.98 a descriptor gives the size of each part."""
    head = window.peek(36)
    if little(head[4:6]) < 3980:
        return search(window)
    window.take(sum(little(head[at : at + 4]) for at in (8, 12, 16, 20, 24, 32)) + (little(head[28:32]) << 32))
    tags(window)
    return "exact"


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


def amr(window: Window) -> str:
    """AMR, narrow and wide band (RFC 4867): the first byte of a frame tells its size."""
    wide = window.peek(9) == b"#!AMR-WB\n"
    sizes = AMR_WIDE if wide else AMR_NARROW
    window.take(9 if wide else 6)
    while not ends(window) and (toc := window.peek(1)[0]) & 0x83 == 0 and (size := sizes[toc >> 3]):
        window.take(size)
    return "exact"


AMR_NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
AMR_WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)
