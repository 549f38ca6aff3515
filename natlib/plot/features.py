"""Feature rows: a heat map of each stream, and of the measures."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from ..wire import Head, Record
from .base import Panel
from .downsample import Means
from .drawing import Drawing
from .framed import ROWS, Framed, measures_panel


class Features(Framed):
    """Feature rows: a heat map of each stream, and of the measures."""

    def __init__(self, head: Head):
        super().__init__(head)
        self.streams = [stream for stream in head["streams"] if stream["width"]]
        widths = [stream["width"] for stream in self.streams]
        self.width = sum(widths)
        self.columns = self.width + (len(self.measured.names) if self.measured else 0)
        self.ends = np.cumsum(widths).tolist()
        self.groups = [math.ceil(width / ROWS) for width in widths]
        self.means = [Means(math.ceil(width / group)) for width, group in zip(widths, self.groups, strict=True)]

    def add(self, record: Record) -> None:
        if record.event != "data":
            return
        rows = np.frombuffer(record.payload, "<f4").reshape(-1, self.columns)
        self.frames += len(rows)
        for stream, last, group, means in zip(self.streams, self.ends, self.groups, self.means, strict=True):
            part = rows[:, last - stream["width"] : last]
            if group > 1:
                starts = np.arange(0, part.shape[1], group)
                part = np.add.reduceat(part, starts, axis=1) / np.diff([*starts, part.shape[1]]).astype(np.float32)
            means.add(part)
        if self.measured:
            self.measure(rows[:, self.width :])

    def facts(self) -> list[str]:
        model = " ".join(str(self.head[key]) for key in ("model", "model_version") if key in self.head)
        widths = " + ".join(f"{stream.get('name')} {stream['width']}" for stream in self.streams)
        return [*super().facts(), f"model {model}" if model else "", f"{widths} numbers a frame"]

    def panels(self) -> dict[str, Panel]:
        if not self.frames:
            return {}
        result: dict[str, Panel] = {}
        for stream, group, means in zip(self.streams, self.groups, self.means, strict=True):
            rows = stream.get("rows")
            named = isinstance(rows, list) and len(rows) == stream["width"] <= ROWS
            names = [str(row) for row in rows] if named else []
            name, kind = str(stream.get("name", "")), stream.get("type")
            label = f"{name} ({kind})" if isinstance(kind, str) and kind else name
            label = label if names else f"{label}\nrow"

            def draw(drawing: Drawing, figure: Figure, cell: SubplotSpec, means: Means = means, label: str = label,
                     names: list[str] = names, group: int = group) -> Axes:  # fmt: skip
                axes = figure.add_subplot(cell)
                values = means.values.astype(np.float64)
                image = values - means.means
                present = np.isfinite(image)
                squares = np.sum(image**2, axis=0, where=present)
                spread = np.sqrt(squares / np.maximum(present.sum(axis=0), 1))
                image /= np.where(spread > 0, spread, 1)
                heat = drawing.raster(axes, image.T, means.span / self.rate, names, (-2.5, 2.5), group)
                axes.set_ylabel("\n".join(drawing.safe(line, 30) for line in label.split("\n")))
                drawing.bar(heat, axes, "z-score by row", [-2, 0, 2])
                return axes

            height = min(max(0.115 * len(names), 2.0), 4.5)
            result[name or f"stream-{len(result)}"] = Panel(height, draw, True)
        if self.measured:
            result["measures"] = measures_panel(self.measured, self.rate)
        return {**self.sounding.panels(), **result}
