"""What is measured of the samples that come out, and reported in the end: peak, RMS, their hash."""

from __future__ import annotations

from math import log10
from typing import Any

from ..output import Hasher
from ..wire import Head
from .mixing import BLOCK


class Levels:
    """What is measured of one item."""

    def __init__(self, hasher: Hasher) -> None:
        import hashlib

        self.hasher = hasher
        self.digest = hashlib.sha256()
        self.scratch: Any = None  # float64, shape (BLOCK,) or more
        self.samples = 0
        self.peak = self.energy = 0.0

    def count(self, block: Any) -> memoryview:
        """Measure a block of the output. Returns it as the payload of a record."""
        import numpy as np

        flat = np.ascontiguousarray(block, "<f4").reshape(-1)
        if self.scratch is None or len(self.scratch) < len(flat):
            self.scratch = np.empty(max(BLOCK, len(flat)))
        exact = self.scratch[: len(flat)]
        exact[:] = flat
        self.samples += len(block)
        self.peak = max(self.peak, float(flat.max()), -float(flat.min()))
        self.energy += float(np.dot(exact, exact))
        payload = flat.data.cast("B")
        self.hasher.update(self.digest, payload)
        return payload

    def end(self, rate: int, channels: int) -> Head:
        """The keys of the end record."""
        self.hasher.wait()
        power = self.energy / max(1, self.samples * channels)
        return {
            "samples": self.samples,
            "seconds": self.samples / rate,
            "peak_dbfs": round(20 * log10(self.peak), 2) if self.peak else None,
            "rms_dbfs": round(10 * log10(power), 2) if power else None,
            "pcm_sha256": self.digest.hexdigest(),
        }
