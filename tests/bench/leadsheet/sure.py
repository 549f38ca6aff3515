"""Lead sheets of the material, with what is fitted so far: how often are bars right that look like this?"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from natlib.pack.music.leadsheet import Bar, LeadSheet
from natlib.pack.summary.bars import OfBars
from natlib.pack.thresholds import SAME_TEMPO

from ..music.pieces import Truth
from .examples import Pair
from .measures import Array, Measured, measured

BLOCK = 256  # rows at a time
START, END = 0.07, 0.09  # seconds within which a bar's start and end are right
NEAR = 0.04  # share of a tempo within which it is right
NONE = 0.25  # bars that are none count about as much as this share of all


class Sheet(NamedTuple):
    """A sound's bars."""

    truth: Truth
    evidence: list[list[int]]  # of each bar
    right: list[bool]  # is it one?
    tempo: float  # beats a minute, of the intervals that are nearly alike
    steady: list[float]  # what tells how sure the tempo is
    meter: int
    even: list[float]  # what tells how sure the metre is


def bars(one: Measured) -> list[Bar]:
    """A sound's bars."""
    sheet, result = LeadSheet(one.table, one.rate), []
    for first in range(0, len(one.rows), BLOCK):
        result += sheet.feed(one.rows[first : first + BLOCK])
    return result + sheet.feed(one.rows[:0], last=True)


def right(bar: Bar, firsts: Array) -> bool:
    """Does a bar begin with one of the truth and end with the next? The truth's last one may end anywhere."""
    if not len(firsts):
        return False
    first, last = (int(np.abs(firsts - time).argmin()) for time in (bar.start, bar.end))
    if abs(firsts[first] - bar.start) >= START:
        return False
    return first == len(firsts) - 1 or (last == first + 1 and bool(abs(firsts[last] - bar.end) < END))


def sheet(file: Path) -> Sheet | None:
    """None for a sound without bars."""
    one = measured(file)
    found = bars(one)
    if not found:
        return None
    collector = OfBars(one.table, one.rate)
    for bar in found:
        collector.bar(bar, True)
    intervals = np.array([b - a for bar in found for a, b in pairwise([*bar.beats, bar.end])])
    middle = np.median(intervals)
    near = np.abs(intervals - middle) < SAME_TEMPO * middle
    meter, count = Counter(len(bar.beats) for bar in found).most_common(1)[0]
    firsts = np.array(one.truth["downbeats"])
    return Sheet(
        truth=one.truth,
        evidence=[bar.evidence for bar in found],
        right=[right(bar, firsts) for bar in found],
        tempo=60 / float(intervals[near].mean()),
        steady=collector.evidence(float(near.mean())),
        meter=meter,
        even=collector.evidence(count / len(found)),
    )


def of_bars(sheets: list[Sheet]) -> Pair:
    """What tells how sure bars are, and which are right. Those where there is no music come again and again."""
    seen = np.array([row for one in sheets for row in one.evidence])
    answers = np.array([each for one in sheets for each in one.right], np.int64)
    none = np.array([one.truth["kind"] != "piece" for one in sheets for _ in one.right])
    times = max(1, int(NONE * len(none) / max(1, none.sum())))
    rows = np.concatenate((np.arange(len(none)), np.tile(np.flatnonzero(none), times)))
    return seen[rows], answers[rows]


def of_tempo(sheets: list[Sheet]) -> Pair:
    """Which tempi are right. Where intervals are even, nobody knows whether there is one."""
    some = [one for one in sheets if one.truth["kind"] != "regular" and known(one, "tempo")]
    answers = [near(one.tempo, one.truth["tempo"]) for one in some]
    return np.array([one.steady for one in some]), np.array(answers, np.int64)


def near(tempo: float, wanted: float | None) -> bool:
    """Is it the tempo that is wanted?"""
    return wanted is not None and abs(tempo - wanted) < NEAR * wanted


def of_meter(sheets: list[Sheet]) -> Pair:
    """Which metres are right; of a metronome's nobody knows."""
    some = [one for one in sheets if one.truth["kind"] != "metronome" and known(one, "meter")]
    answers = [one.truth["meter"] == one.meter for one in some]
    return np.array([one.even for one in some]), np.array(answers, np.int64)


def known(one: Sheet, name: str) -> bool:
    """Is it known what is right, or that nothing is?"""
    return bool(one.truth[name]) or one.truth["kind"] in ("none", "regular")
