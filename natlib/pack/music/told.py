"""Bars as their lines tell them: those that are sure, with names, and by number what an earlier one is like."""

from __future__ import annotations

from collections import OrderedDict
from itertools import groupby
from typing import NamedTuple

from ... import notes
from ...network import MUSIC, ONE, Layers
from ...wire import Head
from ..once import Place
from ..terms import number
from .chords import named
from .leadsheet import Bar

REMEMBERED = 256  # bars
LOUDER = 3  # dB by which a bar that is like another one differs in level, to be told
ALIKE = 0.65  # of the strokes of a bar and of another that have to be the same
LONGEST = 64  # beats that a chord of another program can last
WORTH = 2  # fields that `like` must save
PARTS = ("chords", "bass", "melody", "strokes")
BEGINS, HOLDS = 0, -2 * ONE  # logarithm of the odds that bars are right, from which they are told, and told on


class BarLine(NamedTuple):
    """A bar's line: the frame in which the bar begins, its time, its fields."""

    frame: int
    start: float  # seconds of the recording
    fields: Head
    known: int = 0  # the frame at which it is known
    late: Place | None = None  # where it stood, if it was read


def described(bar: Bar) -> Head:
    """All that a line tells of a bar, but for its number; notes by their usual names."""
    told: Head = {"beats": len(bar.beats), "level": round(bar.level)}
    chords = [[named(chord, notes.NAMES), len([*same])] for chord, same in groupby(bar.chords)]
    if any(name for name, _ in chords):
        told["chords"] = chords
    for name, line in (("bass", bar.bass), ("melody", bar.melody)):
        if any(note is not None for note in line):
            told[name] = [None if note is None else notes.note_name(note) for note in line]
    if bar.strokes:
        told["strokes"] = bar.strokes
    return told


def alike(bar: Head, other: Head, part: str) -> bool:
    """Is a part of a bar what it is in another one, as far as ears go?"""
    own, its = bar.get(part), other.get(part)
    if part != "strokes" or not own or not its:
        return bool(own == its)
    if own.keys() != its.keys() or any(len(own[region]) != len(its[region]) for region in own):
        return False
    pairs = [(a, b) for region in own for a, b in zip(own[region], its[region], strict=True)]
    both, either = sum(a == b == "x" for a, b in pairs), sum("x" in pair for pair in pairs)
    return bool(both >= ALIKE * either)


def spelled(bar: Head, names: tuple[str, ...]) -> Head:
    """The fields of a bar with its notes and chords as a key spells them."""
    result = {key: notes.spelled(value, names) if key in ("bass", "melody") else value for key, value in bar.items()}
    if chords := bar.get("chords"):
        result["chords"] = [[name and notes.chord_spelled(name, names), beats] for name, beats in chords]
    return result


def section_spelled(section: Head, names: tuple[str, ...]) -> Head:
    """The fields of a section with its notes and chords as a key spells them."""
    result = {**section}
    for name in ("progression", "chord_loop"):
        if bars := section.get(name):
            result[name] = ["-".join(notes.chord_spelled(chord, names) for chord in bar.split("-")) for bar in bars]
    if register := section.get("register"):
        result["register"] = notes.spelled(register, names)
    return result


def sound(bar: Head) -> Head:
    """The fields of another program's line that are as they should be, within lists too; {} if it has no number."""
    chords, strokes = bar.get("chords", []), bar.get("strokes", {})
    good = {
        "chords": all(
            isinstance(each, list)
            and len(each) == 2
            and isinstance(each[0], str | None)
            and number(each[1])
            and 0 < each[1] <= LONGEST
            for each in chords
        ),
        "strokes": all(isinstance(pattern, str) for pattern in strokes.values()),
    }
    return {key: value for key, value in bar.items() if good.get(key, True)} if type(bar.get("n")) is int else {}


def section_sound(section: Head) -> Head:
    """The fields of another program's line that are as they should be; {} if it has no number or no letter."""
    strokes = section.get("strokes", {})
    good = {
        "strokes": all(isinstance(pattern, str) for pattern in strokes.values()),
        "register": len(section.get("register", ())) == 2,
    }
    there = type(section.get("n")) is int and isinstance(section.get("label"), str)
    return {key: value for key, value in section.items() if good.get(key, True)} if there else {}


class Sure:
    """Says of bars, in their order, which are told: from one that is sure to one that is not, or that none follows."""

    def __init__(self) -> None:
        self.network = Layers("sure", MUSIC)
        self.told = False  # was the last one?

    def odds(self, bar: Bar) -> int:
        """The logarithm of the odds that a bar is right, 1/ONE."""
        return int(self.network([bar.evidence])[0, 0])

    def __call__(self, bar: Bar) -> tuple[bool, bool]:
        """Is it told, and is it the last one of those that follow each other?"""
        odds = self.odds(bar)
        told, last = self.told or odds >= BEGINS, odds < HOLDS or not bar.follows
        self.told = told and not last
        return told, last


class Numbered:
    """Numbers bars, and says which of the last REMEMBERED ones each is like."""

    def __init__(self) -> None:
        self.count = 0
        self.bars: OrderedDict[int, Head] = OrderedDict()  # those told in full, by number

    def __call__(self, told: Head) -> Head:
        """The fields of a bar's line."""
        self.count += 1
        best, found = None, 0
        for place, other in reversed(self.bars.items()):
            same = self._same(told, other)
            if same > found:
                best, found = place, same
                if found == len(PARTS):
                    break
        if best is None:
            self.bars[self.count] = told
            if len(self.bars) > REMEMBERED:
                self.bars.popitem(last=False)
            return {"n": self.count, **told}
        other = self.bars[best]
        result: Head = {"n": self.count, "like": best}
        if abs(told["level"] - other["level"]) >= LOUDER:
            result["level"] = told["level"]
        for part in PARTS:
            if not alike(told, other, part):
                result[part] = told[part]
        return result

    def _same(self, told: Head, other: Head) -> int:
        """How many parts of a bar are like those of another one; 0 if it can't be told by that one."""
        if told["beats"] != other["beats"] or any(part in other and part not in told for part in PARTS):
            return 0
        there = [part for part in PARTS if part in told]
        same = sum(alike(told, other, part) for part in there)
        return 0 if same < min(WORTH, len(there)) else same + len(PARTS) - len(there)
