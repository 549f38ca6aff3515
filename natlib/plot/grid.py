"""Bars along time: lines at their borders and beats, their numbers, the names of chords, as far as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from matplotlib.axes import Axes

from .bars import Bar
from .drawing import Drawing

KEPT = 4096  # bars kept, of a longer item every second, fourth … one: twice as many as find room for a line
APART = 5.0  # points between two borders of bars, if these are to be seen as such
BEAT = 4.0  # points between two beats
SPACE = 4.0  # points between two words
SILENT = 8  # if fewer than one chord in so many has room, none is named: it would seem to hold until the next name
LETTERS = 7.0  # points of a word


class Grid:
    """Takes bars in the order of their times."""

    def __init__(self) -> None:
        self.bars: list[Bar] = []
        self.duration = 0.0  # s of the item
        self._step = 1  # every which bar is kept
        self._count = 0

    def add(self, bar: Bar) -> None:
        """Take a bar."""
        if self._count % self._step == 0:
            fields = {"beats": bar.beats, "chords": bar.fields.get("chords", ())}
            self.bars.append(bar._replace(fields=fields))
        self._count += 1
        if len(self.bars) > KEPT:
            self.bars = self.bars[::2]
            self._step *= 2

    def lines(self, drawing: Drawing, axes: Axes, colour: str, borders: float = 1.0, beats: float = 1.0) -> None:
        """Thin lines at beats, stronger ones where bars begin and end, up to these shares of the height of `axes`.

        Where bars are too narrow, only those whose number has room have a line.
        """
        second = drawing.second(self.duration)
        step = self._every(drawing, APART)
        times = [bar.start for bar in self.bars[:: step if step == 1 else self._numbered(drawing)]]
        if self._step == step == 1:
            times += [bar.end for bar in self.bars]
            inner = [bar.at(place, bar.beats) for bar in self.bars for place in range(1, bar.beats)]
            if len(inner) * BEAT * second < sum(bar.end - bar.start for bar in self.bars):
                axes.vlines(apart(inner, second), 0, beats, transform=axes.get_xaxis_transform(), color=colour,
                            linewidth=0.5, alpha=0.35, zorder=0.8)  # fmt: skip
        axes.vlines(apart(times, second), 0, borders, transform=axes.get_xaxis_transform(), color=colour,
                    linewidth=0.8, alpha=0.75, zorder=0.9)  # fmt: skip

    def numbers(self, drawing: Drawing) -> list[tuple[float, str]]:
        """When a bar begins, and its number: of every bar, or every second, fourth … one."""
        told = [(bar.start, bar.end, f"{bar.number}") for bar in self.bars[:: self._numbered(drawing)]]
        return self._fit(drawing, told)

    def names(self, drawing: Drawing) -> list[tuple[float, str]]:
        """When a chord begins, and its name, if it is another one than before and there is room."""
        told = [*self._changes()]
        shown = self._fit(drawing, told)
        return shown if SILENT * len(shown) >= len(told) * self._step else []

    def _numbered(self, drawing: Drawing) -> int:
        """Of the bars kept, every which one has a number."""
        highest = max((bar.number for bar in self.bars), default=0)
        return self._every(drawing, drawing.reach("8" * len(f"{highest}"), LETTERS) + SPACE)

    def _changes(self) -> Iterator[tuple[float, float, str]]:
        last, until = "", 0.0
        for bar in self.bars:
            for name, start, end in bar.chords():
                if name != last or start > until + 1e-3:
                    yield start, end, name
                last, until = name, end

    def _fit(self, drawing: Drawing, told: Iterable[tuple[float, float, str]]) -> list[tuple[float, str]]:
        """Those that do not reach into the one before, nor beyond the end."""
        second, free = drawing.second(self.duration), 0.0
        shown: list[tuple[float, str]] = []
        for start, end, text in told:
            time = max(start, 0.0)  # of what began before the item
            if time < free or end <= 0:
                continue
            free = time + (drawing.reach(text, LETTERS) + SPACE) * second
            if free > self.duration:
                break
            shown.append((time, text))
        return shown

    def _every(self, drawing: Drawing, points: float) -> int:
        """Of the bars kept, every which one, if one needs `points`: a power of two."""
        lengths = [bar.end - bar.start for bar in self.bars]
        usual = self._step * float(np.median(lengths)) if lengths else 1.0
        step = 1
        while step * usual < points * drawing.second(self.duration) and step < KEPT:
            step *= 2
        return step


def apart(times: list[float], least: float) -> list[float]:
    """`times` in order, without those that are less than `least` after another one."""
    result: list[float] = []
    for time in sorted(times):
        if not result or time - result[-1] >= least:
            result.append(time)
    return result
