"""What NDJSON says of a sound, over its spectrogram: bars and beats, chords, sounds, sections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from ..errors import Failure
from ..wire import MAX_LINE, Head, show
from .drawing import Drawing
from .roll import Bar, Bars, grid
from .scenes import real

SOUNDS = 4096  # sounds kept of an item
SECTIONS = 256
LIGHT = "#ffffff"  # on the dark colours of a spectrogram


class Marks:
    """What is drawn of one item."""

    def __init__(self, head: Head):
        self.name = str(head.get("name", ""))
        self.start = max(0.0, real(head.get("t0", 0)))  # s of the recording before its first frame
        self.told = Bars()
        self.sounds: list[tuple[float, float]] = []  # from, to
        self.sections: dict[float, str] = {}

    def take(self, head: Head) -> None:
        """Take a line: what is wrong in it is left out."""
        time = real(head.get("t")) - self.start
        if isinstance(bar := head.get("bar"), dict) and 0 <= time <= 1e9:
            self.told.add(time, bar)
        elif isinstance(sound := head.get("sound"), dict) and 0 <= time <= 1e9:
            length = real(sound.get("duration"))
            if length >= 0 and len(self.sounds) < SOUNDS:
                self.sounds.append((time, time + length))
        elif isinstance(section := head.get("section"), dict) and 0 <= time <= 1e9:
            self._section(time, section)
        elif head.get("event") == "summary" and isinstance(sections := head.get("sections"), list):
            for section in sections:
                if isinstance(section, dict) and 0 <= (begin := real(section.get("t")) - self.start) <= 1e9:
                    self._section(begin, section)

    def _section(self, time: float, section: Head) -> None:
        if len(self.sections) < SECTIONS:
            self.sections[time] = str(section.get("label", ""))

    def moved(self, by: float) -> list[Bar]:
        """The bars, `by` seconds later."""
        return [bar._replace(start=bar.start + by, end=bar.end + by) for bar in self.told.bars(self.start)]

    def draw(self, drawing: Drawing, axes: Axes, start: float, duration: float) -> None:
        """Into `axes`, whose time 0 lies at `start` of the recording."""
        by = self.start - start
        bars = self.moved(by)
        grid(axes, bars, drawing, LIGHT)
        across = axes.get_xaxis_transform()  # x in seconds, y in parts of the height
        edge = [withStroke(linewidth=2, foreground="#1c1c1e")]
        inch = duration / (0.85 * drawing.width)  # s
        last, free = "", 0.0
        for begin, _, name in (chord for bar in bars for chord in bar.chords()):
            if name != last and begin >= free:
                said = drawing.safe(name, 8)
                axes.text(begin, 0.94, said, transform=across, color=LIGHT, fontsize=7, va="center", clip_on=True,
                          path_effects=edge)  # fmt: skip
                free = begin + (0.085 * len(said) + 0.06) * inch
            last = name
        if self.sounds:
            begins, ends = ([time + by for time in times] for times in zip(*self.sounds, strict=True))
            axes.hlines([0.012] * len(begins), begins, ends, transform=across, color=LIGHT, linewidth=2.4)
            axes.vlines(begins, 0, 0.05, transform=across, color=LIGHT, linewidth=0.8)
        for begin, label in self.sections.items():
            axes.axvline(begin + by, color=LIGHT, linewidth=1.6, linestyle=(0, (4, 2)))
            said = drawing.safe(label, 12)
            axes.text(begin + by + 0.04 * inch, 0.85, said, transform=across, color=LIGHT, fontsize=8,
                      fontweight="bold", va="center", clip_on=True, path_effects=edge)  # fmt: skip


def read(path: str) -> list[Marks]:
    """The items of NDJSON of nat-pack, in their order. Raises Failure if it is no such file."""
    items: list[Marks] = []
    try:
        with Path(path).open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
                head = parsed(line, path, number)
                if head.get("event") == "header":
                    if head.get("kind") != "ndjson":
                        kind = show(head.get("kind"))
                        raise Failure(f"{path}, line {number}: expected NDJSON of nat-pack, got a header of {kind}")
                    items.append(Marks(head))
                elif items:
                    items[-1].take(head)
                else:
                    raise Failure(f"{path}, line {number}: expected a header of nat-pack, got {show(head)}")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    if not items:
        raise Failure(f"{path}: expected NDJSON of nat-pack, got an empty file")
    return items


def parsed(line: bytes, path: str, number: int) -> Head:
    """A line as an object. Raises Failure."""
    import orjson

    try:
        head: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        head = None
    if not isinstance(head, dict):
        got = show(line[:60].decode("utf-8", "replace"))
        raise Failure(f"{path}, line {number}: expected a JSON object, got {got}")
    return head
