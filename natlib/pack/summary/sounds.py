"""What the sounds that begin with an attack have in common: length, rhythm, attack, fall, likeness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median, pstdev

from ...wire import Head
from ..measures import Table, even, half
from ..thresholds import FINEST, GAPS, GRID, HEARD, HIGH, LASTING, LOW, REPEATED
from .collector import Collector


class Sounds(Collector):
    """{"sounds": {"n", "s", "gap", …}} where there are any that are not much softer than the loudest."""

    def __init__(self, table: Table, rate: float):
        super().__init__(table, rate)
        self.struck: list[tuple[float, Head]] = []  # start and fields

    def sound(self, start: float, sound: Head) -> None:
        if "rise" in sound:
            self.struck.append((start, sound))

    def result(self) -> Head:
        fields = self.fields()
        return {"sounds": fields} if fields else {}

    def fields(self) -> Head:
        """What the sounds have in common; {} for none."""
        loudest = max((sound["dB"] for _, sound in self.struck), default=0)
        heard = [
            (start, sound)
            for start, sound in self.struck
            if sound["dB"] >= loudest - HEARD and (sound["s"] <= LASTING or "fall" in sound)
        ]
        if not heard:
            return {}
        sounds = [sound for _, sound in heard]
        fields: Head = {"n": len(heard), "s": round(median(sound["s"] for sound in sounds), 2)}
        starts = sorted(start for start, _ in heard)
        if len(starts) >= REPEATED:
            fields |= rhythm(starts)
        for field in ("rise", "ms", "fall"):
            if half(len(values := [sound[field] for sound in sounds if field in sound]), len(heard)):
                fields[field] = round(median(values))
        if len(heard) >= REPEATED:
            fields |= likeness(sounds)
        return fields | apart(heard)


def likeness(sounds: Sequence[Head]) -> Head:
    """How far sounds differ, in level and colour, and how far their colour turns while they sound."""
    ways = [[int(hz) for hz in str(sound["Hz"]).split(">")] for sound in sounds if "Hz" in sound]
    colours = [12 * math.log2(way[0]) for way in ways]
    differ = {
        "dB": round(pstdev(sound["dB"] for sound in sounds)),
        "semitones": round(pstdev(colours)) if colours else 0,
    }
    turns = [12 * math.log2(way[-1] / way[0]) for way in ways]
    return {"differ": differ} | ({"turn": round(median(turns))} if turns else {})


def apart(heard: Sequence[tuple[float, Head]]) -> Head:
    """The sounds that rise in the lows alone, and in the highs alone: how many, and their rhythm."""
    where = [(start, *map(int, sound["in"].split("-"))) for start, sound in heard if "in" in sound]
    lows = sorted(start for start, _, high in where if high <= LOW)
    highs = sorted(start for start, low, _ in where if low >= HIGH)
    return {name: {"n": len(s), **rhythm(s)} for name, s in (("low", lows), ("high", highs)) if len(s) >= REPEATED}


def rhythm(starts: Sequence[float]) -> Head:
    """Of times in order: the median gap in seconds, how far gaps differ, and the unit that they are multiples of."""
    gaps = [b - a for a, b in pairwise(starts)]
    result: Head = {"gap": round(median(gaps), 2), "gap_sd": round(pstdev(gaps), 2)}
    if len(gaps) >= GAPS and result["gap"] > 0 and not even(result):
        for part in (1, 2, 3, 4):
            unit = median(gaps) / part
            if unit < FINEST:
                break
            unit = sum(gaps) / max(1, sum(round(gap / unit) for gap in gaps))
            if sum(abs(gap / unit - round(gap / unit)) for gap in gaps) / len(gaps) <= GRID / part:
                result["grid"] = round(unit, 3)
                break
    return result
