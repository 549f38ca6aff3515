"""How far a length that a header declares is believed: it must lead to an end, with no other file starting before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..tags import id3_size
from .boundaries import cut, known, likely, over, separator
from .formats.tags import ID3
from .signatures import REACH
from .window import AHEAD, LOOK, Check, Find, Preview, TooFarError, Window


def declared(find: Find, long: Find | None = None) -> Find:
    """For formats that can be played only when they are whole: a length is believed if it leads to an end.

    If it doesn't, and another file starts before it, this one was cut off there. A file longer than AHEAD is `trusted`,
    or left to the finder `long`.
    """

    def believe(window: Window) -> str:
        preview = Preview(window)
        try:
            extent = find(preview)
            if over(window, preview.at):
                window.take(preview.at)
                return extent
        except EOFError:
            pass
        except TooFarError:
            return (long or trusted(find))(window)
        return cut_off(window, preview.at) or find(window)

    return believe


def trusted(find: Find) -> Find:
    """For formats that are passed on as they come: a length is believed, and searched only if it leads to no end.

    If another file starts in there, this one was cut off. Its bytes can't be taken back, but the other comes again
    as a file of its own: here, if the input has ended; else by `cut_short`, since no file waits for the next.
    """

    def believe(window: Window) -> str:
        if window.passed():
            return declared(find, find)(window)  # its bytes are at hand, and need not come a third time
        window.keep()
        try:
            return find(window)
        except EOFError:
            if again(window):
                return "next-file"
            raise

    return believe


def cut_short(window: Window) -> bool:
    """Was the file that has just ended cut off before its declared end? Then what it took of others comes again."""
    return window.keeps() and not over(window) and again(window)


def again(window: Window) -> bool:
    """Go back in what was kept to the first certain start of another file. Returns whether there is one."""
    size = window.again()
    start = certain(window, size)
    window.skip(start or size)
    return start > 0


def certain(window: Window, limit: int) -> int:
    """How far ahead (less than `limit`) another file, or the separator before it, certainly starts; 0 if none does."""
    for place in lookout(window, limit):
        head = window.peek(REACH, place)
        start = place + len(separator(head))
        if known(window, start, searching=True):
            tag = window.peek(REACH, start)
            size = id3_size(tag) if ID3.match(tag) else 0
            if size == 0 or (size <= AHEAD and known(window, start + size)):  # there are such tags in WAV and AIFF, too
                return place
    return 0


def lookout(window: Window, limit: int) -> Iterator[int]:
    """The places that look like a cut, less than `limit` ahead; never the next byte."""
    for at in range(0, limit, LOOK):
        first = max(0, at - 2)  # where a separator may be
        data = window.peek(min(LOOK + at - first, limit - first) + 2 * REACH, first)
        stop = min(len(data), at - first + LOOK, limit - first)
        yield from (first + place for place in likely(window.signatures, data, at - first or 1, stop))


def cut_off(window: Window, size: int) -> str:
    """Take what comes before the file that surely starts in the next `size` bytes; "" if none does."""
    for place in lookout(window, size):
        head = window.peek(2 + REACH, place)
        if window.signatures.sure.match(head, len(separator(head))):
            window.take(place)
            return cut(window)
    return ""


def lost(window: Window, size: int, sync: bytes, resume: Check) -> str:
    """Take the rest of a file whose structure breaks off; the next `size` bytes seem to be its last.

    Returns the extent, or "" if the structure goes on after all, not far ahead, at the bytes `sync`.
    """
    data = window.peek(size + LOOK + 2 * REACH)
    end = min(size + LOOK, len(data))
    places = {match.start() for match in re.compile(re.escape(sync)).finditer(data, 1, end)}
    for place in sorted(places.union(likely(window.signatures, data, 1, end))):
        if resume(window, place):
            window.take(place)
            return ""
        if extent := cut(window, place):
            if place < size:
                window.take(place)
                return extent
            break
    window.take(size)
    return "exact"
