"""What a run of frames has in common: a pitch and its contour, a peak, a fundamental, a centroid, a modulation.

A contour is a list of the points that it goes through: one if it stands still, none if it is absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import median, median_low
from typing import TYPE_CHECKING, Any

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

NOTES = (
    "pitch",
    "pitch_contour",
    "vague_pitch",
    "notes",
    "onset_notes",
    "pitch_classes",
    "lowest",
    "highest",
    "pitch_range",
    "pitch_median",
)
POINTS = 5  # of a pitch's contour, at most


def field(name: str, points: Sequence[str | int]) -> Head:
    """A contour as a field: `name` if it stands still, `name`_contour if it moves; {} for none."""
    if len(points) > 1:
        return {f"{name}_contour": list(points)}
    return {name: points[0]} if points else {}


def place(voiced: Sequence[float], pitch: Sequence[float], peak: Sequence[float]) -> tuple[list[str], Head]:
    """Where a sound lies: the contour of a clear pitch; and fields for it, else for a vague pitch, else for a peak.

    `voiced` is the pitch of each frame, NaN if it is not clear; `pitch` the same, however vague; all are in Hz.
    """
    if clear := melody(voiced):
        return clear, field("pitch", clear)
    if vague := around(pitch):
        return [], {"vague_pitch": vague}
    return [], field("peak", course(peak))


def melody(voiced: Sequence[float]) -> list[str]:
    """The notes that the pitch goes through, if half of the frames have one.

    [] if it seems to move by more than an octave: then it is not that of one voice.
    """
    heard = present(voiced)
    if not heard or not half(len(heard), len(voiced)):
        return []
    if abs(12 * math.log2(max(heard) / min(heard))) < NEW_NOTE:
        return [notes.name(median_low(heard))]
    third = -(-len(heard) // 3)
    low, high = median_low(heard[:third]), median_low(heard[-third:])
    if not LEAP_DOWN < low / high < LEAP_UP:
        return []
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
    return [name for name, _ in groupby(map(notes.name, points))]


def often(values: Array) -> list[list[float]]:
    """By scene, the values of its frames; [] if fewer than half of them are there."""
    import numpy as np

    lists: list[list[float]] = values.tolist()
    for i in np.flatnonzero((values > 0).sum(axis=1) < HALF * values.shape[1]).tolist():
        lists[i] = []
    return lists


def between(runs: list[list[float]], i: int) -> bool:
    """Is a single frame a step of a slide: between its neighbours?"""
    return 0 < i < len(runs) - 1 and (runs[i - 1][-1] < runs[i][0]) == (runs[i][0] < runs[i + 1][0])


def around(pitch: Sequence[float]) -> str:
    """The note near which half of the frames have a pitch, however vague; "" if they differ by more than a tone."""
    heard = [hz for hz in pitch if hz > 0]
    if not half(len(heard), len(pitch)) or len(heard) < 2:
        return ""
    middle = median_low(heard)
    near = sum(abs(12 * math.log2(hz / middle)) <= VAGUE for hz in heard)
    return notes.name(middle) if half(near, len(pitch)) and near / len(heard) >= AGREEING else ""


def course(hz: Sequence[float]) -> list[int]:
    """Where a narrow peak is and where it goes, in Hz, if half of the frames have one."""
    heard = [value for value in hz if value >= 1]
    if not heard or not half(len(heard), len(hz)):
        return []
    third = -(-len(heard) // 3)
    first, last = median_low(heard[:third]), median_low(heard[-third:])
    if not LEAP_DOWN < first / last < LEAP_UP:
        return []  # not one peak
    if 1 / STILL < first / last < STILL:
        return [rounded(median_low(heard))]
    return distinct((first, last))


def repeating(periodicity: float | None, hz: Sequence[float]) -> Head:
    """How exactly a waveform repeats itself, in per cent, and how often a second, if it does so more than noise.

    Also if a third of the frames agree: those of noise do not.
    """
    if periodicity is None:
        return {}
    share, heard = percent(periodicity), [value for value in hz if value >= 1]
    steady = len(heard) > 1 and len(heard) / len(hz) >= AGREED and max(heard) < ONE_TONE * min(heard)
    if share < PERIODIC and not steady:
        return {}
    there = steady or (len(heard) > 1 and half(len(heard), len(hz)))
    return {"periodicity": share} | field("f0", contour(heard) if there else [])


def contour(hz: Sequence[float]) -> list[int]:
    """The points of a fundamental, in Hz, whose values may be an octave off here and there.

    [] if it seems to move by an octave: then it is not that of one tone.
    """
    middle = median_low(hz)
    octaves = [math.log2(value / middle) for value in hz]
    near = [
        value / 2 ** round(n) if abs(n - round(n)) < OCTAVE_OFF else value for value, n in zip(hz, octaves, strict=True)
    ]
    third = -(-len(near) // 3)
    points = [median_low(part) for part in (near[:third], near[third:-third], near[-third:]) if part]
    if max(points) < STILL * min(points):
        return [rounded(middle)]
    if max(points) > JUMP * min(points):
        return []
    if len(points) == 3 and min(points[0], points[2]) / STILL < points[1] < STILL * max(points[0], points[2]):
        del points[1]  # between its neighbours
    return distinct(points)


def distinct(hz: Sequence[float]) -> list[int]:
    """Points in Hz, rounded as they are told; only one if rounding leaves no difference."""
    points = [rounded(point) for point in hz]
    return points if len(set(points)) > 1 else points[:1]


def turn(centroids: Sequence[float]) -> list[int]:
    """The centroid of an event's first frames, in Hz, and that of its last ones, if that differs."""
    if not centroids:
        return []
    early, late = (sum(some) / len(some) for some in (centroids[:3], centroids[3 * len(centroids) // 5 :]))
    if len(centroids) < TURN_FRAMES or 1 / TURNING < early / late < TURNING:
        return [rounded(early)]
    return distinct((early, late))


def held(numbers: Sequence[float]) -> str:
    """The note at which half of the frames stand, from MIDI numbers; "" if there is none."""
    heard = [number for number in numbers if 0 < number < 128]
    if not heard:
        return ""
    middle = median_low(heard)
    near = sum(abs(number - middle) < NEW_NOTE for number in heard)
    return notes.name(notes.frequency(middle)) if half(near, len(numbers)) else ""


def modulated(rates: Sequence[float], depths: Sequence[float], pitch: Sequence[float]) -> list[float]:
    """Rate in Hz and depth in dB of a modulation that most frames have, unless it is a pitch's own; [] for none."""
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


def points(fields: Mapping[str, Any], name: str) -> list[Any]:
    """The points of the contour `name` in fields, one if it stands still; [] for none."""
    if name in fields:
        return [fields[name]]
    return list(fields.get(f"{name}_contour", ()))


def spelled(fields: Head, names: tuple[str, ...]) -> Head:
    """The fields of a line with their notes as a key spells them."""
    return {
        key: notes.spelled(value, names) if key in NOTES else spelled(value, names) if key == "loudest" else value
        for key, value in fields.items()
    } | ({"chord_loop": [chords(bar, names) for bar in fields["chord_loop"]]} if "chord_loop" in fields else {})


def chords(bar: str, names: tuple[str, ...]) -> str:
    """The chords of a bar, "Am-F", as a key spells them."""
    return "-".join(notes.chord_spelled(chord, names) for chord in bar.split("-"))
