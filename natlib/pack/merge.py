"""Scenes into fewer, longer ones: what a line of half a second says becomes what one of two or ten seconds would say.

A reader of NDJSON has no more than its lines, so a prompt is made of them alone: it is the same from tokens and from
the NDJSON that was packed of them. A scene counts as a few frames that have what its line says; what moves within it
moves in as many steps. Then the rules are those by which frames become scenes (scenes.py, contours.py).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median, median_low
from typing import TYPE_CHECKING, NamedTuple

from .. import notes
from ..wire import Head
from .contours import contour, place
from .measures import half, rounded
from .segments import Segments, units
from .thresholds import LOUDEST, SAME_FOR, TONAL

if TYPE_CHECKING:
    from .segments import Array

STEPS = 6  # frames that a scene counts as: it has that many where it lasts 0.48 s
CHANGING = ("bands", "wobble")  # fields that are said when they change


class Scene(NamedTuple):
    """A scene line: the frame at which it begins, and its fields."""

    frame: int
    fields: Head


def carried(scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes as they were said, with what still holds: bands and wobble said before, no grain where it is smooth.

    Where scenes tell more than a level, one that has nothing else is silent: nothing holds there.
    """
    said: Head = {}
    told = any(fields.keys() - {"dB", *CHANGING} for _, fields in scenes)
    result = []
    for frame, fields in scenes:
        said |= {name: fields[name] for name in CHANGING if name in fields}
        full = {**fields, **said} if not told or fields.keys() - {"dB"} else fields
        if "tone" in full and "grain" not in full and "pitch" not in full:
            full["grain"] = 0
        result.append(Scene(frame, full))
    return result


class Joined:
    """Scenes into fewer: cut where the sound changes, and where nothing does after a while."""

    def __init__(self, scenes: Sequence[Scene], seconds: float):
        self.scenes, self.seconds = scenes, seconds
        self._segments: Segments | None = None

    def __call__(self, count: int) -> list[Scene]:
        """As many as `count` scenes, at most; each is what those that it is made of have in common."""
        if not 0 < count < len(self.scenes):
            return list(self.scenes[:count])
        self._segments = self._segments or Segments(self._rows())
        bounds = self._segments.bounds(count)
        parts = [self.scenes[a:b] for a, b in pairwise(bounds)]
        return [Scene(part[0].frame, whole([scene.fields for scene in part])) for part in parts]

    def _rows(self) -> Array:
        """Level, colour, tonality and time of each scene, in units of difference; what is not told is as it was."""
        import numpy as np

        told = [[scene.fields.get(field) for scene in self.scenes] for field in ("dB", "Hz", "tone")]
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
    if levels := numbers(parts, "dB"):
        result["dB"] = power_mean(levels)
    if colours := numbers(parts, "Hz"):
        result["Hz"] = rounded(average(colours))
    if tones := numbers(parts, "tone"):
        result["tone"] = round(average(tones))
    for field in ("below_40_hz", "above_16_khz", "main_hz"):
        if most(found := numbers(parts, field), parts):
            result[field] = rounded(average(found)) if field == "main_hz" else round(average(found))
    pitch = pitches(parts, result)
    if most(found := numbers(parts, "vibrato", 0), parts):
        result["vibrato"] = [round(average(found), 1), round(average(numbers(parts, "vibrato", 1)))]
    if result.get("tone", 0) >= 100 * TONAL:
        classes(parts, pitch, result)
    for field in ("attacks", "clicks"):
        if events := sum(numbers(parts, field)):
            result[field] = round(events)
    if most(rates := numbers(parts, "am", 0), parts):
        result["am"] = [median_low(rates), round(median(numbers(parts, "am", 1)))]
    if most(pulses := numbers(parts, "pulse"), parts):
        result["pulse"] = round(average(pulses), 1)
    if bands := columns(parts, "bands"):
        result["bands"] = [power_mean(band) if band else None for band in bands]
    if depths := columns(parts, "wobble"):
        result["wobble"] = [round(average(depth)) if depth else 0 for depth in depths]
    return result


def pitches(parts: Sequence[Head], result: Head) -> str:
    """Put grain and pitch, or what there is in its place, into `result`. Returns the pitch where it is clear."""
    ways = [hertz(part.get("pitch")) for part in parts]
    vague = [str(part.get("pitch", "~")).startswith("~") for part in parts]
    clear = [[] if unclear else way for unclear, way in zip(vague, ways, strict=True)]
    grains = [part.get("grain", 0) for part, way in zip(parts, clear, strict=True) if not way]
    if any("grain" in part for part in parts) and grains:
        result["grain"] = round(average(grains))
    pitch, fields = place(frames(clear), frames(ways), frames([hertz(part.get("peak")) for part in parts]))
    result |= fields
    if not pitch and most(found := numbers(parts, "periodic"), parts):
        result["periodic"] = round(average(found))
        slow = [hz for hz in frames([hertz(part.get("f0")) for part in parts]) if hz == hz]
        if half(len(slow), STEPS * len(parts)) and (way := contour(slow)):
            result["f0"] = way
    return pitch


def classes(parts: Sequence[Head], pitch: str, result: Head) -> None:
    """Put the pitch classes that half of `parts` have into `result`, the most frequent first, and bass and top note."""
    counts: Counter[str] = Counter()
    for part in parts:
        own = notes.NOTE.findall(str(part.get("pitch", "")))
        counts.update(str(part["notes"]).split() if "notes" in part else {name for name, _ in own[:1]})
    strongest = " ".join(name for name, count in counts.most_common(4) if half(count, len(parts)))
    if not strongest or strongest == pitch.rstrip("-0123456789"):
        return
    result["notes"] = strongest
    for field in ("bass", "top"):
        [(note, count)] = Counter(part.get(field) for part in parts).most_common(1)
        if note and half(count, len(parts)) and note not in (*pitch.split(">"), result.get("bass")):
            result[field] = note


def hertz(way: object) -> list[float]:
    """The points of a way in Hz: of "A4>C5", "~A4", 3200, "3200>4100"; [] for none."""
    points = str(way if way is not None else "").lstrip("~").split(">")
    return [hz for point in points if (hz := frequency(point)) > 0]


def frequency(point: str) -> float:
    """Hz of a note or of a number, 0 for what is neither."""
    return notes.hertz(point) or (float(point) if point.isascii() and point.isdigit() else 0.0)


def frames(ways: Sequence[Sequence[float]]) -> list[float]:
    """Each way in as many steps as a scene has frames; NaN where there is none."""
    return [way[k * len(way) // STEPS] if way else math.nan for way in ways for k in range(STEPS)]


def most(found: Sequence[float], parts: Sequence[Head]) -> bool:
    """Do half of the scenes have it?"""
    return bool(found) and half(len(found), len(parts))


def numbers(parts: Sequence[Head], field: str, place: int | None = None) -> list[float]:
    """What is said in a field, or at a place of it, by those that say it."""
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
