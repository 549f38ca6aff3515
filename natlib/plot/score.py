"""The bars of an item as a piano roll: chords, bass and melody, strokes, beats."""

from __future__ import annotations

from .bars import Bar, Bars, tones
from .grid import Grid
from .roll import STROKES, Roll

CHORDS, BASS, MELODY = range(3)  # the parts, from the one at the back
MIDDLE = 48  # C3, above which the roots of chords are drawn: which octave they are in is not told


class Score:
    """Takes bars, draws them."""

    def __init__(self) -> None:
        self.grid = Grid()
        self.roll = Roll(("chord", "bass", "melody"), 0.55, self.grid)
        self.bars = Bars(self._take)

    def _take(self, bar: Bar) -> None:
        add = self.roll.spans.add
        self.grid.add(bar)
        add(CHORDS, ((MIDDLE + tone, start, end) for name, start, end in bar.chords() for tone in tones(name)))
        add(BASS, bar.line("bass"))
        add(MELODY, bar.line("melody"))
        add(STROKES, bar.strokes())

    def finish(self, duration: float) -> None:
        """No more will come, and the item lasts so long."""
        self.bars.finish(duration)
        self.grid.duration = duration
        self.roll.finish(duration)
