"""The fields of scene, sound and summary lines: name, unit, form, meaning. One name, one form, one meaning everywhere.

A field within another is written with a dot. Readers are told `means` when a field occurs; a field without it explains
itself. Tests check the schema, the manual page and every line against this table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..wire import Head

LARGEST = 1 << 53  # that any reader of JSON keeps whole

# The forms of values.
NUMBER = "number"
TEXT = "text"
FLAG = "flag"  # true
PAIR = "pair of numbers"
NUMBERS = "numbers"  # null for what is not there
CONTOUR = "one or more numbers"
WORDS = "texts"
NAMES = "texts or null"
SWITCH = "true or false"
OBJECT = "object"
ROWS = "list of lists or objects"


class Term(NamedTuple):
    """What a field is."""

    form: str
    unit: str = ""
    means: str = ""


MOMENT = {  # what scenes and sounds share
    "centroid": Term(NUMBER, "Hz"),
    "pitch": Term(TEXT),
    "pitch_contour": Term(WORDS),
    "vague_pitch": Term(TEXT, "", "a note that an unclear pitch is near"),
    "peak": Term(NUMBER, "Hz", "the strongest narrow peak, if there is no pitch"),
    "peak_contour": Term(CONTOUR, "Hz"),
    "periodicity": Term(NUMBER, "%", "how exactly the waveform repeats, 30 for a rough tone, 100 for a pure one"),
    "f0": Term(NUMBER, "Hz", "how often it repeats"),
    "f0_contour": Term(CONTOUR, "Hz"),
    "am": Term(PAIR, "Hz, dB", "a regular modulation of the level"),
}
SCENE = {
    "level": Term(NUMBER, "dBFS"),
    "centroid": MOMENT["centroid"],
    "below_40_hz": Term(NUMBER, "dB", "energy below 40 Hz against all of it"),
    "above_16_khz": Term(NUMBER, "dB", "energy above 16 kHz against all of it"),
    "dominant_frequency": Term(NUMBER, "Hz", "the strongest up there"),
    "tonality": Term(NUMBER, "%", "0 for noise to 100 for tones"),
    "grain": Term(NUMBER, "dB", "peaks above those of smooth noise, 3 if grainy, 6 if crackling"),
    **{name: MOMENT[name] for name in MOMENT if name not in ("centroid", "am")},
    "vibrato": Term(PAIR, "Hz, cents", "rate, extent"),
    "notes": Term(WORDS, "", "that sound together, from the lowest"),
    "pitch_classes": Term(WORDS, "", "the strong ones"),
    "lowest": Term(TEXT, "", "note"),
    "highest": Term(TEXT, "", "note"),
    "onsets": Term(NUMBER, "", "how many attacks"),
    "clicks": Term(NUMBER, "", "how many"),
    "am": MOMENT["am"],
    "pulse": Term(NUMBER, "Hz", "of a regular pulse"),
    "bands": Term(NUMBERS, "dB", "the level in each band of bands_hz against the whole (null if not heard)"),
    "modulation": Term(NUMBERS, "dB", "how deep the level fluctuates at the rates of modulation_hz"),
}
SOUND = {
    "duration": Term(NUMBER, "s"),
    "max_level": Term(NUMBER, "dBFS"),
    "onset_strength": Term(NUMBER, "dB", "how far the spectrum rises at its onset"),
    "attack_time": Term(NUMBER, "ms"),
    "onset_band": Term(PAIR, "Hz", "where it rises, if not everywhere"),
    "onset_notes": Term(WORDS, "", "that begin with it"),
    **{name: MOMENT[name] for name in MOMENT if name != "am"},
    "centroid_contour": Term(CONTOUR, "Hz"),
    "harmonicity": Term(NUMBER, "dB", "harmonics against noise"),
    "odd_even": Term(NUMBER, "dB", "odd against even harmonics"),
    "tilt": Term(NUMBER, "dB/octave", "slope of the harmonics"),
    "am": MOMENT["am"],
    "inside": Term(
        ROWS, "", "equal parts of it: dBFS, centroid in Hz, tonality in %, f0 in Hz or null; of what it adds"
    ),
    "before": Term(NUMBERS, "", "the same numbers of what leads up to it"),
    "after": Term(NUMBERS, "", "the same of what swells up when it has faded"),
    "formants": Term(ROWS, "Hz", "the first three resonances; two lists if they move"),
    "decay": Term(NUMBER, "dB/s", "how fast it fades, none if it holds"),
}
REPEATS = {
    "of": Term(NUMBER, "", "the t of that one"),
    "count": Term(NUMBER),
    "ioi": Term(NUMBER, "s", "from onset to onset"),
    "until": Term(NUMBER, "", "the t of the last"),
    "times": Term(CONTOUR),
    "max_levels": Term(CONTOUR, "dBFS"),
}
RHYTHM = {
    "count": REPEATS["count"],
    "ioi": REPEATS["ioi"],
    "ioi_sd": Term(NUMBER, "s"),
    "tatum": Term(NUMBER, "s", "the times between onsets are multiples of it"),
}
SPAN = {"t": Term(NUMBER), "end": Term(NUMBER)}
BAR = {
    "n": Term(NUMBER, "", "its number"),
    "like": Term(NUMBER, "", "it is like bar n but for what is told"),
    "beats": Term(NUMBER),
    "level": SCENE["level"],
    "end": SPAN["end"],
    "chords": Term(ROWS, "", "and for how many beats"),
    "bass": Term(NAMES, "", "by beat"),
    "melody": Term(NAMES, "", "the leading line in equal parts of the bar"),
    "strokes": Term(OBJECT, "", "in equal parts of the bar, by region"),
    "strokes.low": Term(TEXT),
    "strokes.mid": Term(TEXT),
    "strokes.high": Term(TEXT),
}
SECTION = {
    "n": BAR["n"],
    "label": Term(TEXT, "", "a letter, the same for what comes again"),
    "end": SPAN["end"],
    "like": Term(NUMBER, "", "it is like section n but for what is told"),
    "bars": Term(NUMBER, "", "how many"),
    "loudness": Term(NUMBER, "LUFS"),
    "level": SCENE["level"],
    "onsets_per_bar": Term(NUMBER, "", "attacks"),
    "onset_rate": Term(NUMBER, "1/s", "attacks"),
    "centroid": SCENE["centroid"],
    "register": Term(WORDS, "", "from which note to which"),
    "voice_percent": Term(NUMBER, "", "of the time, tones move as voices do"),
    "chord_loop": Term(WORDS, "", "bars of chords that come again and again"),
    "progression": Term(WORDS, "", "the chords of its first bars"),
    "strokes": Term(OBJECT, "", "of a typical bar"),
    "strokes.low": Term(TEXT),
    "strokes.mid": Term(TEXT),
    "strokes.high": Term(TEXT),
    "enters": Term(WORDS, "", "what was not there before"),
    "leaves": Term(WORDS),
}
SUMMARY = {
    "in_words": Term(TEXT),
    "caveats": Term(WORDS),
    "form": Term(TEXT),
    "sections": Term(ROWS),
    **{f"sections.{name}": term for name, term in SPAN.items()},
    "sections.label": Term(TEXT),
    "levels": Term(NUMBERS, "dBFS", "exceeded for 90, 50, 5 % of the time"),
    "quiet_percent": Term(NUMBER, "", "of the time, 20 dB below the loud parts"),
    "cut": Term(WORDS),
    "loudest": Term(OBJECT),
    "loudest.t": SPAN["t"],
    **{
        f"loudest.{name}": SOUND[name]
        for name in (
            "duration",
            "max_level",
            "pitch",
            "pitch_contour",
            "vague_pitch",
            "peak",
            "peak_contour",
            "centroid",
            "centroid_contour",
        )
    },
    "parts": Term(ROWS),
    **{f"parts.{name}": term for name, term in SPAN.items()},
    **{f"parts.{name}": SCENE[name] for name in ("level", "centroid", "tonality", "periodicity")},
    "silence": Term(ROWS),
    "below_40_hz_percent": Term(NUMBER),
    "above_16_khz_percent": Term(NUMBER),
    "above_16_khz_range": Term(PAIR, "Hz"),
    "centroid": MOMENT["centroid"],
    "main_band": Term(PAIR, "Hz"),
    "tonality": SCENE["tonality"],
    "periodicity": MOMENT["periodicity"],
    "grain": SCENE["grain"],
    "modulation": SCENE["modulation"],
    "swell": Term(NUMBERS, "dB", "the range of the levels of half seconds in lows, mids and highs"),
    "spectrum": Term(NUMBERS, "dB", "the level in each band of spectrum_hz"),
    "noise": Term(OBJECT),
    "noise.slope": Term(NUMBER, "dB/octave", "of its spectrum; 0 for white noise"),
    "noise.resonances": Term(CONTOUR, "Hz", "where it rises above that slope"),
    "noise.swells": Term(ROWS, "", "of lows, mids and highs: how often a second and by how many dB they swell"),
    "noise.together": Term(SWITCH, "", "do lows and highs swell together?"),
    "sounds": Term(OBJECT, "", "medians of those with an attack"),
    **{f"sounds.{name}": term for name, term in RHYTHM.items()},
    **{f"sounds.{name}": SOUND[name] for name in ("duration", "onset_strength", "attack_time", "decay")},
    "sounds.level_sd": Term(NUMBER, "dB"),
    "sounds.centroid_sd": Term(NUMBER, "semitones"),
    "sounds.centroid_drift": Term(NUMBER, "semitones", "how far the centroid moves in one"),
    "sounds.ioi_drift": Term(NUMBER, "", "the last gaps against the first"),
    "sounds.pairs": Term(FLAG, "", "gaps are short and long in turn"),
    "sounds.pattern": Term(TEXT, "", "a letter a sound, the same for those that are alike"),
    "sounds.low_band": Term(OBJECT, "", "those that rise there alone"),
    **{f"sounds.low_band.{name}": term for name, term in RHYTHM.items()},
    "sounds.high_band": Term(OBJECT),
    **{f"sounds.high_band.{name}": term for name, term in RHYTHM.items()},
    "masked_onsets": Term(NUMBER, "1/s"),
    "faint": Term(ROWS, "", "over the background, no sound line"),
    "faint.band": Term(PAIR, "Hz"),
    **{f"faint.{name}": REPEATS[name] for name in ("count", "times")},
    "faint.duration": SOUND["duration"],
    "faint.ioi": REPEATS["ioi"],
    "faint.rise": Term(NUMBER, "dB"),
    "faint.tonal": Term(FLAG),
    "faint.peak": MOMENT["peak"],
    "faint.peak_contour": MOMENT["peak_contour"],
    "brief_tones": Term(OBJECT, "", "narrow peaks of 0.06 to 0.3 s"),
    "brief_tones.per_second": Term(NUMBER, "1/s"),
    "brief_tones.duration": SOUND["duration"],
    "brief_tones.band": Term(PAIR, "Hz"),
    "brief_tones.sweep": Term(NUMBER, "semitones", "how far each goes"),
    "pulse": SCENE["pulse"],
    "no_pulse": Term(FLAG),
    "trains": Term(ROWS, "", "of pulses: from, to, how many a second at first and in the end"),
    "trains.t": SPAN["t"],
    "trains.end": SPAN["end"],
    "trains.rate": Term(PAIR, "Hz"),
    "pitch_percent": Term(NUMBER),
    "pitch_range": Term(WORDS),
    "pitch_median": Term(TEXT),
    "pitched_sounds": Term(NUMBER),
    "glide": Term(NUMBER, "semitones/s"),
    **{name: SOUND[name] for name in ("harmonicity", "tilt", "odd_even")},
    "harmonics": Term(NUMBERS, "dB", "the first eight"),
    "peak_percent": Term(NUMBER),
    "peak_range": Term(PAIR, "Hz"),
    "f0_percent": Term(NUMBER),
    "f0_median": Term(NUMBER, "Hz"),
    "f0_quartiles": Term(PAIR, "Hz"),
    "spectral_lines": Term(ROWS, "Hz, %", "peaks that last, and for how much of the time"),
    "mains": Term(OBJECT, "", "hum that is locked to them"),
    "mains.frequency": Term(NUMBER, "Hz"),
    "mains.percent": Term(NUMBER, "", "of the time"),
    "polyphony": Term(OBJECT, "%", "of the tonal time"),
    "polyphony.one": Term(NUMBER),
    "polyphony.several": Term(NUMBER),
    "voice": Term(OBJECT, "", "when tones move as voices do"),
    "voice.percent": Term(NUMBER, "", "of the time"),
    "voice.spans": Term(ROWS, "", "from, to"),
    "voice.range": Term(WORDS),
    "voice.steady_percent": Term(NUMBER, "", "of the frames in which the pitch holds"),
    "voice.syllable_rate": Term(NUMBER, "1/s"),
    "voice.sibilance": Term(NUMBER, "dB", "what lies above 4 kHz against all of it"),
    "am_percent": Term(NUMBER),
    "am": MOMENT["am"],
    "am_range": Term(PAIR, "Hz"),
    "click_rate": Term(NUMBER, "1/s"),
    "vibrato": SCENE["vibrato"],
    "tempo": Term(OBJECT),
    "tempo.bpm": Term(NUMBER),
    "tempo.confidence": Term(NUMBER),
    "tempo.alternative_bpm": Term(NUMBER),
    "meter": Term(OBJECT),
    "meter.beats": Term(NUMBER),
    "meter.compound": Term(SWITCH, "", "has a beat three parts?"),
    "meter.swing": Term(SWITCH),
    "meter.confidence": Term(NUMBER),
    "chord_loop": Term(WORDS, "", "the chords of bars that come most often in a row"),
    "chord_loop_percent": Term(NUMBER, "", "of the bars"),
    "key": Term(OBJECT),
    "key.tonic": Term(TEXT),
    "key.mode": Term(TEXT),
    "key.confidence": Term(NUMBER),
    "key_changes": Term(ROWS),
    "key_changes.t": SPAN["t"],
    "key_changes.tonic": Term(TEXT),
    "key_changes.mode": Term(TEXT),
    "harmony": Term(OBJECT, "", "of the beats with a chord"),
    "harmony.major_percent": Term(NUMBER, "", "of chords with a third: the major ones"),
    "harmony.plain_percent": Term(NUMBER, "", "triads and fifths alone; the others have sevenths or tensions"),
    "harmony.changes_per_bar": Term(NUMBER),
    "legato_percent": Term(NUMBER, "", "of the time in which notes follow each other, they sound"),
    "dynamics": Term(OBJECT),
    "dynamics.accents": Term(NUMBER, "dB", "by which half of the attacks differ"),
    "dynamics.swells": Term(ROWS),
    "dynamics.swells.t": SPAN["t"],
    "dynamics.swells.end": SPAN["end"],
    "dynamics.swells.change": Term(NUMBER, "dB"),
    "rubato_percent": Term(NUMBER, "", "by which a beat differs from the one before, the median"),
    "playing": Term(OBJECT, "", "how notes begin and go on, below C3, up to C5, above"),
    **{
        f"playing.{name}{field}": term
        for name in ("low_register", "mid_register", "high_register")
        for field, term in (
            ("", Term(OBJECT)),
            (".count", Term(NUMBER)),
            (".attack_time", SOUND["attack_time"]),
            (".decay", SOUND["decay"]),
        )
    },
    "playing.distortion": Term(NUMBER, "0 to 1"),
    "playing.reverberation": Term(NUMBER, "s", "in which sound falls by 60 dB"),
    "tuning": Term(NUMBER, "cents", "from A4 = 440 Hz"),
    "lufs": Term(OBJECT),
    "lufs.integrated": Term(NUMBER),
    "lufs.max_momentary": Term(NUMBER),
    "lufs.range_lu": Term(NUMBER),
    "lufs.true_peak_dbtp": Term(NUMBER),
    "channel_levels": Term(OBJECT),
    "channel_levels.dbfs": Term(NUMBERS),
    "channel_levels.correlation": Term(NUMBER),
    "channel_levels.mid_dbfs": Term(NUMBER),
    "channel_levels.side_dbfs": Term(NUMBER),
    "common_codes": Term(OBJECT),
}
COMMON = (
    "level",
    "max_level",
    "centroid",
    "peak",
    "f0",
    "tonality",
    "periodicity",
    "bands",
    "modulation",
    "onset_strength",
    "duration",
    "attack_time",
    "decay",
)  # fields whose units the header gives
LINES = {  # by the kind of line
    "scene": SCENE,
    "sound": SOUND,
    "repeats": REPEATS,
    "section": SECTION,
    "bar": BAR,
    "summary": SUMMARY,
}


def name(path: str) -> str:
    """The name of a field, without that of the field that it lies in."""
    return path.rpartition(".")[2]


def units(paths: Iterable[str]) -> dict[str, list[str]]:
    """By unit, those of these fields of scenes and sounds that most lines have; other units are told as fields come."""
    there, told = {*paths}, dict[str, list[str]]()
    for path in COMMON:
        if path in there:
            told.setdefault((SCENE.get(path) or SOUND[path]).unit, []).append(path)
    return told


def checked(fields: object, terms: dict[str, Term]) -> Head:
    """Those fields of another program's line that have the right form, and those that are not known."""
    if not isinstance(fields, dict):
        return {}
    return {name: value for name, value in fields.items() if name not in terms or good(value, terms[name].form)}


def good(value: Any, form: str) -> bool:
    """Does the value have this form?"""
    if form == NUMBER:
        return number(value)
    if form == TEXT:
        return isinstance(value, str)
    if form == FLAG:
        return value is True
    if form == SWITCH:
        return type(value) is bool
    if form == OBJECT:
        return isinstance(value, dict)
    if not isinstance(value, list):
        return False
    if form == WORDS:
        return bool(value) and all(isinstance(entry, str) for entry in value)
    if form == NAMES:
        return bool(value) and all(entry is None or isinstance(entry, str) for entry in value)
    if form == PAIR:
        return len(value) == 2 and all(map(number, value))
    if form == CONTOUR:
        return bool(value) and all(map(number, value))
    return form == ROWS or all(entry is None or number(entry) for entry in value)


def number(value: Any) -> bool:
    """Is it a finite number, and no larger than JSON's readers take?"""
    return type(value) in (int, float) and -LARGEST < value < LARGEST
