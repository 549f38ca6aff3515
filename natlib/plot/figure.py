"""How the panels of views become a figure, and items a PNG, an SVG or a PDF."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, zip_longest

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import FuncFormatter

from .. import runtime
from ..caveats import sentence
from ..errors import Failure
from ..wire import Head, Record
from .base import ACROSS, Panel, View
from .drawing import Drawing, Fitting

MOST_DOTS = 1 << 16  # along a side of a picture: what matplotlib's renderer can do
MARGIN = 0.75  # inches of a picture that its panels do not take: name, facts, time axis
MARGIN_COLUMN = 0.5  # the same of an item in one of several columns, which shows no facts
GAP = 0.12  # inches between two panels
LINE = 1.6  # height of a line of the title, relative to that of its letters
LEAST_WIDTH = 3.0  # inches: in less, labels and scales leave no room for the panels
LEAST_COLUMN = 1.5  # the same of one of several columns
SMALL = 1.5  # how much smaller panels are in so many columns or more: panels of as many rows as columns fill a square
BESIDE = 0.9  # inches beside the panels: labels to the left, scales to the right
TICKS = 12  # of a time axis at most
LABEL = 42  # points along a time axis that a tick's label needs: 10:00:00, and a gap
BORDERS = 64  # borders of sections drawn at most: more would hide what they separate


def compose(drawing: Drawing, views: Sequence[View], whole: bool = False) -> Figure:
    """A figure of `views`, one under the other; with `whole`, every panel, as high as it needs, and no title.

    Raises Failure if the size has no room for the panels.
    """
    columns = drawing.columns
    chosen = [choose(drawing, view, whole, len(views) > 1) for view in views]
    shrunk = 1.0 if len(views) == 1 else SMALL / max(columns, SMALL / 0.65)
    parts = [fit(panels, drawing.size[1] if drawing.size and not whole else None, shrunk) for panels in chosen]
    least = LEAST_WIDTH if columns == 1 else LEAST_COLUMN
    if drawing.width < least and any(chosen):
        raise Failure(f"expected a --size at least {least * columns:g} inches wide, got {drawing.width * columns:g}")
    titles = [[] if whole else title_lines(drawing, view) for view in views]
    heights: list[list[float]] = []  # of the rows of each view
    for title, panels, part in zip(titles, chosen, parts, strict=True):
        heights.append([sum(size for _, size, *_ in title) * LINE / 72] if title else [])
        heights[-1] += [height / panel.rows for panel, height in zip(panels.values(), part, strict=True)
                        for _ in range(panel.rows)]  # fmt: skip
    lines = [range(first, min(first + columns, len(views))) for first in range(0, len(views), columns)]
    rows = [[max(row) for row in zip_longest(*(heights[i] for i in line), fillvalue=0.0)] for line in lines]
    total = sum(max(margin(chosen[i], columns) + sum(parts[i]) for i in line) for line in lines)
    figure = Figure(figsize=(drawing.width * columns, total), dpi=drawing.dpi, layout="constrained")
    grid = figure.add_gridspec(max(sum(map(len, rows)), 1), ACROSS * columns, height_ratios=[*chain(*rows)] or [1])
    top = 0
    for line, ratios in zip(lines, rows, strict=True):
        for drawing.column, i in enumerate(line):
            row, across = top, slice(ACROSS * drawing.column, ACROSS * (drawing.column + 1))
            if titles[i]:
                write_title(drawing, titles[i], figure.add_subplot(grid[row, across]))
                row += 1
            cells = []
            for panel in chosen[i].values():
                cells.append(grid[row : row + panel.rows, across])
                row += panel.rows
            drawing.last = drawing.column == min(columns, len(views)) - 1
            drawing.bottom = columns == 1 or line is lines[-1]
            draw(drawing, views[i], chosen[i], figure, cells)
        top += len(ratios)
    return figure


def choose(drawing: Drawing, view: View, whole: bool, several: bool) -> dict[str, Panel]:
    """The panels to draw of `view`: those asked for, else those that suit a picture of one or `several` items."""
    panels = view.panels()
    if drawing.what:
        return {name: panels[name] for name in drawing.what if name in panels}
    if whole:
        return panels
    return {name: panel for name, panel in panels.items() if not (panel.asked or (several and panel.detail))}


def draw(drawing: Drawing, view: View, panels: dict[str, Panel], figure: Figure, cells: Sequence[SubplotSpec]) -> None:
    """Draw `panels` of `view` into `cells` of `figure`."""
    drawn = [panel.draw(drawing, figure, cell) for panel, cell in zip(panels.values(), cells, strict=True)]
    timed = [axes for axes, panel in zip(drawn, panels.values(), strict=True) if panel.timed]
    for axes in timed:
        axes.set_label("time")
        axes.set_xlim(0, max(view.duration, 1e-9))
        if drawing.shared and drawing.column:  # the first column has the numbers
            axes.set_ylabel("")
            axes.tick_params(axis="y", labelleft=False)
        time_axis(axes, view.start, view.duration, view.unit, axes is timed[-1])
        if not drawing.bottom:
            axes.set_xlabel("")
        for time in view.borders if len(view.borders) <= BORDERS else []:
            axes.axvline(time, color=drawing.colour["ink"], linewidth=0.8, alpha=0.8)
    figure.align_ylabels([axes for axes in timed if axes.get_ylabel()])


def write_title(drawing: Drawing, lines: Sequence[tuple[str, float, str, str]], axes: Axes) -> None:
    """Write `lines` into `axes`, at the bottom."""
    axes.axis("off")
    place = LINE * sum(size for _, size, *_ in lines)  # points above the bottom
    for text, size, weight, colour in lines:
        place -= LINE * size
        axes.annotate(text, (0, 0), (0, place), "axes fraction", "offset points", fontsize=size, fontweight=weight,
                      color=drawing.colour[colour], va="baseline")  # fmt: skip


def title_lines(drawing: Drawing, view: View) -> list[tuple[str, float, str, str]]:
    """What stands above the panels, as text, size, weight and colour: name, facts, what is wrong with the item."""
    wide = drawing.width - BESIDE
    lines = [
        (view.name, 8 * wide, 12.0, "bold", "ink"),
        ("  ·  ".join(filter(None, view.facts())), 14 * wide, 8.0, "normal", "faint"),
        (" ".join(filter(None, (view.error, sentence(view.limits)))), 12 * wide, 9.0, "normal", "bad"),
    ]
    if drawing.columns > 1:  # they leave room for the last part of the name alone
        room, name = 11 * drawing.width, view.name.rpartition("/")[2]
        lines = [(name, room, 8.0, "bold", "ink"), (view.error, room, 7.0, "normal", "bad")]
    return [(drawing.safe(text, int(room)), size, weight, colour)
            for text, room, size, weight, colour in lines if text]  # fmt: skip


def margin(panels: dict[str, Panel], columns: int = 1) -> float:
    """Inches of an item's picture that its panels do not take."""
    return (MARGIN if columns == 1 else MARGIN_COLUMN) + GAP * len(panels)


def fit(panels: dict[str, Panel], height: float | None, shrunk: float) -> list[float]:
    """The height of each of `panels` in inches: to fill `height`, or if that is None, what they need, `shrunk`.

    All shrink alike, but none below what its labels need. Raises Failure if that is more than `height` has.
    """
    least = sum(panel.least for panel in panels.values())
    natural = sum(panel.height for panel in panels.values())
    room = max(shrunk * natural, least) if height is None else height - margin(panels)
    if panels and least > room + 1e-6:
        raise Failure(
            f"expected a --size at least {least + margin(panels):.1f} inches high for {', '.join(panels)}, "
            f"got {height:g} (draw fewer with --what)"
        )
    small: set[str] = set()  # those at their least
    while True:
        taken = sum(panels[name].least for name in small)
        free = sum(panel.height for name, panel in panels.items() if name not in small)
        factor = (room - taken) / max(free, 1e-9)
        more = {name for name, panel in panels.items() if name not in small and factor * panel.height < panel.least}
        if not more:
            return [panel.least if name in small else factor * panel.height for name, panel in panels.items()]
        small |= more


class Book:
    """What the items are drawn into."""

    def __init__(self, drawing: Drawing):
        self.drawing = drawing

    def listener(self, head: Head) -> Callable[[Record], None] | None:
        """What to call with every record of the next item, if anything."""

    def add(self, view: View) -> None:
        """Take the next item."""
        raise NotImplementedError

    def finish(self) -> bytes:
        """What goes to standard output."""
        raise NotImplementedError


class Picture(Book):
    """A PNG or SVG: the items one under the other, in each column SHOWN at most."""

    SHOWN = 12

    def __init__(self, drawing: Drawing, form: str, shared: bool = False):
        super().__init__(drawing)
        drawing.shared = shared
        self.form = form
        self.views: list[View] = []
        self.more = 0  # items that found no room

    def add(self, view: View) -> None:
        if len(self.views) < self.SHOWN * self.drawing.columns:
            self.views.append(view)
        else:
            self.more += 1

    def finish(self) -> bytes:
        if self.more:
            rest = View({"name": f"and {self.more} more", "kind": "--item N draws one of them, --format pdf all"})
            self.views.append(rest)
        for view in self.views if self.drawing.shared else []:
            view.share(self.views)
        figure = compose(self.drawing, self.views)
        dots = round(max(figure.get_size_inches()) * self.drawing.dpi)
        if self.form == "png" and dots >= MOST_DOTS:
            raise Failure(f"expected a picture below {MOST_DOTS} dots, got {dots} (lower --dpi or --size)")
        return save(figure, self.form)


class Pages(Book):
    """A PDF: a page for each item."""

    def __init__(self, drawing: Drawing):
        from matplotlib.backends.backend_pdf import PdfPages  # a quarter of the time that all the rest takes to import

        super().__init__(drawing)
        self.file = io.BytesIO()
        self.pages = PdfPages(self.file, metadata={"CreationDate": None, "Creator": None, "Producer": None})

    def add(self, view: View) -> None:
        figure = compose(self.drawing, [view])
        with fitting(figure):
            self.pages.savefig(figure)  # type: ignore[no-untyped-call]

    def finish(self) -> bytes:
        pages = self.pages.get_pagecount()  # type: ignore[no-untyped-call]
        self.pages.close()  # type: ignore[no-untyped-call]
        return self.file.getvalue() if pages else b""


def save(figure: Figure, form: str) -> bytes:
    """`figure` as a png, with its words as a description, or svg; nothing in it differs from day to day."""
    file = io.BytesIO()
    about: dict[str, str | None]
    about = {"Software": None, "Description": words(figure)} if form == "png" else {"Date": None, "Creator": None}
    with fitting(figure):
        figure.savefig(file, format=form, metadata=about)
    return file.getvalue()


def words(figure: Figure) -> str:
    """What a picture says beside the numbers of its axes, for those who can't see it: a line for each panel."""
    lines = []
    for axes in figure.axes:
        key = axes.get_legend()
        entries = key.get_texts() if key else []
        beside = [text for child in axes.child_axes for text in (*child.texts, child.yaxis.label)]
        texts = [axes.title, *axes.texts, axes.yaxis.label, *entries, *beside, axes.xaxis.label]
        lines.append("; ".join(filter(None, (" ".join(text.get_text().split()) for text in texts))))
    return "\n".join(filter(None, lines))


@contextmanager
def fitting(figure: Figure) -> Iterator[None]:
    """To draw `figure` in. Raises Failure if its panels have no room, which matplotlib reports in a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout not applied")
        try:
            yield
        except UserWarning:
            width, height = figure.get_size_inches()
            raise Failure(
                f"expected room for the panels and their labels, got {width:.3g}x{height:.3g} inches "
                "(a larger --size, or fewer panels with --what)"
            ) from None


def time_axis(axes: Axes, start: float, duration: float, unit: str, labelled: bool) -> None:
    """Ticks at whole seconds, minutes or hours of the recording, at most a dozen; `start` is where `axes` begin."""
    end = start + duration
    if unit == "s" and end > 90 and duration > 12:
        days = [86400 * count for count in range(1, 2 + math.ceil(duration / 86400))]
        steps = [1.0, 2, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, *days]
        axes.xaxis.set_major_formatter(FuncFormatter(lambda time, _: runtime.clock(start + time)))
        unit = "h:min:s" if end >= 3600 else "min:s"
    else:
        first = math.floor(math.log10(max(duration, 1e-9) / TICKS))
        steps = [digit * 10.0**power for power in range(first, first + 3) for digit in (1, 2, 5)]
        digits = max(6, 1 + math.ceil(math.log10(max(end, 1e-9))) - first)  # those in which two ticks differ
        axes.xaxis.set_major_formatter(FuncFormatter(lambda time, _: f"{start + time:.{digits}g}"))
    steps = [step for step in steps if duration / step <= TICKS] or steps[-1:]
    places = (
        np.arange(math.ceil(start / step - 1e-6), (end + 1e-9 * duration) / step) * step - start for step in steps
    )
    axes.xaxis.set_major_locator(Fitting(LABEL, *places))
    if labelled:
        axes.set_xlabel(f"time ({unit})")
    else:
        axes.tick_params(axis="x", labelbottom=False)
