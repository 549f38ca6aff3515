"""The report of nat-plot: one HTML page that needs nothing else, with pictures, facts, figures and the sound.

Items are drawn as they come and wait in an unnamed temporary file; the page gets its name when it is whole.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import IO

import numpy as np
import soundfile

from ..caveats import sentence
from ..errors import Failure
from ..files import display, replacing
from ..wire import Head, Record
from .base import Cell, View
from .drawing import Drawing
from .drawing import escape as escaped
from .figure import Book, compose, save

MOST_SOUND = 64 * 1024 * 1024  # bytes of a sound made from a pcm stream; beyond, browsers get slow
LONG = 36  # rows beyond which a table is folded up: what follows it would be out of sight
TOLD = ("Sections",)  # tables of more words than numbers
FACTS = 200  # rows of facts and of introductions shown at most

TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".opus": "audio/ogg",
         ".m4a": "audio/mp4", ".aac": "audio/aac", ".webm": "audio/webm"}  # fmt: skip

POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: SCHEME }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; background: PAPER; color: INK;
  font: 15px/1.45 system-ui, sans-serif }
h1 { font-size: 1.2rem } h3 { font-size: 1rem }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .2rem; overflow-wrap: anywhere }
p, summary, th, caption { color: FAINT } .said { color: INK; max-width: 50rem } .bad { color: BAD } a { color: ACCENT }
audio { width: 100%; margin: .5rem 0 }
figure { position: relative; margin: .5rem 0; cursor: default } figure img { width: 100%; display: block }
figure i { position: absolute; width: 1px; background: BAD; pointer-events: none }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px }
th, td { text-align: right; padding: .2rem .7rem; border-bottom: 1px solid EMPTY; vertical-align: top }
th:first-child, td:first-child { text-align: left; padding-left: 0 } th { font-weight: normal }
.told td, .told th { text-align: left } .faint { color: FAINT } .whole { white-space: nowrap }
.tab { white-space: pre; font-family: monospace }
.facts td, .facts th { text-align: left; overflow-wrap: anywhere }
.facts td:first-child { white-space: nowrap } details { margin-top: 1rem }
"""

# A line over the pictures follows the sound; a click on them moves the sound. The page works without this, too.
SCRIPT = """
for (const figure of document.querySelectorAll("figure[data-box]")) {
  const sound = figure.closest("section").querySelector("audio");
  if (!sound) continue;
  const [left, top, width, height, seconds] = JSON.parse(figure.dataset.box), line = document.createElement("i");
  Object.assign(line.style, {top: top + "%", height: height + "%", left: left + "%"});
  figure.append(line);
  const follow = () => {
    line.style.left = left + width * Math.min(sound.currentTime / seconds, 1) + "%";
    if (!sound.paused) requestAnimationFrame(follow);
  };
  for (const event of ["play", "seeked", "timeupdate"]) sound.addEventListener(event, follow);
  figure.addEventListener("click", event => {
    const box = figure.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * 100;
    if (x >= left && x <= left + width) sound.currentTime = (x - left) / width * seconds;
  });
}
"""


class Sound:
    """The sound of a pcm item as FLAC, 16 bits, in an unnamed temporary file."""

    def __init__(self, head: Head):
        self.channels = int(head["channels"])
        self.size = 0
        self.file: IO[bytes] | None = tempfile.TemporaryFile()
        try:
            rate = head["sample_rate"]
            self._sound = soundfile.SoundFile(self.file, "w", rate, self.channels, "PCM_16", format="FLAC")
        except (soundfile.SoundFileError, KeyError, TypeError, ValueError):
            self.file = None  # a rate or a number of channels that FLAC can't hold

    def add(self, record: Record) -> None:
        """Take a record."""
        if self.file and record.event == "data":
            samples = np.frombuffer(record.payload, "<f4").reshape(-1, self.channels)
            self._sound.write(np.nan_to_num(samples).clip(-1, 1))
            if self.file.tell() > MOST_SOUND:
                self.file = None

    def finish(self) -> IO[bytes] | None:
        """The file, if there is one."""
        if self.file:
            self._sound.close()
            self.file.seek(0)
        return self.file


class Report(Book):
    """The page at `path`; `sounds` are the files to play, one for each item. Raises Failure if one can't be used."""

    def __init__(self, drawing: Drawing, path: str, sounds: Sequence[str]):
        super().__init__(drawing)
        self.path = Path(path)
        self.names: list[str] = []  # of the sections
        self._same: list[tuple[object, ...]] = []  # streams of the section's sound: name, sha256, kind
        self._facts = b""  # of the last stream, which says all that those before said
        self._body: IO[bytes] = tempfile.TemporaryFile()
        self._sounds = list(sounds)
        self._sound: Sound | None = None
        if self.path.is_dir() or not os.access(self.path.parent, os.W_OK):
            raise Failure(f"{display(path)}: expected a file in a folder that can be written")
        for name in sounds:
            if Path(name).suffix.lower() not in TYPES:
                raise Failure(f"{display(name)}: expected a sound that browsers play ({', '.join(TYPES)})")
            if not os.access(name, os.R_OK):
                raise Failure(f"{display(name)}: no such file, or it can't be read")

    def listener(self, head: Head) -> Callable[[Record], None] | None:
        self._sound = Sound(head) if head["kind"] == "pcm" and not self._sounds else None
        return self._sound.add if self._sound else None

    def add(self, view: View) -> None:
        self._body.writelines(self._section(view))

    def finish(self) -> bytes:
        """Write the page; nothing goes to standard output."""
        self._body.writelines(self._close())
        self._body.seek(0)
        with replacing(self.path) as file:
            self._write(file)
        return b""

    def _write(self, file: IO[bytes]) -> None:
        title = self.names[0] if len(self.names) == 1 else f"{len(self.names)} items"
        style = STYLE.replace("SCHEME", self.drawing.theme)
        for name, colour in {"ACCENT": "semantic", "PAPER": "paper", "INK": "ink", "FAINT": "faint", "BAD": "bad",
                             "EMPTY": "empty"}.items():  # fmt: skip
            style = style.replace(name, self.drawing.colour[colour])
        file.write(
            f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>nat: {text(title)}</title>
<style>{style}</style>
</head>
<body>
""".encode()
        )
        if len(self.names) > 1:
            links = "\n".join(f'<li><a href="#item-{i}">{text(name)}</a></li>' for i, name in enumerate(self.names))
            file.write(f"<h1>{len(self.names)} items</h1>\n<ol>\n{links}\n</ol>\n".encode())
        shutil.copyfileobj(self._body, file)
        file.write(f"<script>{SCRIPT}</script>\n</body>\n</html>\n".encode())

    def _section(self, view: View) -> Iterator[bytes]:
        """The page's part for a stream: a section, unless it is another stage of the same sound as the one before."""
        same = (view.name, view.end.get("sha256"))
        facts = text("  ·  ".join(filter(None, view.facts())))
        if (*same, view.head["kind"]) not in self._same and self._same and self._same[-1][:2] == same and same[1]:
            yield f"<p>{facts}</p>\n".encode()
        else:
            yield from self._close()
            yield f'<section id="item-{len(self.names)}">\n<h2>{text(view.name)}</h2>\n<p>{facts}</p>\n'.encode()
            self.names.append(view.name)
            self._same = []
            yield from self._player()
        self._same.append((*same, view.head["kind"]))
        if view.error:
            yield f'<p class="bad">{text(view.error)}</p>\n'.encode()
        if view.limits:
            yield f'<p class="bad">{text(sentence(view.limits))}</p>\n'.encode()
        if said := view.words():
            yield f'<p class="said">{text(said)}</p>\n'.encode()
        panels = view.panels()
        if panels:
            yield from self._picture(view, ", ".join(panels))
        for title, rows in view.tables().items():
            figures = table(rows, "told" if title in TOLD else "")
            if len(rows) > LONG:
                yield f"<details><summary>{text(title)}</summary>\n".encode() + figures + b"</details>\n"
            else:
                yield f"<h3>{text(title)}</h3>\n".encode() + figures
        if introductions := view.introductions():
            rows = [("code", "measures like"), *list(introductions.items())[:FACTS]]
            yield b"<details><summary>Introductions of codes</summary>\n" + table(rows, "facts") + b"</details>\n"
        self._facts = table([("key", "value"), *flat({**view.head, **view.end})][: FACTS + 1], "facts")

    def _close(self) -> Iterator[bytes]:
        """The end of the section, if there is one."""
        if self.names:
            yield b"<details open><summary>What the stream says</summary>\n" + self._facts + b"</details>\n</section>\n"

    def _picture(self, view: View, what: str) -> Iterator[bytes]:
        figure = compose(self.drawing, [view], whole=True)
        image = base64.b64encode(save(figure, "svg"))
        timed = [axes.get_position() for axes in figure.axes if axes.get_label() == "time"]
        box = ""
        if timed and view.unit == "s" and view.duration:
            left, right, top, bottom = timed[0].x0, timed[0].x1, 1 - timed[0].y1, 1 - timed[-1].y0
            numbers = [round(100 * value, 2) for value in (left, top, right - left, bottom - top)]
            box = f' data-box="{json.dumps([*numbers, round(view.duration, 3)])}"'
        yield f'<figure{box}><img alt="{text(view.name)}: {text(what)}" src="data:image/svg+xml;base64,'.encode()
        yield image + b'"></figure>\n'

    def _player(self) -> Iterator[bytes]:
        file: IO[bytes] | None = None
        kind = "audio/flac"
        if self._sounds:
            name = self._sounds.pop(0)
            kind = TYPES[Path(name).suffix.lower()]
            file = Path(name).open("rb")
        elif self._sound:
            file = self._sound.finish()
            if not file:
                yield b"<p>The sound is left out: too long, or not what FLAC can hold. Name a file with --sound.</p>\n"
        if file:
            with file:
                yield f'<audio controls src="data:{kind};base64,'.encode()
                while piece := file.read(3 << 18):
                    yield base64.b64encode(piece)
                yield b'"></audio>\n'


def text(value: object) -> str:
    """`value` as HTML can hold it, in text or an attribute."""
    return escape("".join(char if char.isprintable() else escaped(char) for char in str(value)))


def table(rows: Sequence[Sequence[str]], style: str = "") -> bytes:
    """An HTML table of `rows`; the first is the head."""
    lines = [f'<div class="wide"><table class="{style}">']
    for number, row in enumerate(rows):
        cells = map(td, row) if number else (f"<th>{text(cell)}</th>" for cell in row)
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return ("\n".join(lines) + "\n</table></div>\n").encode()


def td(cell: str) -> str:
    """A cell of a table as HTML."""
    looks = cell.looks if isinstance(cell, Cell) else ""
    lines = cell.split("\n") if "tab" in looks else [cell]
    return (f'<td class="{looks}">' if looks else "<td>") + "\n".join(map(text, lines)) + "</td>"


def flat(head: Head, prefix: str = "") -> Iterator[tuple[str, str]]:
    """A header's members as rows: opens objects, and counts lists of objects (which have pictures and tables)."""
    for key, value in head.items():
        if isinstance(value, dict):
            if key != "stats":
                yield from flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield prefix + key, f"{len(value)}: {', '.join(str(entry.get('name')) for entry in value[:100])}"
        elif key not in ("event", "item"):
            yield prefix + key, value if isinstance(value, str) else json.dumps(value)
