"""What a moment of sound measures: the front end of the spectral encoder, and the measures that every encoder carries.

Sound is cut into frames, `frame_rate` a second; frame k stands for the time from k/rate to (k+1)/rate. Each frame is
heard twice: through one long window (about 180 ms: pitch, harmony, colour) and through several short ones (about 25 ms,
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
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Frames = dict[str, Array]  # by name, one row a frame

SHORT, LONG = Fraction(1, 40), Fraction(18, 100)  # seconds: the two windows
HOPS = 100  # short windows a second, about
CONTEXT = Fraction(96, 100)  # seconds heard before and after a frame
PAST = 8  # seconds remembered
BANDS = 40
LOW, HIGH = 40.0, 16000.0  # Hz
EDGES = (40, 150, 400, 1000, 2500, 6000, 16000)  # Hz, of the regions
USABLE = 0.92  # of the Nyquist frequency: above it lies the slope of somebody's filter
FLOOR = 1e-9  # power: -90 dBFS, added to each band

MEASURES: list[dict[str, Any]] = [
    {"name": "level", "unit": "dBFS", "step": 0.1},
    *({"name": f"band_{i}", "unit": "dB", "step": 0.1, "low": EDGES[i], "high": EDGES[i + 1]} for i in range(6)),
    {"name": "centroid", "unit": "Hz", "step": 1},
    {"name": "tonality", "unit": "0..1", "step": 0.01},
    {"name": "pitch", "unit": "Hz", "step": 0.2},
    {"name": "salience", "unit": "0..1", "step": 0.01},
    {"name": "attack", "unit": "dB", "step": 0.1},
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
    sizes = (int(2 ** (a + 1) * 3**b * 5**c) for a in range(24) for b in range(16) for c in range(11))
    return min(sizes, key=lambda size: (abs(size - samples), size))


def hann(size: int) -> Array:
    """A periodic Hann window, shape (size,)."""
    return exact([0.5 - 0.5 * math.cos(2 * math.pi * i / size) for i in range(size)])


def mel_edges() -> list[float]:
    """The BANDS + 2 corner frequencies of triangles evenly spaced in mel (O'Shaughnessy 1987), in Hz."""
    low, high = (2595 * math.log10(1 + f / 700) for f in (LOW, HIGH))
    return [700 * (10 ** ((low + (high - low) * i / (BANDS + 1)) / 2595) - 1) for i in range(BANDS + 2)]


class Spectrum:
    """Power spectra through a Hann window of about `seconds`, for windows given by their middle sample."""

    def __init__(self, sample_rate: int, seconds: Fraction):
        self.size = transform_size(float(seconds * sample_rate))
        self.window = hann(self.size)
        self.bin = sample_rate / self.size  # Hz
        # sum(power) over all bins is then the mean square of the sound, weighted by the squared window
        self.scale = 2 / (self.size * float((self.window * self.window).sum()))

    def __call__(self, buffer: Array, starts: Array) -> Array:
        """Squares of the real and imaginary parts in turn, shape (len(starts), size + 2), without a constant offset.

        The offset stands in bins 0 and 1 of a Hann window alone: half of bin 0, with the opposite sign, is in bin 1.
        """
        views = np.lib.stride_tricks.sliding_window_view(buffer, self.size)[starts]
        spectrum = np.fft.rfft(views * self.window)
        spectrum[:, 1] += spectrum[:, 0] / 2
        spectrum[:, 0] = 0
        parts: Array = spectrum.view(np.float64)
        parts *= parts
        return parts


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
    """Samples to frames of numbers: buffers what is needed for whole windows, and analyses each window once."""

    def __init__(self, sample_rate: int, frame_rate: Fraction):
        self.rate, self.frame_rate = sample_rate, frame_rate
        self.hops = max(1, round(HOPS / frame_rate))  # short windows in a frame
        self.short, self.long = Spectrum(sample_rate, SHORT), Spectrum(sample_rate, LONG)
        self.bands = Filters(self.short, mel_edges(), sample_rate)
        self.pitch = Pitch(self.long, sample_rate)
        frame = math.ceil(sample_rate / frame_rate)
        self.reach = max(self.long.size // 2, (frame + self.short.size) // 2) + 1  # samples, from a frame's middle
        self.margin = 2 * self.reach  # zeros before the first sample
        self.buffer = np.zeros(self.margin)
        self.start = -self.margin  # the buffer's first sample
        self.samples = 0
        self.frames = 0  # analysed so far
        regions = [edge for edge in EDGES if edge <= USABLE * sample_rate / 2]
        bins = np.arange(self.long.size // 2 + 1) * self.long.bin
        self.cuts = [2 * int(np.searchsorted(bins, edge)) for edge in regions]
        self.bins = np.repeat(np.rint(bins * 16) / 16, 2)

    def centre(self, index: int, parts: int) -> int:
        """The sample in the middle of part `index`, where a frame has `parts` of them."""
        return math.floor(Fraction((2 * index + 1) * self.rate, 2 * parts) / self.frame_rate)

    def whole(self) -> int:
        """How many frames have all the samples that they need."""
        known = self.samples - self.reach
        count = max(0, math.floor(Fraction(known, self.rate) * self.frame_rate) + 1)
        while count and self.centre(count - 1, 1) > known:
            count -= 1
        return count

    def feed(self, samples: Array) -> None:
        self.buffer = np.concatenate((self.buffer, samples))
        self.samples += len(samples)

    def pad(self) -> int:
        """The input ends here. Returns how many frames there are in all."""
        total = max(1, math.ceil(Fraction(self.samples, self.rate) * self.frame_rate))
        last = self.centre(total, 1) + self.reach
        self.buffer = np.concatenate((self.buffer, np.zeros(last - self.samples)))
        return total

    def analyse(self, count: int) -> Frames:
        """The next `count` frames."""
        first = self.frames
        parts = range(first * self.hops, (first + count) * self.hops)
        centres = np.array([self.centre(i, self.hops) for i in parts])
        short = self.short(self.buffer, centres - self.short.size // 2 - self.start)
        middle = np.array([self.centre(i, 1) for i in range(first, first + count)])
        long = self.long(self.buffer, middle - self.long.size // 2 - self.start)
        begins = np.array([math.floor(Fraction(i * self.rate, self.hops) / self.frame_rate) for i in parts])
        valid = (begins < max(1, self.samples)).astype(np.float64)
        self.frames += count
        keep = self.centre(self.frames, 1) - self.margin - self.start
        self.buffer, self.start = self.buffer[keep:], self.start + keep

        shape = (count, self.hops)
        bands = hundredths(self.bands(short) + FLOOR)
        if self.bands.count < BANDS:  # absent, not silent: the slope goes on, 1 dB a band
            slope = np.arange(1, BANDS - self.bands.count + 1) * 100
            bands = np.hstack((bands, np.maximum(bands[:, -1:] - slope, -9000)))
        power = np.add.reduce(short, axis=1) * self.short.scale
        result = {
            "valid": valid.reshape(shape),
            "level": hundredths(power + 1e-12).reshape(shape),
            "bands": bands.reshape(*shape, BANDS),
        }
        return result | self.colour(long) | self.pitch(long)

    def colour(self, long: Array) -> Frames:
        """Level and regions in hundredths of a dB (absent: NaN), centroid in Hz, tonality in thousandths."""
        end = self.cuts[-1]
        total = np.add.reduce(long[:, :end], axis=1) * self.long.scale + 1e-12
        regions = np.full((len(long), len(EDGES)), np.nan)
        power = np.add.reduceat(long[:, :end], self.cuts[:-1], axis=1) * self.long.scale + 1e-14
        regions[:, 0] = hundredths(total)
        regions[:, 1 : 1 + power.shape[1]] = hundredths(power)
        low = self.cuts[0]
        centroid = np.add.reduce(long[:, low:end] * self.bins[low:end], axis=1) * self.long.scale
        return {"regions": regions, "centroid": np.rint(centroid / total)}


class Pitch:
    """The one pitch of a frame: the autocorrelation of its spectrum below 5 kHz.

    Normalised by the window's (Boersma 1993), the highest peak that is not much lower than one of a shorter lag.
    """

    TOP, HIGHEST, LOWEST = 5000, 4200, 30  # Hz
    COST = 0.02  # an octave down must be better by this

    def __init__(self, long: Spectrum, sample_rate: int):
        self.first = 2 * math.ceil(25 / long.bin)
        self.end = 2 * math.floor(min(self.TOP, USABLE * sample_rate / 2) / long.bin)
        self.size = transform_size(4 * self.TOP / long.bin)
        self.step = 1 / (long.bin * self.size)  # seconds of lag
        window = np.abs(np.fft.irfft(np.abs(np.fft.rfft(long.window)) ** 2))
        lags = math.ceil(1 / self.LOWEST / self.step) + 2
        shape = np.interp(np.arange(lags) * self.step * sample_rate, np.arange(len(window)), window / window[0])
        self.shape = exact(shape)
        self.low = math.floor(1 / self.HIGHEST / self.step)
        self.cost = exact([self.COST * math.log2(max(1, lag) / self.low) for lag in range(lags)])

    def __call__(self, long: Array) -> Frames:
        """Pitch in hundredths of Hz (absent: 0) and salience in thousandths."""
        power = np.zeros((len(long), self.size // 2 + 1))
        power[:, : self.end // 2] = long[:, : self.end : 2] + long[:, 1 : self.end : 2]
        power[:, : self.first // 2] = 0
        lags = np.fft.irfft(power)[:, : len(self.shape)]
        r = np.rint(2**20 * lags / ((lags[:, :1] + 1e-30) * self.shape))
        a, b, c = r[:, :-2], r[:, 1:-1], r[:, 2:]
        peak = (b > a) & (b >= c)
        peak[:, : self.low] = False
        bend = np.where(peak, 2 * b - a - c, 1)
        shift = (c - a) / (2 * bend)
        height = np.where(peak, b + (c - a) * shift / 4, 0)
        score = np.where(peak, height - 2**20 * self.cost[1:-1], -(2**21))
        best = np.argmax(score, axis=1)[:, None]
        salience = np.clip(np.take_along_axis(height, best, 1)[:, 0] / 2**20, 0, 1)
        lag = (best[:, 0] + 1 + np.take_along_axis(shift, best, 1)[:, 0]) * self.step
        pitch = np.where(salience > 0.5, 1 / lag, 0)
        return {"pitch": np.rint(100 * pitch), "salience": np.rint(1000 * salience)}


class Meter:
    """Mono samples in, rows of measures out, at `frame_rate` frames a second.

    The same rows however the samples are cut. A frame comes out within two seconds of its last sample.
    Subclasses put streams before the measures (`rows`).
    """

    measures = MEASURES

    def __init__(self, sample_rate: int, frame_rate: Fraction = Fraction(25, 2)):
        self.front = Front(sample_rate, frame_rate)
        self.ahead = round(CONTEXT * frame_rate)  # frames
        self.past = max(self.ahead, round(PAST * frame_rate))
        self.group = max(1, round(Fraction(32, 100) * frame_rate))  # frames analysed at a time, at least
        self.memory: Frames = {}

    def feed(self, samples: Array) -> Array:
        """Take samples, float64, shape (n,), full scale 1. Returns the rows that are ready, float32, (m, width)."""
        self.front.feed(samples)
        ready = self.front.whole() // self.group * self.group - self.front.frames
        return self._rows(ready, 0)

    def finish(self) -> Array:
        """No more samples will come. Returns the rest of the rows."""
        return self._rows(self.front.pad() - self.front.frames, self.ahead)

    def _rows(self, count: int, silent: int) -> Array:
        parts = [self.front.analyse(min(4 * self.group, count - i)) for i in range(0, count, 4 * self.group)]
        if not self.memory:
            if not parts:
                return np.zeros((0, self.width), dtype=np.float32)
            self.memory = {name: np.zeros((self.past, *value.shape[1:])) for name, value in parts[0].items()}
        ends = {name: np.zeros((silent, *value.shape[1:])) for name, value in self.memory.items()}
        frames = {
            name: np.concatenate((value, *(part[name] for part in parts), ends[name]))
            for name, value in self.memory.items()
        }
        done = len(frames["valid"]) - self.past - self.ahead
        if done <= 0:
            self.memory = frames
            return np.zeros((0, self.width), dtype=np.float32)
        self.memory = {name: value[done:] for name, value in frames.items()}
        return np.ascontiguousarray(self.rows(frames, done), dtype=np.float32)

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(MEASURES)

    def rows(self, frames: Frames, count: int) -> Array:
        """The rows of the `count` frames from number `past` on."""
        now = slice(self.past, self.past + count)
        valid = frames["valid"][now]
        level = (frames["level"][now] * valid).sum(axis=1) / valid.sum(axis=1)
        regions = frames["regions"][now]
        silent = regions[:, 0] < -10000
        pitch = frames["pitch"][now]
        flux = self.flux(frames)[now]
        columns = [
            level / 10,
            *np.where(silent, np.nan, (regions[:, 1:].T - regions[:, 0]) / 10),
            np.where(silent, np.nan, frames["centroid"][now]),
            np.full(count, np.nan),
            np.where((pitch == 0) | silent, np.nan, pitch / 20),
            frames["salience"][now] / 10,
            flux.sum(axis=(1, 2)) / (10 * BANDS),
        ]
        return np.stack([np.clip(np.rint(column), -32767, 32767) for column in columns], axis=1)

    def flux(self, frames: Frames) -> Array:
        """Rise of each band since two short windows ago, hundredths of a dB, shape (frames, hops, BANDS)."""
        bands = frames["bands"]
        flat = bands.reshape(-1, BANDS)
        rise = np.zeros_like(flat)
        rise[2:] = np.maximum(flat[2:] - flat[:-2], 0)
        valid = frames["valid"].reshape(-1, 1)
        rise[2:] *= valid[2:] * valid[:-2]
        return rise.reshape(bands.shape)
