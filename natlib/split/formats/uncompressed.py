"""Samples behind a header that says how many there are: AU, VOC, SoX, NIST SPHERE; DSD in DSF and DSDIFF.

Specifications: Sun's audio file format; Creative's Voice File Format; soxformat(7); NIST's SPHERE headers; Sony's DSF
1.01; Philips' DSDIFF 1.5.
"""

from __future__ import annotations

import re

from ..boundaries import ends, search
from ..window import Window
from .integers import big, little


def au(window: Window) -> str:
    """Sun/NeXT: the size of the header, the size of the data; −1 (or 0, from some writers) if it wasn't known."""
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
            window.take(8)  # sox counts 4 bytes of header in such a block, which has 12
    return "exact"


def sox(window: Window) -> str:
    """SoX's own: a header that says its size and how many samples of 4 bytes follow; 0 if that wasn't known."""
    number = little if window.peek(4) == b".SoX" else big
    start, samples = 4 + number(window.peek(4, 4)), number(window.peek(8, 8))
    window.take(start)
    if samples == 0 and not ends(window):
        return search(window)
    window.take(4 * samples)
    return "exact"


def nist(window: Window) -> str:
    """NIST SPHERE: a text header of 1024 bytes. A compressed or piped file doesn't say how long it is."""
    head = window.peek(1024)
    window.take(1024)
    keys = (b"sample_count", b"sample_n_bytes", b"channel_count")
    numbers = [re.search(rb"\n" + key + rb" -i (\d{1,12})\n", head) for key in keys]
    if None in numbers or b"shorten" in head:
        return search(window)
    samples, width, channels = (int(match[1]) for match in numbers if match)
    window.take(samples * width * channels)
    return "exact"


def dsf(window: Window) -> str:
    """DSD Stream File: the size of the whole."""
    window.take(little(window.peek(8, 12)))
    return "exact"


def dff(window: Window) -> str:
    """DSDIFF: FRM8, the size of the rest."""
    window.take(12 + big(window.peek(8, 4)))
    return "exact"
