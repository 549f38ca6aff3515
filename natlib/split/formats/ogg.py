"""Ogg: pages (RFC 3533)."""

from __future__ import annotations

from ... import ogg as pages
from ..boundaries import over
from ..trust import lost
from ..window import Window


def ogg(window: Window) -> str:
    """Ogg (RFC 3533): pages. A stream that begins after others are under way is another file."""
    streams: set[bytes] = set()
    running: set[bytes] = set()
    under_way = False

    def ours(window: Window, at: int) -> bool:
        page = window.peek(27, at)
        return page[:5] == b"OggS\0" and len(page) == 27 and page[14:18] in streams and not page[5] & 2

    while True:
        begins, stream = ogg_begins(window, 0), window.peek(4, 14)
        if (begins and not under_way) or ours(window, 0):
            size = ogg_page_size(window)
            if ogg_page_sound(window, size):
                streams.add(stream)
                running.add(stream)
                if window.peek(1, 5)[0] & 4:
                    running.remove(stream)
                under_way |= not begins
                window.take(size)
                continue
        elif not running or over(window):
            return "exact"
        else:
            size = 0
            if len(window.peek(27)) < 27 and b"OggS".startswith(window.peek(4)):
                window.take(27)  # the input ends in the head of a page
        if extent := lost(window, size, b"OggS", ours):
            return extent


def ogg_begins(window: Window, at: int) -> bool:
    """Is the page ahead the first of its stream?"""
    page = window.peek(27, at)
    return page[:5] == b"OggS\0" and len(page) == 27 and page[5] & 2 > 0


def ogg_page_size(window: Window) -> int:
    return pages.page_size(window.peek(pages.HEAD + 255))


def ogg_page_sound(window: Window, size: int) -> bool:
    """Is the checksum of the page ahead right, or else what follows it?"""
    page = window.peek(size)
    return pages.checksum(page) or (len(page) == size and (window.peek(4, size) == b"OggS" or over(window, size)))
