"""The bytes of a file: how often each value occurs, in all and along the file."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from ..stats import entropy
from ..wire import Head, Record
from .base import Panel, View
from .downsample import Columns
from .drawing import Drawing, Fitting


class Bytes(View):
    """The bytes of a file: how often each value occurs, in all and along the file."""

    PIECE = 1024

    def __init__(self, head: Head):
        super().__init__(head)
        self.counts = np.zeros(256, np.int64)
        self.position = Columns(np.add, (256,))
        self._rest = b""

    def add(self, record: Record) -> None:
        data = self._rest + record.payload
        whole = len(data) // self.PIECE * self.PIECE
        self._take(np.frombuffer(data, np.uint8, whole).reshape(-1, self.PIECE))
        self._rest = data[whole:]

    def finish(self) -> None:
        self._take(np.frombuffer(self._rest, np.uint8).reshape(1, -1)[:, : len(self._rest)])

    def _take(self, pieces: NDArray[np.uint8]) -> None:
        if pieces.size:
            index = pieces + 256 * np.arange(len(pieces))[:, None]
            counts = np.bincount(index.ravel(), minlength=256 * len(pieces)).reshape(-1, 256)
            self.counts += counts.sum(axis=0)
            self.position.add(counts.astype(np.float32))

    def facts(self) -> list[str]:
        extent = self.end.get("extent", self.head.get("extent"))
        size = int(self.counts.sum())
        return [
            "bytes",
            f"format {self.head.get('format', 'unknown')}",
            f"{size:,} bytes",
            f"{entropy(self.counts.tolist()):.2f} bits a byte" if size else "",
            f"extent {extent}" if extent else "",
        ]

    def panels(self) -> dict[str, Panel]:
        if not self.counts.any():
            return {}
        return {
            "histogram": Panel(2.4, self._histogram),
            "position": Panel(2.4, self._position, detail=True, least=1.5),
        }

    def _histogram(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        share = 100 * self.counts / self.counts.sum()
        axes.stairs(share, np.arange(257) - 0.5, fill=True, color=drawing.colour["semantic"])
        axes.set(xlim=(-0.5, 255.5), xlabel="value of the byte", ylabel="share (%)")
        even = axes.axhline(100 / 256, color=drawing.colour["bad"], linewidth=1, linestyle=(0, (4, 3)))
        even.set_label("even share (1/256)")
        drawing.key(axes, even)
        axes.xaxis.set_major_locator(Fitting(30, *([*range(0, 256, step), 255] for step in (32, 64, 128, 256))))
        axes.xaxis.set_major_formatter(FuncFormatter(hexadecimal))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        return axes

    def _position(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        counts = self.position.values
        times = np.log2(np.maximum(counts / counts.sum(axis=1, keepdims=True) * 256, 2**-4))
        unit, scale = next((unit, scale) for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("bytes", 1))
                           if self.counts.sum() >= scale)  # fmt: skip
        width = len(counts) * self.position.hop * self.PIECE / scale
        image = axes.imshow(times.T, aspect="auto", origin="lower", extent=(0, width, -0.5, 255.5), cmap="viridis",
                            norm=Normalize(-4, 6), interpolation_stage="data")  # fmt: skip
        axes.set(xlim=(0, self.counts.sum() / scale), xlabel=f"position ({unit})", ylabel="value of the byte")
        axes.yaxis.set_major_locator(Fitting(10, [0, 64, 128, 192, 255], [0, 128, 255], [0, 255]))
        axes.yaxis.set_major_formatter(FuncFormatter(hexadecimal))
        drawing.bar(image, axes, "times its even share", [-4, -2, 0, 2, 4, 6], ["≤1/16", "1/4", "1", "4", "16", "≥64"])
        return axes


def hexadecimal(value: float, _: object = None) -> str:
    """The value of a byte for a label."""
    return f"0x{round(value):02X}"
