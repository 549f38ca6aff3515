"""The scores of an answer: by name of the score, from 0 to 1, NaN where the answer does not tell it.

A score is missing where the truth does not have what it needs.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from itertools import groupby, pairwise
from operator import eq
from typing import Any

import numpy as np

from . import frames
from .ndjson import Answer
from .pieces import Entry, Truth
from .styles import SHAPES

Scores = dict[str, float]
UNTOLD = float("nan")

TEMPO = 0.04  # of the tempo
BEAT, STROKE, ONSET, TUNE = 0.07, 0.05, 0.05, 0.08  # seconds
SAME = 0.5  # semitones
TOP = 4990.0  # Hz, the highest note of which mir_eval's multipitch takes account
REGIONS = ("low", "mid", "high")


def scores(truth: Truth, answer: Answer) -> Scores:
    """All of them."""
    result: Scores = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mir_eval warns of each empty list
        for part in (of_words, of_form, of_beats, of_chords, of_bass, of_tune, of_strokes, of_onsets, of_frames):
            result |= part(truth, answer)
    return result


def scored(answer: Answer, name: str, function: Callable[[Any], float]) -> float:
    """The score of what the answer tells under this name."""
    return float(function(answer[name])) if answer.get(name) is not None else UNTOLD


def near(tempo: float, truth: Truth) -> bool:
    """Whether a tempo is right."""
    return bool(abs(tempo - truth["tempo"]) <= TEMPO * truth["tempo"])


def of_words(truth: Truth, answer: Answer) -> Scores:
    """Tempo, meter, key: right or wrong."""
    result: Scores = {}
    if "tempo" in truth:
        tempi = [answer[name] for name in ("tempo", "tempo_other") if answer.get(name) is not None]
        result["tempo"] = scored(answer, "tempo", lambda tempo: near(tempo, truth))
        result["tempo_either"] = float(any(near(tempo, truth) for tempo in tempi)) if tempi else UNTOLD
    for name in ("meter", "compound", "swing"):
        if name in truth:
            result[name] = scored(answer, name, partial(eq, truth[name]))
    if truth.get("key"):
        from mir_eval.key import weighted_score

        result["key"] = scored(answer, "key", lambda told: told == truth["key"])
        result["key_weighted"] = scored(answer, "key", lambda told: weighted_score(truth["key"], told))
    return result


def lettered(sections: list[Entry]) -> list[Entry]:
    """Sections with neighbours that are alike merged, and with letters in the order of the alphabet."""
    result: list[Entry] = []
    letters: dict[str, str] = {}
    for label, group in groupby(sections, key=lambda section: section[2]):
        alike = list(group)
        letter = letters.setdefault(label, chr(ord("A") + len(letters)))
        result.append([alike[0][0], alike[-1][1], letter])
    return result


def of_form(truth: Truth, answer: Answer) -> Scores:
    """Whether the letters agree, and whether the borders lie within a bar, too."""
    if not truth.get("sections"):
        return {}
    wanted, told = lettered(truth["sections"]), lettered(answer.get("sections") or [])
    if not told:
        return {"form_letters": UNTOLD, "form": UNTOLD}
    letters = [section[2] for section in told] == [section[2] for section in wanted]
    bar = truth["meter"] * 60 / truth["tempo"]
    borders = letters and all(abs(a[0] - b[0]) <= bar for a, b in zip(told[1:], wanted[1:], strict=True))
    return {"form_letters": float(letters), "form": float(borders)}


def of_beats(truth: Truth, answer: Answer) -> Scores:
    """F of beats and of downbeats."""
    from mir_eval.beat import f_measure

    def right(name: str) -> float:
        wanted = np.array(truth[name])
        return scored(answer, name, lambda told: f_measure(wanted, np.unique(told), f_measure_threshold=BEAT))

    return {name: right(name) for name in ("beats", "downbeats") if truth.get(name)}


def harte(name: str) -> str:
    """A chord's name as mir_eval reads it: root:quality. What has another quality counts as its third says."""
    found = re.match(r"([A-G][#b]?)([^/]*)", name)
    if not found:
        return "N"
    root, quality = found.groups()
    names = {"": "maj", "m": "min", "m7": "min7"}
    if quality not in SHAPES:
        quality = "m" if quality.startswith("m") and not quality.startswith("maj") else ""
    return f"{root}:{names.get(quality, quality)}"


def of_chords(truth: Truth, answer: Answer) -> Scores:
    """The share of time with the right major or minor triad; of chords without a third, with the right root."""
    if not truth.get("chords"):
        return {}
    if answer.get("chords") is None:
        return {"chords": UNTOLD}
    from mir_eval import chord, util

    spans = np.array([[start, end] for start, end, _ in truth["chords"]])
    names = [harte(name) for _, _, name in truth["chords"]]
    told = [entry for entry in answer["chords"] if entry[1] > entry[0]] or [[spans.min(), spans.max(), "N"]]
    told_spans, told_names = util.adjust_intervals(
        np.array([[start, end] for start, end, _ in told]), [harte(name) for _, _, name in told],
        spans.min(), spans.max(), "N", "N",
    )  # fmt: skip
    told_spans, told_names = filled(told_spans, told_names)
    both, wanted, found = util.merge_labeled_intervals(spans, names, told_spans, told_names)
    right = chord.majmin(wanted, found)
    powers = np.array([name.endswith(":5") for name in wanted])
    right = np.where(powers, chord.root(wanted, found), right)
    if not (right >= 0).any():
        return {}
    return {"chords": float(chord.weighted_accuracy(right, util.intervals_to_durations(both)))}


def filled(spans: Any, names: list[str]) -> tuple[Any, list[str]]:
    """Spans in a row, with "N" where there was a gap, each cut where the next one begins."""
    result: list[list[float]] = []
    labels: list[str] = []
    for (start, end), name in sorted(zip(spans.tolist(), names, strict=True)):
        if result and start > result[-1][1]:
            result.append([result[-1][1], start])
            labels.append("N")
        if result:
            result[-1][1] = min(result[-1][1], start)
        result.append([start, end])
        labels.append(name)
    kept = [place for place, (start, end) in enumerate(result) if end > start]
    return np.array([result[place] for place in kept]), [labels[place] for place in kept]


def longest(notes: list[Entry], start: float, end: float) -> float | None:
    """The note that overlaps a span most."""
    overlaps = [(min(end, note[1]) - max(start, note[0]), -place) for place, note in enumerate(notes)]
    most, place = max(overlaps, default=(0, 0))
    return float(notes[-place][2]) if most > 0 else None


def of_bass(truth: Truth, answer: Answer) -> Scores:
    """The share of beats, of those with a bass, with the right note of the bass, its octave too."""
    if not truth.get("bass"):
        return {}
    if answer.get("bass") is None:
        return {"bass": UNTOLD}
    beats = truth["beats"]
    spans = [*pairwise(beats), (beats[-1], 2 * beats[-1] - beats[-2])]
    wanted = [(span, longest(truth["bass"], *span)) for span in spans]
    pairs = [(note, longest(answer["bass"], *span)) for span, note in wanted if note is not None]
    return {"bass": sum(told is not None and abs(told - note) <= SAME for note, told in pairs) / len(pairs)}


def f_of(hits: float, told: float, wanted: float) -> float:
    """F of so many hits."""
    return 2 * hits / (told + wanted) if told + wanted else 1.0


def of_tune(truth: Truth, answer: Answer) -> Scores:
    """F of the tune's notes: the onset, the semitone. Of uncovered ones: what hits a covered one counts neither way."""
    if not truth.get("tune"):
        return {}
    if answer.get("tune") is None:
        return {"tune": UNTOLD, "tune_uncovered": UNTOLD}
    from mir_eval.transcription import match_notes
    from mir_eval.util import midi_to_hz

    def notes(entries: list[Entry]) -> tuple[Any, Any]:
        spans = np.array([[start, max(end, start + 0.01)] for start, end, _ in entries]).reshape(-1, 2)
        return spans, midi_to_hz(np.array([note for _, _, note in entries], dtype=float))

    wanted, told = truth["tune"], answer["tune"]
    matched = match_notes(
        *notes(wanted), *notes(told), onset_tolerance=TUNE, pitch_tolerance=100 * SAME, offset_ratio=None
    )
    covered = set(truth.get("covered", ()))
    hidden = sum(place in covered for place, _ in matched)
    clear = f_of(len(matched) - hidden, len(told) - hidden, len(wanted) - len(covered))
    return {"tune": f_of(len(matched), len(told), len(wanted)), "tune_uncovered": clear}


def close(time: float, times: list[float], within: float) -> bool:
    """Whether a time lies close to one of these, which are in order."""
    place = bisect_left(times, time - within)
    return place < len(times) and times[place] <= time + within


def of_strokes(truth: Truth, answer: Answer) -> Scores:
    """F of strokes by region, in pieces with drums; how many a second are told, in pieces without."""
    if "drums" not in truth:
        return {}
    told = answer.get("drums")
    if not truth["drums"]:
        end = max((note[1] for note in truth["notes"]), default=0.0)
        return {"strokes_none": UNTOLD if told is None else len(told) / end} if end else {}
    result: Scores = {}
    for region in REGIONS:
        wanted = [time for time, where in truth["drums"] if where == region]
        if wanted:
            others = [time for time, where in truth["drums"] if where != region] + [n[0] for n in truth.get("bass", [])]
            found = None if told is None else [time for time, where in told if where == region]
            result[f"stroke_{region}"] = UNTOLD if found is None else of_region(wanted, found, sorted(others))
    return result


def of_region(wanted: list[float], told: list[float], others: list[float]) -> float:
    """F of strokes; one that is none but close to one of `others` counts neither way."""
    from mir_eval.util import match_events

    matched = match_events(np.array(wanted), np.array(told), STROKE)
    hit = {place for _, place in matched}
    counted = [place for place, time in enumerate(told) if place in hit or not close(time, others, STROKE)]
    return f_of(len(matched), len(counted), len(wanted))


def of_onsets(truth: Truth, answer: Answer) -> Scores:
    """F of the times at which pitched notes begin, chords once; from any onset detector, drums are left out of it."""
    from mir_eval.onset import f_measure

    if not truth.get("notes"):
        return {}
    wanted = np.array(frames.merged(note[0] for note in truth["notes"]))
    return {
        "onsets": scored(
            answer, "onsets", lambda told: f_measure(wanted, np.array(frames.merged(told)), window=ONSET)[0]
        )
    }


def of_frames(truth: Truth, answer: Answer) -> Scores:
    """By frame: notes, the lowest note, one note or several, the leading note."""
    told = answer.get("frames", {})
    if not truth.get("notes") or not told:
        return {}
    rate, count = told["rate"], told["count"]
    wanted = frames.sounding(truth["notes"], rate, count)
    result = of_notes(wanted, told.get("notes"), rate)
    kind = "_drums" if truth.get("drums") else ""
    result[f"notes_with{kind}"] = result["notes"]
    result[f"lowest{kind}"] = of_lowest(wanted, told.get("notes"))
    counts, right = told.get("polyphony"), []
    for name, several in (("one", False), ("several", True)):
        places = [place for place, notes in enumerate(wanted) if notes and (len(notes) > 1) == several]
        if places and counts is not None:
            found = [bool(counts[at]) and (counts[at] > 1) == several for at in places]
            result[name] = share(found)
            right += found
        elif places:
            result[name] = UNTOLD
    if any(wanted):
        result["one_or_several"] = share(right) if right else UNTOLD
    if truth.get("tune"):
        leads = frames.sounding(truth["tune"], rate, count)
        result["lead"] = UNTOLD if told.get("lead") is None else of_lead(leads, told["lead"])
    return result


def share(right: list[Any]) -> float:
    """The share that is true."""
    return sum(map(bool, right)) / len(right)


def of_lead(wanted: frames.Frames, told: list[float | None]) -> float:
    """The share of frames, of those in which the tune sounds, in which the leading note is its note."""
    return share(
        [lead is not None and abs(lead - notes[-1]) <= SAME for notes, lead in zip(wanted, told, strict=True) if notes]
    )


def of_notes(wanted: frames.Frames, told: frames.Frames | None, rate: float) -> Scores:
    """F, precision and recall of notes."""
    names = ("notes", "notes_precision", "notes_recall")
    if told is None:
        return dict.fromkeys(names, UNTOLD)
    from mir_eval.multipitch import metrics
    from mir_eval.util import midi_to_hz

    times = (np.arange(len(wanted)) + 0.5) / rate
    both = [[np.minimum(midi_to_hz(np.array(row, dtype=float)), TOP) for row in rows] for rows in (wanted, told)]
    precision, recall, *_ = metrics(times, both[0], times, both[1], window=SAME)
    f = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return dict(zip(names, (float(f), float(precision), float(recall)), strict=True))


def of_lowest(wanted: frames.Frames, told: frames.Frames | None) -> float:
    """The share of frames, of those with a note, in which the lowest note is right, its octave too."""
    if told is None:
        return UNTOLD
    pairs = [(notes[0], row) for notes, row in zip(wanted, told, strict=True) if notes]
    return share([row and abs(min(row) - note) <= SAME for note, row in pairs])


def itself(truth: Truth, rate: float, count: int) -> Answer:
    """The truth as an answer, whose scores have to be 1."""
    notes = frames.sounding(truth["notes"], rate, count)
    leads = frames.sounding(truth.get("tune", []), rate, count)
    return {
        **truth,
        "onsets": [note[0] for note in truth["notes"]],
        "frames": {
            "rate": rate,
            "count": count,
            "notes": notes,
            "polyphony": [len(row) for row in notes],
            "lead": [row[-1] if row else None for row in leads],
        },
    }
