"""What the networks see of each sound, as nat-pack computes it, and what they should answer."""

from __future__ import annotations

import re
from itertools import pairwise
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from natlib import network
from natlib.pack.music import bars, division, inputs
from natlib.pack.music.chords import NONE, Chords
from natlib.pack.music.inputs import BASSES, LEADS, QUALITIES
from natlib.pack.music.key import HALF, MINORS
from natlib.pack.music.moments import Moments
from natlib.pack.music.pulse import Pulse
from natlib.pack.music.steps import RATE, Steps

from ..music.pieces import Entry
from ..music.styles import NAMES
from .measures import Array, Measured, measured

BESIDE = 0.5  # how right it is to tell a beat a step early or late
AFTER, LATER = 60, 0.2  # steps behind the last beat after which there may be more that is not known; its weight
UNSURE = 0.3  # weight of first beats where nobody knows how many a bar has
FEWEST = 8  # beats of a sound, half seconds of one
MOST, MUCH = 0.6, 0.4  # share of a beat that its chord lasts, of a part of a beat that its note lasts
FIRST = 0.05  # seconds within which a beat begins a bar
SHAKEN = 0.5  # steps, standard deviation of the beats that the network for bars sees
CROPS, LEAST = 12, 20  # stretches of a piece whose key is asked for; half seconds of one, at least

Pair = tuple[Array, Array]  # what is seen, (n, …), and what is right, (n,)
Pairs = dict[str, Pair]  # by network


class Beaten(NamedTuple):
    """A sound for the pulse."""

    steps: Array  # (steps, CHANNELS)
    right: Array  # (steps, 2): beats, first beats
    weight: Array  # (steps, 2)


def use(found: dict[str, Array]) -> None:
    """From here on natlib's networks have these weights, in this process: it reads the file once, and keeps it."""
    network.tables(network.MUSIC).update({name: table.astype(np.float64) for name, table in found.items()})


def steps(one: Measured) -> Array:
    """What happens fifty times a second in all of a sound."""
    return Steps(one.table, one.rate).feed(one.rows, last=True)


def beaten(file: Path) -> Beaten | None:
    """Where beats are; None where somebody may hear some that are not known."""
    one = measured(file)
    if one.truth["kind"] == "regular":
        return None
    seen = steps(one)
    right, weight = np.zeros((len(seen), 2), np.float32), np.ones((len(seen), 2), np.float32)
    for column, name in enumerate(("beats", "downbeats")):
        places = np.array([int(time * RATE) for time in one.truth[name]], int)
        for by, value in ((-1, BESIDE), (1, BESIDE), (0, 1.0)):
            inside = places[(places + by >= 0) & (places + by < len(seen))] + by
            right[inside, column] = np.maximum(right[inside, column], value)
    if beats := one.truth["beats"]:
        weight[int(beats[-1] * RATE) + AFTER :] = LATER
        if not one.truth["meter"]:
            weight[:, 1] = UNSURE
    return Beaten(seen.astype(np.int16), right, weight)


def longest(entries: list[Entry], start: float, end: float) -> tuple[Any, float]:
    """What lasts longest from a start to an end, and for how long; None, 0 for nothing."""
    found, most = None, 0.0
    for begin, stop, what in entries:
        if (lasts := min(end, stop) - max(start, begin)) > most:
            found, most = what, lasts
    return found, most


def chord(entries: list[Entry], start: float, end: float) -> int:
    """The number of a beat's chord; -1 where there are two."""
    name, lasts = longest(entries, start, end)
    if name is None:
        return NONE
    if lasts <= MOST * (end - start):
        return -1
    root, quality = re.fullmatch(r"([A-G]#?)(.*)", name).groups()  # type: ignore[union-attr]
    return NAMES.index(root) * len(QUALITIES) + QUALITIES.index(quality)


def note(entries: list[Entry], start: float, end: float, notes: range, share: float) -> int:
    """Which of `notes` a stretch has; their count for none."""
    found, lasts = longest(entries, start, end)
    return notes.index(found) if found in notes and lasts >= share * (end - start) else len(notes)


def known(right: list[int], told: bool, silent: bool, none: int) -> Array:
    """What is right where the truth tells it; `none` where nothing sounds; -1 where nobody knows."""
    return np.array(right if told else [none if silent else -1] * len(right))


def clean(pairs: Pairs) -> Pairs:
    """Only what is known, in 16 bits."""
    return {
        name: (seen[right >= 0].astype(np.int16), right[right >= 0].astype(np.int64))
        for name, (seen, right) in pairs.items()
    }


def example(file: Path) -> Pairs | None:
    """For chords, bass, melody, bars and division, at the beats of the truth; None for a sound with few beats."""
    one = measured(file)
    truth, seconds = one.truth, len(one.rows) / one.rate
    beats = [beat for beat in truth["beats"] if beat < seconds - 0.3]
    if len(beats) < FEWEST:
        return None
    edges = [*beats, min(seconds, 2 * beats[-1] - beats[-2])]
    moments, silent = Moments(one.table, one.rate), not truth["notes"]
    moments.feed(one.rows)
    spans, stretches = moments.spans(edges[:-1], edges[1:]), list(pairwise(edges))
    chords = known([chord(truth["chords"], *each) for each in stretches], bool(truth["chords"]), silent, NONE)
    roots = np.where((chords >= 0) & (chords < NONE), chords // len(QUALITIES), -1)
    basses = known(
        [note(truth["bass"], *each, BASSES, 0.0) for each in stretches], bool(truth["bass"]), silent, len(BASSES)
    )
    count = 3 if truth["compound"] else 2
    parts = [(a + (b - a) * i / count, a + (b - a) * (i + 1) / count) for a, b in stretches for i in range(count)]
    leads = known([note(truth["tune"], *each, LEADS, MUCH) for each in parts], bool(truth["tune"]), False, len(LEADS))
    sung = moments.spans(*(list(times) for times in zip(*parts, strict=True)))
    result = {
        "chords": (inputs.of_chords(spans.treble, spans.bass), chords),
        "bass": (inputs.of_bass(spans, roots), basses),
        "melody": (inputs.of_melody(sung), leads),
    }
    return clean(result | placed(one, beats, spans))


def placed(one: Measured, beats: list[float], spans: Any) -> Pairs:
    """For bars and division."""
    truth, happened = one.truth, steps(one)
    answers, places = Pulse()(happened, True), np.array(beats) * RATE - 0.5
    rng = np.random.default_rng(len(beats))
    shaken = np.clip(np.rint(places + rng.normal(0, SHAKEN, len(places))), 0, len(happened) - 1).astype(int)
    first = np.array(truth["downbeats"] or [-1.0])
    firsts = np.abs(np.array(beats)[:, None] - first).min(axis=1) < FIRST
    if not truth["downbeats"]:  # of a metronome any beat may be the first
        firsts = np.full(len(beats), -1)
    kind = division.KINDS.index("compound" if truth["compound"] else "swung" if truth["swing"] else "even")
    divided = division.seen([*places, 2 * places[-1] - places[-2]], happened)
    return {
        "bars": (bars.windows(bars.seen(shaken.tolist(), answers, happened, spans)), firsts.astype(np.int64)),
        "division": (division.around(divided), np.full(len(beats), kind)),
    }


def keyed(file: Path) -> Pair | None:
    """Stretches of a piece, and its key: 0 to 11 in major, 12 to 23 in minor."""
    one = measured(file)
    count = int(len(one.rows) / one.rate / HALF)
    if not one.truth["key"] or count < FEWEST:
        return None
    moments, times = Moments(one.table, one.rate), np.arange(count + 1) * HALF
    moments.feed(one.rows)
    spans = moments.spans(times[:-1].tolist(), times[1:].tolist())
    found = Chords()(spans.treble, spans.bass).argmax(axis=1)
    chords = np.zeros((count, 12, 2), np.int64)
    for row, number in enumerate(found.tolist()):
        if number != NONE:
            root, quality = divmod(number, len(QUALITIES))
            chords[row, root, int(QUALITIES[quality] in MINORS)] = 1
    rng, seen = np.random.default_rng(count), []
    for number in range(CROPS):
        length = int(rng.integers(min(LEAST, count), count + 1)) if number else count
        first = int(rng.integers(0, count - length + 1))
        some = slice(first, first + length)
        sums = (values[some].sum(axis=0) for values in (spans.treble, spans.bass, chords))
        seen.append(inputs.of_key(*sums))
    tonic, mode = one.truth["key"].split()
    return np.array(seen, np.int16), np.full(CROPS, NAMES.index(tonic) + 12 * (mode == "minor"))


def each(function: Any, files: list[Path], found: dict[str, Array]) -> list[Any]:
    """What a function gives for each file with these weights, but for None."""
    with Pool(initializer=use, initargs=(found,)) as pool:
        return [one for one in pool.imap(function, files, chunksize=4) if one is not None]
