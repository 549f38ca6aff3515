"""The lead sheet: rows of measures in, bars out, each as soon as what follows it is known well enough."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ...network import ONE
from ..measures import Table
from . import bars, division
from .bars import BEFORE, Firsts, Place
from .beats import LONGEST, Beat, Beats
from .chords import NONE, Chords, likeliest
from .division import Division
from .inputs import QUALITIES
from .lines import Lines
from .moments import Moments, Spans
from .pulse import AHEAD, Pulse
from .steps import RATE, Steps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array

    Numbers = NDArray[np.int64]

BRIEF = 2.0  # seconds: an item that is no longer has no bars; most sounds of a collection of effects are so short
LAG = 3.5  # seconds behind a bar's end at which it is told: what the networks see more is 3 s, the ear's own 2.5 s
CONTEXT = BEFORE + 2  # beats before a bar that are kept
REGIONS = ("low", "mid", "high")
BESIDE = 5  # beats on either side that are seen with those of a melody
STOPPED, UNHEARD = 2, -2 * ONE  # beats that are as unsure behind a bar's end where no bar follows
OVER = 2 * LONGEST  # steps without a beat after which those before are followed by none
EDGE = 4  # steps from an item's start at which a beat is its first one
AUDIBLE = -60  # dBFS from which something is heard there
LEAST = -6 * ONE  # how unsure a beat counts, at most
EVIDENCE = 12  # numbers that tell how sure a bar is
MANY = 24  # beats that follow each other, as many as tell anything


class Bar(NamedTuple):
    """A bar. Times in seconds from the first frame."""

    start: float
    end: float
    known: int  # the frame at which it is known
    follows: bool  # does a bar follow at once?
    beats: list[float]
    chords: list[int]  # of each beat, as chords.py numbers them
    bass: list[int | None]  # of each beat
    melody: list[int | None]  # of each part of a beat
    strokes: dict[str, str]
    level: float  # dBFS
    division: str
    evidence: list[int]  # what tells how sure it is


class Run(NamedTuple):
    """Beats that follow each other, with some before them."""

    beats: list[Beat]
    edges: list[float]  # where each begins, in steps, and where the last one ends
    spans: Spans
    odds: Numbers  # that each begins a bar
    placed: list[Place]  # those from `start` on
    start: int

    def evidence(self, a: int, b: int, clear: int, strokes: dict[str, str]) -> list[int]:
        """EVIDENCE numbers that tell how sure the bar from beat `a` up to `b` is. `clear`: how sure its chords are."""
        own, others = self.beats[a:b], self.odds[a + 1 : b]
        begun = max((i for i in range(a + 1) if self.beats[i].anew), default=0)
        return [
            mean_sure(own),
            min(max(LEAST, beat.sure) for beat in own),
            int(self.odds[a]),
            int(self.odds[b]) if b < len(self.odds) else 0,
            -int(others.sum()) // max(1, len(others)),
            clear // 4,
            int(self.spans.tuned[a:b].mean()),
            64 * len("".join(strokes.values()).replace("-", "")) // len(own),
            uneven(self.edges[a : b + 1]),
            16 * min(len(self.beats) - begun, MANY),
            mean_sure(self.beats[begun:]),
            int(self.spans.treble[a:b].max(axis=1).mean()),
        ]


class LeadSheet:
    """Takes the rows of an item, gives its bars."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        self.steps = Steps(table, rate)
        self.there = self.steps.there
        if not self.there:
            return
        self.early: list[Array] | None = []  # rows of an item that may be brief
        self.brief = round(BRIEF * rate)  # frames
        self.moments = Moments(table, rate)
        self.pulse, self.beats, self.firsts = Pulse(), Beats(), Firsts()
        self.chords, self.lines, self.divided = Chords(), Lines(), Division()
        self.first = 0  # the first step kept
        self.happened = np.zeros((0, self.steps.channels), np.int64)
        self.answers = np.zeros((0, 2), np.int64)
        self.now = 0  # steps whose beats are known
        self._known = 0  # the frame with which they are
        self.kept: list[Beat] = []  # beats that are told, from CONTEXT before those of a bar that is not told yet
        self.done = 0  # how many of them belong to bars that were told, or to none
        self.meter = 0  # of the last bar, 0 where a new one begins anywhere
        self.chord: int | None = None  # the last one

    def feed(self, rows: Array, last: bool = False) -> list[Bar]:
        """The bars that are known now."""
        import numpy as np

        if not self.there:
            return []
        if self.early is not None:
            self.early.append(rows)
            if sum(map(len, self.early)) <= self.brief:
                return []
            rows, self.early = np.concatenate(self.early), None
        self.moments.feed(rows)
        steps = self.steps.feed(rows, last)
        self.happened = np.concatenate((self.happened, steps))
        self.answers = np.concatenate((self.answers, self.pulse(steps, last)))
        result: list[Bar] = []
        while (end := self.now + RATE) <= self.first + len(self.answers):
            result += self._second(end, False)
        if last:
            result += self._second(self.first + len(self.answers), True)
        return result

    def _second(self, end: int, last: bool) -> list[Bar]:
        """What is known with the answers up to a step."""
        self.beats.extend(self.answers[self.now - self.first : end - self.first, 0])
        self.now = end
        self._known = min(self.steps.frames, self.steps.needed(end + AHEAD))
        path = self.beats.path()
        until = end if last else end - int(LAG * RATE)
        told = [beat for beat in path if beat.place < until]
        self.kept += self._opened(path, told) if told and self.beats.silent else told
        self.beats.tell(told)
        over = bool(self.kept) and not told and until - self.kept[-1].place > OVER
        result = self._bars(path[len(told) :], last or over) if told or last or over else []
        if over:
            self.kept, self.done = [], 0
        self._forget()
        return result

    def _opened(self, path: list[Beat], told: list[Beat]) -> list[Beat]:
        """The first beats of an item, with the one that it begins with: no attack tells of that one."""
        if len(path) < 2 or self.moments.level[0] < AUDIBLE:
            return told
        place = 2 * path[0].place - path[1].place
        if abs(place) > EDGE:
            return told
        return [Beat(max(0.0, place), path[0].sure, True), told[0]._replace(anew=False), *told[1:]]

    def _bars(self, later: list[Beat], last: bool) -> list[Bar]:
        """The bars of the kept beats, with those that probably come `later`."""
        result: list[Bar] = []
        beats = self.kept + later
        while len(beats) - self.done > 1:
            cut = next((i for i in range(self.done + 1, len(beats)) if beats[i].anew), len(beats))
            closed = last or cut < len(self.kept)
            result += self._run(beats, cut, closed)
            if not closed or cut >= len(self.kept):
                break
            self.done, self.meter, self.chord = cut, 0, None
        return result

    def _run(self, beats: list[Beat], cut: int, closed: bool) -> list[Bar]:
        """The bars of beats that follow each other, up to a cut; `closed`: no more will come before it."""
        if cut - self.done < 2:
            return []
        first = max(0, self.done - CONTEXT)
        run = self._seen(beats[first:cut], self.done - first)
        borders = [run.start + i for i, place in enumerate(run.placed) if place.place == 0]
        if closed and borders and borders[-1] + run.placed[borders[-1] - run.start].meter == len(run.beats):
            borders.append(len(run.beats))
        pairs = [pair for pair in pairwise(borders) if first + pair[1] < len(self.kept) or closed]
        if not pairs:
            return []
        result = self._written(run, pairs)
        begin, end = pairs[-1]
        later = run.beats[end + 1 :]  # paths go on for some beats where nothing is heard any more
        over = len(later) >= STOPPED and all(beat.sure < UNHEARD for beat in later)
        if over or (closed and end == len(run.beats)):
            result[-1] = result[-1]._replace(follows=False)
        self.done, self.meter, self.chord = first + end, end - begin, result[-1].chords[-1]
        return result

    def _seen(self, beats: list[Beat], start: int) -> Run:
        """What is seen of beats, and where in bars those from `start` on lie."""
        edges = [*(beat.place for beat in beats), 2 * beats[-1].place - beats[-2].place]
        for i, beat in enumerate(beats[1:], 1):
            if beat.anew and i < start:  # what lies before it is seen, but lasts no longer than a beat
                edges[i - 1] = max(edges[i - 1], edges[i] - LONGEST)
        times = [seconds(edge) for edge in edges]
        spans = self.moments.spans(times[:-1], times[1:])
        known = self.now - self.first
        places = [round(beat.place) - self.first for beat in beats]
        odds = self.firsts(bars.seen(places, self.answers[:known], self.happened[:known], spans))
        placed = bars.path(odds[start:].tolist(), self._start())
        return Run(beats, edges, spans, odds, placed, start)

    def _start(self) -> list[int] | None:
        """The scores with which the next beat's place is looked for."""
        if not self.meter:
            return None
        return [
            (0 if meter == self.meter else -bars.OTHER) if not place else -bars.BREAK for meter, place in bars.STATES
        ]

    def _written(self, run: Run, pairs: list[tuple[int, int]]) -> list[Bar]:
        """Bars: `pairs` has the first beat of each and the first one behind it."""
        import numpy as np

        begin, end = pairs[0][0], pairs[-1][1]
        likely = self.chords(run.spans.treble, run.spans.bass)
        chords = [NONE] * begin + likeliest(likely[begin:], run.placed[begin - run.start :], self.chord)
        bass = self.lines.bass(run.spans, np.array([-1 if c == NONE else c // len(QUALITIES) for c in chords]))
        steps = self.happened[: self.now - self.first]
        kinds = self.divided(division.seen([edge - self.first for edge in run.edges], steps))
        of_bars = [division.KINDS[int(kinds[a:b].sum(axis=0).argmax())] for a, b in pairs]
        melodies = {kind: self._melody(run.edges, begin, end, kind) for kind in sorted({*of_bars})}
        result = []
        for (a, b), kind in zip(pairs, of_bars, strict=True):
            times = [seconds(edge) for edge in run.edges[a : b + 1]]
            strokes = self._strokes(run.edges[a : b + 1], kind)
            bar = Bar(
                start=times[0],
                end=times[-1],
                known=self._known,
                follows=True,
                beats=times[:-1],
                chords=chords[a:b],
                bass=bass[a:b],
                melody=[note for beat in melodies[kind][a - begin : b - begin] for note in beat],
                strokes=strokes,
                level=self._level(times),
                division=kind,
                evidence=run.evidence(a, b, int(likely[a:b].max(axis=1).mean()), strokes),
            )
            result.append(bar)
        return result

    def _melody(self, edges: list[float], begin: int, end: int, kind: str) -> list[list[int | None]]:
        """The leading note of each part of the beats from `begin` to `end`."""
        count = 3 if kind == "compound" else 2
        first, last = max(0, begin - BESIDE), min(len(edges) - 1, end + BESIDE)
        times = [seconds(edge) for edge in edges[first : last + 1]]
        parts = [a + (b - a) * i / count for a, b in pairwise(times) for i in range(count)]
        notes = self.lines.melody(self.moments.spans(parts, [*parts[1:], times[-1]]))
        return [notes[i * count : (i + 1) * count] for i in range(begin - first, end - first)]

    def _strokes(self, edges: list[float], kind: str) -> dict[str, str]:
        """A pattern for each region in which something strikes."""
        import numpy as np

        count = division.parts(kind, (edges[-1] - edges[0]) / (len(edges) - 1))
        early = (edges[1] - edges[0]) / count / 2  # what comes a little early belongs to the beat
        start, end = round(edges[0] - early) - self.first, round(edges[-1] - early) - self.first
        result = {}
        for column, region in enumerate(REGIONS, 3):
            places = np.flatnonzero(self.happened[max(0, start) : end, column])
            pattern = division.pattern((places + max(0, start) + self.first).tolist(), edges, kind, count)
            if "x" in pattern:
                result[region] = pattern
        return result

    def _level(self, times: list[float]) -> float:
        """The mean power of a bar, dBFS."""
        import numpy as np

        a, b = self.moments.edges([times[0], times[-1]]).tolist()
        a = min(a, len(self.moments.level) - 1)
        return float(10 * np.log10(np.mean(10 ** (self.moments.level[a : max(b, a + 1)] / 10))))

    def _forget(self) -> None:
        """Drop what no later bar looks at."""
        if (gone := self.done - CONTEXT) > 0:
            del self.kept[:gone]
            self.done -= gone
        oldest = self.kept[0].place if self.kept else self.now - int(LAG * RATE)
        gone = int(oldest) - 2 * RATE - self.first
        if gone > 10 * RATE:
            self.first += gone
            self.happened, self.answers = self.happened[gone:].copy(), self.answers[gone:].copy()
            self.moments.forget(self.first / RATE)


def seconds(place: float) -> float:
    """The time of a place in steps."""
    return (place + 0.5) / RATE


def mean_sure(beats: list[Beat]) -> int:
    """How sure beats are."""
    return sum(max(LEAST, beat.sure) for beat in beats) // len(beats)


def uneven(edges: list[float]) -> int:
    """By how much of the mean the intervals of a bar differ, 1/ONE."""
    gaps = [b - a for a, b in pairwise(edges)]
    return min(ONE, round(ONE * (max(gaps) - min(gaps)) * len(gaps) / sum(gaps)))
