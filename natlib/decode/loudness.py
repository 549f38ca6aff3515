"""Loudness and true peak, as ITU-R BS.1770-4 and EBU R 128 (Tech 3341, Tech 3342) define them, in flat memory.

The K-weighting is a recursive filter of fourth order. Here it works on 64 samples at a time: what they contribute by
themselves is a product with a matrix, and so is what the filter's memory of four numbers adds to it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from ..wire import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LOWEST_RATE = 8000  # Hz: below this, the weighting's shelf lies above what the recording holds
SEGMENTS = 10  # per second: gating blocks are made of these
MOMENTARY, SHORT_TERM = 4, 30  # segments: 400 ms, 3 s
ABSOLUTE = -70.0  # LUFS: what is softer is never counted
RELATIVE, RANGE_RELATIVE = -10.0, -20.0  # LU from the mean: softer blocks don't count, for loudness and for its range
PERCENTILES = (0.10, 0.95)  # between which the range lies
STEP = 0.01  # LU, of the histogram
TOP = 30.0  # LUFS: louder blocks count as this
GONE = 1e-7  # of a state: if no more than this is left, it no longer counts
LENGTH = 64  # samples that the filter works on at once
# Weights of channels (BS.1770-4, table 3 and annex 3); 1 for those not named here, and for all if no layout is known.
WEIGHTS = {"LFE": 0.0, "SL": 1.41, "SR": 1.41}
SURROUND = {"BL": 1.41, "BR": 1.41}  # if there are none at the sides
# The interpolating filter of BS.1770-4, annex 2: the first two of its four phases; the others are these backwards.
PHASES = (
    (0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625,
     0.97216796875, -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125),
    (-0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625,
     0.77978515625, -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375),
)  # fmt: skip
ROW = 32  # samples that are interpolated at once
OVER = 1.42  # how far a peak can be above the samples near it: at most 3 dB for a sine below 0.49 of the rate
FINE = 176_400  # Hz: from here on samples are dense enough


def weights(layout: Sequence[str], channels: int) -> list[float]:
    """The weight of each channel of a layout such as FL FR FC LFE BL BR."""
    if len(layout) != channels:
        return [1.0] * channels
    table = WEIGHTS if "SL" in layout or "SR" in layout else WEIGHTS | SURROUND
    return [table.get(name, 1.0) for name in layout]


class Filter:
    """The K-weighting at a sample rate (BS.1770-4, tables 1 and 2, for other rates by the bilinear transform)."""

    def __init__(self, rate: int):
        import numpy as np

        sections = (shelf(rate), highpass(rate))
        # The two sections in series, direct form II transposed: what a step makes of input and state.
        states, impulse = np.eye(4), np.zeros((1, 4))
        _, first = step(sections, np.ones(1), impulse)
        answer = [step(sections, np.ones(1), impulse)[0][0]]
        trajectory = [first]  # states after an impulse
        outputs = []  # of each state by itself
        for _ in range(LENGTH - 1):
            output, after = step(sections, np.zeros(1), trajectory[-1])
            answer.append(output[0])
            trajectory.append(after)
        for _ in range(LENGTH):
            output, states = step(sections, np.zeros(4), states)
            outputs.append(output)
        self.own = np.zeros((LENGTH, LENGTH))  # what samples give by themselves: row in, column out
        for i in range(LENGTH):
            self.own[i, i:] = answer[: LENGTH - i]
        self.own = self.own.astype(np.float32)
        self.remembered = np.array(outputs).T.astype(np.float32)  # what each number remembered adds, (4, LENGTH)
        self.entering = np.concatenate(trajectory[::-1]).astype(np.float32)  # what samples leave behind, (LENGTH, 4)
        self.staying = states.astype(np.float32)  # what is left of what was remembered, (4, 4)
        self.powers = []  # its powers 1, 2, 4 …, until nothing is left
        while np.abs(states).max() > GONE:
            self.powers.append(states.astype(np.float32))
            states = states @ states

    def __call__(self, rows: Any, state: Any) -> tuple[Any, Any]:
        """Filter samples, shape (n, LENGTH), after `state`, (4,), all float32. Returns them and the next state."""
        import numpy as np

        states = rows @ self.entering
        states[0] += state @ self.staying
        over = 1
        for power in self.powers:  # add to each what is left of all before it, in steps that double
            if over >= len(states):
                break
            states[over:] += states[:-over] @ power
            over *= 2
        before = np.concatenate((state[None], states[:-1]))
        filtered = rows @ self.own
        filtered += before @ self.remembered
        return filtered, states[-1].copy()


@lru_cache(8)
def weighting(rate: int) -> Filter:
    """The filter for a sample rate, made once."""
    return Filter(rate)


Section = tuple[tuple[float, float, float], tuple[float, float]]  # numerator, denominator without its leading 1


def shelf(rate: int) -> Section:
    """The head's effect: 4 dB above about 1.7 kHz."""
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    numerator = (high + middle * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - middle * k / q + k * k) / a0
    return numerator, (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


def highpass(rate: int) -> Section:
    """The revised low-frequency B-curve: nothing below about 38 Hz."""
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


def step(sections: Sequence[Section], sample: Array, state: Array) -> tuple[Array, Array]:
    """One sample through both sections; for several states at once, (n, 4)."""
    import numpy as np

    after = np.empty_like(state)
    for i, ((b0, b1, b2), (a1, a2)) in enumerate(sections):
        one, two = state[:, 2 * i], state[:, 2 * i + 1]
        output = b0 * sample + one
        after[:, 2 * i] = b1 * sample - a1 * output + two
        after[:, 2 * i + 1] = b2 * sample - a2 * output
        sample = output
    return sample, after


class Histogram:
    """Powers of gating blocks, by their loudness."""

    def __init__(self) -> None:
        import numpy as np

        size = round((TOP - ABSOLUTE) / STEP)
        self.counts, self.powers = np.zeros(size, np.int64), np.zeros(size)

    def add(self, powers: Array) -> None:
        """Count those that the absolute gate lets through."""
        import numpy as np

        heard = powers[powers > power(ABSOLUTE)]
        if len(heard):
            place = np.minimum(((lufs(heard) - ABSOLUTE) / STEP).astype(np.int64), len(self.counts) - 1)
            np.add.at(self.counts, place, 1)
            np.add.at(self.powers, place, heard)

    def gated(self, relative: float) -> int:
        """The first place that the relative gate lets through."""
        mean = self.powers.sum() / max(1, self.counts.sum())
        return max(0, math.floor((float(lufs(mean)) + relative - ABSOLUTE) / STEP))

    def integrated(self) -> float | None:
        """The loudness of all, in LUFS; None if all is too soft."""
        if not self.counts.any():
            return None
        first = self.gated(RELATIVE)
        return float(lufs(self.powers[first:].sum() / self.counts[first:].sum()))

    def range(self) -> float | None:
        """The loudness range, in LU."""
        import numpy as np

        if not self.counts.any():
            return None
        first = self.gated(RANGE_RELATIVE)
        below = np.cumsum(self.counts[first:])
        low, high = (int(np.searchsorted(below, share * below[-1])) for share in PERCENTILES)
        return (high - low) * STEP


def lufs(power: Any) -> Any:
    """Loudness of a weighted power."""
    import numpy as np

    return -0.691 + 10 * np.log10(power)


def power(lufs: float) -> float:
    """The weighted power of a loudness."""
    return float(10 ** ((lufs + 0.691) / 10))


class Loudness:
    """Takes all channels of a sound; gives its loudness, range and true peak."""

    def __init__(self, rate: int, channels: int, layout: Sequence[str]):
        import numpy as np

        self.rate = rate
        self.weights = np.array(weights(layout, channels)) if channels != 1 else np.ones(1)
        self.filter = weighting(rate) if rate >= LOWEST_RATE else None
        self.states = np.zeros((channels, 4), np.float32)
        self.held = np.zeros((channels, 0), np.float32)  # samples that fill no row yet
        self.samples = 0  # filtered
        self.segment = 0  # number of the one under way
        self.sum = 0.0  # of its weighted squares so far
        self.recent = np.zeros(0)  # powers of the last segments
        self.momentary, self.short_term = Histogram(), Histogram()
        self.loudest = 0.0  # power of the loudest 400 ms
        self.peak = 0.0
        self.edge: Any = None  # the last samples of each channel
        self.interpolate = toeplitz()

    def feed(self, channels: Any, peak: float) -> None:
        """Take samples of each channel, shape (channels, n), float32, contiguous, and their highest magnitude."""
        self.peak = max(self.peak, peak)
        self._peak(channels)
        if self.filter:
            self._weigh(channels, self.filter)

    def _weigh(self, channels: Any, filter: Filter) -> None:
        import numpy as np

        if self.held.shape[1]:
            channels = np.concatenate((self.held, channels), axis=1)
        whole = channels.shape[1] // LENGTH * LENGTH
        self.held = channels[:, whole:].copy()
        if not whole:
            return
        start, self.samples = self.samples, self.samples + whole
        edges = [0]
        while (edge := self._edge(self.segment + len(edges)) - start) <= whole:
            edges.append(edge)
        sums = np.zeros(len(edges))  # of weighted squares, up to each edge and after the last one
        for i, weight in enumerate(self.weights):
            rows = np.ascontiguousarray(channels[i, :whole]).reshape(-1, LENGTH)
            filtered, self.states[i] = filter(rows, self.states[i])
            flat = filtered.reshape(-1)
            for k, (first, last) in enumerate(itertools.pairwise([*edges, whole]) if weight else ()):
                part = flat[first:last]
                sums[k] += weight * float(part @ part)
        sums[0] += self.sum
        self.sum, count = float(sums[-1]), len(edges) - 1
        lengths = np.diff([self._edge(self.segment + i) for i in range(count + 1)])
        self.segment += count
        if count:
            self._gate(sums[:count] / lengths)

    def _edge(self, segment: int) -> int:
        """The first sample of a segment."""
        return segment * self.rate // SEGMENTS

    def _gate(self, powers: Array) -> None:
        """Turn the powers of the next segments into gating blocks."""
        import numpy as np

        self.recent = np.concatenate((self.recent, powers))
        sums = np.concatenate(([0.0], np.cumsum(self.recent)))
        new = len(self.recent) - len(powers)
        for length, histogram in ((MOMENTARY, self.momentary), (SHORT_TERM, self.short_term)):
            ends = np.arange(max(length, new + 1), len(self.recent) + 1)
            blocks = (sums[ends] - sums[ends - length]) / length
            histogram.add(blocks)
            if length == MOMENTARY and len(blocks):
                self.loudest = max(self.loudest, float(blocks.max()))
        self.recent = self.recent[-SHORT_TERM + 1 :]

    def _peak(self, channels: Any) -> None:
        import numpy as np

        if self.rate >= FINE:
            return
        reach = len(PHASES[0]) - 1
        # Nothing is made up before the first sample: a sound that begins in the middle of a wave would jump there.
        near = channels if self.edge is None else np.concatenate((self.edge, channels), axis=1)
        self.edge = near[:, -reach:].copy()
        self._interpolated(near)

    def _interpolated(self, channels: Any) -> None:
        """Find the peak between samples; look only at rows in which it could be higher than the known one."""
        import numpy as np

        taps = len(PHASES[0])
        count = max(0, channels.shape[1] - taps + 1) // ROW
        rest = channels[:, count * ROW :]
        for channel in channels if count else ():
            strides = channel.strides[0]
            rows = np.ndarray((count, ROW + taps - 1), np.float32, channel.data, 0, (ROW * strides, strides))
            tops = np.abs(channel[: count * ROW]).reshape(count, ROW).max(axis=1)
            tops[:-1] = np.maximum(tops[:-1], tops[1:])
            tops[-1] = max(tops[-1], float(np.abs(rest).max(initial=0)))
            chosen = rows[tops * OVER > self.peak]
            if len(chosen):
                between = chosen @ self.interpolate
                self.peak = max(self.peak, float(between.max()), -float(between.min()))
        if rest.shape[1] >= taps:
            tail = np.zeros((len(rest), ROW + taps - 1), np.float32)
            tail[:, : rest.shape[1]] = rest
            between = (tail @ self.interpolate).reshape(len(rest), ROW, -1)[:, : rest.shape[1] - taps + 1]
            self.peak = max(self.peak, float(np.abs(between).max()))

    def true_peak(self) -> float | None:
        """In dB over full scale; None for silence."""
        return round(20 * math.log10(self.peak), 1) if self.peak > 0 else None

    def end(self) -> Head:
        """{"integrated", "max_momentary", "range_lu"}, as far as there is any."""
        found: Head = {}
        if (integrated := self.momentary.integrated()) is not None:
            found["integrated"] = round(integrated, 1)
            found["max_momentary"] = round(float(lufs(self.loudest)), 1)
            if (spread := self.short_term.range()) is not None:
                found["range_lu"] = round(spread, 1)
        return found


@cache
def toeplitz() -> Any:
    """The matrix from ROW samples and those before them to four values for each, (ROW + 11, 4 * ROW)."""
    import numpy as np

    taps = len(PHASES[0])
    table = np.zeros((ROW + taps - 1, ROW, 4), np.float32)
    for j, phase in enumerate((*PHASES, PHASES[1][::-1], PHASES[0][::-1])):
        for i in range(ROW):
            table[i : i + taps, i, j] = phase[::-1]
    return table.reshape(ROW + taps - 1, -1)
