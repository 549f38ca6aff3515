"""What is said only once: scenes that say what the last one said, and sounds that are like an earlier one.

A scene holds until the next one is told; `filled` restores those left out. Of sounds that are alike, one is told, and
then how many more there are, when, and how loud: `Repeats` holds these back, `expanded` restores them, as far as they
were told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from ..repeats import moments
from ..wire import Head
from .contours import points
from .thresholds import (
    BESIDE,
    COLOUR_ALIKE,
    COLOUR_SAME,
    EVENLY,
    GRAIN_SAME,
    LENGTH_ALIKE,
    LEVEL_ALIKE,
    LEVEL_SAME,
    LONGEST,
    LOUDER_AGAIN,
    ONSET_ALIKE,
    PATTERNS,
    PERIODIC_ALIKE,
    RATE_SAME,
    REMEMBERED,
    SHARE_SAME,
    STILL,
)

CHANGING = ("bands", "modulation")  # fields of scenes that are told when they change
COUNTS = ("onsets", "clicks")  # fields that are always news
APART = {"level": LEVEL_SAME, "tonality": SHARE_SAME, "periodicity": SHARE_SAME, "grain": GRAIN_SAME,
         "below_40_hz": LEVEL_SAME, "above_16_khz": LEVEL_SAME}  # fmt: skip
TIMES = {"centroid": COLOUR_SAME, "dominant_frequency": COLOUR_SAME, "peak": STILL, "f0": STILL, "pulse": RATE_SAME}
FRAMES = 1 << 20  # of an item in which scenes are restored, 23 hours: an end may claim any number
PATIENCE = 5.0  # seconds after which repeats are told, so that live listeners need not wait
KNOWN = LONGEST + 1  # seconds: every sound is known by then


class Scene(NamedTuple):
    """A scene line: the frame at which it begins, and its fields."""

    frame: int
    fields: Head


class SectionLine(NamedTuple):
    """A section's line: the frame in which the section begins, its time, its fields."""

    frame: int
    start: float  # seconds of the recording
    fields: Head


def same(scene: Head, last: Head) -> bool:
    """Does a scene say what the last one said, leaving aside bands and modulation?"""
    if not scene.keys().isdisjoint(COUNTS) or not last or scene.keys() ^ last.keys() - {*COUNTS, *CHANGING}:
        return False
    return all(name in CHANGING or unchanged(name, value, last[name]) for name, value in scene.items())


def unchanged(name: str, now: Any, last: Any) -> bool:
    """Is a field what it was, or near it?"""
    if name in APART:
        return bool(abs(now - last) < APART[name])
    if name in TIMES:
        return bool(max(now, last) < TIMES[name] * max(1, min(now, last)))
    if name in ("am", "vibrato"):
        return bool(max(now[0], last[0]) < RATE_SAME * min(now[0], last[0]))
    return bool(now == last)


def levels_alike(now: Sequence[float | None], last: Sequence[float | None]) -> bool:
    """Are levels, as far as they are heard beside the highest, what they were, or near it?"""
    known = [level for level in (*now, *last) if level is not None]
    floor = max(known, default=0.0) - BESIDE
    pairs = zip(now, last, strict=False)
    return len(now) == len(last) and all(
        abs(max(floor if a is None else a, floor) - max(floor if b is None else b, floor)) < LEVEL_SAME
        for a, b in pairs
    )


def filled(scenes: Sequence[Scene], step: int, frames: int) -> list[Scene]:
    """Scenes of `step` frames each, with those left out, which are like the ones before, up to the item's `frames`."""
    found: list[Scene] = []
    ends = [*(scene.frame for scene in scenes[1:]), frames][: len(scenes)]
    for scene, end in zip(scenes, ends, strict=True):
        found.append(scene)
        fields = {name: value for name, value in scene.fields.items() if name not in COUNTS}
        found += [Scene(frame, fields) for frame in range(scene.frame + step, min(end, frames, FRAMES), step)]
    return found


Place = tuple[int, float]  # of a line: a frame, and a rank among its lines (timeline.py)


class Sound(NamedTuple):
    """A sound line, or a `repeats` line: the frame at which it begins, its time, its fields."""

    frame: int
    start: float  # seconds of the recording
    fields: Head
    late: Place | None = None  # where it stood, if that is behind its first frame
    kind: str = "sound"
    known: int = 0  # the frame at which it is known

    @property
    def number(self) -> int:
        """How many sounds it stands for."""
        number = self.fields.get("count", 1) if self.kind == "repeats" else 1
        return number if type(number) is int and number > 0 else 1


@dataclass
class Pattern:
    """A sound, and those like it that are not told yet."""

    sound: Sound
    last: float  # when it was heard last
    pending: list[Sound] = field(default_factory=list)


class Repeats:
    """Takes sounds in the order of their starts, gives those that are told, and `repeats` lines for the others."""

    def __init__(self, patience: float = PATIENCE):
        self.patience = patience
        self.patterns: list[Pattern] = []

    @property
    def pending(self) -> bool:
        """Is anything waiting?"""
        return any(pattern.pending for pattern in self.patterns)

    def take(self, sound: Sound) -> Iterator[Sound]:
        """Take the next sound. Gives what is due, then the sound itself, unless it is like an earlier one."""
        yield from self.due(sound.start, sound.frame, sound.known)
        like = [pattern for pattern in self.patterns if alike(sound.fields, pattern.sound.fields)]
        if like:
            like[-1].pending.append(sound)
            like[-1].last = sound.start
            return
        while len(self.patterns) >= PATTERNS:
            yield from told(self.patterns.pop(0), sound.frame, sound.known)
        self.patterns.append(Pattern(sound, sound.start))
        yield sound

    def waited(self, now: float, frame: int) -> Iterator[Sound]:
        """What is due at `now`, in seconds, the time of `frame`, even if no sound has come for long."""
        yield from self.due(now - KNOWN, frame, frame)

    def due(self, now: float, frame: int, known: int) -> Iterator[Sound]:
        """What has waited long enough before a sound that begins at `now`, in `frame`, and is known in `known`."""
        for pattern in list(self.patterns):
            if now - pattern.last > REMEMBERED:
                self.patterns.remove(pattern)
                yield from told(pattern, frame, known)
            elif pattern.pending and now - pattern.pending[0].start > self.patience:
                yield from told(pattern, frame, known)
                pattern.pending.clear()

    def finish(self, frame: int = 0) -> Iterator[Sound]:
        """What is left when the item ends after `frame` frames."""
        for pattern in self.patterns:
            yield from told(pattern, frame, frame)
        self.patterns.clear()


def grouped(sounds: Iterable[Sound], patience: float = math.inf) -> list[Sound]:
    """Sounds of a whole item, with lines for those that repeat one."""
    repeats = Repeats(patience)
    return [told for sound in sounds for told in repeats.take(sound)] + [*repeats.finish()]


def units(events: Iterable[Sound]) -> list[list[Sound]]:
    """Each sound with what repeats it, those that stand out most first."""
    found: dict[float, list[Sound]] = {}
    for event in events:
        found.setdefault(event.start if event.kind == "sound" else event.fields["of"], []).append(event)

    def rank(unit: list[Sound]) -> tuple[float, float, float]:
        first = unit[0].fields
        return -first.get("onset_strength", 0), -first.get("max_level", 0), unit[0].start

    return sorted(found.values(), key=rank)


def strongest(found: Sequence[Sequence[Sound]], count: int) -> list[Sound]:
    """The sounds of the first `count` units, by their times."""
    events = [event for unit in found[:count] for event in unit]
    return sorted(events, key=lambda event: (event.frame, event.start))


def told(pattern: Pattern, frame: int, known: int) -> Iterator[Sound]:
    """The line for what repeats a sound; it stands before the sound that ends its wait."""
    if not pattern.pending:
        return
    times = [sound.start for sound in pattern.pending]
    fields: Head = {"of": pattern.sound.start, "count": len(times)}
    if evenly(times):
        fields |= {"ioi": round((times[-1] - times[0]) / (len(times) - 1), 3), "until": times[-1]}
    elif len(times) > 1:
        fields["times"] = times
    levels = [sound.fields["max_level"] for sound in pattern.pending]
    if any(abs(level - pattern.sound.fields["max_level"]) >= LOUDER_AGAIN for level in levels):
        fields["max_levels"] = levels
    frame = max(frame, pattern.pending[-1].frame)
    yield Sound(frame, times[0], fields, kind="repeats", known=known)


def evenly(times: Sequence[float]) -> bool:
    """Are three or more evenly spaced, as precisely as their times are told?"""
    if len(times) < 3:
        return False
    mean = (times[-1] - times[0]) / (len(times) - 1)
    return all(abs(b - a - mean) <= max(EVENLY[0], EVENLY[1] * mean) for a, b in pairwise(times))


def expanded(events: Sequence[Sound], frame: Callable[[float], int]) -> list[Sound]:
    """All sounds, by their starts; those that repeat one have its fields. `frame` gives the frame of a time."""
    found: list[Sound] = []
    known: dict[float, Head] = {}
    for event in events:
        if event.kind == "sound":
            known[event.start] = event.fields
            found.append(event)
        elif (fields := known.get(event.fields.get("of", -1.0))) is not None:
            levels = event.fields.get("max_levels", ())
            for i, time in enumerate(moments(event.start, event.fields)):
                level = levels[i] if i < len(levels) and levels[i] is not None else fields["max_level"]
                found.append(Sound(frame(time), time, {**fields, "max_level": level}))
    return sorted(found, key=lambda sound: sound.start)


def alike(sound: Head, other: Head) -> bool:
    """Do two sounds differ to the ear only in level: both struck or not, equal in length, colour and pitch?"""
    if any(sound.get(name) != other.get(name) for name in ("pitch", "pitch_contour", "onset_notes")):
        return False
    if ("onset_strength" in sound) != ("onset_strength" in other):
        return False
    if bool(points(sound, "f0")) != bool(points(other, "f0")):
        return False
    limits = (("max_level", LEVEL_ALIKE), ("onset_strength", ONSET_ALIKE), ("periodicity", PERIODIC_ALIKE))
    if any(name in sound and name in other and abs(sound[name] - other[name]) > limit for name, limit in limits):
        return False
    longer, shorter = sorted((sound["duration"], other["duration"]), reverse=True)
    if longer - shorter > LENGTH_ALIKE[0] and longer > LENGTH_ALIKE[1] * shorter:
        return False
    return all(near(points(sound, name), points(other, name), limit)
               for name, limit in (("centroid", COLOUR_ALIKE), ("peak", STILL), ("f0", STILL)))  # fmt: skip


def near(contour: Sequence[float], other: Sequence[float], limit: float) -> bool:
    """Do two contours begin and end at the same frequency, or is one of them not told?"""
    if not contour or not other:
        return True
    pairs = ((contour[0], other[0]), (contour[-1], other[-1]))
    return all(abs(math.log(max(a, 1) / max(b, 1))) <= math.log(limit) for a, b in pairs)
