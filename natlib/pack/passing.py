"""Notes of the stages before, on their way into the text: with the recording's times, and only if they are news."""

from __future__ import annotations

from collections.abc import Sequence

from ..caveats import Caveats
from ..wire import Head
from .thresholds import CORRELATED, MOVED, SOFT, UNCLIPPED

TOLD = ("channel_levels", "clipping", "gap", "nonfinite", "side_taken")  # events that the summary tells as a whole


class Passing:
    """The notes of one item. `caveats` gets all of them."""

    def __init__(self, head: Head):
        self.caveats = Caveats(head)
        self._channels: list[float] | None = None  # their levels, as last said
        self._clipped = -UNCLIPPED

    def __call__(self, head: Head) -> Head | None:
        """The note as it is written; None if it is no news."""
        self.caveats.note(head)
        event, time = head.get("event"), head.get("t")
        if event not in TOLD:
            return head
        if not isinstance(time, int | float):
            return None
        if event == "clipping":
            before, self._clipped = self._clipped, time
            if time - before < UNCLIPPED:
                return None
        if event == "channel_levels" and not self._moved(head):
            return None
        return {**head, "t": round(time + self.caveats.start, 3)}

    def _moved(self, head: Head) -> bool:
        """Has the balance of the channels changed since it was last said?"""
        levels = [level if isinstance(level, int | float) else -120.0 for level in head.get("dbfs", ())]
        if not levels or max(levels) < SOFT:
            return False
        apart = [max(level, max(levels) - 40) - max(levels) for level in levels]
        mid, side = (head.get(name) for name in ("mid_dbfs", "side_dbfs"))
        if len(levels) == 2:
            apart.append(max(-40.0, min(40.0, (side or -120.0) - (mid or -120.0))))
        now = [MOVED * head.get("correlation", 0.0) / CORRELATED, *apart]
        moved = self._channels is None or any(abs(a - b) >= MOVED for a, b in zip(now, self._channels, strict=True))
        if moved:
            self._channels = now
        return moved


def apart(notes: Sequence[Head]) -> list[Head]:
    """The notes that the summary does not cover."""
    return [note for note in notes if note.get("event") not in TOLD]
