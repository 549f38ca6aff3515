"""The times that a question asks about: what lies near them is told first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from ..wire import Head
from .layers import Layout
from .merge import Joined
from .once import Scene, Sound

CLOCK = r"\b(?:(?:(\d+):)?(\d+):(\d\d)(?:\.\d+)?)\b"  # 1:02:10, 2:10
SECONDS = r"\b(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|min|minutes?)\b"
TIME = re.compile(f"{CLOCK}|{SECONDS}", re.IGNORECASE)
UNTIL = re.compile(r"\s*(?:-|–|to|until|till|and)\s*", re.IGNORECASE)  # between two times that are one stretch

FAR = 0.06  # of the scenes that do not lie near: as many are told of them

Thing = TypeVar("Thing")


class Line(Protocol):
    """A bar or a section."""

    @property
    def start(self) -> float: ...

    @property
    def fields(self) -> Head: ...


class Focus:
    """Stretches of time; none where a question names no time."""

    def __init__(self, stretches: Sequence[tuple[float, float]]):
        self.stretches = stretches

    @classmethod
    def of(cls, question: str | None) -> Focus:
        """The times that a question names: 2:10, 130 s, from 1:10 to 1:30."""
        found: list[tuple[float, float]] = []
        last = -1
        for match in TIME.finditer(question or ""):
            time = seconds(match)
            if found and UNTIL.fullmatch((question or "")[last : match.start()]):
                start = found[-1][0]
                found[-1] = min(start, time), max(start, time)
            else:
                found.append((time, time))
            last = match.end()
        return cls(found)

    def __bool__(self) -> bool:
        return bool(self.stretches)

    def distance(self, start: float, end: float) -> float:
        """How far a stretch lies from the nearest of these times, in seconds; 0 without any."""
        return min((max(0.0, start - last, first - end) for first, last in self.stretches), default=0.0)

    def nearest(self, things: Iterable[Thing], when: Callable[[Thing], tuple[float, float]]) -> list[Thing]:
        """The nearest first; those at one distance stay in their order."""
        return sorted(things, key=lambda thing: self.distance(*when(thing)))


def seconds(match: re.Match[str]) -> float:
    """The time that was found."""
    hours, minutes, rest, number, unit = match.groups()
    if number:
        return float(number) * (60 if unit.lower().startswith("m") else 1)
    return 3600 * int(hours or 0) + 60 * int(minutes) + int(rest)


def of_line(line: Line) -> tuple[float, float]:
    """From when to when a bar or a section lasts, as far as its line says."""
    return line.start, max(line.start, float(line.fields.get("end", line.start)))


def of_unit(sounds: Sequence[Sound]) -> tuple[float, float]:
    """When a sound, and those that repeat it, begin."""
    return sounds[0].start, sounds[-1].start


class Scenes:
    """Scenes into fewer: those near what is asked about as they are, the others joined; else all joined."""

    def __init__(self, scenes: Sequence[Scene], seconds: float, layout: Layout, focus: Focus):
        self.scenes, self.seconds = scenes, seconds
        self.joined = Joined(scenes, seconds)
        places = [(place, layout.time(scene.frame)) for place, scene in enumerate(scenes)] if focus else []
        self.nearest = [place for place, _ in focus.nearest(places, lambda each: (each[1], each[1] + seconds))]

    def __call__(self, count: int) -> list[Scene]:
        """About `count` scenes."""
        if not self.nearest or not 0 < count < len(self.scenes):
            return self.joined(count)
        first, last = min(self.nearest[:count]), max(self.nearest[:count]) + 1
        before, after = self.scenes[:first], self.scenes[last:]
        far = [Joined(each, self.seconds)(max(1, round(FAR * len(each)))) if each else [] for each in (before, after)]
        return [*far[0], *self.scenes[first:last], *far[1]]
