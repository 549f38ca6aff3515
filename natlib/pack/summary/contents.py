"""What a section holds: its chords, a typical bar of strokes, how loud, how dense, how bright it is, what comes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from ... import notes
from ...wire import Head
from ..measures import rounded
from ..music.leadsheet import REGIONS
from ..music.told import alike, described
from ..thresholds import (
    CHORDS_SAME,
    COMES,
    DENSER,
    EXTREMES,
    HIGHER,
    LOOPED,
    LOOPS,
    LOUDER_SECTION,
    MIDDLE,
    ONE_CHORD,
    SAME_COLOUR,
    TONED,
    VOICE_MORE,
)
from .bars import covers
from .course import FIELDS, Course

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array
    from ..music.leadsheet import Bar

    Bools = NDArray[np.bool_]

MOST = 16  # bars whose chords are told, where they do not come again and again
ABSOLUTE, RELATIVE = 1e-7, 0.1  # of a power, and of the mean: the gates of ITU-R BS.1770-4


class Span(NamedTuple):
    """A section, in seconds of the item."""

    start: float
    end: float
    label: str


class Held(NamedTuple):
    """What is compared with the section before, and with the first one of the same letter."""

    told: Head
    shares: dict[str, float]  # of the time, for what may come in or leave


class Contents:
    """Tells sections in their order: what each holds, or how it differs from the first one of its letter."""

    def __init__(self, course: Course, voice: Bools, bars: Sequence[Bar], integrated: float | None):
        self.rows, self.seconds, self.voice, self.bars = course.rows, course.seconds, voice, bars
        self.gain = None if integrated is None else integrated - gated(self.column("loudness"))
        self.before: Held | None = None
        self.firsts: dict[str, tuple[int, Head]] = {}  # by letter: its number, and what it holds
        self.count = 0

    def column(self, name: str) -> Array:
        """A field of the course."""
        return self.rows[:, FIELDS.index(name)]

    def __call__(self, span: Span) -> Head:
        """The fields of a section's line, but for its number, letter and end."""
        self.count += 1
        held = self._held(span)
        told = held.told
        if span.label in self.firsts:
            number, first = self.firsts[span.label]
            told = {"like": number} | {key: value for key, value in told.items() if differs(key, value, first.get(key))}
        else:
            self.firsts[span.label] = self.count, told
        if self.before:
            there, were = held.shares, self.before.shares
            enters = [name for name in there if there[name] >= COMES[0] and were[name] <= COMES[1]]
            leaves = [name for name in there if there[name] <= COMES[1] and were[name] >= COMES[0]]
            told = told | ({"enters": enters} if enters else {}) | ({"leaves": leaves} if leaves else {})
        self.before = held
        return told

    def _held(self, span: Span) -> Held:
        import numpy as np

        first = int(span.start / self.seconds + 0.5)
        some = slice(first, max(first + 1, int(span.end / self.seconds + 0.5)))
        bars = [bar for bar in self.bars if span.start <= (bar.start + bar.end) / 2 < span.end]
        told: Head = {"bars": len(bars)} if bars else {}
        told |= self._loudness(some)
        onsets = float(self.column("onsets")[some].sum())
        if bars:
            usual = float(np.median([bar.end - bar.start for bar in bars]))
            told["onsets_per_bar"] = round(onsets * usual / max(span.end - span.start, usual), 1)
        else:
            told["onset_rate"] = round(onsets / (span.end - span.start), 1)
        power, centroid = self.column("power")[some], self.column("centroid")[some]
        known = ~np.isnan(centroid) & (power > 0)
        if known.any():
            told["centroid"] = rounded(2 ** float((centroid[known] * power[known]).sum() / power[known].sum()))
        lowest, highest = self.column("lowest")[some], self.column("highest")[some]
        there = ~np.isnan(lowest)
        if there.mean() >= TONED:
            edges = np.percentile(lowest[there], EXTREMES[0]), np.percentile(highest[there], EXTREMES[1])
            told["register"] = [notes.note_name(round(float(each))) for each in edges]
        if self.voice.any():
            told["voice_percent"] = round(100 * float(self.voice[some].mean()))
        told |= chords(bars) | strokes(bars)
        shares = {
            "voice": float(self.voice[some].mean()),
            "notes below C3": float((lowest < MIDDLE[0]).mean()),
            "notes from C5 on": float((highest >= MIDDLE[1]).mean()),
        }
        for region in REGIONS:
            struck = float(self.column(region)[some].sum()) / (span.end - span.start)
            shares[f"{region} strokes"] = min(1.0, struck)  # one a second is as good as all the time
        return Held(told, shares)

    def _loudness(self, some: slice) -> Head:
        """LUFS, by how the K-weighted level stands to that of the whole; without it, dBFS."""
        import math

        if self.gain is not None:
            loudness = gated(self.column("loudness")[some])
            return {"loudness": round(loudness + self.gain, 1)} if loudness > -math.inf else {}
        power = float(self.column("power")[some].mean())
        return {"level": round(10 * math.log10(power))} if power > 0 else {}


def gated(power: Array) -> float:
    """The mean of half seconds in dB, without those that are silent or far below the others (ITU-R BS.1770-4)."""
    import math

    loud = power[power > ABSOLUTE]
    loud = loud[loud > RELATIVE * loud.mean()] if len(loud) else loud
    return 10 * math.log10(float(loud.mean())) if len(loud) else -math.inf


def chords(bars: Sequence[Bar]) -> Head:
    """The chords that come again and again, or else those of the first bars; bars with a "-" between their chords."""
    told = [described(bar).get("chords", []) for bar in bars]
    names = ["-".join(name for name, _ in each if name) for each in told]
    for length in (1, *sorted(LOOPS)) if any(names) else ():
        loops = {tuple(names[i : i + length]) for i in range(len(names) - length + 1)}
        loop, count = max(((loop, covers(names, loop)) for loop in sorted(loops)), key=itemgetter(1), default=((), 0))
        least = LOOPED if length > 1 else ONE_CHORD
        if count >= least * len(names) and all(loop) and (len(set(loop)) > 1 or length == 1):
            return {"chord_loop": [*loop]}
    return {"progression": [name or "-" for name in names[:MOST]]} if any(names) else {}


def strokes(bars: Sequence[Bar]) -> Head:
    """A typical bar of strokes: those that half of the bars have, of bars with the grid that most have."""
    grids = Counter(len(next(iter(bar.strokes.values()))) for bar in bars if bar.strokes)
    if not bars or 2 * grids.total() < len(bars):
        return {}
    grid = grids.most_common(1)[0][0]
    own = [bar.strokes for bar in bars if bar.strokes and len(next(iter(bar.strokes.values()))) == grid]
    told = {}
    for region in REGIONS:
        counts = [sum(each.get(region, "-" * grid)[i] == "x" for each in own) for i in range(grid)]
        if any(2 * count >= len(own) for count in counts):
            told[region] = "".join("x" if 2 * count >= len(own) else "-" for count in counts)
    return {"strokes": told} if told else {}


def same_chords(names: Sequence[str], others: Sequence[str]) -> bool:
    """Are most bars the same, as far as both go?"""
    pairs = list(zip(names, others, strict=False))
    return sum(a == b for a, b in pairs) >= CHORDS_SAME * len(pairs)


def near(least: float) -> Callable[[float, float], bool]:
    """Do two values differ by less than this?"""
    return lambda a, b: abs(a - b) < least


def ratio(least: float) -> Callable[[float, float], bool]:
    """Do two values differ by less than this factor?"""
    return lambda a, b: a < least * b and b < least * a


SAME: dict[str, Callable[..., bool]] = {
    "loudness": near(LOUDER_SECTION),
    "level": near(LOUDER_SECTION),
    "onsets_per_bar": ratio(DENSER),
    "onset_rate": ratio(DENSER),
    "centroid": ratio(SAME_COLOUR),
    "voice_percent": near(VOICE_MORE),
    "register": lambda a, b: all(
        near(HIGHER)(*(notes.parse(note) or 0 for note in pair)) for pair in zip(a, b, strict=True)
    ),
    "progression": same_chords,
    "strokes": lambda a, b: alike({"strokes": a}, {"strokes": b}, "strokes"),
}


def differs(key: str, value: object, other: object) -> bool:
    """Is a field other than it was, as far as ears go?"""
    if other is None:
        return True
    return not SAME[key](value, other) if key in SAME else value != other
