"""The summary line: the collectors in the order of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...wire import Head
from ..measures import Table
from .bars import ChordLoop, Meter, Tempo
from .brief import Brief
from .character import Articulation, Dynamics, Harmony, Rubato
from .clicks import Clicks
from .collector import Block, Collector, Seconds
from .colour import Colour
from .course import Course
from .faint import Faint
from .key import Key
from .loudness import Loudness
from .mains import Mains
from .masked import Masked
from .modulation import Modulation, Vibrato
from .noise import Noise
from .outside import Outside
from .parts import Parts
from .peaks import Lines, Peak
from .pitch import Pitch
from .playing import Playing
from .pulse import Pulse
from .sections import Sections
from .silence import Silence
from .sounds import Sounds
from .tones import Fundamental, Polyphony
from .trains import Trains
from .voice import Voice

if TYPE_CHECKING:
    from ..measures import Array
    from ..music.leadsheet import Bar


MEANS = ("centroid", "tonality", "periodicity", "grain")  # what parts tell instead


class Summary:
    """Takes every frame and every sound of an item; memory is a few hundred bytes for each second."""

    def __init__(self, table: Table, rate: float, start: float = 0.0):
        self.table, self.seconds = table, Seconds(rate)
        sounds, modulation = Sounds(table, rate), Modulation(table, rate)
        loudness = Loudness(table, rate, sounds)
        self.key = Key(table, rate)
        self.course = Course(table, rate)
        voice, brief = Voice(table, rate, self.course), Brief(table, rate)
        self.sections = Sections(table, rate, self.course, voice)
        self.collectors: list[Collector] = [
            self.course,
            self.sections,
            loudness,
            Parts(table, rate),
            Silence(table, rate),
            Outside(table, rate),
            Colour(table, rate, loudness),
            Noise(table, rate),
            sounds,
            Masked(table, rate),
            Faint(table, rate, brief),
            brief,
            Pulse(table, rate, sounds, modulation),
            Trains(table, rate),
            Pitch(table, rate),
            Peak(table, rate),
            Fundamental(table, rate),
            Lines(table, rate),
            Mains(table, rate),
            Polyphony(table, rate),
            voice,
            modulation,
            Clicks(table, rate),
            Vibrato(table, rate),
            Tempo(table, rate),
            Meter(table, rate),
            ChordLoop(table, rate),
            self.key,
            Harmony(table, rate),
            Articulation(table, rate),
            Dynamics(table, rate, self.course),
            Rubato(table, rate),
            Playing(table, rate),
        ]
        for collector in self.collectors:
            collector.start = start

    def feed(self, rows: Array) -> None:
        """Take the next rows."""
        block = Block(rows, self.table.voiced(rows), *self.seconds.feed(rows))
        for collector in self.collectors:
            collector.feed(block)

    def sound(self, start: float, sound: Head) -> None:
        """Take an event: its start in seconds, the fields of its line."""
        for collector in self.collectors:
            collector.sound(start, sound)

    def bar(self, bar: Bar, told: bool) -> None:
        """Take a bar, and whether it is sure enough to be told."""
        for collector in self.collectors:
            collector.bar(bar, told)

    def head(self) -> Head:
        """The summary line's object: {"event":"summary", …}."""
        head: Head = {"event": "summary"}
        for collector in self.collectors:
            head |= collector.result()
        if "parts" in head:  # the mean of unlike parts is like none of them
            head = {key: value for key, value in head.items() if key not in MEANS}
        return head
