"""What formats share whose files are frames, each of which says how long it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...mpeg import Frame as Frame  # for every format
from ...tags import TAG
from ..boundaries import FS, over
from ..signatures import REACH
from ..trust import lost
from ..window import Check, Find, Window
from .tags import tags

Opening = tuple[int, int]  # frames and bytes of a file, as its first frame states them; 0 if it doesn't
Parse = Callable[[Window, int], Frame | None]


def frame_by_frame(
    window: Window, parse: Parse, opening: Callable[[Window, int], Opening | None] = lambda window, at: None
) -> str:
    """Frames of one kind, one after the other, then tags. `opening` recognises a frame that only starts a file."""
    kind: object = None
    taken = size = 0
    expected: Opening = (0, 0)

    def goes_on(window: Window, at: int) -> bool:
        return not (taken and opening(window, at)) and chain(window, at, parse, kind, 2)

    frame = parse(window, 0)
    while True:
        first = opening(window, 0) if frame else None
        if frame and not taken:
            kind, expected = frame.kind, first or (0, 0)
        complete = taken > 0 and (taken, size) == expected
        if not frame or frame.kind != kind or complete or (taken and first):
            tags(window)
            if complete or over(window):
                return "exact"
            frame = Frame(0, kind)
        after = parse(window, frame.size)
        followed = (
            (after and after.kind == kind)
            or (taken + 1, size + frame.size) == expected
            or TAG.match(window.peek(11, frame.size))
            or over(window, frame.size)
        )
        if frame.size and followed and window.peek(1, frame.size - 1):
            window.take(frame.size)
            taken, size, frame = taken + 1, size + frame.size, after
        elif extent := lost(window, frame.size, window.peek(1), goes_on):
            tags(window)
            return extent
        else:
            frame = parse(window, 0)


def chain(window: Window, at: int, parse: Parse, kind: object = None, enough: int = 4, least: int = 2) -> bool:
    """Do `enough` frames of one kind follow each other, or `least` before a tag, another file or the end of input?"""
    for count in range(enough):
        frame = parse(window, at)
        if not frame or frame.kind != (kind := kind or frame.kind):
            head = window.peek(REACH, at)
            return count >= least and bool(
                not head or head[:1] == FS or TAG.match(head) or window.signatures.sure.match(head)
            )
        at += frame.size
    return True


def frames(parse: Parse) -> tuple[Find, Check]:
    """For the table: how to take such frames, and whether a file starts with them."""
    return partial(frame_by_frame, parse=parse), partial(chain, parse=parse)
