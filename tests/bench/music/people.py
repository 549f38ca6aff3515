"""Music that people wrote: scores of music21's corpus, and MIDI files, such as those of Debian's packages.

Their truth has what the score says: tempo, meter, compound, beats, downbeats, key where it is written with its mode,
notes and drums. What nobody wrote down (chords, form, which part is the tune) is missing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from .pieces import DRUM, Note, Piece, Truth
from .styles import NAMES
from .timing import apart

LONGEST = 40.0  # seconds of a piece that are played
START = 0.25  # seconds before a score begins
BEATS = (66, 108)  # quarter notes a minute, where a score does not say
# Composers of the corpus, how often one is drawn, and the programs of its parts, from the highest to the lowest.
DRAWN: list[tuple[tuple[str, ...], int, list[list[int]]]] = [
    (("bach",), 4, [[52], [19], [0], [48], [40, 40, 41, 42], [73, 71, 71, 70]]),
    (("ryansMammoth",), 3, [[40], [73], [21], [0], [24]]),
    (("mozart", "haydn", "beethoven"), 2, [[40, 40, 41, 42], [0]]),
    (("palestrina", "monteverdi"), 1, [[52], [19]]),
]
PLACES = [  # where Debian's openttd-openmsx and planetblupi-music-midi put their MIDI files
    Path("/usr/share/games/openttd/baseset/openmsx"),
    Path("/usr/share/planetblupi/music"),
    Path("/usr/share/games/planetblupi/music"),
]
# General MIDI's drums. A tom or a bongo is a drum of no region: a stroke there counts neither way.
REGIONS = {
    **dict.fromkeys((35, 36), "low"),
    **dict.fromkeys((37, 38, 39, 40), "mid"),
    **dict.fromkeys((42, 44, 46, 49, 51, 52, 53, 55, 57, 59, 69, 70, 80, 81, 82), "high"),
}


def opening(work: str, style: str) -> Truth:
    """A truth with what is known of every such piece."""
    return {"style": style, "work": work, "notes": [], "drums": [], "parts": {}}


def bars(truth: Truth, meter: int, compound: bool, beats: list[float], downbeats: list[float]) -> None:
    """Add what bars tell, where they have 2, 3 or 4 beats."""
    if meter in (2, 3, 4) and len(beats) > 2:
        tempo = 60 / median(after - before for before, after in pairwise(beats))
        truth |= {"tempo": round(tempo, 1), "meter": meter, "compound": compound}
        truth |= {"beats": [round(time, 3) for time in beats], "downbeats": [round(time, 3) for time in downbeats]}


def works(names: tuple[str, ...]) -> list[Path]:
    """The corpus' scores by these composers."""
    from music21 import corpus

    paths = [Path(str(path)) for name in names for path in corpus.getComposer(name)]
    return sorted(path for path in paths if path.suffix in (".mxl", ".xml", ".musicxml", ".krn", ".abc"))


def scored(rnd: random.Random) -> Piece:
    """A score of the corpus as a piece that can be played: the first one drawn that has voices and bars."""
    from music21 import corpus

    while True:
        names, _, ensembles = rnd.choices(DRAWN, [often for _, often, _ in DRAWN])[0]
        path, ensemble = rnd.choice(works(names)), rnd.choice(ensembles)
        score = corpus.parse(path)
        tempo = rnd.randint(*BEATS)
        if "Score" in score.classes and 1 <= len(score.parts) <= 5:
            piece = from_score(score, f"{path.parent.name}/{path.stem}", tempo, ensemble)
            if len(piece.notes) >= 20:
                return piece


def from_score(score: Any, work: str, tempo: float, ensemble: list[int]) -> Piece:
    """A score of music21, played by the programs of `ensemble` with `tempo` quarters a minute if it has no tempo."""
    from music21 import harmony

    marks = [mark.getQuarterBPM() for mark in score.recurse().getElementsByClass("MetronomeMark")]
    tempo = next((mark for mark in marks if mark and 30 <= mark <= 250), tempo)
    truth, notes, programs = opening(work, "score"), [], {}
    for channel, part in enumerate(score.parts):
        programs[channel] = ensemble[min(channel, len(ensemble) - 1)]
        for element in part.stripTies().flatten().notes:
            at, length = (float(value) * 60 / tempo for value in (element.offset, element.quarterLength))
            if isinstance(element, harmony.Harmony) or length <= 0 or START + at + length > LONGEST:
                continue
            for pitch in element.pitches:
                start, ticks = round(1000 * (START + at)), max(40, round(950 * length))
                notes.append(Note(start, ticks, channel, pitch.midi, 84 if channel else 92))
    piece = Piece(apart(notes), [None] * len(notes), programs, 125, 480, truth)
    truth["notes"] = piece.sounding()
    measured(score, tempo, truth)
    keys = {(key.tonic.pitchClass, key.mode) for key in score.recurse().getElementsByClass("Key")}
    ends = list(score.parts[-1].flatten().notes)[-1:]
    if len(keys) == 1 and ends:
        ((tonic, mode),) = keys
        if ends[0].pitches[0].pitchClass == tonic:  # else the mode is the one that programs write by default
            truth["key"] = f"{NAMES[tonic]} {mode}"
    return piece


def measured(score: Any, tempo: float, truth: Truth) -> None:
    """Bars and beats of a score whose time signature does not change."""
    signatures = {each.ratioString: each for each in score.parts[0].recurse().getElementsByClass("TimeSignature")}
    if len(signatures) != 1:
        return
    (signature,) = signatures.values()
    beat, length = float(signature.beatDuration.quarterLength), float(signature.barDuration.quarterLength)
    whole = [
        float(bar.offset)
        for bar in score.parts[0].getElementsByClass("Measure")
        if abs(float(bar.duration.quarterLength) - length) < 1e-6 and not bar.paddingLeft
    ]
    end = min((LONGEST - START) * tempo / 60, float(score.highestTime))
    whole = [offset for offset in whole if offset <= end]
    if not whole:
        return
    count = int(whole[0] / beat + 1e-6)  # of beats before the first whole bar
    places = [whole[0] + k * beat for k in range(-count, int((end - whole[0]) / beat + 1e-6))]
    beats, downbeats = ([START + place * 60 / tempo for place in each] for each in (places, whole))
    bars(truth, signature.beatCount, signature.beatDivisionCount == 3, beats, downbeats)


def files(folder: Path | None) -> list[Path]:
    """The MIDI files of a folder, or of Debian's packages; in which no note is bent, so that notes are what sounds."""
    places = [folder] if folder else PLACES
    found = sorted(path for place in places for path in place.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    return [path for path in found if straight(path)]


def straight(path: Path) -> bool:
    """True where a MIDI file can be read and bends no note."""
    import mido

    try:
        return not any(message.type == "pitchwheel" and message.pitch for message in mido.MidiFile(path))
    except (OSError, ValueError, EOFError, IndexError):
        return False


def events(path: Path) -> Iterator[tuple[int, float, Any]]:
    """Each message of a MIDI file: its tick, its time in seconds, the message."""
    import mido

    file = mido.MidiFile(path)
    tick, time, tempo = 0, 0.0, 500_000
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        time += message.time * tempo * 1e-6 / file.ticks_per_beat
        yield tick, time, message
        if message.type == "set_tempo":
            tempo = message.tempo


def from_file(path: Path) -> Truth:
    """The truth of a MIDI file's first seconds."""
    import mido

    truth, quarter = opening(path.stem, "MIDI file"), mido.MidiFile(path).ticks_per_beat
    sounding: dict[tuple[int, int], float] = {}
    signatures, ticks = set(), [(0, 0.0)]
    for tick, time, message in events(path):
        if time > LONGEST:
            break
        ticks.append((tick, time))
        if message.type == "time_signature":
            signatures.add((message.numerator, message.denominator))
        if message.type not in ("note_on", "note_off"):
            continue
        place = message.channel, message.note
        if message.channel == DRUM:
            if message.type == "note_on" and message.velocity:
                truth["drums"].append([round(time, 3), REGIONS.get(message.note, "other")])
        else:
            if place in sounding:
                truth["notes"].append([round(sounding.pop(place), 3), round(time, 3), message.note])
            if message.type == "note_on" and message.velocity:
                sounding[place] = time
    truth["notes"] += [[round(time, 3), LONGEST, note] for (_, note), time in sounding.items()]
    truth["notes"].sort()
    if len(signatures) == 1:
        numerator, denominator = signatures.pop()
        compound = denominator == 8 and numerator % 3 == 0 and numerator > 3
        beat, meter = (quarter * 3 // 2, numerator // 3) if compound else (quarter * 4 // denominator, numerator)
        beats = grid(ticks, beat)
        bars(truth, meter, compound, beats, beats[::meter])
    return truth


def grid(ticks: list[tuple[int, float]], beat: int) -> list[float]:
    """The time of every beat of so many ticks, between ticks whose time is known."""
    result, wanted = [], 0
    for (before, start), (after, end) in pairwise(ticks):
        while wanted < after:
            if wanted >= before:
                result.append(start + (end - start) * (wanted - before) / (after - before))
            wanted += beat
    return result
