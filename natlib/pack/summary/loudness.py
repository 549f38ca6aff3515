"""How loud, over which range, how much of the time quiet; and whether it begins or ends in the midst of sound."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...wire import Head
from ..measures import Table
from ..thresholds import BEGINS, CUT, LOUD, LOUDNESS
from .collector import Block, Collector
from .sounds import Sounds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array

TOLD = ("duration", "pitch", "pitch_contour", "vague_pitch", "peak", "peak_contour", "centroid", "centroid_contour")
LEVELS, LOWEST = 111, -100  # how many, of 1 dB each, and the lowest in dB: that of 16 bits is -96 dB


class Loudness(Collector):
    """{"levels", "quiet_percent", "cut", "loudest": {"t", "max_level", …}} if anything can be heard.

    `loudest` is the loudest moment, and the sound that it belongs to.
    """

    def __init__(self, table: Table, rate: float, sounds: Sounds):
        import numpy as np

        super().__init__(table, rate)
        self.sounds = sounds
        self.ends = [math.nan, math.nan]  # levels of the first and of the last frame
        self.counts = np.zeros(LEVELS)  # frames of each level
        self.top, self.moment = -math.inf, 0  # dB and frame of the loudest
        self.near: list[tuple[float, Head]] = []  # sounds that may have the loudest moment

    def take(self, block: Block) -> None:
        import numpy as np

        level = self.table.column(block.rows, "level")
        if len(level):
            if (top := float(np.nanmax(level, initial=-math.inf))) > self.top:
                self.top, self.moment = top, self.frames + int(np.nanargmax(level))
            self.ends = [self.ends[0] if self.frames else float(level[0]), float(level[-1])]
        self.counts += np.bincount(steps(level[level == level]), minlength=LEVELS)

    def sound(self, start: float, sound: Head) -> None:
        best = max((known["max_level"] for _, known in self.near), default=-math.inf)
        level = sound["max_level"]
        if level >= best:
            self.near = [(s, known) for s, known in self.near if known["max_level"] >= level] + [(start, sound)]

    def moments(self) -> Head:
        """The loudest moment."""
        at = self.moment / self.rate
        own = next((sound for start, sound in self.near if start - 0.1 <= at <= start + sound["duration"] + 0.1), {})
        told = {name: own[name] for name in TOLD if name in own}
        return {"t": round(self.start + at, 1), "max_level": round(self.top)} | told

    def loudest(self) -> int | None:
        """The level, in dB, that a twentieth of the frames exceed; None if nothing can be heard."""
        import numpy as np

        return self._level(LOUDNESS[1]) if np.any(self.counts[1:]) else None

    def first(self, loudest: int) -> int:
        """The index of the lowest level whose frames count for the colour."""
        return max(0, int(loudest - LOUD) - LOWEST)

    def result(self) -> Head:
        if (loudest := self.loudest()) is None:
            return {"loudest": self.moments()} if self.top > LOWEST else {}
        first = self.first(loudest)
        quiet = round(100 * float(self._shares()[first - 1])) if first else 0
        softest, median = self._level(LOUDNESS[0]), self._level(0.5)
        fields: Head = {"levels": [softest, median, loudest], "quiet_percent": quiet}
        begun, last = self.ends
        attacked = any(start < BEGINS for start, _ in self.sounds.struck)
        cut = ["start"] * (begun >= loudest - CUT and not attacked) + ["end"] * (last >= loudest - CUT)
        return fields | ({"cut": cut} if cut else {}) | {"loudest": self.moments()}

    def _shares(self) -> Array:
        """The share of the frames up to each level."""
        import numpy as np

        return np.asarray(np.cumsum(self.counts) / self.counts.sum())

    def _level(self, share: float) -> int:
        """The level, in dB, up to which this share of the frames lies."""
        import numpy as np

        return LOWEST + int(np.argmax(self._shares() >= share))


def steps(level: Array) -> NDArray[np.int64]:
    """The index of each level."""
    import numpy as np

    return np.asarray(np.clip(np.rint(level) - LOWEST, 0, LEVELS - 1), dtype=np.int64)
