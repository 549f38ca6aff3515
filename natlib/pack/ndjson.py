"""All that NDJSON says of one item. Other programs may have written it or left something out: nothing is trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from operator import itemgetter

from ..errors import Failure, Upstream
from ..runtime import Item
from ..wire import Head, Record
from . import timeline
from .content import Content
from .layers import Layout
from .measures import Table, rising
from .merge import carried
from .music.told import BarLine, section_sound, sound
from .once import Place, Scene, SectionLine, Sound
from .terms import BAR, LINES, SCENE, SECTION, SUMMARY, checked
from .unpack import unpack

BEHIND = 2.0**-20  # of a rank: by how much a line lies behind another one


def of_ndjson(item: Item, say: Callable[[str], None]) -> Content:
    """What NDJSON says; what its makers left out is not there. Raises Failure if its header can't be read."""
    pack = pack if isinstance(pack := item.head.get("pack"), dict) else {}
    layout = Layout(item.head, least=0)
    told = Told(layout)
    told.legend(pack.get("legend"))
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
    scene, left_out = pack.get("scene_seconds"), pack.get("left_out")
    length = float(scene) if isinstance(scene, int | float) and 0 < scene < math.inf else 0.0
    return Content(
        head=item.head,
        end=item.end,
        failure=failure,
        layout=layout,
        table=Table(measures_of(pack)),
        payload=payload,
        scenes=carried(sorted(told.scenes, key=itemgetter(0))),
        events=sorted(told.sounds, key=itemgetter(0)),
        bars=told.bars,
        sections=told.sections,
        introductions=told.introductions,
        notes=told.notes,
        summary=told.summary,
        scene=length,
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
    """Takes lines, and keeps what they say, except for codes."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.scenes: list[Scene] = []
        self.sounds: list[Sound] = []
        self.bars: list[BarLine] = []
        self.sections: list[SectionLine] = []
        self.introductions: list[tuple[int, int, str]] = []  # layer, code, words
        self.notes: list[Head] = []  # all others
        self.summary: Head = {}  # without codes
        self._last = 0  # frame of the last scene or line of codes
        self._stated = -1  # frame of the last line of codes
        self._line: Place = (0, timeline.SCENE)  # of the last line
        self._pending = 0  # sounds since the last scene or line of codes

    def legend(self, codes: object) -> None:
        """Take the introductions of a header."""
        for layer, introduced in codes.items() if isinstance(codes, dict) else ():
            for code, means in introduced.items() if isinstance(introduced, dict) else ():
                self._introduce(layer, int(code) if str(code).isdecimal() else None, means)

    def take(self, head: Head) -> None:
        """Keep what a line says, except for codes and for what ties it to its item."""
        head = {key: value for key, value in head.items() if key not in ("item", "name")}
        event, time = head.get("event"), head.get("t")
        if event is None and isinstance(time, int | float) and math.isfinite(time):
            self._timed(float(time), head)
        elif event == "code" and self._introduce(head.get("layer"), head.get("code"), head.get("means")):
            pass
        elif event == "summary":
            self.summary = {key: value for key, value in checked(head, SUMMARY).items() if key != "common_codes"}
            if not isinstance(head.get("in_words"), str):
                self.summary = {}
        elif event not in ("missing", "how_to_read"):
            self.notes.append(head)

    def _timed(self, time: float, head: Head) -> None:
        frame = self.layout.frame(time)
        for kind, needed in (("sound", {"duration", "max_level"}), ("repeats", {"of", "count"})):
            if (fields := checked(head.get(kind), LINES[kind])) and needed <= fields.keys():
                at = fields.get("until", max(fields.get("times", ()), default=time)) if kind == "repeats" else time
                frame = self.layout.within(at)
                late = self._last > frame or self._stated == frame
                self._pending += 1
                self.sounds.append(Sound(frame, time, fields, self._behind() if late else None, kind))
                if not late:
                    self._line = max(self._line, (frame, timeline.SOUND))
                return
        if fields := sound(checked(head.get("bar"), BAR)):
            self.bars.append(BarLine(self.layout.within(time), time, fields, late=self._behind()))
            return
        if fields := section_sound(checked(head.get("section"), SECTION)):
            self.sections.append(SectionLine(self.layout.within(time), time, fields))
            return
        if fields := checked(head.get("scene"), SCENE):
            self.scenes.append(Scene(frame, fields))
        elif head.keys().isdisjoint({"scene", "sound", "repeats", "bar", "section", *self.layout.names}):
            self.notes.append(head)
            return
        first = len(self.sounds) - self._pending  # times are rounded: a sound begins before the line that follows it
        most = frame - 1 if fields else frame
        self.sounds[first:] = [sound._replace(frame=min(sound.frame, max(0, most))) for sound in self.sounds[first:]]
        self._pending, self._last = 0, max(self._last, frame)
        self._stated = self._stated if fields else frame
        self._line = max(self._line, (frame, timeline.SCENE if fields else timeline.FRAME))

    def _behind(self) -> Place:
        """Right behind the last line."""
        frame, rank = self._line
        self._line = frame, rank + BEHIND
        return self._line

    def _introduce(self, layer: object, code: object, means: object) -> bool:
        if layer not in self.layout.names or type(code) is not int or not isinstance(means, str):
            return False
        self.introductions.append((self.layout.names.index(str(layer)), code, means))
        return True


def measures_of(pack: Head) -> list[Head]:
    """The measures whose values NDJSON has in lists: the header says where each begins and ends."""
    return [
        {"name": f"{name}_{i}", "low": low, "high": high}
        for field, name in (("bands", "band"), ("modulation", "modulation"), ("spectrum", "spectrum"))
        for i, (low, high) in enumerate(pairwise(rising(pack.get(f"{field}_hz"))))
    ]
