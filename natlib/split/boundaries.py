"""Where a file that doesn't say how long it is ends: at a separator, or before the certain start of another."""

from __future__ import annotations

import re
from functools import partial

from .signatures import REACH, Format, Signatures
from .window import PIECE, Window

FS = b"\x1c"


def known(window: Window, at: int = 0, searching: bool = False) -> Format | None:
    """The format of the file that certainly starts `at` bytes ahead; None if none does.

    Less proof is needed after something has just ended, or at the very start, than when `searching` in any bytes.
    """
    head = window.peek(REACH, at)
    starts = window.signatures
    for pattern, formats in (starts.searched,) if searching else (starts.searched, starts.here):
        match = pattern.match(head)
        form = formats[match.lastindex - 1] if match and match.lastindex else None
        if form and (not form.check or form.check(window, at)):
            return form
    return None


def cut(window: Window, at: int = 0, searching: bool = True) -> str:
    """The extent of a file that has no length of its own and ends `at` bytes ahead; "" if it doesn't end there."""
    head = window.peek(2, at)
    if head[:1] != FS:
        return "next-file" if known(window, at, searching) else ""
    after = window.peek(64, at + 1)
    if (text(after) and not wave(after)) or known(window, at + len(separator(head))):
        return "separator"
    return ""


def ends(window: Window, at: int = 0) -> bool:
    """As far as can be seen, does the file end `at` bytes ahead: with the input, or before another file?"""
    head = window.peek(3, at)
    return head == separator(head) or bool(cut(window, at, searching=False))


def over(window: Window, at: int = 0) -> bool:
    """Does the file end `at` bytes ahead? A part of it is over there, so that an FS can't be one of its bytes."""
    return window.peek(1, at) == FS or ends(window, at)


def separator(head: bytes) -> bytes:
    """The separator that `head` starts with: FS, FS and a newline, or nothing."""
    return head[: 2 if head[1:2] == b"\n" else 1] if head[:1] == FS else b""


def text(data: bytes) -> bool:
    """Is `data`, the next 64 bytes or all that is left, text: UTF-8 without control characters?"""
    try:
        string = data.decode()
    except UnicodeDecodeError as error:
        if len(data) < 64 or error.reason != "unexpected end of data":
            return False
        string = data[: error.start].decode()  # a character cut off after the 64th byte
    return bool(string) and not re.search("[\0-\x08\x0e-\x1f\x7f-\x9f]", string)


def wave(data: bytes) -> bool:
    """Are 64 bytes that might be text really samples: do neighbours, or every 2nd, 3rd or 4th byte, hardly change?"""
    if len(data) < 64 or len(set(data)) == 1:
        return False
    for width in (2, 3, 4):
        spans = [max(data[first::width]) - min(data[first::width]) for first in range(width)]
        if min(spans) <= 8 and max(spans) > 0:
            return True
    return all(abs(data[at] - data[at + 1]) <= 8 for at in range(63))


def search(window: Window) -> str:
    """Take everything up to the next cut, and return the extent."""
    window.forget()
    window.take(1)
    for _ in window.scan(partial(likely, window.signatures), 2 * REACH):
        if extent := cut(window):
            return extent
    raise EOFError


def likely(signatures: Signatures, data: bytes | bytearray, start: int, stop: int) -> list[int]:
    """The places in `data` that look like a cut."""
    places = {match.start() for match in signatures.separated.finditer(data, start, stop + REACH)}
    for anchor in signatures.anchors:
        for match in anchor.finditer(data, start, stop + REACH):
            place = match.start(match.lastindex or 0)
            if data[place - 2 : place] == b"\x1c\n":
                place -= 2
            elif data[place - 1 : place] == FS:
                place -= 1
            places.add(max(place, start))
    return sorted(place for place in places if place < stop)


def unknown(window: Window) -> str:
    """Bytes of no known format: up to the next FS, or the next certain start."""
    if window.peek(1) == FS:
        return "separator"
    window.take(1)
    for _ in window.scan(partial(likely_or_fs, window.signatures), 2 * REACH):
        if extent := "separator" if window.peek(1) == FS else cut(window):
            return extent
    raise EOFError


def likely_or_fs(signatures: Signatures, data: bytes | bytearray, start: int, stop: int) -> list[int]:
    """The places in `data` that look like a cut, up to the first FS."""
    fs = data.find(FS, start, stop)
    return likely(signatures, data, start, stop) if fs < 0 else [*likely(signatures, data, start, fs), fs]


def at_fs(window: Window) -> str:
    """Up to the next FS, whatever the bytes are."""
    fs = re.compile(FS)
    next(window.scan(lambda data, start, stop: [match.start() for match in fs.finditer(data, start, stop)], 0))
    return "separator"


def to_the_end(window: Window) -> str:
    """Take everything there is."""
    while True:
        window.take(PIECE)
