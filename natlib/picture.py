"""The pictures of nat-plot: how the panels of views (panels.py) become a figure, and items a PNG, an SVG or a PDF.

Nothing of matplotlib's pyplot is used: no global state, no display.
"""

from __future__ import annotations

import io
import math
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from . import cli
from .panels import Panel, Tokens, View
from .wire import Head, Record

MOST_DOTS = 1 << 16  # of a side of a picture: what matplotlib's renderer can do
MARGIN = 0.75  # inches of a picture that are not panels: name, facts, time axis

THEMES: dict[str, dict[str, str]] = {
    "light": {"paper": "#ffffff", "ink": "#1c1c1e", "faint": "#6b6b70", "empty": "#ececee", "bad": "#b3261e",
              "semantic": "#0072b2", "acoustic": "#d55e00"},
    "dark": {"paper": "#131417", "ink": "#ececee", "faint": "#9a9aa2", "empty": "#26272b", "bad": "#ff8a80",
             "semantic": "#56b4e9", "acoustic": "#e69f00"},
}  # fmt: skip


class Drawing:
    """How pictures look: theme, size, resolution, which panels."""

    def __init__(self, theme: str, size: tuple[float, float] | None, dpi: float, what: str | None):
        self.theme = theme
        self.colour = THEMES[theme]
        self.size = size
        self.dpi = dpi
        self.what = [name for name in (what or "").split(",") if name]
        self.width = size[0] if size else 10.0
        paper, ink, faint = (self.colour[key] for key in ("paper", "ink", "faint"))
        np.seterr(all="ignore")  # odd numbers make an odd picture, not a warning
        matplotlib.rcdefaults()  # whatever stands in a matplotlibrc
        matplotlib.rcParams.update({
            "figure.facecolor": paper, "savefig.facecolor": paper, "axes.facecolor": paper, "text.color": ink,
            "axes.labelcolor": ink, "axes.edgecolor": faint, "xtick.color": faint, "ytick.color": faint,
            "xtick.labelcolor": ink, "ytick.labelcolor": ink, "axes.linewidth": 0.6, "xtick.major.width": 0.6,
            "ytick.major.width": 0.6, "font.size": 9, "xtick.labelsize": 8, "ytick.labelsize": 8,
            "axes.labelsize": 9, "axes.spines.top": False, "axes.spines.right": False, "text.parse_math": False,
            "svg.hashsalt": "nat", "font.family": ["DejaVu Sans"], "figure.constrained_layout.h_pad": 0.06,
            "figure.constrained_layout.w_pad": 0.06, "figure.constrained_layout.hspace": 0.01,
        })  # fmt: skip

    def figure(self, views: Sequence[View], whole: bool = False) -> Figure:
        """A figure of `views`, one under the other; `whole`: every panel, and no title."""
        chosen = [self.choose(view, whole, len(views) > 1) for view in views]
        shrunk = 1.0 if len(views) == 1 else 0.65
        heights = [self.height(panels, shrunk) for panels in chosen]
        figure = Figure(figsize=(self.width, sum(heights)), dpi=self.dpi, layout="constrained")
        rows = figure.subfigures(len(views), 1, height_ratios=heights, squeeze=False)[:, 0]
        for view, panels, row in zip(views, chosen, rows, strict=True):
            axes = self.draw(view, panels, row)
            if not whole:
                self.title(view, axes)
        return figure

    def height(self, panels: dict[str, Panel], shrunk: float) -> float:
        """The height of a picture of `panels`, which are `shrunk`, in inches."""
        if self.size and panels:
            return self.size[1]
        return MARGIN + shrunk * sum(panel.height for panel in panels.values())

    def choose(self, view: View, whole: bool, several: bool) -> dict[str, Panel]:
        """The panels to draw of `view`: those asked for, else those that suit a picture of one or `several` items."""
        panels = view.panels()
        if self.what:
            return {name: panels[name] for name in self.what if name in panels}
        if isinstance(view, Tokens) and not whole:
            panels.pop("measures", None)  # those of the frames: a picture of tokens shows what became of them
        return {name: panel for name, panel in panels.items() if not (several and panel.detail)}

    def draw(self, view: View, panels: dict[str, Panel], figure: SubFigure) -> Axes:
        """Draw `panels` of `view` into `figure`. Returns the first one's axes."""
        heights = [panel.height for panel in panels.values()] or [1]
        grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        if not panels:
            axes = figure.add_subplot(grid[0])
            axes.axis("off")
            return axes
        drawn = [panel.draw(self, figure, grid[row]) for row, panel in enumerate(panels.values())]
        timed = [axes for axes, panel in zip(drawn, panels.values(), strict=True) if panel.timed]
        for axes in timed:
            axes.set_label("time")
            axes.set_xlim(0, max(view.duration, 1e-9))
            time_axis(axes, view.duration, view.unit, axes is timed[-1])
        return drawn[0]

    def title(self, view: View, axes: Axes) -> None:
        """Above `axes`: the item's name, its facts, and what is wrong with it."""
        facts = "  ·  ".join(filter(None, view.facts()))
        place = 20.0 if axes.get_title() else 8.0  # points above the axes
        for text, room, size, weight, colour in (
            (view.error, 10, 9, "normal", "bad"),
            (facts, 12, 8, "normal", "faint"),
            (view.name, 7, 12, "bold", "ink"),
        ):
            if text:
                text = self.safe(text, int(room * self.width))
                axes.annotate(text, (0, 1), (0, place), "axes fraction", "offset points", fontsize=size,
                              fontweight=weight, color=self.colour[colour])  # fmt: skip
                place += 1.6 * size

    def raster(self, axes: Axes, values: NDArray[Any], width: float, names: Sequence[str],
               span: tuple[float, float] = (0, 1), group: int = 1) -> AxesImage:  # fmt: skip
        """A heat map of `values`, shape (rows, columns), over `width` seconds. Returns the image."""
        rows = len(values)
        values, grown = self.narrow(values)
        image = axes.imshow(values, aspect="auto", extent=(0, width * grown, rows - 0.5, -0.5), cmap="viridis",
                            norm=Normalize(*span), interpolation="nearest")  # fmt: skip
        axes.set_facecolor(self.colour["empty"])
        if names:
            axes.set_yticks(range(rows), [self.safe(name, 16) for name in names], fontsize=8 if rows <= 16 else 6.5)
            axes.tick_params(axis="y", length=0)
        else:
            axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda row, _: f"{row * group:g}" if 0 <= row < rows else ""))
        return image

    def narrow(self, values: NDArray[Any]) -> tuple[NDArray[Any], float]:
        """`values`, shape (rows, columns), averaged to a column a dot at most, and by how much that made them wider.

        (Matplotlib's own smoothing would run from row to row as well.)
        """
        rows, columns = values.shape
        group = math.ceil(columns / (0.85 * self.width * self.dpi))
        if group == 1:
            return values, 1.0
        groups = math.ceil(columns / group)
        padded = np.full((rows, groups * group), np.nan)
        padded[:, :columns] = values
        padded = padded.reshape(rows, groups, group)
        present = np.isfinite(padded)
        return padded.sum(axis=2, where=present) / present.sum(axis=2), groups * group / columns

    def bar(self, image: ScalarMappable, axes: Axes, label: str, ticks: Iterable[float],
            names: Sequence[str] | None = None) -> None:  # fmt: skip
        """A colour bar, right beside `axes`."""
        bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.012, 0, 0.012, 1)))
        bar.set_ticks(list(ticks), labels=names)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=7, length=2)
        bar.set_label(label, fontsize=8)

    def safe(self, text: str, room: int) -> str:
        """`text` as the fonts at hand can draw it, on one line of about `room` characters."""
        text = "".join(char if drawable(char) else escape(char) for char in unicodedata.normalize("NFC", text))
        widths = [1 + (unicodedata.east_asian_width(char) in "WF") for char in text]
        if sum(widths) <= room:
            return text
        half, head, tail = room // 2 - 1, 0, 0
        while sum(widths[: head + 1]) <= half:
            head += 1
        while sum(widths[len(text) - tail - 1 :]) <= half:
            tail += 1
        return f"{text[:head]}…{text[len(text) - tail :]}"


class Book:
    """What the items are drawn into."""

    def __init__(self, drawing: Drawing):
        self.drawing = drawing

    def listener(self, head: Head) -> Callable[[Record], None] | None:
        """What is to be shown every record of the next item, if anything is."""

    def add(self, view: View) -> None:
        """Take the next item."""
        raise NotImplementedError

    def finish(self) -> bytes:
        """What goes to standard output."""
        raise NotImplementedError


class Picture(Book):
    """A PNG or SVG: the items one under the other, SHOWN at most."""

    SHOWN = 12

    def __init__(self, drawing: Drawing, form: str):
        super().__init__(drawing)
        self.form = form
        self.views: list[View] = []
        self.more = 0  # items that found no room

    def add(self, view: View) -> None:
        if len(self.views) < self.SHOWN:
            self.views.append(view)
        else:
            self.more += 1

    def finish(self) -> bytes:
        if self.more:
            rest = View({"name": f"and {self.more} more", "kind": "--item N draws one of them, --format pdf all"})
            self.views.append(rest)
        figure = self.drawing.figure(self.views)
        dots = round(max(figure.get_size_inches()) * self.drawing.dpi)
        if self.form == "png" and dots >= MOST_DOTS:
            raise cli.Failure(f"expected a picture below {MOST_DOTS} dots, got {dots} (lower --dpi or --size)")
        return save(figure, self.form)


class Pages(Book):
    """A PDF: a page for each item."""

    def __init__(self, drawing: Drawing):
        from matplotlib.backends.backend_pdf import PdfPages  # a quarter of the time that all the rest takes to import

        super().__init__(drawing)
        self.file = io.BytesIO()
        self.pages = PdfPages(self.file, metadata={"CreationDate": None, "Creator": None, "Producer": None})

    def add(self, view: View) -> None:
        with quiet():
            self.pages.savefig(self.drawing.figure([view]))  # type: ignore[no-untyped-call]

    def finish(self) -> bytes:
        self.pages.close()  # type: ignore[no-untyped-call]
        return self.file.getvalue()


def save(figure: Figure, form: str) -> bytes:
    """`figure` as a png or svg that holds nothing that differs from day to day."""
    file = io.BytesIO()
    dated = ("Software",) if form == "png" else ("Date", "Creator")
    with quiet():
        figure.savefig(file, format=form, metadata=dict.fromkeys(dated))
    return file.getvalue()


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warning that a picture is too small for its labels: who asked for the size sees it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "constrained_layout not applied")
        yield


def escape(char: str) -> str:
    """A character that can't be drawn, as JSON or Python would write it."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@cache
def drawable(char: str) -> bool:
    """Is there a font for `char`? The first one that has it joins those in use."""
    if not char.isprintable():
        return False
    if any(ord(char) in glyphs(fontManager.findfont(family)) for family in matplotlib.rcParams["font.family"]):
        return True
    fonts = sorted(fontManager.ttflist, key=lambda font: (font.style != "normal", font.weight != 400, font.name))
    for font in fonts:
        if font.name != "Last Resort High-Efficiency" and ord(char) in glyphs(font.fname):
            matplotlib.rcParams["font.family"] = [*matplotlib.rcParams["font.family"], font.name]
            return True
    return False


@cache
def glyphs(path: str) -> frozenset[int]:
    """The characters of a font file; none where it can't be used (coloured bitmaps)."""
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


def time_axis(axes: Axes, duration: float, unit: str, labelled: bool) -> None:
    """Ticks at whole seconds, minutes or hours, at most a dozen."""
    if unit == "s" and duration > 90:
        steps = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200]
        step = next((step for step in steps if duration / step <= 12), 86400 * max(1, math.ceil(duration / 86400 / 12)))
        axes.xaxis.set_major_locator(FixedLocator(np.arange(0, duration + 1e-9, step).tolist()))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda time, _: cli.clock(time)))
        unit = "h:min:s" if duration >= 3600 else "min:s"
    else:
        axes.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 2, 5, 10]))
    if labelled:
        axes.set_xlabel(f"time ({unit})")
    else:
        axes.tick_params(axis="x", labelbottom=False)
