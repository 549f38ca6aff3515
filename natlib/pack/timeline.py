"""An item's lines in the order of their times, as its frames come.

`Measuring` hears what rows of measures say: scenes, sounds, the whole. `Lines` writes that with the codes between.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Failure
from ..wire import Head
from .events import Detector, Event, described
from .layers import Frame, Frames, Layout
from .measures import Table
from .merge import Scene
from .scenes import Scenes
from .sentences import tell
from .statistics import Count, Statistics, common_codes
from .summary.line import Summary
from .views import Ndjson

if TYPE_CHECKING:
    from argparse import Namespace

    import numpy as np
    from numpy.typing import NDArray

    from .layers import Codes
    from .measures import Array

    Line = tuple[int, int, str]  # the frame that it begins with, its rank there, its text

SCENE, SOUND, CODE, FRAME, LATE = range(5)  # the ranks


class Sound(NamedTuple):
    """A sound line: the frame at which it begins, its time, its fields."""

    frame: int
    start: float
    fields: Head
    late: int = -1  # the frame after which it stood, if that is a later one


class Settings(NamedTuple):
    """What of an item is written."""

    layers: tuple[int, ...]  # indices of those kept
    scene: float  # seconds that a scene measures, 0 for no scenes and no sounds
    keyframe: float  # seconds between keyframes, 0 for the first line only
    introduce: bool  # are codes introduced?
    brief: bool  # without where it came from, as in a prompt?


def settings(layout: Layout, scene: float, options: Namespace) -> Settings:
    """What `options` ask of an item that can have scenes of so many seconds. Raises Failure for unknown layers."""
    wanted = options.layers.split(",") if options.layers else layout.names
    if unknown := [name for name in wanted if name not in layout.names]:
        raise Failure(f"expected layers of {' '.join(layout.names)}, got {' '.join(unknown)}")
    if options.prompt and not options.layers:
        wanted = [name for j, name in enumerate(layout.names) if not layout.depth(j)]  # finer ones help no reader
    kept = tuple(j for j, name in enumerate(layout.names) if name in wanted)
    return Settings(kept, scene, options.keyframe_interval, options.legend != "none", options.prompt)


class Measuring:
    """Rows of measures in; scenes and sounds, as they are complete, and the summary out."""

    def __init__(self, layout: Layout, scene: float):
        self.layout = layout
        self.table = Table(layout.measures)
        self.summary = Summary(self.table, float(layout.rate))
        told = bool(scene and layout.measures)
        self.length = max(1, round(scene * layout.rate)) if told else 1  # frames of a scene
        self.scenes = Scenes(self.table, self.length) if told else None
        self.detector = Detector(self.table, float(layout.rate))
        self.frames = 0
        self._rows: Array | None = None  # of the scene under way

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

    def tell(self) -> Head:
        """The summary without codes; {} where nothing was measured."""
        if not self.layout.measures or not self.frames:
            return {}
        head = self.summary.head()
        return {"event": "summary", "in_words": tell(head, self.frames / float(self.layout.rate)), **head}

    def _sounds(self, events: Iterator[Event]) -> list[Sound]:
        sounds = [Sound(*told) for told in described(events, self.table, float(self.layout.rate))]
        for sound in sounds:
            self.summary.sound(sound.start, sound.fields)
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

    def summarise(self) -> Head:
        """The summary line's object."""
        head = self.measuring.tell() or {"event": "summary"}
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
