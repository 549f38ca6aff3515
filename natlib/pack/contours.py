"""What the frames of a time have in common: a pitch and its way, a peak, a fundamental, a colour, a modulation.

A way is text such as "A4>C5>A4" or "3200>4100", a frequency that stands a number; "", 0 or [] say that there is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from statistics import median, median_low
from typing import TYPE_CHECKING

from .. import notes
from ..stats import percent
from ..wire import Head
from .measures import half, present, rounded
from .thresholds import (
    AGREED,
    AGREEING,
    HALF,
    JUMP,
    LEAP_DOWN,
    LEAP_UP,
    MODULATED,
    NEW_NOTE,
    OCTAVE_OFF,
    ONE_TONE,
    OWN_BEAT,
    OWN_RATIOS,
    PERIODIC,
    SAME_RATE,
    SHALLOW,
    SLIP_DOWN,
    SLIP_UP,
    STILL,
    TURN_FRAMES,
    TURNING,
    VAGUE,
)

if TYPE_CHECKING:
    from .measures import Array

POINTS = 5  # of a pitch's way, at most


def place(voiced: Sequence[float], pitch: Sequence[float], peak: Sequence[float]) -> tuple[str, Head]:
    """Where a sound lies: the clear pitch ("" for none), and fields of it, or else of a vague one, or else of a peak.

    From the pitch of each frame, NaN where it is not clear; the pitch however vague; the peak, in Hz.
    """
    if clear := melody(voiced):
        return clear, {"pitch": clear}
    if vague := around(pitch):
        return "", {"pitch": f"~{vague}"}
    moving = course(peak)
    return "", {"peak": moving} if moving else {}


def melody(voiced: Sequence[float]) -> str:
    """The pitch's note where half of the frames have one, with the notes that it goes to: "A4>C5>A4".

    None where it is said to move by more than an octave: then it is no one voice's.
    """
    heard = present(voiced)
    if not heard or not half(len(heard), len(voiced)):
        return ""
    if abs(12 * math.log2(max(heard) / min(heard))) < NEW_NOTE:
        return notes.name(median_low(heard))
    third = -(-len(heard) // 3)
    low, high = median_low(heard[:third]), median_low(heard[-third:])
    if not LEAP_DOWN < low / high < LEAP_UP:
        return ""
    middle = median(heard)
    runs: list[list[float]] = []
    for hz in heard:
        if not SLIP_DOWN < hz / middle < SLIP_UP:
            continue
        if runs and abs(12 * math.log2(hz / median(runs[-1]))) < NEW_NOTE:
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
    return ">".join(name for name, _ in groupby(map(notes.name, points)))


def often(values: Array) -> list[list[float]]:
    """By scene, the values of its frames; none where less than half of them are there."""
    import numpy as np

    lists: list[list[float]] = values.tolist()
    for i in np.flatnonzero((values > 0).sum(axis=1) < HALF * values.shape[1]).tolist():
        lists[i] = []
    return lists


def between(runs: list[list[float]], i: int) -> bool:
    """Is a single frame a step of a slide: between its neighbours?"""
    return 0 < i < len(runs) - 1 and (runs[i - 1][-1] < runs[i][0]) == (runs[i][0] < runs[i + 1][0])


def around(pitch: Sequence[float]) -> str:
    """The note near which half of the frames have a pitch, however vague; "" where they differ by more than a tone."""
    heard = [hz for hz in pitch if hz > 0]
    if not half(len(heard), len(pitch)) or len(heard) < 2:
        return ""
    middle = median_low(heard)
    near = sum(abs(12 * math.log2(hz / middle)) <= VAGUE for hz in heard)
    return notes.name(middle) if half(near, len(pitch)) and near / len(heard) >= AGREEING else ""


def course(hz: Sequence[float]) -> int | str:
    """Where a narrow peak is, if half of the frames have one, and where it goes: 3200, or "3200>4100"."""
    heard = [value for value in hz if value >= 1]
    if not heard or not half(len(heard), len(hz)):
        return 0
    third = -(-len(heard) // 3)
    first, last = median_low(heard[:third]), median_low(heard[-third:])
    if not LEAP_DOWN < first / last < LEAP_UP:
        return 0  # no one peak's way
    if 1 / STILL < first / last < STILL:
        return rounded(median_low(heard))
    return f"{rounded(first)}>{rounded(last)}"


def repeating(periodicity: float | None, hz: Sequence[float]) -> Head:
    """How far a waveform repeats itself, in per cent, and how often a second, where it is more than a noise's.

    Or where a third of the frames agree: those of noise do not.
    """
    if periodicity is None:
        return {}
    share, heard = percent(periodicity), [value for value in hz if value >= 1]
    steady = len(heard) > 1 and len(heard) / len(hz) >= AGREED and max(heard) < ONE_TONE * min(heard)
    if share < PERIODIC and not steady:
        return {}
    there = steady or (len(heard) > 1 and half(len(heard), len(hz)))
    way = contour(heard) if there else 0
    return {"periodic": share, "f0": way} if way else {"periodic": share}


def contour(hz: Sequence[float]) -> int | str:
    """The way of a fundamental that may be told an octave off here and there: 240, or "240>310>220".

    0 where it is said to move by an octave: then it is no one tone's.
    """
    middle = median_low(hz)
    octaves = [math.log2(value / middle) for value in hz]
    near = [
        value / 2 ** round(n) if abs(n - round(n)) < OCTAVE_OFF else value for value, n in zip(hz, octaves, strict=True)
    ]
    third = -(-len(near) // 3)
    points = [median_low(part) for part in (near[:third], near[third:-third], near[-third:]) if part]
    if max(points) < STILL * min(points):
        return rounded(middle)
    if max(points) > JUMP * min(points):
        return 0
    if len(points) == 3 and min(points[0], points[2]) / STILL < points[1] < STILL * max(points[0], points[2]):
        del points[1]  # between its neighbours
    way = [rounded(point) for point in points]
    return ">".join(map(str, way)) if len(set(way)) > 1 else way[0]


def turn(centroids: Sequence[float]) -> int | str:
    """The centroid of an event's first frames, in Hz, and that of its last ones, if it is another: 1200, "1200>700"."""
    if not centroids:
        return 0
    early, late = (sum(some) / len(some) for some in (centroids[:3], centroids[3 * len(centroids) // 5 :]))
    if len(centroids) < TURN_FRAMES or 1 / TURNING < early / late < TURNING:
        return rounded(early)
    return f"{rounded(early)}>{rounded(late)}"


def held(numbers: Sequence[float]) -> str:
    """The note at which half of the frames stand, from MIDI numbers; "" where there is none."""
    heard = [number for number in numbers if 0 < number < 128]
    if not heard:
        return ""
    middle = median_low(heard)
    near = sum(abs(number - middle) < NEW_NOTE for number in heard)
    return notes.name(notes.frequency(middle)) if half(near, len(numbers)) else ""


def modulated(rates: Sequence[float], depths: Sequence[float], pitch: Sequence[float]) -> list[float]:
    """Rate in Hz and depth in dB of a modulation that most frames have, if it is no pitch's; [] for none."""
    heard = [rate for rate in rates if rate > 0]
    if not heard or len(heard) / len(rates) < MODULATED:
        return []
    rate = median_low(heard)
    near = [abs(other / rate - 1) < SAME_RATE for other in heard]
    depth = median(present(depths) or [0.0])
    voice = [hz / rate for hz in pitch if hz > 0]
    voiced = [abs(ratio - round(ratio)) < OWN_BEAT for ratio in voice if ratio < OWN_RATIOS]
    if not half(sum(near), len(rates)) or depth < SHALLOW or half(sum(voiced), len(rates)):
        return []
    return [round(rate, 1), round(depth)]
