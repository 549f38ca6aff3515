"""How to read the lines, in words: a phrase for each field, so that a short text explains no more than it has.

A field within another is written with a dot. Every field that a line can have stands in these tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ..wire import Head
from .measures import Table

Term = tuple[str, str]  # the fields of which one must be there, and what is said then; "": they say themselves

SCENE: tuple[Term, ...] = (
    ("dB", "dB level"),
    ("Hz", "Hz centroid"),
    ("below_40_hz above_16_khz", "below_40_hz, above_16_khz dB of what is there, where that is most of the energy"),
    ("main_hz", "main_hz the strongest frequency there"),
    ("tone", "tone 0 noise to 100 tonal"),
    ("grain", "grain dB of peaks over those of smooth noise (none: smooth, 3 grainy, 6 crackling)"),
    ("pitch", "pitch (a>b: it moves, ~: vague)"),
    ("peak", "peak Hz of the strongest narrow peak where there is no pitch"),
    (
        "periodic",
        "periodic: how far the waveform repeats at once (none: noise, 30 a rough tone, 100 a pure one)",
    ),
    ("f0", "f0 Hz: how often"),
    ("vibrato", "vibrato [a second, cents]"),
    ("notes", "notes: strong pitch classes"),
    ("bass top", "bass and top note"),
    ("attacks", "attacks: how many"),
    ("clicks", "clicks: how many"),
    ("am", "am [a second, dB] of a regular modulation"),
    ("pulse", "pulse a second"),
)
CHANGING: tuple[Term, ...] = (
    ("bands", "bands dB {bands}against the level (null: not heard)"),
    ("wobble", "wobble dB of fluctuation at 0.5-2, 2-8, 8-16, 16-50 a second"),
)
SOUND: tuple[Term, ...] = (
    ("s", "s its length"),
    ("dB", "dB peak"),
    ("rise ms", "rise dB and ms of the attack"),
    ("in", "in: Hz where that rises, if not everywhere"),
    ("Hz", "Hz centroid"),
    ("pitch", "pitch"),
    ("peak", "peak"),
    ("harm", "harm dB of harmonics over noise"),
    ("odd", "odd dB of odd over even ones"),
    ("tilt", "tilt dB/octave"),
    ("am", "am"),
    ("fall", "fall dB/s (none: it holds)"),
    ("periodic f0", ""),  # as in a scene
)
SUMMARY: tuple[Term, ...] = (
    ("sounds.gap", "gap seconds between sounds"),
    ("sounds.grid", "grid: what gaps are multiples of"),
    ("sounds.differ", "differ: how far sounds do"),
    ("sounds.low sounds.high", "low, high: those that rise there alone"),
    ("sounds.turn", "turn: semitones by which their centroid moves"),
    ("pitch.harmonics", "harmonics dB of the first eight"),
    ("masked_attacks", "masked_attacks a second that the rest masks"),
    ("lines", "lines: [Hz, per cent of the time] of narrow peaks"),
    ("voices", "voices: per cent of tonal time with one tone, with several"),
    ("colour.swell", "swell dB over which the levels of half seconds lie in lows, mids, highs"),
    ("colour.spectrum", "spectrum dB{spectrum}"),
    ("lufs lufs.integrated lufs.range_lu lufs.max_momentary lufs.true_peak_dbtp", ""),
    ("channels channels.dbfs channels.correlation channels.mid_dbfs channels.side_dbfs", ""),
    ("caveats silence parts loudest loudest.t loudest.dB loudest.s loudest.pitch loudest.peak loudest.Hz", ""),
    ("below_40_hz below_40_hz.percent above_16_khz above_16_khz.percent above_16_khz.low above_16_khz.high", ""),
    ("in_words form sections pulse peak f0 am clicks vibrato tempo key tuning codes", ""),
    ("loudness loudness.dB loudness.median loudness.range loudness.quiet loudness.cut", ""),
    ("colour colour.Hz colour.most colour.tone colour.periodic colour.grain colour.wobble", ""),
    ("sounds sounds.n sounds.s sounds.gap_sd sounds.rise sounds.ms sounds.fall", ""),
    ("pitch pitch.percent pitch.low pitch.median pitch.high pitch.notes pitch.glide", ""),
    ("pitch.harm pitch.tilt pitch.odd", ""),  # as in a sound
    ("peak.percent peak.low peak.high f0.percent f0.low f0.median f0.high", ""),
    ("am.percent am.rate am.depth am.low am.high voices.one voices.several", ""),
    ("tempo.bpm tempo.confidence tempo.or key.name key.confidence tuning.cents", ""),
)


class Used(NamedTuple):
    """The fields that a text has in each kind of line."""

    scene: frozenset[str] = frozenset()
    sound: frozenset[str] = frozenset()
    summary: frozenset[str] = frozenset()


WORDS = Used(summary=frozenset({"in_words"}))
EVERYTHING = Used(*(
    frozenset(" ".join(fields for fields, _ in terms).split()) for terms in (SCENE + CHANGING, SOUND, SUMMARY)
))  # fmt: skip


def used(scenes: Iterable[Head], sounds: Iterable[Head], summary: Head) -> Used:
    """The fields of these lines."""
    told = frozenset(summary) - {"event", "item", "name"}
    told |= {f"{field}.{key}" for field, value in summary.items() if isinstance(value, dict) and field != "codes"
             for key in value}  # fmt: skip
    in_scenes, in_sounds = (frozenset(key for line in lines for key in line) for lines in (scenes, sounds))
    return Used(in_scenes, in_sounds, told)


def together(texts: Iterable[Used]) -> Used:
    """The fields that any of these texts has."""
    return Used(*(frozenset().union(*fields) for fields in zip(*texts, strict=True)))


def phrases(terms: Sequence[Term], there: Collection[str]) -> str:
    """What is said of the fields that are there."""
    return ", ".join(text for fields, text in terms if text and any(field in there for field in fields.split()))


def measured(table: Table, there: Used) -> str:
    """How to read scene, sound and summary lines of these fields."""
    bands = f"in {table.edges} Hz " if table.edges else ""
    spectrum = f" in {table.fine_edges} Hz" if table.fine_edges else ""
    text = ""
    if there.scene:
        said = filter(None, (phrases(SCENE, there.scene), phrases(CHANGING, there.scene).format(bands=bands)))
        changing = not there.scene.isdisjoint({"bands", "wobble"})
        text += f" scene: the time up to the next scene. {('; when they change, ' if changing else '').join(said)}."
    if there.sound:
        text += f" sound: an event. {phrases(SOUND, there.sound)}."
    summary = there.summary if table.fine else there.summary - {"colour.spectrum"}
    if terms := phrases(SUMMARY, summary).format(spectrum=spectrum):
        text += f" summary: {terms}."
    return text


def codes(layers: Sequence[str], introduced: bool) -> str:
    """How to read the codes of these layers."""
    text = ""
    if layers:
        text += (
            f" {' '.join(layers)}: codes, stated where they change (kf: all). S the scene over two seconds, A the "
            "moment; each later layer refines the one before. Ordinal: near numbers sound alike, a large jump is "
            "an event."
        )
    if introduced:
        text += " code: what one measures like; those without are nuances."
    return text
