"""What NDJSON says of a sound, over its spectrogram: bars and beats, chords, sounds, sections."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..errors import Failure
from ..files import display, records
from ..former import Former
from ..wire import Head, Record, WireError, show
from .bars import Bar, Bars
from .drawing import TINTS, Drawing, rows_axis
from .grid import LETTERS, Grid
from .scenes import SOUNDS, Scenes, real

SECTIONS = 256  # sections kept: more would be narrower than their names
LIGHT = "#ffffff"  # on the dark colours of a spectrogram
ROW = 11.0  # points that a row of the strip above the spectrogram takes
ABOVE = 5.0  # points between the spectrogram and the strip


class Marks:
    """What is drawn of one item, which begins at `start` of the recording and lasts `duration`, both in seconds."""

    def __init__(self, head: Head, start: float, duration: float):
        self.start = start
        self.duration = duration
        self.grid = Grid()
        self.sections: dict[float, str] = {}  # where each begins, s of the item, and its label
        self._bars = Bars(self._bar)
        self._scenes = Scenes(head)
        self._shift = self._scenes.start - start  # from the times of scenes to those of the item, s

    def take(self, record: Record) -> None:
        """Take a line: what is wrong in it is left out."""
        head = record.head
        if record.event == "summary":
            sections = head.get("sections")
            for section in sections if isinstance(sections, list) else []:
                if isinstance(section, dict):
                    self._section(section.get("t"), section)
        elif record.event == "note":
            time = real(head.get("t"))
            for kind, take in (("sound", self._scenes.sound), ("repeats", self._scenes.repeat)):
                if time >= 0 and isinstance(fields := head.get(kind), dict):
                    take(round(time - self._scenes.start, 3), fields)
            if time >= 0 and isinstance(fields := head.get("bar"), dict):
                self._bars.add(time - self.start, fields, self.start)
            if isinstance(fields := head.get("section"), dict):
                self._section(head.get("t"), fields)

    def finish(self) -> None:
        """No more lines will come."""
        self.grid.duration = self.duration
        self._bars.finish(self.duration)

    def _bar(self, bar: Bar) -> None:
        if bar.end > 0 and bar.start < self.duration:
            self.grid.add(bar)

    def _section(self, time: object, section: Head) -> None:
        begin = real(time) - self.start
        if begin < self.duration and len(self.sections) < SECTIONS:
            self.sections[begin] = str(section.get("label", ""))

    def sounds(self) -> list[tuple[float, float]]:
        """When those drawn begin and end."""
        times = [(time + self._shift, time + self._shift + length) for _, time, length, *_ in self._scenes.sounds]
        return sorted((begin, end) for begin, end in times if begin < self.duration and end >= 0)

    @property
    def rows(self) -> list[str]:
        """What the strip above the spectrogram shows, from the top."""
        there = {"sections": self.sections, "bars": self.grid.bars, "chords": self._named(), "sounds": self.sounds()}
        return [name for name, told in there.items() if told]

    def _named(self) -> bool:
        return any(name for bar in self.grid.bars for name, *_ in bar.chords())

    @property
    def height(self) -> float:
        """Inches of the strip."""
        return (ROW * len(self.rows) + ABOVE) / 72 if self.rows else 0.0

    def draw(self, drawing: Drawing, axes: Axes, points: float) -> None:
        """Into `axes`, which have `points` of height with the strip above them."""
        rows = self.rows
        if not rows:
            return
        self.grid.lines(drawing, axes, LIGHT)
        for begin in sorted(self.sections):
            if 0 < begin < self.duration:
                axes.axvline(begin, color=LIGHT, linewidth=1.4, linestyle=(0, (5, 3)))
        inner = points - 72 * self.height
        strip = axes.inset_axes((0, 1 + ABOVE / inner, 1, ROW * len(rows) / inner))
        strip.set(xlim=(0, max(self.duration, 1e-9)), ylim=(len(rows), 0))
        strip.tick_params(axis="x", bottom=False, labelbottom=False)
        strip.spines[:].set_visible(False)
        rows_axis(strip.yaxis, {row + 0.5: name for row, name in enumerate(rows)}, LETTERS)
        for row, name in enumerate(rows):
            if name == "sections":
                sections_row(drawing, strip, sorted(self.sections.items()), self.duration, row)
            elif name == "sounds":
                self._brackets(drawing, strip, row)
            else:
                told = self.grid.numbers(drawing) if name == "bars" else self.grid.names(drawing)
                colour = drawing.colour["faint" if name == "bars" else "ink"]
                for time, text in told:
                    strip.annotate(text, (time, row + 0.5), (2, 0), textcoords="offset points", fontsize=LETTERS,
                                   va="center_baseline", color=colour, annotation_clip=True)  # fmt: skip

    def _brackets(self, drawing: Drawing, strip: Axes, row: int) -> None:
        sounds = self.sounds()
        begins, ends = zip(*sounds, strict=True)
        colour = drawing.colour["acoustic"]
        strip.hlines([row + 0.5] * len(sounds), begins, ends, color=colour, linewidth=2.5, alpha=0.45)
        strip.vlines(begins, row + 0.15, row + 0.85, color=colour, linewidth=1)
        if self._scenes.told > SOUNDS and self._scenes.told > len(self._scenes.sounds):
            few = f"of {self._scenes.told:,} sounds the {len(self._scenes.sounds):,} that rise most"
            drawing.key(strip, Line2D([], [], color=colour, linewidth=2.5, label=few))


def sections_row(drawing: Drawing, axes: Axes, sections: list[tuple[float, str]], duration: float, row: float) -> None:
    """A box for each section, equal labels in equal colours, in a row of `axes` that is 1 high."""
    tints = dict.fromkeys(label for _, label in sections)
    tints = {label: TINTS[number % len(TINTS)] for number, label in enumerate(tints)}
    for (begin, label), (end, _) in zip(sections, [*sections[1:], (duration, "")], strict=True):
        begin, end = max(begin, 0.0), min(end, duration)
        if begin >= end:
            continue
        axes.fill_between((begin, end), row, row + 1, color=tints[label], alpha=0.35, linewidth=0)
        said = drawing.safe(label, 12)
        if end - begin > (8 + drawing.reach(said, 8)) * drawing.second(duration):
            axes.text((begin + end) / 2, row + 0.5, said, ha="center", va="center_baseline", fontsize=8,
                      fontweight="bold")  # fmt: skip


class Told:
    """A file of marks, read item by item: no more is held than what is drawn. Raises Failure if it is no such file."""

    def __init__(self, path: str):
        self.path = display(path)
        self.head: Head = {}  # the last header read
        self.count = 0  # headers read
        self._former = Former()
        try:
            self._records = records(Path(path).open("rb"))
            self._next()
        except OSError as error:
            raise Failure(f"{self.path}: {error.strerror}") from None
        if not self.count:
            raise Failure(f"{self.path}: expected NDJSON of nat-pack, got no item")

    def item(self, number: int, name: object, start: float, duration: float) -> Marks:
        """The marks of an item, which comes after those taken before."""
        while self.count <= number and self._next():
            pass
        if self.count <= number:
            raise Failure(f"{self.path}: expected marks of item {number}, got those of {self.count} items")
        told = self.head.get("name")
        if isinstance(name, str) and isinstance(told, str) and Path(name).name != Path(told).name:
            raise Failure(f"{self.path}: expected marks of {show(name)} as item {number}, got {show(told)}")
        marks = Marks(self.head, start, duration)
        while (record := self._next()) and record.event != "header":
            marks.take(record)
        marks.finish()
        return marks

    def finish(self, items: int) -> None:
        """No more items will come: there should be marks of no more."""
        while self._next():
            pass
        if self.count > items:
            raise Failure(f"{self.path}: expected marks of {items} items, got those of {self.count} items")

    def _next(self) -> Record | None:
        """The next line, None after the last one."""
        try:
            record = next(self._records, None)
        except WireError as error:
            raise Failure(f"{self.path}: {error}") from None
        if record is None:
            return None
        record = record._replace(head=self._former(record.head))
        if record.event == "header":
            if record.head["kind"] != "ndjson":
                raise Failure(f"{self.path}: expected NDJSON of nat-pack, got a {record.head['kind']} stream")
            self.head = record.head
            self.count += 1
        return record
