"""Notes of equal temperament at A4 = 440 Hz, and their MIDI numbers (69 is A4)."""

from __future__ import annotations

import math
import re

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
NOTE = re.compile(r"([A-G]#?)(-?[0-9]{1,2})")


def number(hz: float) -> float:
    """The MIDI number of a frequency above 0; 0.5 is a quarter tone."""
    return 12 * math.log2(hz / 440) + 69


def frequency(midi: float) -> float:
    """Hz of a MIDI number."""
    return float(440 * 2 ** ((midi - 69) / 12))


def name(hz: float) -> str:
    """The nearest note, such as "A#4"."""
    nearest = round(12 * math.log2(hz / 440)) + 69
    return f"{NAMES[nearest % 12]}{nearest // 12 - 1}"


def parse(text: str) -> int | None:
    """The MIDI number of a note such as "A#4"; None for what is none."""
    found = NOTE.fullmatch(text)
    return NAMES.index(found[1]) + 12 * (int(found[2]) + 1) if found and found[1] in NAMES else None


def hertz(text: str) -> float:
    """Hz of a note such as "A#4"; 0 for what is none."""
    midi = parse(text)
    return frequency(midi) if midi is not None else 0.0
