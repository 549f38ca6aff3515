"""The layers of tokens: a raster of their codes, what changes when, how the codes are used."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..errors import Failure
from ..stats import entropy
from ..wire import Head, show
from .base import ACROSS, Panel
from .downsample import Columns, Means
from .drawing import Drawing

LAYERS = 32  # layers drawn at most
BARS = 512  # bars of a histogram at most
WIDE = 7.5  # inches: in less, small panels have room for nothing but a name
TICKED = 6.0  # inches: in less, they have no room for the labels of two ticks and an axis either
CODES = 1 << 16  # codes that a layer on the wire can have


class Layers:
    """Codes by layer: a raster of them, what changes when, and how they are used."""

    def __init__(self, head: Head):
        layers = head.get("layers")
        if not isinstance(layers, list) or not layers or not all(isinstance(layer, dict) for layer in layers):
            raise Failure(f'expected a list of objects as "layers", got {show(layers)}')
        self.width = len(layers)  # of the stream
        self.heads = layers[:LAYERS]
        self.names = [str(layer.get("name", number)) for number, layer in enumerate(self.heads)]
        self.frames = 0
        self.counts = [np.zeros(0, np.int64) for _ in self.heads]
        self.codes = Means(len(self.heads))
        self.changes = Columns(np.add, (len(self.heads),))
        self.runs = np.zeros(len(self.heads), np.int64)
        self._last = np.full(len(self.heads), -1, np.int32)

    def add(self, codes: NDArray[np.int32]) -> None:
        """Take `codes`, shape (n, layers shown); -1 is absent."""
        if not len(codes):
            return
        self.frames += len(codes)
        changed = np.diff(codes, axis=0, prepend=self._last[None]) != 0
        self.runs += changed.sum(axis=0)
        if self.frames == len(codes):
            changed[0] = False  # the first frame is no change
        self._last = codes[-1].copy()
        self.changes.add(changed.astype(np.float32))
        self.codes.add(np.where(codes < 0, np.float32(np.nan), codes).astype(np.float32))
        for number, counts in enumerate(self.counts):
            layer = codes[:, number]
            more = np.bincount(layer[layer >= 0], minlength=len(counts))
            more[: len(counts)] += counts
            self.counts[number] = more

    def vocabulary(self, number: int) -> int:
        """How many codes a layer has: as the header says, or else as many as were seen."""
        vocab = self.heads[number].get("vocab")
        seen = len(self.counts[number])
        return max(vocab, seen) if type(vocab) is int and 0 < vocab <= CODES else max(seen, 1)

    def facts(self, head: Head) -> list[str]:
        """How many layers there are, and which codebook they come from."""
        codebook = head.get("codebook")
        facts = [f"{len(self.heads)} layers"]
        if isinstance(codebook, dict):
            facts.append(f"codebook {codebook.get('name', '')} {str(codebook.get('sha256', ''))[:8]}".strip())
        return facts

    def panels(self, rate: float, asked: bool) -> dict[str, Panel]:
        """The raster, the changes and the usage; with `asked`, the last two are drawn only if asked for."""
        rows = math.ceil(len(self.heads) / ACROSS)
        usage = Panel(min(1.15 * rows + 0.2, 12), self._usage, detail=True, asked=asked, rows=rows, least=0.8 * rows)
        return {
            "layers": Panel(min(max(0.28 * len(self.heads), 0.8), 6), partial(self._layers, rate), True),
            "changes": Panel(1.15, partial(self._changes, rate), True, asked=asked, least=0.8),
            "usage": usage,  # last: it has no time axis
        }

    def _layers(self, rate: float, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        last = np.array([max(self.vocabulary(number) - 1, 1) for number in range(len(self.heads))])
        image = drawing.raster(axes, (self.codes.values / last).T, self.codes.span / rate, self.names)
        for row in range(1, len(self.names)):
            axes.axhline(row - 0.5, color=drawing.colour["paper"], linewidth=1.2)
        axes.set_ylabel("layer")
        drawing.bar(image, axes, "code", [0, 1], ["0", "last"])
        return axes

    def _changes(self, rate: float, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        share, grown = drawing.narrow((self.changes.values / self.changes.counts[:, None]).T)
        columns = len(self.changes.values)
        edges = np.linspace(0, columns * grown * self.changes.hop / rate, share.shape[1] + 1)
        base = np.zeros(share.shape[1])
        kinds = [str(layer.get("type", "")) for layer in self.heads]
        handles = []
        for kind in dict.fromkeys(kinds):
            here = [row for row, name in enumerate(kinds) if name == kind]
            top = base + share[here].sum(axis=0)
            colour = drawing.colour.get(kind, drawing.colour["faint"])
            label = drawing.safe(kind or "all", 20)
            axes.stairs(top, edges, baseline=base, fill=True, color=colour)
            handles.append(Patch(color=colour, label=label))
            base = top
        axes.set(ylim=(0, max(float(base.max()) * 1.05, 1)), ylabel="changed\nlayers")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        drawing.key(axes, *handles)
        return axes

    def _usage(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        grid, top = cell.get_gridspec(), cell.rowspan.start
        across = next(across for across in (1, 2, ACROSS) if across >= min(len(self.heads), ACROSS))
        wide = ACROSS // across
        drawn = []
        for number, counts in enumerate(self.counts):
            row, column = top + number // across, number % across * wide
            axes = figure.add_subplot(grid[row, column : column + wide])
            drawn.append(axes)
            vocab = self.vocabulary(number)
            group = math.ceil(vocab / BARS)
            share = np.zeros(math.ceil(vocab / group) * group)
            share[: len(counts)] = 100 * counts / max(counts.sum(), 1)
            share = share.reshape(-1, group).sum(axis=1)
            colour = drawing.colour.get(str(self.heads[number].get("type")), drawing.colour["faint"])
            axes.stairs(share, np.arange(len(share) + 1) * group - 0.5, fill=True, color=colour)
            axes.set(xlim=(-0.5, vocab - 0.5), ylim=(0, 1.1 * share.max() or 1))
            axes.set_xticks(sorted({0, vocab - 1} if drawing.width >= TICKED else {0}))
            axes.yaxis.set_major_locator(MaxNLocator(2))
            axes.tick_params(labelsize=7)
            title = f"{self.names[number]}: {np.count_nonzero(counts)} of {vocab}, {entropy(counts.tolist()):.1f} bits"
            title = title if drawing.width >= WIDE else self.names[number]
            axes.set_title(drawing.safe(title, 40), fontsize=8, pad=3)
            if number % across == 0:
                axes.set_ylabel("frames (%)", fontsize=8)
            if number + across >= len(self.heads) and drawing.width >= TICKED:
                axes.set_xlabel("code", fontsize=8, labelpad=-6)
        return drawn[0]

    def table(self, unit: str, duration: float) -> list[tuple[str, ...]]:
        """Figures of each layer, over `duration` in `unit`."""
        rows: list[tuple[str, ...]] = [("layer", "codes used", "of", "utilisation", "entropy (bits)", "of at most",
                 f"changes a {unit}", "mean run (frames)", "most used")]  # fmt: skip
        for number, counts in enumerate(self.counts):
            used, vocab = int(np.count_nonzero(counts)), self.vocabulary(number)
            runs = max(int(self.runs[number]), 1)
            top = np.argsort(-counts, kind="stable")[: min(3, used)]
            rows.append((
                self.names[number], f"{used}", f"{vocab}", f"{used / vocab:.0%}", f"{entropy(counts.tolist()):.2f}",
                f"{math.log2(vocab):.2f}", f"{(runs - 1) / duration:.2f}", f"{self.frames / runs:.1f}",
                ", ".join(f"{code} ({counts[code] / counts.sum():.0%})" for code in top),
            ))  # fmt: skip
        return rows


class Words:
    """What codes are said to measure like: "S0 17" to words."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def add(self, head: Head) -> None:
        """Take a `code` note."""
        if len(self.words) < CODES:
            means = head.get("means", head.get("measures"))
            if isinstance(means, dict):
                means = ", ".join(f"{key} {value}" for key, value in means.items())
            self.words[f"{head.get('layer')} {head.get('code')}"] = str(means)
