"""The form: where sections begin, and which are the same again, though varied or louder.

The sections are those by which the piece is told shortest: a section is new, or a few bars that go round, or earlier
bars once more. After M. Müller, N. Jiang and P. Grosche, "A robust fitness measure for capturing repetitions in music
recordings", IEEE TASLP 2013, with borders as in J. Foote, "Automatic audio segmentation using a measure of audio
novelty", ICME 2000.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ...network import MUSIC, Layers
from .likeness import Likeness, Unit, borders

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

MOST = 480  # units: of longer items, several bars are one
LONGEST = 40  # units of a section
LOOPS = (1, 2, 4)  # units that go round
FOUR = 4  # units of a phrase
LEAST = 3  # units of a section that begins where an earlier one is taken up in its midst
KEPT = 2  # units of an earlier section that come again, to count
PIECE = 32, 64  # units of a short piece, and of one whose sections are longer
REST = 2  # units at the end from which they can be a section of their own


class Costs(NamedTuple):
    """What a section costs, in 1/ONE of a natural logarithm of odds; found by search over made pieces."""

    new: int = 230  # a unit that is like none before
    unlike: int = 960  # at most, a unit that should be like another one
    begins: int = 24  # a section of something new
    returns: int = 54  # one that was there before
    phrase: int = 300  # each phrase after the first of what is new and does not go round
    loops: int = 202  # units that go round
    border: float = 0.6  # times the odds that there is a border, off
    most: int = 2880  # of these odds, either way
    short: int = 1208  # each unit that a section has less than FOUR
    odd: int = 403  # an odd number of units
    uneven: int = 369  # a number of units that FOUR does not divide

    @classmethod
    def of(cls, count: int) -> Costs:
        """Those of a piece of so many units: forms have about as many sections, however long a piece is."""
        few, many = PIECE
        share = min(max(0.0, (count - few) / (many - few)), 1.0)
        values = {name: (getattr(SHORT, name), getattr(LONG, name)) for name in GROWING}
        return SHORT._replace(**{name: round(a + share * (b - a)) for name, (a, b) in values.items()})


SHORT = Costs()
LONG = SHORT._replace(begins=200, returns=150, phrase=0)
GROWING = ("begins", "returns", "phrase")


class Section(NamedTuple):
    """Units from `begin` up to `end`, and the number of what they are: 0 for A."""

    begin: int
    end: int
    label: int


class Part(NamedTuple):
    """Units from `begin` up to `end`: the same as `lag` units before, or, if that is 0, new; round all `loop` units."""

    begin: int
    end: int
    lag: int
    loop: int


class Form:
    """Finds the sections of units."""

    def __init__(self) -> None:
        self.costs = SHORT
        self.alike, self.border = Layers("alike", MUSIC), Layers("border", MUSIC)

    def __call__(self, units: Sequence[Unit], turns: Sequence[float] = ()) -> list[Section]:
        """The sections, in order; neighbours differ in their labels. One begins near each of the `turns`, seconds."""
        if not units:
            return []
        size = -(-len(units) // MOST)
        groups = [joined(units[i : i + size]) for i in range(0, len(units), size)]
        self.costs = Costs.of(len(groups))
        alike, begun = self.odds(groups)
        cuts = {min(range(len(groups)), key=lambda i: abs(groups[i].start - turn)) for turn in turns}
        sections = ended(labelled(opened(self.parts(alike, begun, cuts))))
        return [Section(size * begin, min(size * end, len(units)), label) for begin, end, label in sections]

    def odds(self, units: Sequence[Unit]) -> tuple[Numbers, Numbers]:
        """The logarithm of the odds that units are the same, (n, n), and that a section begins, (n,)."""
        import numpy as np

        likeness = Likeness(units)
        rows = np.array([likeness.row(i) for i in range(len(units))])
        alike = np.array([self.alike(row)[:, 0] for row in rows]).astype(np.int64)
        return alike, self.border(borders(rows))[:, 0].astype(np.int64)

    def parts(self, alike: Numbers, begun: Numbers, cuts: Collection[int] = ()) -> list[Part]:
        """The cheapest way through the units, with a section that begins at each of the `cuts`."""
        import numpy as np

        costs, count = self.costs, len(alike)
        copies = copying(np.clip(-alike, 0, costs.unlike))
        gain = np.clip(np.rint(costs.border * begun), -costs.most, costs.most).astype(np.int64)
        gain[0] = 0
        best = [0] + [1 << 60] * count
        found: list[Part] = []
        for end in range(1, count + 1):
            first = max(0, end - LONGEST, *(cut for cut in cuts if cut < end))
            choices = [self._part(begin, end, copies, end == count) for begin in range(first, end)]
            totals = [best[first + i] - gain[first + i] + cost for i, (cost, _) in enumerate(choices)]
            least = min(range(len(totals)), key=totals.__getitem__)
            best[end] = int(totals[least])
            found.append(choices[least][1])
        result, end = [], count
        while end:
            result.append(found[end - 1])
            end = result[-1].begin
        return result[::-1]

    def _part(self, begin: int, end: int, copies: Numbers, last: bool) -> tuple[int, Part]:
        """What these units cost as one section, and as what they are cheapest."""
        costs, length = self.costs, end - begin
        start = costs.begins if begin else 0
        phrases = (length - 1) // FOUR
        ways = [(start + length * costs.new + phrases * costs.phrase, Part(begin, end, 0, 0))]
        for loop in LOOPS:
            if loop < length:
                again = int(copies[loop, end] - copies[loop, begin + loop])
                ways.append((start + loop * costs.new + costs.loops + again, Part(begin, end, 0, loop)))
        if begin >= length:
            again_at = copies[length : begin + 1, end] - copies[length : begin + 1, begin]
            lag = int(again_at.argmin())
            ways.append((costs.returns + int(again_at[lag]), Part(begin, end, length + lag, 0)))
        cost, part = min(ways, key=lambda way: way[0])
        short = costs.short * max(0, (REST if last else FOUR) - length)
        odd = 0 if last else costs.odd * (length % 2 > 0) + costs.uneven * (length % FOUR > 0)
        return cost + short + odd, part


def joined(units: Sequence[Unit]) -> Unit:
    """Some units as one: what they are like on average, with what is played in the first."""
    import numpy as np

    chroma = np.sum([unit.chroma for unit in units], axis=0) // len(units)
    colour = np.sum([unit.colour for unit in units], axis=0) // len(units)
    return units[0]._replace(end=units[-1].end, chroma=chroma, colour=colour)


def copying(cost: Numbers) -> Numbers:
    """What all units up to each one cost as copies of those `lag` before: (lag, units + 1)."""
    import numpy as np

    count = len(cost)
    result = np.zeros((count, count + 1), np.int64)
    for lag in range(1, count):
        result[lag, lag + 1 :] = np.cumsum(np.diagonal(cost, -lag))
    return result


def opened(parts: Sequence[Part]) -> list[Part]:
    """The parts, where a new one is cut if only some of it comes again."""
    cuts = {place - part.lag for part in parts if part.lag for place in (part.begin, part.end)}
    result: list[Part] = []
    for part in parts:
        begin = part.begin
        if not part.lag and not part.loop:
            for cut in sorted(cuts):
                if begin + LEAST <= cut <= part.end - LEAST:
                    result.append(part._replace(begin=begin, end=cut))
                    begin = cut
        result.append(part._replace(begin=begin))
    return result


def ended(sections: list[Section]) -> list[Section]:
    """The sections; a little that is left over at the end, as where it fades, belongs to the one before."""
    *others, last = sections
    if others and last.end - last.begin < REST and all(each.label != last.label for each in others):
        return [*others[:-1], others[-1]._replace(end=last.end)]
    return sections


def labelled(parts: Sequence[Part]) -> list[Section]:
    """The parts with their labels: what comes again has the labels that it had."""
    labels: list[int] = []
    for part in parts:
        new = max(labels, default=-1) + 1
        again = [labels[place - part.lag] for place in range(part.begin, part.end)] if part.lag else []
        labels += whole(again) if again else [new] * (part.end - part.begin)
    names: dict[int, int] = {}
    result: list[Section] = []
    for label, same in groupby(labels):
        begin = result[-1].end if result else 0
        result.append(Section(begin, begin + len([*same]), names.setdefault(label, len(names))))
    return result


def whole(labels: Sequence[int]) -> list[int]:
    """The labels, where those that stay for less than KEPT units are those of the longer neighbour."""
    runs = [[label, len([*same])] for label, same in groupby(labels)]
    while len(runs) > 1 and min(length for _, length in runs) < KEPT:
        i = min(range(len(runs)), key=lambda i: runs[i][1])
        beside = [j for j in (i - 1, i + 1) if 0 <= j < len(runs)]
        runs[max(beside, key=lambda j: runs[j][1])][1] += runs[i][1]
        del runs[i]
        runs = [[label, sum(length for _, length in same)] for label, same in groupby(runs, key=lambda run: run[0])]
    return [label for label, length in runs for _ in range(length)]
