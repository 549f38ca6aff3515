"""True Audio, Monkey's Audio, WavPack, whose headers say how long their parts are. (FLAC's don't: flac.py.)

Specifications: the description of TTA1; the APE_DESCRIPTOR of the Monkey's Audio SDK; WavPack's block format, 4 and 5.
"""

from __future__ import annotations

from functools import partial

from ..boundaries import search
from ..window import Window
from .frames import Frame, Opening, frame_by_frame
from .integers import little
from .tags import tags


def tta(window: Window) -> str:
    """True Audio: a table of the sizes of all frames comes first."""
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


def wavpack_block(window: Window, at: int) -> Frame | None:
    """A block of WavPack."""
    head = window.peek(8, at)
    size = little(head[4:])
    return Frame(8 + size, "wavpack") if head[:4] == b"wvpk" and 24 <= size <= 1 << 20 else None


def wavpack_opening(window: Window, at: int) -> Opening | None:
    """The block that starts at sample 0."""
    head = window.peek(32, at)
    return (0, 0) if len(head) == 32 and head[16:20] == bytes(4) != head[20:24] and head[25] & 8 else None


wavpack = partial(frame_by_frame, parse=wavpack_block, opening=wavpack_opening)
