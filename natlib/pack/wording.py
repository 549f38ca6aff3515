"""Scenes and sounds in words: what a listener would put a name to. Never what made the sound: only how it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .measures import rounded
from .thresholds import CLEARLY, FLUCTUATES, GRAINS, HOLLOW, NOISE, PERIODIC, TILTS, TONE

GRAIN_WORDS = ("smooth", "slightly grainy", "grainy", "spiky")
TILT_WORDS = ("pure", "mellow", "rich", "sharp")
RATES = ("0.5-2/s", "2-8/s", "8-16/s", "16-50/s")


def scale(steps: Sequence[float], words: Sequence[str], value: float) -> str:
    """The word of the first step above `value`; the last one, of which there is no step, above all."""
    return next((word for step, word in zip(steps, words, strict=False) if value < step), words[-1])


def third(hz: float) -> int:
    """Hz to the nearest third of an octave: what does not change with every breath."""
    return rounded(10 ** (round(10 * math.log10(max(hz, 1))) / 10))


def kind(fields: Mapping[str, Any]) -> str:
    """Noise or tone, its grain, and where it lies: of a scene, or of a summary's colour."""
    tone, grain, words = fields.get("tone"), fields.get("grain"), []
    periodic = fields.get("periodic", 0)
    if tone is not None and tone < NOISE and periodic >= PERIODIC:
        words.append("rough tone" if periodic < CLEARLY else "unsteady tone")
    elif tone is not None:
        if tone < TONE and grain is not None and "pitch" not in fields:
            words.append(scale(GRAINS, GRAIN_WORDS, grain))
        words.append("noise" if tone < NOISE else "partly tonal" if tone < TONE else "tonal")
    if (hz := fields.get("Hz")) is not None:
        words.append(f"around {third(hz)} Hz")
    if "above_16_khz" in fields:
        words.append(f"above 16 kHz, at {fields['main_hz']} Hz" if "main_hz" in fields else "above 16 kHz")
    if "below_40_hz" in fields:
        words.append("below 40 Hz")
    return " ".join(filter(None, words))


def movement(depths: Sequence[float | None]) -> str:
    """The strongest fluctuation, where it is heard as movement."""
    known = [depth or 0 for depth in depths]
    strongest = max(known, default=0)
    if strongest < FLUCTUATES:
        return ""
    return f"fluctuating {2 * round(strongest / 2)} dB at {RATES[known.index(strongest)]}"


def describe(scene: Mapping[str, Any]) -> str:
    """A scene in words, but for its level."""
    words = [kind(scene)]
    if pitch := scene.get("pitch"):
        words.append(f"pitch {way(pitch)}")
    elif peak := scene.get("peak"):
        words.append(f"narrow peak {way(peak)} Hz")
    if f0 := scene.get("f0"):
        words.append(f"fundamental {way(f0)} Hz")
    if am := scene.get("am"):
        words.append(f"modulated {am[0]:.0f}/s {am[1]} dB")
    if clicks := scene.get("clicks"):
        words.append(f"{clicks} click{'s' * (clicks > 1)}")
    if vibrato := scene.get("vibrato"):
        words.append(f"vibrato {vibrato[0]:g}/s {vibrato[1]} cents")
    words.append(movement([None, *scene.get("wobble", ())[1:]]))  # slower ones show from line to line
    if pulse := scene.get("pulse"):
        words.append(f"pulse {pulse}/s")
    if notes := scene.get("notes"):
        words.append(f"notes {notes}")
    return ", ".join(filter(None, words))


def way(value: Any) -> str:
    """Where a pitch or a peak goes, in words: "about A4 to C5"."""
    return str(value).replace("~", "about ").replace(">", " to ")


def event(sound: Mapping[str, Any]) -> str:
    """A sound in words."""
    words = [f"{sound['s']} s, {sound['dB']} dB"]
    if "rise" in sound:
        rising = f"rising {sound['rise']}"
        rising += f" within {sound['ms']} ms" if "ms" in sound else ""
        words.append(rising + (f" in {sound['in']} Hz" if "in" in sound else ""))
    if "pitch" in sound:
        words.append(f"pitch {way(sound['pitch'])}" + (f" {timbre(sound)}" if "tilt" in sound else ""))
    elif "peak" in sound:
        words.append(f"narrow peak {way(sound['peak'])} Hz")
    if "f0" in sound:
        words.append(f"fundamental {way(sound['f0'])} Hz")
    if "Hz" in sound:
        words.append(f"around {way(sound['Hz'])} Hz")
    if "am" in sound:
        words.append(f"modulated {sound['am'][0]:.0f}/s")
    if "fall" in sound:
        words.append(f"falling {sound['fall']}/s")
    return ", ".join(words)


def timbre(fields: Mapping[str, Any]) -> str:
    """How the harmonics of a pitch fall, and whether the even ones are weak."""
    return ("hollow " if fields.get("odd", 0) >= HOLLOW else "") + scale(TILTS, TILT_WORDS, fields["tilt"])
