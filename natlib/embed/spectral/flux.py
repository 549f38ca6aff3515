"""How the spectrum rises from one short window to the next."""

from __future__ import annotations

import numpy as np

from .numerics import Array, Frames
from .spectrum import BANDS
from .thresholds import MASKED

RISING = (0, 5, 10, 20, 30)  # the first band of each region of RISES (embed/measures.py)


class Flux:
    """The rise of the bands; it remembers the last two short windows."""

    def __init__(self, silent: float):
        self._bands = np.full((2, BANDS), silent)
        self._valid = np.zeros(2)

    def __call__(self, bands: Array, valid: Array) -> Frames:
        """How far the sound rises above what was there two short windows ago, in hundredths of a dB per band.

        flux: in four regions. onset: in all bands. Counting only what can be heard beside the loudest band, stroke: in
        all bands; rises: in the regions of RISES.

        What was there is the largest of three bands, so that a gliding partial is not an attack (Böck and Widmer 2013,
        "Maximum filter vibrato suppression for onset detection"). Before the first sample there is silence; `inside`
        is 0 where that matters.
        """
        flat = np.concatenate((self._bands, bands))
        there = np.concatenate((self._valid, valid))
        self._bands, self._valid = flat[-2:], there[-2:]
        before = flat[:-2].copy()
        np.maximum(before[:, 1:], flat[:-2, :-1], out=before[:, 1:])
        np.maximum(before[:, :-1], flat[:-2, 1:], out=before[:, :-1])
        rise = np.maximum(bands - before, 0) * valid[:, None]
        flux = rise.reshape(-1, 4, BANDS // 4).sum(axis=2)
        floor = bands.max(axis=1)[:, None] - MASKED
        heard = np.maximum(np.maximum(bands, floor) - np.maximum(before, floor), 0) * valid[:, None]
        rises = np.add.reduceat(heard, RISING, axis=1)
        return {
            "flux": flux,
            "onset": np.rint(flux.sum(axis=1) / BANDS),
            "stroke": np.rint(rises.sum(axis=1) / BANDS),
            "rises": np.rint(rises / np.diff((*RISING, BANDS))),
            "inside": valid * there[:-2],
        }
