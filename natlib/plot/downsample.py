"""What nat-plot keeps of an item as it streams by, however long it is: a few thousand columns."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import Failure

COLUMNS = 4096  # columns kept of an item at most: an hour takes no more memory than a minute
WINDOW = 0.0929  # s, of a spectrogram: 4096 samples at 44.1 kHz
SHORTEST, LONGEST = 0.005, 0.5  # s, of a window that follows the zoom
WINDOWS = 30  # along a picture at least: fewer would blur what was zoomed into
BINS = 100  # bins of the FFT in a band at least, for the same reason

Float = NDArray[np.float32]


class Columns:
    """Rows of one shape, float32, in at most COLUMNS columns: when these are full, neighbours are merged, two by two.

    `combine` merges rows (np.maximum, np.minimum, np.add); a column holds `hop` rows, the last one perhaps fewer.
    """

    def __init__(self, combine: np.ufunc, shape: tuple[int, ...] = ()):
        self.combine = combine
        self.hop = 1
        self.rows = 0
        self._columns: Float = np.empty((COLUMNS, *shape), np.float32)
        self._full = 0  # columns that hold `hop` rows
        self._part = 0  # rows in the column after them

    def add(self, rows: Float) -> None:
        """Take `rows`, shape (n, *shape)."""
        self.rows += len(rows)
        while len(rows):
            room = (COLUMNS - self._full) * self.hop - self._part
            self._fill(rows[:room])
            rows = rows[room:]
            if self._full == COLUMNS:
                half = COLUMNS // 2
                self._columns[:half] = self.combine(self._columns[0::2], self._columns[1::2])
                self._full, self.hop = half, 2 * self.hop

    def _fill(self, rows: Float) -> None:
        columns, combine = self._columns, self.combine
        if self._part:
            first, rows = rows[: self.hop - self._part], rows[self.hop - self._part :]
            columns[self._full] = combine(columns[self._full], combine.reduce(first, axis=0))
            self._part = (self._part + len(first)) % self.hop
            self._full += not self._part
        whole = len(rows) // self.hop
        if whole:
            blocks = rows[: whole * self.hop].reshape(whole, self.hop, *rows.shape[1:])
            columns[self._full : self._full + whole] = combine.reduce(blocks, axis=1)
            self._full += whole
        rows = rows[whole * self.hop :]
        if len(rows):
            columns[self._full] = combine.reduce(rows, axis=0)
            self._part = len(rows)

    @property
    def values(self) -> Float:
        """The columns so far, shape (columns, *shape)."""
        return self._columns[: self._full + bool(self._part)]

    @property
    def counts(self) -> Float:
        """The rows in each column, shape (columns,)."""
        counts = np.full(len(self.values), self.hop, np.float32)
        if self._part:
            counts[-1] = self._part
        return counts


class Means:
    """Averages of rows of `width` numbers in at most COLUMNS columns; NaN is absent and does not count."""

    def __init__(self, width: int):
        self._sums = Columns(np.add, (width,))
        self._present = Columns(np.add, (width,))
        self.low = np.full(width, np.inf)
        self.high = np.full(width, -np.inf)

    def add(self, rows: Float) -> None:
        """Take `rows`, shape (n, width)."""
        present = np.isfinite(rows)
        self._sums.add(np.where(present, rows, np.float32(0)).clip(-1e30, 1e30))
        self._present.add(present.astype(np.float32))
        if len(rows):
            self.low = np.minimum(self.low, np.min(rows, axis=0, initial=np.inf, where=present))
            self.high = np.maximum(self.high, np.max(rows, axis=0, initial=-np.inf, where=present))

    @property
    def values(self) -> Float:
        """The averages, shape (columns, width)."""
        present = self._present.values
        means: Float = np.full(present.shape, np.nan, np.float32)
        np.divide(self._sums.values, present, out=means, where=present > 0)
        return means

    @property
    def means(self) -> NDArray[np.float64]:
        """The average of each number over all rows, shape (width,)."""
        present = self._present.values.sum(axis=0, dtype=np.float64)
        sums = self._sums.values.sum(axis=0, dtype=np.float64)
        means: NDArray[np.float64] = np.full(len(sums), np.nan)
        np.divide(sums, present, out=means, where=present > 0)
        return means

    @property
    def span(self) -> float:
        """Rows that the columns would hold if the last one were full: where the image ends."""
        return float(len(self._sums.values) * self._sums.hop)


class Zoom(NamedTuple):
    """Which part of a spectrogram is drawn, and how fine."""

    low: float | None = None  # lowest frequency, Hz
    high: float | None = None  # highest
    window: float | None = None  # s; None: it follows the zoom
    scale: int = 80  # dB from the darkest to the brightest colour

    @property
    def wanted(self) -> float:
        """The window in s, if the sound is long enough for it."""
        if self.window:
            return self.window
        narrow = BINS / (self.high - (self.low or 0)) if self.high else 0.0
        return min(max(WINDOW, narrow), LONGEST)

    def fitting(self, duration: float) -> float:
        """The window in s for a sound of so many seconds."""
        return self.window or max(min(self.wanted, duration / WINDOWS), SHORTEST)


WHOLE = Zoom()


class Spectrogram:
    """A power spectrogram on a logarithmic frequency axis, of samples that stream by.

    Hann windows, of about 93 ms unless told otherwise, three quarters overlapping, centred on multiples of the hop. A
    row is a triangle of 1/24 octave (finer in a narrow band), or of two bins of the FFT if these are wider (so that low
    rows are interpolated), scaled so that a sine of full scale reaches about 0 dB in any row. Columns are merged by
    maximum: no short event is averaged away.
    """

    LOWEST = 40.0  # Hz
    OCTAVE = 24  # rows of an octave at least
    ROWS = 200  # of a band at least

    def __init__(self, rate: int, zoom: Zoom = WHOLE, window: float = WINDOW):
        lowest: float = zoom.low or min(self.LOWEST, rate / 16)
        highest: float = min(zoom.high or rate / 2, rate / 2)
        if lowest >= highest:
            raise Failure(f"expected --fmin below {highest:g} Hz, the highest frequency there is, got {lowest:g}")
        wanted = window * rate
        unit = 1 << min(max(math.frexp(wanted)[1] - 5, 2), 8)  # so that the size has small factors
        self.size = min(unit * max(4, round(wanted / unit)), 1 << 16)
        self.hop = self.size // 4
        octaves = math.log2(highest / lowest)
        self.octave = max(self.OCTAVE, math.ceil(self.ROWS / octaves)) if zoom.low or zoom.high else self.OCTAVE
        count = 1 + int(self.octave * octaves)
        self.hertz = lowest * 2 ** (np.arange(count) / self.octave)
        bins = np.arange(self.size // 2 + 1) * (rate / self.size)
        half = np.maximum(self.hertz / self.octave, rate / self.size)  # half the base of each row's triangle, Hz
        triangles = np.maximum(0, 1 - np.abs(bins[:, None] - self.hertz) / half)
        gain = np.maximum(1, half * self.size / rate / 1.5)  # 1.5 bins: what a Hann window makes of a line
        bands = (triangles / triangles.sum(axis=0) * gain).astype(np.float32)
        self._octaves = []  # the bins that an octave's rows need, and their weights: nearly all other weights are 0
        for first in range(0, count, self.octave):
            octave = bands[:, first : first + self.octave]
            used = np.flatnonzero(octave.any(axis=1))
            needed = slice(used[0], used[-1] + 1)
            self._octaves.append((needed, octave[needed].copy()))
        hann = np.hanning(self.size + 1)[:-1]
        self._window = (hann * 2 / hann.sum()).astype(np.float32)
        self._columns = Columns(np.maximum, (count,))
        self._rest: Float = np.zeros(self.size // 2, np.float32)

    def add(self, samples: Float) -> None:
        """Take `samples`, shape (n,)."""
        samples = np.concatenate((self._rest, samples))
        count = max(0, (len(samples) - self.size) // self.hop + 1)
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(samples, self.size)[:: self.hop][:count]
            for first in range(0, count, 256):
                spectrum = np.fft.rfft(frames[first : first + 256] * self._window)
                power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
                self._columns.add(np.hstack([power[:, needed] @ octave for needed, octave in self._octaves]))
        self._rest = samples[count * self.hop :].copy()

    def finish(self) -> None:
        """No more samples will come: the last windows reach into silence."""
        self.add(np.zeros(self.size // 2, np.float32))

    @property
    def decibels(self) -> Float:
        """Levels in dB, 0 for a sine of full scale, shape (columns, rows)."""
        return 10 * np.log10(np.maximum(self._columns.values, np.float32(1e-20)))

    @property
    def samples(self) -> int:
        """How many samples a column stands for; the first column starts half a hop before the first sample."""
        return self._columns.hop * self.hop
