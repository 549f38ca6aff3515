"""Two sounds: what differs, in words and numbers. All but the null test comes from their NDJSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import Failure
from .heard import Heard, at, number
from .samples import SAME, relation
from .sound import Sound
from .work import Work


class Measure(NamedTuple):
    """A number of the summary or the end, and from which difference on it is told as one."""

    name: str
    path: tuple[str | int, ...]
    unit: str
    least: (
        float  # in `unit`, or as a ratio if that is above 1: what a listener hears side by side, or a measure's error
    )
    higher: str = ""  # what B is if it is higher
    lower: str = ""


# Units in which twice as much is the same step everywhere, and up to where all is alike.
RATIOS = {"Hz": 1.0, "BPM": 1.0, "s": 0.05, "ms": 5.0, "sounds": 1.0}
MEASURES = (
    Measure("length", ("seconds",), "s", 1.02, "longer", "shorter"),
    Measure("level, half of the time below", ("levels", 1), "dBFS", 2, "louder", "quieter"),
    Measure("loudest", ("loudest", "max_level"), "dBFS", 2),
    Measure("quiet part of the time", ("quiet_percent",), "%", 10, "more pauses", "fewer pauses"),
    Measure("loudness", ("lufs", "integrated"), "LUFS", 1),
    Measure("loudness range", ("lufs", "range_lu"), "LU", 2, "more dynamic", "less dynamic"),
    Measure("true peak", ("lufs", "true_peak_dbtp"), "dBTP", 1),
    Measure("centroid", ("centroid",), "Hz", 1.2, "brighter", "darker"),
    Measure("tonality", ("tonality",), "%", 15, "more tonal", "noisier"),
    Measure("periodicity", ("periodicity",), "%", 15),
    Measure("pitched part of the time", ("pitch_percent",), "%", 15, "more pitched", "less pitched"),
    Measure("glide", ("glide",), "semitones/s", 4, "gliding more", "steadier in pitch"),
    Measure("several notes at once", ("polyphony", "several"), "%", 20, "more polyphonic", "less polyphonic"),
    Measure("voice-like part of the time", ("voice", "percent"), "%", 20, "more voice-like", "less voice-like"),
    Measure("tempo", ("tempo", "bpm"), "BPM", 1.03, "faster", "slower"),
    Measure("beats in a bar", ("meter", "beats"), "", 1),
    Measure("tuning", ("tuning",), "cents", 10),
    Measure("with an attack", ("sounds", "count"), "sounds", 1.3, "more events", "fewer events"),
    Measure("their duration", ("sounds", "duration"), "s", 1.5),
    Measure("their distance", ("sounds", "ioi"), "s", 1.3),
    Measure("their attack", ("sounds", "attack_time"), "ms", 2, "softer attacks", "sharper attacks"),
    Measure("their decay", ("sounds", "decay"), "dB/s", 20),
    Measure("clicks a second", ("click_rate",), "", 2),
)
NAMES = (("pitch, median", ("pitch_median",)), ("key", ("key",)), ("form", ("form",)))
REGION = 4.0  # dB by which a region of the spectrum has to differ: half seconds of one recording differ by as much


def compare(work: Work, a: Sound, b: Sound) -> str:
    """What differs between `a` and `b`, and whether they are the same samples. Raises Failure."""
    one, other = heard = work.listen([a, b])
    if failed := [f"{sound.title}: {what.failure}" for sound, what in zip((a, b), heard, strict=True) if what.failure]:
        raise Failure("; ".join(failed))
    samples = relation(work, a, b)
    head = [f"A: {a.title}", f"B: {b.title}", f"Samples: {samples}", f"A in all: {one.words}"]
    if samples == SAME:
        return "\n".join(head)
    numbers = [line for measure in MEASURES if (line := told(measure, one, other))]
    named = [line for name, path in NAMES if (line := said(name, at(one.summary, *path), at(other.summary, *path)))]
    lines = [*numbers, *named, *regions(one, other)]
    differ = [line for line, different in lines if different]
    alike = [line for line, different in lines if not different]
    words = [word for measure in MEASURES if (word := in_a_word(measure, one, other))]
    return "\n".join([
        *head, f"B in all: {other.words}",
        f"In a word, B against A: {', '.join(words) or 'nothing that one would hear'}.",
        "Differs, A → B:", *(f"- {line}" for line in differ or ["nothing"]), f"Alike: {'; '.join(alike) or 'nothing'}.",
    ])  # fmt: skip


def value(measure: Measure, heard: Heard) -> float | None:
    """What was measured of a sound; None if it was not."""
    found = at(heard.summary, *measure.path)
    return number(at(heard.end, *measure.path) if found is None else found)


def step(measure: Measure, a: float, b: float) -> float:
    """How many times the least difference B is above A: below 1, it is none."""
    if least := RATIOS.get(measure.unit):
        return math.log(max(b, least) / max(a, least)) / math.log(measure.least)
    return (b - a) / measure.least


def told(measure: Measure, one: Heard, other: Heard) -> tuple[str, bool] | None:
    """A line for a measure, and whether it differs; None if neither sound has it."""
    a, b = value(measure, one), value(measure, other)
    if a is None and b is None:
        return None
    if a is None or b is None:
        return f"{measure.name}: {text(a)} → {text(b)} {measure.unit}".strip(), True
    if a == b:
        return f"{measure.name}: {a:g} {measure.unit}".strip(), False
    shown = f"{measure.name}: {a:g} → {b:g} {measure.unit}".strip()
    ratio = f"times {b / a:.3g}" if measure.unit in RATIOS and a else f"{b - a:+.3g}"
    return (f"{shown} ({ratio})", True) if abs(step(measure, a, b)) >= 1 else (shown, False)


def said(name: str, a: object, b: object) -> tuple[str, bool] | None:
    """A line for what is no number in both, and whether it differs; None if neither sound has it."""
    if a is None and b is None:
        return None
    one, other = text(a), text(b)
    return (f"{name}: {one}", False) if one == other else (f"{name}: {one} → {other}", True)


def text(found: object) -> str:
    """A value in words."""
    if isinstance(found, dict):
        return f"{found.get('tonic')} {found.get('mode')}"
    return "none heard" if found is None else f"{found:g}" if isinstance(found, float) else str(found)


def in_a_word(measure: Measure, one: Heard, other: Heard) -> str:
    """What B is in this measure, if it is clearly so."""
    a, b = value(measure, one), value(measure, other)
    if a is None or b is None or abs(far := step(measure, a, b)) < 1:
        return ""
    return measure.higher if far > 0 else measure.lower


def regions(one: Heard, other: Heard) -> Iterator[tuple[str, bool]]:
    """A line for the regions of the spectrum: their share of each sound, in dB of the whole."""
    edges = at(one.header, "pack", "spectrum_hz") or []
    a, b = at(one.summary, "spectrum") or [], at(other.summary, "spectrum") or []
    shares = [(low, high, number(x), number(y)) for low, high, x, y in zip(edges, edges[1:], a, b, strict=False)]
    both = [(low, high, x, y) for low, high, x, y in shares if x is not None and y is not None]
    for different, choose in ((True, REGION.__le__), (False, REGION.__gt__)):
        chosen = [(f"{low}-{high} Hz", x, y) for low, high, x, y in both if choose(abs(y - x))]
        shown = [f"{band} {x:g} → {y:g}" if x != y else f"{band} {x:g}" for band, x, y in chosen]
        if shown:
            yield f"spectrum, dB of the whole: {', '.join(shown)}", different
