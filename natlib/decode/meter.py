"""What is measured of all channels before they are mixed, at the file's own rate: once a second, and in total.

Levels and correlation of channels, mid and side of two; clipping; samples that are no numbers; loudness and true peak
(loudness.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10, sqrt
from typing import TYPE_CHECKING, Any

from ..wire import Head, Record
from .loudness import Loudness

if TYPE_CHECKING:
    from .mixing import Blocks

FULL = 32767 / 32768  # what counts as full scale
FULL_8 = 127 / 128  # the same in 8 bits
RUN = 3  # samples in a row at full scale that count as clipped: a single one may be a peak that just reaches it
ABSURD = 1e12  # anything above is no sound, and sums of it might overflow
OFFSET = 0.005  # of full scale: a constant offset this large is reported
NOTHING = -120.0  # dBFS: anything below is silence


class Meter:
    """What is measured of one item. `notes` are those of the seconds that are over."""

    def __init__(self, rate: int, channels: int, layout: Sequence[str], full: float):
        import numpy as np

        self.rate, self.channels, self.full = rate, channels, full
        self.loudness = Loudness(rate, channels, layout)
        self.samples = self.clipped = self.nonfinite = 0
        self.notes: list[Record] = []
        self._width = {1: 0, 2: 3}.get(channels, channels)  # for two, also what they have in common
        self._sum = np.zeros(channels)  # of all samples
        self._products = np.zeros(self._width)  # sums of squares of the second under way
        self._all = np.zeros(self._width)  # and of the seconds before
        self._clipped = self._nonfinite = 0  # samples, in the second under way
        self._flags = np.zeros((channels, RUN), bool)  # was the last sample in a run? were the last two at full scale?

    def feed(self, blocks: Blocks) -> Blocks:
        """Measure blocks, shape (n, channels), on their way; set to zero what is no number, or absurdly large."""
        import numpy as np

        for block in blocks:
            if not len(block):
                continue
            low, high = float(block.min()), float(block.max())  # not-a-number in the block shows up in these
            bad: Any = None
            if not (low >= -ABSURD and high <= ABSURD):
                bad = ~(np.abs(block) <= ABSURD)
                block = np.where(bad, np.float32(0), block)
                low, high = float(block.min()), float(block.max())
            channels = np.ascontiguousarray(block.T)
            clips = high >= self.full or low <= -self.full or self._flags.any()
            clipped = self._runs(channels) if clips else None
            self.loudness.feed(channels, max(high, -low))
            self._sum += channels.sum(axis=1, dtype="f8")
            first = 0
            while first < len(block):
                last = min(len(block), first + self.rate - self.samples % self.rate)
                self._part(channels[:, first:last])
                self._clipped += int(clipped[:, first:last].sum()) if clipped is not None else 0
                self._nonfinite += int(np.count_nonzero(bad[first:last])) if bad is not None else 0
                self.samples += last - first
                if self.samples % self.rate == 0:
                    self._second()
                first = last
            yield block
        if self.samples % self.rate:
            self._second()

    def _runs(self, channels: Any) -> Any:
        """How many samples each one adds to the count of those in runs at full scale, (channels, n)."""
        import numpy as np

        flags = np.concatenate((self._flags[:, 1:], np.abs(channels) >= self.full), axis=1)
        runs = flags[:, :-2] & flags[:, 1:-1] & flags[:, 2:]
        begun = runs & ~np.concatenate((self._flags[:, :1], runs[:, :-1]), axis=1)
        self._flags = np.concatenate((runs[:, -1:], flags[:, -2:]), axis=1)
        return runs + (RUN - 1) * begun.astype(np.int64)

    def _part(self, channels: Any) -> None:
        """Take samples of one second."""
        if not self._width:
            return
        exact = channels.astype("f8")  # so that the last digit reported is the same on every machine
        for i, channel in enumerate(exact):
            self._products[i] += float(channel @ channel)
        if self.channels == 2:
            self._products[2] += float(exact[0] @ exact[1])

    def _second(self) -> None:
        """A second is over."""
        second = -(-self.samples // self.rate) - 1
        count = self.samples - second * self.rate
        if self._width:
            levels = {"event": "channel_levels", "t": second, **self._levels(self._products, count)}
            self.notes.append(Record(levels))
        for event, samples in (("clipping", self._clipped), ("nonfinite", self._nonfinite)):
            if samples:
                self.notes.append(Record({"event": event, "t": second, "samples": samples}))
        self.clipped, self.nonfinite = self.clipped + self._clipped, self.nonfinite + self._nonfinite
        self._all += self._products
        self._products[:] = 0
        self._clipped = self._nonfinite = 0

    def _levels(self, products: Any, count: int) -> Head:
        """{"dbfs", "correlation", "mid_dbfs", "side_dbfs"} of channels; for more than two, levels alone."""
        powers = (products / max(1, count)).tolist()
        found: Head = {"dbfs": [decibels(power) for power in powers[: self.channels]]}
        if self.channels == 2:
            left, right, common = powers
            if decibels(left) is not None and decibels(right) is not None:
                found["correlation"] = round(common / sqrt(left * right), 2)
            found["mid_dbfs"] = decibels((left + right + 2 * common) / 4)
            found["side_dbfs"] = decibels((left + right - 2 * common) / 4)
        return found

    def end(self) -> Head:
        """The keys of the end record."""
        found: Head = {"clipped": self.clipped} | ({"nonfinite": self.nonfinite} if self.nonfinite else {})
        if self._width and self.samples:
            found["channel_levels"] = self._levels(self._all, self.samples)
        if self.samples and abs(offset := float(max(self._sum, key=abs)) / self.samples) >= OFFSET:
            found["dc_offset"] = round(offset, 3)
        if (peak := self.loudness.true_peak()) is not None:
            found["true_peak_dbtp"] = peak
        return found | ({"lufs": lufs} if (lufs := self.loudness.end()) else {})


def decibels(power: float) -> float | None:
    """A power in dBFS; None for silence."""
    return round(10 * log10(power), 1) if power > 10 ** (NOTHING / 10) else None
