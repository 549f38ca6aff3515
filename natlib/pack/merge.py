"""Scenes into fewer, longer ones: what a line of half a second says becomes what one of two or ten seconds would say.

A reader of NDJSON has only its lines, so a prompt is made from them alone: it is the same from tokens and from the
NDJSON packed from them. A scene counts as a few frames with the values of its line; what moves within it moves in as
many steps. Then the rules by which frames become scenes apply (scenes.py, contours.py).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median, median_low
from typing import TYPE_CHECKING

from .. import notes
from ..notes import parse
from ..wire import Head
from .contours import contour, field, place, points
from .measures import half, rounded
from .once import CHANGING, Scene
from .segments import Segments, units
from .thresholds import LOUDEST, SAME_FOR, TONAL

if TYPE_CHECKING:
    from .segments import Array

STEPS = 6  # frames that a scene counts as: as many as one of 0.48 s has


def carried(scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes as they were said, with what still holds: bands and modulation said before, a grain of 0 if smooth.

    If scenes tell more than a level, one with only a level is silent: nothing holds there.
    """
    said: Head = {}
    told = any(fields.keys() - {"level", *CHANGING} for _, fields in scenes)
    result = []
    for frame, fields in scenes:
        said |= {name: fields[name] for name in CHANGING if name in fields}
        full = {**fields, **said} if not told or fields.keys() - {"level"} else fields
        if "tonality" in full and "grain" not in full and not pitched(full):
            full["grain"] = 0
        result.append(Scene(frame, full))
    return result


class Joined:
    """Scenes into fewer: cut where the sound changes, and, if nothing does, after a while."""

    def __init__(self, scenes: Sequence[Scene], seconds: float):
        self.scenes, self.seconds = scenes, seconds
        self._segments: Segments | None = None

    def __call__(self, count: int) -> list[Scene]:
        """At most `count` scenes; each is what the scenes that it is made of have in common."""
        if not 0 < count < len(self.scenes):
            return list(self.scenes[:count])
        self._segments = self._segments or Segments(self._rows())
        bounds = self._segments.bounds(count)
        parts = [self.scenes[a:b] for a, b in pairwise(bounds)]
        return [Scene(part[0].frame, whole([scene.fields for scene in part])) for part in parts]

    def _rows(self) -> Array:
        """Level, colour, tonality and time of each scene, in units of difference; what is not told stays as it was."""
        import numpy as np

        told = [[scene.fields.get(field) for scene in self.scenes] for field in ("level", "centroid", "tonality")]
        level, centroid, tone = (
            np.array([value if isinstance(value, int | float) else math.nan for value in values]) for values in told
        )
        rows = units(np.clip(level, -LOUDEST, LOUDEST), centroid, np.clip(tone, -LOUDEST, LOUDEST) / 100)
        for column in rows.T:
            known = np.concatenate(([0], np.flatnonzero(~np.isnan(column)) + 1))
            column[:] = np.append(0, column)[known[np.searchsorted(known, np.arange(1, len(column) + 1), "right") - 1]]
        return np.column_stack((rows, np.arange(len(rows)) * self.seconds / SAME_FOR))


def whole(parts: Sequence[Head]) -> Head:
    """The fields of one scene that lasts as long as all of `parts`, in the order of scene lines."""
    if len(parts) == 1:
        return parts[0]
    result: Head = {}
    if levels := numbers(parts, "level"):
        result["level"] = power_mean(levels)
    if colours := numbers(parts, "centroid"):
        result["centroid"] = rounded(average(colours))
    if tones := numbers(parts, "tonality"):
        result["tonality"] = round(average(tones))
    for name in ("below_40_hz", "above_16_khz", "dominant_frequency"):
        if most(found := numbers(parts, name), parts):
            result[name] = rounded(average(found)) if name == "dominant_frequency" else round(average(found))
    pitch = pitches(parts, result)
    if most(found := numbers(parts, "vibrato", 0), parts):
        result["vibrato"] = [round(average(found), 1), round(average(numbers(parts, "vibrato", 1)))]
    if together := usual_notes(parts):
        result["notes"] = together
    elif result.get("tonality", 0) >= 100 * TONAL:
        classes(parts, pitch, result)
    for name in ("onsets", "clicks"):
        if events := sum(numbers(parts, name)):
            result[name] = round(events)
    if most(rates := numbers(parts, "am", 0), parts):
        result["am"] = [median_low(rates), round(median(numbers(parts, "am", 1)))]
    if most(pulses := numbers(parts, "pulse"), parts):
        result["pulse"] = round(average(pulses), 1)
    if bands := columns(parts, "bands"):
        result["bands"] = [power_mean(band) if band else None for band in bands]
    if depths := columns(parts, "modulation"):
        result["modulation"] = [round(average(depth)) if depth else 0 for depth in depths]
    return result


def pitched(fields: Head) -> bool:
    """Do the fields have a pitch, however vague?"""
    return not fields.keys().isdisjoint(("pitch", "pitch_contour", "vague_pitch"))


def pitches(parts: Sequence[Head], result: Head) -> list[str]:
    """Put grain and pitch, or what there is in its place, into `result`. Returns the contour of a clear pitch."""
    clear = [hertz(points(part, "pitch")) for part in parts]
    ways = [way or hertz(points(part, "vague_pitch")) for way, part in zip(clear, parts, strict=True)]
    grains = [part.get("grain", 0) for part, way in zip(parts, clear, strict=True) if not way]
    if any("grain" in part for part in parts) and grains:
        result["grain"] = round(average(grains))
    pitch, fields = place(frames(clear), frames(ways), frames([hertz(points(part, "peak")) for part in parts]))
    result |= fields
    if not pitch and most(found := numbers(parts, "periodicity"), parts):
        result["periodicity"] = round(average(found))
        slow = [hz for hz in frames([hertz(points(part, "f0")) for part in parts]) if hz == hz]
        if half(len(slow), STEPS * len(parts)):
            result |= field("f0", contour(slow))
    return pitch


def classes(parts: Sequence[Head], pitch: Sequence[str], result: Head) -> None:
    """Put the pitch classes that half of `parts` have into `result`, the most frequent first, and both ends."""
    counts: Counter[str] = Counter()
    for part in parts:
        own = [notes.pitch_class(note) for note in (points(part, "pitch") or points(part, "vague_pitch"))[:1]]
        counts.update(part.get("pitch_classes", own))
    strongest = [name for name, count in counts.most_common(4) if half(count, len(parts))]
    if not strongest or strongest == [notes.pitch_class(note) for note in pitch]:
        return
    result["pitch_classes"] = strongest
    for name in ("lowest", "highest"):
        [(note, count)] = Counter(part.get(name) for part in parts).most_common(1)
        if note and half(count, len(parts)) and note not in (*pitch, result.get("lowest")):
            result[name] = note


def usual_notes(parts: Sequence[Head]) -> list[str]:
    """The notes that half of `parts` have, from the lowest up; [] for fewer than two."""
    counts = Counter(note for part in parts for note in dict.fromkeys(part.get("notes", ())))
    found = sorted((midi, note) for note, count in counts.items() if half(count, len(parts)) and (midi := parse(note)))
    return [note for _, note in found] if len(found) > 1 else []


def hertz(contour: Sequence[str | float]) -> list[float]:
    """The points of a contour, notes or Hz, in Hz; without what is neither."""
    known = [notes.hertz(point) if isinstance(point, str) else float(point) for point in contour]
    return [hz for hz in known if hz > 0]


def frames(ways: Sequence[Sequence[float]]) -> list[float]:
    """Each contour in as many steps as a scene has frames; NaN for one without points."""
    return [way[k * len(way) // STEPS] if way else math.nan for way in ways for k in range(STEPS)]


def most(found: Sequence[float], parts: Sequence[Head]) -> bool:
    """Do at least half of the scenes have it?"""
    return bool(found) and half(len(found), len(parts))


def numbers(parts: Sequence[Head], field: str, place: int | None = None) -> list[float]:
    """The numbers in a field, or at one place of a list there, of the parts that have them."""
    values = [part.get(field) for part in parts]
    if place is not None:
        values = [value[place] for value in values if isinstance(value, list) and len(value) > place]
    return [float(value) for value in values if isinstance(value, int | float)]


def columns(parts: Sequence[Head], field: str) -> list[list[float]]:
    """The numbers at each place of a field that is a list."""
    length = max((len(value) for part in parts if isinstance(value := part.get(field), list)), default=0)
    return [numbers(parts, field, place) for place in range(length)]


def average(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def power_mean(levels: Sequence[float]) -> int:
    """The level of the mean power, in dB."""
    return round(10 * math.log10(average([10 ** (max(-LOUDEST, min(dB, LOUDEST)) / 10) for dB in levels])))
