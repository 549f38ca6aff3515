"""Bars of the material compared: which are the same again, and where sections begin."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from natlib.pack.music.likeness import Likeness, borders
from natlib.pack.music.told import Sure
from natlib.pack.music.units import Colours

from ..music.pieces import Truth
from .examples import Pair
from .measures import Array, measured
from .sure import bars

LOOP = 4  # bars after which the chords of a section come again (bench.music's pieces)
NEAR = 0.15  # seconds by which a bar may begin beside one of the truth
FEWEST = 4  # bars of a sound that tells anything
DRAWN = 400  # pairs of bars of a sound, and as many of unlike ones as of like ones


class Compared(NamedTuple):
    """What is seen of a sound, and what is right."""

    pairs: Pair  # of bars: are they the same?
    borders: Pair  # of bars: does a section begin?


def places(starts: Array, truth: Truth) -> list[tuple[str, int]]:
    """The letter of each bar's section and which bar of it it is; ("", 0) for what is no bar of the truth."""
    firsts = np.array(truth["downbeats"])
    result = []
    for start in starts:
        place = int(np.abs(firsts - start).argmin()) if len(firsts) else 0
        own = next((each for each in truth["sections"] if each[0] - NEAR <= start < each[1] - NEAR), None)
        if own is None or not len(firsts) or abs(firsts[place] - start) > NEAR:
            result.append(("", 0))
        else:
            result.append((own[2], place - int(np.abs(firsts - own[0]).argmin())))
    return result


def compared(file: Path) -> Compared | None:
    """None for a sound with too few bars."""
    one, sure = measured(file), Sure()
    told = [bar for bar in bars(one) if sure(bar)[0]]
    colours = Colours(one.table, one.rate)
    colours.feed(one.rows)
    units = colours.units(told)
    if len(units) < FEWEST or not one.truth.get("sections"):
        return None
    likeness = Likeness(units)
    rows = np.array([likeness.row(i) for i in range(len(units))])
    own = places(np.array([unit.start for unit in units]), one.truth)
    begun = [0.0, *(0.0 + (a[0] != b[0] and b[1] == 0) for a, b in pairwise(own))]
    known = [i for i, (letter, _) in enumerate(own) if letter]
    pairs = [(i, j) for i in known for j in known if j < i]
    same = np.array([own[i][0] == own[j][0] and (own[i][1] - own[j][1]) % LOOP == 0 for i, j in pairs], bool)
    kept = balanced(same, random.Random(file.name))
    some = [pairs[i] for i in kept]
    seen = np.array([rows[i, j] for i, j in some]).reshape(-1, Likeness.COUNT)
    there = np.array([i for i in known if i], int)
    return Compared((seen, same[kept].astype(np.int64)), (borders(rows)[there], np.array(begun, np.int64)[there]))


def balanced(answers: Array, draw: random.Random, most: int = DRAWN) -> list[int]:
    """As many examples of either kind, `most` at most of each."""
    kinds = [np.flatnonzero(answers == kind).tolist() for kind in (False, True)]
    count = min(most, *(len(kind) for kind in kinds))
    return sorted(i for kind in kinds for i in draw.sample(kind, count))


def joined(sounds: list[Compared], name: str) -> Pair:
    """The examples of all sounds; of borders as many as of bars that are none, so that odds are even."""
    pairs: list[Pair] = [getattr(one, name) for one in sounds]
    seen, right = np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])
    kept = balanced(right.astype(bool), random.Random(name), len(right))
    return seen[kept], right[kept]
