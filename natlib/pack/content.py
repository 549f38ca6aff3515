"""All that is known of one item, kept to be written later: from tokens, or from the NDJSON that was packed of them.

Rows of codes and measures are kept as they came, lines as they were said: an hour comes to some 60 MB.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from ..runtime import Item
from ..wire import Head, Record
from . import introductions
from .layers import Layout
from .measures import Table
from .merge import Scene, carried
from .timeline import Measuring, Sound
from .unpack import unpack

if TYPE_CHECKING:
    from .layers import Codes

# What a reader of NDJSON relies on, by field: other programs may have written it.
NUMBER, TEXT, WAY, LIST, PAIR = range(5)
SCENE_FIELDS = {
    **dict.fromkeys(("dB", "Hz", "tone", "grain", "periodic", "attacks", "clicks", "pulse"), NUMBER),
    **dict.fromkeys(("pitch", "notes", "bass", "top"), TEXT),
    **dict.fromkeys(("peak", "f0"), WAY),
    **dict.fromkeys(("vibrato", "am"), PAIR),
    **dict.fromkeys(("bands", "wobble"), LIST),
}
SOUND_FIELDS = {
    **dict.fromkeys(("s", "dB", "rise", "ms", "periodic", "harm", "odd", "tilt", "fall"), NUMBER),
    **dict.fromkeys(("in", "pitch"), TEXT),
    **dict.fromkeys(("Hz", "peak", "f0"), WAY),
    "am": PAIR,
}


class Heard:
    """One item. `read` fills it; where that raises, what came before is there."""

    def __init__(self, item: Item, layout: Layout, table: Table):
        self.item, self.layout, self.table = item, layout, table
        self.payload = bytearray()  # rows
        self.scenes: list[Scene] = []
        self.sounds: list[Sound] = []
        self.introductions: list[tuple[int, int, str]] = []  # layer, code, words
        self.notes: list[Head] = []  # all others
        self.summary: Head = {}  # without codes
        self.left_out: list[str] = []  # what was, when the NDJSON was packed
        self.scene = 0.0  # seconds of a scene
        self.spoken = False  # are bands and wobble those that were said last, as NDJSON has them?

    @property
    def codes(self) -> Codes:
        """Shape (frames, layers)."""
        import numpy as np

        return self.layout.rows(self.payload)[0] if self.layout.names else np.empty((self.frames, 0), np.uint16)

    @property
    def frames(self) -> int:
        return len(self.payload) // self.layout.row.size

    def measured(self) -> bool:
        """Is more known than codes?"""
        return bool(self.scenes or self.sounds or self.summary)


class HeardTokens(Heard):
    """Of a token stream; scenes measure `scene` seconds."""

    def __init__(self, item: Item, scene: float):
        layout = Layout(item.head)
        self.measuring = Measuring(layout, scene)
        super().__init__(item, layout, self.measuring.table)
        self.scene = scene if layout.measures else 0.0

    def read(self) -> None:
        """Read the item. Raises Upstream, Failure."""
        step = 256 * self.layout.row.size
        try:
            for record in self.item:
                if record.event == "data":
                    self.payload += record.payload
                elif record.event == "code" and (told := introduction(self.layout, record.head)):
                    self.introductions.append(told)
                else:
                    self.notes.append(record.head)
        finally:
            for first in range(0, len(self.payload), step):
                self._add(*self.measuring.feed(self.layout.rows(self.payload[first : first + step])[1]))
            self._add(*self.measuring.finish())
            self.summary = self.measuring.tell()

    def _add(self, scenes: list[Scene], sounds: list[Sound]) -> None:
        self.scenes += scenes
        self.sounds += sounds


class HeardNdjson(Heard):
    """Of NDJSON. What its makers left out is not there."""

    def __init__(self, item: Item, say: Callable[[str], None]):
        self.pack = pack if isinstance(pack := item.head.get("pack"), dict) else {}
        super().__init__(item, Layout(item.head, least=0), Table(bands_of(self.pack)))
        self.say = say
        scene, left_out = self.pack.get("scene"), self.pack.get("left_out")
        self.scene = float(scene) if isinstance(scene, int | float) and 0 < scene < math.inf else 0.0
        self.left_out = [str(entry) for entry in left_out] if isinstance(left_out, list) else []
        self.spoken = True
        self._last = 0  # frame of the last line
        self._pending = 0  # sounds after it
        for layer, codes in dict(self.pack.get("codes") or {}).items():
            for code, means in dict(codes or {}).items():
                self._introduce(layer, int(code) if str(code).isdecimal() else None, means)

    def read(self) -> None:
        """Read the item. Raises Upstream, Failure."""
        try:
            self._codes() if self.layout.names else self._lines()
        finally:
            self.scenes = carried(sorted(self.scenes, key=itemgetter(0)))
            self.sounds.sort(key=itemgetter(0))

    @property
    def frames(self) -> int:
        if self.layout.names:
            return super().frames
        total = (self.item.end or {}).get("frames")
        return total if type(total) is int and total > 0 else 0

    def _codes(self) -> None:
        tee = Tee(self.item, self.take)
        for record in unpack(tee, self.say, whole=False):
            if isinstance(record, Record) and record.event == "data":
                self.payload += record.payload
        self.item.end = tee.end

    def _lines(self) -> None:
        """Read an item that has no codes."""
        missing = 0
        for record in self.item:
            missing += record.event == "missing"
            self.take(record.head)
        if missing and self.item.end:
            self.item.end = {**self.item.end, "damaged": True, "reason": f"{missing} lines are missing"}
            self.say(f"{self.item.name}: damaged: {missing} lines are missing")

    def take(self, head: Head) -> None:
        """Keep what a line says but for codes."""
        event, time = head.get("event"), head.get("t")
        if event is None and isinstance(time, int | float) and math.isfinite(time):
            self._timed(float(time), head)
        elif event == "code" and self._introduce(head.get("layer"), head.get("code"), head.get("means")):
            pass
        elif event == "summary":
            self.summary = {key: value for key, value in head.items() if key != "codes"}
            if not isinstance(head.get("in_words"), str):
                self.summary = {}
        elif event != "missing":
            self.notes.append(head)

    def _timed(self, time: float, head: Head) -> None:
        frame = self.layout.frame(time)
        if (fields := checked(head.get("sound"), SOUND_FIELDS)) and {"s", "dB"} <= fields.keys():
            frame = math.floor(time * self.layout.rate + 1e-6)
            self._pending += 1
            self.sounds.append(Sound(frame, time, fields, self._last if self._last > frame else -1))
            return
        if fields := checked(head.get("scene"), SCENE_FIELDS):
            self.scenes.append(Scene(frame, fields))
        elif head.keys().isdisjoint({"scene", "sound", *self.layout.names}):
            self.notes.append(head)
            return
        first = len(self.sounds) - self._pending  # times are rounded: a sound begins before the line that follows it
        most = frame - 1 if fields else frame
        self.sounds[first:] = [sound._replace(frame=min(sound.frame, max(0, most))) for sound in self.sounds[first:]]
        self._pending, self._last = 0, max(self._last, frame)

    def _introduce(self, layer: object, code: object, means: object) -> bool:
        if layer not in self.layout.names or type(code) is not int or not isinstance(means, str):
            return False
        self.introductions.append((self.layout.names.index(str(layer)), code, means))
        return True


class Tee(Item):
    """An item whose lines are handed to `take` as well, while they are read."""

    def __init__(self, item: Item, take: Callable[[Head], None]):
        super().__init__(item.head, iter(()))
        self.item, self.take = item, take

    def __iter__(self) -> Iterator[Record]:
        for record in self.item:
            self.take(record.head)
            yield record
        self.end = self.item.end


def introduction(layout: Layout, head: Head) -> tuple[int, int, str] | None:
    """Layer, code and words of a `code` note, none for a nuance of a residual layer. None where it can't be told."""
    name, code, measures = head.get("layer"), head.get("code"), head.get("measures")
    if name not in layout.names or type(code) is not int or not isinstance(measures, dict):
        return None
    layer = layout.names.index(name)
    known = {key: value for key, value in measures.items() if type(value) in (int, float)}
    say = introductions.refine if layout.depth(layer) else introductions.introduce
    return layer, code, say(known, layout.types[layer])


def bands_of(pack: Head) -> list[Head]:
    """The measures of levels by region that NDJSON had. It says their borders in words, to whoever reads."""
    said, measures = str(pack.get("how_to_read", "")), []
    for field, name in (("bands", "band"), ("spectrum", "spectrum")):
        if found := re.search(rf"\b{field} dB in ([0-9]+(?:-[0-9]+)+) Hz", said):
            edges = [int(edge) for edge in found[1].split("-")]
            measures += [
                {"name": f"{name}_{i}", "low": low, "high": high} for i, (low, high) in enumerate(pairwise(edges))
            ]
    return measures


def checked(fields: object, kinds: dict[str, int]) -> Head:
    """The fields that are what they should be, and those that are not known."""
    return (
        {key: value for key, value in fields.items() if good(value, kinds.get(key))} if isinstance(fields, dict) else {}
    )


def good(value: object, kind: int | None) -> bool:
    """Is it of this kind?"""
    if kind == NUMBER:
        return type(value) in (int, float)
    if kind == TEXT:
        return isinstance(value, str)
    if kind == WAY:
        return type(value) is int or isinstance(value, str)
    if kind is None:
        return True
    if not isinstance(value, list) or not all(entry is None or type(entry) in (int, float) for entry in value):
        return False
    return kind == LIST or (len(value) == 2 and None not in value)
