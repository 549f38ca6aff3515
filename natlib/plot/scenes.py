"""What the scene and sound lines of NDJSON say: level, energy in each region of frequency, pitch, onsets."""

from __future__ import annotations

import math

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

from ..notes import parse
from ..repeats import moments
from ..wire import Head
from .base import Panel
from .downsample import Means
from .drawing import Drawing, Fitting, frequency_axis, loudest, number

SOUNDS = 4096  # sounds drawn at most: if there are more, those that rise most
NOTES = 6  # that are drawn of a scene
PALE = "#7fdbff"  # the pitch of scenes
LONGEST = 24 * 3600 * 50  # frames or scenes that one line may stand for, so that a wrong time keeps nobody busy


class Scenes:
    """What the scene and sound lines of NDJSON say: level, energy in each region of frequency, pitch, onsets."""

    OCTAVE = 12  # rows of the image

    def __init__(self, head: Head):
        pack = head.get("pack")
        period, edges = (pack.get("scene_seconds"), pack.get("bands_hz")) if isinstance(pack, dict) else (None, None)
        self.period = float(period) if isinstance(period, int | float) and 0 < period < 1e6 else 0.0
        self.edges = np.log2(band_edges(edges))
        # level; first and last pitch, and notes, log2 Hz; level in each region
        self.means = Means(2 + NOTES + len(self.edges))
        self.rows = 0
        self.start = max(0.0, real(head.get("t0", 0)))  # s of the recording before the first frame
        self.last = np.full((1, 2 + NOTES + len(self.edges)), np.nan, np.float32)  # row
        self.told = 0  # sounds, also those that are not kept
        self.known: dict[float, Head] = {}  # sounds by their starts
        self.bands: object = None  # as last given: they are given again when they change
        self.sounds: list[tuple[float, float, float, float, float]] = []  # rise, start, length, log2 Hz or NaN, level

    def add(self, time: float, scene: Head) -> None:
        """Take a scene, which holds until the next one."""
        if not self.period:
            return
        skipped = round(time / self.period) - self.rows
        if not 0 <= skipped <= LONGEST:
            return
        for first in range(0, skipped, 4096):
            self.means.add(np.repeat(self.last, min(4096, skipped - first), axis=0))
        self.rows += skipped + 1
        self.bands = scene.get("bands", self.bands)
        row = np.full_like(self.last, np.nan)
        row[0, 0] = level = real(scene.get("level"))
        notes = pitches(scene)
        row[0, 1:3] = notes[0], notes[-1]
        for place, band in enumerate(self.bands[: len(self.edges) - 1] if isinstance(self.bands, list) else []):
            row[0, 3 + NOTES + place] = level + real(band)
        for place, note in enumerate(together[:NOTES] if isinstance(together := scene.get("notes"), list) else []):
            row[0, 3 + place] = octaves(note)
        self.means.add(row)
        self.last = row

    def until(self, time: float) -> None:
        """The last scene holds until `time`."""
        missing = round(time / self.period) - self.rows if self.period and self.rows else 0
        if 0 < missing <= LONGEST:
            self.rows += missing
            self.means.add(np.repeat(self.last, missing, axis=0))

    def sound(self, time: float, sound: Head) -> None:
        """Take a sound."""
        rise, length = real(sound.get("onset_strength")), real(sound.get("duration"))
        if math.isfinite(length):
            self.told += 1
            level = real(sound.get("max_level"))
            self.sounds.append((rise if rise > 0 else 0.0, time, length, pitches(sound)[0], level))
            self.known[time] = sound
        if len(self.sounds) >= 2 * SOUNDS:
            self.sounds = sorted(self.sounds, reverse=True)[:SOUNDS]
            self.known.clear()

    def repeat(self, time: float, fields: Head) -> None:
        """Take sounds that repeat an earlier one."""
        of = real(fields.get("of")) - self.start
        sound = self.known.get(round(of, 3))
        if not sound:
            return
        levels = fields.get("max_levels")
        for i, start in enumerate(moments(time + self.start, fields)):
            known = isinstance(levels, list) and i < len(levels)
            level = real(levels[i]) if known else math.nan  # type: ignore[index]
            again = {**sound, "max_level": level} if math.isfinite(level) else sound
            self.sound(start - self.start, again)

    def panels(self) -> dict[str, Panel]:
        """Its panels, if there is anything to draw."""
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
            entries.append(Line2D([], [], color=colour, linewidth=1.5, label="onset"))
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
        bands = values[:, 3 + NOTES :].T[np.searchsorted(self.edges, middles).clip(1, len(self.edges) - 1) - 1]
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
        if np.isfinite(values[:, 1 : 3 + NOTES]).any():
            for first, column in enumerate(values[:, 1:3].T):  # each holds for half of the scene
                axes.hlines(column, starts + first * step / 2, starts + (first + 1) * step / 2, PALE, linewidth=1.2)
            for column in values[:, 3 : 3 + NOTES].T:
                if np.isfinite(column).any():
                    axes.hlines(column, starts, starts + step, PALE, linewidth=1.2)
            entries.append(pale_line(PALE, 1.2, "notes of a scene"))
        if heard := [(pitch, time, time + length) for _, time, length, pitch, _ in self.sounds if pitch > 0]:
            pitches, begins, ends = np.array(heard).T
            axes.hlines(pitches, begins, ends, "white", linewidth=2)
            entries.append(pale_line("white", 2, "note of a sound"))
        if entries:
            drawing.key(axes, *entries)
        axes.set_ylim(bottom, top)
        frequency_axis(axes)
        drawing.bar(image, axes, "level (dBFS)", range(top_level - 60, top_level + 1, 20))
        return axes


def band_edges(told: object) -> NDArray[np.float64]:
    """The edges of the regions of frequency, in Hz, rising, as the header gives them."""
    if isinstance(told, list) and len(told) > 1 and all(type(edge) in (int, float) for edge in told):
        edges = np.maximum(np.array(told, np.float64), 1)
        if (np.diff(edges) > 0).all():
            return edges
    return np.array([40.0, 16000.0])


def pale_line(colour: str, width: float, label: str) -> Line2D:
    """A key's entry for a line made for dark colours, with an edge that shows on white paper."""
    edge = [withStroke(linewidth=width + 1.2, foreground="#1c1c1e")]
    return Line2D([], [], color=colour, linewidth=width, path_effects=edge, label=label)


def real(value: object) -> float:
    """A number from NDJSON, NaN for anything else."""
    return float(value) if isinstance(value, int | float) and abs(value) < 1e6 else math.nan


def pitches(fields: Head) -> list[float]:
    """The points of a pitch as log2 Hz, however vague it is, or the highest note that begins; NaN for none."""
    begun = fields.get("onset_notes")
    other = fields.get("vague_pitch", begun[-1] if isinstance(begun, list) and begun else None)
    contour = fields.get("pitch_contour", [fields.get("pitch", other)])
    return [octaves(note) for note in contour] if isinstance(contour, list) and contour else [math.nan]


def octaves(note: object) -> float:
    """A note such as A#2 as log2 Hz; NaN for anything else."""
    midi = parse(note) if isinstance(note, str) else None
    return math.log2(440) + (midi - 69) / 12 if midi is not None else math.nan
