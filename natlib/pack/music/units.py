"""The units by which the form is found: bars, and stretches as long where there are none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...network import ONE
from ..groups import Groups
from ..measures import Table, filled
from .chords import NONE, Chords, staying
from .likeness import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array
    from .leadsheet import Bar

    Numbers = NDArray[np.int64]

HALF = 0.5  # seconds, about, of which one mean is kept
STRETCH = 2.0  # seconds of a stretch where there is neither a bar nor a chord to go by
SHORTEST, LONGEST = 2.0, 8.0  # seconds of a stretch: a bar at 120 BPM, at 30 BPM
BLOCK, SEEN = 64, 2  # half seconds whose chords are found at once; of these beside them that are seen with them
CHANGE = 4 * ONE  # what a new chord costs
SHARE = 0.5  # of the time that has bars, or else chords, where units can tell the form
SURE = ONE // 3  # of a pitch class that is the bass
FADED = 25.0  # dB below the usual level: what is left of a sound that has ended
FEWEST = 4  # stretches, as many as a phrase has bars: less belongs to what lies before
# The measures that tell colour, with the least difference of each that counts
COLOUR = {
    "level": 2.0,
    "centroid": 0.2,  # octaves
    "tonality": 0.1,
    "band_": 2.0,
    "modulation_": 2.0,
    "spectrum_": 2.0,
    "voice": 0.1,
    "striking_share": 0.1,
    "gliding_share": 0.1,
    "polyphony": 1.0,
}
TURNING = ("spectrum_", "tonality", "striking_share", "modulation_")  # of these, those by which recordings differ
REACH, NEAREST = 12.0, 4.0  # seconds on either side that are compared; at least, and between two turns
TURN = 1.0  # spreads by which what lies on either side differs: recordings joined have 1.0 to 2.7, repeats below 0.8
STILL = 0.5  # of the least difference that counts: a spread, at least
CHROMA = ("treble_chroma_", "bass_chroma_")
LOWEST = 20.0  # Hz, of a centroid


class Colours:
    """Keeps means of half seconds. Memory: half a kilobyte for each second."""

    def __init__(self, table: Table, rate: float):
        families = {f"{name}_": places for name, places in table.families.items()}
        own = {name: families.get(name, [table.index[name]] if name in table.index else []) for name in COLOUR}
        self.columns = [(place, least) for name, least in COLOUR.items() for place in own[name]]
        self.turning = [i for i, (place, _) in enumerate(self.columns) if table.names[place].startswith(TURNING)]
        self.octaves = [table.names[place] == "centroid" for place, _ in self.columns]
        self.there = all(f"{kind}{i}" in table.index for kind in CHROMA for i in range(12)) and "level" in table.index
        self.chroma = [table.index[f"{kind}{i}"] for kind in CHROMA for i in range(12)] if self.there else []
        self.size = max(1, round(HALF * rate))  # frames
        self.seconds = self.size / rate
        self._groups = Groups(self.size, len(table.names))
        self._means: list[Array] = []

    def feed(self, rows: Array) -> None:
        """Take rows of measures."""
        if self.there and len(halves := self._groups(rows)):
            self._means.append(self._mean(halves))

    def _mean(self, rows: Array) -> Array:
        """Of rows, (halves, frames, measures): those of colour in their least differences, then chroma."""
        import numpy as np

        own = rows[:, :, [place for place, _ in self.columns]]
        own = np.where(self.octaves, np.log2(np.maximum(own, LOWEST)), own) / [least for _, least in self.columns]
        there = ~np.isnan(own)
        with np.errstate(invalid="ignore"):
            own = np.where(there, own, 0).sum(axis=1) / there.sum(axis=1)
        return np.hstack((own, filled(rows[:, :, self.chroma]).mean(axis=1))).astype(np.float32)

    def units(self, bars: Sequence[Bar]) -> list[Unit]:
        """Units from the start until the sound has faded; [] for what has neither bars nor chords."""
        import numpy as np

        if not self.there or not self._means:
            return []
        means = self._kept()
        width = len(self.columns)
        loud = np.flatnonzero(means[:, 0] >= np.median(means[:, 0]) - FADED / COLOUR["level"])
        chroma = np.rint(means[:, width:] * ONE).astype(np.int16)
        chords = path(chroma)
        if sum(bar.end - bar.start for bar in bars) < SHARE * len(means) * self.seconds:
            bars = []  # they would be a grid that most of it does not follow
            if sum(chord != NONE for chord in chords) < SHARE * len(chords):
                return []
        result = []
        for start, end, bar in stretches(bars, chords, self.seconds, (int(loud[-1]) + 1) * self.seconds):
            half = (start + end) / 2
            chord = chords[min(int(half / self.seconds), len(chords) - 1)]  # a bar may end after the last half second
            colour = np.rint(ONE * self._between(means, start, end)[:width]).astype(np.int64)
            parts = [np.rint(ONE * self._between(means, *part)[width:]) for part in ((start, half), (half, end))]
            pitches = np.concatenate(parts).astype(np.int64)
            played = (bar.chords, bar.bass, bar.melody, bar.strokes) if bar else of_chroma(pitches, chord)
            result.append(Unit(start, end, pitches, colour, *played))
        return result

    def turns(self) -> list[float]:
        """The times, in seconds, at which the colour of what came long before differs from what comes long after.

        As where another recording begins. The distance is the mean over measures of that between means, in spreads
        (J. Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000).
        """
        import numpy as np

        if not self.there or not self._means:
            return []
        means = self._kept()
        reach, least = (max(1, round(seconds / self.seconds)) for seconds in (REACH, NEAREST))
        at = np.arange(least, len(means) - least)
        sides = ((np.maximum(at - reach, 0), at), (at, np.minimum(at + reach, len(means))))
        total = np.zeros(len(at))
        for column in self.turning:  # one by one: all at once would take much memory
            total += apart(means[:, column].astype(np.float64), *sides)
        novel = np.round(total / max(1, len(self.turning)), 6)
        return [
            float(place * self.seconds)
            for i, place in enumerate(at.tolist())
            if novel[i] >= TURN and novel[i] == novel[max(0, i - least) : i + least + 1].max()
        ]

    def _kept(self) -> Array:
        """The means of all half seconds; what is absent for a while is as it usually is."""
        import numpy as np

        means = np.concatenate(self._means)
        self._means = [means.copy()]
        absent = np.isnan(means[:, : len(self.columns)])
        for place in np.flatnonzero(absent.any(axis=0)).tolist():
            known = means[~absent[:, place], place]
            means[absent[:, place], place] = np.median(known) if len(known) else 0
        return means

    def _between(self, means: Array, start: float, end: float) -> Array:
        """The mean from `start` to `end`, of the half seconds that lie there, by how much of them does."""
        import numpy as np

        first, last = int(start / self.seconds), min(len(means), int(np.ceil(end / self.seconds)))
        first = max(0, min(first, len(means) - 1))
        some = np.arange(first, max(last, first + 1))
        weight = np.minimum((some + 1) * self.seconds, end) - np.maximum(some * self.seconds, start)
        weight = np.maximum(weight, 1e-3)
        return np.asarray((means[some] * weight[:, None]).sum(axis=0) / weight.sum())


def apart(values: Array, before: tuple[Numbers, Numbers], after: tuple[Numbers, Numbers]) -> Array:
    """How far the means of `values` from a first to a last place lie apart on either side, in spreads."""
    import numpy as np

    sums, squares = (np.concatenate(([0.0], np.cumsum(each))) for each in (values, values**2))
    means, spreads = [], []
    for first, last in (before, after):
        means.append((sums[last] - sums[first]) / (last - first))
        spreads.append((squares[last] - squares[first]) / (last - first) - means[-1] ** 2)
    spread = np.sqrt(np.maximum((spreads[0] + spreads[1]) / 2, 0) + STILL**2)
    return np.asarray(abs(means[0] - means[1]) / spread)


def path(chroma: NDArray[Any]) -> list[int]:
    """The chord of each half second, whose pitch classes are (halves, 24)."""
    chords = Chords()
    result: list[int] = []
    for first in range(0, len(chroma), BLOCK):  # as many at once as take little memory
        before = max(0, first - SEEN)
        some = chroma[before : first + BLOCK + SEEN]
        odds = chords(some[:, :12], some[:, 12:])[first - before :][:BLOCK]
        result += staying(odds, [CHANGE] * (len(odds) - 1))
    return result


def of_chroma(chroma: Numbers, chord: int) -> tuple[list[int], list[int | None], list[int | None], dict[str, str]]:
    """Chords, bass, melody, strokes of a stretch without bars: its chord, the strongest low pitch class by halves."""
    low = [half[12:] for half in chroma.reshape(2, 24)]
    return [chord], [int(each.argmax()) if each.max() >= SURE else None for each in low], [], {}


def stretches(
    bars: Sequence[Bar], chords: Sequence[int], size: float, end: float
) -> Iterator[tuple[float, float, Bar | None]]:
    """The bars, and what lies between them cut where chords change, into parts about as long: start, end, bar.

    `chords`: of each half second, which lasts `size` seconds.
    """
    changes = [i * size for i in range(1, len(chords)) if chords[i] != chords[i - 1]]
    lengths = sorted([bar.end - bar.start for bar in bars] or [max(b - a, SHORTEST) for a, b in pairwise(changes)])
    usual = min(lengths[len(lengths) // 2], LONGEST) if lengths else STRETCH
    ends = [0.0, *(bar.end for bar in bars)]
    for before, bar in zip(ends, [*bars, None], strict=True):
        start = bar.start if bar else end
        if start - before >= (FEWEST - 0.5) * usual:
            yield from ((a, b, None) for a, b in parted(before, start, changes, usual))
        if bar:
            yield bar.start, bar.end, bar


def parted(start: float, end: float, changes: Sequence[float], usual: float) -> Iterator[tuple[float, float]]:
    """A time cut where chords change, but into parts of about the usual length."""
    edges = [start]
    for place in [*(place for place in changes if start < place < end), end]:
        if place - edges[-1] >= usual / 2 and (end - place >= usual / 2 or place == end):
            edges.append(place)
    edges[-1] = end
    for a, b in pairwise(edges):
        count = max(1, round((b - a) / usual))
        yield from pairwise([a + (b - a) * i / count for i in range(count + 1)])
