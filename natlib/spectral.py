"""The built-in encoder: two streams of features computed from the spectrum, with no weights.

`A`, acoustic: what the ear gets in a frame: timbre (cepstrum), attack by region, pitch and its salience.
`S`, semantic: what the scene is over about two seconds: mean and spread of the cepstrum.

All values are integers (see measures.py): a stream of features is the same bytes on every machine.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from .measures import BANDS, Array, Frames, Meter

MODEL_VERSION = "0.1"
CEPSTRUM = 16


def weights(values: list[float]) -> Array:
    """Integer weights, in 1/1024."""
    return np.asarray(np.rint(np.array(values) * 1024))


DCT = np.rint(
    2**12 * np.array([[math.cos(math.pi * q * (b + 0.5) / BANDS) for b in range(BANDS)] for q in range(CEPSTRUM)])
)


class Spectral(Meter):
    """Mono samples in; rows of S, A and the measures out."""

    S, A = 2 * 13 + 2, CEPSTRUM + 4 + 2

    def __init__(self, sample_rate: int, frame_rate: Fraction = Fraction(25, 2)):
        super().__init__(sample_rate, frame_rate)
        n = 2 * self.ahead + 1
        self.context = weights([0.5 - 0.5 * math.cos(2 * math.pi * (i + 1) / (n + 1)) for i in range(n)])

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self.S + self.A + super().width

    def rows(self, frames: Frames, count: int) -> Array:
        """The rows of the `count` frames from number `past` on."""
        now = slice(self.past, self.past + count)
        valid = frames["valid"]
        bands = frames["bands"] * valid[:, :, None]
        cepstra = np.rint(bands.reshape(-1, BANDS) @ DCT.T / 2**12 / 40).reshape(*bands.shape[:2], CEPSTRUM)
        number = valid.sum(axis=1)
        flux = self.flux(frames)
        regions = flux.sum(axis=1).reshape(len(flux), 4, BANDS // 4).sum(axis=2)
        pitch, salience = frames["pitch"], frames["salience"]
        some = np.maximum(number, 1)[:, None]
        a = np.hstack((
            cepstra.sum(axis=1) / some * 8,
            regions / some,
            salience[:, None],
            np.where(pitch > 0, np.rint(np.sqrt(pitch)), 0)[:, None],
        ))[now]

        window = slice(self.past - self.ahead, self.past + count + self.ahead)
        first = cepstra[window, :, :13]
        sums = np.concatenate((first.sum(axis=1), (first * first).sum(axis=1), salience[window, None],
                               regions.sum(axis=1)[window, None], number[window, None]), axis=1)
        views = np.lib.stride_tricks.sliding_window_view(sums, len(self.context), axis=0)
        total = views @ self.context
        heard = total[:, -1:]
        mean = total[:, :-1] / heard
        spread = np.sqrt(np.maximum(mean[:, 13:26] - mean[:, :13] ** 2, 0))
        s = np.hstack((mean[:, :13] * 8, spread * 8, mean[:, 26:]))
        return np.hstack((np.rint(s), np.rint(a), super().rows(frames, count)))
