"""Composes small pieces whose truth is known. The same seed gives the same notes, whatever is done to them later.

The truth of a piece, a dict whose times are in seconds:

    style, tempo         beats a minute (dotted quarters in compound time)
    meter, compound      beats in a bar: 2, 3, 4; true where a beat has three parts (6/8 is 2, compound)
    swing                true where second eighths come late
    key                  "A minor"; None in a piece for drums alone
    form                 "A B A": letters of `sections`, [from, to, letter], neighbours that are alike merged
    beats, downbeats
    chords               [from, to, "Am"]: a root and "", "m", "7", "m7", "maj7", "dim", "sus4", or "5" (no third)
    bass, tune           [from, to, MIDI note]: the lowest part and the leading part (either may be empty)
    notes                [from, to, MIDI note]: everything pitched that is played, of all parts
    covered              indices of notes of `tune` that lie under or on a note of another part where they begin
    drums                [time, "low" | "mid" | "high"]: bass drum; snare, clap, rim; hats, cymbals
    parts                {"bass": "electric bass", "lead": "flute" …}; lead_kind: struck, plucked, bowed, blown …
    voice                true where a (sampled) choir or voice leads

Each letter of the form has its own chords, melody and drums, drawn once: A comes back as it was.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from .styles import (
    BASSES,
    CELLS,
    COMPOUND_CELLS,
    COMPS,
    FORMS,
    LEADS,
    LOUD,
    NAMES,
    SCALES,
    SHAPES,
    TABLES,
    Cells,
    Progression,
    Style,
    Tables,
)

TPQ = 480  # ticks of a quarter note
LEAD, COMP, BASS, DRUM = 0, 1, 2, 9  # channels
MOST_COVERED = 0.05  # of the tune's notes; a piece with more is composed anew

Truth = dict[str, Any]
Entry = list[Any]  # [from, to, note] or [time, region] of a truth


class Note(NamedTuple):
    """A note that is played; times in ticks."""

    at: int
    length: int
    channel: int
    note: int
    velocity: int


@dataclass
class Piece:
    """What is played, and its truth. `entries` holds each note's entry in tune, bass or drums, None for the others."""

    notes: list[Note]
    entries: list[Entry | None]
    programs: dict[int, int]  # of each channel
    tempo: float  # `unit` ticks a minute: the clock of the notes
    unit: int
    truth: Truth

    @property
    def second(self) -> float:
        """Seconds of a tick."""
        return 60 / self.tempo / self.unit

    def sounding(self) -> list[Entry]:
        """The truth's `notes`, from the notes."""
        return sorted(
            [round(note.at * self.second, 3), round((note.at + note.length) * self.second, 3), note.note]
            for note in self.notes
            if note.channel != DRUM
        )


@dataclass
class Plan:
    """What is drawn before the first note."""

    name: str
    tempo: int
    mode: str
    root: int
    lead: str | None
    back: str | None
    low: str | None
    form: list[str]
    bars: int  # of each letter
    progressions: dict[str, Progression] = field(default_factory=dict)
    kits: dict[str, str] = field(default_factory=dict)
    tables: Tables = TABLES
    rhythms: dict[str, Cells] = field(default_factory=dict)  # of the lead, by letter, where it is not the usual one

    @property
    def style(self) -> Style:
        return self.tables.styles[self.name]

    @property
    def meter(self) -> int:
        return self.style.meter

    @property
    def compound(self) -> bool:
        return self.name in self.tables.compound

    @property
    def unit(self) -> int:
        """Ticks of a beat."""
        return TPQ * 3 // 2 if self.compound else TPQ

    @property
    def parts(self) -> int:
        """Into how many parts drums divide a beat."""
        return 3 if self.compound else 4

    @property
    def letters(self) -> list[str]:
        return sorted(set(self.form))

    @property
    def centre(self) -> int:
        """The note around which the lead plays."""
        return LEADS[self.lead].centre if self.lead else 0

    def chord(self, letter: str, bar: int) -> tuple[int, str]:
        """Pitch class and quality of a bar's chord."""
        degree, quality = self.progressions[letter][bar % 4]
        return (self.root + degree) % 12, ("5" if self.style.comp == "power" else quality)

    def cells(self, letter: str) -> Cells:
        """From what the lead's rhythm is drawn."""
        return self.rhythms.get(letter, COMPOUND_CELLS if self.compound else CELLS)

    def tick(self, start: int, position: float) -> float:
        """Beats after `start` into ticks; swing moves the second half of a beat."""
        beat, inside = divmod(position + 1e-9, 1)
        inside = max(0.0, inside - 1e-9)
        late = self.style.swing * (2 * inside if inside <= 0.5 else 2 * (1 - inside))
        return start + beat * self.unit + (inside + late) * self.unit


def draw(rnd: random.Random, tables: Tables = TABLES) -> Plan:
    """A plan. The order of the draws makes the piece: a new draw goes behind the others."""
    name = rnd.choice(list(tables.styles))
    style = tables.styles[name]
    tempo = rnd.randint(*style.tempo)
    mode, root = rnd.choice(["major", "minor"]), rnd.randrange(12)
    lead, back, low = rnd.choice(style.leads), rnd.choice(style.comps), rnd.choice(style.basses)
    form = rnd.choice(FORMS).split()
    bars = 8 if len(form) == 2 else rnd.choice([4, 8]) if len(form) == 3 else 4
    plan = Plan(name, tempo, mode, root, lead, back, low, form, bars, tables=tables)
    letters, there = plan.letters, tables.progressions[mode]
    plan.progressions = dict(zip(letters, rnd.sample(there, len(letters)), strict=True))
    if plan.progressions["A"][0][0] != 0:
        plan.progressions["A"] = there[0]
        for letter in letters[1:]:
            left = [progression for progression in there if progression not in plan.progressions.values()]
            plan.progressions[letter] = rnd.choice(left)
    if kits := style.kits:
        drawn = rnd.sample(kits, len(letters)) if len(kits) >= len(letters) else (kits * 2)[: len(letters)]
        plan.kits = dict(zip(letters, drawn, strict=True))
    return plan


class Sung(NamedTuple):
    """A note of a melody: its bar, and position and length in beats."""

    bar: int
    position: float
    length: float
    note: int


class Melody:
    """The lead's line for one letter: steps within a fourth, tones of the chord on the beat."""

    def __init__(self, plan: Plan, letter: str, rnd: random.Random):
        self.plan, self.rnd = plan, rnd
        self.line, self.last = plan.centre, -1
        self.notes: list[Sung] = []
        cells = plan.cells(letter)
        for bar in range(plan.bars):
            chord, quality = plan.chord(letter, bar)
            tones = {(chord + step) % 12 for step in SHAPES[quality]}
            position: float = 0
            while position < plan.meter - 1e-6:
                for length in rnd.choice(cells):
                    length = min(length, plan.meter - position)
                    if length <= 1e-6:
                        break
                    self._step(bar, position, length, tones)
                    position += length

    def _step(self, bar: int, position: float, length: float, tones: set[int]) -> None:
        """One note, or a rest where the draw says so."""
        centre, scale = self.plan.centre, SCALES[self.plan.mode]
        strong = abs(position - round(position)) < 1e-6
        fitting = [
            note
            for note in range(self.line - 5, self.line + 6)
            if note != self.last
            and abs(note - centre) <= 9
            and (note % 12 in tones or (not strong and (note - self.plan.root) % 12 in scale))
        ]
        if not fitting:
            near = [note for note in range(centre - 9, centre + 10) if note % 12 in tones and note != self.last]
            fitting = [min(near, key=lambda note: abs(note - self.line))]
        self.line = self.rnd.choice(fitting)
        if self.rnd.random() > 0.12:
            self.notes.append(Sung(bar, position, length, self.line))
            self.last = self.line


Part = tuple[int, float, float, int]  # note; ticks from the bar's start, ticks of length; velocity


def bass_part(plan: Plan, base: int, shape: tuple[int, ...], louder: int) -> list[Part]:
    """A bar of the bass, over its root `base`."""
    meter, unit = plan.meter, plan.unit
    fifth = shape[2] if len(shape) > 2 else 7
    if plan.style.bass == "root":
        return [(base, 0, meter * unit * 0.9, 88 + louder)]
    if plan.style.bass == "root5":
        return [(base + (0, fifth)[b % 2], b * unit, unit * 0.8, 86 + louder) for b in range(meter)]
    if plan.style.bass == "root8":
        return [(base, e * unit / 2, unit * 0.45, 86 + louder) for e in range(2 * meter)]
    if plan.style.bass == "off":
        return [(base, b * unit + unit / 2, unit * 0.4, 92) for b in range(meter)]
    if plan.style.bass == "walk":
        return [(base + (0, shape[1], fifth, 9)[b % 4], b * unit, unit * 0.9, 84) for b in range(meter)]
    return []


def comp_part(plan: Plan, middle: list[int], low: int, louder: int) -> list[Part]:
    """A bar of the accompaniment: the chord's notes `middle`, or power chords from `low` up."""
    meter, unit, size = plan.meter, plan.unit, len(middle)
    eighths, beats = range(2 * meter), range(meter)
    if plan.style.comp == "block":
        return [(n, b * unit, unit * 1.6, 64 + louder) for b in range(0, meter, 2) for n in middle]
    if plan.style.comp == "power":
        return [(n, e * unit / 2, unit * 0.48, 74 + louder) for e in eighths for n in (low, low + 7, low + 12)]
    if plan.style.comp == "arp":
        line = [*middle, middle[0] + 12] if max(middle[0] + 12, 0) < plan.centre - 9 else middle
        return [(line[e % len(line)], e * unit / 2, unit * 0.9, 60 + louder) for e in eighths]
    if plan.style.comp == "arp6":
        return [(middle[e % size], e * unit / 3, unit * 0.5, 60 + louder) for e in range(3 * meter)]
    if plan.style.comp == "offbeat":
        return [(n, b * unit + unit / 2, unit * 0.35, 68) for b in beats for n in middle]
    if plan.style.comp == "oom":
        return [(n, b * unit, unit * 0.5, 58 + louder) for b in range(1, meter) for n in middle]
    if plan.style.comp == "jig":
        return [(n, e * unit / 3, unit * 0.25, 58 + louder) for e in (1, 2, 4, 5) for n in middle]
    if plan.style.comp == "pad":
        return [(n, 0, meter * unit * 0.98, 62 + louder) for n in middle]
    return []


class Composer:
    """Writes the notes of a plan, and its truth with them."""

    SHIFT = TPQ // 2  # ticks before the first bar

    def __init__(self, plan: Plan, rnd: random.Random):
        self.plan, self.rnd = plan, rnd
        self.second = 60 / plan.tempo / plan.unit
        self.notes: list[Note] = []
        self.entries: list[Entry | None] = []
        self.melodies = {letter: Melody(plan, letter, rnd).notes for letter in plan.letters} if plan.lead else {}
        self.truth = self._opening()

    def _opening(self) -> Truth:
        """The truth before the first bar."""
        plan = self.plan
        parts = {"lead": plan.lead, "comp": plan.back, "bass": plan.low, "drums": " / ".join(plan.kits.values())}
        kind = LEADS[plan.lead].kind if plan.lead else None
        lists: Truth = {
            name: []
            for name in ("beats", "downbeats", "sections", "chords", "bass", "tune", "notes", "covered", "drums")
        }
        return {
            "style": plan.name,
            "tempo": plan.tempo,
            "meter": plan.meter,
            "compound": plan.compound,
            "swing": plan.style.swing > 0,
            "key": None if plan.name == "drums" else f"{NAMES[plan.root]} {plan.mode}",
            "form": "",
            **lists,
            "parts": {part: name for part, name in parts.items() if name},
            "lead_kind": kind,
            "voice": kind == "sung",
        }

    @cached_property
    def programs(self) -> dict[int, int]:
        """The General MIDI program of each channel."""
        plan = self.plan
        result = {LEAD: LEADS[plan.lead].program} if plan.lead else {}
        if plan.back:
            result[COMP] = COMPS[plan.back]
        result[BASS] = BASSES[plan.low][0] if plan.low else COMPS.get(plan.back or "", 0)
        return result

    def time(self, tick: float) -> float:
        """Seconds of a tick after the first bar's start."""
        return round((self.SHIFT + tick) * self.second, 3)

    def put(self, channel: int, part: Part, start: float, name: str = "") -> None:
        """Play a note, a little early or late, and tell it to the truth's list `name`."""
        note, at, length, velocity = part
        late, at, length = self.rnd.randint(-6, 6), int(start + at), max(40, int(length))
        velocity = max(1, min(127, velocity + self.rnd.randint(-8, 8)))
        self.notes.append(Note(max(0, self.SHIFT + at + late), length, channel, note, velocity))
        entry = [self.time(at), self.time(at + length), note] if name else None
        self.entries.append(entry)
        if entry:
            self.truth[name].append(entry)

    def bar(self, letter: str, bar: int, tick: int) -> int:
        """One bar that starts at `tick`. Returns the tick at which it ends."""
        plan, truth = self.plan, self.truth
        chord, quality = plan.chord(letter, bar)
        shape, end = SHAPES[quality], tick + plan.meter * plan.unit
        louder = 10 * plan.letters.index(letter)
        truth["downbeats"].append(self.time(tick))
        truth["beats"] += [self.time(tick + beat * plan.unit) for beat in range(plan.meter)]
        if plan.back:
            truth["chords"].append([self.time(tick), self.time(end), NAMES[chord] + quality])
        low = 40 + (chord - 4) % 12  # E2 to D#3
        floor = 40 if plan.lead == "cello" else 52  # of the accompaniment
        middle = [floor + (chord + step - floor) % 12 for step in shape]
        for part in bass_part(plan, low + (BASSES[plan.low][1] if plan.low else 0), shape, louder):
            self.put(BASS, part, tick, "bass")
        for part in comp_part(plan, middle, low, louder):
            self.put(COMP, part, tick)
        for sung in self.melodies.get(letter, ()):
            if sung.bar == bar:
                part = sung.note, 0, sung.length * plan.unit * 0.92, 94 + louder
                self.put(LEAD, part, plan.tick(tick, sung.position), "tune")
        self._drums(letter, tick)
        return end

    def _drums(self, letter: str, tick: int) -> None:
        """A bar of drums."""
        plan = self.plan
        for region, note, pattern in plan.tables.drums[plan.kits[letter]] if plan.kits else ():
            for place, hit in enumerate(pattern[: plan.parts * plan.meter]):
                if hit == "1":
                    at = int(plan.tick(tick, place / plan.parts))
                    late, softer = self.rnd.randint(0, 6), self.rnd.randint(-8, 8)
                    self.notes.append(Note(self.SHIFT + at + late, 60, DRUM, note, LOUD[region] + softer))
                    self.entries.append([self.time(at), region])
                    self.truth["drums"].append(self.entries[-1])

    def piece(self) -> Piece:
        """All of it."""
        truth, tick = self.truth, 0
        for letter in self.plan.form:
            start = tick
            for bar in range(self.plan.bars):
                tick = self.bar(letter, bar, tick)
            if truth["sections"] and truth["sections"][-1][2] == letter:
                truth["sections"][-1][1] = self.time(tick)
            else:
                truth["sections"].append([self.time(start), self.time(tick), letter])
        truth["form"] = " ".join(letter for _, _, letter in truth["sections"])
        truth["drums"].sort()
        piece = Piece(self.notes, self.entries, self.programs, self.plan.tempo, self.plan.unit, truth)
        truth["notes"] = piece.sounding()
        truth["covered"] = self._covered()
        return piece

    def _covered(self) -> list[int]:
        """Which notes of the tune begin under or on a note of another part."""
        others = [(n.at, n.at + n.length, n.note) for n in self.notes if n.channel in (COMP, BASS)]
        result = []
        for index, (start, _, note) in enumerate(self.truth["tune"]):
            tick = round(start / self.second)
            if any(at - 8 <= tick < end and other >= note for at, end, other in others):
                result.append(index)
        return result


def compose(seed: int, number: int) -> Piece:
    """The piece of this number."""
    rnd = random.Random(f"{seed}/{number}")
    while True:
        piece = Composer(draw(rnd), rnd).piece()
        if len(piece.truth["covered"]) <= MOST_COVERED * max(1, len(piece.truth["tune"])):
            return piece
