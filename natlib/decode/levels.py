"""What is measured of the samples, and told in the end: peak, RMS, clipping, their hash."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Any

from ..output import Hasher
from ..wire import Head
from .mixing import BLOCK

if TYPE_CHECKING:
    from .mixing import Blocks

FULL = 32767 / 32768  # what counts as full scale
FULL_8 = 127 / 128  # the same in 8 bits
LOUDEST = 1e12  # what is above is no sound, and sums of it might overflow


class Levels:
    """What is measured of one item."""

    def __init__(self, hasher: Hasher) -> None:
        import hashlib

        self.hasher = hasher
        self.digest = hashlib.sha256()
        self.scratch: Any = None  # float64, shape (BLOCK,) or more
        self.samples = self.clipped = self.nonfinite = 0
        self.peak = self.energy = 0.0

    def clean(self, blocks: Blocks, full: float) -> Blocks:
        """Count samples at full scale; make zero of what is not a number, or absurdly large, and count that."""
        import numpy as np

        for block in blocks:
            if len(block):
                low, high = float(block.min()), float(block.max())  # not-a-number in the block comes through in these
                if not (low >= -LOUDEST and high <= LOUDEST):
                    sane = np.abs(block) <= LOUDEST
                    self.nonfinite += int(block.size - np.count_nonzero(sane))
                    block = np.where(sane, block, np.float32(0))
                    low, high = float(block.min()), float(block.max())
                if high >= full or low <= -full:
                    self.clipped += int(np.count_nonzero(np.abs(block) >= full))
                yield block

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
            "clipped": self.clipped,
            **({"nonfinite": self.nonfinite} if self.nonfinite else {}),
            "pcm_sha256": self.digest.hexdigest(),
        }
