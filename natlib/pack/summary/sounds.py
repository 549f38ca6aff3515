"""What the sounds that begin with an attack have in common: length, rhythm, attack, fall, likeness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median, pstdev

from ...wire import Head
from ..contours import points
from ..measures import Table, even, half
from ..once import alike
from ..thresholds import EVEN, FINEST, GAPS, GRID, HEARD, HIGH, LASTING, LOW, PAIRED, REPEATED, SLOWING
from .collector import Collector

MOST = 24  # sounds whose likeness is told one by one
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Sounds(Collector):
    """{"sounds": {"count", "duration", "ioi", …}} of those not much softer than the loudest, if there are any."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.struck: list[tuple[float, Head]] = []  # start and fields

    def sound(self, start: float, sound: Head) -> None:
        if "onset_strength" in sound:
            self.struck.append((start, sound))

    def result(self) -> Head:
        fields = self.fields()
        return {"sounds": fields} if fields else {}

    def fields(self) -> Head:
        """What the sounds have in common; {} for none."""
        loudest = max((sound["max_level"] for _, sound in self.struck), default=0)
        heard = [
            (start, sound)
            for start, sound in self.struck
            if sound["max_level"] >= loudest - HEARD and (sound["duration"] <= LASTING or "decay" in sound)
        ]
        if not heard:
            return {}
        sounds = [sound for _, sound in heard]
        fields: Head = {"count": len(heard), "duration": round(median(sound["duration"] for sound in sounds), 2)}
        starts = sorted(start for start, _ in heard)
        if len(starts) >= REPEATED:
            fields |= rhythm(starts)
        for field in ("onset_strength", "attack_time", "decay"):
            if half(len(values := [sound[field] for sound in sounds if field in sound]), len(heard)):
                fields[field] = round(median(values))
        if len(heard) >= REPEATED:
            fields |= course(starts) | likeness(sounds) | pattern(sounds)
        return fields | apart(heard)


def likeness(sounds: Sequence[Head]) -> Head:
    """How far sounds differ, in level and colour, and how far their colour turns while they sound."""
    fields: Head = {"level_sd": round(pstdev(sound["max_level"] for sound in sounds))}
    ways = [way for sound in sounds if (way := points(sound, "centroid"))]
    if ways:
        fields["centroid_sd"] = round(pstdev(12 * math.log2(way[0]) for way in ways))
        fields["centroid_drift"] = round(median(12 * math.log2(way[-1] / way[0]) for way in ways))
    return fields


def course(starts: Sequence[float]) -> Head:
    """How gaps go: shorter and shorter, longer and longer; short and long in turn."""
    gaps = [b - a for a, b in pairwise(starts)]
    if len(gaps) < GAPS or min(gaps) <= 0:
        return {}
    third = len(gaps) // 3
    drift = median(gaps[-third:]) / median(gaps[:third])
    steady = pstdev(gaps[:third]) < EVEN * median(gaps[:third]) and pstdev(gaps[-third:]) < EVEN * median(gaps[-third:])
    told: Head = {"ioi_drift": round(drift, 2)} if steady and not 1 / SLOWING < drift < SLOWING else {}
    odd, even_ones = gaps[::2], gaps[1::2]
    low, high = sorted((median(odd), median(even_ones)))
    apart = all(pstdev(each) < EVEN * median(each) for each in (odd, even_ones))
    return told | ({"pairs": True} if high >= PAIRED * low and apart else {})


def pattern(sounds: Sequence[Head]) -> Head:
    """Which of the first sounds are alike, a letter for each: "aabab"."""
    kinds: list[Head] = []
    letters = ""
    for sound in sounds[:MOST]:
        place = next((i for i, other in enumerate(kinds) if alike(sound, other)), len(kinds))
        kinds += [sound] if place == len(kinds) else []
        letters += LETTERS[min(place, len(LETTERS) - 1)]
    return {"pattern": letters} if len(kinds) < len(letters) else {}


def apart(heard: Sequence[tuple[float, Head]]) -> Head:
    """The sounds that rise in the lows alone, and in the highs alone: how many, and their rhythm."""
    where = [(start, *sound["onset_band"]) for start, sound in heard if "onset_band" in sound]
    lows = sorted(start for start, _, high in where if high <= LOW)
    highs = sorted(start for start, low, _ in where if low >= HIGH)
    bands = {"low_band": lows, "high_band": highs}
    return {name: {"count": len(s), **rhythm(s)} for name, s in bands.items() if len(s) >= REPEATED}


def rhythm(starts: Sequence[float]) -> Head:
    """Of times in order: the median gap in seconds, how far gaps differ, the unit they are multiples of, if any."""
    gaps = [b - a for a, b in pairwise(starts)]
    result: Head = {"ioi": round(median(gaps), 2), "ioi_sd": round(pstdev(gaps), 2)}
    if len(gaps) >= GAPS and result["ioi"] > 0 and not even(result):
        for part in (1, 2, 3, 4):
            unit = median(gaps) / part
            if unit < FINEST:
                break
            unit = sum(gaps) / max(1, sum(round(gap / unit) for gap in gaps))
            if sum(abs(gap / unit - round(gap / unit)) for gap in gaps) / len(gaps) <= GRID / part:
                result["tatum"] = round(unit, 3)
                break
    return result
