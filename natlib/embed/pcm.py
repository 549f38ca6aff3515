"""What comes from nat-decode: rate and channels, samples, and their mix to mono."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import Failure
from ..mixing import Mixer
from ..wire import Head, Record, show

LOWEST, HIGHEST = 8000, 768000  # Hz: the sample rates that are accepted


def sound(head: Head) -> tuple[int, int]:
    """Sample rate and channels of an item of PCM. Raises Failure if the rate is missing or out of range."""
    rate = head.get("sample_rate")
    if type(rate) is not int or not LOWEST <= rate <= HIGHEST:
        expected = f"expected a sample_rate from {LOWEST} to {HIGHEST} Hz in the header"
        raise Failure(f"{expected}, got {show(rate)} (nat-decode --rate changes it)")
    return rate, head["channels"]


def samples(record: Record) -> NDArray[np.float32]:
    """The samples in a data record."""
    return np.frombuffer(record.payload, dtype="<f4")


class Mono:
    """Mixes all channels to one, float64, shape (n,); a sample that is not finite counts as silence."""

    def __init__(self, rate: int, channels: int):
        self.mixer, self.rate, self.channels = Mixer(channels, rate), rate, channels

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """Take the samples of a record. Returns the mixed samples that are ready."""
        table = samples.astype(np.float64).reshape(-1, self.channels)
        if not np.isfinite(table).all():
            table[~np.isfinite(table)] = 0
        return np.asarray(self.mixer.feed(table))

    def finish(self) -> NDArray[np.float64]:
        """No more will come. Returns the rest."""
        rest = self.mixer.finish()
        return np.zeros(0) if rest is None else np.asarray(rest)
