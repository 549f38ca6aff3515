"""What the scene and sound lines of NDJSON say: level, energy in each region of frequency, pitch, attacks."""

from __future__ import annotations

import math
import re

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from ..notes import NOTE, parse
from ..wire import Head
from .base import Panel
from .downsample import Means
from .drawing import Drawing, Fitting, frequency_axis, loudest, number

SOUNDS = 4096  # sounds drawn at most: of more, those that rise most
PALE = "#7fdbff"  # the pitch of scenes
LONGEST = 24 * 3600 * 50  # frames or scenes that one line may stand for: nobody is kept busy by a wrong time


class Scenes:
    """What the scene and sound lines of NDJSON say: level, energy in each region of frequency, pitch, attacks."""

    OCTAVE = 12  # rows of the image

    def __init__(self, head: Head):
        pack = head.get("pack")
        period, said = (pack.get("scene"), pack.get("how_to_read")) if isinstance(pack, dict) else (None, None)
        self.period = float(period) if isinstance(period, int | float) and 0 < period < 1e6 else 0.0
        self.edges = np.log2(band_edges(pack.get("bands_hz") if isinstance(pack, dict) else None, said))
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


def band_edges(told: object, said: object) -> NDArray[np.float64]:
    """Where the regions of frequency end, in Hz, rising: as the header tells them.

    Older NDJSON has them only in what is `said` to its reader.
    """
    if isinstance(told, list) and len(told) > 1 and all(type(edge) in (int, float) for edge in told):
        edges = np.maximum(np.array(told, np.float64), 1)
        if (np.diff(edges) > 0).all():
            return edges
    found = re.search(r"\bbands\b.*?(\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)+) Hz", said if isinstance(said, str) else "")
    edges = np.maximum([float(edge) for edge in found[1].split("-")], 1) if found else np.array([40.0, 16000.0])
    return edges if (np.diff(edges) > 0).all() else np.array([40.0, 16000.0])


def pale_line(colour: str, width: float, label: str) -> Line2D:
    """An entry of a key for a line that is made to be seen on dark colours: with an edge, for white paper."""
    edge = [withStroke(linewidth=width + 1.2, foreground="#1c1c1e")]
    return Line2D([], [], color=colour, linewidth=width, path_effects=edge, label=label)


def real(value: object) -> float:
    """A number of NDJSON, NaN for anything else."""
    return float(value) if isinstance(value, int | float) and abs(value) < 1e6 else math.nan


def octaves(note: str) -> float:
    """The note that a text such as A#2~ begins with, as log2 Hz; NaN where there is none."""
    found = NOTE.match(note)
    midi = parse(found[0]) if found else None
    return math.log2(440) + (midi - 69) / 12 if midi is not None else math.nan
