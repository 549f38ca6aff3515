"""The tables from which pieces are composed. Pitches are MIDI notes, degrees and shapes are in semitones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
SHAPES = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "maj7": (0, 4, 7, 11), "dim": (0, 3, 6),
    "sus4": (0, 5, 7), "5": (0, 7),
}  # fmt: skip
FORMS = ["A A", "A B A", "A B", "A A B A", "A B A B", "A B C A"]

Progression = list[tuple[int, str]]  # of each bar, the chord's degree and quality

# Each set begins or ends so that its tonic is heard.
PROGRESSIONS: dict[str, list[Progression]] = {
    "major": [
        [(0, ""), (7, ""), (9, "m"), (5, "")],
        [(0, ""), (9, "m"), (5, ""), (7, "")],
        [(0, ""), (5, ""), (0, ""), (7, "7")],
        [(2, "m7"), (7, "7"), (0, "maj7"), (0, "maj7")],
        [(0, ""), (4, "m"), (5, ""), (7, "sus4")],
        [(5, ""), (7, ""), (0, ""), (0, "")],
    ],
    "minor": [
        [(0, "m"), (5, "m"), (7, "7"), (0, "m")],
        [(0, "m"), (10, ""), (8, ""), (7, "")],
        [(2, "dim"), (7, "7"), (0, "m"), (0, "m")],
        [(0, "m"), (8, ""), (5, "m"), (7, "7")],
        [(0, "m"), (0, "m"), (5, "m"), (0, "m")],
    ],
}


class Lead(NamedTuple):
    """An instrument that leads: its General MIDI program, how it sounds, the note around which it plays."""

    program: int
    kind: str
    centre: int


LEADS = {
    "piano": Lead(0, "struck", 79),
    "vibraphone": Lead(11, "struck", 77),
    "nylon guitar": Lead(24, "plucked", 72),
    "harp": Lead(46, "plucked", 77),
    "violin": Lead(40, "bowed", 79),
    "cello": Lead(42, "bowed", 62),
    "trumpet": Lead(56, "blown", 72),
    "flute": Lead(73, "blown", 81),
    "clarinet": Lead(71, "blown", 74),
    "saxophone": Lead(65, "blown", 70),
    "choir": Lead(52, "sung", 72),
    "voice": Lead(53, "sung", 72),
    "square lead": Lead(80, "synth", 76),
    "distorted guitar": Lead(30, "plucked", 72),
    "accordion": Lead(21, "blown", 76),
}
COMPS = {
    "piano": 0, "steel guitar": 25, "clean guitar": 27, "distorted guitar": 30, "strings": 48, "organ": 16, "pad": 89,
}  # fmt: skip
BASSES = {  # program, and by how many semitones it lies below E2 to D#3
    "electric bass": (33, -12), "acoustic bass": (32, -12), "synth bass": (38, -12), "cello section": (42, 0),
    "tuba": (58, -12),
}  # fmt: skip


class Style(NamedTuple):
    """How a style is played. `swing` is how late a second eighth comes, in beats."""

    meter: int  # beats in a bar
    tempo: tuple[int, int]  # beats a minute, from and to
    kits: list[str] | None  # of drums
    comp: str | None  # pattern of the accompaniment
    leads: Sequence[str | None]
    comps: Sequence[str | None]
    basses: Sequence[str | None]
    bass: str | None  # pattern of the bass
    swing: float = 0


STYLES = {
    "pop": Style(
        4, (80, 130), ["rock", "soft"], "block", ["piano", "voice", "saxophone", "nylon guitar"],
        ["piano", "clean guitar", "pad"], ["electric bass"], "root8",
    ),
    "rock": Style(
        4, (100, 170), ["rock", "half"], "power", ["distorted guitar", "voice", "trumpet"], ["distorted guitar"],
        ["electric bass"], "root8",
    ),
    "ballad": Style(
        4, (56, 80), ["soft", "none"], "arp", ["voice", "violin", "flute", "piano"], ["piano", "steel guitar"],
        ["electric bass", "acoustic bass"], "root",
    ),
    "house": Style(
        4, (118, 130), ["four", "four thin"], "offbeat", ["square lead", "voice", None], ["pad", "organ", "piano"],
        ["synth bass"], "off",
    ),
    "jazz": Style(
        4, (110, 200), ["ride", "brush"], "block", ["saxophone", "piano", "vibraphone", "trumpet"],
        ["piano", "clean guitar"], ["acoustic bass"], "walk", 1 / 6,
    ),
    "waltz": Style(
        3, (84, 170), None, "oom", ["violin", "piano", "flute", "accordion", "clarinet"], ["piano", "strings"],
        ["acoustic bass", "cello section"], "root",
    ),
    "march": Style(
        2, (100, 126), ["march", "march roll"], "oom", ["trumpet", "flute", "clarinet"], ["organ", "strings"],
        ["tuba"], "root5",
    ),
    "chamber": Style(
        4, (60, 120), None, "pad", ["violin", "cello", "flute", "clarinet"], ["strings"], ["cello section"], "root",
    ),
    "solo piano": Style(4, (60, 140), None, "arp", ["piano"], ["piano"], [None], "root5"),
    "solo guitar": Style(4, (70, 120), None, "arp", ["nylon guitar"], ["steel guitar"], [None], "root"),
    "piano waltz": Style(3, (80, 160), None, "oom", ["piano"], ["piano"], [None], "root"),
    "jig": Style(
        2, (90, 130), None, "jig", ["violin", "flute", "accordion"], ["steel guitar", "piano"], ["acoustic bass"],
        "root",
    ),
    "slow 6/8": Style(
        2, (44, 64), ["six", "none"], "arp6", ["voice", "saxophone", "piano"], ["piano", "clean guitar"],
        ["electric bass"], "root",
    ),
    "choir": Style(4, (60, 90), None, "pad", ["choir"], ["strings", "organ"], ["cello section"], "root"),
    "drums": Style(4, (80, 170), ["break", "rock", "four", "half"], None, [None], [None], [None], None),
}  # fmt: skip
COMPOUND = ("jig", "slow 6/8")  # 6/8: two beats of three parts

Hits = tuple[str, int, str]  # region, note of General MIDI's drums, a digit for each part of a bar: 1 is a stroke

# Four parts a beat, six a bar of 6/8.
DRUMS: dict[str, list[Hits]] = {
    "rock": [("low", 36, "1.......1.1....."), ("mid", 38, "....1.......1..."), ("high", 42, "1.1.1.1.1.1.1.1.")],
    "half": [("low", 36, "1.....1........."), ("mid", 38, "........1......."), ("high", 51, "1...1...1...1...")],
    "soft": [("low", 36, "1.......1......."), ("mid", 37, "....1.......1..."), ("high", 42, "1...1...1...1...")],
    "four": [("low", 36, "1...1...1...1..."), ("mid", 39, "....1.......1..."), ("high", 46, "..1...1...1...1.")],
    "four thin": [("low", 36, "1...1...1...1..."), ("high", 42, "1.1.1.1.1.1.1.1.")],
    "ride": [("high", 51, "1...1.1.1...1.1."), ("mid", 37, "....1.......1..."), ("low", 36, "1...............")],
    "brush": [("high", 42, "....1.......1..."), ("mid", 38, "1.....1.1.....1.")],
    "break": [("low", 36, "1.1.......11...."), ("mid", 38, "....1..1.1..1..1"), ("high", 42, "1.1.1.1.1.1.1.1.")],
    "march": [("low", 36, "1...1..."), ("mid", 38, "1.1.1...")],
    "march roll": [("low", 36, "1...1..."), ("mid", 38, "1.111.11")],
    "six": [("low", 36, "1....."), ("mid", 38, "...1.."), ("high", 42, "111111")],
    "none": [],
}
LOUD = {"low": 105, "mid": 96, "high": 74}  # velocities of the drums


class Tables(NamedTuple):
    """From what a piece is composed. The order of styles, progressions and kits is that in which they are drawn."""

    styles: dict[str, Style]
    progressions: dict[str, list[Progression]]  # by mode
    drums: dict[str, list[Hits]]  # the kits that styles name
    compound: Sequence[str]  # styles whose beats have three parts


TABLES = Tables(STYLES, PROGRESSIONS, DRUMS, COMPOUND)

Cells = Sequence[tuple[float, ...]]  # from which the rhythm of a melody is drawn: lengths in beats that go together
CELLS: Cells = ((1,), (0.5, 0.5), (0.5, 0.5), (2,))
COMPOUND_CELLS: Cells = ((1 / 3, 1 / 3, 1 / 3), (2 / 3, 1 / 3), (1,))
