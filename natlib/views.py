"""How the lines are written: NDJSON, a table for fewer tokens, or words. Each view turns the same things into text."""

from __future__ import annotations

from . import gloss
from .layers import Frame, Layout
from .scene import Measured, Table
from .wire import Head

LETTER, DIGIT, SIGN = 1, 2, 3
KIND = bytes(
    LETTER if chr(i).isascii() and chr(i).isalpha() else DIGIT if chr(i).isdecimal() else SIGN for i in range(256)
)


def estimate(text: str) -> int:
    """How many tokens a language model's tokenizer makes of `text`, 6 % too few to 9 % too many.

    GPT-4's tokenizer cuts text into pieces before it merges bytes within them: words, digits in threes, runs of signs
    and spaces up to a line's end. A piece is counted as a token, a word for each eight letters. Lines add up.
    """
    import numpy as np

    data = text.encode()
    if not data:
        return 0
    kinds = np.frombuffer(data.translate(KIND), np.uint8)
    begins = kinds[1:] != kinds[:-1]
    begins |= np.frombuffer(data, np.uint8)[:-1] == ord("\n")
    starts = np.concatenate(([0], np.flatnonzero(begins) + 1))
    lengths = np.diff(np.append(starts, len(kinds)))
    longest = np.array([0, 8, 3, len(kinds)])[kinds[starts]]
    return int((-(-lengths // longest)).sum())


def json(head: Head) -> str:
    """`head` as a line."""
    import orjson

    return orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE).decode()


class Ndjson:
    """One JSON object a line."""

    def __init__(self, layout: Layout, table: Table):
        self.layout = layout
        self.keys = [f',"{name}":' for name in layout.names]

    def how_to_read(self, scenes: bool) -> str:
        text = (
            "Sound as text. t = seconds. A line with S0-A3 gives the layers whose code changes at t, kf lines give "
            "all. S0-S3: the scene over two seconds, A0-A3: the moment; each later layer refines the one before. "
            "Codes are ordinal: near numbers sound alike, a large jump is an event. A code line says what a code "
            "measures like."
        )
        return text + (
            " A scene line measures the time up to the next one: dB level, rise dB above background, bands dB in "
            "{bands} Hz against the level, Hz centroid, tone 0 noise to 100 tonal, pitch (a>b: it moves), attacks "
            "how many, wobble dB of fluctuation at 0.5-2, 2-8, 8-16, 16-50 a second, pulse a second, notes: strong "
            "pitch classes. A sound line is one event: t start, s length, dB peak, rise dB of the attack, Hz centroid, "
            "pitch, harm dB of harmonics over noise, odd dB of odd over even harmonics, tilt dB/octave, fall dB/s."
            if scenes
            else ""
        )

    def header(self, head: Head) -> str:
        return json(head)

    end = note = summary = header

    def frame(self, time: str, line: Frame) -> str:
        stated = "".join([f"{self.keys[j]}{code}" for j, code in zip(line.layers, line.codes, strict=True)])
        key = ',"kf":true' if line.key else ""
        run = f',"n":{line.n}' if line.n else ""
        return f'{{"t":{time}{key}{run}{stated}}}\n'

    def code(self, layer: str, code: int, means: str) -> str:
        return json({"event": "code", "layer": layer, "code": code, "means": means})

    def scene(self, time: float, scene: Measured) -> str:
        return json({"t": time, "scene": scene.fields})

    def sound(self, time: float, sound: Head) -> str:
        return json({"t": time, "sound": sound})


class Columns(Ndjson):
    """Positions instead of names: about half the tokens."""

    SCENE = ("dB", "rise", "bands", "Hz", "tone", "pitch", "attacks", "wobble", "pulse", "notes")
    SOUND = ("s", "dB", "rise", "Hz", "pitch")

    def how_to_read(self, scenes: bool) -> str:
        return (
            super().how_to_read(scenes) + " Here each line has positions instead of names, empty where nothing "
            f"changed. Lines of codes: t,{','.join(self.layout.names)}. = introduces a code."
            + (f" Scene lines: ~t,{','.join(self.SCENE)}. Sound lines: !t,{','.join(self.SOUND)}." if scenes else "")
        )

    def header(self, head: Head) -> str:
        name = str(head.get("name", "")).replace("\n", " ")
        return f"# {name}\n# {head['pack']['how_to_read']}\n"

    def end(self, head: Head) -> str:
        return f"# end: {head.get('seconds', '?')} s, {head.get('frames', '?')} frames\n"

    def note(self, head: Head) -> str:
        return f"# {json(head)}"

    summary = note

    def frame(self, time: str, line: Frame) -> str:
        stated = dict(zip(line.layers, line.codes, strict=True))
        cells = [str(stated.get(j, "")) for j in range(len(self.layout.names))]
        run = f"*{line.n}" if line.n else ""
        return f"{float(time):g}{run},{','.join(cells)}".rstrip(",") + "\n"

    def code(self, layer: str, code: int, means: str) -> str:
        # Introductions are most of the text; those of the finest layers are the least of the news.
        fine = self.layout.depth(self.layout.names.index(layer)) > 1
        return "" if fine else f"={layer} {code} {means}\n"

    def scene(self, time: float, scene: Measured) -> str:
        return self._cells("~", time, scene.fields, self.SCENE)

    def sound(self, time: float, sound: Head) -> str:
        return self._cells("!", time, sound, self.SOUND)

    @staticmethod
    def _cells(mark: str, time: float, values: Head, names: tuple[str, ...]) -> str:
        cells = [
            "/".join(map(str, value)) if isinstance(value := values.get(name, ""), list) else str(value)
            for name in names
        ]
        return f"{mark}{time:g},{','.join(cells)}".rstrip(",") + "\n"


class Words(Columns):
    """A line of plain words a scene. Codes are not shown."""

    def how_to_read(self, scenes: bool) -> str:
        return "Sound in words, measured: time in seconds, then what the sound is like until the next line."

    def frame(self, time: str, line: Frame) -> str:
        return ""

    def code(self, layer: str, code: int, means: str) -> str:
        return ""

    def scene(self, time: float, scene: Measured) -> str:
        words = gloss.introduce(scene.means)
        if attacks := scene.fields.get("attacks"):
            words += f", {attacks} attack{'s' if attacks > 1 else ''}"
        if pitch := scene.fields.get("pitch"):
            words += f", {str(pitch).replace('>', ' to ')}"
        if pulse := scene.fields.get("pulse"):
            words += f", pulse {pulse}/s"
        return f"{time:g} {words}\n"

    def sound(self, time: float, sound: Head) -> str:
        return f"{time:g} ! {sound['s']} s, {sound['dB']} dB" + (f", {sound['pitch']}\n" if "pitch" in sound else "\n")


VIEWS = {"ndjson": Ndjson, "table": Columns, "words": Words}
