"""How pictures look, whatever they show: theme, fonts, heat maps, keys, ticks, the numbers of labels.

Uses nothing of matplotlib's pyplot, so it needs no display.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.gridspec import SubplotSpec
from matplotlib.image import AxesImage
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike, NDArray

from ..runtime import clock
from .downsample import Float

THEMES: dict[str, dict[str, str]] = {
    "light": {"paper": "#ffffff", "ink": "#1c1c1e", "faint": "#6b6b70", "empty": "#ececee", "bad": "#b3261e",
              "semantic": "#0072b2", "acoustic": "#d55e00"},
    "dark": {"paper": "#131417", "ink": "#ececee", "faint": "#9a9aa2", "empty": "#26272b", "bad": "#ff8a80",
             "semantic": "#56b4e9", "acoustic": "#e69f00"},
}  # fmt: skip
TINTS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")  # Okabe and Ito's
AXES = 0.84  # of the height of a panel what its axes take, or a little less
ROUNDING = 0.5  # dB by which a level may pass the end of its scale: windows and rounding add as much to full scale


class Drawing:
    """How pictures look: theme, size, resolution, which panels."""

    def __init__(self, theme: str, size: tuple[float, float] | None, dpi: float, what: str | None,
                 columns: int = 1):  # fmt: skip
        self.theme = theme
        self.colour = THEMES[theme]
        self.size = size
        self.dpi = dpi
        self.what = [name for name in (what or "").split(",") if name]
        self.columns = columns  # of items
        self.width = (size[0] if size else 10.0) / columns  # of an item
        self.shared = False  # have all items one scale?
        self.column = 0  # in which the item that is drawn stands
        self.last = self.bottom = True  # does it stand in the last column, in the last line?
        paper, ink, faint = (self.colour[key] for key in ("paper", "ink", "faint"))
        self.fonts = Fonts()
        np.seterr(all="ignore")  # odd numbers make an odd picture, not a warning
        matplotlib.rcdefaults()  # whatever a matplotlibrc says
        matplotlib.rcParams.update({
            "figure.facecolor": paper, "savefig.facecolor": paper, "axes.facecolor": paper, "text.color": ink,
            "axes.labelcolor": ink, "axes.edgecolor": faint, "xtick.color": faint, "ytick.color": faint,
            "xtick.labelcolor": ink, "ytick.labelcolor": ink, "axes.linewidth": 0.6, "xtick.major.width": 0.6,
            "ytick.major.width": 0.6, "font.size": 9, "xtick.labelsize": 8, "ytick.labelsize": 8,
            "axes.labelsize": 9, "axes.spines.top": False, "axes.spines.right": False, "text.parse_math": False,
            "svg.hashsalt": "nat", "font.family": self.fonts.families, "figure.constrained_layout.h_pad": 0.06,
            "figure.constrained_layout.w_pad": 0.06, "figure.constrained_layout.hspace": 0.01,
        })  # fmt: skip

    def second(self, duration: float) -> float:
        """Seconds that a point along the time axis of an item takes, or a little more."""
        return max(duration, 1e-9) / (72 * max(0.97 * self.width - 1.45, 0.5))

    def points(self, cell: SubplotSpec) -> float:
        """Points that a panel is high, or a little less: its axes get their final size only when all is drawn."""
        heights = np.asarray(cell.get_gridspec().get_height_ratios(), np.float64)  # inches, as long as all fits
        return float(AXES * 72 * heights[cell.rowspan.start])

    @staticmethod
    def reach(text: str, size: float) -> float:
        """Points along which `text` reaches in letters of `size` points."""
        return float(TextPath((0, 0), text, size=size).vertices[:, 0].max()) if text.strip() else 0.0

    def raster(self, axes: Axes, values: NDArray[Any], width: float, names: Sequence[str],
               span: tuple[float, float] = (0, 1), group: int = 1) -> AxesImage:  # fmt: skip
        """A heat map of `values`, shape (rows, columns), over `width` seconds. Returns the image."""
        rows = len(values)
        values, grown = self.narrow(values)
        image = axes.imshow(values, aspect="auto", extent=(0, width * grown, rows - 0.5, -0.5), cmap="viridis",
                            norm=Normalize(*span), interpolation="nearest")  # fmt: skip
        axes.set_facecolor(self.colour["empty"])
        size = 8.0 if rows <= 16 else 6.5
        if names:
            rows_axis(axes.yaxis, {row: self.safe(name, 20) for row, name in enumerate(names)}, size)
        else:
            axes.yaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda row, _: f"{row * group:g}" if 0 <= row < rows else ""))
        return image

    def narrow(self, values: NDArray[Any]) -> tuple[NDArray[Any], float]:
        """`values`, shape (rows, columns), averaged to a column a dot at most, and how many times wider that made them.

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

    def bar(self, image: ScalarMappable, axes: Axes, label: str, ticks: Sequence[float],
            names: Sequence[str] | None = None) -> None:  # fmt: skip
        """A colour bar, right beside `axes`, with its labels in line with those of the bars above and below it."""
        if self.shared and not self.last:
            return
        said = dict(zip(ticks, names or [number(tick) for tick in ticks], strict=True))
        bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.012, 0, 0.012, 1)),
                                   ticks=Fitting(10, ticks, [ticks[0], ticks[-1]]),
                                   format=FuncFormatter(lambda tick, _: said.get(tick, "")))  # fmt: skip
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=7, length=2)
        bar.set_label(label, fontsize=8)
        beside = bar.ax.transAxes + ScaledTranslation(34 / 72, 0, axes.figure.dpi_scale_trans)
        bar.ax.yaxis.set_label_coords(1, 0.5, transform=beside)

    def key(self, axes: Axes, *entries: Artist) -> None:
        """A key to the marks in `axes`: above `axes`, to the right, where it covers no data."""
        axes.legend(handles=entries, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(entries), frameon=False,
                    fontsize=7, borderpad=0, borderaxespad=0.35, handlelength=1.3, handleheight=0.8, handletextpad=0.6,
                    columnspacing=1.3)  # fmt: skip

    def safe(self, text: str, room: int) -> str:
        """`text` as the fonts at hand can draw it, on one line of about `room` characters."""
        text = self.fonts.cover(unicodedata.normalize("NFC", text))
        widths = [1 + (unicodedata.east_asian_width(char) in "WF") for char in text]
        if sum(widths) <= room:
            return text
        half, head, tail = room // 2 - 1, 0, 0
        while sum(widths[: head + 1]) <= half:
            head += 1
        while sum(widths[len(text) - tail - 1 :]) <= half:
            tail += 1
        return f"{text[:head]}…{text[len(text) - tail :]}"


class Fonts:
    """The fonts in use: one at first; `cover` adds what a text needs."""

    def __init__(self) -> None:
        self.families = ["DejaVu Sans"]
        self._covered: dict[str, bool] = {}

    def cover(self, text: str) -> str:
        """`text`, with an escape for each character that no font at hand has.

        If no font in use has a character, the first font at hand that has it joins them, for this and all later texts.
        """
        for char in set(text) - self._covered.keys():
            self._covered[char] = self._find(char)
        return "".join(char if self._covered[char] else escape(char) for char in text)

    def _find(self, char: str) -> bool:
        if not char.isprintable():
            return False
        if any(ord(char) in glyphs(fontManager.findfont(family)) for family in self.families):
            return True
        fonts = sorted(fontManager.ttflist, key=lambda font: (font.style != "normal", font.weight != 400, font.name))
        for font in fonts:
            if font.name != "Last Resort High-Efficiency" and ord(char) in glyphs(font.fname):
                self.families = [*self.families, font.name]
                matplotlib.rcParams["font.family"] = self.families
                return True
        return False


@cache
def glyphs(path: str) -> frozenset[int]:
    """The characters of a font file; none if it can't be used (coloured bitmaps)."""
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


def escape(char: str) -> str:
    """A character that can't be drawn, as JSON or Python would write it."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Fitting(Locator):
    """Ticks at the first of several `choices` of places that leaves each label `room` points along the axis.

    If none does, the last one is thinned out.
    """

    def __init__(self, room: float, *choices: ArrayLike):
        self.room = room
        self.choices = [np.sort(np.asarray(places, np.float64).ravel()) for places in choices]

    def __call__(self) -> list[float]:
        axis = cast(Axis, self.axis)
        low, high = sorted(axis.get_view_interval())
        length = axis.axes.bbox.width if isinstance(axis, XAxis) else axis.axes.bbox.height  # dots
        gap = (high - low) * self.room * axis.axes.figure.dpi / 72 / max(length, 1)
        for choice in self.choices:
            places = choice[(choice >= low) & (choice <= high)]
            if len(places) and np.diff(places).min(initial=np.inf) >= gap:
                return [float(place) for place in places]
        thin: list[float] = []
        for place in places:
            if not thin or place - thin[-1] >= gap:
                thin.append(float(place))
        return thin


def rows_axis(axis: Axis, names: Mapping[float, str], size: float) -> None:
    """Names rows at their places, in letters of `size` points: all, or every second, third … as there is room."""
    choices = [list(names)[::step] for step in range(1, max(len(names), 2))]
    axis.set_major_locator(Fitting(1.15 * size, *choices))
    axis.set_major_formatter(FuncFormatter(lambda place, _: names.get(place, "")))
    axis.set_tick_params(length=0, labelsize=size)


def frequency_axis(axes: Axes) -> None:
    """A y axis in log2 Hz: ticks at 1, 2 and 5 times powers of ten, or if there is no room, at powers of ten."""
    tens = [10.0**power for power in range(-3, 10)]
    fine = [ten * digit for ten in tens for digit in (1, 2, 5)]
    axes.yaxis.set_major_locator(Fitting(9, np.log2(fine), np.log2(tens)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda octave, _: short(2**octave)))
    axes.set_ylabel("frequency (Hz)")


def seconds(duration: float) -> str:
    """A duration, with its unit."""
    return f"{duration:.3g} s" if duration < 100 else f"{clock(duration)} {'h' if duration >= 3600 else 'min'}"


def loudest(levels: Float) -> int:
    """Where a scale of `levels` ends, in dBFS: the next multiple of ten above them."""
    highest = float(np.max(levels, initial=-120.0, where=np.isfinite(levels)))
    return 10 * math.ceil((highest - ROUNDING) / 10)


def short(hertz: float) -> str:
    """A frequency for a label: 50, 2.5k."""
    return f"{hertz / 1000:.3g}k" if hertz >= 999.5 else f"{hertz:.3g}"


def number(value: float) -> str:
    """A number for a label: three significant digits, no exponent if it can be helped."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}".replace("-", "\u2212")
