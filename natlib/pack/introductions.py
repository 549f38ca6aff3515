"""Codes into words: what a code measures like. Never what made the sound: only how it is.

A code is introduced by what the sound measures on average where it is used (`introduce`); a code of a residual layer
by what it adds to the layers above (`refine`). An average contradicts the moment if what is averaged varies too much.
So a code is introduced only by what codes of its type of stream tell apart (`TOLD`), and a difference is said only from
the size at which its sign is right four times out of five, over many sounds. Only measurements whose names are known
become words; the thresholds are steps that a listener would put a name to, not perceptual constants.
"""

from __future__ import annotations

from collections.abc import Mapping

from .thresholds import (
    BRIGHTER,
    CLEARER,
    COLOURS,
    FLUCTUATES,
    HIT,
    LEVELS,
    LOUDER,
    MORE_MOVED,
    MORE_TONAL,
    PITCHES,
    REGION,
    SHARPER,
    TONES,
    WORTH,
)
from .wording import scale

Measures = Mapping[str, float]  # by name, in the unit that the header gives

LEVEL_WORDS = ("near silence", "very quiet", "quiet", "medium", "loud", "very loud")
COLOUR_WORDS = ("very dark", "dark", "mid", "bright", "very bright")
PITCH_WORDS = ("low pitch", "middle pitch", "high pitch")
TONE_WORDS = ("noisy", "half tonal", "tonal")
SPEEDS = ("swelling slowly", "fluctuating 2-8/s", "fluttering 8-16/s", "rough 16-50/s")

# What the codes of a stream tell apart, by its type: how the sound is over seconds, or what happens in a moment.
TOLD = {
    "semantic": ("centroid", "tonality", "salience", "modulation_"),
    "acoustic": ("level", "centroid", "tonality", "pitch", "salience", "onset_strength", "band_"),
}

# From which size on a difference is said, and how: measure, least, more, less.
CHANGES = (
    ("level", LOUDER, "louder", "softer"),
    ("centroid", BRIGHTER, "brighter", "darker"),
    ("tonality", MORE_TONAL, "more tonal", "noisier"),
    ("onset_strength", SHARPER, "sharper", "smoother"),
    ("salience", CLEARER, "clearer pitch", "vaguer pitch"),
    ("modulation_0", MORE_MOVED, "more swell", "less swell"),
    ("modulation_1", MORE_MOVED, "more beat 2-8/s", "less beat 2-8/s"),
    ("modulation_2", MORE_MOVED, "more flutter", "less flutter"),
    ("modulation_3", MORE_MOVED, "rougher", "less rough"),
)
REGIONS = ("sub", "bass", "low mids", "mids", "highs", "air")


def told(measures: Measures, stream: str) -> Measures:
    """The measures that codes of this type of stream tell apart; all of them if the type is unknown."""
    return {name: value for name, value in measures.items() if name.startswith(TOLD.get(stream, ""))}


def introduce(measures: Measures, stream: str = "") -> str:
    """What a code of a first layer measures like, in a handful of words; `stream` is the type of its stream."""
    words = []
    if measures.get("level", 0) < LEVELS[0]:
        return LEVEL_WORDS[0]
    measures = told(measures, stream)
    if (level := measures.get("level")) is not None:
        words.append(scale(LEVELS, LEVEL_WORDS, level))
    if (centroid := measures.get("centroid")) is not None:
        words.append(scale(COLOURS, COLOUR_WORDS, centroid))
    if (tonality := measures.get("tonality")) is not None:
        words.append(scale(TONES, TONE_WORDS, tonality))
    pitch = measures.get("pitch")
    if pitch and pitch > 0 and measures.get("salience", 0) >= WORTH:
        words.append(scale(PITCHES, PITCH_WORDS, pitch))
    depths = [measures.get(f"modulation_{i}", 0.0) for i in range(4)]
    if max(depths) >= FLUCTUATES:
        words.append(SPEEDS[depths.index(max(depths))])
    elif "modulation_0" in measures:
        words.append("steady")
    if measures.get("onset_strength", 0) >= HIT:
        words.append("attacks")
    return ", ".join(words)


def refine(differences: Measures, stream: str = "") -> str:
    """What a code of a residual layer adds to the codes above it: the three largest differences, if any."""
    differences = told(differences, stream)
    said: list[tuple[float, str]] = []
    for name, least, more, less in CHANGES:
        value = differences.get(name, 0.0)
        if abs(value) >= least:
            amount = f"{abs(value):.0f} dB " if name == "level" else ""
            said.append((abs(value) / least, amount + (more if value > 0 else less)))
    regions = {i: differences.get(f"band_{i}", 0.0) for i in range(len(REGIONS))}
    strongest = max(regions, key=lambda i: abs(regions[i]))
    if abs(regions[strongest]) >= REGION:
        more = "more" if regions[strongest] > 0 else "less"
        said.append((abs(regions[strongest]) / REGION, f"{more} {REGIONS[strongest]}"))
    said.sort(reverse=True)
    return ", ".join(text for _, text in said[:3])
