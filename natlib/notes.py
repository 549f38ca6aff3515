"""Notes of equal temperament at A4 = 440 Hz: their MIDI numbers (69 is A4), and how a key spells them."""

from __future__ import annotations

import math
import re
from typing import Any

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")  # the usual names, if no key is known
NOTE = re.compile(r"([A-G](?:#|b)?)(-?[0-9]{1,2})")
CHORD = re.compile(r"([A-G](?:#|b)?)(.*)")
FIFTHS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "E#",
          "B#")  # fmt: skip
CLASSES = {name: 7 * (place - FIFTHS.index("C")) % 12 for place, name in enumerate(FIFTHS)}  # from C
FLATS = 3  # how many fifths below a major tonic spelling goes: in C down to Eb, the others as sharps
RELATIVE = 3  # semitones from a minor key's tonic up to that of the major key with the same signature


def number(hz: float) -> float:
    """The MIDI number of a frequency above 0; 0.5 is a quarter tone."""
    return 12 * math.log2(hz / 440) + 69


def frequency(midi: float) -> float:
    """Hz of a MIDI number."""
    return float(440 * 2 ** ((midi - 69) / 12))


def name(hz: float) -> str:
    """The nearest note, such as "Bb4"."""
    return note_name(round(12 * math.log2(hz / 440)) + 69)


def note_name(number: int) -> str:
    """A note by its MIDI number: 70 is "Bb4"."""
    return f"{NAMES[number % 12]}{number // 12 - 1}"


def pitch_class(note: str) -> str:
    """The name of a note without its octave."""
    return note.rstrip("-0123456789")


def parse(text: str) -> int | None:
    """The MIDI number of a note such as "Bb4"; None for anything else."""
    found = NOTE.fullmatch(text)
    if not found or found[1] not in CLASSES:
        return None
    octave = int(found[2]) + (found[1] == "B#") - (found[1] == "Cb")  # these lie across the C at which octaves begin
    return CLASSES[found[1]] + 12 * (octave + 1)


def hertz(text: str) -> float:
    """Hz of a note such as "Bb4"; 0 for anything else."""
    midi = parse(text)
    return frequency(midi) if midi is not None else 0.0


def spelling(tonic: int, mode: str) -> tuple[str, ...]:
    """The twelve pitch classes from C as a key spells them: Bb major has Eb, E major D#.

    `tonic` counts semitones from C; `mode` is "major" or "minor". The key's own notes come first, with a minor key's
    leading tone, then naturals, then what is near on the circle of fifths.
    """
    minor = mode == "minor"
    fifths = (7 * (tonic + RELATIVE * minor) + 5) % 12 - 5  # sharps in the signature, minus flats
    fifths = -6 if minor and fifths == 6 else fifths  # Eb minor, the usual spelling
    tonic_place = FIFTHS.index("C") + fifths
    own = [*range(tonic_place - 1, tonic_place + 6), *[tonic_place + 8] * minor]
    naturals = range(FIFTHS.index("F"), FIFTHS.index("B") + 1)
    near = range(tonic_place - FLATS, tonic_place + 12 - FLATS)
    names: dict[int, str] = {}
    for place in (*own, *naturals, *near, *range(len(FIFTHS))):
        if 0 <= place < len(FIFTHS):
            names.setdefault(CLASSES[FIFTHS[place]], FIFTHS[place])
    return tuple(names[note] for note in range(12))


def key_spelling(key: Any) -> tuple[str, ...]:
    """The same for a key such as {"tonic": "Bb", "mode": "major"}; the usual names if it is no key."""
    tonic = CLASSES.get(str(key.get("tonic"))) if isinstance(key, dict) else None
    return NAMES if tonic is None else spelling(tonic, str(key.get("mode")))


def spelled(value: Any, names: tuple[str, ...]) -> Any:
    """A note or a pitch class, or a list of them, in another spelling; anything else stays as it is."""
    if isinstance(value, list):
        return [spelled(entry, names) for entry in value]
    if not isinstance(value, str):
        return value
    if value in CLASSES:
        return names[CLASSES[value]]
    midi = parse(value)
    if midi is None:
        return value
    own = names[midi % 12]
    return f"{own}{midi // 12 - 1 - (own == 'B#') + (own == 'Cb')}"


def chord_spelled(chord: str, names: tuple[str, ...]) -> str:
    """A chord such as "Bbm7" in another spelling; anything else stays as it is."""
    found = CHORD.fullmatch(chord)
    return names[CLASSES[found[1]]] + found[2] if found and found[1] in CLASSES else chord
