"""How the lines are written: NDJSON, a table for fewer tokens, or words. Each view turns the same things into text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..caveats import Caveats
from ..wire import Head
from . import guide, wording
from .guide import Guide, Used
from .layers import Frame, Layout
from .measures import Table
from .once import CHANGING, levels_alike, same


def json(head: Head) -> str:
    """`head` as a line."""
    import orjson

    return orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE).decode()


class Ndjson:
    """One JSON object a line."""

    CODES: ClassVar[bool] = True  # are codes told?
    SOUND: ClassVar[tuple[str, ...]] = ()  # the fields of a sound in order, if only these are told
    FIELDS: ClassVar[bool] = True  # are the fields of the summary told?
    GRAIN = 2  # dB from which a grain is said

    def __init__(
        self, layout: Layout, table: Table, tag: Head | None = None, told: Guide | None = None, every: bool = False
    ):
        """`tag` has the fields that tie every line to its item: its number, its name.

        With `told`, fields are explained as they come. With `every`, scenes that repeat the last one are told too.
        """
        self.layout, self.table, self.tag, self.told, self.every = layout, table, tag or {}, told, every
        self._tag = f",{json(self.tag)[1:-2]}" if self.tag else ""
        self.keys = [f',"{name}":' for name in layout.names]
        self._last: Head = {}  # the scene that was told last
        self._said: dict[str, list[int | None]] = {}  # bands and modulation, as they were last said

    def how_to_read(self, layers: Sequence[str], introduced: bool, used: Used, brief: bool = False) -> str:
        """What the lines that are there mean: codes of `layers`, and lines with the fields `used`.

        `brief` texts have no units in the header: they are given here.
        """
        return guide.START + guide.explained(used, self.table if brief else None) + guide.codes(layers, introduced)

    def header(self, head: Head) -> str:
        return json(head)

    end = note = summary = header

    def tagged(self, head: Head) -> Head:
        """A line with the fields of `tag` after its first field."""
        if not self.tag:
            return head
        (first, value), *rest = head.items()
        return {first: value, **self.tag, **dict(rest)}

    def frame(self, time: str, line: Frame) -> str:
        stated = "".join([f"{self.keys[j]}{code}" for j, code in zip(line.layers, line.codes, strict=True)])
        key = ',"kf":true' if line.key else ""
        run = f',"n":{line.n}' if line.n else ""
        return f'{{"t":{time}{self._tag}{key}{run}{stated}}}\n'

    def code(self, layer: str, code: int, means: str) -> str:
        return json({"event": "code", **self.tag, "layer": layer, "code": code, "means": means})

    def scene(self, time: float, scene: Head) -> str:
        news = self.news(scene)
        return self.explained("scene", news) + self._line(time, "scene", news) if news else ""

    def sound(self, time: float, sound: Head, kind: str = "sound") -> str:
        """A line of this kind: `sound` or `repeats`."""
        return self.explained(kind, sound) + self._line(time, kind, sound)

    def bar(self, time: float, bar: Head) -> str:
        return self.explained("bar", bar) + self._line(time, "bar", bar)

    def section(self, time: float, section: Head) -> str:
        return self.explained("section", section) + self._line(time, "section", section)

    def explained(self, kind: str, fields: Head) -> str:
        """What has to be known before a line of this kind, as a line; "" for nothing."""
        text = self.told(kind, fields) if self.told else ""
        return self.note(self.tagged({"event": "how_to_read", "text": text})) if text else ""

    def news(self, scene: Head) -> Head:
        """A scene without what is as it was, or weak; {} if it says what the last one said."""
        scene = {**scene}
        if scene.get("grain", 0) < self.GRAIN:
            scene.pop("grain", None)
        kept = {name for name in CHANGING if name in scene and self._alike(name, scene[name])}
        if not self.every and same(scene, self._last) and kept == scene.keys() & {*CHANGING}:
            return {}
        self._last = scene
        self._said |= {name: scene[name] for name in CHANGING if name in scene and name not in kept}
        return {name: value for name, value in scene.items() if name not in kept}

    def _alike(self, name: str, now: list[int | None]) -> bool:
        return name in self._said and levels_alike(now, self._said[name])

    def _line(self, time: float, kind: str, fields: Head) -> str:
        return json({"t": time, **self.tag, kind: fields})


class Columns(Ndjson):
    """Positions instead of names: about half the tokens."""

    FIELDS = False
    SCENE = (
        "level",
        "centroid",
        "tonality",
        "grain",
        "pitch",
        "peak",
        "periodicity",
        "f0",
        "onsets",
        "clicks",
        "am",
        "pulse",
        "notes",
        "pitch_classes",
        "lowest",
        "highest",
        "bands",
        "modulation",
        "vibrato",
        "below_40_hz",
        "above_16_khz",
        "dominant_frequency",
    )
    SOUND = ("duration", "max_level", "onset_strength", "attack_time", "centroid", "pitch", "onset_notes", "peak",
             "decay", "onset_band", "am", "periodicity", "f0")  # fmt: skip
    REPEATS = ("of", "count", "ioi", "until", "times", "max_levels")
    MARKS: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = {
        "scene": ("~", SCENE),
        "sound": ("!", SOUND),
        "repeats": ("&", REPEATS),
    }

    SHEET = (
        "Lines with | are bars as on a lead sheet: time, number; chords, bass and melody by equal parts of the bar "
        "(. goes on, - silence); strokes of lows, mids and highs (x); level."
    )

    def how_to_read(self, layers: Sequence[str], introduced: bool, used: Used, brief: bool = False) -> str:
        text = super().how_to_read(layers, introduced, used, brief=True)
        text += " Lines have positions instead of names, empty if nothing is told or nothing changed"
        text += "; a>b goes from a to b, ~a is near a." if used.scene or used.sound else "."
        if layers:
            text += f" Codes: t,{','.join(self.layout.names)}."
        if introduced:
            text += " = introduces a code."
        for kind, (mark, names) in self.MARKS.items():
            if getattr(used, kind):
                text += f" {kind.capitalize()} lines: {mark}t,{','.join(names)}."
        return text + (f" {self.SHEET}" if used.bar else "")

    def header(self, head: Head) -> str:
        name, pack = str(head.get("name", "")).replace("\n", " "), head["pack"]
        limits = Caveats(head).first()
        text = f"# {name}\n# {pack['how_to_read']}\n" if "how_to_read" in pack else f"# {name}\n" * bool(name)
        text += "".join(f"# {said}\n" for said in limits)
        return text + (f"# left out: {', '.join(pack['left_out'])}\n" if "left_out" in pack else "")

    def end(self, head: Head) -> str:
        return f"# end: {head.get('frames', '?')} frames\n"

    def note(self, head: Head) -> str:
        return f"# {head['text']}\n" if head.get("event") == "how_to_read" else f"# {json(head)}"

    def summary(self, head: Head) -> str:
        if "in_words" in head:
            return f"# In all: {head['in_words']}\n"
        return self.note(head) if head.keys() > {"event"} else ""

    def frame(self, time: str, line: Frame) -> str:
        stated = dict(zip(line.layers, line.codes, strict=True))
        cells = [str(stated.get(j, "")) for j in range(len(self.layout.names))]
        run = f"*{line.n}" if line.n else ""
        return f"{float(time):g}{run},{','.join(cells)}".rstrip(",") + "\n"

    def code(self, layer: str, code: int, means: str) -> str:
        # Introductions are most of the text; those of the finest layers say least.
        fine = self.layout.depth(self.layout.names.index(layer)) > 1
        return "" if fine else f"={layer} {code} {means}\n"

    def section(self, time: float, section: Head) -> str:
        return f"@{time:g} {wording.section(section)}\n"

    def bar(self, time: float, bar: Head) -> str:
        new = self.told and self.told.first("bar")
        return (
            self.note({"event": "how_to_read", "text": self.SHEET}) if new else ""
        ) + f"|{time:g} {wording.bar(bar)}\n"

    def explained(self, kind: str, fields: Head) -> str:
        return "" if kind == "summary" else super().explained(kind, fields)  # it is told in words

    def _line(self, time: float, kind: str, fields: Head) -> str:
        mark, names = self.MARKS[kind]
        return f"{mark}{time:g},{','.join(cell(fields, name) for name in names)}".rstrip(",") + "\n"


class Words(Columns):
    """The whole in a few sentences, then a line of plain words for each scene that differs. Codes are not shown."""

    CODES = False
    LEGEND = (
        "Sound in words, measured: first the whole, then, from each time in seconds until the next, what the sound is "
        "like: its level in dBFS, noise (smooth, grainy or spiky) or tone, and around which frequency it lies. Lines "
        "with ! are single events: duration, highest level, the attack, what it sounds like, how it fades."
    )

    def __init__(
        self, layout: Layout, table: Table, tag: Head | None = None, told: Guide | None = None, every: bool = False
    ):
        super().__init__(layout, table, tag, None, every)
        self._level, self._words = 0, ""  # of the scene that was told last
        self._scene: Head = {}  # its measures

    def how_to_read(self, layers: Sequence[str], introduced: bool, used: Used, brief: bool = False) -> str:
        if used == Used():
            return "Of this sound only codes are known, and words have none: nothing of it was measured."
        return self.LEGEND + (f" {self.SHEET}" if used.bar else "")

    def frame(self, time: str, line: Frame) -> str:
        return ""

    def code(self, layer: str, code: int, means: str) -> str:
        return ""

    def scene(self, time: float, scene: Head) -> str:
        last = self._scene
        for field, least in (("centroid", 0.7), ("pulse", 0.95)):
            if 0 < least * scene.get(field, 0) < last.get(field, 0) < scene.get(field, 0) / least:
                scene = {**scene, field: last[field]}  # a small change does not count
        if "modulation" in scene and "modulation" in last and levels_alike(scene["modulation"], last["modulation"]):
            scene = {**scene, "modulation": last["modulation"]}
        level, words = scene.get("level", 0), wording.describe(scene)
        if not self.every and words == self._words and levels_alike([level], [self._level]):
            return ""
        self._level, self._words, self._scene = level, words, scene
        return f"{wording.clock(time)} {level} dB, {words}\n" if words else f"{wording.clock(time)} {level} dB\n"

    def section(self, time: float, section: Head) -> str:
        return f"{wording.clock(time)} {wording.section(section)}\n"

    def bar(self, time: float, bar: Head) -> str:
        return f"{wording.clock(time)} | {wording.bar(bar)}\n"

    def sound(self, time: float, sound: Head, kind: str = "sound") -> str:
        return f"{wording.clock(time)} ! {wording.event(sound) if kind == 'sound' else wording.again(time, sound)}\n"


def cell(fields: Head, name: str) -> str:
    """A field in a table, joined by signs: "A4>C5" for a contour, "~A4" for what is vague, "40-450" for a range."""
    if f"{name}_contour" in fields:
        return ">".join(map(str, fields[f"{name}_contour"]))
    if name == "pitch" and "vague_pitch" in fields:
        return f"~{fields['vague_pitch']}"
    value: Any = fields.get(name, "")
    if isinstance(value, list):
        sign = "-" if name == "onset_band" else " " if name in ("notes", "onset_notes", "pitch_classes") else "/"
        return sign.join("" if entry is None else str(entry) for entry in value)
    return str(value)


VIEWS = {"ndjson": Ndjson, "table": Columns, "words": Words}
