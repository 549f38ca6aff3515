"""How far apart the levels of half seconds lie in lows, mids, highs."""

from __future__ import annotations

from array import array
from itertools import takewhile
from typing import TYPE_CHECKING

from ..thresholds import EXTREMES, FAR, QUIETEST, SWELLS

if TYPE_CHECKING:
    from ..measures import Array

REGIONS = 6  # of the level: lows, mids and highs have two of them each
LENGTH = 0.5  # seconds that levels are taken over
BELIEVED = 1e30  # power: more is not believed


class Swell:
    """Takes the powers of six regions; tells nothing if there are not six."""

    def __init__(self, regions: int, rate: float):
        self.possible = regions == REGIONS
        self.length = max(1, round(LENGTH * rate))  # frames
        self.powers = array("f")  # of each frame in lows, mids, highs

    def feed(self, bands: Array, level: Array) -> None:
        """Take the next frames: powers of the regions, 1 in sum, (frames, regions), and levels in dB, (frames,)."""
        import numpy as np

        if not self.possible:
            return
        powers = bands * 10 ** (level / 10)[:, None]
        low, high = powers[:, ::2], powers[:, 1::2]
        pairs = np.where(np.isnan(high), low, low + high)  # a recording may end within a pair
        self.powers.frombytes(np.minimum(pairs, BELIEVED).astype(np.float32).tobytes())

    def ranges(self) -> list[int | None]:
        """The dB over which four fifths of the levels lie, in lows, mids, highs (if there are any); [] if too short.

        None for what can't be heard beside the rest.
        """
        import numpy as np

        width = REGIONS // 2
        count = len(self.powers) // (width * self.length)
        if count < SWELLS:
            return []
        frames = np.array(self.powers[: count * self.length * width]).reshape(count, self.length, width)
        levels = 10 * np.log10(np.maximum(frames.mean(axis=1), 10 ** (QUIETEST / 10)))
        low, high = np.percentile(levels, EXTREMES, axis=0)
        told = takewhile(lambda pair: pair[0] == pair[0], zip(high - low, high, strict=True))
        return [round(float(swell)) if top >= np.nanmax(high) - FAR else None for swell, top in told]
