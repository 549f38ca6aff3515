"""Which beats begin a bar, and how many a bar has: the likeliest way through what a network says of each beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...network import MUSIC, ONE, Layers
from .moments import Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

METERS = (2, 3, 4)  # beats in a bar
BEFORE, AFTER = 8, 4  # beats that the network sees
SIDE = 2  # steps on either side of a beat that belong to it
EVIDENCE = 5 * ONE  # the most that a beat can say for or against
OTHER = 6 * ONE  # what it costs to change the metre at a bar's end
BREAK = 10 * ONE  # what it costs to end a bar too soon
NEVER = -(1 << 40)
STATES = [(meter, place) for meter in METERS for place in range(meter)]


class Place(NamedTuple):
    """Where a beat lies: in a bar of so many beats, which of them it is, from 0."""

    meter: int
    place: int


def seen(beats: Sequence[int], answers: Numbers, steps: Numbers, spans: Spans) -> Numbers:
    """What is seen of each beat, (beats, 15). `answers` and `steps` are those of all steps, `beats` places there."""
    import numpy as np

    places = np.asarray(beats)[:, None] + np.arange(-SIDE, SIDE + 1)
    places = np.clip(places, 0, len(steps) - 1)
    said = np.clip(answers[places], -6 * ONE, 6 * ONE).max(axis=1)[:, ::-1]  # first beat of a bar, beat
    around = steps[places].max(axis=1)
    both = np.concatenate((spans.treble, spans.bass, np.minimum(spans.lowest[:, :64], ONE)), axis=1)
    change = np.abs(np.diff(both, axis=0, prepend=both[:1]))
    parts = [change[:, :12].sum(axis=1), change[:, 12:24].sum(axis=1), change[:, 24:].sum(axis=1)]
    return np.concatenate((said, around[:, :6], around[:, 7:], np.stack(parts, axis=1) // 2), axis=1)


def windows(rows: Numbers) -> Numbers:
    """Each row with those before and after it: (beats, (BEFORE + 1 + AFTER) * width)."""
    import numpy as np

    count = len(rows)
    padded = np.pad(rows, ((BEFORE, AFTER), (0, 0)))
    return np.hstack([padded[i : i + count] for i in range(BEFORE + 1 + AFTER)])


class Firsts:
    """The network that says how sure it is that a beat begins a bar."""

    def __init__(self) -> None:
        self.network = Layers("bars", MUSIC)

    def __call__(self, rows: Numbers) -> Numbers:
        """From seen(): the logarithm of the odds, 1/ONE, (beats,)."""
        import numpy as np

        values = self.network(windows(rows))
        return np.clip(values[:, 0], -EVIDENCE, EVIDENCE).astype(np.int64)


def path(odds: Sequence[int], start: Sequence[int] | None = None) -> list[Place]:
    """The likeliest place of each beat. `start`: the score of each of STATES before the first beat's own evidence."""
    scores = [0 if start is None else start[i] for i in range(len(STATES))]
    firsts = [i for i, (_, place) in enumerate(STATES) if place == 0]
    back: list[list[int]] = []
    for number, odd in enumerate(odds):
        if number:
            best = max(range(len(STATES)), key=scores.__getitem__)
            ends = [i for i, (meter, place) in enumerate(STATES) if place == meter - 1]
            end = max(ends, key=scores.__getitem__)
            new, came = [NEVER] * len(STATES), [0] * len(STATES)
            for i, (meter, place) in enumerate(STATES):
                if place:
                    new[i], came[i] = scores[i - 1], i - 1
                else:
                    own = i + meter - 1
                    choices = [(scores[own], own), (scores[end] - OTHER, end), (scores[best] - BREAK, best)]
                    new[i], came[i] = max(choices, key=lambda choice: choice[0])
            scores = new
            back.append(came)
        for i in firsts:
            scores[i] += odd
    state = max(range(len(STATES)), key=scores.__getitem__)
    states = [state]
    for came in reversed(back):
        states.append(came[states[-1]])
    return [Place(*STATES[i]) for i in reversed(states)]
