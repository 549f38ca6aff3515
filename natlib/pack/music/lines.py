"""Bass and melody: of the notes that may be meant, the one that a network finds likeliest, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...network import MUSIC, Layers
from .inputs import BASSES, LEADS, of_bass, of_melody
from .moments import Spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


class Line:
    """One of the two."""

    def __init__(self, name: str, notes: range):
        self.network = Layers(name, MUSIC)
        self.notes = notes

    def __call__(self, seen: Numbers) -> list[int | None]:
        """The MIDI note of each stretch, from what is seen of each candidate: (n, notes + 1, features)."""
        best = self.network(seen)[:, :, 0].argmax(axis=1).tolist()
        return [self.notes[i] if i < len(self.notes) else None for i in best]


class Lines:
    """Both."""

    def __init__(self) -> None:
        self._bass, self._melody = Line("bass", BASSES), Line("melody", LEADS)

    def bass(self, spans: Spans, roots: Numbers) -> list[int | None]:
        """The bass of each beat. `roots`: the pitch class of each one's chord, -1 for none."""
        return self._bass(of_bass(spans, roots))

    def melody(self, spans: Spans) -> list[int | None]:
        """The leading note of each part of a beat."""
        return self._melody(of_melody(spans))
