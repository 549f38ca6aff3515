"""Random notes and drums, without a style: what a network can learn of them is how notes and strokes sound.

Most textures are a band of one to four parts, with drums or without. Some are chords alone, of any timbre and in any
inversion; some are a single line. music/play.py plays them, as pieces whose ticks are milliseconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..music import play
from ..music.pieces import DRUM, Entry, Note, Piece
from ..music.styles import SCALES
from ..music.timing import apart

CLOCK = (125, 480)  # beats a minute, ticks a beat: a tick is a millisecond
SHORTEST = 40  # ms of a note; what is shorter is left out
KINDS = {"band": 31, "chords": 5, "line": 4}  # how often, of 40: one in eight is chords, one in ten a line
PARTS = [1, 1, 1, 2, 2, 3, 3, 4]  # of a band: one of these
VELOCITY = (60, 115)  # of a part
VARIED = (-15, 12)  # by how much a note's velocity differs from its part's
JITTER = 0.008  # seconds, standard deviation of a chord's notes about its time
DETUNED = 0.2  # semitones, at most
SENDS = [0, 0, 20, 60, 100]  # to the synthesizer's reverberation, of 127: one of these

CHOIRS = (52, 53, 54, 85, 91)  # sound like a voice in both fonts: choirs, "Solo Vox" and "Space Voice"
SUNG = (52, 53, 54)  # of these, the ones that never play chords alone

# General MIDI programs from 0, and the notes between which they sound like themselves: (first, last, lowest, highest).
# Left out are those that, in both fonts, do not sound the note that is asked for: 31 an octave or two higher,
# 55 a whole chord, 86 and 97 a fifth with it; 101, which takes half a second to be heard; and sound effects.
SPANS = [
    (0, 7, 36, 90), (8, 15, 53, 92), (16, 23, 36, 88), (24, 30, 40, 80), (32, 39, 28, 55),  # pianos … basses
    (40, 40, 55, 95), (41, 41, 48, 84), (42, 42, 36, 72), (43, 43, 28, 55), (44, 45, 40, 88),  # strings
    (46, 46, 30, 90), (47, 47, 36, 55), (48, 51, 36, 88), (52, 54, 45, 80),  # harp, timpani, sections, choirs
    (56, 56, 52, 84), (57, 57, 40, 70), (58, 58, 26, 55), (59, 59, 52, 82), (60, 60, 40, 76), (61, 61, 40, 80),
    (62, 63, 40, 84), (64, 64, 56, 88), (65, 65, 49, 81), (66, 66, 44, 76), (67, 67, 36, 68), (68, 68, 58, 88),
    (69, 69, 50, 80), (70, 70, 34, 70), (71, 71, 50, 88), (72, 72, 74, 100), (73, 74, 60, 94), (75, 75, 60, 90),
    (76, 77, 55, 85), (78, 79, 60, 90),  # brass, reeds, pipes
    (80, 85, 45, 90), (87, 87, 45, 90), (88, 96, 40, 85), (98, 100, 40, 85), (102, 103, 40, 85),  # synthesizers
    (104, 104, 45, 80), (105, 106, 50, 80), (107, 107, 45, 80), (108, 108, 55, 85), (109, 109, 50, 80),
    (110, 110, 55, 90), (111, 111, 55, 85), (114, 114, 50, 80),  # from sitar to shanai; steel drums
]  # fmt: skip
RANGES = {program: (low, high) for first, last, low, high in SPANS for program in range(first, last + 1)}

# Seconds after which a key that is held has fallen by 30 dB, at a quarter and at four fifths of the range, in the font
# in which it falls sooner. No key is held for longer: who could hear that it is?
RINGS = {
    0: (3.5, 0.6), 1: (3.5, 0.6), 2: (2.3, 1.6), 3: (3.2, 0.6), 6: (3.4, 1.0), 7: (4.0, 1.3), 8: (1.2, 1.0),
    9: (0.9, 0.6), 10: (1.0, 0.6), 11: (2.2, 1.1), 12: (0.5, 0.3), 13: (0.3, 0.2), 14: (1.8, 0.8), 15: (1.2, 1.0),
    25: (3.2, 1.1), 27: (2.8, 1.6), 28: (0.7, 0.1), 32: (4.0, 1.6), 38: (1.4, 1.3), 39: (3.9, 1.6), 45: (0.4, 0.2),
    46: (2.5, 1.1), 47: (1.8, 1.2), 98: (2.1, 1.9), 104: (3.1, 2.0), 105: (1.1, 0.4), 106: (1.3, 0.9),
    107: (1.1, 1.4), 108: (0.3, 0.4), 114: (0.8, 0.3),
}  # fmt: skip

# What music has most often; a part plays one of these as often as any program at all.
COMMON = [
    0, 0, 0, 1, 4, 24, 24, 25, 25, 26, 27, 29, 30, 30, 33, 33, 32, 38, 34, 40, 42, 48, 48, 49, 52, 53, 56, 65, 66, 71,
    73, 16, 16, 19, 21, 46, 11, 12, 80, 81, 88, 89, 90,
]  # fmt: skip
BASSES = [32, 33, 33, 34, 35, 36, 37, 38, 39, 42, 43, 58, 70]
BASS = (28, 50)  # notes of a bass

# Chords of a band, as semitones above the lowest note, cut to the size that is asked for.
STACKS = [
    (0, 4, 7, 12), (0, 3, 7, 10), (0, 4, 7, 11), (0, 5, 7, 12), (0, 7, 12, 16), (0, 3, 6, 9), (0, 12, 16, 19),
    (0, 5, 9, 12),
]  # fmt: skip
# Chords alone, by size, within an octave, before they are inverted. Three notes are what most chords have.
SIZES = [2, 3, 3, 3, 4]
SHAPES = {
    2: [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 6), (0, 7), (0, 7)],
    3: [(0, 4, 7), (0, 4, 7), (0, 3, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 5, 7)],
    4: [(0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 3, 6, 10), (0, 3, 6, 9), (0, 4, 7, 9)],
}

# Drums: region, notes of General MIDI's drums, velocity.
DRUMS = [
    ("low", [35, 36], 105),
    ("mid", [37, 38, 39, 40], 96),
    ("high", [42, 42, 44, 46, 49, 51, 53, 59], 78),
    ("tom", [41, 43, 45, 47, 48, 50], 90),
]
STROKE = 100  # ms


class Texture(NamedTuple):
    """What is played; the truth of `piece` has style, notes and drums."""

    piece: Piece
    detuned: float  # semitones by which all parts lie above what is written
    send: int  # to the synthesizer's reverberation, of 127


class Part(NamedTuple):
    """A part of a band."""

    channel: int
    program: int
    pitches: list[int]  # that it may play
    size: int  # notes at a time
    unit: float  # seconds from one to the next, mostly
    steady: bool  # false: out of time
    held: float  # for which share of the time up to the next note
    rests: float  # how often it rests instead
    velocity: int


def rings(program: int, note: int) -> float:
    """For how many seconds a key is held at most."""
    if program not in RINGS:
        return float("inf")
    low, high = RANGES[program]
    place = min(1.0, max(0.0, ((note - low) / (high - low) - 0.25) / (0.8 - 0.25)))
    early, late = RINGS[program]
    return early + (late - early) * place


def played(draw: random.Random, part: Part, note: int, at: float, length: float) -> Note:
    """One note, `at` seconds, for `length` seconds."""
    velocity = max(20, min(127, part.velocity + draw.randint(*VARIED)))
    length = max(0.06, min(length * draw.uniform(0.85, 1.05), rings(part.program, note)))
    return Note(round(1000 * max(0.05, at)), round(1000 * length), part.channel, note, velocity)


def scale(draw: random.Random) -> set[int]:
    """Pitch classes: a key's, some, or all. Music has keys; without the others a network would learn to expect one."""
    kind = draw.choices(["key", "some", "all"], [5, 3, 2])[0]
    if kind == "key":
        root = draw.randrange(12)
        return {(root + step) % 12 for step in SCALES["major"]}
    return set(draw.sample(range(12), draw.randint(4, 7) if kind == "some" else 12))


def anything(draw: random.Random) -> int:
    """A program."""
    return draw.choice(COMMON) if draw.random() < 0.5 else draw.choice(list(RANGES))


def drawn(draw: random.Random, channel: int, program: int, classes: set[int], beat: float, size: int) -> Part:
    """How a program plays: a register of one to two and a half octaves of its range, a rhythm, a touch."""
    low, high = RANGES[program]
    span = draw.randint(12, 30)
    low = draw.randint(low, max(low, high - span))
    pitches = [note for note in range(low, min(high, low + span) + 1) if note % 12 in classes]
    unit = draw.choice([beat / 2, beat, beat, 2 * beat, beat / 3])
    steady, held = draw.random() < 0.8, draw.choice([0.4, 0.9, 0.95, 1.0, 1.6])
    rests, velocity = draw.choice([0, 0.1, 0.3]), draw.randint(*VELOCITY)
    return Part(channel, program, pitches, size, unit, steady, held, rests, velocity)


def bass(draw: random.Random, classes: set[int], beat: float) -> Part:
    """A part of single low notes."""
    part = drawn(draw, 0, draw.choice(BASSES), classes, beat, 1)
    low, high = RANGES[part.program]
    within = range(max(BASS[0], low), min(BASS[1], high) + 1)
    return part._replace(pitches=[note for note in within if note % 12 in classes])


def notes(draw: random.Random, part: Part, seconds: float) -> Iterator[Note]:
    """All that a part plays: single notes that walk by a fifth at most, or chords of any root."""
    at, walk, highest = draw.uniform(0.2, 0.6), draw.choice(part.pitches), part.pitches[-1]
    roots = [note for note in part.pitches if note <= highest - 7] or part.pitches
    while at < seconds - 1:
        length = part.unit * draw.choice([1, 1, 1, 2, 0.5])
        if draw.random() >= part.rests:
            if part.size == 1:
                walk = draw.choice([note for note in part.pitches if abs(note - walk) <= 7])
                yield played(draw, part, walk, at, length * part.held)
            else:
                root, stack = draw.choice(roots), draw.choice(STACKS)[: part.size]
                for note in (root + step for step in stack if root + step <= highest + 12):
                    yield played(draw, part, note, at + draw.gauss(0, JITTER), length * part.held)
        at += length if part.steady else length * draw.uniform(0.7, 1.4)


def chords(draw: random.Random, part: Part, seconds: float) -> Iterator[Note]:
    """Chords alone, each in an inversion of its own, one after the other."""
    at, (low, high) = draw.uniform(0.2, 0.6), (part.pitches[0], part.pitches[-1])
    while at < seconds - 1:
        length = draw.uniform(0.5, 3)
        shape = draw.choice(SHAPES[draw.choice(SIZES)])
        turn = draw.randrange(len(shape))
        inverted = [*shape[turn:], *(step + 12 for step in shape[:turn])]
        lowest = draw.randint(low, max(low, high - inverted[-1] + inverted[0]))
        for step in inverted:
            yield played(draw, part, lowest + step - inverted[0], at + draw.gauss(0, JITTER), length * part.held)
        at += length


def strokes(draw: random.Random, beat: float, seconds: float) -> Iterator[tuple[Note, Entry]]:
    """Strokes on a grid, each region with its own; most drummers leave the toms alone."""
    for region, choices, velocity in DRUMS:
        if region == "tom" and draw.random() < 0.7:
            continue
        step = beat if region == "tom" else beat / draw.choice([1, 2, 4])
        often, at = draw.uniform(0.2, 0.8), 0.4
        while at < seconds - 0.5:
            if draw.random() < often:
                loud = max(30, min(127, velocity + draw.randint(-20, 10)))
                yield Note(round(1000 * at), STROKE, DRUM, draw.choice(choices), loud), [round(at, 3), region]
            at += step


def parts(draw: random.Random, kind: str, beat: float) -> list[Part]:
    """The parts of a texture of this kind."""
    if kind == "chords":
        program = draw.choice([program for program in RANGES if program < 112 and program not in SUNG])
        return [drawn(draw, 0, program, set(range(12)), beat, 0)._replace(held=draw.choice([0.8, 0.95, 1.0]))]
    classes = scale(draw)
    if kind == "line":
        return [drawn(draw, 0, draw.choice(list(RANGES)), classes, beat, 1)]
    count = draw.choice(PARTS)
    result = [bass(draw, classes, beat)] if count > 1 and draw.random() < 0.5 else []
    for channel in range(len(result), count):
        result.append(drawn(draw, channel, anything(draw), classes, beat, draw.choice([1, 1, 2, 3, 3, 4])))
    return result


def texture(draw: random.Random, seconds: float) -> Texture:
    """One texture, of so many seconds."""
    kind, beat = draw.choices(list(KINDS), list(KINDS.values()))[0], 60 / draw.uniform(60, 170)
    there, written = parts(draw, kind, beat), chords if kind == "chords" else notes
    pitched = apart([note for part in there for note in written(draw, part, seconds)])
    end = round(1000 * seconds)
    pitched = [note._replace(length=min(note.length, end - note.at)) for note in pitched if note.length >= SHORTEST]
    struck = list(strokes(draw, beat, seconds)) if kind == "band" and draw.random() < 0.5 else []
    detuned = round(draw.uniform(-DETUNED, DETUNED), 3) if draw.random() < 0.3 else 0.0
    all_notes, truth = pitched + [note for note, _ in struck], {"style": kind, "drums": sorted(e for _, e in struck)}
    programs = {part.channel: part.program for part in there}
    piece = Piece(all_notes, [None] * len(all_notes), programs, *CLOCK, truth)
    truth["notes"] = [[start, stop, round(note + detuned, 3)] for start, stop, note in piece.sounding()]
    return Texture(piece, detuned, draw.choice(SENDS))


def perform(one: Texture, wav: Path, font: Path) -> None:
    """A texture to a stereo WAV file."""
    import mido

    midi = wav.with_suffix(".mid")
    play.write(midi, one.piece)
    file = mido.MidiFile(midi)
    before: list[Any] = []
    for channel in one.piece.programs:
        before.append(mido.Message("control_change", channel=channel, control=91, value=one.send))
        # A synthesizer bends by two semitones unless told otherwise.
        before.append(mido.Message("pitchwheel", channel=channel, pitch=round(one.detuned / 2 * 8192)))
    file.tracks[0][:0] = before
    file.save(midi)
    play.play(midi, wav, font)
    midi.unlink()
