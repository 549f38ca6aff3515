"""The panels of nat-plot: a `View` for each kind of stream takes an item's records and draws what it kept of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator
from numpy.typing import ArrayLike, NDArray

from .. import cli
from ..wire import Head, Record, show
from .downsample import Columns, Float, Means, Spectrogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.gridspec import SubplotSpec

    from .picture import Drawing

ROWS = 256  # rows of a heat map at most: of wider streams, neighbours are averaged
ACROSS = 4  # columns of a picture: small panels stand beside each other, the others span all
LAYERS = 32  # layers drawn at most
BARS = 512  # bars of a histogram at most
WIDE = 7.5  # inches: in less, small panels have room for a name alone
TICKED = 6.0  # inches: in less, not for the labels of two ticks and an axis either
MOST_SECTIONS = 256  # sections kept
LONGEST = 24 * 3600 * 50  # frames that one line of NDJSON may stand for: nobody is kept busy by a wrong time
CODES = 1 << 16  # codes that a layer of the wire can have
SOUNDS = 4096  # sounds drawn at most: of more, those that rise most
SCALE = 80  # dB from the darkest to the brightest colour of a spectrogram
ROUNDING = 0.5  # dB by which a level may pass the end of its scale: windows and rounding add as much to full scale
TINTS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")  # of sections: Okabe and Ito's
PALE = "#7fdbff"  # the pitch of scenes
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Panel(NamedTuple):
    """A part of a picture: its height in inches where there is room, and what draws it into a cell."""

    height: float
    draw: Callable[[Drawing, Figure, SubplotSpec], Axes]
    timed: bool = False  # is its x axis the time?
    detail: bool = False  # left out where several items share a picture
    asked: bool = False  # drawn only where it is asked for, and in a report
    rows: int = 1  # of the cell, which has ACROSS columns
    least: float = 0.9  # inches that its labels need


class Fitting(Locator):
    """Ticks at the first of several `choices` of places whose labels have `room` points each along the axis.

    Where none has, the last one is thinned out.
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
    """The names of rows by their places, in letters of `size` points: of all, or each second, third … as has room."""
    choices = [list(names)[::step] for step in range(1, max(len(names), 2))]
    axis.set_major_locator(Fitting(1.15 * size, *choices))
    axis.set_major_formatter(FuncFormatter(lambda place, _: names.get(place, "")))
    axis.set_tick_params(length=0, labelsize=size)


def frequency_axis(axes: Axes) -> None:
    """A y axis in log2 Hz: ticks at 1, 2 and 5 times powers of ten, or where these have no room at powers of ten."""
    tens = [10.0**power for power in range(-3, 10)]
    fine = [ten * digit for ten in tens for digit in (1, 2, 5)]
    axes.yaxis.set_major_locator(Fitting(9, np.log2(fine), np.log2(tens)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda octave, _: short(2**octave)))
    axes.set_ylabel("frequency (Hz)")


class View:
    """What is kept of an item. Subclasses take its data and notes, and say what there is to see."""

    duration = 0.0  # seconds, or rows where the rate is not known
    unit = "s"
    borders: Sequence[float] = ()  # of sections, in seconds: lines over every panel with a time axis

    def __init__(self, head: Head):
        self.head = head
        self.end: Head = {}
        self.error = ""

    @property
    def name(self) -> str:
        name = self.head.get("name")
        return name if isinstance(name, str) and name else "no name"

    def add(self, record: Record) -> None:
        """Take a data record or a note."""

    def finish(self) -> None:
        """The item is whole, or broke off here. Never fails."""

    def facts(self) -> list[str]:
        """What the line under the name says."""
        return [str(self.head.get("kind"))]

    def panels(self) -> dict[str, Panel]:
        """What can be drawn, in order; nothing where there is no data."""
        return {}

    def tables(self) -> dict[str, list[tuple[str, ...]]]:
        """Figures for the report: titles, and their rows, of which the first is the head."""
        return {}


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
            f"{entropy(self.counts):.2f} bits a byte" if size else "",
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


class Pcm(View):
    """Sound: the envelope of its waveform, and its spectrogram."""

    def __init__(self, head: Head):
        super().__init__(head)
        rate = head.get("sample_rate")
        if type(rate) is not int or not 0 < rate < 1 << 31:
            raise cli.Failure(f'expected a number of samples a second as "sample_rate", got {show(rate)}')
        self.rate = rate
        self.channels = int(head["channels"])
        self.low, self.high, self.squares = Columns(np.minimum), Columns(np.maximum), Columns(np.add)
        self.spectrogram = Spectrogram(rate)

    def add(self, record: Record) -> None:
        samples = np.nan_to_num(np.frombuffer(record.payload, "<f4").reshape(-1, self.channels), posinf=0, neginf=0)
        samples = samples.clip(-1e6, 1e6)
        mono = samples.mean(axis=1)
        self.low.add(samples.min(axis=1))
        self.high.add(samples.max(axis=1))
        self.squares.add(mono * mono)
        self.spectrogram.add(mono)

    def finish(self) -> None:
        self.spectrogram.finish()
        self.duration = self.low.rows / self.rate

    def facts(self) -> list[str]:
        peak, level = self.end.get("peak_dbfs"), self.end.get("rms_dbfs")
        return [
            "pcm",
            f"{self.rate / 1000:g} kHz",
            {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels"),
            seconds(self.duration),
            f"peak {number(peak)} dBFS" if isinstance(peak, float | int) else "",
            f"RMS {number(level)} dBFS" if isinstance(level, float | int) else "",
            str(self.head.get("decoder", "")),
        ]

    def panels(self) -> dict[str, Panel]:
        if not self.low.rows:
            return {}
        return {"waveform": Panel(1.4, self._waveform, True), "spectrogram": Panel(3.0, self._spectrogram, True)}

    def _waveform(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        low, high = self.low.values, self.high.values
        rms = np.sqrt(self.squares.values / self.squares.counts)
        times = (np.arange(len(low)) + 0.5) * (self.low.hop / self.rate)
        colour = drawing.colour["semantic"]
        whole = axes.fill_between(times, low, high, color=colour, alpha=0.45, linewidth=0.6, label="lowest to highest")
        if self.low.hop > 1:
            inner = axes.fill_between(times, np.maximum(-rms, low), np.minimum(rms, high), color=colour, linewidth=0)
            inner.set_label("RMS")
            drawing.key(axes, whole, inner)
        peak = max(float(-low.min()), float(high.max()), 1e-4)
        axes.set(ylim=(-1.05 * peak, 1.05 * peak), ylabel="amplitude\n(full scale 1)")
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], symmetric=True))
        return axes

    def _spectrogram(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        levels, hertz = self.spectrogram.decibels, self.spectrogram.hertz
        top = max(loudest(levels), -100)
        start = -self.spectrogram.hop / 2 / self.rate
        width = len(levels) * self.spectrogram.samples / self.rate
        half = 0.5 / self.spectrogram.OCTAVE  # of a row, octaves
        extent = (start, start + width, math.log2(hertz[0]) - half, math.log2(hertz[-1]) + half)
        image = axes.imshow(levels.T, aspect="auto", origin="lower", cmap="magma", norm=Normalize(top - SCALE, top),
                            extent=extent, interpolation="bilinear", interpolation_stage="data")  # fmt: skip
        frequency_axis(axes)
        drawing.bar(image, axes, "level (dBFS)", range(top - SCALE, top + 1, 20))
        return axes


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
        self.frames = 0

    def finish(self) -> None:
        self.duration = self.frames / self.rate

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
        """Take `rows` on their grid, absent is NaN, shape (n, measures)."""
        self.means.add(rows * self.steps)

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
        """Name, unit, lowest, mean and highest of each."""
        names = [f"{family} {name}".strip() for family, name in self.titles]
        rows = zip(names, self.units, self.means.low, self.means.means, self.means.high, strict=True)
        return [("measure", "unit", "lowest", "mean", "highest"),
                *((name, unit, *(number(value) for value in rest)) for name, unit, *rest in rows)]  # fmt: skip


def title(name: str, entry: Head) -> tuple[str, str]:
    """The family and the name of a measure: of chroma_1, "chroma" and "C#"; of one by itself, "" and its name."""
    family, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name, re.DOTALL).groups()  # type: ignore[union-attr]
    low, high = entry.get("low"), entry.get("high")
    if number is None:
        return "", name.replace("_", " ")
    family = family.replace("_", " ")
    if family == "chroma" and int(number) < len(NOTES):
        return family, NOTES[int(number)]
    if isinstance(low, int | float) and isinstance(high, int | float):
        return family, f"{low:g}–{high:g} Hz"
    return family, number


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
            self.measured.add(rows[:, self.width :])

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
        return result


def measures_panel(measured: Measures, rate: float) -> Panel:
    """The panel of the measures."""
    height = min(max(0.118 * len(measured.names) + 0.2, 1.0), 10)
    return Panel(height, lambda drawing, figure, cell: measured.draw(drawing, figure, cell, rate), True, True)


class Tokens(Framed):
    """Tokens: the layers as a raster, what changes when, and how the codes are used."""

    def __init__(self, head: Head):
        super().__init__(head)
        layers = head.get("layers")
        if not isinstance(layers, list) or not layers or not all(isinstance(layer, dict) for layer in layers):
            raise cli.Failure(f'expected a list of objects as "layers", got {show(layers)}')
        self.columns = len(layers) + (len(self.measured.names) if self.measured else 0)
        self.layers = layers[:LAYERS]
        self.names = [str(layer.get("name", number)) for number, layer in enumerate(self.layers)]
        self.counts = [np.zeros(0, np.int64) for _ in self.layers]
        self.codes = Means(len(self.layers))
        self.changes = Columns(np.add, (len(self.layers),))
        self.runs = np.zeros(len(self.layers), np.int64)
        self._last = np.full(len(self.layers), -1, np.int32)
        self.words: dict[str, str] = {}  # "S0 17": what was said of it

    def add(self, record: Record) -> None:
        if record.event == "data":
            rows = np.frombuffer(record.payload, "<u2").reshape(-1, self.columns)
            self.take(rows[:, : len(self.layers)].astype(np.int32))
            if self.measured:
                grid = rows[:, self.columns - len(self.measured.names) :].view("<i2").astype(np.float32)
                self.measured.add(np.where(grid == -32768, np.float32(np.nan), grid))
        elif record.event == "code" and len(self.words) < CODES:
            head = record.head
            means = head.get("means", head.get("measures"))
            if isinstance(means, dict):
                means = ", ".join(f"{key} {value}" for key, value in means.items())
            self.words[f"{head.get('layer')} {head.get('code')}"] = str(means)

    def take(self, codes: NDArray[np.int32]) -> None:
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
        """Codes that a layer has: as the header says, or else as were seen."""
        vocab = self.layers[number].get("vocab")
        seen = len(self.counts[number])
        return max(vocab, seen) if type(vocab) is int and 0 < vocab <= CODES else max(seen, 1)

    def facts(self) -> list[str]:
        codebook = self.head.get("codebook")
        facts = [*super().facts(), f"{len(self.layers)} layers"]
        if isinstance(codebook, dict):
            facts.append(f"codebook {codebook.get('name', '')} {str(codebook.get('sha256', ''))[:8]}".strip())
        return facts

    def panels(self) -> dict[str, Panel]:
        if not self.frames:
            return {}
        rows = math.ceil(len(self.layers) / ACROSS)
        result = {
            "layers": Panel(min(max(0.28 * len(self.layers), 0.8), 6), self._layers, True),
            "changes": Panel(1.15, self._changes, True, least=0.8),
        }
        if self.measured:  # those of the frames: a picture of tokens shows what became of them
            result["measures"] = measures_panel(self.measured, self.rate)._replace(asked=True)
        result["usage"] = Panel(
            min(1.15 * rows + 0.2, 12), self._usage, detail=True, rows=rows, least=0.8 * rows
        )  # last: it has no time axis
        return result

    def _layers(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        last = np.array([max(self.vocabulary(number) - 1, 1) for number in range(len(self.layers))])
        image = drawing.raster(axes, (self.codes.values / last).T, self.codes.span / self.rate, self.names)
        for row in range(1, len(self.names)):
            axes.axhline(row - 0.5, color=drawing.colour["paper"], linewidth=1.2)
        axes.set_ylabel("layer")
        drawing.bar(image, axes, "code", [0, 1], ["0", "last"])
        return axes

    def _changes(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        share, grown = drawing.narrow((self.changes.values / self.changes.counts[:, None]).T)
        columns = len(self.changes.values)
        edges = np.linspace(0, columns * grown * self.changes.hop / self.rate, share.shape[1] + 1)
        base = np.zeros(share.shape[1])
        kinds = [str(layer.get("type", "")) for layer in self.layers]
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
        across = next(across for across in (1, 2, ACROSS) if across >= min(len(self.layers), ACROSS))
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
            colour = drawing.colour.get(str(self.layers[number].get("type")), drawing.colour["faint"])
            axes.stairs(share, np.arange(len(share) + 1) * group - 0.5, fill=True, color=colour)
            axes.set(xlim=(-0.5, vocab - 0.5), ylim=(0, 1.1 * share.max() or 1))
            axes.set_xticks(sorted({0, vocab - 1} if drawing.width >= TICKED else {0}))
            axes.yaxis.set_major_locator(MaxNLocator(2))
            axes.tick_params(labelsize=7)
            title = f"{self.names[number]}: {np.count_nonzero(counts)} of {vocab}, {entropy(counts):.1f} bits"
            title = title if drawing.width >= WIDE else self.names[number]
            axes.set_title(drawing.safe(title, 40), fontsize=8, pad=3)
            if number % across == 0:
                axes.set_ylabel("frames (%)", fontsize=8)
            if number + across >= len(self.layers) and drawing.width >= TICKED:
                axes.set_xlabel("code", fontsize=8, labelpad=-6)
        return drawn[0]

    def tables(self) -> dict[str, list[tuple[str, ...]]]:
        if not self.frames:
            return {}
        rows: list[tuple[str, ...]] = [("layer", "codes used", "of", "utilisation", "entropy (bits)", "of at most",
                 f"changes a {'second' if self.known else 'frame'}", "mean run (frames)", "most used")]  # fmt: skip
        for number, counts in enumerate(self.counts):
            used, vocab = int(np.count_nonzero(counts)), self.vocabulary(number)
            runs = max(int(self.runs[number]), 1)
            top = np.argsort(-counts, kind="stable")[: min(3, used)]
            rows.append((
                self.names[number], f"{used}", f"{vocab}", f"{used / vocab:.0%}", f"{entropy(counts):.2f}",
                f"{math.log2(vocab):.2f}", f"{(runs - 1) / self.duration:.2f}", f"{self.frames / runs:.1f}",
                ", ".join(f"{code} ({counts[code] / counts.sum():.0%})" for code in top),
            ))  # fmt: skip
        return {"Layers": rows, **super().tables()}


class Scenes:
    """What the scene and sound lines of NDJSON say: level, energy in each region of frequency, pitch, attacks."""

    OCTAVE = 12  # rows of the image

    def __init__(self, head: Head):
        pack = head.get("pack")
        period, said = (pack.get("scene"), pack.get("how_to_read")) if isinstance(pack, dict) else (None, None)
        self.period = float(period) if isinstance(period, int | float) and 0 < period < 1e6 else 0.0
        # Where the regions end is said in words, to whoever reads.
        words = re.search(r"\bbands\b.*?(\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)+) Hz", said if isinstance(said, str) else "")
        edges = np.array([float(edge) for edge in words[1].split("-")]) if words else np.array([40.0, 16000.0])
        self.edges = np.log2(np.maximum(edges, 1))
        if (np.diff(self.edges) <= 0).any():
            self.edges = np.log2([40.0, 16000.0])
        self.means = Means(2 + len(self.edges))  # level; pitch at first and at last, log2 Hz; level in each region
        self.rows = 0
        self.bands: object = None  # as they were said last: they are said again when they change
        self.sounds: list[tuple[float, float, float, float, float]] = []  # rise, start, length, log2 Hz or NaN, level

    def add(self, time: float, scene: Head) -> None:
        """Take a scene."""
        if not self.period:
            return
        skipped = round(time / self.period) - self.rows
        if not 0 <= skipped <= LONGEST:
            return
        for first in range(0, skipped, 4096):
            self.means.add(np.full((min(4096, skipped - first), 2 + len(self.edges)), np.nan, np.float32))
        self.rows += skipped + 1
        self.bands, pitch = scene.get("bands", self.bands), scene.get("pitch")
        row = np.full((1, 2 + len(self.edges)), np.nan, np.float32)
        row[0, 0] = level = real(scene.get("dB"))
        notes = [octaves(note) for note in (pitch if isinstance(pitch, str) else "").split(">")]
        row[0, 1:3] = notes[0], notes[-1]
        for place, band in enumerate(self.bands[: len(self.edges) - 1] if isinstance(self.bands, list) else []):
            row[0, 3 + place] = level + real(band)
        self.means.add(row)

    def sound(self, time: float, sound: Head) -> None:
        """Take a sound."""
        pitch = octaves(str(sound.get("pitch", "")))
        rise = real(sound.get("rise"))
        length = real(sound.get("s"))
        if math.isfinite(length):
            self.sounds.append((rise if rise > 0 else 0.0, time, length, pitch, real(sound.get("dB"))))
        if len(self.sounds) >= 2 * SOUNDS:
            self.sounds = sorted(self.sounds, reverse=True)[:SOUNDS]

    def panels(self) -> dict[str, Panel]:
        """Its panels, if there was anything."""
        if not self.rows:
            return {}
        return {
            "level": Panel(0.95, self._level, True, True, least=0.7),
            "scenes": Panel(1.9, self._scenes, True, least=1.2),
        }

    def _level(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        level = self.means.values[:, 0]
        low = min([*level[np.isfinite(level)].tolist(), *(peak - rise for rise, *_, peak in self.sounds), 0.0])
        low = min(max(10 * math.floor(low / 10), -70.0), -40.0)
        edges = np.linspace(0, self.means.span * self.period, len(level) + 1)
        colour = drawing.colour["semantic"]
        axes.stairs(np.where(level > low, level, low), edges, baseline=low, fill=True, color=colour, alpha=0.45)
        entries: list[Artist] = [Patch(color=colour, alpha=0.45, linewidth=0, label="level")]
        rising = [(time, peak - rise, peak) for rise, time, _, _, peak in self.sounds if rise > 0]
        if rising:
            times, feet, tops = zip(*rising, strict=True)
            colour = drawing.colour["acoustic"]
            axes.vlines(times, np.maximum(feet, low), tops, color=colour, linewidth=1)
            entries.append(Line2D([], [], color=colour, linewidth=1.5, label="attack"))
        drawing.key(axes, *entries)
        axes.set(ylim=(low, max(0.0, *(row[-1] for row in self.sounds), 0.0)), ylabel="level\n(dBFS)")
        axes.yaxis.set_major_locator(Fitting(10, np.arange(-60, 1e3, 20), np.arange(-40, 1e3, 40)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda level, _: number(level)))
        return axes

    def _scenes(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        values = self.means.values
        bottom, top = float(self.edges[0]), float(self.edges[-1])
        middles = bottom + (np.arange(round((top - bottom) * self.OCTAVE)) + 0.5) / self.OCTAVE
        bands = values[:, 3:].T[np.searchsorted(self.edges, middles).clip(1, len(self.edges) - 1) - 1]
        top_level = loudest(bands)
        width = self.means.span * self.period
        bands, grown = drawing.narrow(bands)
        colours = ListedColormap(colormaps["magma"](np.linspace(0, 0.68, 256)))  # paler ones are left for pitches
        shades = Normalize(top_level - 60, top_level)
        image = axes.imshow(bands, aspect="auto", origin="lower", cmap=colours, norm=shades, interpolation="nearest",
                            extent=(0, width * grown, bottom, top))  # fmt: skip
        axes.set_facecolor(drawing.colour["empty"])
        step = width / len(values)
        starts = np.arange(len(values)) * step
        entries = []
        if np.isfinite(values[:, 1:3]).any():
            for first, column in enumerate(values[:, 1:3].T):  # a half of the scene each
                axes.hlines(column, starts + first * step / 2, starts + (first + 1) * step / 2, PALE, linewidth=1.2)
            entries.append(pale_line(PALE, 1.2, "pitch of a scene"))
        if heard := [(pitch, time, time + length) for _, time, length, pitch, _ in self.sounds if pitch > 0]:
            pitches, begins, ends = np.array(heard).T
            axes.hlines(pitches, begins, ends, "white", linewidth=2)
            entries.append(pale_line("white", 2, "pitch of a sound"))
        if entries:
            drawing.key(axes, *entries)
        axes.set_ylim(bottom, top)
        frequency_axis(axes)
        drawing.bar(image, axes, "level (dBFS)", range(top_level - 60, top_level + 1, 20))
        return axes


def pale_line(colour: str, width: float, label: str) -> Line2D:
    """An entry of a key for a line that is made to be seen on dark colours: with an edge, for white paper."""
    edge = [withStroke(linewidth=width + 1.2, foreground="#1c1c1e")]
    return Line2D([], [], color=colour, linewidth=width, path_effects=edge, label=label)


def real(value: object) -> float:
    """A number of NDJSON, NaN for anything else."""
    return float(value) if isinstance(value, int | float) and abs(value) < 1e6 else math.nan


def octaves(note: str) -> float:
    """A note such as A#2 as log2 Hz (A4 is 440 Hz), NaN for anything else."""
    parts = re.match(r"([A-G]#?)(-?\d)", note)
    return (
        math.log2(440) + (NOTES.index(parts[1]) - 9) / 12 + int(parts[2]) - 4
        if parts and parts[1] in NOTES
        else math.nan
    )


class Ndjson(Tokens):
    """NDJSON: the tokens spelled out. A layer keeps its code until a line gives another one, in every encoding."""

    def __init__(self, head: Head):
        head = {key: value for key, value in head.items() if key != "measures"}
        super().__init__(head)
        self.scenes = Scenes(head)
        self.said = ""  # the summary in words
        self.sections: list[tuple[float, str]] = []  # where each begins, s, and its label
        self._names = set(self.names)
        self._begun = False  # did a frame come?
        self._now = [-1] * len(self.names)
        self._frame = 0  # at which the codes of now begin
        self._lines: list[list[int]] = []
        self._lengths: list[int] = []

    def add(self, record: Record) -> None:
        head = record.head
        if record.event == "summary":
            self._summary(head)
        elif record.event != "note":
            super().add(record)
        elif not self._names.isdisjoint(head):
            time = head.get("t")
            if not isinstance(time, int | float) or not 0 <= time <= 1e9:
                raise cli.Failure(f'expected seconds as "t" of a frame, got {show(time)}')
            self._hold(round(time * self.rate))
            for number, name in enumerate(self.names):
                code = head.get(name, self._now[number])
                if type(code) is not int or not -1 <= code < CODES:
                    raise cli.Failure(f"expected a code from 0 to {CODES - 1} as {show(name)}, got {show(code)}")
                self._now[number] = code
            self._begun = True
        else:
            time, scene, sound = real(head.get("t")), head.get("scene"), head.get("sound")
            if time >= 0 and isinstance(scene, dict):
                self.scenes.add(time, scene)
            if time >= 0 and isinstance(sound, dict):
                self.scenes.sound(time, sound)

    def panels(self) -> dict[str, Panel]:
        if not self.frames:
            return {}
        result = {"sections": Panel(0.25, self._sections, True, least=0.2)} if self.sections else {}
        codes = super().panels()
        for name in ("changes", "usage"):  # of the codes: no part of what a reader is given
            codes[name] = codes[name]._replace(asked=True)
        return {**result, **self.scenes.panels(), **codes}

    def _sections(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        tints = dict.fromkeys(label for _, label in self.sections)
        tints = {label: TINTS[number % len(TINTS)] for number, label in enumerate(tints)}
        inch = self.duration / (0.85 * drawing.width)  # s
        ends = [*self.borders, self.duration]
        for (start, label), end in zip(self.sections, ends, strict=True):
            axes.axvspan(start, end, color=tints[label], alpha=0.35, linewidth=0)
            said = drawing.safe(label, 12)
            if end - start > (0.1 * len(said) + 0.05) * inch:
                axes.text((start + end) / 2, 0.45, said, ha="center", va="center", fontsize=8, fontweight="bold")
        axes.set_ylim(0, 1)
        rows_axis(axes.yaxis, {0.5: "sections"}, 8)
        axes.tick_params(axis="x", length=0)
        axes.spines[:].set_visible(False)
        return axes

    def _summary(self, head: Head) -> None:
        words = head.get("in_words")
        self.said = words if isinstance(words, str) else ""
        sections = head.get("sections")
        found: dict[float, str] = {}
        for section in sections if isinstance(sections, list) else []:
            start = section.get("t") if isinstance(section, dict) else None
            if isinstance(start, int | float) and 0 <= start <= 1e9 and len(found) < MOST_SECTIONS:
                found[float(start)] = str(section.get("label", ""))
        self.sections = sorted(found.items())
        self.borders = [start for start, _ in self.sections[1:]]

    def _hold(self, frame: int) -> None:
        """The codes of now hold until `frame`."""
        length = frame - self._frame
        if not 0 <= length <= LONGEST:
            raise cli.Failure(f"expected a frame from {self._frame} to {self._frame + LONGEST}, got frame {frame}")
        self._frame = frame
        self._lines.append(self._now.copy())
        self._lengths.append(length)
        if len(self._lines) >= 1024 or length > 1024:
            self._flush()

    def _flush(self) -> None:
        codes = np.array(self._lines, np.int32).reshape(len(self._lines), len(self.names))
        lengths = np.array(self._lengths)
        for first in range(0, len(codes), 64):
            for last in range(int(lengths[first : first + 64].max()) // 65536 + 1):
                part = np.clip(lengths[first : first + 64] - last * 65536, 0, 65536)
                self.take(np.repeat(codes[first : first + 64], part, axis=0))
        self._lines, self._lengths = [], []

    def finish(self) -> None:
        if self._begun:
            last, frames = self._frame + 1, self.end.get("frames")
            self._hold(frames if type(frames) is int and last < frames <= self._frame + LONGEST else last)
        self._flush()
        super().finish()


VIEWS: dict[str, type[View]] = {"bytes": Bytes, "pcm": Pcm, "features": Features, "tokens": Tokens, "ndjson": Ndjson}


def gather(item: cli.Item, also: Callable[[Record], None] | None = None) -> tuple[View, Exception | None]:
    """What is to be seen of `item`, and what went wrong with it, if anything did. `also` is shown every record."""
    view = View(item.head)
    error: Exception | None = None
    try:
        kind = VIEWS.get(item.head["kind"])
        if kind is None:
            raise cli.Failure(f"expected a stream of {', '.join(VIEWS)}, got {show(item.head['kind'])}")
        view = kind(item.head)
        for record in item:
            view.add(record)
            if also:
                also(record)
        view.end = item.end or {}
    except cli.Upstream as failed:
        view.error = f"{failed.head.get('stage', 'an earlier stage')}: {failed.head.get('message', 'failed')}"
        error = failed
    except cli.Failure as failed:
        view.error = str(failed)
        error = failed
    view.finish()
    return view, error


def seconds(duration: float) -> str:
    """A duration, with its unit."""
    return f"{duration:.3g} s" if duration < 100 else f"{cli.clock(duration)} {'h' if duration >= 3600 else 'min'}"


def loudest(levels: Float) -> int:
    """Where a scale of `levels` ends, in dBFS: the next ten above them."""
    highest = float(np.max(levels, initial=-120.0, where=np.isfinite(levels)))
    return 10 * math.ceil((highest - ROUNDING) / 10)


def short(hertz: float) -> str:
    """A frequency for a label: 50, 2.5k."""
    return f"{hertz / 1000:.3g}k" if hertz >= 999.5 else f"{hertz:.3g}"


def hexadecimal(value: float, _: object = None) -> str:
    """The value of a byte for a label."""
    return f"0x{round(value):02X}"


def number(value: float) -> str:
    """A number for a label: three digits that count, no exponent where it can be helped."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}".replace("-", "\u2212")


def entropy(counts: NDArray[np.int64]) -> float:
    """The entropy of `counts` in bits."""
    share = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(share * np.log2(share)).sum()) + 0.0
