"""What rows of measures say, as they come: scenes, sounds, the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .. import notes
from ..caveats import Caveats
from ..wire import Head
from .contours import spelled
from .events import Detector, Event, described
from .layers import Layout
from .measures import Table
from .once import Scene, Sound
from .scenes import Scenes
from .sentences import outside, tell
from .summary.line import Summary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .measures import Array


def totals(end: Head) -> Head:
    """What an end says of loudness and channels, as the summary has it."""
    found: Head = {}
    lufs = end.get("lufs")
    if isinstance(lufs, dict):
        peak = end.get("true_peak_dbtp")
        found["lufs"] = lufs | ({"true_peak_dbtp": peak} if peak is not None else {})
    levels = end.get("channel_levels")
    if isinstance(levels, dict):
        found["channel_levels"] = levels
    return found


class Measuring:
    """Rows of measures in; scenes and sounds, as they are completed, and the summary out."""

    def __init__(self, layout: Layout, scene: float):
        self.layout = layout
        self.table = Table(layout.measures)
        self.summary = Summary(self.table, float(layout.rate), float(layout.start))
        told = bool(scene and layout.measures)
        self.length = layout.length(scene) if told else 1  # frames of a scene
        self.scenes = Scenes(self.table, self.length) if told else None
        self.detector = Detector(self.table, float(layout.rate))
        self.frames = 0
        self._rows: Array | None = None  # of the current scene

    @property
    def complete(self) -> int:
        """The frame at which the next scene begins."""
        return self.frames - (0 if self._rows is None else len(self._rows))

    def feed(self, numbers: NDArray[np.int16]) -> tuple[list[Scene], list[Sound]]:
        """What the next rows complete."""
        first, self.frames = self.frames, self.frames + len(numbers)
        if not self.layout.measures:
            return [], []
        rows = self.table.rows(numbers)
        self.summary.feed(rows)
        sounds = self._sounds(self.detector.feed(first, rows))
        return self._scenes(rows), sounds if self.scenes else []

    def finish(self) -> tuple[list[Scene], list[Sound]]:
        """What is left at the end."""
        sounds = self._sounds(self.detector.finish())
        rest = [] if self._rows is None else self._measure(self._rows, self.complete)
        return rest, sounds if self.scenes else []

    def tell(self, caveats: Caveats, end: Head | None) -> Head:
        """The summary without codes: what was measured, what the end says, what limits it; {} for none of these."""
        measured = bool(self.layout.measures and self.frames)
        head: Head = self.summary.head() if measured else {"event": "summary"}
        if key := head.get("key"):
            head = spelled(head, notes.key_spelling(key))
        head |= totals(end or {}) if measured else {}
        if said := caveats.all(end, head.get("silence", ())) + outside(head):
            head = {"event": "summary", "caveats": said} | head
        if head.keys() == {"event"}:
            return {}
        seconds = (end or {}).get("seconds")
        length = seconds if isinstance(seconds, int | float) else self.frames / float(self.layout.rate)
        return {"event": "summary", "in_words": tell(head, length), **head}

    def _sounds(self, events: Iterator[Event]) -> list[Sound]:
        before, sounds = float(self.layout.start), []
        for event, start, fields in described(events, self.table, float(self.layout.rate)):
            self.summary.sound(start, fields)
            sounds.append(Sound(event.frame, round(start + before, 2), fields, known=event.known))
        return sounds

    def _scenes(self, rows: Array) -> list[Scene]:
        import numpy as np

        if not self.scenes:
            return []
        rows = rows if self._rows is None else np.concatenate((self._rows, rows))
        start = self.frames - len(rows)
        whole = len(rows) // self.length * self.length
        self._rows = rows[whole:].copy()
        return self._measure(rows[:whole], start)

    def _measure(self, rows: Array, start: int) -> list[Scene]:
        scenes = enumerate(self.scenes.feed(rows) if self.scenes else ())
        return [Scene(start + i * self.length, scene) for i, scene in scenes if scene]
