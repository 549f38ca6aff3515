"""Translates format 1.x into the names of 2.0, before a reader does anything else. nat.5 lists the changes.

Only names and forms changed, so every older stream can be read: `Former` translates its heads, one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .wire import Head

MODULATION = [0.5, 2, 8, 16, 50]  # Hz: where each range of fluctuation rates begins, and where the last one ends

# Names of measures, or of families of measures (fluct_0): old, new.
MEASURES = {
    "rise": "above_background",
    "attack": "onset_strength",
    "attack_time": "onset_time",
    "attack_length": "attack_time",
    "fluct": "modulation",
    "regularity": "pulse_clarity",
    "beat": "tempo_clarity",
    "vibrato_depth": "vibrato_extent",
    "fundamental": "f0",
    "below": "below_40_hz",
    "above": "above_16_khz",
    "main": "dominant_frequency",
}
SCENE = {
    "dB": "level",
    "Hz": "centroid",
    "main_hz": "dominant_frequency",
    "tone": "tonality",
    "periodic": "periodicity",
    "notes": "pitch_classes",
    "bass": "lowest",
    "top": "highest",
    "attacks": "onsets",
    "wobble": "modulation",
}
SOUND = {
    "s": "duration",
    "dB": "max_level",
    "rise": "onset_strength",
    "ms": "attack_time",
    "in": "onset_band",
    "Hz": "centroid",
    "periodic": "periodicity",
    "harm": "harmonicity",
    "odd": "odd_even",
    "fall": "decay",
}
SOUNDS = {
    "n": "count",
    "s": "duration",
    "gap": "ioi",
    "gap_sd": "ioi_sd",
    "grid": "tatum",
    "rise": "onset_strength",
    "ms": "attack_time",
    "fall": "decay",
    "turn": "centroid_drift",
    "low": "low_band",
    "high": "high_band",
}
PITCHED = {"percent": "pitch_percent", "median": "pitch_median", "notes": "pitched_sounds", "harm": "harmonicity",
           "odd": "odd_even"}  # fmt: skip
OTHERS = {"masked_attacks": "masked_onsets", "clicks": "click_rate", "lines": "spectral_lines", "voices": "polyphony",
          "channels": "channel_levels", "codes": "common_codes"}  # fmt: skip
FIGURES = ("used", "entropy", "changes_per_second")  # of layers; others can be derived from these
MOVING = {"pitch": "pitch_contour", "peak": "peak_contour", "f0": "f0_contour", "centroid": "centroid_contour"}


def measure(name: Any) -> Any:
    """The new name of a measure, alone or one of a family."""
    if not isinstance(name, str):
        return name
    family, digits = re.fullmatch(r"(.*?)((?:_[0-9]+)?)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    return MEASURES.get(family, family) + digits


class Former:
    """Takes the heads of a stream in order, and gives them with today's names."""

    def __init__(self) -> None:
        self.old = False  # is the current item in format 1.x?

    def __call__(self, head: Head) -> Head:
        """The head as it is written today; it may be the same object."""
        event = head.get("event")
        if event == "header":
            version = head.get("nat")
            self.old = isinstance(version, str) and version.partition(".")[0] in ("0", "1")
        if not self.old:
            return head
        if event is None:
            return {
                **head,
                **{name: turn(head[name]) for name, turn in LINES.items() if isinstance(head.get(name), dict)},
            }
        turn = EVENTS.get(event) if isinstance(event, str) else None
        return turn(head) if turn else head


def header(head: Head) -> Head:
    """The header: renames measures, and what nat-pack says."""
    head = {**head}
    if isinstance(head.get("measures"), list):
        head["measures"] = [
            {**entry, "name": measure(entry.get("name"))} if isinstance(entry, dict) else entry
            for entry in head["measures"]
        ]
    pack = head.get("pack")
    if isinstance(pack, dict):
        said = str(pack.get("how_to_read", ""))
        edges = {f"{field}_hz": found for field in ("bands", "spectrum") if (found := borders(field, said))}
        head["pack"] = (
            edges | {"modulation_hz": MODULATION} | renamed(pack, {"scene": "scene_seconds", "codes": "legend"})
        )
    return head


def borders(field: str, said: str) -> list[int]:
    """Where the bands of a field begin and the last one ends, in Hz; 1.x may say so only in words."""
    found = re.search(rf"\b{field} dB in ([0-9]+(?:-[0-9]+)+) Hz", said)
    return [int(edge) for edge in found[1].split("-")] if found else []


def code(head: Head) -> Head:
    """A note on a code."""
    measures = head.get("measures")
    return {**head, "measures": {measure(k): v for k, v in measures.items()}} if isinstance(measures, dict) else head


def end(head: Head) -> Head:
    """The end, with what nat-pack counted."""
    stats = head.get("stats")
    if not isinstance(stats, dict):
        return head
    told = renamed(stats, {"lines": "text_lines", "bytes": "text_bytes"})
    layers = told.pop("layers", None)
    if isinstance(layers, dict) and all(isinstance(figures, dict) for figures in layers.values()):
        columns = {name: [figures.get(name, 0) for figures in layers.values()] for name in FIGURES}
        told["by_layer"] = {"layer": [*layers], **columns}
    return {**head, "stats": told}


def scene(fields: Head) -> Head:
    """The fields of a scene."""
    return ways(renamed(fields, SCENE))


def sound(fields: Head) -> Head:
    """The fields of a sound."""
    return ways(renamed(fields, SOUND))


def ways(fields: Head) -> Head:
    """Text that holds several values, as what it is: "A4>C5" is a list, "~A4" a vague pitch, "40-450" a pair."""
    told: Head = {}
    for name, value in fields.items():
        if name == "pitch" and isinstance(value, str) and value.startswith("~"):
            told["vague_pitch"] = value[1:]
        elif name in MOVING and isinstance(value, str) and ">" in value:
            points = value.split(">")
            told[MOVING[name]] = points if name == "pitch" else [int(hz) for hz in points if hz.isdecimal()]
        elif name == "onset_band" and isinstance(value, str):
            told[name] = [number(edge) for edge in value.split("-")]
        elif name == "pitch_classes" and isinstance(value, str):
            told[name] = value.split()
        else:
            told[name] = value
    return told


def number(text: str) -> float:
    """The number in a text, an int if it is whole; 0 if there is none."""
    try:
        value = float(text)
    except ValueError:
        return 0
    return int(value) if value.is_integer() else value


def summary(head: Head) -> Head:
    """The summary, with its groups flattened, so that each name means one thing."""
    told: Head = {}
    for name, value in head.items():
        spread = GROUPS.get(name)
        told |= spread(value) if spread and isinstance(value, dict) else {OTHERS.get(name, name): value}
    for name in ("sections", "parts"):
        if isinstance(told.get(name), list):
            told[name] = [
                renamed(part, {**SCENE, "to": "end"}) if isinstance(part, dict) else part for part in told[name]
            ]
    if told.get("pulse") == 0:
        del told["pulse"]
        told["no_pulse"] = True
    return told


def loudness(fields: Head) -> Head:
    known = [fields.get(name) for name in ("dB", "median", "range")]
    told: Head = {}
    if all(isinstance(value, int | float) for value in known):
        loud, median, span = known
        told["levels"] = [loud - span, median, loud]  # type: ignore[operator]
    return told | renamed(
        {name: fields[name] for name in ("quiet", "cut") if name in fields}, {"quiet": "quiet_percent"}
    )


def pitch(fields: Head) -> Head:
    told = renamed(fields, PITCHED)
    if {"low", "high"} <= told.keys():
        told["pitch_range"] = [told.pop("low"), told.pop("high")]
    return told


def spread(prefix: str, span: str) -> Callable[[Head], Head]:
    """Turns a group (share of the time, median, range) into fields with a prefix."""

    def turn(fields: Head) -> Head:
        told = {f"{prefix}_percent": fields["percent"]} if "percent" in fields else {}
        told |= {f"{prefix}_median": fields["median"]} if "median" in fields else {}
        if {"low", "high"} <= fields.keys():
            told[f"{prefix}_{span}"] = [fields["low"], fields["high"]]
        return told

    return turn


def modulation(fields: Head) -> Head:
    told = spread("am", "range")(fields)
    return told | ({"am": [fields["rate"], fields["depth"]]} if {"rate", "depth"} <= fields.keys() else {})


def sounds(fields: Head) -> Head:
    told = renamed(fields, SOUNDS)
    for name in ("low_band", "high_band"):
        if isinstance(told.get(name), dict):
            told[name] = renamed(told[name], SOUNDS)
    if isinstance(differ := told.pop("differ", None), dict):
        told |= renamed(differ, {"dB": "level_sd", "semitones": "centroid_sd"})
    return {"sounds": told}


def key(fields: Head) -> Head:
    tonic, _, mode = str(fields.get("name", "")).partition(" ")
    told = {name: value for name, value in fields.items() if name != "name"}
    return {"key": ({"tonic": tonic, "mode": mode} if mode else {}) | told}


def renamed(fields: Head, names: dict[str, str]) -> Head:
    """The fields renamed, in their order."""
    return {names.get(name, name): value for name, value in fields.items()}


GROUPS: dict[str, Callable[[Head], Head]] = {
    "loudness": loudness,
    "loudest": lambda fields: {"loudest": sound(fields)},
    "colour": lambda fields: renamed(fields, {**SCENE, "most": "main_band"}),
    "sounds": sounds,
    "pitch": pitch,
    "peak": spread("peak", "range"),
    "f0": spread("f0", "quartiles"),
    "am": modulation,
    "below_40_hz": spread("below_40_hz", "range"),
    "above_16_khz": spread("above_16_khz", "range"),
    "tempo": lambda fields: {"tempo": renamed(fields, {"or": "alternative_bpm"})},
    "key": key,
    "tuning": lambda fields: {"tuning": fields.get("cents")},
}
EVENTS: dict[str, Callable[[Head], Head]] = {"header": header, "code": code, "summary": summary, "end": end}
LINES: dict[str, Callable[[Head], Head]] = {"scene": scene, "sound": sound}
