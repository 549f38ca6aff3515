"""All that NDJSON says of one item. Other programs may have written it, or left something out: nothing is trusted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise
from operator import itemgetter

from ..errors import Failure, Upstream
from ..runtime import Item
from ..wire import Head, Record
from .content import Content
from .layers import Layout
from .measures import Table, rising
from .measuring import Sound
from .merge import Scene, carried
from .unpack import unpack

# What a reader of NDJSON relies on, by field.
NUMBER, TEXT, WAY, LIST, PAIR = range(5)
SCENE_FIELDS = {
    **dict.fromkeys(("dB", "Hz", "tone", "grain", "periodic", "attacks", "clicks", "pulse"), NUMBER),
    **dict.fromkeys(("below_40_hz", "above_16_khz", "main_hz"), NUMBER),
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


def of_ndjson(item: Item, say: Callable[[str], None]) -> Content:
    """What NDJSON says; what its makers left out is not there. Raises Failure where its header can't be read."""
    pack = pack if isinstance(pack := item.head.get("pack"), dict) else {}
    layout = Layout(item.head, least=0)
    told = Told(layout)
    told.legend(pack.get("codes"))
    payload, failure = bytearray(), None
    try:
        if layout.names:
            for record in unpack(item, say, whole=False, also=told.take):
                if isinstance(record, Record) and record.event == "data":
                    payload += record.payload
        else:
            without_codes(item, say, told)
    except (Upstream, Failure) as error:
        failure = error
    scene, left_out = pack.get("scene"), pack.get("left_out")
    return Content(
        head=item.head,
        end=item.end,
        failure=failure,
        layout=layout,
        table=Table(bands_of(pack)),
        payload=payload,
        scenes=carried(sorted(told.scenes, key=itemgetter(0))),
        sounds=sorted(told.sounds, key=itemgetter(0)),
        introductions=told.introductions,
        notes=told.notes,
        summary=told.summary,
        scene=float(scene) if isinstance(scene, int | float) and 0 < scene < math.inf else 0.0,
        left_out=[str(entry) for entry in left_out] if isinstance(left_out, list) else [],
        spoken=True,
    )


def without_codes(item: Item, say: Callable[[str], None], told: Told) -> None:
    """Read an item that has no codes. Raises Upstream, Failure."""
    missing = 0
    for record in item:
        missing += record.event == "missing"
        told.take(record.head)
    if missing and item.end:
        item.end = {**item.end, "damaged": True, "reason": f"{missing} lines are missing"}
        say(f"{item.name}: damaged: {missing} lines are missing")


class Told:
    """Takes lines, and keeps what they say but for codes."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.scenes: list[Scene] = []
        self.sounds: list[Sound] = []
        self.introductions: list[tuple[int, int, str]] = []  # layer, code, words
        self.notes: list[Head] = []  # all others
        self.summary: Head = {}  # without codes
        self._last = 0  # frame of the last line
        self._pending = 0  # sounds after it

    def legend(self, codes: object) -> None:
        """Take the introductions of a header."""
        for layer, introduced in codes.items() if isinstance(codes, dict) else ():
            for code, means in introduced.items() if isinstance(introduced, dict) else ():
                self._introduce(layer, int(code) if str(code).isdecimal() else None, means)

    def take(self, head: Head) -> None:
        """Keep what a line says but for codes, and for what tells its item."""
        head = {key: value for key, value in head.items() if key not in ("item", "name")}
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
            frame = math.floor((time - float(self.layout.start)) * self.layout.rate + 1e-6)
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


def bands_of(pack: Head) -> list[Head]:
    """The measures of levels by region that NDJSON had.

    Where they begin and end stands in the header as `bands_hz`; in older NDJSON, and of the finer ones, in words alone.
    """
    said, measures = str(pack.get("how_to_read", "")), []
    for field, name in (("bands", "band"), ("spectrum", "spectrum")):
        edges = rising(pack.get(f"{field}_hz"))
        if not edges and (found := re.search(rf"\b{field} dB in ([0-9]+(?:-[0-9]+)+) Hz", said)):
            edges = [int(edge) for edge in found[1].split("-")]
        measures += [{"name": f"{name}_{i}", "low": low, "high": high} for i, (low, high) in enumerate(pairwise(edges))]
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
