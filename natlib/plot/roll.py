"""Bars as a piano roll: melody, bass and chords of the `bar` lines of NDJSON, with beats and strokes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from ..notes import CHORD, CLASSES, parse
from ..wire import Head
from .base import Panel
from .drawing import Drawing, rows_axis

MOST = 4096  # bars kept: 2 hours of 4 beats at 120 a minute
BEATS = 400  # beats drawn at most: more would be a grey area
PARTS = 64  # into which a bar is divided at most
SHAPES = {"": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "maj7": (0, 4, 7, 11),
          "dim": (0, 3, 6), "sus4": (0, 5, 7), "5": (0, 7)}  # fmt: skip
MIDDLE = 48  # C3, from which the tones of chords are drawn
REGIONS = ("low", "mid", "high")  # of strokes, from the lowest row up
COLOURS = {
    "light": ("#d55e00", "#0072b2", "#009e73"),
    "dark": ("#e69f00", "#56b4e9", "#2fc49a"),
}  # melody, bass, chords

Span = tuple[float, float, float]  # from, to, MIDI note


class Bar(NamedTuple):
    """A bar: when it is, in seconds, and its fields, those of the bar that it is like among them."""

    start: float
    end: float
    fields: Head

    def parts(self, count: int) -> list[float]:
        """The borders of `count` equal parts."""
        return [self.start + (self.end - self.start) * place / count for place in range(count + 1)]

    @property
    def beats(self) -> int:
        beats = self.fields.get("beats")
        return beats if type(beats) is int and 0 < beats <= PARTS else 1

    def line(self, name: str) -> Iterator[Span]:
        """The notes of bass or melody, what is alike in a row as one."""
        told = self.fields.get(name)
        if not isinstance(told, list) or not 0 < len(told) <= PARTS:
            return
        edges, place = self.parts(len(told)), 0
        for note, same in groupby(told):
            count = len([*same])
            midi = parse(note) if isinstance(note, str) else None
            if midi is not None:
                yield edges[place], edges[place + count], midi
            place += count

    def chords(self) -> Iterator[tuple[float, float, str]]:
        """From, to, name."""
        told = self.fields.get("chords")
        place, step = 0.0, (self.end - self.start) / self.beats
        for chord in told if isinstance(told, list) else []:
            if not isinstance(chord, list) or len(chord) != 2 or type(chord[1]) not in (int, float):
                return
            name, beats = chord
            if isinstance(name, str) and 0 < beats <= self.beats - place + 1e-6:
                yield self.start + place * step, self.start + (place + beats) * step, name
            place += max(0, beats)

    def strokes(self, region: str) -> list[float]:
        """When something strikes in a region."""
        told = self.fields.get("strokes")
        pattern = told.get(region) if isinstance(told, dict) else None
        if not isinstance(pattern, str) or not 0 < len(pattern) <= PARTS:
            return []
        return [time for time, sign in zip(self.parts(len(pattern)), pattern, strict=False) if sign == "x"]


class Bars:
    """Takes bar lines, MOST at most."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, Head]] = []
        self.known: dict[int, Head] = {}  # by number
        self.more = 0  # that were not kept

    def add(self, time: float, fields: Head) -> None:
        """Take a line. `time`: s of the item."""
        number, like = fields.get("n"), fields.get("like")
        if len(self.lines) >= MOST:
            self.more += 1
            return
        whole = {**self.known.get(like, {}), **fields} if type(like) is int else dict(fields)
        if type(number) is int:
            self.known[number] = {key: value for key, value in whole.items() if key not in ("end", "like")}
        self.lines.append((time, whole))

    def bars(self, start: float = 0.0) -> list[Bar]:
        """All of them, in order; the item begins `start` seconds after the times of its lines."""
        lines = sorted(self.lines, key=lambda line: line[0])
        result: list[Bar] = []
        for place, (time, fields) in enumerate(lines):
            told = fields.get("end")
            end = told - start if isinstance(told, int | float) and told - start > time else None
            if end is None and place + 1 < len(lines):
                end = lines[place + 1][0]
            if end is None:
                end = time + (result[-1].end - result[-1].start if result else 2.0)
            if end > time:
                result.append(Bar(time, end, fields))
        return result


def tones(chords: Iterable[tuple[float, float, str]]) -> Iterator[Span]:
    """The tones of chords, within an octave."""
    for start, end, name in chords:
        found = CHORD.fullmatch(name)
        if found and found[1] in CLASSES:
            for step in SHAPES.get(found[2], ()):
                yield start, end, MIDDLE + (CLASSES[found[1]] + step) % 12


def panel(bars: Sequence[Bar]) -> Panel:
    """The piano roll."""
    return Panel(2.3, lambda drawing, figure, cell: draw(bars, drawing, figure, cell), True, least=1.5)


def draw(bars: Sequence[Bar], drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
    """Melody, bass, tones of chords, strokes, beats, and names as far as there is room."""
    axes = figure.add_subplot(cell)
    melody, bass = ([span for bar in bars for span in bar.line(name)] for name in ("melody", "bass"))
    chords = [chord for bar in bars for chord in bar.chords()]
    entries = []
    parts = (("chord", 4.0, 0.35, list(tones(chords))), ("bass", 2.4, 1.0, bass), ("melody", 2.4, 1.0, melody))
    for (name, width, alpha, spans), colour in zip(parts, reversed(COLOURS[drawing.theme]), strict=True):
        if spans:
            starts, ends, notes = np.array(spans).T
            axes.hlines(notes, starts, ends, color=colour, linewidth=width, alpha=alpha)
            entries.append(Line2D([], [], color=colour, linewidth=2.4, alpha=max(alpha, 0.6), label=name))
    told = [note for *_, spans in parts for _, _, note in spans] or [MIDDLE]
    low, high = min(told) - 3, max(told) + 3
    rows = {}
    for place, region in enumerate(REGIONS):
        times = [time for bar in bars for time in bar.strokes(region)]
        if times:
            row = low - 3 * (len(REGIONS) - place)
            axes.vlines(times, row - 1, row + 1, color=drawing.colour["ink"], linewidth=0.8)
            rows[float(row)] = region
    bottom = min(rows, default=low) - 2
    grid(axes, bars, drawing)
    high += named(axes, chords, high, drawing)
    axes.set_ylim(bottom, high)
    octaves = {float(note): f"C{note // 12 - 1}" for note in range(12, 128, 12) if low < note < high}
    rows_axis(axes.yaxis, rows | octaves, 7)
    axes.set_ylabel("bars")
    if entries:
        drawing.key(axes, *entries)
    return axes


def grid(axes: Axes, bars: Sequence[Bar], drawing: Drawing, colour: str = "") -> None:
    """Thin lines at beats, stronger ones where bars begin and where they end."""
    colour = colour or drawing.colour["faint"]
    starts = sorted({bar.start for bar in bars} | {bar.end for bar in bars})
    if len(starts) <= BEATS:
        axes.vlines(starts, 0, 1, transform=axes.get_xaxis_transform(), color=colour, linewidth=0.8, alpha=0.7)
    beats = [time for bar in bars for time in bar.parts(bar.beats)[1:-1]]
    if len(beats) <= BEATS:
        axes.vlines(beats, 0, 1, transform=axes.get_xaxis_transform(), color=colour, linewidth=0.5, alpha=0.35)


def named(axes: Axes, chords: Sequence[tuple[float, float, str]], top: float, drawing: Drawing) -> float:
    """Write the names of chords that are new, where there is room; how much higher that makes the axes."""
    if not chords:
        return 0
    inch = max(end for _, end, _ in chords) / (0.85 * drawing.width)  # s, or a little less
    last, free = "", 0.0
    for start, _, name in chords:
        if name != last and start >= free and re.fullmatch(r"[\x20-\x7e]{1,12}", name):
            axes.text(start, top + 2.6, name, fontsize=7, va="center", clip_on=True)
            free = start + (0.085 * len(name) + 0.08) * inch
        last = name
    return 6
