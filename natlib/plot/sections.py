"""The sections of NDJSON: when each begins and ends, what its line tells, what it has of the one that it is like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..runtime import clock
from ..wire import Head
from .bars import MOST, PARTS, REGIONS
from .base import Cell
from .drawing import number
from .scenes import real

KEPT = 256  # sections kept: more would be narrower than their names
SPANS = 4096  # spans of voice kept
LETTERS = 64  # characters kept of a name
WORDS = 32  # names kept of a list, such as that of chords
MINUTES = 90  # s of an item beyond which its times are told in minutes

FIGURES = ("bars", "loudness", "level", "onsets_per_bar", "onset_rate", "centroid", "voice_percent")
LISTS = ("chord_loop", "progression", "register", "enters", "leaves")
ITS_OWN = ("n", "like", "end", "enters", "leaves")  # what a section never has of the one that it is like
CHORDS = ("chord_loop", "progression")  # a section tells one of them

HEADS = {
    "bars": "bars", "chords": "chords", "loudness": "loudness (LUFS)", "level": "level (dBFS)",
    "onsets_per_bar": "attacks a bar", "onset_rate": "attacks a second", "centroid": "centroid (Hz)",
    "register": "register", "voice_percent": "voice (%)", "strokes": "strokes of a typical bar", "enters": "enters",
    "leaves": "leaves",
}  # fmt: skip
LOOKS = {"strokes": ["tab"], "register": ["whole"]}


class Section(NamedTuple):
    """A section: when it begins and ends, in seconds of the item, its letter, and its fields."""

    start: float
    end: float
    label: str
    told: Head  # what its line tells, as far as it makes sense
    whole: Head  # the same, and what the sections tell that it is like

    def new(self, name: str) -> bool:
        """Does its own line tell this?"""
        return name in self.told or (name == "chords" and not self.told.keys().isdisjoint(CHORDS))

    @property
    def chords(self) -> list[str]:
        """Its bars of chords, between repeat signs if they come again and again."""
        loop = self.whole.get("chord_loop")
        return ["|:", *loop, ":|"] if loop else self.whole.get("progression", [])

    def says(self, name: str) -> str:
        """A field in words; "" if it is not known."""
        if name == "chords":
            return " ".join(self.chords)
        value = self.whole.get(name)
        if value is None:
            return ""
        if name == "strokes":
            return "\n".join(f"{region:<4} {value[region]}" for region in reversed(REGIONS) if region in value)
        if name == "register":
            return "–".join(value[:2])
        return ", ".join(value) if isinstance(value, list) else number(value)


class Sections:
    """Takes section lines and the summary of an item that begins at `start` of the recording, in seconds.

    What is wrong in them is left out. If there are section lines, the sections are theirs, else those of the summary.
    """

    def __init__(self, start: float):
        self.start = start
        self.found: list[Section] = []
        self.voice: list[tuple[float, float]] = []  # where tones move as voices do, s of the item
        self._lines: dict[float, Head] = {}  # by the time at which they begin, s of the item
        self._listed: dict[float, Head] = {}  # those of the summary

    def line(self, time: object, fields: Head) -> None:
        """Take a section line."""
        self._keep(self._lines, time, fields)

    def summary(self, head: Head) -> None:
        """Take the summary: a later one stands for those before."""
        self._listed, self.voice = {}, []
        listed = head.get("sections")
        for fields in listed if isinstance(listed, list) else []:
            if isinstance(fields, dict):
                self._keep(self._listed, fields.get("t"), {"label": fields.get("label", "")})
        voice = head.get("voice")
        spans = voice.get("spans") if isinstance(voice, dict) else None
        for span in spans[:SPANS] if isinstance(spans, list) else []:
            if isinstance(span, list) and len(span) == 2:
                self.voice.append((real(span[0]) - self.start, real(span[1]) - self.start))

    def _keep(self, kept: dict[float, Head], time: object, fields: Head) -> None:
        begin = round(real(time) - self.start, 3)
        if abs(begin) < MOST and (len(kept) < KEPT or begin in kept):
            kept[begin] = {**sound(fields), "label": str(fields.get("label", ""))[:LETTERS]}

    def finish(self, duration: float) -> None:
        """No more will come, and the item lasts so long: a section ends where it says, or where the next one begins."""
        kept, known = self._lines or self._listed, dict[int, Head]()
        starts = sorted(kept)
        for start, following in zip(starts, [*starts, duration][1:], strict=True):
            told = {**kept[start]}
            label = told.pop("label")
            end = told.get("end", following + self.start) - self.start
            end = min(end if end > start else following, following, duration)
            passed = {name: value for name, value in known.get(told.get("like", -1), {}).items() if name not in ITS_OWN}
            if not told.keys().isdisjoint(CHORDS):
                passed = {name: value for name, value in passed.items() if name not in CHORDS}
            whole = {**passed, **told}
            if "n" in told:
                known[told["n"]] = whole
            if max(start, 0.0) < end:
                self.found.append(Section(max(start, 0.0), end, label, told, whole))
        spans = ((max(begin, 0.0), min(end, duration)) for begin, end in self.voice)
        self.voice = [(begin, end) for begin, end in spans if begin < end]

    def table(self, duration: float) -> list[tuple[str, ...]]:
        """What the section lines tell, a row for each, with no column that would be empty; [] if there are none."""
        if not self._lines or not self.found:
            return []
        there = [name for name in HEADS if any(section.says(name) for section in self.found)]
        return [("section", "letter", "like", "time" if duration > MINUTES else "time (s)",
                 *(HEADS[name] for name in there)), *self._rows(there, duration)]  # fmt: skip

    def _rows(self, there: list[str], duration: float) -> Iterator[tuple[str, ...]]:
        for section in self.found:
            number, like = (f"{section.told.get(name, '')}" for name in ("n", "like"))
            times = (clock(time) if duration > MINUTES else f"{time:.1f}" for time in (section.start, section.end))
            said = (self._cell(section, name) for name in there)
            yield number, section.label, like, Cell("–".join(times), "whole"), *said

    @staticmethod
    def _cell(section: Section, name: str) -> Cell:
        said = section.says(name)
        again = ["faint"] if said and not section.new(name) else []
        return Cell(said, " ".join([*LOOKS.get(name, ()), *again]))


def sound(fields: Head) -> Head:
    """What of a line has the type that it should, cut to what a page or a picture can hold."""
    result: Head = {name: fields[name] for name in ("n", "like") if type(fields.get(name)) is int}
    result = {name: value for name, value in result.items() if 0 <= value < MOST}
    result |= {name: real(fields[name]) for name in (*FIGURES, "end") if abs(real(fields.get(name))) < MOST}
    for name in LISTS:
        if isinstance(words := fields.get(name), list) and words and all(isinstance(word, str) for word in words):
            result[name] = [word[:LETTERS] for word in words[:WORDS]]
    strokes = fields.get("strokes")
    if isinstance(strokes, dict):
        patterns = {region: strokes.get(region) for region in REGIONS}
        if good := {name: text for name, text in patterns.items() if isinstance(text, str) and 0 < len(text) <= PARTS}:
            result["strokes"] = good
    return result
