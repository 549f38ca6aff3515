"""The whole of an item in one line: sections, loudness, colour, sounds, pitch, tempo, key, as far as there are some.

Colour is that of the frames up to 20 dB below the loudest: what is heard, not what lies between.

Sections: seconds of sound as vectors of what was measured; boundaries where the seconds before differ most from those
after, against the spread within either (the ratio that tells speakers apart in P. Delacourt and C. Wellekens,
"DISTBIC", Speech Communication 2000); sections are alike, and bear the same letter, when their middles are no further
apart than seconds within a section are.
Tempo: the frequency at which the attacks line up best, by the Fourier transform of their times (P. Grosche and
M. Mueller, "Extracting predominant local pulse information from music recordings", IEEE TASLP 2011); better than as
many at random would.
Key: correlation of the mean pitch classes with the profiles of C. Krumhansl and E. Kessler (Psychological Review
1982).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import pairwise, takewhile
from statistics import median, pstdev
from typing import TYPE_CHECKING

from ..wire import Head
from . import wording
from .measures import Table, present
from .thresholds import ATTACK, REGULAR
from .thresholds import TONAL as TONAL_SHARE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# The measures that tell sections apart, with the least difference of each that counts.
KINDS = {"level": 2.0, "centroid": 2.0, "tonality": 0.1, "band_": 2.0, "fluct_": 2.0, "chroma_": 0.15}
REACH = 6.0  # seconds on each side of a boundary that are compared
NOVEL = 0.5  # the ratio of difference to spread that makes a boundary
SHORTEST = 4.0  # seconds of a section
PIECE = 16.0  # seconds from which a piece can have sections
LASTING = 4.0  # seconds: a sound that is longer and does not fall is no event, but what there is
CLEAR = 8  # dB of harmonics over noise from which there is one voice, whose timbre can be told
ALIKE = 1.35  # distance of sections, in spreads within a section, up to which they bear the same letter
TEMPI = (50.0, 200.0)  # beats a minute
WINDOW = 12.0  # seconds over which attacks must line up
STEADY = 0.3  # of 1: how well, at least
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
KEYED = 0.65  # correlation, at least
CLASSES = 5  # pitch classes that a key needs, each with a fifth of the strongest's time
TONAL = 5.0  # seconds of tonal sound that it needs
LOUD = 20  # dB below the loudest: down to there a frame has a say in the colour
QUIETEST = -100  # dB: the first of the levels, 1 dB each, that sums are kept for
MOST = 6.0  # dB below the strongest region: down to there a region has most of the energy
PULSE = 0.5  # share of the frames with a pulse from which it is said
TIMBRE = {"harmonicity": "harm", "tilt": "tilt", "odd_even": "odd"}
LINES = 360  # sixths of a tone from 20 Hz to 20 kHz
LASTS = 0.15  # share of the frames that a narrow peak has, from which it is a line
MOST_LINES = 6
MIXED = 5  # dB of harmonics over noise up to which tones are several
ABSENT = -55  # dB: a band with less has nothing
ATTACKED = 0.1  # seconds: what begins with an attack there has its start
MIDST = 15  # dB below the loudest that an item begins or ends with: it was cut there
RARELY = 0.05  # share of the frames up to which a pulse is a chance one
OFTEN = 0.2  # share of the frames with a narrow peak, a modulation, from which it is said
BROAD = 10000  # Hz: a recording that reaches further is not said to be limited
LOW, HIGH = 500, 2500  # Hz: an attack that rises below, above it alone
REGIONS = 6  # of the level: lows, mids and highs are two of them each
SWELL = 0.5  # seconds that levels are taken over
SWELLS = 6  # of them that there must be
GRID = 0.1  # of a unit: how far beats are off at most, on average
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Summary:
    """Takes every frame of an item; memory is a few hundred bytes for each second."""

    def __init__(self, table: Table, rate: float):
        import numpy as np

        self.table, self.rate = table, rate
        self.columns = [i for i, name in enumerate(table.names) if name.startswith(tuple(KINDS))]
        self.octaves = [table.names[i] == "centroid" for i in self.columns]
        self.chroma = [table.index[f"chroma_{i}"] for i in range(12) if f"chroma_{i}" in table.index]
        self.fluct = [f"fluct_{i}" for i in range(4) if f"fluct_{i}" in table.index]
        self.orders = table.orders
        self.seconds = array("f")  # one row a second, a column each
        self.levels = array("f")  # one a second
        self.attacks = array("d")  # times in seconds
        self.strengths = array("d")  # dB
        self.tunings = array("f")
        self.pitches = array("f")  # Hz, where there is one
        self.notes = 0  # sounds with a pitch
        self.pulses = array("f")  # a second, where there is a regular one
        self.glides = array("f")  # semitones a second, up or down, where there is a pitch
        self.timbres = [array("f") for _ in TIMBRE]  # where there is a pitch
        self.swings: list[tuple[float, float]] = []  # rate in Hz and depth in cents, where there is a vibrato
        self.peaks = array("f")  # Hz, where there is a narrow one and no pitch
        self.fundamentals = array("f")  # Hz, where there is one in short windows, but no pitch
        self.lines = [0] * LINES  # narrow peaks, by sixths of a tone above 20 Hz
        self.voices = [0, 0, 0]  # tonal frames, those of one clear voice, those of none
        self.ends = [math.nan, math.nan]  # levels of the first and of the last frame
        self.modulations: list[tuple[float, float]] = []  # rate in Hz and depth in dB, where there is one, no pitch's
        self.clicks: int | None = None  # None: not measured
        self.harmonics = np.zeros((2, len(self.orders)))  # sums and numbers, where there is a clear pitch
        self.sounds: list[tuple[float, Head]] = []  # start and fields of those that begin with an attack
        self.powers = array("f")  # of each frame in lows, mids, highs, where the regions are those
        self.classes: Array | None = None  # how much of each pitch class
        self.loud: Array | None = None  # by level: how many frames, then sums and numbers of what colour is made of
        self.frames = 0
        self._rest: Array | None = None  # rows of a second that has not ended

    def feed(self, rows: Array) -> None:
        """Take the next rows."""
        import numpy as np

        column = self.table.column
        attack = column(rows, "attack")
        hits = np.flatnonzero(attack >= ATTACK)
        times = (self.frames + hits) / self.rate + np.nan_to_num(column(rows, "attack_time")[hits]) / 1000
        self.attacks.extend(times.tolist())
        self.strengths.extend(np.minimum(attack[hits], 30.0).tolist())
        self.tunings.extend(present(column(rows, "tuning").tolist()))
        voiced = self.table.voiced(rows)
        sung = rows[voiced == voiced]
        self.pitches.extend(present(voiced.tolist()))
        self.glides.extend(present(np.abs(column(sung, "glide")).tolist()))
        for values, name in zip(self.timbres, TIMBRE, strict=True):
            values.extend(present(column(sung, name).tolist()))
        self.pulses.extend(present(column(rows, "pulse")[column(rows, "regularity") >= REGULAR].tolist()))
        swings = ~np.isnan(column(rows, "vibrato_rate") * column(rows, "vibrato_depth"))
        self.swings += np.stack([column(rows[swings], f"vibrato_{name}") for name in ("rate", "depth")], 1).tolist()
        self._extras(rows, voiced)
        self._colour(rows)
        rest = rows if self._rest is None else np.concatenate((self._rest, rows))
        start = self.frames - (len(rest) - len(rows))
        self.frames += len(rows)
        ends = [start]
        while (end := max(ends[-1] + 1, math.ceil(self.rate * (len(self.levels) + len(ends))))) <= self.frames:
            ends.append(end)
        if len(ends) > 1:
            self._seconds(rest[: ends[-1] - start], np.array(ends[:-1]) - start)
        self._rest = rest[ends[-1] - start :].copy()

    def _extras(self, rows: Array, voiced: Array) -> None:
        """Take what stands beside level and pitch: narrow peaks, modulation, clicks, harmonics."""
        import numpy as np

        column = self.table.column
        rate, depth, pitch, peak = (column(rows, name) for name in ("am_rate", "am_depth", "pitch", "peak_0"))
        lines = np.stack([column(rows, name) for name in self.table.peaks], 1) if self.table.peaks else peak[:, None]
        place = np.rint(36 * np.log2(np.where(lines >= 20, lines, 20) / 20)).astype(int)
        for number, count in zip(*np.unique(place[(lines >= 20) & (place < LINES)], return_counts=True), strict=True):
            self.lines[number] += int(count)
        tonal, clear = column(rows, "tonality") >= TONAL_SHARE, column(rows, "harmonicity")
        self.voices[0] += int(tonal.sum())
        self.voices[1] += int((tonal & (clear >= CLEAR)).sum())
        self.voices[2] += int((tonal & ~(clear >= MIXED)).sum())
        fundamental = column(rows, "fundamental")
        self.fundamentals.extend(fundamental[(fundamental >= 1) & np.isnan(voiced)].tolist())
        self.peaks.extend(peak[(peak >= 1) & ~(pitch > 0)].tolist())
        with np.errstate(invalid="ignore"):
            order = pitch / rate
            own = (rate > 0) & (depth > 0) & ~((order < 4.2) & (np.abs(order - np.rint(order)) < 0.1))
        self.modulations += np.stack((rate, depth), 1)[own].tolist()
        if clicks := present(column(rows, "clicks").tolist()):
            self.clicks = (self.clicks or 0) + int(sum(clicks))
        clear = rows[(voiced == voiced) & (column(rows, "harmonicity") >= CLEAR)][:, self.orders]
        clear = clear[~np.isnan(clear).any(axis=1)]
        clear = 10 ** ((clear - clear.max(axis=1, initial=-300)[:, None]) / 10)
        self.harmonics += np.stack((clear.sum(axis=0), np.full(len(self.orders), len(clear))))

    def _seconds(self, rows: Array, starts: NDArray[np.int64]) -> None:
        """Take whole seconds, which start at the rows `starts`."""
        import numpy as np

        there = ~np.isnan(rows)
        sums = np.add.reduceat(np.where(there, rows, 0), starts, axis=0)
        with np.errstate(invalid="ignore"):
            means = (sums / np.add.reduceat(there, starts, axis=0, dtype=np.int64))[:, self.columns]
        octaves = np.log2(np.maximum(means, 20), where=self.octaves, out=np.zeros_like(means)) * 10
        self.seconds.frombytes(np.where(self.octaves, octaves, means).astype(np.float32).tobytes())
        levels = np.fmax.reduceat(self.table.column(rows, "level"), starts)
        self.levels.extend(levels.tolist())
        classes = sums[levels > -60][:, self.chroma].sum(axis=0)
        self.classes = classes if self.classes is None else self.classes + classes

    def sound(self, start: float, sound: Head) -> None:
        """Take an event."""
        self.notes += "pitch" in sound  # also those that begin without an attack, as a singer's do
        if "rise" in sound:
            self.sounds.append((start, sound))

    def _colour(self, rows: Array) -> None:
        import numpy as np

        column = self.table.column
        level = column(rows, "level")
        if len(level):
            self.ends = [self.ends[0] if self.frames else float(level[0]), float(level[-1])]
        rows, level = rows[level == level], level[level == level]
        grain = np.where(np.isnan(self.table.voiced(rows)), column(rows, "grain"), np.nan)
        names = ("tonality", "periodicity", *self.fluct)
        values = np.stack(
            [np.log2(np.maximum(column(rows, "centroid"), 1)), grain, *(column(rows, name) for name in names)]
            + [10 ** (rows[:, i] / 10) for i in (*self.table.bands, *self.table.fine)],
            axis=1,
        )
        there = ~np.isnan(values)
        if self.loud is None:
            self.loud = np.zeros((111, 1 + 2 * values.shape[1]))
        if len(self.table.bands) == REGIONS:
            first = 2 + len(names)
            powers = values[:, first : first + REGIONS] * 10 ** (level / 10)[:, None]
            low, high = powers[:, ::2], powers[:, 1::2]
            pairs = np.where(np.isnan(high), low, low + high)  # a recording may end within a pair
            self.powers.frombytes(np.minimum(pairs, 1e30).astype(np.float32).tobytes())
        sums = np.hstack((np.ones((len(rows), 1)), np.where(there, values, 0), there))
        np.add.at(self.loud, np.clip(np.rint(level) - QUIETEST, 0, 110).astype(int), sums)

    def head(self) -> Head:
        """The summary line's object: {"event":"summary", …}."""
        import numpy as np

        result: Head = {"event": "summary"}
        if sections := self.sections():
            result["form"] = " ".join(section["label"] for section in sections)
            result["sections"] = sections
        result |= self.loudness()
        if sounds := self.events():
            result["sounds"] = sounds
        if self.pulses and len(self.pulses) >= PULSE * self.frames:
            result["pulse"] = round(float(np.median(np.array(self.pulses))), 1)
        elif self.unpulsed(sounds):
            result["pulse"] = 0
        if len(self.pitches) >= 3:
            heard = np.array(self.pitches)
            low, middle, high = (wording.note(float(hz)) for hz in np.percentile(heard, [10, 50, 90], method="nearest"))
            share = round(100 * len(self.pitches) / self.frames)
            result["pitch"] = pitch = {"percent": share, "low": low, "median": middle, "high": high}
            if self.notes:
                pitch["notes"] = self.notes
            if self.glides:
                pitch["glide"] = round(float(np.median(np.array(self.glides))), 1)
            voice = {
                field: round(float(np.median(np.array(values))))
                for values, field in zip(self.timbres, TIMBRE.values(), strict=True)
                if 2 * len(values) >= len(self.pitches)
            }
            if voice.get("harm", 0) >= CLEAR:
                pitch |= voice
            sums, numbers = self.harmonics
            if self.orders and numbers[0] >= 3:
                levels = 10 * np.log10(np.maximum(sums / numbers, 1e-5))
                pitch["harmonics"] = np.rint(levels - levels.max()).astype(int).tolist()
        if len(self.peaks) >= max(3, OFTEN * self.frames):
            ends = [wording.rounded(float(hz)) for hz in np.percentile(np.array(self.peaks), [10, 90])]
            share = round(100 * len(self.peaks) / self.frames)
            result["peak"] = {"percent": share, "low": ends[0], "high": ends[1]}
        if len(self.fundamentals) >= max(3, OFTEN * self.frames):
            quarters = np.rint(np.percentile(np.array(self.fundamentals), [25, 50, 75])).astype(int).tolist()
            share = round(100 * len(self.fundamentals) / self.frames)
            result["f0"] = {"percent": share} | dict(zip(("low", "median", "high"), quarters, strict=True))
        if lines := self.lasting():
            result["lines"] = lines
        if self.voices[0] >= max(3, OFTEN * self.frames):
            one, several = (round(100 * count / self.voices[0]) for count in self.voices[1:])
            result["voices"] = {"one": one, "several": several}
        if len(self.modulations) >= max(3, OFTEN * self.frames):
            middle = np.median(np.array(self.modulations), axis=0).tolist()
            slow, fast = np.percentile(np.array(self.modulations)[:, 0], [10, 90]).tolist()
            share = round(100 * len(self.modulations) / self.frames)
            result["am"] = {"percent": share, "rate": round(middle[0], 1), "depth": round(middle[1])}
            result["am"] |= {"low": round(slow), "high": round(fast)} if fast > 1.2 * slow else {}
        if self.clicks is not None:
            result["clicks"] = float(f"{max(0, self.clicks) * self.rate / self.frames:.2g}")
        if len(self.swings) >= max(3, 0.1 * len(self.pitches)):
            rate, depth = np.median(np.array(self.swings), axis=0).tolist()
            result["vibrato"] = [round(rate, 1), round(depth)]
        if tempo := self.tempo():
            result["tempo"] = tempo
        if key := self.key():
            result["key"] = key
            if len(self.tunings) >= 5 * self.rate:
                result["tuning"] = {"cents": round(float(np.median(np.array(self.tunings))))}
        return result

    def unpulsed(self, sounds: Head) -> bool:
        """Was no regular pulse found, though there was one to be found?"""
        measured = {"pulse", "am_rate"} <= self.table.index.keys() and self.frames >= SWELLS * SWELL * self.rate
        few = max(1, RARELY * self.frames)
        regular = "grid" in sounds or ("gap" in sounds and wording.even(sounds))
        return measured and not regular and len(self.pulses) <= few and len(self.modulations) <= few

    def lasting(self) -> list[list[int]]:
        """Narrow peaks that last: Hz and per cent of the time, the lowest first."""
        near = [sum(self.lines[max(0, i - 1) : i + 2]) for i in range(LINES)]
        least = max(3, LASTS * self.frames)
        found = [
            (count, i)
            for i, count in enumerate(near)
            if count >= least and self.lines[i] == max(self.lines[max(0, i - 2) : i + 3])
        ]
        kept: list[tuple[int, int]] = []
        for count, i in sorted(found, reverse=True):
            if len(kept) < MOST_LINES and all(abs(i - other) > 2 for _, other in kept):
                kept.append((count, i))
        return [
            [wording.rounded(20 * 2 ** (i / 36)), min(100, round(100 * count / self.frames))]
            for count, i in sorted(kept, key=lambda pair: pair[1])
        ]

    def loudness(self) -> Head:
        """{"loudness": …, "colour": …}, where there is a level that can be heard."""
        import numpy as np

        if self.loud is None or not self.loud[1:, 0].any():
            return {}
        shares = np.cumsum(self.loud[:, 0]) / self.loud[:, 0].sum()
        low, middle, high = (QUIETEST + int(np.argmax(shares >= share)) for share in (0.1, 0.5, 0.95))
        first = max(0, high - LOUD - QUIETEST)
        quiet = round(100 * float(shares[first - 1])) if first else 0
        loudness: Head = {"dB": high, "median": middle, "range": high - low, "quiet": quiet}
        begun, last = self.ends
        attacked = any(start < ATTACKED for start, _ in self.sounds)
        cut = ["start"] * (begun >= high - MIDST and not attacked) + ["end"] * (last >= high - MIDST)
        if cut:
            loudness["cut"] = cut
        sums, counts = np.split(self.loud[first:, 1:].sum(axis=0), 2)
        with np.errstate(invalid="ignore"):
            centroid, grain, tonality, periodicity, *rest = (sums / counts).tolist()
        ends = len(self.fluct), len(self.fluct) + len(self.table.bands)
        depths, bands, fine = rest[: ends[0]], rest[ends[0] : ends[1]], rest[ends[1] :]
        colour: Head = {}
        if centroid == centroid:
            colour["Hz"] = wording.rounded(2**centroid)
        if strong := [
            i for i, band in enumerate(bands) if band == band and band >= max(present(bands)) / 10 ** (MOST / 10)
        ]:
            colour["most"] = [self.table.regions[strong[0]][0], self.table.regions[strong[-1]][1]]
        if tonality == tonality:
            colour["tone"] = wording.percent(tonality)
        if periodicity == periodicity:
            colour["periodic"] = wording.percent(periodicity)
        if grain == grain:
            colour["grain"] = max(0, round(grain))
        if present(depths):
            colour["wobble"] = [round(depth) if depth == depth else 0 for depth in depths]
        if swell := self.swell():
            colour["swell"] = swell
        while fine and fine[-1] != fine[-1]:  # above the recording's own band
            fine.pop()
        if fine:
            colour["spectrum"] = [
                round(10 * math.log10(max(power, 1e-9))) if power == power else None for power in fine
            ]
        return {"loudness": loudness} | ({"colour": colour} if colour else {})

    def swell(self) -> list[int]:
        """How far the levels of half seconds lie apart in lows, mids, highs: four fifths of them, in dB.

        Nothing where the regions are others than six; no highs where a recording has none.
        """
        import numpy as np

        width, length = REGIONS // 2, max(1, round(SWELL * self.rate))
        count = len(self.powers) // (width * length)
        if count < SWELLS:
            return []
        frames = np.array(self.powers[: count * length * width]).reshape(count, length, width)
        levels = 10 * np.log10(np.maximum(frames.mean(axis=1), 10 ** (QUIETEST / 10)))
        low, high = np.percentile(levels, [10, 90], axis=0)
        return [round(dB) for dB in takewhile(lambda dB: dB == dB, (high - low).tolist())]

    def events(self) -> Head:
        """What the sounds that begin with an attack have in common."""
        loudest = max((sound["dB"] for _, sound in self.sounds), default=0)
        heard = [
            (start, sound)
            for start, sound in self.sounds
            if sound["dB"] >= loudest - 1.5 * LOUD and (sound["s"] <= LASTING or "fall" in sound)
        ]
        if not heard:
            return {}
        result: Head = {"n": len(heard), "s": round(median(sound["s"] for _, sound in heard), 2)}
        starts = sorted(start for start, _ in heard)
        if len(starts) > 2:
            result |= rhythm(starts)
        for field in ("rise", "ms", "fall"):
            if 2 * len(values := [sound[field] for _, sound in heard if field in sound]) >= len(heard):
                result[field] = round(median(values))
        if len(heard) > 2:
            ways = [[int(hz) for hz in str(sound["Hz"]).split(">")] for _, sound in heard if "Hz" in sound]
            colours = [12 * math.log2(way[0]) for way in ways]
            result["differ"] = {
                "dB": round(pstdev(sound["dB"] for _, sound in heard)),
                "semitones": round(pstdev(colours)) if colours else 0,
            }
            if turns := [12 * math.log2(way[-1] / way[0]) for way in ways]:
                result["turn"] = round(median(turns))
        where = [(start, *map(int, sound["in"].split("-"))) for start, sound in heard if "in" in sound]
        lows = sorted(start for start, _, high in where if high <= LOW)
        highs = sorted(start for start, low, _ in where if low >= HIGH)
        result |= {name: {"n": len(s), **rhythm(s)} for name, s in (("low", lows), ("high", highs)) if len(s) > 2}
        return result

    def sections(self) -> list[Head]:
        """[{"t", "to", "label"}, …] where there is more than one section."""
        import numpy as np

        seconds = len(self.levels)
        reach = round(min(REACH, seconds / 4))
        if not self.columns or seconds < PIECE:
            return []
        rows = np.array(self.seconds, dtype=np.float64).reshape(seconds, -1)
        names = [self.table.names[i] for i in self.columns]
        least = np.array([next(least for kind, least in KINDS.items() if name.startswith(kind)) for name in names])
        heard = ~np.isnan(rows).all(axis=0)
        rows, least = rows[:, heard], least[heard]
        rows = np.where(np.isnan(rows), np.nanmean(rows, axis=0), rows)
        rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), least)
        bounds = [0, *self.boundaries(rows, reach), seconds]
        parts = [rows[a:b] for a, b in pairwise(bounds)]
        if len(parts) < 2:
            return []
        middles = [part.mean(axis=0) for part in parts]
        squares = [((part - middle) ** 2).sum(axis=1).mean() for part, middle in zip(parts, middles, strict=True)]
        within = float(np.sqrt(np.mean(squares) + 0.1 * rows.shape[1]))
        letters: list[int] = []
        for i, middle in enumerate(middles):
            distances = np.sqrt(((np.array(middles[:i]) - middle) ** 2).sum(axis=1)).tolist() if i else []
            near = min(range(i), key=distances.__getitem__, default=None)
            known = near is not None and distances[near] <= ALIKE * within and near != i - 1
            letters.append(letters[near] if known and near is not None else max(letters, default=-1) + 1)
        sections: list[Head] = []
        for (start, end), letter in zip(pairwise(bounds), letters, strict=True):
            label = LETTERS[min(letter, 25)]
            if sections and sections[-1]["label"] == label:
                sections[-1]["to"] = end
            else:
                sections.append({"t": start, "to": end, "label": label})
        sections[-1]["to"] = round(self.frames / self.rate, 1)
        return sections if len(sections) > 1 else []

    @staticmethod
    def boundaries(rows: Array, reach: int) -> list[int]:
        """Seconds at which a section begins, but for the first."""
        import numpy as np

        seconds = len(rows)
        sums = np.concatenate((np.zeros((1, rows.shape[1])), rows.cumsum(axis=0)))
        squares = np.concatenate(([0.0], (rows * rows).sum(axis=1).cumsum()))
        at = np.arange(2, seconds - 1)
        first, last = np.maximum(at - reach, 0), np.minimum(at + reach, seconds)
        before, after = ((sums[b] - sums[a]) / (b - a)[:, None] for a, b in ((first, at), (at, last)))
        spread = 0.2 * rows.shape[1]
        for middle, a, b in ((before, first, at), (after, at, last)):
            spread = spread + (squares[b] - squares[a]) / (b - a) - (middle * middle).sum(axis=1)
        novelty = np.zeros(seconds)
        novelty[at] = ((before - after) ** 2).sum(axis=1) / spread
        peaks = [
            t for t in range(2, seconds - 1)
            if novelty[t] >= NOVEL and novelty[t] == novelty[max(0, t - reach // 2) : t + reach // 2 + 1].max()
        ]  # fmt: skip
        kept: list[int] = []
        for t in sorted(peaks, key=lambda t: -novelty[t]):
            if all(abs(t - other) >= SHORTEST for other in [*kept, 0, seconds]):
                kept.append(t)
        return sorted(kept)

    def tempo(self) -> Head | None:
        """{"bpm", "confidence", "or"}: `or` is the octave that could be meant as well."""
        import numpy as np

        if len(self.attacks) < 8:
            return None
        times, weights = np.array(self.attacks), np.array(self.strengths)
        grid = np.exp(np.arange(math.log(TEMPI[0]), math.log(2 * TEMPI[1]), 0.002))  # beats a minute, 0.2 % apart
        half = WINDOW / 2  # a window is two halves, so that each is computed once
        phase = (2 * np.pi / 60 * grid).astype(np.float32)
        turn = np.exp(1j * half * phase)
        score, windows = np.zeros(len(grid)), 0
        last, sum_before, weight_before, count_before = int(times[-1] // half), np.zeros(len(grid), complex), 0.0, 0
        for i in range(last + 1):
            inside = slice(*np.searchsorted(times, (i * half, (i + 1) * half)))
            angle = np.outer(phase, (times[inside] - i * half).astype(np.float32))
            weight = weights[inside]
            sums, total, count = np.cos(angle) @ weight + 1j * (np.sin(angle) @ weight), weight.sum(), len(weight)
            if count_before + count >= 4 and (i or not last):
                score += np.abs(sum_before + turn * sums) / (weight_before + total)
                windows += 1
            sum_before, weight_before, count_before = sums, total, count
        if not windows:
            return None
        score /= windows
        prior = np.exp(-0.5 * (np.log2(grid / 120) / 0.9) ** 2)  # where people tap
        tapped = grid <= TEMPI[1]
        best = int(np.argmax(np.where(tapped, score * prior, 0)))
        apart = max(1.0, (last + 1) / 2)  # windows that do not overlap
        chance = (0.9 + 1.5 / math.sqrt(apart)) / math.sqrt(len(times) / apart)  # the most that random times reach
        if score[best] < max(STEADY, chance):
            return None
        bpm = float(grid[best])
        octaves = [(float(score[np.argmin(abs(grid - other))]), other) for other in (bpm / 2, 2 * bpm)]
        return {"bpm": round(bpm, 1), "confidence": round(float(score[best]), 2), "or": round(max(octaves)[1], 1)}

    def key(self) -> Head | None:
        """{"name", "confidence"}."""
        import numpy as np

        classes = self.classes
        if classes is None or len(classes) < 12 or classes.std() < 1e-6:
            return None
        if (classes > 0.2 * classes.max()).sum() < CLASSES or classes.max() < 0.5 * TONAL * self.rate:
            return None
        fits = sorted(
            (float(np.corrcoef(classes, np.roll(profile, tonic))[0, 1]), f"{wording.NOTES[tonic]} {mode}")
            for mode, profile in (("major", MAJOR), ("minor", MINOR))
            for tonic in range(12)
        )
        if fits[-1][0] < KEYED:
            return None
        return {"name": fits[-1][1], "confidence": round(min(1.0, 4 * (fits[-1][0] - fits[-2][0])), 2)}


def rhythm(starts: Sequence[float]) -> Head:
    """Of times in order: the median gap in seconds, how far gaps differ, and the unit that they are multiples of."""
    gaps = [b - a for a, b in pairwise(starts)]
    result: Head = {"gap": round(median(gaps), 2), "gap_sd": round(pstdev(gaps), 2)}
    if len(gaps) >= 5 and result["gap"] > 0 and not wording.even(result):
        for part in (1, 2, 3, 4):
            unit = median(gaps) / part
            if unit < 0.1:
                break
            unit = sum(gaps) / max(1, sum(round(gap / unit) for gap in gaps))
            if sum(abs(gap / unit - round(gap / unit)) for gap in gaps) / len(gaps) <= GRID / part:
                result["grid"] = round(unit, 3)
                break
    return result


def common(counts: Sequence[dict[int, int]], names: Sequence[str], most: int = 5) -> Head:
    """The codes of each layer that are used most: {"S0": [59, 12], …}, most used first."""
    return {
        name: [code for code, _ in sorted(used.items(), key=lambda pair: (-pair[1], pair[0]))[:most]]
        for name, used in zip(names, counts, strict=True)
    }
