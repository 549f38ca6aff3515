"""The network that says of each step how sure it is that a beat, a first beat of a bar, lies there.

Convolutions that look ever further (M. Davies and S. Böck, "Temporal convolutional networks for musical audio beat
tracking", EUSIPCO 2019): 2.5 s ahead, 10 s back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...network import MUSIC, Layer, tables
from .steps import CHANNELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Array = NDArray[np.float64]

NEAR = (-2, -1, 0, 1, 2)  # steps that the first layer sees
DILATIONS = (1, 2, 4, 8, 16, 32)  # by which the next ones see further, either way
PAST = (64, 128)  # the same, of the last ones, which only look back
TAPS = [
    *(tuple(d * tap for tap in NEAR) for d in DILATIONS),
    *(tuple(d * tap for tap in (-2, -1, 0)) for d in PAST),
]
AHEAD = max(NEAR) + sum(max(taps) for taps in TAPS)  # steps that an answer waits for


class Convolution:
    """A layer that sees rows before and after: takes rows, gives those whose later ones are there."""

    def __init__(self, name: str, taps: tuple[int, ...], width: int):
        import numpy as np

        self.layer, self.taps = Layer(name, file=MUSIC), taps
        self.ahead = max(0, *taps)
        self.rows = np.zeros((-min(taps), width))  # those before the first one that was not given

    def __call__(self, rows: Array, last: bool) -> tuple[Array, Array]:
        """The answers, and the rows that they are about."""
        import numpy as np

        before = -min(self.taps)
        ends = [np.zeros((self.ahead, rows.shape[1]))] if last else []
        seen = np.concatenate((self.rows, rows, *ends))
        count = max(0, len(seen) - before - self.ahead)
        self.rows = seen[count:].copy()
        near = [seen[before + tap : before + tap + count] for tap in self.taps]
        return self.layer(np.hstack(near)), seen[before : before + count]


class Pulse:
    """Takes steps, (n, CHANNELS), gives answers, (n, 2), 1/ONE: the logarithms of the odds of a beat, a first beat."""

    def __init__(self) -> None:
        width = tables(MUSIC)["pulse.first.weight"].shape[1]
        self.first = Convolution("pulse.first", NEAR, CHANNELS)
        self.convolutions = [Convolution(f"pulse.{i}", taps, width) for i, taps in enumerate(TAPS)]
        self.mixes = [Layer(f"pulse.{i}.mix", last=True, file=MUSIC) for i in range(len(TAPS))]
        self.out = Layer("pulse.out", last=True, file=MUSIC)

    def __call__(self, steps: Numbers, last: bool = False) -> Numbers:
        """The answers that are known now."""
        import numpy as np

        rows, _ = self.first(steps.astype(np.float64), last)
        for convolution, mix in zip(self.convolutions, self.mixes, strict=True):
            answers, own = convolution(rows, last)
            rows = np.maximum(own + mix(answers), 0)
        return np.asarray(self.out(rows), np.int64)
