"""Key and tuning.

Key: the correlation of the mean pitch classes with the profiles of C. Krumhansl and E. Kessler (Psychological Review
1982).
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ...notes import NAMES, spelling
from ...wire import Head
from ..measures import Table, present
from ..thresholds import AUDIBLE, CLASSES, FLAT, HALF, KEYED, SOUNDING, STRONG, SURE
from .collector import Block, Collector

if TYPE_CHECKING:
    from ..measures import Array

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


class Key(Collector):
    """{"key": {"tonic", "mode", "confidence"}, "tuning": cents}: tuning only if there is a key."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        super().__init__(table, rate)
        kinds = ("treble_chroma", "bass_chroma") if table.notes else ("chroma",)
        names = [[f"{kind}_{i}" for i in range(12)] for kind in kinds]
        self.chroma = [[table.index[name] for name in some if name in table.index] for some in names]
        self.classes = np.zeros(len(self.chroma[0]))  # how much of each pitch class
        self.tunings = array("f")  # cents
        self.spellings: list[tuple[str, ...]] = []  # after each second

    def take(self, block: Block) -> None:
        import numpy as np

        self.tunings.extend(present(self.table.column(block.rows, "tuning").tolist()))
        if not len(block.starts):
            return
        parts = [np.nan_to_num(block.second[:, chroma]) for chroma in self.chroma]
        sums = np.add.reduceat(sum(parts[1:], parts[0]), block.starts, axis=0)
        levels = np.fmax.reduceat(self.table.column(block.second, "level"), block.starts)
        for second in np.where((levels > AUDIBLE)[:, None], sums, 0):
            self.classes = self.classes + second
            found = self.found()
            self.spellings.append(spelling(found.tonic, found.mode) if found else NAMES)

    def spelling(self, frame: int) -> tuple[str, ...]:
        """The pitch classes as spelled by the key known when `frame` comes, from all whole seconds before it."""
        seconds = min(int(frame / self.rate), len(self.spellings))
        return self.spellings[seconds - 1] if seconds else NAMES

    def found(self) -> Found | None:
        """The key of what was heard; None if there is none, or none that is sure."""
        import numpy as np

        classes = self.classes
        if len(classes) < 12 or classes.std() < FLAT:
            return None
        if (classes > STRONG * classes.max()).sum() < CLASSES or classes.max() < HALF * SOUNDING * self.rate:
            return None
        deviations = classes - classes.mean()
        fits = (profiles() * deviations).sum(axis=1) / np.sqrt((deviations**2).sum())
        best, second = np.argsort(-fits, kind="stable")[:2].tolist()
        confidence = round(min(1.0, 4 * float(fits[best] - fits[second])), 2)
        if fits[best] < KEYED or confidence < SURE:
            return None
        return Found(best % 12, "major" if best < 12 else "minor", confidence)

    def result(self) -> Head:
        import numpy as np

        if not (found := self.found()):
            return {}
        tonic = spelling(found.tonic, found.mode)[found.tonic]
        key: Head = {"key": {"tonic": tonic, "mode": found.mode, "confidence": found.confidence}}
        if len(self.tunings) < SOUNDING * self.rate:
            return key
        return key | {"tuning": round(float(np.median(np.array(self.tunings))))}


class Found(NamedTuple):
    """A key."""

    tonic: int  # semitones from C
    mode: str
    confidence: float  # 0 to 1


@lru_cache(1)
def profiles() -> Array:
    """Major keys from C, then minor ones, (24, 12): the profiles minus their mean, scaled to length 1."""
    import numpy as np

    rows = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.sqrt((rows**2).sum(axis=1, keepdims=True)))
