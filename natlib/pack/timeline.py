"""An item's lines in the order of their times, as its frames come: what is measured, with the codes between."""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING

from ..caveats import Caveats
from ..wire import Head
from .layers import Frame, Frames, Layout
from .measuring import Measuring, Sound
from .merge import Scene
from .settings import Settings
from .statistics import Count, Statistics, common_codes
from .views import Ndjson

if TYPE_CHECKING:
    from .layers import Codes

    Line = tuple[int, int, str]  # the frame that it begins with, its rank there, its text

SCENE, SOUND, CODE, FRAME, LATE = range(5)  # the ranks


class Lines:
    """All lines of an item between its header and its end.

    Before the first line that uses a code stands the code's introduction; before the frames of a scene, the scene. A
    sound is known when it is over: meanwhile the lines of its frames wait, but not for longer than `PATIENCE`; one that
    is longer comes late.
    """

    PATIENCE = 0.8  # seconds
    BATCH = 256  # frames that are worked on at once, where so many come without a pause

    def __init__(self, layout: Layout, settings: Settings, view: Ndjson, chosen: list[str]):
        self.layout, self.settings, self.view = layout, settings, view
        self.patience = self.PATIENCE * float(layout.rate)  # frames
        self.frames = Frames(layout, chosen, settings.keyframe, settings.layers)
        self.statistics = Statistics(layout)
        self.measuring = Measuring(layout, settings.scene)
        self.count = Count()
        self.codes: list[dict[int, str]] = [{} for _ in layout.names]  # introductions not yet used, by code
        self.waiting = 0  # frames taken, but not yet worked on
        self._waiting: list[bytes | bytearray] = []  # their rows
        self._held: list[Line] = []  # what may have to stand behind something yet to come
        self.times = 0  # characters that the frames' times have

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
        self._measured(*self.measuring.feed(numbers))
        complete = self.measuring.complete
        begun = [frame for frame in (self.measuring.detector.under_way, self.frames.under_way) if frame is not None]
        return self._release(min(complete, max(min(begun, default=complete), self.statistics.frames - self.patience)))

    def finish(self) -> str:
        """The lines that are left, but for the summary."""
        text = self.feed()
        scenes, sounds = self.measuring.finish()
        self._measured([], sounds)
        for line in self.frames.finish():
            self._frame(line)
        self._measured(scenes, [])
        return text + self._release(math.inf)

    def summarise(self, caveats: Caveats, end: Head | None) -> Head:
        """The summary line's object."""
        head = self.measuring.tell(caveats, end) or {"event": "summary"}
        return head | (common_codes(self.statistics, self.settings.layers) if self.statistics.frames else {})

    def _measured(self, scenes: list[Scene], sounds: list[Sound]) -> None:
        self._held += [(sound.frame, SOUND, self.view.sound(sound.start, sound.fields)) for sound in sounds]
        self._held += [(frame, SCENE, self.view.scene(self.layout.time(frame), fields)) for frame, fields in scenes]

    def _frame(self, line: Frame, time: str = "") -> None:
        self._held.append((line.frame, FRAME, self.view.frame(time or str(self.layout.time(line.frame)), line)))

    def _introductions(self, codes: Codes, first: int) -> None:
        """The `code` lines of those of `codes` that appear for the first time."""
        for j in self.settings.layers:
            if not self.codes[j]:
                continue
            column = codes[:, j].tolist()
            for code in self.codes[j].keys() & set(column):
                text = self.view.code(self.layout.names[j], code, self.codes[j].pop(code))
                self._held.append((first + column.index(code), CODE, text))

    def _release(self, until: float) -> str:
        """The lines held of the frames before `until`, in order."""
        self._held.sort(key=itemgetter(0, 1))
        count = bisect_left(self._held, until, key=itemgetter(0))
        text = "".join([line[2] for line in self._held[:count]])
        del self._held[:count]
        return self.count.add(text)
