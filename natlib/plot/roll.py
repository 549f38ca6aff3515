"""A piano roll: what sounds or strikes when, exactly where that is little, else how much of each moment it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from .bars import NOTES, REGIONS
from .base import Panel
from .downsample import COLUMNS
from .drawing import TINTS, Drawing, Fitting
from .grid import Grid

EXACT = 1 << 14  # spans drawn as they are: half an hour of music; more of them would be shorter than a dot is wide
SHARED = 1 << 16  # spans shared out to columns at a time
GROUP = 1 << 12  # spans that are kept as they came before they become an array
STROKES = 3  # the part that is no notes: its rows are regions
LEAST = 12  # semitones shown at least
AROUND = 2  # semitones above the highest note and below the lowest one
LETTERS = 7  # points of all that is written in it
LINE = 9.0  # points that a row of names or strokes takes
THIN, THICK = 1.7, 5.0  # points that the line of a note is wide
OCTAVE = 12
EMPTY = 60  # the note in the middle if there are none

Float = NDArray[np.float64]


class Spans:
    """Rows of parts, and from when to when they sound, in seconds: in an hour in no more memory than in minutes."""

    def __init__(self) -> None:
        self.exact: Float | None = np.zeros((0, 4))  # part, row, from, to; None if there are too many
        self.shares = np.zeros((0, NOTES, COLUMNS), np.float32)  # of the time of each column: part, row, column
        self.width = 1.0  # s of a column
        self._new: list[tuple[int, int, float, float]] = []
        self._arrays: list[Float] = []
        self._count = 0

    def add(self, part: int, spans: Iterable[tuple[int, float, float]]) -> None:
        """Take (row, from, to) of a part."""
        self._new += [(part, row, max(start, 0.0), end) for row, start, end in spans if end > max(start, 0.0)]
        if len(self._new) >= GROUP:
            self._gather()

    def finish(self) -> None:
        """No more will come."""
        self._gather()
        if self.exact is None:
            self._share_all()
        else:
            self.exact = np.concatenate([self.exact, *self._arrays])

    def _gather(self) -> None:
        self._arrays.append(np.array(self._new, np.float64).reshape(-1, 4))
        self._count += len(self._new)
        self._new = []
        if self._count > (EXACT if self.exact is not None else SHARED):
            self.exact = None
            self._share_all()

    def _share_all(self) -> None:
        if self._count:
            self._share(np.concatenate(self._arrays))
        self._arrays, self._count = [], 0

    def _share(self, spans: Float) -> None:
        """Add what each column has of each span. Columns get wider where the spans reach beyond the last one."""
        if not len(self.shares):
            self.shares = np.zeros((STROKES + 1, NOTES, COLUMNS), np.float32)
            self.width = 2.0**-6
        while spans[:, 3].max() > COLUMNS * self.width:
            self.shares[:, :, : COLUMNS // 2] = (self.shares[:, :, ::2] + self.shares[:, :, 1::2]) / 2
            self.shares[:, :, COLUMNS // 2 :] = 0
            self.width *= 2
        row = (spans[:, 0] * NOTES + spans[:, 1]).astype(np.int64)
        total = np.zeros((STROKES + 1) * NOTES * COLUMNS)
        for times, sign in ((spans[:, 3], 1), (spans[:, 2], -1)):
            # What lies before a time fills the columns before its own, and of its own the part before it.
            column = np.minimum((times / self.width).astype(np.int64), COLUMNS - 1)
            place = row * COLUMNS + column
            total += sign * np.bincount(place, times / self.width - column, len(total))
            whole = np.bincount(place, minlength=len(total)).reshape(-1, COLUMNS)
            before = whole[:, ::-1].cumsum(axis=1)[:, ::-1] - whole
            total += sign * before.ravel()
        self.shares += total.reshape(self.shares.shape).astype(np.float32)

    def rows(self, part: int) -> NDArray[np.int64]:
        """The rows of a part that sound at some time."""
        if self.exact is None:
            return np.flatnonzero((self.shares[part] > 1e-4).any(axis=1))
        return np.unique(self.exact[self.exact[:, 0] == part, 1].astype(np.int64))


class Roll:
    """The panel: three parts of notes, named from the one at the back to the one in front, and strokes under them."""

    def __init__(self, names: Sequence[str], paleness: float, grid: Grid | None = None):
        self.names = names
        self.paleness = paleness  # how opaque the part at the back is
        self.grid = grid
        self.spans = Spans()
        self.duration = 0.0  # s of the item

    def finish(self, duration: float) -> None:
        """No more will come, and the item lasts so long."""
        self.duration = duration
        self.spans.finish()

    def panels(self) -> dict[str, Panel]:
        """The panel, if there is anything to draw."""
        if not any(len(self.spans.rows(part)) for part in range(STROKES + 1)) and not (self.grid and self.grid.bars):
            return {}
        return {"notes": Panel(2.0, self._draw, True, least=1.5)}

    def _draw(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        notes = np.concatenate([self.spans.rows(part) for part in range(STROKES)])
        lowest, highest = (int(notes.min()), int(notes.max())) if len(notes) else (EMPTY, EMPTY)
        more = AROUND + max(0, LEAST - (highest - lowest)) / 2
        low, high = lowest - more, highest + more
        struck = len(self.spans.rows(STROKES)) > 0
        names = self.grid.names(drawing) if self.grid else []
        numbers = self.grid.numbers(drawing) if self.grid else []
        lines = bool(names) + bool(numbers)
        free = drawing.points(cell) - LINE * (lines + struck * (len(REGIONS) + 0.5))
        point = (high - low) / max(free, 0.3 * drawing.points(cell))  # semitones
        rows = [low - (place + 0.8) * LINE * point for place in reversed(range(len(REGIONS)))] if struck else []
        bottom, top = low - struck * (len(REGIONS) + 0.5) * LINE * point, high + lines * LINE * point
        axes.set_ylim(bottom, top)
        if self.grid:
            reach = high + bool(numbers) * LINE * point, high
            shares = ((place - bottom) / (top - bottom) for place in reach)
            self.grid.lines(drawing, axes, drawing.colour["faint"], *shares)
        for octave in range(0, NOTES, OCTAVE):
            if low < octave < high:
                axes.axhline(octave, color=drawing.colour["faint"], linewidth=0.4, alpha=0.5, zorder=0.5)
        height = min(max(0.9 / point, THIN), THICK)
        entries = []
        for part, (name, colour) in enumerate(zip(self.names, self._colours(drawing), strict=True)):
            if len(self.spans.rows(part)):
                opaque = 1.0 if part else self.paleness
                self._part(drawing, axes, part, colour, height, opaque)
                entries.append(Line2D([], [], color=colour, linewidth=3, alpha=opaque, label=name))
        if struck:
            self._strokes(drawing, axes, rows, 0.33 * LINE * point)
        edge = [withStroke(linewidth=2, foreground=drawing.colour["paper"])]
        for place, (said, colour) in enumerate(((numbers, "faint"), (names, "ink"))):
            y = high + (0.5 + (place if numbers else 0)) * LINE * point
            for time, text in said:
                axes.annotate(text, (time, y), (2, 0), textcoords="offset points", fontsize=LETTERS, va="center",
                              color=drawing.colour[colour], annotation_clip=True, path_effects=edge)  # fmt: skip
        self._ticks(axes, low, high, rows)
        if entries:
            drawing.key(axes, *entries)
        return axes

    @staticmethod
    def _colours(drawing: Drawing) -> list[str]:
        """Of the parts, from the one at the back."""
        return [TINTS[2], drawing.colour["semantic"], drawing.colour["acoustic"]]

    def _part(self, drawing: Drawing, axes: Axes, part: int, colour: str, height: float, opaque: float) -> None:
        """Draw a part: lines `height` points high, or where there are too many, an image."""
        exact = self.spans.exact
        if exact is None:
            self._image(drawing, axes, self.spans.shares[part], colour, opaque, (-0.5, NOTES - 0.5))
            return
        _, notes, starts, ends = exact[exact[:, 0] == part].T
        gap = np.minimum(1.2 * drawing.second(self.duration), 0.3 * (ends - starts))  # between equal notes
        axes.hlines(notes, starts, ends - gap, color=colour, linewidth=height, alpha=opaque)

    def _strokes(self, drawing: Drawing, axes: Axes, rows: Sequence[float], half: float) -> None:
        exact, ink = self.spans.exact, drawing.colour["ink"]
        if exact is not None:
            _, regions, starts, _ = exact[exact[:, 0] == STROKES].T
            middles = np.array(rows)[regions.astype(np.int64)]
            usual = self.duration / drawing.second(self.duration) * len(rows) / max(len(starts), 1)  # points apart
            width = min(max(0.4 * usual, 0.3), 0.9)
            axes.vlines(starts, middles - half, middles + half, color=ink, linewidth=width)
            return
        for region, middle in enumerate(rows):
            share = self.spans.shares[STROKES, region : region + 1]
            self._image(drawing, axes, share, ink, 0.8, (middle - half, middle + half))

    def _image(self, drawing: Drawing, axes: Axes, shares: NDArray[np.float32], colour: str, opaque: float,
               extent: tuple[float, float]) -> None:  # fmt: skip
        """An image of `shares`, shape (rows, columns): the more of a column's time, the less is seen through it."""
        used = int(np.flatnonzero((self.spans.shares > 0).any(axis=(0, 1))).max(initial=0)) + 1
        narrow, grown = drawing.narrow(shares[:, :used])
        image = np.zeros((*narrow.shape, 4))
        image[..., :3] = to_rgb(colour)
        image[..., 3] = opaque * np.sqrt(narrow.clip(0, 1))  # what sounds seldom is still seen
        axes.imshow(image, aspect="auto", origin="lower", interpolation="nearest", zorder=1.5,
                    extent=(0, used * grown * self.spans.width, *extent))  # fmt: skip

    @staticmethod
    def _ticks(axes: Axes, low: float, high: float, rows: Sequence[float]) -> None:
        """Names of regions, and of octaves as far as there is room."""
        octaves = [octave for octave in range(0, NOTES, OCTAVE) if low < octave < high]
        names = {float(octave): f"C{octave // OCTAVE - 1}" for octave in octaves} | dict(
            zip(rows, REGIONS, strict=False)
        )
        choices = [[*rows, *octaves[first::step]] for step in (1, 2, 3, 4) for first in (0,)]
        axes.yaxis.set_major_locator(Fitting(1.15 * LETTERS, *choices, rows or octaves[:1]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda place, _: names.get(place, "")))
        axes.tick_params(axis="y", length=0, labelsize=LETTERS)
        axes.set_ylabel("note")
