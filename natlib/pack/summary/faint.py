"""What comes and goes in part of the spectrum without an event of its own: distant calls, chirps over a rumble."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from ...wire import Head
from ..contours import field
from ..measures import Table, even, filled, rounded
from ..thresholds import (
    BACKGROUND,
    BEGUN,
    CHANCE_RISE,
    DIP,
    FAINT_BANDS,
    FAINT_FAR,
    FAINT_HEARD,
    FAINT_LASTS,
    FAINT_WEIGHT,
    FALL,
    GROWS,
    HALF,
    JUMP,
    LONE,
    LONGEST,
    OF_AN_EVENT,
    PART_RISE,
    QUIETEST,
    REPEATED,
    SAME_BAND,
    SAME_PEAK,
    SECOND_GROUP,
    SILENT,
    STILL,
    WITHIN_EVENT,
)
from .brief import Brief
from .collector import Block, Collector
from .sounds import rhythm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..measures import Array
    from ..music.leadsheet import Bar

MOST = 3  # groups that are told
MOST_TIMES = 3  # of a group that are told
STEP = 0.1  # dB: the levels that are kept are multiples of it
LAST = 24  # pieces that may sound at the same time as the next one
WINDOW, HOP = 30.0, 10.0  # s: how much of a long item the background is that of, and how often it is looked for again
BLOCK, ASIDE = 30, 4  # of these steps that are looked at together, and on either side: more than WINDOW and a sound
FEWEST = 4  # bands that can have a part
SPREAD = 4.3  # dB: the standard deviation of a noise's level, if a band holds one value of it a frame


class Piece(NamedTuple):
    """One faint sound."""

    frame: int
    frames: int
    low: int  # the lowest and the highest of its bands
    high: int
    rise: float  # dB above the background, at most
    share: float  # of the power of all at that moment
    power: float  # of what rises, A-weighted, at most
    heard: float  # its share of the A-weighted power of all at that moment
    peaks: tuple[int, int] | None  # Hz of a narrow peak, at first and in the end


class Faint(Collector):
    """{"faint": [{"band", "count", "times", "duration", "ioi", "rise", "tonal", "peak"}, …]}, the most telling first.

    Memory: a level for each of the finest bands and the narrow peaks, two bytes each, a frame.
    """

    def __init__(self, table: Table, rate: float, brief: Brief):
        super().__init__(table, rate)
        import numpy as np

        self.brief = brief

        self.width = len(table.middles)
        self.columns = self.width + len(table.peaks)
        self.kept = array("h")  # a row a frame: levels in STEP, then peaks in Hz
        self.events: list[tuple[float, float, tuple[float, float]]] = []  # start, end in s; from, to in Hz
        self.barred = False
        edges = table.grids.get("spectrum_hz", [])
        self.edges = edges[-self.width - 1 :] if self.width else []
        self.ear = np.array([a_weight(hz) for hz in table.middles])

    def take(self, block: Block) -> None:
        import numpy as np

        if self.width < FEWEST or not len(block.rows):
            return
        levels = 10 * np.log10(np.maximum(self.table.powers(block.rows), 10 ** (QUIETEST / 10))) / STEP
        peaks = [filled(self.table.column(block.rows, name)) for name in self.table.peaks]
        row = np.column_stack((levels, *peaks))
        self.kept.frombytes(np.clip(np.rint(row), -32768, 32767).astype(np.int16).tobytes())

    def sound(self, start: float, sound: Head) -> None:
        low, high = sound.get("onset_band", (0.0, float("inf")))
        insort(self.events, (start, start + sound["duration"], (low, high)))

    def bar(self, bar: Bar, told: bool) -> None:
        self.barred |= told

    def result(self) -> Head:
        import numpy as np

        if not self.kept or self.barred:  # the notes of music are told by bars
            return {}
        rows = np.frombuffer(self.kept, np.int16).reshape(-1, self.columns)
        hop = max(1, round(HOP * self.rate))
        loudest, found = 0.0, []
        for first in range(0, len(rows), BLOCK * hop):  # not all at once, which would take much memory
            begin, end = max(0, first - ASIDE * hop), first + BLOCK * hop
            some = rows[begin : end + ASIDE * hop]
            loudest = max(loudest, float((self._powers(some) @ self.ear).max()))
            pieces = (piece._replace(frame=piece.frame + begin) for piece in self._heard(some, len(rows) - begin))
            found += [piece for piece in pieces if first <= piece.frame < end and not self._told(piece)]
        found = [piece for piece in found if piece.power >= loudest * 10 ** (-FAINT_FAR / 10)]
        told = [self._group(group) for group in grouped(alone(found))]
        del rows  # nothing can be added to what it shows
        return {"faint": told} if told else {}

    def _powers(self, rows: NDArray[np.int16]) -> Array:
        """Of each band, (frames, bands)."""
        import numpy as np

        return np.asarray(10 ** (rows[:, : self.width].astype(np.float64) * (STEP / 10)))

    def _heard(self, rows: NDArray[np.int16], last: int) -> list[Piece]:
        """The pieces in some rows; `last` is behind the last one of all."""
        levels, peaks = rows[:, : self.width].astype(float) * STEP, rows[:, self.width :]
        rises, margins = self._rises(levels)
        return [
            piece
            for component in components(rises >= GROWS * margins, rises >= margins)
            for piece in self._pieces(component, rises, levels, peaks)
            if self._telling(piece, last, margins)
        ]

    def _rises(self, levels: Array) -> tuple[Array, Array]:
        """How far each band rises above the background, beyond what rises everywhere, (frames, bands), dB.

        And from which rise on a band stands out: narrow bands of noise waver more.
        """
        import numpy as np

        rises, spreads = np.empty_like(levels), np.empty_like(levels)
        size, hop = round(WINDOW * self.rate), max(1, round(HOP * self.rate))
        ends = [*range(hop, len(levels) - hop, hop), len(levels)] if len(levels) > size else [len(levels)]
        for first, end in pairwise([0, *ends]):
            near = levels[max(0, min(first - hop, len(levels) - size)) : max(end + hop, size)]
            lowest, low = np.percentile(near, BACKGROUND, axis=0)
            low = np.maximum(low, max(SILENT, float(near.max()) - FAINT_FAR))
            rises[first:end] = levels[first:end] - low
            spreads[first:end] = low - lowest
        everywhere = np.percentile(rises, 100 * (1 - FAINT_BANDS), axis=1)
        noise = SPREAD / np.sqrt(np.maximum(np.diff(self.edges) / self.rate, 1))
        margins = np.maximum(PART_RISE, CHANCE_RISE * np.maximum(noise, np.clip(spreads, 0, PART_RISE) / 2))
        return rises - np.maximum(everywhere, 0)[:, None], margins

    def _pieces(self, cells: NDArray[np.int64], rises: Array, levels: Array, peaks: NDArray[np.int16]) -> list[Piece]:
        """The sounds that connected cells, (cells, 2), are: they part where their rise dips."""
        import numpy as np

        first, last = int(cells[:, 0].min()), int(cells[:, 0].max())
        own = np.zeros((last - first + 1, self.width))
        places = cells[:, 0] - first, cells[:, 1]
        own[places] = rises[cells[:, 0], cells[:, 1]]
        found = []
        for begin, end in parted(own.max(axis=1)):
            heights = own[begin:end].max(axis=0)
            bands = np.flatnonzero(heights >= HALF * heights.max())
            low, high = int(bands[0]), int(bands[-1])
            top = first + begin + int(own[begin:end].max(axis=1).argmax())
            powers = 10 ** (levels[top] / 10)
            mine = np.zeros(self.width)
            mine[low : high + 1] = (powers * (1 - 10 ** (-np.maximum(rises[top], 0) / 10)))[low : high + 1]
            share = float(mine.sum() / max(powers.sum(), 1e-12))
            heard = float(mine @ self.ear / max(powers @ self.ear, 1e-12))
            ends = self._peaks(peaks[first + begin : first + end], low, high)
            rise, power = float(heights.max()), float(mine @ self.ear)
            found.append(Piece(first + begin, end - begin, low, high, rise, share, power, heard, ends))
        return found

    def _peaks(self, peaks: NDArray[np.int16], low: int, high: int) -> tuple[int, int] | None:
        """The narrow peak in these bands, at first and in the end, of (frames, peaks) in Hz; None for hardly any."""
        there = (peaks >= self.edges[low]) & (peaks < self.edges[high + 1])
        ways = [int(row[inside.argmax()]) for row, inside in zip(peaks, there, strict=True) if inside.any()]
        return (ways[0], ways[-1]) if len(ways) >= HALF * len(peaks) and len(ways) > 1 else None

    def _telling(self, piece: Piece, frames: int, margins: Array) -> bool:
        """Is it more than a noisy cell, and does it come and go?"""
        seconds, end = piece.frames / self.rate, piece.frame + piece.frames
        cut = piece.frame == 0 or end == frames
        margin = float(margins[piece.frame, piece.low : piece.high + 1].min())
        part = piece.high - piece.low < HALF * self.width and piece.heard >= FAINT_HEARD
        brief = piece.frames == 1 and (piece.low == piece.high or piece.rise < margin + LONE)
        return part and not brief and seconds <= (BEGUN if cut else FAINT_LASTS)

    def _told(self, piece: Piece) -> bool:
        """Does an event tell it: one that sounds in its band for most of its time, or begins with it?"""
        start, end = piece.frame / self.rate, (piece.frame + piece.frames) / self.rate
        low, high = self.edges[piece.low], self.edges[piece.high + 1]
        near = slice(bisect_left(self.events, (start - LONGEST,)), bisect_left(self.events, (end,)))
        for begin, until, (lowest, highest) in self.events[near]:
            later = start - begin > OF_AN_EVENT and until - begin > WITHIN_EVENT  # it comes while the event lasts
            both = min(end, until) - max(start, begin - 1 / self.rate)
            if low < highest and high > lowest and not later and both >= HALF * (end - start):
                return True
        return False

    def _tonal(self, piece: Piece) -> bool:
        """Are there brief tones in it?"""
        last = piece.frame + piece.frames
        return self.brief.within(piece.frame, last, self.edges[piece.low], self.edges[piece.high + 1])

    def _group(self, group: list[Piece]) -> Head:
        """What is told of sounds of like band."""
        times = [round(self.start + piece.frame / self.rate, 1) for piece in group]
        low, high = (round(median(getattr(piece, name) for piece in group)) for name in ("low", "high"))
        told: Head = {"band": [self.edges[low], self.edges[high + 1]], "count": len(group)}
        told |= {"times": times[:MOST_TIMES]}
        told["duration"] = round(median(piece.frames for piece in group) / self.rate, 1)
        if len(group) > REPEATED and even(gaps := rhythm([piece.frame / self.rate for piece in group])):
            told["ioi"] = gaps["ioi"]
        told["rise"] = round(median(piece.rise for piece in group))
        if sum(map(self._tonal, group)) >= HALF * len(group):
            told["tonal"] = True
        return told | peaked(group)


def peaked(group: list[Piece]) -> Head:
    """The narrow peak of sounds, if most have one at about the same Hz: a number, or from where to where it goes."""
    ways = [piece.peaks for piece in group if piece.peaks]
    if len(ways) < HALF * len(group):
        return {}
    ends = [median(way[i] for way in ways) for i in (0, 1)]
    near = [all(1 / SAME_PEAK < hz / end < SAME_PEAK for hz, end in zip(way, ends, strict=True)) for way in ways]
    if sum(near) < HALF * len(group) or max(ends) > JUMP * min(ends):
        return {}
    moves = max(ends) >= STILL * min(ends)
    return field("peak", [rounded(hz) for hz in (ends if moves else ends[:1])])


def a_weight(hz: float) -> float:
    """How strongly a frequency is heard, as the A-weighting of IEC 61672 has it, of power."""
    square = hz * hz
    poles = (square + 20.6**2) * (square + 12194.0**2) * math.sqrt((square + 107.7**2) * (square + 737.9**2))
    return (1.2589 * 12194.0**2 * square * square / poles) ** 2


def components(raised: NDArray[np.bool_], clearly: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Raised cells, (frames, bands), that touch one that is raised clearly, as groups that touch, (cells, 2) each."""
    import numpy as np

    left = set(map(tuple, np.argwhere(raised).tolist()))
    found = []
    for cell in map(tuple, np.argwhere(clearly).tolist()):
        if cell not in left:
            continue
        left.remove(cell)
        cells = [cell]
        for frame, band in cells:
            near = {(frame + i, band + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            cells += near
        found.append(np.array(cells))
    return found


def parted(rises: Array) -> list[tuple[int, int]]:
    """Spans of frames: a rise in dB parts where it dips, and each part ends where it has fallen."""
    values = rises.tolist()
    cuts, peak, lowest = [0], 0, 0
    for i, value in enumerate(values):
        if value < values[lowest]:
            lowest = i
        if values[lowest] <= min(values[peak] - DIP, HALF * values[peak]) and value >= values[lowest] + DIP:
            cuts.append(lowest)
            peak = lowest = i
        elif value >= values[peak]:
            peak = lowest = i
    found = []
    for begin, end in pairwise([*cuts, len(values)]):
        part = values[begin:end]
        there = [i for i, value in enumerate(part) if value > max(part) - FALL]
        found.append((begin + there[0], begin + there[-1] + 1))
    return found


def alone(pieces: list[Piece]) -> list[Piece]:
    """Those that are no weaker part of one that sounds at the same time."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.frame):
        end = piece.frame + piece.frames
        for other in reversed(kept[-LAST:]):
            both = min(end, other.frame + other.frames) - max(piece.frame, other.frame)
            if both >= HALF * max(piece.frames, other.frames):
                if piece.rise > other.rise:
                    kept[kept.index(other)] = piece
                break
        else:
            kept.append(piece)
    return sorted(kept)


def grouped(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces of like band, in the order of their times: the most telling group first."""
    by = sorted(pieces, key=lambda piece: (piece.low, piece.high))
    bands = {band: list(same) for band, same in groupby(by, key=lambda piece: (piece.low, piece.high))}
    groups = []
    while bands:
        heaviest = max(bands, key=lambda band: weight(bands[band]))
        like = [band for band in bands if overlap(band, heaviest) >= SAME_BAND]
        groups.append(sorted(piece for band in like for piece in bands.pop(band)))
    groups.sort(key=weight, reverse=True)
    least = max(FAINT_WEIGHT, SECOND_GROUP * max(map(weight, groups), default=0))
    return [group for group in groups if weight(group) >= least and faint(group)][:MOST]


def faint(pieces: list[Piece]) -> bool:
    """Do pieces lie under louder sound, or come again and again? Others are told by scenes."""
    return len(pieces) >= REPEATED or median(piece.share for piece in pieces) < HALF


def weight(pieces: list[Piece]) -> float:
    """How telling pieces are."""
    return sum(piece.rise for piece in pieces)


def overlap(band: tuple[int, int], other: tuple[int, int]) -> float:
    """What two ranges of bands have in common, as a share of what either has."""
    both = min(band[1], other[1]) - max(band[0], other[0]) + 1
    return both / (max(band[1], other[1]) - min(band[0], other[0]) + 1)
