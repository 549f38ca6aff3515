"""Pieces in styles that are drawn too, so that networks learn music, and not the dozen styles of the benchmark."""

from __future__ import annotations

import random

from ..music.pieces import Composer, Piece, draw
from ..music.styles import BASSES, COMPS, LEADS, Cells, Hits, Progression, Style, Tables

COMPOUND = 0.16  # how often a beat has three parts
METERS = [4, 4, 4, 4, 3, 3, 2]  # of the others: one of these
TEMPI = [(70, 140), (70, 140), (60, 90), (110, 180)]  # beats a minute, from and to
COMPOUND_TEMPO = (44, 130)
COMP_PATTERNS = ["block", "arp", "offbeat", "oom", "pad", "power", "arp", "block"]
COMPOUND_PATTERNS = ["arp6", "jig", "pad", "pad"]
BASS_PATTERNS = ["root", "root5", "root8", "off", "walk", None]
SWING = [0, 0, 0, 0, 1 / 6, 0.12]
DRUMMED, LED, ACCOMPANIED, LOW = 0.6, 0.85, 0.92, 0.8  # how often there are drums, a lead, chords, an own bass
KITS = [f"kit {number}" for number in range(4)]

FIRST, SELDOM = 0.93, 0.3  # how often a bass drum begins every bar of a kit; how likely it begins that of another kit
DENSE = [0.04, 0.12, 0.25]  # how likely the bass drum strikes elsewhere; more on beats, less off eighths
EVERY = 0.2  # how often a bass drum strikes on every beat
BACKBEATS = {2: [[1]], 3: [[1, 2], [2], [1]], 4: [[1, 3], [1, 3], [1, 3], [2], [3]]}  # beats of the snare, by metre
BACK = 0.97  # how likely the snare strikes there
GHOSTS, GHOST = 0.35, 0.12  # how often a snare strikes elsewhere too, and how likely
HIGH_STEPS, COMPOUND_HIGH_STEPS = [1, 2, 2, 2, 4, 4], [1, 1, 3]  # parts of a beat from one hat to the next
OFFBEAT, STRAY = 0.25, 0.03  # how often hats once a beat lie between beats; how likely one strikes beside its grid
LOWS, MIDS, HIGHS = [35, 36, 36], [37, 38, 38, 38, 39, 40], [42, 42, 46, 51, 44, 54, 70]  # General MIDI's drums
LESS = {0.12: (2,), 0.24: (0, 1), 0.3: (0, 2)}  # which of low, mid, high there are, up to this place from 0 to 1

POOLS = {  # degrees and qualities; the tonic first
    "major": [(0, ""), (2, "m"), (4, "m"), (5, ""), (7, ""), (9, "m")],
    "minor": [(0, "m"), (3, ""), (5, "m"), (7, "m"), (7, ""), (8, ""), (10, "")],
}
OPENS, HALVES, COLOURED = 0.7, 0.25, 0.3  # how often the tonic opens; each chord lasts two bars; there are sevenths
RICHER = {"": ["7", "maj7", "sus4"], "m": ["m7"]}
RICH, RICH_TONIC = 0.5, 0.3  # how often a chord of these, a tonic of them, has one
PROGRESSIONS = 6  # of each mode

RHYTHMS: list[Cells] = [
    [(1,), (0.5, 0.5), (2,)],
    [(1.5, 0.5), (1,), (0.5, 0.5)],
    [(0.5, 1, 0.5), (1,), (0.5, 0.5), (0.75, 0.25)],
    [(0.25, 0.25, 0.25, 0.25), (0.5, 0.5), (1,), (0.5, 0.25, 0.25)],
    [(2,), (1,), (3,)],
    [(0.75, 0.75, 0.5), (1,), (0.5, 0.5)],
]
COMPOUND_RHYTHM: Cells = [(1 / 3, 1 / 3, 1 / 3), (2 / 3, 1 / 3), (1,), (1 / 3, 2 / 3), (2,)]
COVERED, TRIES = 0.2, 6  # the share of a tune that others may cover; after so many tries it may be more


def pattern(rnd: random.Random, likely: list[float]) -> str:
    """A bar of strokes, from how likely each is."""
    return "".join("1" if rnd.random() < each else "." for each in likely)


def kit(rnd: random.Random, meter: int, compound: bool) -> list[Hits]:
    """The drums of a bar."""
    per = 3 if compound else 4
    count = per * meter
    dense, begins = rnd.choice(DENSE), 1.0 if rnd.random() < FIRST else SELDOM
    low = [begins] + [dense * (2 if i % per == 0 else 0.5 if i % 2 else 1.3) for i in range(1, count)]
    if rnd.random() < EVERY and not compound:
        low[::per] = [1.0] * meter
    back = rnd.choice(BACKBEATS[meter])
    ghost = GHOST if rnd.random() < GHOSTS else 0.0
    mid = [BACK if i % per == 0 and i // per in back else ghost for i in range(count)]
    step = rnd.choice(COMPOUND_HIGH_STEPS if compound else HIGH_STEPS)
    first = 2 if step == 4 and rnd.random() < OFFBEAT else 0
    high = [1.0 if (i - first) % step == 0 else STRAY for i in range(count)]
    parts: list[Hits] = [
        ("low", rnd.choice(LOWS), pattern(rnd, low)),
        ("mid", rnd.choice(MIDS), pattern(rnd, mid)),
        ("high", rnd.choice(HIGHS), pattern(rnd, high)),
    ]
    place = rnd.random()
    there = next((some for most, some in LESS.items() if place < most), (0, 1, 2))
    return [parts[i] for i in there]


def progression(rnd: random.Random, mode: str) -> Progression:
    """Four chords, of which the first or the last is the tonic."""
    tonic = POOLS[mode][0]
    result = [rnd.choice(POOLS[mode]) for _ in range(4)]
    result[0 if rnd.random() < OPENS else 3] = tonic
    if rnd.random() < HALVES:
        result = [result[0], result[0], result[2], result[2]]
    if rnd.random() < COLOURED:
        result = [richer(rnd, chord) if chord != tonic or rnd.random() < RICH_TONIC else chord for chord in result]
    return result


def richer(rnd: random.Random, chord: tuple[int, str]) -> tuple[int, str]:
    """A chord with one more note, or as it is; no tonic becomes a dominant."""
    degree, quality = chord
    if rnd.random() < RICH:
        quality = rnd.choice(RICHER[quality])
    return degree, "maj7" if (degree, quality) == (0, "7") else quality


def style(rnd: random.Random, compound: bool) -> Style:
    """How a piece is played."""
    meter = 2 if compound else rnd.choice(METERS)
    tempo = COMPOUND_TEMPO if compound else rnd.choice(TEMPI)
    comp: str | None = rnd.choice(COMPOUND_PATTERNS if compound else COMP_PATTERNS)
    lead = rnd.choice(list(LEADS)) if rnd.random() < LED else None
    drums, bass = rnd.random() < DRUMMED, rnd.choice(BASS_PATTERNS)
    back = rnd.choice(list(COMPS)) if rnd.random() < ACCOMPANIED else None
    low = rnd.choice(list(BASSES)) if bass and rnd.random() < LOW else None
    if back is None:
        comp = None
        bass = bass if low else None  # nobody plays it
    silent = not (comp or bass or lead)
    swing = 0 if compound else rnd.choice(SWING)
    return Style(meter, tempo, KITS if drums or silent else None, comp, [lead], [back], [low], bass, swing)


def tables(rnd: random.Random, compound: bool) -> Tables:
    """A style with its chords and drums."""
    one = style(rnd, compound)
    drums = {name: kit(rnd, one.meter, compound) for name in one.kits or ()}
    chords: dict[str, list[Progression]] = {mode: [] for mode in POOLS}
    for mode, found in chords.items():
        while len(found) < PROGRESSIONS:
            if (new := progression(rnd, mode)) not in found:
                found.append(new)
    return Tables({"free": one}, chords, drums, ("free",) if compound else ())


def free(rnd: random.Random, compound: bool = False) -> Piece:
    """A piece in a style of its own; `compound`: surely one whose beats have three parts."""
    compound = rnd.random() < COMPOUND or compound
    there = tables(rnd, compound)
    for _ in range(TRIES):
        plan = draw(rnd, there)
        plan.rhythms = {letter: COMPOUND_RHYTHM if compound else rnd.choice(RHYTHMS) for letter in plan.letters}
        piece = Composer(plan, rnd).piece()
        if len(piece.truth["covered"]) <= COVERED * max(1, len(piece.truth["tune"])):
            break
    if not piece.truth["notes"]:
        piece.truth["key"] = None
    return piece
