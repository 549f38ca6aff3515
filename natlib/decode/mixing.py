"""What is done to samples on the way: a part of them, fewer channels, another rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Failure
from ..mixing import Mixer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Blocks = Iterator[NDArray[np.float32]]  # pieces of sound, shape (n, channels), full scale 1

BLOCK = 1 << 18  # samples of all channels in one block, at most; large ones cost the next stage less
MOST = 1000  # numbers that resampling may make from one sample, at most


class Part:
    """The seconds of a sound from `start` on, at most `duration` of them."""

    def __init__(self, rate: int, start: float, duration: float | None):
        self.first = round(start * rate)
        self.last = None if duration is None else self.first + round(duration * rate)
        self.at = 0  # samples read

    def __call__(self, blocks: Blocks) -> Blocks:
        """What lies in it of `blocks`."""
        for block in blocks:
            if self.at + len(block) > self.first:
                last = None if self.last is None else max(0, self.last - self.at)
                yield block[max(0, self.first - self.at) : last]
            self.at += len(block)
            if self.last is not None and self.at >= self.last:
                return


def mixed(blocks: Blocks, mixer: Mixer) -> Blocks:
    """The same sound in one channel."""
    for block in blocks:
        yield mixer.feed(block)[:, None]
    if (rest := mixer.finish()) is not None:
        yield rest[:, None]


def resampled(blocks: Blocks, rate: int, to: int, channels: int) -> Blocks:
    """The same sound at another rate (libsoxr, high quality). The same samples come out, however it is cut."""
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
