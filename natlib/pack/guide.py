"""How to read the lines, in words: a phrase for each field, so that a short text explains no more than it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ..wire import Head
from .measures import Table

Term = tuple[str, str]  # the fields of which one must be there, and what is said then

SCENE: tuple[Term, ...] = (
    ("dB", "dB level"),
    ("Hz", "Hz centroid"),
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
    ("bands", "bands dB {bands}against the level"),
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
)
SUMMARY: tuple[Term, ...] = (
    ("gap", "gap seconds between sounds"),
    ("grid", "grid: what gaps are multiples of"),
    ("differ", "differ: how far sounds do"),
    ("low high", "low, high: those that rise there alone"),
    ("turn", "turn: semitones by which their centroid moves"),
    ("harmonics", "harmonics dB of the first eight"),
    ("lines", "lines: [Hz, per cent of the time] of narrow peaks"),
    ("voices", "voices: per cent of tonal time with one tone, with several"),
    ("swell", "swell dB over which the levels of half seconds lie in lows, mids, highs"),
    ("spectrum", "spectrum dB{spectrum}"),
)


class Used(NamedTuple):
    """The fields that a text has in each kind of line."""

    scene: frozenset[str] = frozenset()
    sound: frozenset[str] = frozenset()
    summary: frozenset[str] = frozenset()

    def __or__(self, other: object) -> Used:
        assert isinstance(other, Used)
        return Used(*(a | b for a, b in zip(self, other, strict=True)))


WORDS = Used(summary=frozenset({"in_words"}))
EVERYTHING = Used(*(
    frozenset(" ".join(fields for fields, _ in terms).split()) for terms in (SCENE + CHANGING, SOUND, SUMMARY)
))  # fmt: skip


def used(scenes: Iterable[Head], sounds: Iterable[Head], summary: Head) -> Used:
    """The fields of these lines; of the summary, those within its fields that need a word."""
    told = frozenset(summary) - {"event", "codes"}
    for field, inner in (("sounds", None), ("pitch", {"harmonics"}), ("colour", {"swell", "spectrum"})):
        if isinstance(within := summary.get(field), dict):
            told |= within.keys() if inner is None else within.keys() & inner
    in_scenes, in_sounds = (frozenset(key for line in lines for key in line) for lines in (scenes, sounds))
    return Used(in_scenes, in_sounds, told)


def phrases(terms: Sequence[Term], there: Collection[str]) -> str:
    """What is said of the fields that are there."""
    return ", ".join(text for fields, text in terms if any(field in there for field in fields.split()))


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
    summary = there.summary if table.fine else there.summary - {"spectrum"}
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
