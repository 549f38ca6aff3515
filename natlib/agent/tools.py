"""The tools, as agents are told of them over MCP and in llm: names, arguments, when to use which; and what they do."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import Failure
from ..files import display
from . import hear as hearing
from .allowed import Allowed
from .compare import compare
from .look import LETTERS, View, lines, look, sheet
from .sound import Sound, below, parse, seconds, sound
from .work import Work

PAGE = 30  # sounds of a sheet: their pictures, five in a line, are a square of 1,500 pixels
FOOT = 100  # tokens of a budget that are left for what stands below: how to get more
ABOUT = (
    "Ears: sound files as text and pictures. The text is measured, never labelled: levels, pitches, notes, noise or "
    "tone, attacks, tempo, chords, sections, with times in seconds of the recording. Not known where to start: sheet "
    'with paths ["."] shows what there is. One file: hear. What the text leaves in doubt: look, closer with from, to, '
    "fmin, fmax. Two files, or two parts of one: compare. No words are heard."
)


class Answer(NamedTuple):
    """What a tool says, and a PNG if it draws."""

    text: str
    png: bytes = b""


class Tool(NamedTuple):
    """A tool: what an agent is told of it, its arguments as JSON Schema, and what it does."""

    name: str
    about: str
    arguments: dict[str, dict[str, Any]]
    required: tuple[str, ...]
    run: Callable[..., Answer]

    @property
    def schema(self) -> dict[str, Any]:
        """Its arguments as one JSON Schema."""
        return {"type": "object", "properties": self.arguments, "required": list(self.required),
                "additionalProperties": False}  # fmt: skip

    def call(self, work: Work, allowed: Allowed, given: dict[str, Any]) -> Answer:
        """Run it. Raises Failure for what can't be done, with the cure."""
        if unknown := given.keys() - self.arguments.keys():
            raise Failure(f"expected arguments of {', '.join(self.arguments)}, got {', '.join(sorted(unknown))}")
        if missing := [name for name in self.required if name not in given]:
            raise Failure(f"expected {', '.join(missing)}: {self.arguments[missing[0]]['description']}")
        known = {name: schema.get("default") for name, schema in self.arguments.items()}
        for name, value in given.items():
            known[name] = value if value is None else checked(name, value, self.arguments[name])
        known["start"], known["end"] = known.pop("from"), known.pop("to")
        return self.run(work, allowed, **known)


def checked(name: str, value: Any, schema: dict[str, Any]) -> Any:
    """`value`, if it is what the schema asks for; numbers and times may come as strings. Raises Failure."""
    kind = schema["type"]
    try:
        if kind in ("number", "integer"):
            value = seconds(value) if isinstance(value, str) else value
            good = isinstance(value, int | float) and not isinstance(value, bool) and value == value
            good = good and schema.get("minimum", 0) <= value <= schema.get("maximum", 1e9)
            value = int(value) if good and kind == "integer" else value
        elif kind == "array":
            value = [value] if isinstance(value, str) else value
            good = isinstance(value, list) and all(isinstance(part, str) for part in value)
        else:
            good = isinstance(value, {"string": str, "boolean": bool}[kind]) and value in schema.get("enum", [value])
    except ValueError:
        good = False
    if not good:
        raise Failure(f"expected {name}: {schema['description']}, got {value!r}")
    return value


def hear(work: Work, allowed: Allowed, path: str, start: float | None, end: float | None, budget: int,
         view: str) -> Answer:  # fmt: skip
    """One sound as text; the names of a folder's."""
    found, *more = files(allowed, [path], start, end)
    if more or os.path.isdir(allowed.find(path)):
        names = [name(allowed, one) for one in (found, *more)]
        return Answer(cut(f"A folder of {len(names)} files: sheet shows them at a glance, hear tells of one.\n"
                          + "\n".join(names), budget))  # fmt: skip
    text = hearing.text(work, [found], view, max(1, budget - FOOT))
    if "left out" in text[:2000]:
        text += f"\nThis is what fits {budget} tokens. For all of a part, call hear with from and to; to see it, look."
    return Answer(text)


def show(work: Work, allowed: Allowed, path: str, start: float | None, end: float | None, budget: int,
         marks: bool, **view: Any) -> Answer:  # fmt: skip
    """A picture of one sound."""
    (found,) = one(allowed, path, start, end)
    png = look(work, found, View(view["fmin"], view["fmax"], view["window"], view["range"]), marks)
    text = f"{found.title}: waveform and spectrogram, times in seconds of the recording. Closer: from, to, fmin, fmax."
    if marks:
        heard = work.listen([found._replace(start=None, end=None)])[0]
        text += f"\nOf the whole file the text says: {heard.words}"
    return Answer(cut(text, budget), indexed(png))


def glance(work: Work, allowed: Allowed, paths: list[str], start: float | None, end: float | None, budget: int,
           first: int) -> Answer:  # fmt: skip
    """Many sounds."""
    found = files(allowed, paths, start, end)
    page = found[first : first + PAGE]
    if not page:
        raise Failure(f"expected first below {len(found)}, the number of files, got {first}")
    png, heard = sheet(work, page)
    count = f"{first + 1} to {first + len(page)} of {len(found)} files"
    told = [f"{count}, as in the picture, all on one scale (hear tells more of one):"]
    told += lines([name(allowed, one) for one in page], heard, budget - FOOT)
    if len(found) > first + PAGE:
        told.append(f"For the next ones, call sheet with first {first + PAGE}.")
    return Answer(cut("\n".join(told), budget), indexed(png))


def differ(work: Work, allowed: Allowed, a: str, b: str, start: float | None, end: float | None, budget: int) -> Answer:
    """What differs between two sounds."""
    return Answer(cut(compare(work, *one(allowed, a, start, end), *one(allowed, b, start, end)), budget))


def one(allowed: Allowed, path: str, start: float | None, end: float | None) -> list[Sound]:
    """The sound of a path, which may name a part of it."""
    meant = parse(path, start, end, allowed.exists)
    found = allowed.find(meant.path)
    if os.path.isdir(found):
        raise Failure(f"{path}: expected a file, got a folder (sheet shows what is in it)")
    return [sound(found, meant.start, meant.end)]


def files(allowed: Allowed, paths: list[str], start: float | None, end: float | None) -> list[Sound]:
    """The sounds of paths, and those in folders. What a folder links to outside of what may be read is left out."""
    found: list[Sound] = []
    for path in paths:
        if os.path.isdir(real := allowed.find(path) if allowed.exists(path) else ""):
            found += [sound(os.path.realpath(file.path), start, end) for file in below(real)
                      if allowed.holds(os.path.realpath(file.path))]  # fmt: skip
        else:
            found += one(allowed, path, start, end)
    if not found:
        raise Failure(f"{', '.join(paths)}: expected files, got an empty folder")
    return found


def name(allowed: Allowed, one: Sound) -> str:
    """A path as an agent may give it: relative to the folder that it lies in."""
    folder = next(folder for folder in allowed.folders if os.path.commonpath([one.path, folder]) == folder)
    return display(os.path.relpath(one.path, folder) if folder == allowed.folders[0] else one.path)


def indexed(png: bytes) -> bytes:
    """A picture in 256 colours, which takes a third of the bytes: some clients take a megabyte at most."""
    from PIL import Image

    file = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


def cut(text: str, budget: int) -> str:
    """`text` within a budget of tokens, by a low estimate of how many letters one holds."""
    room = int(LETTERS * budget) - FOOT
    if len(text) <= room:
        return text
    return f"{text[:room].rpartition(' ')[0]} … (cut to {budget} tokens: a larger budget has all)"


PATH = {"type": "string", "description": "a sound file, relative to the folders that may be read, or absolute"}
PART = {
    "from": {"type": "number", "description": "start here, in seconds of the recording (default: its start)"},
    "to": {"type": "number", "description": "end here, in seconds of the recording (default: its end)"},
}


def tokens(default: int) -> dict[str, dict[str, Any]]:
    about = f"the most tokens of text in the answer (default: {default})"
    return {"budget": {"type": "integer", "minimum": 50, "default": default, "description": about}}


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "hear",
            "What a sound file sounds like, as text: the whole in words, then each moment that differs, single events, "
            "bars with chords, bass and melody. Use it first for one file; with from and to for all detail of a part. "
            "The first call on a file takes about a thirtieth of its length, later ones are quick.",
            {"path": PATH, **PART, **tokens(6000), "view": {
                "type": "string", "enum": list(hearing.VIEWS), "default": "words",
                "description": "words; table: every number, terse; ndjson: every number, with names"}},
            ("path",), hear,
        ),
        Tool(
            "look",
            "A picture of a sound file: waveform and spectrogram, with the bars, chords, sounds and sections of its "
            "text marked. Use it where the text leaves a doubt: harmonics, glides, what is inside an event. Zoom with "
            "from and to (down to a few ms: the window follows), fmin and fmax.",
            {"path": PATH, **PART, **tokens(500),
             "fmin": {"type": "number", "minimum": 1, "description": "lowest frequency in Hz (default: 40)"},
             "fmax": {"type": "number", "minimum": 1, "description": "highest frequency in Hz (default: all)"},
             "window": {"type": "number", "minimum": 1, "maximum": 1000,
                        "description": "window of the spectrogram in ms (default: follows the zoom)"},
             "range": {"type": "integer", "minimum": 10, "maximum": 200,
                       "description": "dB from the darkest to the brightest colour (default: 80)"},
             "marks": {"type": "boolean", "default": True,
                       "description": "mark what the text says; without, a long file is drawn sooner (default: true)"}},
            ("path",), show,
        ),
        Tool(
            "sheet",
            f"Many sound files at a glance: a picture of their spectrograms on one scale, and a line of text for each, "
            f"{PAGE} at a time. Use it to see what there is, to find files that are alike, or the one that is meant.",
            {"paths": {"type": "array", "items": {"type": "string"}, "default": ["."],
                       "description": "files, or folders with all that is below them (default: all that may be read)"},
             **PART, **tokens(4000),
             "first": {"type": "integer", "minimum": 0, "default": 0,
                       "description": "how many files to skip (default: 0)"}},
            (), glance,
        ),
        Tool(
            "compare",
            "What differs between two sound files, or two parts: level, loudness, spectrum, pitch, tempo, key, events; "
            "and whether they are the same samples, but for gain, polarity or a shift. Use it for versions and takes.",
            {"a": {**PATH, "description": "a sound file; FILE:FROM-TO is a part of it, as in song.mp3:30-60"},
             "b": {**PATH, "description": "another one, or another part of it"}, **PART, **tokens(2000)},
            ("a", "b"), differ,
        ),
    )
}  # fmt: skip
