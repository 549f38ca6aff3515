"""The inside of an event: how it begins, goes on and ends, of what rises above what was there; what is near it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, takewhile
from statistics import median
from typing import NamedTuple

from ..stats import percent
from ..wire import Head
from .measures import present, rounded
from .thresholds import AROUND, FORMANTS_MOVED, FORMANTS_SHARE, LEADS, OWN_POWER, PARTED, SLIP_DOWN, SLIP_UP

PARTS = 3  # of an event; a long one has LONG
LONG, LONG_FRAMES = 5, 12
NEAR = 6  # frames before and after an event: half a second
LOWEST = 20.0  # Hz: no lower pitch, peak or resonance is believed


class Moment(NamedTuple):
    """One frame of an event; NaN for what is absent."""

    level: float
    above_background: float
    onset_strength: float
    onset_time: float
    attack_time: float
    centroid: float
    pitch: float
    peak_0: float
    periodicity: float
    f0: float
    harmonicity: float
    odd_even: float
    tilt: float
    am_rate: float
    am_depth: float
    polyphony: float
    tonality: float
    voiced: float  # the pitch, if it is clear
    rises: list[float]  # by region
    begun: list[int]  # MIDI numbers of notes that begin
    powers: list[float]  # of the finest bands
    formants: list[float]  # Hz


def inside(moments: Sequence[Moment], before: Sequence[float], middles: Sequence[float]) -> Head:
    """{"inside": [[level, centroid, tonality, f0], …]}: equal parts of an event; {} if it is short or stays the same.

    `before`: powers of bands just before it; `middles`: where these lie, in Hz.
    """
    if len(moments) < PARTS:
        return {}
    count = LONG if len(moments) >= LONG_FRAMES else PARTS
    edges = [round(i * len(moments) / count) for i in range(count + 1)]
    usual = median(pitches(moments) or [0.0])
    rows = [part(moments[a:b], before, middles, usual) for a, b in pairwise(edges)]
    return {"inside": rows} if differ(rows) else {}


def pitches(moments: Sequence[Moment]) -> list[float]:
    """The pitch of each frame, or else how often its waveform repeats, in Hz."""
    every = [moment.voiced if moment.voiced == moment.voiced else moment.f0 for moment in moments]
    return [hz for hz in every if hz >= LOWEST]


def part(
    moments: Sequence[Moment], before: Sequence[float], middles: Sequence[float], usual: float
) -> list[int | None]:
    """Level in dBFS, centroid in Hz, tonality in %, and f0 in Hz, None for none, of some frames.

    `usual`: the f0 of all, by which a slip by an octave is known.
    """
    level = max(moment.level for moment in moments)
    powers = [sum(values) / len(moments) for values in zip(*(moment.powers for moment in moments), strict=True)]
    own = [max(power - was, OWN_POWER * power) for power, was in zip(powers, before, strict=True)] if before else powers
    known = [(power, math.log2(hz)) for power, hz in zip(own, middles, strict=True) if power > 0]
    total = sum(power for power, _ in known)
    centroid = rounded(2 ** (sum(power * octave for power, octave in known) / total)) if total else None
    tonal = present([moment.tonality for moment in moments])
    heard = [2 * hz if hz < SLIP_DOWN * usual else hz / 2 if hz > SLIP_UP * usual else hz for hz in pitches(moments)]
    f0 = rounded(median(heard)) if 2 * len(heard) >= len(moments) else None
    return [round(level), centroid, percent(sum(tonal) / len(tonal)) if tonal else None, f0]


def differ(rows: Sequence[Sequence[int | None]]) -> bool:
    """Does any part differ from the first in colour, tone or f0, as far as ears go?"""
    octave, tone, step = PARTED
    first = rows[0]
    for row in rows[1:]:
        for place, least in ((1, octave), (3, step)):
            a, b = first[place], row[place]
            if (a is None) != (b is None) or (a and b and abs(math.log2(b / a)) >= least):
                return True
        if first[2] is not None and row[2] is not None and abs(row[2] - first[2]) >= tone:
            return True
    return False


def around(led: Sequence[Moment], trailed: Sequence[Moment], middles: Sequence[float]) -> Head:
    """{"before": [level, centroid, tonality, f0], "after": …}: what leads up to an event, and what follows it.

    Neither has an attack. Before it: what rises above the background until the event begins (a breath, a hiss). After
    it: what swells once more when it had faded (a release, a second breath).
    """
    told: Head = {}
    rising = list(takewhile(lambda moment: moment.above_background >= AROUND, reversed(led)))[::-1]
    if len(rising) >= LEADS:
        told["before"] = part(rising, led[-len(rising) - 1].powers if len(led) > len(rising) else [], middles, 0)
    lowest = math.inf
    for i, moment in enumerate(trailed):
        lowest = min(lowest, moment.level)
        if moment.level - lowest >= AROUND and moment.above_background >= AROUND:
            return told | {"after": part(trailed[i:], trailed[i - 1].powers, middles, 0)}
    return told


def formants(moments: Sequence[Moment]) -> Head:
    """{"formants": [[F1, F2, F3]]} in Hz, or how they begin and end where they move; {} for hardly any."""
    there = [moment.formants for moment in moments if moment.formants and all(hz >= LOWEST for hz in moment.formants)]
    if len(there) < 2 or len(there) < FORMANTS_SHARE * len(moments):
        return {}
    third = max(1, len(there) // 3)
    ends = [middle(there[:third]), middle(there[-third:])]
    moved = any(abs(math.log2(b / a)) >= FORMANTS_MOVED for a, b in zip(*ends, strict=True))
    return {"formants": ends if moved else [middle(there)]}


def middle(rows: Sequence[Sequence[float]]) -> list[int]:
    """The median of each formant, in tens of Hz."""
    return [10 * round(median(values) / 10) for values in zip(*rows, strict=True)]
