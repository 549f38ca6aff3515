"""The front end: samples to frames of whole numbers.

Sound is cut into frames, `frame_rate` a second; frame k stands for the time from k/rate to (k+1)/rate. Each frame is
heard twice: through one long window (about 120 ms: pitch, harmony, colour) and through several short ones (about 25 ms,
100 a second: level, attacks, fluctuation). Windows are centred by integer arithmetic from the item's first sample, so
nothing drifts, and no frame depends on how the samples arrived.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..measures import EDGES, FINE
from .brief import APART, Brief
from .chroma import Chroma
from .flux import Flux
from .formants import Formants
from .grid import Grid
from .harmonics import Harmonics
from .numerics import Array, Frames, decibels, exact, hundredths, padded, vertex
from .peaks import Peaks
from .periodicity import Periodicity
from .pitch import Pitch
from .reach import Reach
from .spectrum import BANDS, USABLE, Filters, Spectrum, mel_edges
from .tonality import Tonality

SHORT, LONG = Fraction(1, 40), Fraction(12, 100)  # seconds: the two windows
CEPSTRUM = 16
DCT = np.rint(2**12 * np.cos(np.pi / BANDS * np.outer(np.arange(CEPSTRUM), np.arange(BANDS) + 0.5)))
CELLS = 4  # cells in a short window's hop, for the moment of an attack
FLOOR = 1e-9  # power: -90 dBFS, added to each band
SILENT = -9000  # hundredths of a dB
OPEN = 22  # the bands from here on (3.4 kHz) may be absent: above the Nyquist frequency, or cut off by a codec
SLOPE = 200  # hundredths of a dB: each of these lies at most so far below the one before: absent is not silent


class Tables:
    """What depends on the sample rate alone: short and long spectra, and what is made from them."""

    def __init__(self, sample_rate: int):
        self.short, self.long = Spectrum(sample_rate, SHORT), Spectrum(sample_rate, LONG)
        top = USABLE * sample_rate / 2
        self.bands = Filters(self.short, mel_edges(), sample_rate)
        self.end = math.floor(min(Pitch.TOP, top) / self.long.bin)  # bins of long spectra used for pitch
        self.tonality = Tonality(self.long, self.end)
        self.chroma = Chroma(self.long)
        self.pitch = Pitch(self.long, sample_rate, self.end)
        self.harmonics = Harmonics(self.long, self.end)
        self.peaks = Peaks(self.long, top)
        self.periodicity = Periodicity(self.short, top)
        self.formants = Formants(self.short, top)
        self.brief = Brief(self.short, top)
        self.low = max(self.periodicity.end, self.formants.end)
        self.reach = Reach(self.long, self.end)
        self.centres = exact(mel_edges()[1 : self.bands.count + 1])


@lru_cache(8)
def tables(sample_rate: int) -> Tables:
    """The Tables of a sample rate, made once."""
    return Tables(sample_rate)


class Front:
    """Turns samples into frames of numbers: buffers what whole windows need, and analyses each window once."""

    def __init__(self, sample_rate: int, grid: Grid):
        rate = grid.frame_rate
        self.num, self.den = rate.numerator, rate.denominator * sample_rate  # den / num samples a frame
        self.hops = grid.hops  # short windows in a frame
        self.tables = tables(sample_rate)
        self.short, self.long = self.tables.short, self.tables.long
        self.top = max(self.tables.end, self.tables.peaks.end)
        frame = -(-self.den // self.num)
        self.reach = max(self.long.size // 2, (frame + self.short.size) // 2) + 1  # samples, from a frame's middle
        self.margin = 2 * self.reach  # zeros before the first sample
        self.buffer = np.zeros(self.margin)
        self.start = -self.margin  # the buffer's first sample
        self.samples = self.frames = 0  # taken, analysed
        self.flux = Flux(float(SILENT))
        self.cuts = [math.ceil(edge / self.long.bin) for edge in FINE if edge <= USABLE * sample_rate / 2]

    def centre(self, frame: int) -> int:
        """The sample in the middle of a frame."""
        return (2 * frame + 1) * self.den // (2 * self.num)

    def places(self, half: int, count: int, parts: int, step: int = 2) -> NDArray[np.int64]:
        """The samples at half, half + step, …, counted in halves of a part; a frame has `parts` parts.

        Exact: Python's integers compute what numpy's could not hold.
        """
        divisor = 2 * parts * self.num
        first, rest = divmod(half * self.den, divisor)
        return first + (rest + np.arange(count) * (step * self.den)) // divisor

    def whole(self, samples: int) -> int:
        """How many frames have all the samples that they need, of so many."""
        known = samples - self.reach
        count = max(0, known * self.num // self.den + 1)
        while count and self.centre(count - 1) > known:
            count -= 1
        return count

    def feed(self, samples: Array) -> None:
        """Take more samples."""
        self.buffer = np.concatenate((self.buffer, samples))
        self.samples += len(samples)

    def pad(self) -> int:
        """The input ends here. Returns how many frames there are in all."""
        total = max(1, -(-self.samples * self.num // self.den))
        last = self.centre(total) + self.reach
        self.buffer = np.concatenate((self.buffer, np.zeros(last - self.samples)))
        return total

    def analyse(self, count: int) -> Frames:
        """The next `count` frames."""
        first, hops = self.frames, self.hops
        whole = self.colour(self.buffer, self.places(2 * first + 1, count, 1) - self.start)
        middles = self.places(2 * first * hops + 1, count * hops, hops)
        near = self.near(whole["pitch"] / 100, whole["partial"])
        powers, power, partial, low, brief = self.listen(middles - self.start, np.repeat(near, hops, axis=0))
        begins = self.places(2 * first * hops, count * hops, hops)
        valid = (begins < max(1, self.samples)).astype(np.float64)
        ends = middles + self.short.size // 2 > self.samples
        cells = self.cells(first, count)
        self.frames += count
        keep = self.centre(self.frames) - self.margin - self.start
        self.buffer, self.start = self.buffer[keep:], self.start + keep

        bands = hundredths(powers + FLOOR)
        bands = padded(bands, 0, BANDS - self.tables.bands.count, SILENT)
        for i in range(OPEN, BANDS):
            np.maximum(bands[:, i], bands[:, i - 1] - SLOPE, out=bands[:, i])
        mean = np.add.reduce((power * valid).reshape(count, hops), axis=1) / valid.reshape(count, hops).sum(axis=1)
        hop_rows = {
            "valid": valid,
            "cut": ends.astype(np.float64),
            "level": hundredths(power + 1e-12) * valid,
            "cepstra": np.rint(bands @ DCT.T / 2**15) * valid[:, None],
            "bands": bands,
            "octants": bands.reshape(-1, 8, BANDS // 8).sum(axis=2) * valid[:, None],
            **self.flux(bands, valid),
        }
        result = {name: value.reshape(count, hops, *value.shape[1:]) for name, value in hop_rows.items()}
        heard = np.add.reduce(powers.reshape(count, hops, -1), axis=1)
        centroid = np.add.reduce(heard * self.tables.centres, axis=1) / (np.add.reduce(heard, axis=1) + 1e-15)
        result |= {"loudness": hundredths(mean + 1e-12), "centroid": np.rint(centroid), "cells": cells}
        result["brief"] = brief.reshape(count, -1)
        low, there = low.reshape(count, -1, low.shape[1]), valid.reshape(count, hops)[:, ::4]
        result |= self.tables.periodicity(low[:, :, : self.tables.periodicity.end], there)
        result["envelope"] = self.tables.formants.levels(low[:, :, : self.tables.formants.end], there)
        return result | whole | {"cents": self.track(partial.reshape(count, hops, -1), near[:, 0], whole["partial"])}

    def listen(self, middles: NDArray[np.int64], near: NDArray[np.int64]) -> tuple[Array, ...]:
        """For each short window: the power of each band, of all, and of the bins in its row of `near`.

        And the low bins of every fourth window of a frame, and the narrow peak of every second one.
        """
        number = np.arange(len(middles)) % self.hops
        fourth, second = number % 4 == 0, number % APART == 0
        parts, first = [], 0
        for short in self.short(self.buffer, middles):
            some = slice(first, first + len(short))
            power = np.add.reduce(short, axis=1) * self.short.scale
            partial = np.take_along_axis(short, near[some], 1)
            low, brief = short[fourth[some], : self.tables.low], self.tables.brief(short[second[some]])
            parts.append((self.tables.bands(short), power, partial, low, brief))
            first = some.stop
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    def near(self, pitch: Array, partial: Array) -> NDArray[np.int64]:
        """Seven bins of a short window around a partial, (frames, 7). `pitch` is in Hz, `partial` an order or 0."""
        return np.maximum(np.rint(pitch * partial / self.short.bin), 3).astype(np.int64)[:, None] + np.arange(-3, 4)

    def track(self, power: Array, lowest: NDArray[np.int64], partial: Array) -> Array:
        """The fundamental in each short window, in cents above A4, (frames, hops), from seven bins around a partial."""
        level = hundredths(power + 1e-13)
        peak = level[:, :, 1:-1].argmax(axis=2)[:, :, None]
        a, b, c = (np.take_along_axis(level, peak + i, 2)[:, :, 0] for i in range(3))
        bins = lowest[:, None] + 1 + peak[:, :, 0] + vertex(a, b, c)
        ratio = np.maximum(bins, 1) * (self.short.bin / 440) / np.maximum(partial, 1)[:, None]
        return np.rint(decibels(ratio) * (120 / math.log10(2)))

    def cells(self, first: int, count: int) -> Array:
        """Energy of the sound's slope in pieces of about 2.5 ms, units of 2**-32, up to 16, (frames, hops * CELLS)."""
        parts = self.hops * CELLS
        edges = self.places(2 * first * parts, count * parts + 1, parts)
        start = edges[0] - self.start
        slope = np.diff(self.buffer[start - 1 : edges[-1] - self.start])
        energy = np.add.reduceat(slope * slope, edges[:-1] - edges[0])
        return np.minimum(np.rint(2.0**32 * energy / np.diff(edges)), 2.0**36).reshape(count, parts)

    def colour(self, buffer: Array, middles: NDArray[np.int64]) -> Frames:
        """What the long windows show: levels in hundredths of a dB, the strongest peak, the harmony.

        regions, (frames, 1 + 6): the level of all, and of each region. fine, (frames, 12): that of each half region.
        Absent: NaN.
        """
        parts, powers, reaches = [], [], []
        for long in self.long(buffer, middles):
            reaches.append(self.tables.reach(long))
            parts.append(np.add.reduceat(long[:, : self.cuts[-1]], self.cuts[:-1], axis=1))
            powers.append(long[:, : self.top])
        power = np.concatenate(powers)
        fine = np.full((len(middles), len(FINE) - 1), np.nan)
        fine[:, : len(self.cuts) - 1] = np.concatenate(parts) * self.long.scale
        whole = np.nansum(fine, axis=1)[:, None]
        levels = hundredths(np.hstack((whole, fine[:, ::2] + fine[:, 1::2], fine)) + 1e-14)
        result = {"regions": levels[:, : len(EDGES)], "fine": levels[:, len(EDGES) :]}
        result |= {name: np.concatenate([reach[name] for reach in reaches]) for name in reaches[0]}
        return result | self.tables.peaks(power, result["total"]) | self.tones(power[:, : self.tables.end].copy())

    def tones(self, power: Array) -> Frames:
        """Tonality, notes, pitch and its harmonics, from the power of the bins below 5 kHz. Changes `power`."""
        power[:, : self.tables.tonality.first] = 0
        power *= self.long.scale
        magnitude = np.sqrt(power)
        pitch = self.tables.pitch(magnitude)
        return {
            "tonality": self.tables.tonality(power, magnitude),
            **self.tables.chroma(magnitude),
            **pitch,
            **self.tables.harmonics(magnitude, pitch["pitch"] / 100),
        }
