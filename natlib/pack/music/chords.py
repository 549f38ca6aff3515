"""Chords: what a network says of each beat, and the likeliest way through it, which changes where bars begin rather.

Root and quality as in C. Harte and others, "Symbolic representation of musical chords", ISMIR 2005.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...network import MUSIC, ONE, Layers
from .bars import Place
from .inputs import QUALITIES, of_chords

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

NONE = 12 * len(QUALITIES)  # the number of no chord; others are 8 times the root and the place of the quality
CHANGES = {"first": ONE // 2, "half": 2 * ONE, "other": 4 * ONE}  # what a new chord costs: at a bar's start, half, else


class Chords:
    """Says of each beat how likely each chord is."""

    def __init__(self) -> None:
        self.network = Layers("chords", MUSIC)

    def __call__(self, treble: Numbers, bass: Numbers) -> Numbers:
        """The logarithm of the odds of each chord and of none, 1/ONE: (beats, NONE + 1)."""
        import numpy as np

        values = self.network(of_chords(treble, bass))
        there = values[:, :, : len(QUALITIES)].reshape(len(values), -1)
        none = np.floor(values[:, :, -1].sum(axis=1, keepdims=True) / 12)
        return np.hstack((there, none)).astype(np.int64)


def likeliest(odds: Numbers, places: Sequence[Place], before: int | None = None) -> list[int]:
    """The chord of each beat; `before` is that of the beat before the first one."""
    import numpy as np

    if before is not None and len(odds):
        odds = odds.copy()
        odds[0] -= np.where(np.arange(odds.shape[1]) == before, 0, change(places[0]))
    return staying(odds, [change(place) for place in places[1:]])


def staying(odds: Numbers, costs: Sequence[int]) -> list[int]:
    """The likeliest choice in each row, where another one than in the row before costs so much."""
    import numpy as np

    if not len(odds):
        return []
    scores, back = odds[0], []
    for row, cost in zip(odds[1:], costs, strict=True):
        best = int(scores.argmax())
        other = scores[best] - cost
        back.append(np.where(scores >= other, np.arange(len(scores)), best).astype(np.int16))  # of hours: small
        scores = np.maximum(scores, other) + row
    result = [int(scores.argmax())]
    for came in reversed(back):
        result.append(int(came[result[-1]]))
    return result[::-1]


def change(place: Place) -> int:
    """What a new chord costs at a beat."""
    if place.place == 0:
        return CHANGES["first"]
    return CHANGES["half" if 2 * place.place == place.meter else "other"]


def named(chord: int, names: Sequence[str]) -> str | None:
    """A chord as "Am7", with the pitch classes by these names; None for no chord."""
    root, quality = divmod(chord, len(QUALITIES))
    return None if chord == NONE else names[root] + QUALITIES[quality]
