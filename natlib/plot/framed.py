"""Frames, and the measures that go with them: what features, tokens and NDJSON share."""

from __future__ import annotations

import math
import re
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from ..notes import NAMES
from ..wire import Head
from .base import Panel, View
from .downsample import Float, Means
from .drawing import Drawing, number, rows_axis, seconds
from .scenes import real
from .sounding import Sounding

ROWS = 256  # rows of a heat map at most: for wider streams, neighbours are averaged


class Framed(View):
    """Frames: features, or tokens."""

    def __init__(self, head: Head):
        super().__init__(head)
        rate = head.get("frame_rate")
        self.known = isinstance(rate, int | float) and 0 < rate < math.inf
        self.rate = float(rate) if isinstance(rate, int | float) and self.known else 1.0
        self.unit = "s" if self.known else "frames"
        entries = head.get("measures") or []
        self.measured = Measures(entries if isinstance(entries, list) else []) if entries else None
        self.sounding = Sounding(entries if isinstance(entries, list) else [], self.rate)
        self.frames = 0
        self.start = max(0.0, real(head.get("t0", 0))) if self.known else 0.0

    def measure(self, grid: Float) -> None:
        """Take the measures of frames on their grid, shape (n, measures); NaN is absent."""
        if self.measured:
            rows = grid * self.measured.steps
            self.measured.add(rows)
            self.sounding.add(rows)

    def finish(self) -> None:
        self.duration = self.frames / self.rate
        self.sounding.finish()

    def facts(self) -> list[str]:
        return [
            str(self.head["kind"]).replace("ndjson", "NDJSON"),
            f"{self.frames:,} frames",
            f"{self.rate:g} frames/s" if self.known else "",
            seconds(self.duration) if self.known else "",
        ]

    def tables(self) -> dict[str, list[tuple[str, ...]]]:
        return {"Measures": self.measured.table()} if self.measured and self.frames else {}


class Measures:
    """The measures of the frames: a heat map, each row (or family of rows: band_0, band_1 …) on its own scale."""

    def __init__(self, entries: list[Head]):
        self.names = [str(entry.get("name", number)) for number, entry in enumerate(entries)]
        self.titles = [title(name, entry) for name, entry in zip(self.names, entries, strict=True)]
        self.units = [str(entry.get("unit") or "") for entry in entries]
        steps = [entry.get("step") for entry in entries]
        self.steps = np.array([step if isinstance(step, int | float) else 1 for step in steps], np.float32)
        self.means = Means(len(entries))

    def add(self, rows: Float) -> None:
        """Take `rows` in their units, shape (n, measures); NaN is absent."""
        self.means.add(rows)

    def draw(self, drawing: Drawing, figure: Figure, cell: SubplotSpec, rate: float) -> Axes:
        axes = figure.add_subplot(cell)
        values = self.means.values[:, :ROWS].astype(np.float64)
        pitched = np.array([unit == "Hz" for unit in self.units[:ROWS]])
        values[:, pitched] = np.log2(np.maximum(values[:, pitched], 1e-3))
        low, high = np.full((2, values.shape[1]), np.nan)
        families = [list(rows) for _, rows in groupby(range(values.shape[1]), lambda row: self.titles[row][0] or row)]
        for rows in families:
            present = values[:, rows][np.isfinite(values[:, rows])]
            if present.size:
                low[rows], high[rows] = np.percentile(present, (1, 99))
        image = (values - low) / np.where(high > low, high - low, 1)
        low, high = np.where(pitched, 2**low, low), np.where(pitched, 2**high, high)
        drawing.raster(axes, image.T, self.means.span / rate, [name for _, name in self.titles[: len(low)]])
        size = axes.yaxis.get_tick_params()["labelsize"]
        said = {}
        for rows in families:
            first = rows[0]
            unit = self.units[first] if self.units[first] != "0..1" else ""
            span = f"{number(low[first])} … {number(high[first])} {unit}" if math.isfinite(low[first]) else "absent"
            said[(first + rows[-1]) / 2] = drawing.safe(f"{self.titles[first][0]} {span}".strip(), 28)
            axes.axhline(first - 0.5, color=drawing.colour["paper"], linewidth=0.8)
        right = axes.secondary_yaxis("right")
        rows_axis(right.yaxis, said, size)
        right.spines["right"].set_visible(False)
        return axes

    def table(self) -> list[tuple[str, ...]]:
        """Name, unit, lowest, mean and highest of each measure."""
        names = [f"{family} {name}".strip() for family, name in self.titles]
        rows = zip(names, self.units, self.means.low, self.means.means, self.means.high, strict=True)
        return [("measure", "unit", "lowest", "mean", "highest"),
                *((name, unit, *(number(value) for value in rest)) for name, unit, *rest in rows)]  # fmt: skip


def title(name: str, entry: Head) -> tuple[str, str]:
    """The family and the name of a measure: for chroma_1, "chroma" and "C#"; for one by itself, "" and its name."""
    family, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name, re.DOTALL).groups()  # type: ignore[union-attr]
    low, high = entry.get("low"), entry.get("high")
    if number is None:
        return "", name.replace("_", " ")
    family = family.replace("_", " ")
    if family.endswith("chroma") and int(number) < len(NAMES):
        return family, NAMES[int(number)]
    if isinstance(low, int | float) and isinstance(high, int | float):
        return family, f"{low:g}–{high:g} Hz"
    return family, number


def measures_panel(measured: Measures, rate: float) -> Panel:
    """The panel of the measures."""
    height = min(max(0.118 * len(measured.names) + 0.2, 1.0), 10)
    return Panel(height, lambda drawing, figure, cell: measured.draw(drawing, figure, cell, rate), True, True)
