"""How the lines are written: NDJSON, a table for fewer tokens, or words. Each view turns the same things into text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..caveats import Caveats
from ..wire import Head
from . import guide, wording
from .guide import Used
from .layers import Frame, Layout
from .measures import Table


def json(head: Head) -> str:
    """`head` as a line."""
    import orjson

    return orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE).decode()


class Ndjson:
    """One JSON object a line."""

    CODES: ClassVar[bool] = True  # are codes told?
    SOUND: ClassVar[tuple[str, ...]] = ()  # the fields of a sound in order, where only these are told
    FIELDS: ClassVar[bool] = True  # are the fields of the summary?
    GRAIN = 2  # dB from which a grain is said
    CHANGE = 3  # dB by which bands or fluctuation must have changed to be said again

    def __init__(self, layout: Layout, table: Table, tag: Head | None = None):
        """`tag` are fields that every line bears, to be told to its item: its number, its name."""
        self.layout, self.table, self.tag = layout, table, tag or {}
        self._tag = f",{json(self.tag)[1:-2]}" if self.tag else ""
        self.keys = [f',"{name}":' for name in layout.names]
        self._said: dict[str, list[int | None]] = {}  # bands and fluctuation, when they were said last

    def how_to_read(self, layers: Sequence[str], introduced: bool, used: Used) -> str:
        """What the lines mean, of those that there are: codes of `layers`, and lines of the fields `used`."""
        measured = guide.measured(self.table, used)
        return "Sound as text; t in seconds." + measured + guide.codes(layers, introduced)

    def header(self, head: Head) -> str:
        return json(head)

    end = note = summary = header

    def tagged(self, head: Head) -> Head:
        """A line with what tells its item, after what it begins with."""
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
        return json({"t": time, **self.tag, "scene": self.news(scene)})

    def sound(self, time: float, sound: Head) -> str:
        return json({"t": time, **self.tag, "sound": sound})

    def news(self, scene: Head) -> Head:
        """A scene without what is as it was, or weak."""
        scene = {**scene}
        if scene.get("grain", 0) < self.GRAIN:
            scene.pop("grain", None)
        for field in ("bands", "wobble"):
            now, last = scene.get(field), self._said.get(field)
            if now and last and self._alike(now, last):
                del scene[field]
            elif now:
                self._said[field] = now
        return scene

    def _alike(self, now: list[int | None], last: list[int | None]) -> bool:
        return len(now) == len(last) and all(
            abs(a - b) < self.CHANGE if a is not None and b is not None else a is b
            for a, b in zip(now, last, strict=True)
        )


class Columns(Ndjson):
    """Positions instead of names: about half the tokens."""

    FIELDS = False
    SCENE = (
        "dB",
        "Hz",
        "tone",
        "grain",
        "pitch",
        "peak",
        "periodic",
        "f0",
        "attacks",
        "clicks",
        "am",
        "pulse",
        "notes",
        "bass",
        "top",
        "bands",
        "wobble",
        "vibrato",
        "below_40_hz",
        "above_16_khz",
        "main_hz",
    )
    SOUND = ("s", "dB", "rise", "ms", "Hz", "pitch", "peak", "fall", "in", "am", "periodic", "f0")

    def how_to_read(self, layers: Sequence[str], introduced: bool, used: Used) -> str:
        text = super().how_to_read(layers, introduced, used)
        text += " Here lines have positions instead of names, empty where nothing changed."
        if layers:
            text += f" Codes: t,{','.join(self.layout.names)}."
        if introduced:
            text += " = introduces a code."
        if used.scene:
            text += f" Scene lines: ~t,{','.join(self.SCENE)}."
        if used.sound:
            text += f" Sound lines: !t,{','.join(self.SOUND)}."
        return text

    def header(self, head: Head) -> str:
        name, pack = str(head.get("name", "")).replace("\n", " "), head["pack"]
        limits = Caveats(head).first()
        text = f"# {name}\n# {pack['how_to_read']}\n" if "how_to_read" in pack else ""  # else a prompt has said it
        text += "".join(f"# {said}\n" for said in limits)
        return text + (f"# left out: {', '.join(pack['left_out'])}\n" if "left_out" in pack else "")

    def end(self, head: Head) -> str:
        return f"# end: {head.get('frames', '?')} frames\n"

    def note(self, head: Head) -> str:
        return f"# {json(head)}"

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
        # Introductions are most of the text; those of the finest layers are the least of the news.
        fine = self.layout.depth(self.layout.names.index(layer)) > 1
        return "" if fine else f"={layer} {code} {means}\n"

    def scene(self, time: float, scene: Head) -> str:
        return self._cells("~", time, self.news(scene), self.SCENE)

    def sound(self, time: float, sound: Head) -> str:
        return self._cells("!", time, sound, self.SOUND)

    @staticmethod
    def _cells(mark: str, time: float, values: Head, names: tuple[str, ...]) -> str:
        cells = [
            "/".join("" if entry is None else str(entry) for entry in value)
            if isinstance(value := values.get(name, ""), list)
            else str(value)
            for name in names
        ]
        return f"{mark}{time:g},{','.join(cells)}".rstrip(",") + "\n"


class Words(Columns):
    """The whole in a few sentences, then a line of plain words for each scene that is another. Codes are not shown."""

    CODES = False

    def __init__(self, layout: Layout, table: Table, tag: Head | None = None):
        super().__init__(layout, table, tag)
        self._level, self._words = 0, ""  # of the scene that was told last
        self._scene: Head = {}  # what of it was measured

    def how_to_read(self, layers: Sequence[str], introduced: bool, used: Used) -> str:
        if used == Used():
            return "Of this sound only codes are known, and words have none: nothing of it was measured."
        return (
            "Sound in words, measured: first the whole, then from each time (in seconds) on, until another is told, "
            "what the sound is like: dB is level, Hz the middle of the spectrum; noise is smooth, grainy or spiky "
            "(clicks stand out). Lines with ! are single events: length, dB at the peak, dB of the attack, pitch (its "
            "tone from pure over mellow and rich to sharp), Hz, dB by which it falls each second."
        )

    def frame(self, time: str, line: Frame) -> str:
        return ""

    def code(self, layer: str, code: int, means: str) -> str:
        return ""

    def scene(self, time: float, scene: Head) -> str:
        last = self._scene
        for field, least in (("Hz", 0.7), ("pulse", 0.95)):
            if 0 < least * scene.get(field, 0) < last.get(field, 0) < scene.get(field, 0) / least:
                scene = {**scene, field: last[field]}  # a small change is none
        if "wobble" in scene and "wobble" in last and self._alike(scene["wobble"], last["wobble"]):
            scene = {**scene, "wobble": last["wobble"]}
        level, words = scene.get("dB", 0), wording.describe(scene)
        if words == self._words and abs(level - self._level) < self.CHANGE:
            return ""
        self._level, self._words, self._scene = level, words, scene
        return f"{time:g} {level} dB, {words}\n" if words else f"{time:g} {level} dB\n"

    def sound(self, time: float, sound: Head) -> str:
        return f"{time:g} ! {wording.event(sound)}\n"


VIEWS = {"ndjson": Ndjson, "table": Columns, "words": Words}
