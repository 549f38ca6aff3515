"""What rows of measures say, as they come: scenes, sounds, the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .. import notes
from ..caveats import Caveats
from ..wire import Head
from .contours import spelled
from .events import Detector, Event, described
from .layers import Layout
from .measures import table
from .music.leadsheet import Bar, LeadSheet
from .music.told import BarLine, Numbered, Sure
from .music.told import described as as_told
from .music.told import section_spelled as of_section
from .once import Scene, SectionLine, Sound
from .scenes import Scenes
from .sentences import outside, tell
from .summary.line import Summary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .measures import Array

AFTER = 12.0  # seconds after a bar's end by which the next one is known
RECENT = 64  # bars that are told within a batch, at most
OF_SCENES = ("notes", "pitch_classes", "lowest", "highest", "pulse")  # what bars tell as well
OF_SOUNDS = ("onset_notes",)


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


class Heard(NamedTuple):
    """What some rows complete."""

    scenes: list[Scene]
    sounds: list[Sound]
    bars: list[BarLine]


class Measuring:
    """Rows of measures in; scenes, sounds and bars, as they are completed, and the summary out."""

    def __init__(self, layout: Layout, scene: float):
        self.layout = layout
        self.table = table(layout.measures)
        self.summary = Summary(self.table, float(layout.rate), float(layout.start))
        told = bool(scene and layout.measures)
        self.length = layout.length(scene) if told else 1  # frames of a scene
        self.scenes = Scenes(self.table, self.length) if told else None
        self.detector = Detector(self.table, float(layout.rate))
        self.sheet = LeadSheet(self.table, float(layout.rate))
        self.sure, self.numbered = Sure() if self.sheet.there else None, Numbered()
        # Of the last bars told: the frame at which each is known, and until which frame the next one may follow.
        self.known: list[tuple[int, float]] = []
        self.frames = 0
        self._rows: Array | None = None  # of the current scene

    @property
    def complete(self) -> int:
        """The frame at which the next scene begins."""
        return self.frames - (0 if self._rows is None else len(self._rows))

    def feed(self, numbers: NDArray[np.int16]) -> Heard:
        """What the next rows complete."""
        first, self.frames = self.frames, self.frames + len(numbers)
        if not self.layout.measures:
            return Heard([], [], [])
        rows = self.table.rows(numbers)
        self.summary.feed(rows)
        bars = self._bars(self.sheet.feed(rows))
        sounds = self._sounds(self.detector.feed(first, rows))
        return self._heard(self._scenes(rows), sounds, bars)

    def finish(self) -> Heard:
        """What is left at the end."""
        import numpy as np

        bars = self._bars(self.sheet.feed(np.empty((0, len(self.table.names))), last=True)) if self.frames else []
        sounds = self._sounds(self.detector.finish())
        rest = [] if self._rows is None else self._measure(self._rows, self.complete)
        return self._heard(rest, sounds, bars)

    def _heard(self, scenes: list[Scene], sounds: list[Sound], bars: list[BarLine]) -> Heard:
        return Heard(scenes, sounds, bars) if self.scenes else Heard([], [], [])

    def _bars(self, bars: list[Bar]) -> list[BarLine]:
        """The lines of those bars that are sure."""
        lines = []
        for bar in bars:
            told, last = self.sure(bar) if self.sure else (False, False)
            self.summary.bar(bar, told)
            if told:
                head = self.numbered(as_told(bar)) | ({"end": self._time(bar.end)} if last else {})
                frame = self.layout.within(self._time(bar.start))
                lines.append(BarLine(frame, self._time(bar.start), head, bar.known))
                until = (bar.end + (0 if last else AFTER)) * float(self.layout.rate)
                self.known = [*self.known[-RECENT:], (bar.known, until)]
        return lines

    def _less(self, start: int, known: int, told: Head, fields: tuple[str, ...]) -> Head:
        """What a line that begins at a frame tells, without what bars tell that are known when it is."""
        ends = [until for when, until in self.known if when <= known]
        if not ends or start >= ends[-1]:
            return told
        return {key: value for key, value in told.items() if key not in fields}

    def _time(self, seconds: float) -> float:
        """Seconds of the item in seconds of the recording."""
        return round(seconds + float(self.layout.start), 2)

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
        return {"event": "summary", "in_words": tell(head, length, self.table.middles), **head}

    def sections(self, end: Head | None) -> list[SectionLine]:
        """The lines of the sections, once all rows are there, and the end, which may say how loud the whole is."""
        if not self.scenes or not self.frames:
            return []
        lufs = (end or {}).get("lufs")
        integrated = lufs.get("integrated") if isinstance(lufs, dict) else None
        loud = float(integrated) if isinstance(integrated, int | float) else None
        names = notes.key_spelling(self.summary.key.result().get("key"))
        return [
            SectionLine(self.layout.within(start), start, of_section(fields, names))
            for start, fields in self.summary.sections.lines(loud)
        ]

    def _sounds(self, events: Iterator[Event]) -> list[Sound]:
        before, sounds = float(self.layout.start), []
        for event, start, fields in described(events, self.table, float(self.layout.rate)):
            self.summary.sound(start, fields)
            told = self._less(event.frame, event.known, fields, OF_SOUNDS)
            sounds.append(Sound(event.frame, round(start + before, 2), told, known=event.known))
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
        result = []
        for i, scene in scenes:
            frame = start + i * self.length
            if told := self._less(frame, frame + self.length, scene, OF_SCENES):
                result.append(Scene(frame, told))
        return result
