"""NDJSON, as its reader gets it: sections, scenes, sounds, bars, and the layers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from ..caveats import strings
from ..errors import Failure
from ..wire import Head, Record, show
from . import strip
from .base import Panel
from .drawing import AXES, Drawing, rows_axis
from .framed import Framed
from .grid import LETTERS
from .layers import CODES, Layers, Words
from .scenes import LONGEST, Scenes, real
from .score import Score
from .sections import Sections


class Ndjson(Framed):
    """NDJSON: the tokens spelled out. A layer keeps its code until a line gives another one, in every encoding."""

    def __init__(self, head: Head):
        head = {key: value for key, value in head.items() if key != "measures"}
        super().__init__(head)
        self.layers = Layers(head)
        self._words = Words()
        self.scenes = Scenes(head)
        self.score = Score()
        self.start = max(0.0, real(head.get("t0", 0)))  # s of the recording before the first frame
        self.said = ""  # the summary in words
        self.sections = Sections(self.start)
        self._names = set(self.layers.names)
        self._begun = False  # has a frame come?
        self._now = [-1] * len(self.layers.names)
        self._frame = 0  # at which the current codes begin
        self._lines: list[list[int]] = []
        self._lengths: list[int] = []

    def add(self, record: Record) -> None:
        head = record.head
        if record.event == "summary":
            self._summary(head)
        elif record.event == "code":
            self._words.add(head)
        elif record.event != "note":
            pass
        elif not self._names.isdisjoint(head):
            time = head.get("t")
            if not isinstance(time, int | float) or not self.start <= time <= 1e9:
                raise Failure(f'expected seconds as "t" of a frame, got {show(time)}')
            self._hold(round((time - self.start) * self.rate))
            for number, name in enumerate(self.layers.names):
                code = head.get(name, self._now[number])
                if type(code) is not int or not -1 <= code < CODES:
                    raise Failure(f"expected a code from 0 to {CODES - 1} as {show(name)}, got {show(code)}")
                self._now[number] = code
            self._begun = True
        else:
            time = round(real(head.get("t")) - self.start, 3)
            takes = (("scene", self.scenes.add), ("sound", self.scenes.sound), ("repeats", self.scenes.repeat),
                     ("bar", partial(self.score.bars.add, start=self.start)))  # fmt: skip
            for kind, take in takes:
                if time >= 0 and isinstance(fields := head.get(kind), dict):
                    take(time, fields)
            if time >= 0 and isinstance(fields := head.get("section"), dict):
                self.sections.line(head.get("t"), fields)

    def panels(self) -> dict[str, Panel]:
        if not self.frames:
            return {}
        rows = len(strip.rows(self.sections))
        height = 0.25 if rows == 1 else rows * strip.ROW / (72 * AXES)
        result = {"sections": Panel(height, self._sections, True, least=0.2)} if rows else {}
        # Changes and usage of the codes are no part of what a reader gets.
        layers = self.layers.panels(self.rate, asked=True)
        return {**result, **self.scenes.panels(), **self.score.roll.panels(), **layers}

    def facts(self) -> list[str]:
        return [*super().facts(), *self.layers.facts(self.head)]

    def words(self) -> str:
        return self.said

    def introductions(self) -> Mapping[str, str]:
        return self._words.words

    def tables(self) -> dict[str, list[tuple[str, ...]]]:
        if not self.frames:
            return {}
        sections = self.sections.table(self.duration)
        layers = self.layers.table("second" if self.known else "frame", self.duration)
        return ({"Sections": sections} if sections else {}) | {"Layers": layers}

    def _sections(self, drawing: Drawing, figure: Figure, cell: SubplotSpec) -> Axes:
        axes = figure.add_subplot(cell)
        names = strip.rows(self.sections)
        names = names[: max(1, int((drawing.points(cell) + 1) / strip.ROW))]
        strip.draw(drawing, axes, self.sections, self.duration, names)
        axes.set_ylim(len(names), 0)
        rows_axis(axes.yaxis, {row + 0.5: name for row, name in enumerate(names)}, 8 if len(names) == 1 else LETTERS)
        axes.tick_params(axis="x", length=0)
        axes.spines[:].set_visible(False)
        return axes

    def _summary(self, head: Head) -> None:
        words = head.get("in_words")
        self.said = words if isinstance(words, str) else ""
        self.limits = strings(head.get("caveats"))
        self.sections.summary(head)

    def _hold(self, frame: int) -> None:
        """The current codes hold until `frame`."""
        length = frame - self._frame
        if not 0 <= length <= LONGEST:
            raise Failure(f"expected a frame from {self._frame} to {self._frame + LONGEST}, got frame {frame}")
        self._frame = frame
        self._lines.append(self._now.copy())
        self._lengths.append(length)
        if len(self._lines) >= 1024 or length > 1024:
            self._flush()

    def _flush(self) -> None:
        codes = np.array(self._lines, np.int32).reshape(len(self._lines), len(self.layers.names))
        lengths = np.array(self._lengths)
        for first in range(0, len(codes), 64):
            for last in range(int(lengths[first : first + 64].max()) // 65536 + 1):
                part = np.clip(lengths[first : first + 64] - last * 65536, 0, 65536)
                self.layers.add(np.repeat(codes[first : first + 64], part, axis=0))
        self._lines, self._lengths = [], []

    def finish(self) -> None:
        if self._begun:
            last, frames = self._frame + 1, self.end.get("frames")
            self._hold(frames if type(frames) is int and last < frames <= self._frame + LONGEST else last)
        self._flush()
        self.frames = self.layers.frames
        self.scenes.until(self.frames / self.rate)
        super().finish()
        self.score.finish(self.duration)
        self.sections.finish(self.duration)
        self.borders = [section.start for section in self.sections.found[1:]]
