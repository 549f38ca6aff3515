"""A piece at other times than written: a tempo that drifts, or the timing of people who play. The truth follows."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from .pieces import BASS, COMP, DRUM, LEAD, Entry, Note, Piece, Truth

STEP = 0.25  # seconds for which a tempo holds
GAP = 5  # ms between a note and the next one of the same pitch and part
DRIFT = (0.05, 0.1)  # how far a tempo goes from its mean, as a share of it: at least, at most
SWAY = (20, 45)  # seconds from slow to fast and back
WANDER = 0.012  # standard deviation by which a live beat differs from the one before, as a share of it
LATE = 0.009  # standard deviation of a live note about its part, in seconds
LAG = {LEAD: 0.010, COMP: 0.005, BASS: 0.004, DRUM: 0.0}  # by how many seconds a part comes late, on average

Clock = Callable[[float], float]  # seconds as written into seconds as played


def clock(tempi: Sequence[float]) -> Clock:
    """The clock of a tempo that is, for each STEP, so many times the written one; the last one holds on."""
    played = [0.0]
    for tempo in tempi:
        played.append(played[-1] + STEP / tempo)

    def at(written: float) -> float:
        step = min(int(written / STEP), len(tempi) - 1)
        return played[step] + (written - step * STEP) / tempi[step]

    return at


def drifting(seconds: float, rnd: random.Random) -> Clock:
    """A tempo that sways, or that gets faster or slower from the first bar to the last."""
    from math import pi, sin

    count, depth = int(seconds / STEP) + 1, rnd.uniform(*DRIFT)
    way, period, phase = rnd.choice(["sways", "faster", "slower"]), rnd.uniform(*SWAY), rnd.uniform(0, 2 * pi)
    if way == "sways":
        return clock([1 + depth * sin(2 * pi * k * STEP / period + phase) for k in range(count)])
    sign = 1 if way == "faster" else -1
    return clock([1 + sign * depth * (2 * k / count - 1) for k in range(count)])


def wandering(seconds: float, beat: float, rnd: random.Random, wander: float = WANDER) -> Clock:
    """The tempo of people, who pull each beat of `beat` seconds a little and come back."""
    tempi, pull, heard = [], 0.0, -1
    for k in range(int(seconds / STEP) + 1):
        if int(k * STEP / beat) != heard:
            heard = int(k * STEP / beat)
            pull = 0.8 * pull + rnd.gauss(0, wander)
        tempi.append(1 + pull)
    return clock(tempi)


def moved(entry: Entry, at: Clock, late: float = 0.0) -> None:
    """Move an entry of a truth, in place."""
    for place in range(2):
        if not isinstance(entry[place], str):  # the region of a stroke
            entry[place] = round(at(entry[place]) + late, 3)


def retimed(piece: Piece, at: Clock, late: Sequence[float]) -> Piece:
    """The piece by this clock, each note `late` by so many seconds more. Its ticks are milliseconds."""
    piece = copy.deepcopy(piece)  # at once: the entries stay those of the truth
    truth, notes = piece.truth, []
    for note, entry, more in zip(piece.notes, piece.entries, late, strict=True):
        start = max(0, round(1000 * (at(note.at * piece.second) + more)))
        end = round(1000 * (at((note.at + note.length) * piece.second) + more))
        notes.append(note._replace(at=start, length=max(40, end - start)))
        if entry:
            moved(entry, at, more)
    for name in ("beats", "downbeats"):
        truth[name] = [round(at(time), 3) for time in truth[name]]
    for entry in truth["sections"] + truth["chords"]:
        moved(entry, at)
    truth["drums"].sort()
    truth["tempo"] = round(60 / median(after - before for before, after in pairwise(truth["beats"])), 1)
    result = Piece(apart(notes), piece.entries, piece.programs, 125, 480, truth)
    truth["notes"] = result.sounding()
    return result


def apart(notes: list[Note]) -> list[Note]:
    """The notes, each ended before its part plays the same pitch again: MIDI would end both."""
    result, order = list(notes), sorted(range(len(notes)), key=lambda k: (notes[k].channel, notes[k].note, notes[k].at))
    for before, after in pairwise(order):
        one, other = notes[before], notes[after]
        if (one.channel, one.note) == (other.channel, other.note) and one.at + one.length > other.at - GAP:
            result[before] = one._replace(length=max(1, other.at - GAP - one.at))
    return result


def seconds(truth: Truth) -> float:
    """When the last section ends."""
    return float(truth["sections"][-1][1])


def drifted(piece: Piece, rnd: random.Random) -> Piece:
    """With a tempo that drifts."""
    return retimed(piece, drifting(seconds(piece.truth), rnd), [0.0] * len(piece.notes))


def live(piece: Piece, rnd: random.Random, wander: float = WANDER, late: float = LATE) -> Piece:
    """As people play it: beats that wander, parts that come late, notes that are not together."""
    at = wandering(seconds(piece.truth), 60 / piece.truth["tempo"], rnd, wander)
    lag = {channel: rnd.gauss(mean, mean / 2) for channel, mean in LAG.items()}
    return retimed(piece, at, [lag[note.channel] + rnd.gauss(0, late) for note in piece.notes])
