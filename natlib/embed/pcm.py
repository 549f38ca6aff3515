"""What comes from nat-decode: rate and channels, samples, their mix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import Failure
from ..wire import Head, Record

LOWEST, HIGHEST = 8000, 768000  # Hz, of the sample rates that can be heard


def sound(head: Head) -> tuple[int, int]:
    """Sample rate and channels of an item of PCM. Raises Failure where that can't be heard."""
    rate = head.get("sample_rate")
    if type(rate) is not int or not LOWEST <= rate <= HIGHEST:
        expected = f"expected a sample_rate from {LOWEST} to {HIGHEST} Hz in the header"
        raise Failure(f"{expected}, got {rate!r} (nat-decode --rate changes it)")
    return rate, head["channels"]


def samples(record: Record) -> NDArray[np.float32]:
    """The samples in a data record."""
    return np.frombuffer(record.payload, dtype="<f4")


def mix(samples: NDArray[np.float32], channels: int) -> NDArray[np.float64]:
    """The mean of the channels, added one after the other, float64; a sample that is no finite number is silence."""
    table = samples.astype(np.float64).reshape(-1, channels)
    if not np.isfinite(table).all():
        table[~np.isfinite(table)] = 0
    mono = table[:, 0]
    for channel in range(1, channels):
        mono = mono + table[:, channel]
    return mono / channels
