"""What NDJSON says of a sound, over its spectrogram: bars and beats, chords, sounds, sections."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from ..errors import Failure
from ..files import display, records
from ..former import Former
from ..wire import Head, Record, WireError, show
from . import strip
from .bars import Bar, Bars
from .drawing import Drawing, rows_axis
from .grid import LETTERS, Grid
from .scenes import SOUNDS, Scenes, real
from .sections import Sections
from .strip import ROW

LIGHT = "#ffffff"  # on the dark colours of a spectrogram
ABOVE = 5.0  # points between the spectrogram and the strip
LEAST = 54.0  # points of the spectrogram that rows of sections leave it


class Marks:
    """What is drawn of one item, which begins at `start` of the recording and lasts `duration`, both in seconds."""

    def __init__(self, head: Head, start: float, duration: float):
        self.start = start
        self.duration = duration
        self.grid = Grid()
        self.sections = Sections(start)
        self._bars = Bars(self._bar)
        self._scenes = Scenes(head)
        self._shift = self._scenes.start - start  # from the times of scenes to those of the item, s

    def take(self, record: Record) -> None:
        """Take a line: what is wrong in it is left out."""
        head = record.head
        if record.event == "summary":
            self.sections.summary(head)
        elif record.event == "note":
            time = real(head.get("t"))
            for kind, take in (("sound", self._scenes.sound), ("repeats", self._scenes.repeat)):
                if time >= 0 and isinstance(fields := head.get(kind), dict):
                    take(round(time - self._scenes.start, 3), fields)
            if time >= 0 and isinstance(fields := head.get("bar"), dict):
                self._bars.add(time - self.start, fields, self.start)
            if isinstance(fields := head.get("section"), dict):
                self.sections.line(head.get("t"), fields)

    def finish(self) -> None:
        """No more lines will come."""
        self.grid.duration = self.duration
        self._bars.finish(self.duration)
        self.sections.finish(self.duration)

    def _bar(self, bar: Bar) -> None:
        if bar.end > 0 and bar.start < self.duration:
            self.grid.add(bar)

    def sounds(self) -> list[tuple[float, float]]:
        """When those drawn begin and end."""
        times = [(time + self._shift, time + self._shift + length) for _, time, length, *_ in self._scenes.sounds]
        return sorted((begin, end) for begin, end in times if begin < self.duration and end >= 0)

    def rows(self, points: float = math.inf) -> list[str]:
        """What the strip shows, from the top: of rows of sections, those for which a panel of `points` has room."""
        there = {"bars": self.grid.bars, "chords": self._named(), "sounds": self.sounds()}
        always, some = [name for name, told in there.items() if told], strip.rows(self.sections)
        room = min((points - LEAST - ABOVE) / ROW - len(always), len(some))
        return [*some[: max(int(room), 1)], *always]

    def _named(self) -> bool:
        return any(name for bar in self.grid.bars for name, *_ in bar.chords())

    def height(self, points: float = math.inf) -> float:
        """Inches of the strip."""
        rows = self.rows(points)
        return (ROW * len(rows) + ABOVE) / 72 if rows else 0.0

    def draw(self, drawing: Drawing, axes: Axes, points: float) -> None:
        """Into `axes`, and above them: their panel has `points` of height."""
        rows = self.rows(points)
        if not rows:
            return
        self.grid.lines(drawing, axes, LIGHT)
        for section in self.sections.found:
            if section.start > 0:
                axes.axvline(section.start, color=LIGHT, linewidth=1.4, linestyle=(0, (5, 3)))
        top = ScaledTranslation(0, 1, axes.transAxes)  # type: ignore[arg-type]
        place = blended_transform_factory(axes.transAxes, axes.figure.dpi_scale_trans + top)  # inches above the axes
        above = axes.inset_axes((0, ABOVE / 72, 1, ROW * len(rows) / 72), transform=place)
        above.set(xlim=(0, max(self.duration, 1e-9)), ylim=(len(rows), 0))
        above.tick_params(axis="x", bottom=False, labelbottom=False)
        above.spines[:].set_visible(False)
        rows_axis(above.yaxis, {row + 0.5: name for row, name in enumerate(rows)}, LETTERS)
        strip.draw(drawing, above, self.sections, self.duration, rows)
        for row, name in enumerate(rows):
            if name == "sounds":
                self._brackets(drawing, above, row)
            elif name in ("bars", "chords"):
                told = self.grid.numbers(drawing) if name == "bars" else self.grid.names(drawing)
                colour = drawing.colour["faint" if name == "bars" else "ink"]
                for time, text in told:
                    above.annotate(text, (time, row + 0.5), (2, 0), textcoords="offset points", fontsize=LETTERS,
                                   va="center_baseline", color=colour, annotation_clip=True)  # fmt: skip

    def _brackets(self, drawing: Drawing, axes: Axes, row: int) -> None:
        sounds = self.sounds()
        begins, ends = zip(*sounds, strict=True)
        colour = drawing.colour["acoustic"]
        axes.hlines([row + 0.5] * len(sounds), begins, ends, color=colour, linewidth=2.5, alpha=0.45)
        axes.vlines(begins, row + 0.15, row + 0.85, color=colour, linewidth=1)
        if self._scenes.told > SOUNDS and self._scenes.told > len(self._scenes.sounds):
            few = f"of {self._scenes.told:,} sounds the {len(self._scenes.sounds):,} that rise most"
            drawing.key(axes, Line2D([], [], color=colour, linewidth=2.5, label=few))


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
