"""What a moment of sound measures: the front end of the spectral encoder, and the measures that every encoder carries.

Sound is cut into frames, `frame_rate` a second; frame k stands for the time from k/rate to (k+1)/rate. Each frame is
heard twice: through one long window (about 120 ms: pitch, harmony, colour) and through several short ones (about 25 ms,
100 a second: level, attacks, fluctuation). Windows are centred by integer arithmetic from the item's first sample, so
nothing drifts, and no frame depends on how the samples arrived.

Everything here is the same on every machine. Elementwise sums, products, quotients and roots are exact by IEEE 754, the
logarithm is made of them (`decibels`), window and filter tables are rounded to 24 bits; only the Fourier transform's
last bits may differ between builds of numpy. What comes out of it is rounded to integers (a hundredth of a decibel)
before anything else is done, and integers below 2**53 add up to the same in any order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
Frames = dict[str, Array]  # by name, one row a frame

SHORT, LONG = Fraction(1, 40), Fraction(12, 100)  # seconds: the two windows
HOPS = 100  # short windows a second, about
CONTEXT = Fraction(96, 100)  # seconds heard before and after a frame
LAG = Fraction(1)  # seconds: the slowest pulse
BANDS = 40
STEP = 20
CACHE = 1 << 16  # numbers that stay in a processor's second cache with what is made of them
LOW, HIGH = 40.0, 16000.0  # Hz
EDGES = (40, 150, 400, 1000, 2500, 6000, 16000)  # Hz, of the regions
FLUCT = (0.5, 2, 8, 16, 50)  # Hz, of fluctuation
CELLS = 4  # in a short window's hop, for the moment of an attack
CLEAR_ATTACK = 300  # hundredths of a dB that all bands rise on average, from which it has a moment
TONAL = 300  # thousandths of tonality, from which notes are told
HISS = 100000  # hundredths of Hz: from here on a pitch has to be tonal, or it is a fricative
BACKGROUND = 4  # seconds whose quietest fifth is the background
TEMPO = Fraction(2)  # seconds: the slowest beat
VIBRATO = Fraction(36, 100)  # seconds before and after a frame
SWINGS = np.arange(3.5, 10.1, 0.25)  # Hz, of a vibrato: looked for; told inside
USABLE = 0.92  # of the Nyquist frequency: above it lies the slope of somebody's filter
FLOOR = 1e-9  # power: -90 dBFS, added to each band
SILENT = -9000  # hundredths of a dB
OPEN = 22  # the bands from here on (3.4 kHz) may be absent: above the Nyquist frequency, or cut off by a codec
SLOPE = 200  # hundredths of a dB: none of these falls more below the one before it, so that absent is not silent

MEASURES: list[dict[str, Any]] = [
    {"name": "level", "unit": "dBFS", "step": 0.1},
    {"name": "rise", "unit": "dB", "step": 0.1},
    *({"name": f"band_{i}", "unit": "dB", "step": 0.1, "low": EDGES[i], "high": EDGES[i + 1]} for i in range(6)),
    {"name": "centroid", "unit": "Hz", "step": 1},
    {"name": "tonality", "unit": "0..1", "step": 0.01},
    {"name": "pitch", "unit": "Hz", "step": 0.2},
    {"name": "salience", "unit": "0..1", "step": 0.01},
    {"name": "glide", "unit": "semitones/s", "step": 0.1},
    {"name": "attack", "unit": "dB", "step": 0.1},
    {"name": "attack_time", "unit": "ms", "step": 1},
    *({"name": f"fluct_{i}", "unit": "dB", "step": 0.1, "low": FLUCT[i], "high": FLUCT[i + 1]} for i in range(4)),
    {"name": "pulse", "unit": "Hz", "step": 0.01},
    {"name": "regularity", "unit": "0..1", "step": 0.01},
    *({"name": f"chroma_{i}", "unit": "0..1", "step": 0.01} for i in range(12)),
    {"name": "bass", "unit": "MIDI note", "step": 0.01},
    {"name": "top", "unit": "MIDI note", "step": 0.01},
    {"name": "harmonicity", "unit": "dB", "step": 0.1},
    {"name": "odd_even", "unit": "dB", "step": 0.1},
    {"name": "tilt", "unit": "dB/octave", "step": 0.1},
    {"name": "decay", "unit": "dB/s", "step": 1},
    {"name": "tempo", "unit": "BPM", "step": 0.1},
    {"name": "beat", "unit": "0..1", "step": 0.01},
    {"name": "tuning", "unit": "cents", "step": 1},
    {"name": "crest", "unit": "dB", "step": 0.1},
    {"name": "vibrato_rate", "unit": "Hz", "step": 0.1},
    {"name": "vibrato_depth", "unit": "cents", "step": 1},
]


def exact(table: Any) -> Array:
    """A table rounded to 24 bits after the point: the last bits of the mathematical library stay out of it."""
    return np.asarray(np.rint(np.asarray(table, dtype=np.float64) * 2**24) / 2**24)


def decibels(power: Array) -> Array:
    """10 log10(power), within 1e-7 dB, from operations that IEEE 754 defines to the bit; power > 0."""
    mantissa, exponent = np.frexp(power)
    low = mantissa < math.sqrt(0.5)
    mantissa = np.where(low, 2 * mantissa, mantissa)
    s = (mantissa - 1) / (mantissa + 1)  # log m = 2 artanh s
    t = s * s
    series = s * (1 + t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * (1 / 9 + t / 11)))))
    scale = 10 * math.log10(2)
    return np.asarray((exponent - low) * scale + series * (20 / math.log(10)))


def hundredths(power: Array) -> Array:
    """Decibels on the grid that everything else is made from: whole hundredths."""
    return np.rint(100 * decibels(power))


def transform_size(samples: float) -> int:
    """The even number nearest to `samples` with no prime factor above 5."""
    near = round(samples / 2)
    return 2 * next(half for gap in itertools.count() for half in (near - gap, near + gap) if smooth(half))


def smooth(number: int) -> bool:
    """Whether a number is positive and has no prime factor above 5."""
    for prime in (2, 3, 5):
        while number > 1 and number % prime == 0:
            number //= prime
    return number == 1


def weights(values: Array) -> Array:
    """Weights from 0 to 1 as whole numbers, in 1/1024."""
    return np.asarray(np.rint(1024 * values))


def hann(size: int) -> Array:
    """A periodic Hann window, shape (size,)."""
    return exact(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))


def mel_edges() -> list[float]:
    """The BANDS + 2 corner frequencies of triangles evenly spaced in mel (O'Shaughnessy 1987), in Hz."""
    low, high = (2595 * math.log10(1 + f / 700) for f in (LOW, HIGH))
    return [700 * (10 ** ((low + (high - low) * i / (BANDS + 1)) / 2595) - 1) for i in range(BANDS + 2)]


CEPSTRUM = 16
HARMONICS = 8
DCT = np.rint(2**12 * np.cos(np.pi / BANDS * np.outer(np.arange(CEPSTRUM), np.arange(BANDS) + 0.5)))


class Spectrum:
    """Power spectra through a Hann window of about `seconds`, for windows given by their middle sample."""

    def __init__(self, sample_rate: int, seconds: Fraction):
        self.size = transform_size(float(seconds * sample_rate))
        self.window = hann(self.size)
        self.bin = sample_rate / self.size  # Hz
        # sum(power) over all bins is then the mean square of the sound, weighted by the squared window
        self.scale = 2 / (self.size * float((self.window * self.window).sum()))

    def __call__(self, buffer: Array, middles: NDArray[np.int64]) -> Iterator[Array]:
        """Squares of the real and imaginary parts in turn, (windows, size + 2), some windows at a time.

        As many as stay in a processor's cache. Without a constant offset: it stands in bins 0 and 1 of a Hann window
        alone, half of bin 0, with the opposite sign, in bin 1.
        """
        starts: list[int] = (middles - self.size // 2).tolist()
        step = max(1, CACHE // self.size)
        for first in range(0, len(starts), step):
            some = starts[first : first + step]
            windowed = np.empty((len(some), self.size))
            for row, start in zip(windowed, some, strict=True):
                np.multiply(buffer[start : start + self.size], self.window, out=row)
            spectrum = np.fft.rfft(windowed)
            spectrum[:, 1] += spectrum[:, 0] / 2
            spectrum[:, 0] = 0
            parts: Array = spectrum.view(np.float64)
            parts *= parts
            yield parts


class Filters:
    """Overlapping triangles over the bins of a spectrum. Those that reach above the usable band are absent."""

    def __init__(self, spectrum: Spectrum, edges: list[float], sample_rate: int):
        bins = np.arange(spectrum.size // 2 + 1) * spectrum.bin
        top = USABLE * sample_rate / 2
        self.count = sum(edge <= top for edge in edges[2:])
        edges = edges[: self.count + 2]
        first = [2 * int(np.searchsorted(bins, edge)) for edge in edges]
        self.cuts, self.end = first[:-1], first[-1]
        rising = np.zeros(spectrum.size // 2 + 1)
        for low, high in itertools.pairwise(edges):
            inside = (bins >= low) & (bins < high)
            rising[inside] = (bins[inside] - low) / (high - low)
        self.rising = exact(np.repeat(rising, 2))[: self.end]
        self.scale = spectrum.scale

    def __call__(self, parts: Array) -> Array:
        """Power of each band, shape (rows, count)."""
        parts = parts[:, : self.end]
        total = np.add.reduceat(parts, self.cuts, axis=1)
        rising = np.add.reduceat(parts * self.rising, self.cuts, axis=1)
        return np.asarray((rising[:, :-1] + (total - rising)[:, 1:]) * self.scale)


class Front:
    """Samples to frames of numbers: buffers what whole windows need, and analyses each window once."""

    def __init__(self, sample_rate: int, frame_rate: Fraction):
        self.num, self.den = frame_rate.numerator, frame_rate.denominator * sample_rate  # den / num samples a frame
        self.hops = max(1, round(HOPS / frame_rate))  # short windows in a frame
        self.short, self.long = Spectrum(sample_rate, SHORT), Spectrum(sample_rate, LONG)
        self.bands = Filters(self.short, mel_edges(), sample_rate)
        self.harmony = Harmony(self.long, sample_rate)
        frame = -(-self.den // self.num)
        self.reach = max(self.long.size // 2, (frame + self.short.size) // 2) + 1  # samples, from a frame's middle
        self.margin = 2 * self.reach  # zeros before the first sample
        self.buffer = np.zeros(self.margin)
        self.start = -self.margin  # the buffer's first sample
        self.samples = self.frames = 0  # taken, analysed
        self.tail = np.full((2, BANDS), float(SILENT))  # bands of the last two short windows
        self.tail_valid = np.zeros(2)
        regions = [edge for edge in EDGES if edge <= USABLE * sample_rate / 2]
        self.cuts = [2 * math.ceil(edge / self.long.bin) for edge in regions]
        self.centres = exact(mel_edges()[1 : self.bands.count + 1])

    def centre(self, frame: int) -> int:
        """The sample in the middle of a frame."""
        return (2 * frame + 1) * self.den // (2 * self.num)

    def places(self, half: int, count: int, parts: int, step: int = 2) -> NDArray[np.int64]:
        """Samples at the places half, half + step, … in halves of a part, where a frame has `parts` of them.

        Exact: what numpy's integers could not hold is done before.
        """
        divisor = 2 * parts * self.num
        first, rest = divmod(half * self.den, divisor)
        return first + (rest + np.arange(count) * (step * self.den)) // divisor

    def whole(self) -> int:
        """How many frames have all the samples that they need."""
        known = self.samples - self.reach
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
        powers, power, partial = self.listen(middles - self.start, np.repeat(near, hops, axis=0))
        begins = self.places(2 * first * hops, count * hops, hops)
        valid = (begins < max(1, self.samples)).astype(np.float64)
        ends = middles + self.short.size // 2 > self.samples
        cells = self.cells(first, count)
        self.frames += count
        keep = self.centre(self.frames) - self.margin - self.start
        self.buffer, self.start = self.buffer[keep:], self.start + keep

        bands = hundredths(powers + FLOOR)
        bands = np.pad(bands, ((0, 0), (0, BANDS - self.bands.count)), constant_values=SILENT)
        for i in range(OPEN, BANDS):
            np.maximum(bands[:, i], bands[:, i - 1] - SLOPE, out=bands[:, i])
        mean = np.add.reduce((power * valid).reshape(count, hops), axis=1) / valid.reshape(count, hops).sum(axis=1)
        hop_rows = {
            "valid": valid,
            "cut": ends.astype(np.float64),
            "level": hundredths(power + 1e-12) * valid,
            "cepstra": np.rint(bands @ DCT.T / 2**15) * valid[:, None],
            "octants": bands.reshape(-1, 8, BANDS // 8).sum(axis=2) * valid[:, None],
            **self.flux(bands, valid),
        }
        result = {name: value.reshape(count, hops, *value.shape[1:]) for name, value in hop_rows.items()}
        heard = np.add.reduce(powers.reshape(count, hops, -1), axis=1)
        centroid = np.add.reduce(heard * self.centres, axis=1) / (np.add.reduce(heard, axis=1) + 1e-15)
        result |= {"loudness": hundredths(mean + 1e-12), "centroid": np.rint(centroid), "cells": cells}
        return result | whole | {"cents": self.track(partial.reshape(count, hops, -1), near[:, 0], whole["partial"])}

    def listen(self, middles: NDArray[np.int64], near: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        """Of each short window: the power of the bands, of all, and of the bins `near`, a row of them a window."""
        bands, power, partial, first = [], [], [], 0
        for parts in self.short(self.buffer, middles):
            bands.append(self.bands(parts))
            power.append(np.add.reduce(parts, axis=1))
            column = 2 * near[first : first + len(parts)]
            row = np.arange(len(parts))[:, None]
            partial.append(parts[row, column] + parts[row, column + 1])
            first += len(parts)
        return np.concatenate(bands), np.concatenate(power) * self.short.scale, np.concatenate(partial)

    def near(self, pitch: Array, partial: Array) -> NDArray[np.int64]:
        """Seven bins of a short window around a partial, (frames, 7); pitch in Hz, the partial's order or 0."""
        return np.maximum(np.rint(pitch * partial / self.short.bin), 3).astype(np.int64)[:, None] + np.arange(-3, 4)

    def track(self, power: Array, lowest: NDArray[np.int64], partial: Array) -> Array:
        """The fundamental in each short window, cents above A4, (frames, hops), from seven bins around a partial."""
        level = hundredths(power + 1e-13)
        peak = level[:, :, 1:-1].argmax(axis=2)[:, :, None]
        a, b, c = (np.take_along_axis(level, peak + i, 2)[:, :, 0] for i in range(3))
        bend = 2 * b - a - c
        shift = np.where(bend > 0, (c - a) / np.where(bend > 0, 2 * bend, 1), 0)
        bins = lowest[:, None] + 1 + peak[:, :, 0] + shift
        ratio = np.maximum(bins, 1) * (self.short.bin / 440) / np.maximum(partial, 1)[:, None]
        return np.rint(decibels(ratio) * (120 / math.log10(2)))

    def cells(self, first: int, count: int) -> Array:
        """Energy of the sound's slope in pieces of about 2.5 ms, in 2**-32 up to 16, (frames, hops * CELLS)."""
        parts = self.hops * CELLS
        edges = self.places(2 * first * parts, count * parts + 1, parts)
        start = edges[0] - self.start
        slope = np.diff(self.buffer[start - 1 : edges[-1] - self.start])
        energy = np.add.reduceat(slope * slope, edges[:-1] - edges[0])
        return np.minimum(np.rint(2.0**32 * energy / np.diff(edges)), 2.0**36).reshape(count, parts)

    def flux(self, bands: Array, valid: Array) -> Frames:
        """How far four regions rise above what was there two short windows ago, hundredths of a dB a band.

        The largest of three bands is what was there, so that a gliding partial is no attack (Böck and Widmer 2013,
        "Maximum filter vibrato suppression for onset detection"). Before the first sample all was silent; `inside`
        is 0 where that matters.
        """
        flat = np.concatenate((self.tail, bands))
        there = np.concatenate((self.tail_valid, valid))
        self.tail, self.tail_valid = flat[-2:], there[-2:]
        before = flat[:-2].copy()
        np.maximum(before[:, 1:], flat[:-2, :-1], out=before[:, 1:])
        np.maximum(before[:, :-1], flat[:-2, 1:], out=before[:, :-1])
        rise = np.maximum(bands - before, 0) * valid[:, None]
        flux = rise.reshape(-1, 4, BANDS // 4).sum(axis=2)
        return {"flux": flux, "inside": valid * there[:-2], "onset": np.rint(flux.sum(axis=1) / BANDS)}

    def colour(self, buffer: Array, middles: NDArray[np.int64]) -> Frames:
        """What the long windows tell: level and regions in hundredths of a dB (absent: NaN), and the harmony."""
        heard, regions, end = [], [], self.harmony.end
        for long in self.long(buffer, middles):
            regions.append(np.add.reduceat(long[:, : self.cuts[-1]], self.cuts[:-1], axis=1) * self.long.scale + 1e-14)
            heard.append(long[:, 0 : 2 * end : 2] + long[:, 1 : 2 * end : 2])
        parts = np.concatenate(regions)
        table = np.full((len(parts), len(EDGES)), np.nan)
        table[:, 0] = hundredths(np.add.reduce(parts, axis=1))
        table[:, 1 : 1 + parts.shape[1]] = hundredths(parts)
        return {"regions": table} | self.harmony(np.concatenate(heard))


class Harmony:
    """Pitch, tonality and pitch classes of a frame, from its spectrum below 5 kHz.

    Pitch is the first peak of the spectrum's autocorrelation, normalised by the window's (Boersma 1993), that reaches
    nine tenths of the highest one (McLeod and Wyvill 2005). The spectrum is compressed to the power 0.75 and weighted
    towards 150 to 1500 Hz, so that neither rumble nor a single strong partial makes a pitch.
    """

    TOP, HIGHEST, LOWEST = 5000, 4600, 30  # Hz
    COST = 0.02  # an octave down must be better by this
    SHARE = 0.9  # of the best score
    CLEAR = 420  # thousandths of salience, from which a pitch is claimed. Noise stays below 350
    GROUP = 16  # bins, of a measure of flatness

    def __init__(self, long: Spectrum, sample_rate: int):
        self.scale = long.scale
        self.first = math.ceil(25 / long.bin)
        self.end = math.floor(min(self.TOP, USABLE * sample_rate / 2) / long.bin)
        f = np.arange(self.end) * long.bin
        self.weight = exact(f * f / (f * f + 150**2) / (1 + (f / 1500) ** 2))
        self.size = transform_size(4.4 * self.TOP / long.bin)
        self.step = 1 / (long.bin * self.size)  # seconds of lag
        window = np.fft.irfft(np.abs(np.fft.rfft(long.window)) ** 2)
        lags = np.arange(math.ceil(1 / self.LOWEST / self.step) + 2)
        self.shape = exact(np.interp(lags * self.step * sample_rate, np.arange(long.size), window / window[0]))
        self.low = math.floor(1 / self.HIGHEST / self.step)
        self.cost = np.rint(2**20 * self.COST * np.log2(np.maximum(lags, 1) / self.low))[1:-1]
        self.cuts = np.arange(self.first, self.end - self.GROUP + 1, self.GROUP)
        low, high = math.ceil(40 / long.bin), math.floor(2000 / long.bin)
        self.partials = low, high
        self.lowest_class = math.ceil(100 / long.bin) - low
        fine = np.arange(16 * (low - 1), 16 * (high + 2)) * long.bin / 16
        self.semitone = exact(12 * np.log2(fine / 440) + 69)  # MIDI note of each sixteenth of a bin
        turns = 2 * np.pi * np.rint(16 * self.semitone) / 16
        self.turn = np.rint(1024 * np.exp(1j * turns))  # where it stands between two notes of A4 = 440 Hz
        self.bin = long.bin
        orders = np.log2(np.arange(1, HARMONICS + 1))
        self.better = np.rint(1000 * math.log10(2) * 2 * orders)  # a place is told better by its order
        self.slopes = np.zeros((HARMONICS + 1, HARMONICS))  # of a line through the first n harmonics
        for n in range(3, HARMONICS + 1):
            x = orders[:n] - orders[:n].mean()
            self.slopes[n, :n] = np.rint(1024 * x / (x * x).sum())

    def __call__(self, heard: Array) -> Frames:
        """All there is, from the squares of `Spectrum`, one number a bin, (frames, end). Changes them."""
        heard[:, : self.first] = 0
        heard *= self.scale
        magnitude = np.sqrt(heard)
        result = {"tonality": self.tonality(heard, magnitude)} | self.notes(magnitude)
        result |= self.pitch(magnitude * np.sqrt(magnitude) * self.weight)
        return result | self.timbre(magnitude, result["pitch"] / 100)

    def tonality(self, power: Array, magnitude: Array) -> Array:
        """How far the spectrum is from noise, thousandths, shape (frames,).

        The squared mean of the magnitudes over the mean of their squares, in groups of 16 bins: pi/4 for noise
        (Rayleigh), 1/6 for one sine. Averaged with the groups' magnitudes.
        """
        energy = np.add.reduceat(power, self.cuts, axis=1) + 1e-13
        sums = np.add.reduceat(magnitude, self.cuts, axis=1)
        weight = np.sqrt(energy)
        flat = np.add.reduce(sums * sums / weight, axis=1) / (self.GROUP * np.add.reduce(weight, axis=1))
        return np.asarray(np.rint(1000 * np.clip((0.75 - flat) / 0.5, 0, 1)))

    def notes(self, magnitude: Array) -> Frames:
        """What the partials of 40 to 2000 Hz say of the notes.

        chroma: shares of the pitch classes from C, from 100 Hz, thousandths, (frames, 12). turn: the sum of their
        places between two notes, (frames, 2), and their strength. bass, top: the lowest and highest strong partial
        that is no harmonic of another, in hundredths of a MIDI note (none: 0).
        """
        low, high = self.partials
        a, b, c = (magnitude[:, low + i : high + i] for i in (-1, 0, 1))
        side = magnitude[:, low - 3 : high - 3] + magnitude[:, low + 3 : high + 3]
        peak = (b > a) & (b >= c) & (b > 1.5 * side)
        row, column = np.nonzero(peak)
        a, b, c = a[row, column], b[row, column], c[row, column]
        shift = (c - a) / (2 * (2 * b - a - c))
        sixteenth = np.rint(16 * (column + 1 + shift)).astype(np.int64)
        note = self.semitone[sixteenth]
        lower = np.floor(note)
        share = np.clip(2 * (note - lower) - 0.5, 0, 1)  # of the upper class: a note a quarter tone off is in both
        strength = np.where(column >= self.lowest_class, np.rint(2**20 * np.sqrt(b)), 0)
        index = 12 * row + lower.astype(np.int64) % 12
        above = 12 * row + (lower.astype(np.int64) + 1) % 12
        rows = len(magnitude)
        sums = np.bincount(index, strength * (1 - share), 12 * rows) + np.bincount(above, strength * share, 12 * rows)
        table = sums.reshape(-1, 12)
        turn = self.turn[sixteenth]
        turns = [np.bincount(row, strength * part, rows) for part in (turn.real, turn.imag, 1024)]

        # A partial of twice (three, five, seven times) the frequency of another, not much weaker one is its harmonic.
        peaks = np.zeros_like(magnitude)
        peaks[row, column + low] = b
        wide = np.maximum(peaks, np.maximum(np.roll(peaks, 1, axis=1), np.roll(peaks, -1, axis=1)))
        place = column + low + shift
        below = np.max([wide[row, np.rint(place / n).astype(np.int64)] for n in (2, 3, 5, 7)], axis=0, initial=0)
        strongest = np.zeros(rows)
        np.maximum.at(strongest, row, b)
        free = (b > 0.1 * strongest[row]) & (below < 0.3 * b)
        bass, top = np.full(rows, np.inf), np.zeros(rows)
        np.minimum.at(bass, row[free], note[free])
        np.maximum.at(top, row[free], note[free])
        return {
            "chroma": np.rint(1000 * table / (np.add.reduce(table, axis=1)[:, None] + 1000)),
            "turn": np.rint(np.stack(turns, axis=1) / 2**10),
            "bass": np.where(bass < np.inf, np.rint(100 * bass), 0),
            "top": np.rint(100 * top),
        }

    def timbre(self, magnitude: Array, pitch: Array) -> Frames:
        """Of the first eight harmonics: how many fit below 5 kHz, their fall by octave, odd (3, 5, 7) against even.

        And which partial tells best, in a short window, how the pitch moves: strong and high (none: 0).
        """
        place = np.outer(pitch / self.bin, np.arange(1, HARMONICS + 1))
        index = np.clip(np.rint(place).astype(np.int64), 1, self.end - 2)
        row = np.arange(len(pitch))[:, None]
        power = sum(magnitude[row, index + i] * magnitude[row, index + i] for i in (-1, 0, 1))
        count = np.add.reduce(place < self.end - 2, axis=1) * (pitch > 0)
        level = hundredths(power + 1e-13)
        sure = np.where(
            (place < min(self.end - 2, 4000 / self.bin)) & (pitch > 120)[:, None], level + self.better, -np.inf
        )
        odd, even = (power[:, i] + power[:, i + 2] + power[:, i + 4] + 1e-13 for i in (2, 1))
        slopes = self.slopes[count.astype(np.int64)]
        return {
            "fit": count.astype(np.float64),
            "partial": np.where(pitch > 120, sure.argmax(axis=1) + 1.0, 0),
            "tilt": np.add.reduce(level * slopes, axis=1),
            "odd_even": hundredths(odd) - hundredths(even),
        }

    def pitch(self, strength: Array) -> Frames:
        """Pitch in hundredths of Hz (none: 0), octaves above A3 in thousandths (none: 0), salience in thousandths."""
        power = np.zeros((len(strength), self.size // 2 + 1))
        power[:, : self.end] = strength
        group = max(1, CACHE // self.size)
        groups = [power[first : first + group] for first in range(0, len(power), group)]
        lags = np.concatenate([np.fft.irfft(some)[:, : len(self.shape)] for some in groups])
        r = np.rint(2**20 * lags / ((lags[:, :1] + 1e-15) * self.shape))
        a, b, c = r[:, :-2], r[:, 1:-1], r[:, 2:]
        peak = (b > a) & (b >= c)
        peak[:, : self.low] = False
        row, column = np.nonzero(peak)
        a, b, c = a[row, column], b[row, column], c[row, column]
        shift = (c - a) / (2 * (2 * b - a - c))
        height = np.rint(b + (c - a) * shift / 4)
        score = height - self.cost[column]
        salience, lag = np.zeros(len(power)), np.ones(len(power))
        there, starts = np.unique(row, return_index=True)  # frames that have a peak at all
        if len(there):
            top = np.zeros(len(power))
            top[there] = np.maximum.reduceat(score, starts)
            good = np.flatnonzero(score >= self.SHARE * np.maximum(top, 1)[row])
            frame, first = np.unique(row[good], return_index=True)
            best = good[first]
            salience[frame] = np.clip(np.rint(1000 * height[best] / 2**20), 0, 1000)
            lag[frame] = (column + 1 + shift)[best] * self.step
        clear = salience >= self.CLEAR
        pitch = np.where(clear, np.rint(100 / lag), 0)
        octaves = np.rint(1000 * decibels(np.where(clear, pitch / 22000, 1)) / (10 * math.log10(2)))
        return {"pitch": pitch, "salience": salience, "octaves": octaves}


class Meter:
    """Mono samples in, rows of measures out, at `frame_rate` frames a second.

    The same rows however the samples are cut. A frame comes out within two seconds of its last sample.
    Subclasses put streams before the measures (`rows`).
    """

    measures = MEASURES

    def __init__(self, sample_rate: int, frame_rate: Fraction = Fraction(25, 2)):
        self.front = Front(sample_rate, frame_rate)
        self.ahead = round(CONTEXT * frame_rate)  # frames
        self.past = self.ahead + 1  # frames remembered
        self.group = max(1, round(Fraction(32, 100) * frame_rate))  # frames analysed at a time, at least
        self.rate = frame_rate * self.front.hops  # short windows a second
        self.lags = round(LAG * self.rate)
        self.lag_tail: Frames = {"onset": np.zeros(self.lags), "inside": np.zeros(self.lags)}
        size = 2 * self.ahead + 1
        self.context = weights(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, size + 1) / (size + 1)))
        size *= self.front.hops
        self.taper = weights(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size))
        self.fluct = [min(max(1, round(Fraction(low) * size / self.rate)), size // 2) for low in FLUCT[:-1]]
        self.frame_rate = frame_rate
        swing = (
            2
            * np.pi
            * np.outer(np.arange((2 * round(VIBRATO * frame_rate) + 1) * self.front.hops), SWINGS)
            / float(self.rate)
        )
        self.swings = np.rint(1024 * np.stack((np.cos(swing), np.sin(swing)), axis=2)).reshape(len(swing), -1)
        self.levels = np.full(round(BACKGROUND * frame_rate), np.inf)
        self.first_beat = round(self.rate * 60 / 240 / 2)  # in steps of two short windows
        self.last_beat = round(TEMPO * self.rate / 2)
        lags = 2 * np.arange(self.first_beat, self.last_beat + 1)
        octaves = np.log2(lags / float(self.rate) * 2)
        self.preference = exact(np.exp(-0.5 * octaves * octaves))
        self.decayed = np.zeros(6 + len(lags))
        self.beat_tail = np.zeros(2 * self.last_beat)
        self.memory: Frames = {}

    def feed(self, samples: Array) -> Array:
        """Take samples, float64, shape (n,), full scale 1. Returns the rows that are ready, float32, (m, width)."""
        self.front.feed(samples)
        ready = self.front.whole() // self.group * self.group
        return self._rows(ready - self.front.frames, 0)

    def finish(self) -> Array:
        """No more samples will come. Returns the rest of the rows."""
        return self._rows(self.front.pad() - self.front.frames, self.ahead)

    def _rows(self, count: int, silent: int) -> Array:
        """Analyse `count` frames, and give the rows that have all of their context; `silent` frames follow."""
        step = STEP * self.group
        parts = [self.front.analyse(min(step, count - i)) for i in range(0, count, step)]
        parts = [part | self.summary(part) for part in parts]
        if not self.memory:
            if not parts:
                return np.zeros((0, self.width), dtype=np.float32)
            self.memory = {name: np.zeros((self.past, *value.shape[1:])) for name, value in parts[0].items()}
        frames = {
            name: np.concatenate((value, *(part[name] for part in parts), np.zeros((silent, *value.shape[1:]))))
            for name, value in self.memory.items()
        }
        done = max(0, len(frames["valid"]) - self.past - self.ahead)
        self.memory = {name: value[done:] for name, value in frames.items()}
        rows = self.rows(frames | self.rhythm(frames, done), done) if done else np.zeros((0, self.width))
        return np.ascontiguousarray(rows, dtype=np.float32)

    def summary(self, part: Frames) -> Frames:
        """Sums over each frame's short windows, for what looks at more than one frame.

        lagged, (frames, 6, lags): for the correlation of onsets with earlier ones. beats: for the tempo.
        """
        inside, onset = part["inside"], part["onset"] * part["inside"]
        flat = np.concatenate((self.lag_tail["onset"], onset.ravel()))
        there = np.concatenate((self.lag_tail["inside"], inside.ravel()))
        self.lag_tail = {"onset": flat[-self.lags :], "inside": there[-self.lags :]}
        shape = (*inside.shape, self.lags)
        x, m = onset[:, :, None], inside[:, :, None]
        y = sliding_window_view(flat, self.lags)[:-1, ::-1].reshape(shape)  # lag 1, 2, …
        m = m * sliding_window_view(there, self.lags)[:-1, ::-1].reshape(shape)
        x, y = x * m, y * m
        lagged = np.stack([v.sum(axis=1) for v in (m, x, y, x * x, y * y, x * y)], axis=1)
        return {"lagged": lagged, "beats": self.beaten(onset)}

    def beaten(self, onset: Array) -> Array:
        """Sums over each frame for the tempo: how many, of onsets, of squares, of products with earlier ones."""
        flat = np.concatenate((self.beat_tail, onset.ravel()))
        self.beat_tail = flat[-len(self.beat_tail) :]
        flat = flat + np.concatenate(([0.0], flat[:-1]))
        earlier = sliding_window_view(flat, len(self.beat_tail) + 1)[:, ::-1][:, 2 * self.first_beat :: 2]
        x = flat[len(self.beat_tail) :]
        sums = np.hstack((np.ones((len(x), 1)), x[:, None], (x * x)[:, None], earlier * x[:, None]))
        return np.asarray(sums.reshape(*onset.shape, -1).sum(axis=1))

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(MEASURES)

    def around(self, values: Array, count: int) -> Array:
        """Sums over about two seconds around each of the `count` frames, Hann-weighted: (count, ...).

        `values` are whole numbers, so that the product is exact in any order of its sums.
        """
        size = len(self.context)
        band = np.zeros((count, count + size))
        band[:, :size] = self.context
        band = band.ravel()[: count * (count + size - 1)].reshape(count, count + size - 1)
        window = values[self.past - self.ahead : self.past + count + self.ahead]
        return np.asarray(band @ window.reshape(len(window), -1))

    def rhythm(self, frames: Frames, count: int) -> Frames:
        """Pearson's correlation of the onsets around a frame with those 1, 2, … short windows before, (count, lags).

        And how many pairs of short windows it is made of, weighted.
        """
        sums = self.around(frames["lagged"], count).reshape(count, 6, -1)
        n, x, y, xx, yy, xy = np.moveaxis(sums, 1, 0)
        n = np.maximum(n, 1)
        spread = np.sqrt(np.maximum((xx - x * x / n) * (yy - y * y / n), 0))
        return {"rhythm": (xy - x * y / n) / (spread + n), "overlap": sums[:, 0]}

    def rows(self, frames: Frames, count: int) -> Array:
        """The rows of the `count` frames from number `past` on."""
        columns = self.sound(frames, count) | self.note(frames, count) | self.time(frames, count)
        silent = columns["level"] < -900  # nothing but the level can be said
        table = np.stack([columns[entry["name"]] for entry in MEASURES], axis=1)
        table[silent, 1:] = np.nan
        return np.clip(np.rint(table), -32767, 32767)

    def sound(self, frames: Frames, count: int) -> Frames:
        """Level, background, regions, colour."""
        now = slice(self.past, self.past + count)
        level = frames["loudness"][now]
        regions = frames["regions"][now]
        levels = np.concatenate((self.levels, level))
        self.levels = levels[count:]
        near = np.sort(sliding_window_view(levels, len(self.levels) + 1), axis=1)
        fifth = ((near < np.inf).sum(axis=1) - 1) // 5
        background = np.take_along_axis(near, fifth[:, None], 1)[:, 0]
        columns = {"level": level / 10, "rise": (level - background) / 10}
        columns |= {f"band_{i}": (regions[:, i + 1] - regions[:, 0]) / 10 for i in range(6)}
        return columns | {"centroid": frames["centroid"][now], "tonality": frames["tonality"][now] / 10}

    def note(self, frames: Frames, count: int) -> Frames:
        """Pitch, pitch classes, and what tells one instrument from another."""
        before, now, after = (slice(self.past + i, self.past + count + i) for i in (-1, 0, 1))
        pitch, octaves, salience = (frames[name] for name in ("pitch", "octaves", "salience"))
        voiced = (pitch > 0) & ((pitch < HISS) | (frames["tonality"] >= TONAL))
        pairs = (before, now), (now, after)
        step = [np.where(voiced[a] & voiced[b], octaves[b] - octaves[a], np.nan) for a, b in pairs]
        step = [np.where(np.abs(s) < 250, s, np.nan) for s in step]  # three semitones: another note, not a glide
        both = np.where(np.isnan(step[0]), step[1], np.where(np.isnan(step[1]), step[0], (step[0] + step[1]) / 2))
        tonal = frames["tonality"][now] >= TONAL
        chroma = sliding_window_view(frames["chroma"][self.past - 3 : self.past + count + 3], 7, axis=0).sum(axis=2)
        top = chroma.max(axis=1)
        chroma = np.where((tonal & (top > 0))[:, None], 100 * chroma / np.maximum(top, 1)[:, None], np.nan)
        fit = frames["fit"][now]
        r = np.clip(salience[now], 1, 999) / 1000
        there = voiced[now]
        columns = {
            "pitch": np.where(there, pitch[now] / 20, np.nan),
            "salience": salience[now] / 10,
            "glide": both * 12 / 1000 * float(self.frame_rate) * 10,
            "bass": np.where(tonal & (frames["bass"][now] > 0), frames["bass"][now], np.nan),
            "top": np.where(tonal & (frames["top"][now] > 0), frames["top"][now], np.nan),
            "harmonicity": np.where(there, 10 * decibels(r / (1 - r)), np.nan),
            "odd_even": np.where(fit >= 7, frames["odd_even"][now] / 10, np.nan),
            "tilt": np.where(fit >= 3, frames["tilt"][now] / 1024 / 10, np.nan),
        }
        return columns | {f"chroma_{i}": chroma[:, i] for i in range(12)} | self.vibrato(frames, count)

    def vibrato(self, frames: Frames, count: int) -> Frames:
        """How fast and how far the pitch swings around where it stands or slides to.

        One sine has to explain most of what is left of the track of the pitch when its line is taken away.
        """
        hops, half = self.front.hops, round(VIBRATO * self.frame_rate)
        window = slice(self.past - half, self.past + count + half)
        size = (2 * half + 1) * hops
        sung = sliding_window_view(frames["partial"][window] > 0, 2 * half + 1).all(axis=1)
        x = 2.0 * np.arange(size) - (size - 1)
        track = sliding_window_view(frames["cents"][window].ravel(), size)[::hops]
        track = track - np.rint(track.mean(axis=1))[:, None]
        slope = (track @ x) / (x @ x)
        track = np.clip(np.rint(100 * (track - track.mean(axis=1)[:, None] - slope[:, None] * x)), -40000, 40000)
        swing = track @ self.swings
        square = swing[:, ::2] ** 2 + swing[:, 1::2] ** 2
        best = square.argmax(axis=1)
        square = square[np.arange(count), best] / 1024**2
        share = 2 * square / (size * (track * track).sum(axis=1) + 1)
        depth = 2 / size * np.sqrt(square) / 100
        inside = (best > 0) & (best < len(SWINGS) - 1) & (np.abs(track).max(axis=1) <= 20000)
        there = sung & inside & (share >= 0.6) & (depth >= 10)
        return {
            "vibrato_rate": np.where(there, 10 * SWINGS[best], np.nan),
            "vibrato_depth": np.where(there, depth, np.nan),
        }

    def recent(self, sums: Array) -> Array:
        """Sums of the last seconds up to each frame: what is 64 frames ago counts for 1/e."""
        result = np.empty_like(sums)
        for before, (row, now) in itertools.pairwise([(self.decayed, self.decayed), *zip(result, sums, strict=True)]):
            np.floor(before[0] * (63 / 64), out=row)
            row += now
        self.decayed = result[-1]
        return result

    def time(self, frames: Frames, count: int) -> Frames:
        """Attacks, fluctuation, pulse, tempo, decay."""
        hops, now = self.front.hops, slice(self.past, self.past + count)
        onset = frames["onset"] * (1 - frames["cut"])  # where the sound is cut off, its end is no attack
        near = sliding_window_view(np.pad(onset.ravel(), 2), 5)[:-1]  # the last one is too early to tell
        peak = np.where(near.max(axis=1) == near[:, 2], near[:, 2], 0)
        peak = np.append(peak, 0).reshape(onset.shape)[now]
        attack, hop = peak.max(axis=1), peak.argmax(axis=1)
        moment = np.where(attack >= CLEAR_ATTACK, self.moment(frames, count, hop), np.nan)
        cells = frames["cells"][now]
        crest = 10 * decibels((cells.max(axis=1) + 1) * cells.shape[1] / (cells.sum(axis=1) + cells.shape[1]))
        columns = {"attack": attack / 10, "attack_time": moment, "crest": crest}

        # fluctuation: the level's spectrum
        window = slice(self.past - self.ahead, self.past + count + self.ahead)
        level = np.maximum(frames["level"][window], SILENT).ravel()
        views = sliding_window_view(level, len(self.taper))[::hops]
        taper = sliding_window_view(frames["valid"][window].ravel(), len(self.taper))[::hops] * self.taper
        mean = np.rint((views * taper).sum(axis=1) / taper.sum(axis=1))
        spectrum = np.fft.rfft((views - mean[:, None]) * taper)
        parts = spectrum.real * spectrum.real + spectrum.imag * spectrum.imag
        power = np.add.reduceat(parts[:, :-1], self.fluct, axis=1)
        depth = np.sqrt(power * (2 / (100**2 * len(self.taper) * (taper * taper).sum(axis=1)))[:, None])
        columns |= {f"fluct_{i}": 10 * depth[:, i] for i in range(4)}

        overlap = frames["overlap"]
        trust = overlap / (overlap + 0.15 * hops * self.context.sum())  # in a correlation of few windows
        lag, strength = first_peak(frames["rhythm"] * trust, round(self.rate / 20) - 1)
        regular = strength >= 0.35
        rate = float(self.rate)
        columns |= {"pulse": np.where(regular, 100 * rate / lag, np.nan), "regularity": 100 * np.clip(strength, 0, 1)}

        levels = frames["loudness"]
        there = frames["valid"].sum(axis=1) > 0
        slope = np.zeros(count)
        for i, weight in enumerate((-2, -1, 0, 1, 2)):
            slope += weight * levels[self.past + i : self.past + count + i]
        fall = -slope / 10 / 100 * float(self.frame_rate)
        columns["decay"] = np.where((fall >= 3) & there[self.past + 4 : self.past + count + 4], fall, np.nan)
        return columns | self.lately(frames, count)

    def moment(self, frames: Frames, count: int, hop: Array) -> Array:
        """When each frame's strongest attack begins, in ms after the frame's start, near the short window `hop`.

        Where 10 ms are loudest against the 10 ms before.
        """
        cells = frames["cells"]
        size, reach = cells.shape[1], 4
        flat = cells.ravel()
        start = (self.past + np.arange(count)) * size
        place = np.clip(CELLS * (hop[:, None] - 1) + np.arange(-2, 2 * CELLS + 1), 0, size - 1)
        at = start[:, None] + place
        sums = np.concatenate(([0.0], np.cumsum(flat)))
        after, before = sums[at + reach] - sums[at], sums[at] - sums[at - reach]
        best = np.argmax((after - before) / (before + 0.001 * after.max(axis=1)[:, None] + 1), axis=1)
        frame = 1000 / float(self.frame_rate)
        return np.asarray(np.take_along_axis(place, best[:, None], 1)[:, 0] * frame / size)

    def lately(self, frames: Frames, count: int) -> Frames:
        """Tempo and tuning, from sums over about the last five seconds.

        Tempo is the lag at which the onsets repeat best, with a preference for 120 a minute, a bell of one octave
        (Ellis 2007). Tuning is the mean direction of the partials' places between two notes.
        """
        now = slice(self.past, self.past + count)
        sums = self.recent(np.hstack((frames["turn"][now], frames["beats"][now])))
        x, y, strength, n, onsets, squares = sums[:, :6].T
        agree = (strength > 0) & (x * x + y * y > strength * strength / 9)
        angle = np.array([math.atan2(*pair) for pair in zip(y.tolist(), x.tolist(), strict=True)])
        n = np.maximum(n, 1)
        mean = onsets / n
        variance = squares / n - mean * mean
        correlation = (sums[:, 6:] / n[:, None] - (mean * mean)[:, None]) / (variance[:, None] + 1)
        score = correlation * self.preference
        best = score[:, 1:-1].argmax(axis=1) + 1
        row = np.arange(count)
        a, b, c = (score[row, best + i] for i in (-1, 0, 1))
        height = correlation[row, best]
        there = (b > a) & (b >= c) & (height >= 0.15) & (n >= 2.2 * self.rate)
        lag = 2 * (best + self.first_beat + (c - a) / (2 * np.where(there, 2 * b - a - c, 1)))
        return {
            "tempo": np.where(there, 600 * float(self.rate) / np.where(there, lag, 1), np.nan),
            "beat": 100 * np.clip(height, 0, 1),
            "tuning": np.where(agree, 50 / math.pi * angle, np.nan),
        }


def first_peak(correlation: Array, low: int) -> tuple[Array, Array]:
    """The first peak from index `low` that reaches three quarters of the highest: its lag (index + 1) and height.

    Each lag counts half for its neighbours, since a period is no whole number of lags. No height where the highest
    correlation stands at the last lag: the period is longer.
    """
    around = np.pad(correlation, ((0, 0), (1, 1)))
    wide = (around[:, :-2] + around[:, 2:]) / 2 + correlation
    a, b, c = wide[:, low:-2], wide[:, low + 1 : -1], wide[:, low + 2 :]
    dip = np.minimum.accumulate(wide, axis=1)[:, low:-2]  # slow waves fall from lag 0 with bumps: no peak before a dip
    height = np.where((b > a) & (b >= c) & (dip < b / 2), b, 0)
    highest = height.max(axis=1)
    best = np.argmax(height >= 0.75 * highest[:, None], axis=1)
    a, b, c = (np.take_along_axis(v, best[:, None], 1)[:, 0] for v in (a, b, c))
    bend = 2 * b - a - c
    shift = np.where(bend > 0, (c - a) / (2 * np.where(bend > 0, bend, 1)), 0)
    place = best + low + 1
    inside = highest >= 0.9 * wide[:, low:].max(axis=1)
    strength = np.take_along_axis(correlation, place[:, None], 1)[:, 0]
    strength = np.maximum(strength, np.minimum(b, np.take_along_axis(wide, place[:, None], 1)[:, 0]) / 2)
    return place + 1 + shift, np.where(inside & (highest > 0), strength, 0)
