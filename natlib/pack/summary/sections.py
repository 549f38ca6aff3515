"""Sections, with a letter each, and what is new where one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...wire import Head
from ..measures import Table
from ..music.form import Form
from ..music.units import Colours
from .collector import Block, Collector
from .contents import Contents, Span
from .course import Course
from .novelty import Novelty
from .voice import Voice

if TYPE_CHECKING:
    from ..music.leadsheet import Bar

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Sections(Collector):
    """{"form": "A B A", "sections": [{"t", "end", "label"}, …]} where there are bars, or more than one section."""

    def __init__(self, table: Table, rate: float, course: Course, voice: Voice):
        super().__init__(table, rate)
        self.course, self.voice = course, voice
        self.novelty, self.colours = Novelty(table), Colours(table, rate)
        self.bars: list[Bar] = []  # that are told
        self._found: tuple[int, list[Span]] = (-1, [])  # after how many frames, which

    def take(self, block: Block) -> None:
        self.novelty.take(block)
        self.colours.feed(block.rows)

    def bar(self, bar: Bar, told: bool) -> None:
        if told:
            self.bars.append(bar)

    def spans(self) -> list[Span]:
        """The sections; [] if nothing is known of any."""
        if self._found[0] != self.frames:
            self._found = self.frames, self._spans()
        return self._found[1]

    def _spans(self) -> list[Span]:
        end = self.frames / self.rate
        if units := self.colours.units(self.bars):
            found = [(units[each.begin].start, each.label) for each in Form()(units)]
        else:
            found = [(float(each.begin), each.label) for each in self.novelty.sections()]
        starts = [0.0, *(start for start, _ in found[1:])]
        letters = [LETTERS[min(label, len(LETTERS) - 1)] for _, label in found]
        return [Span(*each) for each in zip(starts, [*starts[1:], end], letters, strict=False)]

    def result(self) -> Head:
        spans = self.spans()
        if not spans:
            return {}
        told = [
            {"t": round(self.start + start, 1), "end": round(self.start + end, 1), "label": label}
            for start, end, label in spans
        ]
        return {"form": " ".join(label for _, _, label in spans), "sections": told}

    def lines(self, integrated: float | None) -> list[tuple[float, Head]]:
        """When each section begins, in seconds of the recording, and the fields of its line; [] if none is known.

        `integrated`: the loudness of the whole in LUFS, if it is known.
        """
        spans = self.spans()
        contents = Contents(self.course, self.voice.there(), self.bars, integrated)
        result: list[tuple[float, Head]] = []
        for span in spans:
            told = {"label": span.label, "end": round(self.start + span.end, 2)} | contents(span)
            result.append((round(self.start + span.start, 2), {"n": len(result) + 1, **told}))
        return result
