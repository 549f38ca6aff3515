"""How much of an item is told, so that it fits in a number of tokens: what readers use first comes first.

`Share` says how much of each kind of thing is told. `along` is a path from the least to all of it on which no share
ever shrinks; `fit` goes along it as far as the budget reaches, then fills what is left with one kind after another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .statistics import estimate

PROMPT = 8000  # tokens, unless --budget says otherwise
MARGIN = 1.06  # times our estimate: what real tokenizers may count
FULL = 0.97  # share of a budget from which it counts as used
STEPS = 11  # halvings along the path: to a two-thousandth of it
# What fills the rest of a budget: before layers, with what is measured and the fields of the summary, and after them
FIRST, MEASURED, REST = ("words", "sections", "bars"), ("sounds", "scenes"), ("introductions", "keyframes", "origin")
FILL = 6  # halvings for each kind of thing that fills the rest


class Share(NamedTuple):
    """How much of each kind is told, from 0 (none) to 1 (all)."""

    words: float = 1.0  # sentences of the summary, from the first
    summary: float = 1.0  # of its fields
    scenes: float = 1.0  # lines; the fewer, the longer the time of each
    sounds: float = 1.0  # the strongest ones
    sections: float = 1.0  # those that are not like others first
    bars: float = 1.0  # those that are not like others first
    layers: tuple[float, ...] = ()  # changes of each layer kept, those that last longest first
    introductions: float = 1.0  # of codes, the most used first
    keyframes: float = 1.0  # of those asked for
    origin: float = 1.0  # fields of header and end that tell where it came from

    def of(self, kind: str | int) -> float:
        """The share of a kind, or of a layer by its place."""
        value: float = self.layers[kind] if isinstance(kind, int) else getattr(self, kind)
        return value

    def put(self, kind: str | int, value: float) -> Share:
        """The same with another share of a kind."""
        if isinstance(kind, int):
            return self._replace(layers=(*self.layers[:kind], value, *self.layers[kind + 1 :]))
        return Share(**{**self._asdict(), kind: value})


# Shares of scenes and sounds at the milestones: a scene every eight seconds and a few sounds, then all of both.
SPARSE = 0.06


class Order(NamedTuple):
    """In which order things come."""

    layers: Sequence[int]  # their places
    events: bool  # all scenes and sounds before the fields of the summary, which its words say as well


def along(way: float, order: Order) -> Share:
    """How much is told at the point `way`, 0 to 1, of the path."""
    count = len(order.layers)
    stage = way * (6 + count)
    done = [min(max(stage - i, 0.0), 1.0) for i in range(6 + count)]
    words, sections, sparse, *both = done[:5]
    dense, summary = both if order.events else both[::-1]
    codes, rest = done[5:-1], done[-1]
    measured = SPARSE * sparse + (1 - SPARSE) * dense
    layers = [0.0] * count
    for place, share in zip(order.layers, codes, strict=True):
        layers[place] = share
    introductions = sum(codes) / count if count else 1.0
    return Share(words, summary, measured, measured, sections, sparse, tuple(layers), introductions, rest, rest)


def least(layers: int) -> Share:
    """The least that can be told."""
    return Share(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (0.0,) * layers, 0.0, 0.0, 0.0)


def furthest(fits: Callable[[float], bool], steps: int) -> float:
    """The largest value from 0 to 1 that fits, found by halving; 0 is known to fit."""
    if fits(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def fit(size: Callable[[Share], float], order: Order, budget: float) -> Share:
    """The share at which an item's `size` comes near `budget`, but not above; if the least does not fit, none does."""
    share = along(furthest(lambda way: size(along(way, order)) <= budget, STEPS), order)
    second = (*MEASURED, "summary") if order.events else ("summary", *MEASURED)
    kinds: list[str | int] = [*FIRST, *second, *order.layers, *REST]
    for kind in kinds:
        if size(share) >= FULL * budget:
            break
        share = filled(size, share, kind, budget)
    return share


def filled(size: Callable[[Share], float], share: Share, kind: str | int, budget: float) -> Share:
    """`share` with as much more of one kind as fits."""
    start = share.of(kind)

    def more(part: float) -> Share:
        return share.put(kind, start + (1 - start) * part)

    return more(furthest(lambda part: size(more(part)) <= budget, FILL)) if start < 1 else share


def size(text: str) -> float:
    """How many tokens of a budget a text takes."""
    return MARGIN * estimate(text)


def too_small(need: float, what: str, budget: int) -> str:
    """The message if not even the least fits the budget."""
    return f"expected a budget of at least {math.ceil(need)} tokens for {what}, got {budget}"
