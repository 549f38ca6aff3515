"""Key, its changes, and tuning."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from ...network import ONE
from ...notes import NAMES, spelling
from ...wire import Head
from ..measures import Table, filled, present
from ..music.key import HALF, Found, Keys
from ..music.key import named as of_number
from ..thresholds import AUDIBLE, CLASSES, KEYED, OVER, SOUNDING, STRONG, SURE
from .collector import Block, Collector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Key(Collector):
    """{"key": {"tonic", "mode", "confidence"}, "key_changes": [{"t", "tonic", "mode"}], "tuning": cents}."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        names = [f"{kind}_chroma_{i}" for kind in ("treble", "bass") for i in range(12)]
        self.chroma = [table.index[name] for name in names if name in table.index]
        self.keys = Keys() if len(self.chroma) == len(names) else None
        self.tunings = array("f")  # cents
        self.spellings: list[tuple[str, ...]] = []  # after each second

    def take(self, block: Block) -> None:
        import numpy as np

        self.tunings.extend(present(self.table.column(block.rows, "tuning").tolist()))
        if not self.keys:
            return
        starts = block.starts.tolist()
        ends = [*starts[1:], len(block.second)][: len(starts)]
        levels = self.table.column(block.second, "level")
        for start, end in zip(starts, ends, strict=True):
            rows = filled(block.second[start:end, self.chroma])
            if not np.any(levels[start:end] > AUDIBLE):
                rows = np.zeros_like(rows)
            middle = max(1, len(rows) // 2)
            halves = [rows[:middle], rows[middle:] if len(rows) > 1 else rows]
            self.keys.feed(np.array([np.rint(half.mean(axis=0) * ONE) for half in halves]).astype(np.int64))
            found = self.found()
            self.spellings.append(spelling(found.tonic, found.mode) if found else NAMES)

    def spelling(self, frame: int) -> tuple[str, ...]:
        """The pitch classes as spelled by the key known when `frame` comes, from all whole seconds before it."""
        seconds = min(int(frame / self.rate), len(self.spellings))
        return self.spellings[seconds - 1] if seconds else NAMES

    @property
    def keyed(self) -> bool:
        """Can what was heard have a key?"""
        if not self.keys or self.keys.heard * HALF < max(SOUNDING, KEYED * self.keys.count * HALF):
            return False
        classes: NDArray[np.int64] = self.keys.all[:12] + self.keys.all[12:24]
        few = (classes > STRONG * classes.max()).sum() < CLASSES
        return not few and bool(classes.max() >= OVER * sorted(classes.tolist())[6])

    def found(self) -> Found | None:
        """The key of what was heard so far; None if there is none, or none that is sure."""
        found = self.keys.found() if self.keys and self.keyed else None
        return found if found and found.confidence >= SURE else None

    def result(self) -> Head:
        import numpy as np

        if not self.keys or not self.keyed:
            return {}
        found, spans = self.keys.main()
        if found.confidence < SURE:
            return {}
        head: Head = {"key": named(found) | {"confidence": found.confidence}}
        if len(spans) > 1:
            changes = [(span.start + self.start, Found(*of_number(span.key), 1.0)) for span in spans[1:]]
            head["key_changes"] = [{"t": round(start, 1), **named(key)} for start, key in changes]
        if len(self.tunings) >= SOUNDING * self.rate:
            head["tuning"] = round(float(np.median(np.array(self.tunings))))
        return head


def named(found: Found) -> Head:
    """The tonic, as its key spells it, and the mode."""
    return {"tonic": spelling(found.tonic, found.mode)[found.tonic], "mode": found.mode}
