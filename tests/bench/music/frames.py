"""Who sounds in which frame: a note that sounds at a frame's middle. Frames are a list of lists of MIDI notes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Span = Sequence[float]  # [from, to, …] in seconds
RATE = 12.5  # frames a second, where no wire says another one

Frames = list[list[float]]


def middles(span: Span, rate: float, count: int) -> range:
    """The frames whose middle lies within."""
    first, last = (bisect_left(range(count), time * rate - 0.5) for time in span[:2])
    return range(first, last)


def sounding(notes: Iterable[Span], rate: float, count: int) -> Frames:
    """The notes of each frame, from the lowest up, each once."""
    result: list[set[float]] = [set() for _ in range(count)]
    for note in notes:
        for frame in middles(note, rate, count):
            result[frame].add(note[2])
    return [sorted(notes) for notes in result]


def within(spans: Iterable[Span], rate: float, count: int) -> list[bool]:
    """Whether a frame's middle lies in one of the spans."""
    result = [False] * count
    for span in spans:
        for frame in middles(span, rate, count):
            result[frame] = True
    return result


def merged(times: Iterable[float], apart: float = 0.03) -> list[float]:
    """Times that lie close to the one before, made one: the notes of a chord begin once."""
    result: list[float] = []
    last = float("-inf")
    for time in sorted(times):
        if time - last > apart:
            result.append(time)
        last = time
    return result
