"""Codes into words, measurements into the fields of a line. Never what made the sound: only how it is.

A code is introduced by what the sound measures on average where it is used (`introduce`); a code of a residual layer
by what it adds to the layers above (`refine`). Only measurements whose names are known become words; the thresholds are
steps that a listener would put a name to, not perceptual constants.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

Measures = Mapping[str, float]  # by name, in the unit that the header gives

LEVELS = ((-60, "near silence"), (-45, "very quiet"), (-33, "quiet"), (-22, "medium"), (-12, "loud"))
COLOURS = ((250, "very dark"), (700, "dark"), (1600, "mid"), (3500, "bright"))
TONES = ((0.3, "noisy"), (0.6, "half tonal"))
SPEEDS = ("swelling slowly", "fluctuating 2-8/s", "fluttering 8-16/s", "rough 16-50/s")
FLUCTUATES = 4.0  # dB: a depth that is heard as movement
HIT = 9.0  # dB: a rise that is heard as an attack
VOICED = 0.5  # salience from which a pitch is worth a word

# What a difference must exceed to be said, and how: measure, least, more, less.
CHANGES = (
    ("level", 1.5, "louder", "softer"),
    ("tonality", 0.06, "more tonal", "noisier"),
    ("attack", 2.0, "sharper", "smoother"),
    ("salience", 0.1, "clearer pitch", "vaguer pitch"),
    ("fluct_0", 1.5, "more swell", "less swell"),
    ("fluct_1", 1.5, "more beat 2-8/s", "less beat 2-8/s"),
    ("fluct_2", 1.5, "more flutter", "less flutter"),
    ("fluct_3", 1.5, "rougher", "less rough"),
)
REGIONS = ("sub", "bass", "low mids", "mids", "highs", "air")


def scale(steps: Sequence[tuple[float, str]], top: str, value: float) -> str:
    """The word of the first step above `value`."""
    return next((word for step, word in steps if value < step), top)


def note(hz: float) -> str:
    """The nearest note of equal temperament at A4 = 440 Hz: "A4"."""
    number = round(12 * math.log2(hz / 440)) + 69
    return f"{NOTES[number % 12]}{number // 12 - 1}"


def rounded(hz: float) -> int:
    """Hz to two digits: what a reader can use of it."""
    return int(float(f"{hz:.2g}"))


def introduce(measures: Measures) -> str:
    """What a code of a first layer measures like, in a handful of words."""
    words = []
    if (level := measures.get("level")) is not None:
        words.append(scale(LEVELS, "very loud", level))
        if level < LEVELS[0][0]:
            return words[0]
    if (centroid := measures.get("centroid")) is not None:
        words.append(scale(COLOURS, "very bright", centroid))
    if (tonality := measures.get("tonality")) is not None:
        words.append(scale(TONES, "tonal", tonality))
    pitch = measures.get("pitch")
    if pitch and pitch > 0 and measures.get("salience", 0) >= VOICED:
        words.append(f"pitch ~{rounded(pitch)} Hz")
    depths = [measures.get(f"fluct_{i}", 0.0) for i in range(4)]
    if max(depths) >= FLUCTUATES:
        words.append(SPEEDS[depths.index(max(depths))])
    elif "fluct_0" in measures:
        words.append("steady")
    if measures.get("attack", 0) >= HIT:
        words.append("attacks")
    return ", ".join(words)


def refine(differences: Measures) -> str:
    """What a code of a residual layer adds to the codes above it: the three largest differences, or "a nuance"."""
    said: list[tuple[float, str]] = []
    for name, least, more, less in CHANGES:
        value = differences.get(name, 0.0)
        if abs(value) >= least:
            amount = f"{abs(value):.0f} dB " if name == "level" else ""
            said.append((abs(value) / least, amount + (more if value > 0 else less)))
    tilt = differences.get("centroid", 0.0)
    if abs(tilt) >= 100:
        said.append((abs(tilt) / 100, "brighter" if tilt > 0 else "darker"))
    regions = {i: differences.get(f"band_{i}", 0.0) for i in range(len(REGIONS))}
    strongest = max(regions, key=lambda i: abs(regions[i]))
    if abs(regions[strongest]) >= 3:
        more = "more" if regions[strongest] > 0 else "less"
        said.append((abs(regions[strongest]) / 3, f"{more} {REGIONS[strongest]}"))
    said.sort(reverse=True)
    return ", ".join(text for _, text in said[:3]) or "a nuance"
