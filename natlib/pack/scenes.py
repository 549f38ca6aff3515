"""Measures into lines: `scene`, the measured present about twice a second, and `sound`, what rises out of it.

Both are plain integers and notes in constant units, so that a reader who knows the header's two lines can follow them.
Nothing is estimated here: the measures are nat-embed's, averaged, and left out where they are absent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median, median_low
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ..wire import Head
from . import wording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ABSENT = -32768
LOUDEST = 300.0  # dB: what is said to be louder is not believed
VOICED = 0.6  # salience from which a pitch is said
STEP = 0.8  # semitones: a new note
SHALLOW = 1.0  # dB: a modulation that is less deep is not said
POINTS = 5  # of a pitch's way, at most
TURNING = 1.25  # ratio from which a colour is another
STEADY = 1.06  # ratio up to which a frequency stands still


def numbered(prefix: str, measure: Head) -> bool:
    """Is the measure one of a family: attack_0, attack_1 …?"""
    name = str(measure.get("name"))
    return name.startswith(prefix) and name[len(prefix) :].isdigit()


def limits(measure: Head) -> tuple[float, float] | None:
    """The range in Hz that the measure is of, if it says so."""
    low, high = measure.get("low"), measure.get("high")
    return (low, high) if isinstance(low, int | float) and isinstance(high, int | float) else None


def edges(regions: Sequence[tuple[Any, Any]]) -> str:
    """The borders of regions that follow each other: "40-150-400"."""
    return "-".join(str(low) for low, _ in [*regions, *((high, 0) for _, high in regions[-1:])])


class Moment(NamedTuple):
    """What an event is made of, of one frame; NaN for what is absent."""

    level: float
    rise: float  # over the background
    attack: float
    attack_time: float
    attack_length: float
    centroid: float
    pitch: float
    peak_0: float
    periodicity: float
    fundamental: float
    harmonicity: float
    odd_even: float
    tilt: float
    am_rate: float
    am_depth: float
    voiced: float  # the pitch, where it is clear
    rises: list[float]  # by region


class Table:
    """The measures of a stream by name."""

    def __init__(self, measures: Sequence[Head]):
        self.names = [str(measure.get("name")) for measure in measures]
        self.steps = [float(measure.get("step", 1)) for measure in measures]
        self.index = {name: i for i, name in enumerate(self.names)}
        self.bands = [i for i, name in enumerate(self.names) if name.startswith("band_")]
        self.fine = [i for i, name in enumerate(self.names) if name.startswith("spectrum_")]  # narrower bands
        self.rises = [
            (i, *between) for i, m in enumerate(measures) if numbered("attack_", m) and (between := limits(m))
        ]
        self.orders = [i for i, name in enumerate(self.names) if name.startswith("harmonic_")]
        levels = {*self.bands, *self.fine, *self.orders}
        self.power = [i for i, name in enumerate(self.names) if name == "level" or i in levels]  # dB
        self.regions = [(measures[i].get("low"), measures[i].get("high")) for i in self.bands]  # Hz
        self.edges = edges(self.regions)
        self.fine_regions = [(measures[i].get("low"), measures[i].get("high")) for i in self.fine]
        self.fine_edges = edges(self.fine_regions)
        self.peaks = [name for name in self.names if name.startswith("peak_")]

    def rows(self, numbers: NDArray[np.int16]) -> Array:
        """Grid numbers into units, a row a frame; NaN for an absent one."""
        import numpy as np

        rows = np.where(numbers == ABSENT, np.nan, numbers * np.array(self.steps))
        rows[:, self.power] = np.clip(rows[:, self.power], -LOUDEST, LOUDEST)
        return rows

    def column(self, rows: Array, name: str) -> Array:
        """The measure `name` of each row; NaN where the stream has no such measure."""
        import numpy as np

        i = self.index.get(name)
        return np.full(rows.shape[:-1], np.nan) if i is None else rows[..., i]

    def voiced(self, rows: Array) -> Array:
        """The pitch of each row in Hz, NaN where it is not clear enough to be said."""
        import numpy as np

        pitch = self.column(rows, "pitch")
        return np.where((pitch > 0) & (self.column(rows, "salience") >= VOICED), pitch, np.nan)


def present(values: Sequence[float]) -> list[float]:
    """Those that are not NaN."""
    return [value for value in values if value == value]


def mean(rows: Array, axis: int) -> Array:
    """The mean of what is not NaN; NaN where all is."""
    import numpy as np

    there = ~np.isnan(rows)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, rows, 0).sum(axis=axis) / there.sum(axis=axis))


class Scenes:
    """Averages over `length` frames, one line each."""

    ATTACK = 6.0  # dB that the attack of a frame must have to be counted
    REGULAR = 0.6  # regularity from which a pulse is said
    CHROMA = 0.5  # strength from which a pitch class is said
    TONAL = 0.5  # tonality from which pitch classes are
    SINGLE = ("level", "centroid", "tonality", "periodicity", "vibrato_rate", "vibrato_depth", "pulse", "regularity")

    def __init__(self, table: Table, length: int):
        self.table, self.length = table, length
        self.begun = False
        self.single = [(name, table.index[name]) for name in self.SINGLE if name in table.index]
        self.fluct = [table.index[f"fluct_{i}"] for i in range(4) if f"fluct_{i}" in table.index]
        self.chroma = [(i, table.index[f"chroma_{i}"]) for i in range(12) if f"chroma_{i}" in table.index]

    def feed(self, rows: Array) -> Iterator[Head]:
        """The scenes of `rows`, `length` frames each (the last may be shorter); empty where nothing was measured."""
        whole = len(rows) // self.length
        if whole:
            yield from self._measure(rows[: whole * self.length].reshape(whole, self.length, -1))
        if len(rows) % self.length:
            yield from self._measure(rows[None, whole * self.length :])

    def _measure(self, rows: Array) -> Iterator[Head]:
        """Of the shape (scenes, frames, measures)."""
        import numpy as np

        column, power = self.table.column, self.table.power
        means = mean(rows, 1)
        means[:, power] = 10 * np.log10(mean(10 ** (rows[:, :, power] / 10), 1))  # of the powers
        attack = column(rows, "attack") >= self.ATTACK
        attack[0, 0] &= self.begun  # what an item begins with may have begun before: a sound line tells if it is struck
        self.begun = True
        attacks = attack.sum(axis=1).tolist()
        voiced = self.table.voiced(rows)
        heard = often(voiced)
        grain = mean(np.where(np.isnan(voiced), column(rows, "grain"), np.nan), 1).tolist()  # a voice's pulses are none
        swings = (~np.isnan(column(rows, "vibrato_rate") * column(rows, "vibrato_depth"))).sum(axis=1).tolist()
        any_pitch, peak, rate, bass, top = (
            often(column(rows, name)) for name in ("pitch", "peak_0", "am_rate", "bass", "top")
        )
        fundamental, depth = (column(rows, name).tolist() for name in ("fundamental", "am_depth"))
        clicks = np.rint(np.nansum(column(rows, "clicks"), axis=1)).astype(int).tolist()
        for i, values in enumerate(means.tolist()):
            now = {name: value for name, j in self.single if (value := values[j]) == value}
            scene: Head = {}
            if "level" in now:
                scene["dB"] = round(now["level"])
            if "centroid" in now:
                scene["Hz"] = wording.rounded(now["centroid"])
            if "tonality" in now:
                scene["tone"] = wording.percent(now["tonality"])
            if grain[i] == grain[i]:
                scene["grain"] = round(grain[i])
            if pitch := melody(heard[i]):
                scene["pitch"] = pitch
            elif vague := around(any_pitch[i]):
                scene["pitch"] = f"~{vague}"
            elif moving := course(peak[i]):
                scene["peak"] = moving
            if not pitch:
                scene |= repeating(now.get("periodicity"), fundamental[i])
            if 2 * swings[i] >= self.length:
                scene["vibrato"] = [round(now["vibrato_rate"], 1), round(now["vibrato_depth"])]
            notes = self.notes(values) if now.get("tonality", 0) >= self.TONAL else ""
            if notes and notes != pitch.rstrip("-0123456789"):
                scene["notes"] = notes
                for field, found in (("bass", bass[i]), ("top", top[i])):
                    if (lasting := held(found)) and lasting not in (*pitch.split(">"), scene.get("bass")):
                        scene[field] = lasting
            if attacks[i]:
                scene["attacks"] = attacks[i]
            if clicks[i] > 0:
                scene["clicks"] = clicks[i]
            if modulation := modulated(rate[i], depth[i], any_pitch[i]):
                scene["am"] = modulation
            if "pulse" in now and now.get("regularity", 0) >= self.REGULAR:
                scene["pulse"] = round(now["pulse"], 1)
            bands = [values[j] for j in self.table.bands]
            while bands and bands[-1] != bands[-1]:  # above the recording's own band
                bands.pop()
            if bands:
                scene["bands"] = [round(band) if band == band else None for band in bands]
            if present(depths := [values[j] for j in self.fluct]):
                scene["wobble"] = [round(depth) if depth == depth else 0 for depth in depths]
            yield scene

    def notes(self, means: list[float]) -> str:
        """The strong pitch classes, strongest first."""
        strong = sorted(((means[j], i) for i, j in self.chroma if means[j] >= self.CHROMA), reverse=True)
        return " ".join(wording.NOTES[i] for _, i in strong[:4])


def melody(voiced: Sequence[float]) -> str:
    """The pitch's note where half of the frames have one, with the notes that it goes to: "A4>C5>A4".

    None where it is said to move by more than an octave: then it is no one voice's.
    """
    heard = present(voiced)
    if not heard or 2 * len(heard) < len(voiced):
        return ""
    if abs(12 * math.log2(max(heard) / min(heard))) < STEP:
        return wording.note(median_low(heard))
    third = -(-len(heard) // 3)
    low, high = median_low(heard[:third]), median_low(heard[-third:])
    if not 0.49 < low / high < 2.04:
        return ""
    middle = median(heard)
    runs: list[list[float]] = []
    for hz in heard:
        if not 0.6 < hz / middle < 1.7:
            continue
        if runs and abs(12 * math.log2(hz / median(runs[-1]))) < STEP:
            runs[-1].append(hz)
        else:
            runs.append([hz])
    if any(len(run) > 1 for run in runs):
        runs = [run for i, run in enumerate(runs) if len(run) > 1 or between(runs, i)]
    points = [median_low(run) for run in runs]
    if len(points) > POINTS:  # the ends, and the furthest of what lies between
        inner = points[1:-1]
        kept = sorted({inner.index(min(inner)), inner.index(max(inner))})
        points = [points[0], *(inner[i] for i in kept), points[-1]]
    notes = [wording.note(hz) for hz in points]
    return ">".join(note for i, note in enumerate(notes) if not i or note != notes[i - 1])


def often(values: Array) -> list[list[float]]:
    """By scene, the values of its frames; none where less than half of them are there."""
    import numpy as np

    lists: list[list[float]] = values.tolist()
    for i in np.flatnonzero(2 * (values > 0).sum(axis=1) < values.shape[1]).tolist():
        lists[i] = []
    return lists


def between(runs: list[list[float]], i: int) -> bool:
    """Is a single frame a step of a slide: between its neighbours?"""
    return 0 < i < len(runs) - 1 and (runs[i - 1][-1] < runs[i][0]) == (runs[i][0] < runs[i + 1][0])


def around(pitch: Sequence[float]) -> str:
    """The note near which half of the frames have a pitch, however vague; "" where they differ by more than a tone."""
    heard = [hz for hz in pitch if hz > 0]
    if 2 * len(heard) < len(pitch) or len(heard) < 2:
        return ""
    middle = median_low(heard)
    near = sum(abs(12 * math.log2(hz / middle)) <= 2 for hz in heard)
    return wording.note(middle) if 2 * near >= len(pitch) and 4 * near >= 3 * len(heard) else ""


def course(hz: Sequence[float]) -> int | str:
    """Where a narrow peak is, if half of the frames have one, and where it goes: 3200, or "3200>4100"."""
    heard = [value for value in hz if value >= 1]
    if not heard or 2 * len(heard) < len(hz):
        return 0
    third = -(-len(heard) // 3)
    first, last = median_low(heard[:third]), median_low(heard[-third:])
    if not 0.49 < first / last < 2.04:
        return 0  # no one peak's way
    if 1 / STEADY < first / last < STEADY:
        return wording.rounded(median_low(heard))
    return f"{wording.rounded(first)}>{wording.rounded(last)}"


def repeating(periodicity: float | None, hz: Sequence[float]) -> Head:
    """How far a waveform repeats itself, in per cent, and how often a second, where it is more than a noise's.

    Or where a third of the frames agree: those of noise do not.
    """
    if periodicity is None:
        return {}
    share, heard = wording.percent(periodicity), [value for value in hz if value >= 1]
    steady = len(heard) > 1 and 3 * len(heard) >= len(hz) and max(heard) < wording.ONE * min(heard)
    if share < wording.PERIODIC and not steady:
        return {}
    there = steady or (len(heard) > 1 and 2 * len(heard) >= len(hz))
    way = contour(heard) if there else 0
    return {"periodic": share, "f0": way} if way else {"periodic": share}


def contour(hz: Sequence[float]) -> int | str:
    """The way of a fundamental that may be told an octave off here and there: 240, or "240>310>220".

    0 where it is said to move by an octave: then it is no one tone's.
    """
    middle = median_low(hz)
    octaves = [math.log2(value / middle) for value in hz]
    near = [value / 2 ** round(n) if abs(n - round(n)) < 0.25 else value for value, n in zip(hz, octaves, strict=True)]
    third = -(-len(near) // 3)
    points = [median_low(part) for part in (near[:third], near[third:-third], near[-third:]) if part]
    if max(points) < STEADY * min(points):
        return wording.rounded(middle)
    if max(points) > 1.9 * min(points):
        return 0
    if len(points) == 3 and min(points[0], points[2]) / STEADY < points[1] < STEADY * max(points[0], points[2]):
        del points[1]  # between its neighbours
    way = [wording.rounded(point) for point in points]
    return ">".join(map(str, way)) if len(set(way)) > 1 else way[0]


def turn(centroids: Sequence[float]) -> int | str:
    """The centroid of an event's first frames, in Hz, and that of its last ones, if it is another: 1200, "1200>700"."""
    if not centroids:
        return 0
    early, late = (sum(some) / len(some) for some in (centroids[:3], centroids[3 * len(centroids) // 5 :]))
    if len(centroids) < 4 or 1 / TURNING < early / late < TURNING:
        return wording.rounded(early)
    return f"{wording.rounded(early)}>{wording.rounded(late)}"


def held(notes: Sequence[float]) -> str:
    """The note at which half of the frames stand, from MIDI numbers; "" where there is none."""
    heard = [number for number in notes if 0 < number < 128]
    if not heard:
        return ""
    middle = median_low(heard)
    near = sum(abs(number - middle) < STEP for number in heard)
    return wording.note(440 * 2 ** ((middle - 69) / 12)) if 2 * near >= len(notes) else ""


def modulated(rates: Sequence[float], depths: Sequence[float], pitch: Sequence[float]) -> list[float]:
    """Rate in Hz and depth in dB of a modulation that most frames have, if it is no pitch's; [] for none."""
    heard = [rate for rate in rates if rate > 0]
    if not heard or 3 * len(heard) < 2 * len(rates):
        return []
    rate = median_low(heard)
    near = [abs(other / rate - 1) < 0.08 for other in heard]
    depth = median(present(depths) or [0.0])
    voice = [hz / rate for hz in pitch if hz > 0]
    voiced = [abs(ratio - round(ratio)) < 0.1 for ratio in voice if ratio < 4.2]
    if 2 * sum(near) < len(rates) or depth < SHALLOW or 2 * sum(voiced) >= len(rates):
        return []
    return [round(rate, 1), round(depth)]


class Sounds:
    """Events: from an attack (or a new pitch, in a held tone) until the level has fallen, or the next one begins."""

    ATTACK = 6.0  # dB: what begins an event, unless told otherwise
    AGAIN = 3.0  # dB: what begins one where a pitch is struck again, if the level rises by as much as AGAIN / 2
    DIP = 5.0  # dB: a rise out of a dip, which begins one, too
    FALL = 12.0  # dB under its peak: what ends it
    SINK = 0.35  # share of its height over the background: what is lower ends it, too
    RING = 6.0  # dB under its peak: from there on it rings out, and no new pitch begins an event
    RISES = 6.0  # dB of a region, and half of the highest: there it rises
    FALLS = 3.0  # dB a second: a fall that is said
    SHORT = 4  # frames: of longer ones the last quarter, their end, has no say in the fall
    # What tells one instrument from another: the fields that say it, and from which size on.
    COLOUR: ClassVar = {"harmonicity": ("harm", 6), "odd_even": ("odd", 8), "tilt": ("tilt", 0)}
    # An item may begin in the midst of a sound: what rises at its very start, and does not fall, is no event.
    QUIET = -65.0  # dBFS: below, nothing begins
    GRADUAL, SLOW = 30, 15  # ms of the attack, dB/s of the fall: nothing that is struck
    LONGEST = 8.0  # seconds

    def __init__(self, table: Table, rate: float, attack: float = ATTACK):
        self.table, self.rate = table, rate
        self.attack = attack  # dB: what begins an event
        self.possible = "level" in table.index and "attack" in table.index
        self.moments: list[Moment] = []  # of the event under way, a frame each
        self.last = Moment._make([*[math.nan] * (len(Moment._fields) - 1), []])  # the frame before
        self.sunk = -math.inf  # dB: the lowest level since the last event
        self.frame = 0  # at which it begins
        self.rise = 0.0
        self.peak = 0.0
        self.top = 0  # the moment that has it
        self.floor = 0.0  # dB: the level that ends it

    @property
    def under_way(self) -> int | None:
        """The frame at which the event begins that has not ended yet."""
        return self.frame if self.moments else None

    def feed(self, frame: int, rows: Array) -> Iterator[tuple[int, float, Head]]:
        """The events that the next rows, from `frame` on, end: their first frame, start in seconds, fields."""
        if not self.possible:
            return
        columns = [self.table.column(rows, name).tolist() for name in Moment._fields[:-2]]
        columns.append(self.table.voiced(rows).tolist())
        columns.append(rows[:, [i for i, *_ in self.table.rises]].tolist())
        for i, values in enumerate(zip(*columns, strict=True)):
            now = Moment._make(values)
            yield from self._step(frame + i, now)
            self.last, self.sunk = now, min(self.sunk, now.level)

    def _step(self, frame: int, now: Moment) -> Iterator[tuple[int, float, Head]]:
        """One frame, in an event or at the start of one."""
        if self.moments:
            long = len(self.moments) >= self.LONGEST * self.rate
            sunk = now.level < self.floor and now.voiced != now.voiced  # a held tone may lie low among others
            if now.level != now.level or now.level < self.peak - self.FALL or sunk or long:
                yield from self.finish(now.level)
        if now.level > self.QUIET and len(self.moments) != 1 and (now.attack >= self.attack or self._again(now)):
            yield from self.finish()
            self._begin(frame, now.attack)
        elif self._new_pitch(now):
            if self.moments:
                self.moments.pop()
            yield from self.finish()
            self._begin(frame - 1, 0.0)
            self._take(self.last)
        elif not self.moments:
            return
        self._take(now)

    def _begin(self, frame: int, rise: float) -> None:
        self.frame, self.rise, self.peak, self.floor = frame, rise, -math.inf, -math.inf

    def _take(self, now: Moment) -> None:
        self.moments.append(now)
        if now.level > self.peak:
            self.peak, self.floor, self.top = now.level, now.level - self.FALL, len(self.moments) - 1
            height = self.peak - (self.moments[0].level - self.moments[0].rise)
            if height == height:
                self.floor = max(self.floor, self.peak - (1 - self.SINK) * height)

    def _again(self, now: Moment) -> bool:
        """Is the tone under way struck again?"""
        if not self.moments or now.voiced != now.voiced:
            return False
        lowest = min((moment.level for moment in self.moments[self.top + 1 :]), default=math.inf)
        dip = now.level - lowest
        return dip >= self.DIP or (now.attack >= self.AGAIN and now.level >= self.moments[-1].level + self.AGAIN / 2)

    def _new_pitch(self, now: Moment) -> bool:
        """Are this pitch and the last one a new note's: the same, and a step (not an octave) away from those before?

        Where no event is under way: the same, and over the background.
        """
        hz, last = now.voiced, self.last.voiced
        if not (hz == hz and last == last and abs(12 * math.log2(hz / last)) < STEP / 2):
            return False
        if not self.moments:
            over = min(now.rise, self.last.rise, self.last.level - self.sunk)
            return self.last.level > self.QUIET and over >= self.AGAIN
        if now.level <= self.peak - self.RING or len(self.moments) < 3:
            return False
        before = present([moment.voiced for moment in self.moments[-4:-1]])
        step = abs(12 * math.log2(hz / median(before))) if before else 0
        return step >= STEP and abs(step - 12) >= STEP

    def finish(self, level: float = math.nan) -> Iterator[tuple[int, float, Head]]:
        """The event under way; with the level to which it fell."""
        moments, self.moments = self.moments, []
        if not moments:
            return
        columns = dict(zip(Moment._fields, zip(*moments, strict=True), strict=True))
        seconds, last = len(moments) / self.rate, moments[-1].level
        peak = max(columns["level"])
        self.sunk = last
        if (
            self.frame <= 1
            and (level if level == level else last) > peak - self.RING
            and (seconds >= 1 or level == level)
        ):
            return  # it had begun before
        start, sound = self.frame / self.rate, Head(s=round(seconds, 2), dB=round(peak))
        if self.rise >= self.attack:
            first = moments[0]
            start += (first.attack_time if first.attack_time == first.attack_time else 0) / 1000
            sound["rise"] = round(self.rise)
            if first.attack_length == first.attack_length:
                sound["ms"] = round(first.attack_length)
            if where := self._where(first.rises):
                sound["in"] = where
        if hz := turn([hz for hz in columns["centroid"] if hz >= 1]):
            sound["Hz"] = hz
        if pitch := melody(columns["voiced"]):
            sound["pitch"] = pitch
        elif vague := around(columns["pitch"]):
            sound["pitch"] = f"~{vague}"
        elif narrow := course(columns["peak_0"]):
            sound["peak"] = narrow
        if not pitch:
            known = present(columns["periodicity"])
            sound |= repeating(sum(known) / len(known) if known else None, columns["fundamental"])
        for name, (field, least) in self.COLOUR.items():
            told = present(columns[name])
            if len(told) > 1 and (value := round(median(told))) and (not least or value >= least):
                sound[field] = value
        if len(moments) > 2 and (am := modulated(columns["am_rate"], columns["am_depth"], columns["pitch"])):
            sound["am"] = am
        levels = [*columns["level"]] + [level] * (level == level and len(moments) < self.SHORT)
        top = levels.index(peak)
        after = 3 * (len(levels) - 1 - top) // 4 if len(levels) > self.SHORT else len(levels) - 1 - top
        if after and (fall := (peak - levels[top + after]) * self.rate / after) >= self.FALLS:
            sound["fall"] = round(fall)
        gradual = sound.get("ms", 0) >= self.GRADUAL and sound.get("fall", 0) < self.SLOW
        if self.frame <= 1 and seconds >= 1 and gradual and not pitch:
            return  # so does a recording begin in the midst of surf
        yield self.frame, round(start, 2), sound

    def _where(self, rises: Sequence[float]) -> str:
        """The range in which most of an attack rises, in Hz: "40-450"; "" where that is everywhere."""
        highest = max(present(rises), default=0.0)
        strong = [i for i, rise in enumerate(rises) if rise >= max(self.RISES, highest / 2)]
        if not strong or (strong[0], strong[-1]) == (0, len(rises) - 1):
            return ""
        return f"{self.table.rises[strong[0]][1]}-{self.table.rises[strong[-1]][2]}"
