"""A long item heard on several cores: others hear segments of it, each with what came just before; what all of the
past counts for (spectral/past.py) is put in here, in order. The rows are the same for any number of jobs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .jobs import MOST, Heard, Jobs, Samples, Segment
from .spectral.encoder import Spectral
from .spectral.numerics import Array

SEGMENT = 3 << 20  # samples of a long segment, about: 71 s at 44.1 kHz, 12 or 24 MB; longer: less is heard twice
SHORT = 2  # segments at the beginning and at the end, where work is shared out, may be so many times shorter
# Seconds before a segment that are heard too. But for Past, no row looks back further than 2 s and a frame: at strokes
# of the last two seconds (Tempo), or around it for one, each with the second before (OnsetLags).
WARM = 2.5
STEP = Fraction(2, 25)  # seconds of the networks' steps


class Segments:
    """An encoder that gives away what it can, and hears the rest itself."""

    def __init__(
        self, sample_rate: int, frame_rate: Fraction, names: frozenset[str], jobs: Jobs, segment: int = SEGMENT
    ):
        """`names`: of measures; `segment`: samples of one, about."""
        self.rate, self.frame_rate, self.names, self.jobs = sample_rate, frame_rate, names, jobs
        self.model = Spectral(sample_rate, frame_rate, names)  # says what is known of all of them
        self.past, self.widths, self.measures = self.model.past, self.model.widths, self.model.measures
        self.own: Spectral | None = self.model  # hears what is not given away
        self.own_first = self.own_taken = 0  # with which row it began; the sample that it hears next
        self.unit = self._unit()
        self.longest, self.least = (self._units(size / self._sample(self.unit)) for size in (segment, segment / SHORT))
        self.warm = math.ceil(WARM * frame_rate / self.unit) * self.unit
        self.room = self._sample(self.warm) + self.model.needed(self.longest + self.unit)
        self.row = 0  # the next one that is neither given away nor ours
        self.sound: list[Samples] = []
        self.first = self.taken = 0  # the first sample of `sound`, and the first one yet to come
        self.lost = False  # did a worker fail? Then there are no more rows

    @property
    def possible(self) -> bool:
        """Are there segments? With some rates, none that is short enough begins with a whole sample."""
        return self._sample(self.unit) <= SEGMENT

    def _unit(self) -> int:
        """How many rows segments are multiples of: they begin with a group, a step, a sample of every spectrum."""
        group = self.model.grid.group
        seconds = group / self.frame_rate
        samples, steps = seconds * self.rate / self.model.listening.spectrum.apart, seconds / STEP
        return group * math.lcm(samples.denominator, steps.denominator)

    def _units(self, count: float) -> int:
        """So many units, one at least, in rows."""
        return max(1, round(count)) * self.unit

    def _end(self) -> int:
        """The row behind the next segment. They grow, so that all workers have something to do soon."""
        start = self._start()
        return start + min(self.longest, max(self.least, self._units(start / self.jobs.most / self.unit)))

    def _sample(self, row: int) -> int:
        """The first sample of a row with which a segment may begin."""
        return int(row * self.rate / self.frame_rate)

    def ready(self, samples: int) -> int:
        """How many rows have come out once so many samples were taken, if none is put off."""
        return self.model.ready(samples)

    def feed(self, samples: Array) -> NDArray[np.float32]:
        """Take samples, (n,), full scale 1. Returns rows, (m, width), in order; others are put off."""
        self._take(samples)
        found: list[Heard] = []
        while not self.lost and self.taken >= self.model.needed(end := self._end()):
            found += self._alone(self._start())
            found += self._give(end, self.model.needed(end))
        while self.jobs.answered():
            found.append(self._answer())
        return self._filled(found)

    def _take(self, samples: Array) -> None:
        self.sound.append(compact(samples))
        self.taken += len(samples)

    def whole(self, sound: Samples) -> Segment:
        """A segment that is all of a short item: what its answer becomes is `past` of it."""
        rows = max(1, math.ceil(len(sound) * self.frame_rate / self.rate))
        return Segment(self.rate, self.frame_rate, self.names, len(sound), sound.dtype.char, 0, rows, last=True)

    def flush(self) -> NDArray[np.float32]:
        """The rows that were put off."""
        found = self._answers()
        if not self.lost and self.ready(self.taken) > self.row:
            found += self._hear(self.taken)
        return self._filled(found)

    def finish(self, samples: Array) -> NDArray[np.float32]:
        """Take the last samples, likewise. Returns the rest of the rows."""
        self._take(samples)
        total = max(1, math.ceil(self.taken * self.frame_rate / self.rate))
        count = min(self.jobs.most, (self.taken - self._sample(self._start())) // self._sample(self.least))
        if count < 2 and not self.jobs.busy:
            own, rest = self._ours(), max(self.own_taken, (self.taken - 1) // MOST * MOST)
            found = [own.hear(piece) for piece in self._pieces(self.own_taken, rest)]
            return self._filled([*found, own.hear_last(self._piece(rest, self.taken))])
        found = self._alone(self._start())
        each = math.ceil((total - self.row) / max(1, count) / self.unit) * self.unit
        while (end := self.row + each) < total and self.model.needed(end) <= self.taken:
            found += self._give(end, self.model.needed(end))
        found += self._give(total, self.taken, last=True)
        return self._filled([*found, *self._answers()])

    def _start(self) -> int:
        """The next row with which a segment may begin."""
        return math.ceil(self.row / self.unit) * self.unit

    def _ours(self) -> Spectral:
        """What hears the next row here: new, if the last rows were given away."""
        if self.own is None:
            self.own = Spectral(self.rate, self.frame_rate, self.names)
            self.own_first = max(0, self.row - self.warm)
            self.own_taken = self._sample(self.own_first)
            self.own.skip(self.row - self.own_first)
        return self.own

    def _hear(self, until: int) -> list[Heard]:
        """Hear up to a sample here."""
        own = self._ours()
        found = [own.hear(piece) for piece in self._pieces(self.own_taken, until)]
        self.own_taken = until
        self.row += sum(len(rows) for rows, _ in found)
        return found

    def _alone(self, row: int) -> list[Heard]:
        """Hear here what is left before a row with which a segment begins; from there on, others do."""
        found: list[Heard] = []
        if self.row < row:
            found = self._hear(self._sample(self.own_first) + self.model.needed(row - self.own_first))
            rows, numbers = found[-1]
            own = len(rows) - (self.row - row)
            found[-1] = rows[:own], numbers[:own]
        self.own, self.row = None, row
        return found

    def _give(self, end: int, until: int, last: bool = False) -> list[Heard]:
        """Have the rows up to `end` heard, which takes the samples up to `until`. What is answered meanwhile."""
        found = []
        while self.jobs.full:
            found.append(self._answer())
        before = max(0, self.row - self.warm)
        first = self._sample(before)
        sound = self._between(first, until)
        kind, skip, rows = np.result_type(*sound).char, self.row - before, end - self.row
        segment = Segment(self.rate, self.frame_rate, self.names, until - first, kind, skip, rows, last)
        self.jobs.give(segment, sound, self.room)
        self.row = end
        return found

    def _pieces(self, first: int, until: int) -> Iterator[Array]:
        """The samples from `first` to `until`, MOST at a time."""
        for at in range(first, until, MOST):
            yield self._piece(at, min(at + MOST, until))

    def _piece(self, first: int, until: int) -> Array:
        """The samples from `first` to `until` as one array."""
        whole: Array = np.concatenate((np.zeros(0), *self._between(first, until)))
        return whole

    def _answers(self) -> list[Heard]:
        return [self._answer() for _ in range(len(self.jobs.busy))]

    def _answer(self) -> Heard:
        """The next answer. Raises Failure, and whatever went wrong."""
        try:
            return self.jobs.answer()
        except Exception:
            self.lost = True
            self.jobs.stop()  # whatever else was asked for is of the same item
            raise

    def _between(self, first: int, until: int) -> list[Samples]:
        """The samples from `first` to `until`, in pieces."""
        found, at = [], self.first
        for part in self.sound:
            if at + len(part) > first and at < until:
                found.append(part[max(0, first - at) : until - at])
            at += len(part)
        return found

    def _filled(self, found: list[Heard]) -> NDArray[np.float32]:
        """Whole rows; sound that no later row needs is dropped."""
        keep = self._sample(max(0, self.row // self.unit * self.unit - self.warm))
        while self.sound and self.first + len(self.sound[0]) <= keep:
            self.first += len(self.sound.pop(0))
        rows = [self.past(*heard) for heard in found]
        return np.concatenate([self.model.flush(), *rows])


def compact(samples: Array) -> Samples:
    """The same in single precision where that is exact: half as much to keep."""
    small = samples.astype(np.float32)
    return small if np.array_equal(small, samples) else samples
