"""What is done to samples on the way: a part of them, fewer channels, another rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import Failure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Blocks = Iterator[NDArray[np.float32]]  # pieces of sound, shape (n, channels), full scale 1

BLOCK = 1 << 18  # samples of all channels in one block, at most; large ones cost the next stage less
MOST = 1000  # numbers that resampling may make of one sample


def part(blocks: Blocks, rate: int, start: float, duration: float | None) -> Blocks:
    """The seconds from `start` on, at most `duration` of them."""
    first = round(start * rate)
    last = None if duration is None else first + round(duration * rate)
    at = 0
    for block in blocks:
        if at + len(block) > first:
            yield block[max(0, first - at) : None if last is None else max(0, last - at)]
        at += len(block)
        if last is not None and at >= last:
            return


def mixed(block: Any) -> Any:
    """The mean of all channels, shape (n, 1), added up from the first to the last: the same on every machine."""
    total = block[:, 0].copy()
    for channel in range(1, block.shape[1]):
        total += block[:, channel]
    total /= block.shape[1]
    return total[:, None]


def resampled(blocks: Blocks, rate: int, to: int, channels: int) -> Blocks:
    """The same sound at another rate (libsoxr, high quality). However it is cut, the same samples come out."""
    import numpy as np
    import soxr

    if to * channels > MOST * rate:
        raise Failure(f"{rate} Hz can't become {to} Hz in {channels} channels: that is above {MOST} numbers for one")
    stream = soxr.ResampleStream(rate, to, channels, dtype="float32", quality="HQ")
    rows = max(1, BLOCK * rate // (to * channels))
    for block in blocks:
        for first in range(0, len(block), rows):
            yield stream.resample_chunk(block[first : first + rows])
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)
