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
    from collections.abc import Sequence

    from ..music.leadsheet import Bar

ASIDE = 1.0  # seconds: where a bar begins no nearer to a turn of the colour, the section begins at the turn
BESIDE = 6.0  # seconds: further away, that turn begins another one
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
            turns = self.colours.turns()
            sections = Form()(units, turns)
            starts = turned([units[each.begin].start for each in sections], turns)
            found = list(zip(starts, (each.label for each in sections), strict=True))
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
        if not spans:
            return []
        contents = Contents(self.course, self.voice.there(), self.bars, integrated)
        result: list[tuple[float, Head]] = []
        for span in spans:
            told = {"label": span.label, "end": round(self.start + span.end, 2)} | contents(span)
            result.append((round(self.start + span.start, 2), {"n": len(result) + 1, **told}))
        return result


def turned(starts: Sequence[float], turns: Sequence[float]) -> list[float]:
    """When sections begin: with a bar, or where the colour turns in the midst of one."""
    result = list(starts)
    for turn in turns:
        place = min(range(len(result)), key=lambda i: abs(result[i] - turn))
        before, after = result[max(0, place - 1)], [*result, turn + BESIDE][place + 1]
        if ASIDE <= abs(result[place] - turn) < BESIDE and before < turn < after and place:
            result[place] = turn
    return result
