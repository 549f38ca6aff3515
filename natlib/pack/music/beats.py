"""Beats: the path through what the network says that is likeliest for a tempo that holds or drifts.

A path is a row of beats, and what counts is how sure each of them is and how far each interval is from the one before
(D. Ellis, "Beat tracking by dynamic programming", JNMR 2007, with the interval as a state, as in F. Krebs, S. Böck and
G. Widmer, "An efficient state-space model for joint tempo and meter tracking", ISMIR 2015).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...network import ONE
from .steps import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

SHORTEST, LONGEST = 13, 76  # steps from beat to beat: 231 to 39 beats a minute
REACH = 3  # steps by which an interval may differ from the one before
BEND = (0, ONE, 3 * ONE, 5 * ONE)  # what that costs
GAIN = (-3 * ONE, 6 * ONE)  # the least and the most that a beat counts
JUMP = 14 * ONE  # what it costs to begin anew
BLOCK = 10  # steps taken at once, less than SHORTEST: none of them follows another
NEAR = 0.65  # of the interval before: beats that are closer, or as much further, do not follow each other
KEPT = 30  # seconds of paths that are looked back at
NEVER = -(1 << 40)


class Beat(NamedTuple):
    """A beat: its place in steps, with a fraction; how sure it is, 1/ONE; whether the beats begin anew with it."""

    place: float
    sure: int
    anew: bool


class Beats:
    """Takes what the network says of steps, gives beats."""

    def __init__(self) -> None:
        import numpy as np

        self.steps = 0
        self.intervals = np.arange(SHORTEST, LONGEST + 1)
        near = 2 * REACH + 1  # intervals, of which the first of the best is taken
        costs = np.array([[8 * BEND[abs(i - REACH)] + i - near for i in range(near)]])
        self.costs = costs.reshape(near, 1, 1)
        self.first = 0  # the step of the first row kept
        self.sure = np.zeros(0, np.int64)
        width = len(self.intervals)
        self.wide = width + 2 * REACH
        # Where the intervals near each one lie, with the beat before, in the scores of LONGEST steps and of a block
        rows = LONGEST + np.arange(BLOCK)[:, None] - self.intervals
        self.places = rows * self.wide + np.arange(width) + np.arange(near)[:, None, None]
        # Of the last LONGEST steps: the score of the best path with a beat there, by interval, and REACH more beside.
        self.scores = np.full((LONGEST, self.wide), NEVER)
        self.before = np.zeros((0, len(self.intervals)), np.int8)  # the interval before, as an index; -1: begins there
        self.best = 0  # the score of the best path so far; that of none at all is 0
        self.told = -1.0  # the place of the last beat that was told
        self.gap = 0.0  # steps between the last two

    def extend(self, sure: Numbers) -> None:
        """Take what is known of the next steps."""
        import numpy as np

        count, width = len(sure), len(self.intervals)
        sure = np.clip(sure, *GAIN)
        scores = np.full((LONGEST + count, self.wide), NEVER)
        scores[:LONGEST] = self.scores
        before = np.empty((count, width), np.int8)
        for start in range(0, count, BLOCK):
            end = min(start + BLOCK, count)
            score, before[start:end] = self._paths(scores[start:].ravel(), sure[start:end])
            scores[LONGEST + start : LONGEST + end, REACH:-REACH] = score
            self.best = max(self.best, int(score.max()))
        self.scores = scores[count:]
        self.before = np.concatenate((self.before, before))
        self.sure = np.concatenate((self.sure, sure))
        self.steps += count
        self._forget()

    def _paths(self, scores: Numbers, sure: Numbers) -> tuple[Numbers, Numbers]:
        """The scores of paths with a beat in the next few steps, none of which can follow another of these; and the
        interval before. From the scores of LONGEST steps before them, and of what follows.
        """
        import numpy as np

        width = len(self.intervals)
        best = (8 * scores[self.places[:, : len(sure)]] - self.costs).max(axis=0)  # the last three bits: which one
        choice, score = 2 * REACH + 1 - (best & 7), best >> 3
        back = np.clip(choice - REACH + np.arange(width), 0, width - 1)
        least = max(self.best - JUMP, 0)
        fresh = score < least
        return np.where(fresh, least, score) + sure[:, None], np.where(fresh, -1, back)

    def path(self) -> list[Beat]:
        """The beats of the best path, behind those that were told."""
        import numpy as np

        near = self.scores[:, REACH:-REACH]
        step, place = divmod(int(near.argmax()), near.shape[1])
        step += len(self.sure) - LONGEST
        found: list[tuple[int, bool]] = []
        while step >= 0 and self.first + step > self.told:
            earlier = int(self.before[step, place])
            found.append((step, earlier < 0))
            if earlier < 0:
                break
            step, place = step - int(self.intervals[place]), earlier
        result: list[Beat] = []
        told, gap = self.told, self.gap
        for step, begins in reversed(found):
            beat = self.first + step + self._shift(step)
            if told >= 0 and beat < told + max(SHORTEST - 2, NEAR * gap):
                continue
            interval = beat - told
            anew = told < 0 or begins or (gap > 0 and not NEAR * gap < interval < gap / NEAR)
            told, gap = beat, 0.0 if anew else interval
            result.append(Beat(beat, int(np.max(self.sure[max(0, step - 1) : step + 2])), anew))
        return result

    @property
    def silent(self) -> bool:
        """Was no beat told yet?"""
        return self.told < 0

    def tell(self, beats: list[Beat]) -> None:
        """These, the first ones of the path, are told: what comes later follows them."""
        for beat in beats:
            self.gap = 0.0 if beat.anew else beat.place - self.told
            self.told = beat.place

    def _shift(self, step: int) -> float:
        """Where the top lies beside a step, by a parabola."""
        if not 0 < step < len(self.sure) - 1:
            return 0.0
        a, b, c = (int(self.sure[step + i]) for i in (-1, 0, 1))
        return max(-0.5, min(0.5, (a - c) / (2 * (a - 2 * b + c)))) if a - 2 * b + c < 0 else 0.0

    def _forget(self) -> None:
        """Drop steps that lie further back than paths are looked at."""
        gone = len(self.sure) - KEPT * RATE
        if gone > RATE:
            self.first += gone
            self.sure, self.before = self.sure[gone:].copy(), self.before[gone:].copy()
