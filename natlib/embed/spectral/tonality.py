"""How far a spectrum is from noise."""

from __future__ import annotations

import math

import numpy as np

from .numerics import Array
from .spectrum import Spectrum
from .thresholds import NOISE_FLATNESS, TONE_FLATNESS


class Tonality:
    """For the bins from 25 Hz to `end` of long spectra, in groups of 16."""

    GROUP = 16  # bins whose flatness is measured together

    def __init__(self, long: Spectrum, end: int):
        self.first = math.ceil(25 / long.bin)
        self.cuts = np.arange(self.first, end - self.GROUP + 1, self.GROUP)

    def __call__(self, power: Array, magnitude: Array) -> Array:
        """How far the spectrum is from noise, in thousandths, shape (frames,).

        The squared mean of the magnitudes over the mean of their squares, in groups of 16 bins: pi/4 for noise
        (Rayleigh), 1/6 for one sine. The average is weighted by the groups' magnitudes.
        """
        energy = np.add.reduceat(power, self.cuts, axis=1) + 1e-13
        sums = np.add.reduceat(magnitude, self.cuts, axis=1)
        weight = np.sqrt(energy)
        flat = np.add.reduce(sums * sums / weight, axis=1) / (self.GROUP * np.add.reduce(weight, axis=1))
        return np.asarray(np.rint(1000 * np.clip((NOISE_FLATNESS - flat) / (NOISE_FLATNESS - TONE_FLATNESS), 0, 1)))
