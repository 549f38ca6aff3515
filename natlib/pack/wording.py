"""Scenes and sounds in words: what a listener would put a name to. Never what made the sound: only how it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..caveats import minutes
from ..repeats import moments
from .contours import points
from .measures import rounded
from .thresholds import CLEARLY, FLUCTUATES, GRAINS, HOLLOW, NOISE, PERIODIC, TILTS, TONE

GRAIN_WORDS = ("smooth", "slightly grainy", "grainy", "spiky")
TILT_WORDS = ("pure", "mellow", "rich", "edgy")
RATES = ("0.5-2 Hz", "2-8 Hz", "8-16 Hz", "16-50 Hz")
SECTION_WORDS = {
    "loudness": "{} LUFS",
    "level": "{} dB",
    "onsets_per_bar": "{:g} attacks a bar",
    "onset_rate": "{:g} attacks a second",
    "centroid": "around {} Hz",
    "voice_percent": "voice-like {} % of it",
}
MOST_TIMES = 12  # times that are told one by one

Fields = Mapping[str, Any]


def scale(steps: Sequence[float], words: Sequence[str], value: float) -> str:
    """The word for the first step above `value`; above all steps the last word, which has none."""
    return next((word for step, word in zip(steps, words, strict=False) if value < step), words[-1])


def third(hz: float) -> int:
    """Hz to the nearest third of an octave, which does not change with every breath."""
    return rounded(10 ** (round(10 * math.log10(max(hz, 1))) / 10))


def clock(seconds: float) -> str:
    """A time in seconds, from a minute on also as min:s: "75.2 (1:15)"."""
    return f"{seconds:g} ({minutes(seconds)})" if seconds >= 60 else f"{seconds:g}"


def kind(fields: Fields, grained: bool = True) -> str:
    """Noise or tone, its grain unless it has a pitch, and where it lies: for a scene or a summary."""
    tonality, grain = fields.get("tonality"), fields.get("grain")
    words: list[str] = []
    outside: list[str] = []
    periodicity = fields.get("periodicity", 0)
    if tonality is not None and tonality < NOISE and periodicity >= PERIODIC:
        words.append("rough tone" if periodicity < CLEARLY else "unsteady tone")
    elif tonality is not None:
        if tonality < TONE and grain is not None and grained and not where(fields).startswith("pitch"):
            words.append(scale(GRAINS, GRAIN_WORDS, grain))
        words.append("noise" if tonality < NOISE else "partly tonal" if tonality < TONE else "tonal")
    if (hz := fields.get("centroid")) is not None:
        words.append(f"around {third(hz)} Hz")
    if "above_16_khz" in fields:
        strongest = fields.get("dominant_frequency")
        outside.append("most of it above 16 kHz" + (f", at {strongest} Hz" if strongest else ""))
    if "below_40_hz" in fields:
        outside.append("most of it below 40 Hz")
    return ", ".join(filter(None, (" ".join(words), *outside)))


def where(fields: Fields) -> str:
    """The pitch or, if there is none, the narrow peak."""
    if pitch := points(fields, "pitch"):
        return f"pitch {' to '.join(pitch)}"
    if "vague_pitch" in fields:
        return f"pitch near {fields['vague_pitch']}"
    if peak := points(fields, "peak"):
        return f"narrow peak at {way(peak)}"
    return ""


def way(contour: Sequence[float]) -> str:
    """Where a frequency goes: "490 to 890 Hz"."""
    return f"{' to '.join(map(str, contour))} Hz"


def movement(depths: Sequence[float | None]) -> str:
    """The strongest fluctuation, if it is heard as movement."""
    known = [depth or 0 for depth in depths]
    strongest = max(known, default=0)
    if strongest < FLUCTUATES:
        return ""
    return f"fluctuating by {2 * round(strongest / 2)} dB at {RATES[known.index(strongest)]}"


def describe(scene: Fields) -> str:
    """A scene in words, without its level."""
    words = [kind(scene), where(scene)]
    if f0 := points(scene, "f0"):
        words.append(f"f0 {way(f0)}")
    if am := scene.get("am"):
        words.append(f"modulated at {am[0]:.0f} Hz by {am[1]} dB")
    if clicks := scene.get("clicks"):
        words.append(f"{clicks} click{'s' * (clicks > 1)}")
    if vibrato := scene.get("vibrato"):
        words.append(f"vibrato of {vibrato[0]:g} Hz, {vibrato[1]} cents")
    words.append(movement([None, *scene.get("modulation", ())[1:]]))  # slower ones show from line to line
    if pulse := scene.get("pulse"):
        words.append(f"pulse at {pulse} Hz")
    if together := scene.get("notes"):
        words.append(f"notes {' '.join(together)}")
    if classes := scene.get("pitch_classes"):
        words.append(f"pitch classes {' '.join(classes)}")
    return ", ".join(filter(None, words))


def rise(fields: Fields) -> str:
    """How an attack rises."""
    text = f"rising {fields['onset_strength']} dB"
    if "attack_time" in fields:
        text += f" within {fields['attack_time']} ms" if fields["attack_time"] else " at once"
    return text


def event(sound: Fields) -> str:
    """A sound in words."""
    words = [f"{sound['duration']} s, up to {sound['max_level']} dB"]
    if "onset_strength" in sound:
        band = sound.get("onset_band")
        words.append(rise(sound) + (f" in {band[0]:g}-{band[1]:g} Hz" if band else ""))
    place = where(sound)
    if begun := sound.get("onset_notes"):
        words.append(f"notes {' '.join(begun)} begin" if len(begun) > 1 else f"note {begun[0]} begins")
    words.append(f"{place} ({timbre(sound)})" if place.startswith("pitch") and "tilt" in sound else place)
    if f0 := points(sound, "f0"):
        words.append(f"f0 {way(f0)}")
    if centroid := points(sound, "centroid"):
        words.append(f"around {way(centroid)}")
    if rows := sound.get("inside"):
        words.append(f"inside: {', '.join(map(stage, rows))}")
    words += [f"{when}: {stage(sound[when])}" for when in ("before", "after") if when in sound]
    if rows := sound.get("formants"):
        words.append(f"formants {' to '.join(' '.join(map(str, row)) for row in rows)} Hz")
    if "am" in sound:
        words.append(f"modulated at {sound['am'][0]:.0f} Hz")
    if "decay" in sound:
        words.append(f"fading by {sound['decay']} dB/s")
    return ", ".join(filter(None, words))


def stage(row: Sequence[int | None]) -> str:
    """A part of an event: "-20 dB noise 4000 Hz"."""
    level, centroid, tonality, f0 = row
    tone = "" if tonality is None else "noise" if tonality < NOISE else "partly tonal" if tonality < TONE else "tonal"
    said = [f"{level} dB", tone, f"{centroid} Hz" if centroid else "", f"(f0 {f0})" if f0 else ""]
    return " ".join(filter(None, said))


def again(start: float, fields: Fields) -> str:
    """What repeats a sound, in words."""
    count, levels = fields["count"], fields.get("max_levels")
    text = f"{'again' if count == 1 else f'{count} times'} like the one at {fields['of']:g}"
    if "ioi" in fields:
        text += f", every {fields['ioi']:g} s until {fields['until']:g}"
    elif times := fields.get("times", ())[1:]:
        more = f" … {times[-1]:g}" if len(times) > MOST_TIMES else ""
        text += f", also at {', '.join(f'{time:g}' for time in times[:MOST_TIMES])}{more}"
    if levels and count == 1:
        text += f", up to {levels[0]} dB"
    elif levels:
        text += f", at {min(levels)} to {max(levels)} dB"
        loudest = [time for time, level in zip(moments(start, fields), levels, strict=False) if level == max(levels)]
        text += f", loudest at {', '.join(f'{time:g}' for time in loudest[:3])}"
    return text


def timbre(fields: Fields) -> str:
    """How the harmonics of a pitch fall, and whether the even ones are weak."""
    return ("hollow " if fields.get("odd_even", 0) >= HOLLOW else "") + scale(TILTS, TILT_WORDS, fields["tilt"])


def bar(fields: Fields) -> str:
    """A bar as on a lead sheet: "7: Am . F . | A1 . F1 . | E5 . D5 C5 | low x---x--- | -18 dB"."""
    number = f"{fields['n']}" + (f" = {fields['like']}" if "like" in fields else "")
    parts = []
    if chords := fields.get("chords"):
        parts.append(going([name for name, beats in chords for name in [name] * max(1, round(beats))]))
    parts += [going(fields[name]) for name in ("bass", "melody") if name in fields]
    if strokes := fields.get("strokes"):
        parts.append(" ".join(f"{region} {pattern}" for region, pattern in strokes.items()))
    if "level" in fields:
        parts.append(f"{fields['level']} dB")
    if "end" in fields:
        parts.append(f"ends at {fields['end']:g}")
    return f"{number}: {' | '.join(parts)}" if parts else number


def section(fields: Fields) -> str:
    """A section: "B 14.2-27.9: 8 bars, chords A D-E7 again and again, -13.1 LUFS, 12 attacks a bar …"."""
    said = []
    if "like" in fields:
        said.append(f"like section {fields['like']}")
    if bars := fields.get("bars"):
        said.append("1 bar" if bars == 1 else f"{bars} bars")
    if loop := fields.get("chord_loop"):
        said.append(f"chords {' '.join(loop)} again and again")
    elif chords := fields.get("progression"):
        said.append(f"chords {' '.join(chords)}")
    if strokes := fields.get("strokes"):
        said.append("strokes " + " ".join(f"{region} {pattern}" for region, pattern in strokes.items()))
    for name, text in SECTION_WORDS.items():
        if (value := fields.get(name)) is not None:
            said.append(text.format(value))
    if register := fields.get("register"):
        said.append(f"notes {register[0]} to {register[1]}")
    for name in ("enters", "leaves"):
        if found := fields.get(name):
            said.append(f"{name}: {', '.join(found)}")
    end = f" to {clock(fields['end'])}" if "end" in fields else ""
    return f"section {fields['n']}, {fields['label']}{end}: {', '.join(said)}".rstrip(": ")


def going(line: Sequence[str | None]) -> str:
    """A line in equal parts: "E5 . D5 -": what goes on as a point, silence as a dash."""
    last: str | None = ""
    words = []
    for name in line:
        words.append("." if name == last and name else name or "-")
        last = name
    return " ".join(words)
