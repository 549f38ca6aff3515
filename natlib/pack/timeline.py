"""An item's lines in the order of their times, as its frames come: what is measured, with the codes in between."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

from ..caveats import Caveats
from ..wire import Head
from .contours import spelled
from .layers import Frame, Frames, Layout
from .measuring import Heard, Measuring
from .music.told import spelled as of_bar
from .once import Repeats, Sound
from .settings import Settings
from .statistics import Count, Statistics, common_codes
from .views import Ndjson

if TYPE_CHECKING:
    from .layers import Codes

    Line = tuple[int, float, str | Callable[[], str]]  # the frame that it begins with, its rank there, its text

SECTION, BEFORE, SCENE, SOUND, CODE, FRAME, LATE, BAR, LAST = range(9)  # the ranks


class Lines:
    """All lines of an item between its header and its end.

    A code's introduction stands before the first line that uses the code; a scene, before its frames. A sound is known
    when it is over: until then the lines of its frames wait, but no longer than `PATIENCE`; a longer sound comes late.
    """

    PATIENCE = 0.8  # seconds
    BATCH = 128  # frames that are worked on at once, if so many come without a pause

    def __init__(self, layout: Layout, settings: Settings, view: Ndjson, chosen: list[str]):
        self.layout, self.settings, self.view = layout, settings, view
        self.patience = self.PATIENCE * float(layout.rate)  # frames
        self.frames = Frames(layout, chosen, settings.keyframe, settings.layers)
        self.statistics = Statistics(layout)
        self.measuring = Measuring(layout, settings.scene)
        self.repeats = Repeats() if not settings.every else None
        self.count = Count()
        self.codes: list[dict[int, str]] = [{} for _ in layout.names]  # introductions not yet used, by code
        self.waiting = 0  # frames taken, but not yet worked on
        self._waiting: list[bytes | bytearray] = []  # their rows
        self._held: list[Line] = []  # lines that may have to stand behind something yet to come
        self._waited = 0  # frames up to which due repeats were told
        self.times = 0  # characters in the frames' times

    def introduce(self, layer: int, code: int, text: str) -> None:
        """Keep the words for a code until it is used."""
        if self.settings.introduce and text:
            self.codes[layer][code] = text

    def take(self, payload: bytes | bytearray) -> None:
        """Keep rows until `feed`."""
        self._waiting.append(payload)
        self.waiting += len(payload) // self.layout.row.size

    def feed(self) -> str:
        """The lines that the rows taken complete."""
        if not self.waiting:
            return ""
        codes, numbers = self.layout.rows(b"".join(self._waiting))
        self._waiting.clear()
        self.waiting = 0
        first = self.statistics.frames
        times = self.layout.times(first, len(codes))
        self.times += sum(map(len, times))
        self._introductions(codes, first)
        self.statistics.feed(codes)
        for line in self.frames.feed(codes):
            self._frame(line, times[line.frame - first] if line.frame >= first else "")
        self._measured(self.measuring.feed(numbers), self.statistics.frames)
        complete = self.measuring.complete
        begun = [frame for frame in (self.measuring.detector.under_way, self.frames.under_way) if frame is not None]
        return self._release(min(complete, max(min(begun, default=complete), self.statistics.frames - self.patience)))

    def finish(self) -> str:
        """The lines that are left, except the summary."""
        text = self.feed()
        self._measured(self.measuring.finish(), self.statistics.frames)
        if self.repeats:
            self._tell(self.repeats.finish(self.statistics.frames))
        for line in self.frames.finish():
            self._frame(line)
        return text + self._release(math.inf)

    def sections(self, end: Head | None) -> str:
        """The lines of the sections, which are known at the end."""
        lines = self.measuring.sections(end)
        return self.count.add("".join(self.view.section(start, fields) for _, start, fields in lines))

    def summarise(self, caveats: Caveats, end: Head | None) -> Head:
        """The summary line's object."""
        head = self.measuring.tell(caveats, end) or {"event": "summary"}
        told = self.settings.stats and self.statistics.frames
        return head | (common_codes(self.statistics, self.settings.layers) if told else {})

    def _measured(self, heard: Heard, frames: int) -> None:
        """Take what is known after `frames` frames. What is told of sounds, and where, does not depend on batches."""
        for sound in heard.sounds:
            self._wait(sound.known)
            self._tell(self.repeats.take(sound) if self.repeats else iter((sound,)))
        self._wait(frames)
        for frame, fields in heard.scenes:
            line = partial(self.view.scene, self.layout.time(frame), self._spelled(frame, fields))
            self._held.append((frame, SCENE, line))
        for bar in heard.bars:
            names = self.measuring.summary.key.spelling(bar.known)
            self._held.append((bar.known, BAR, partial(self.view.bar, bar.start, of_bar(bar.fields, names))))

    def _wait(self, frames: int) -> None:
        """Tell repeats that have waited long enough, frame by frame."""
        for frame in range(self._waited + 1, frames + 1) if self.repeats and self.repeats.pending else ():
            self._tell(self.repeats.waited(self.layout.time(frame), frame) if self.repeats else iter(()))
        self._waited = max(self._waited, frames)

    def _tell(self, sounds: Iterator[Sound]) -> None:
        """Hold the lines of sounds: each where it begins, or, if it is known too late for that, after its frames."""
        for sound in sounds:
            line = partial(self.view.sound, sound.start, self._spelled(sound.frame, sound.fields), sound.kind)
            place = max(math.ceil(sound.known - self.patience), sound.frame + self._told_before(sound))
            self._held.append((place, LATE if place > sound.frame else SOUND, line))

    def _told_before(self, sound: Sound) -> bool:
        """Were the lines of its first frame told before it was found? A pitch proves new only with its second frame."""
        struck = "onset_strength" in sound.fields or sound.kind == "repeats"
        return not struck and (sound.frame + 1) % self.measuring.length == 0

    def _spelled(self, frame: int, fields: Head) -> Head:
        return spelled(fields, self.measuring.summary.key.spelling(frame))

    def _frame(self, line: Frame, time: str = "") -> None:
        self._held.append((line.frame, FRAME, self.view.frame(time or str(self.layout.time(line.frame)), line)))

    def _introductions(self, codes: Codes, first: int) -> None:
        """Hold the `code` lines of those of `codes` that appear for the first time."""
        for j in self.settings.layers:
            if not self.codes[j]:
                continue
            column = codes[:, j].tolist()
            for code in self.codes[j].keys() & set(column):
                text = self.view.code(self.layout.names[j], code, self.codes[j].pop(code))
                self._held.append((first + column.index(code), CODE, text))

    def _release(self, until: float) -> str:
        """The held lines of frames before `until`, in order."""
        self._held.sort(key=itemgetter(0, 1))
        count = bisect_left(self._held, until, key=itemgetter(0))
        text = written(self._held[:count])
        del self._held[:count]
        return self.count.add(text)


def written(lines: Sequence[Line]) -> str:
    """The text of lines, made in order: what is said once, and what is explained, depends on the lines before."""
    return "".join([line if isinstance(line, str) else line() for _, _, line in lines])
