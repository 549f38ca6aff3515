"""Formants: of pulses through resonators, of spoken vowels, and none of noise."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from helpers import needs, noise, records, sh, wav

from natlib.embed.spectral.formants import Formants
from natlib.embed.spectral.spectrum import Spectrum

RATE = 44100
VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (660, 1720, 2410), (500, 1500, 2500))  # Hz


def resonated(samples: np.ndarray, hz: float, width: float) -> np.ndarray:
    """Through a resonator of two poles, by its impulse response."""
    time = np.arange(RATE // 20) / RATE
    response = np.exp(-np.pi * width * time) * np.sin(2 * np.pi * hz * time)
    return np.convolve(samples, response)[: len(samples)]


def test_prediction_is_stable_where_a_coder_left_bins_out() -> None:
    """Sums over such bins are no autocorrelation."""
    formants = Formants(Spectrum(RATE, Fraction(24, 1000)), 20000)
    with np.errstate(all="raise"):
        for last in range(20, formants.end, 5):
            levels = np.full((1, formants.end), -9000.0)
            levels[:, last] = 0
            assert not np.isinf(formants(levels)[1]).any()


def heard(sound: np.ndarray, rate: int = RATE) -> np.ndarray:
    """Formants of each frame in Hz, (frames, 3), NaN for none."""
    first, *rest = records(sh("nat-split | nat-decode | nat-embed", wav(sound, rate)).stdout)
    width = sum(stream["width"] for stream in first.head["streams"])
    names = [measure["name"] for measure in first.head["measures"]]
    rows = np.frombuffer(b"".join(record.payload for record in rest), "<f4").reshape(-1, width + len(names))
    places = [names.index(f"formant_{i}") for i in (1, 2, 3)]
    return rows[:, [width + place for place in places]] * first.head["measures"][places[0]]["step"]


@pytest.mark.parametrize("f0", [100, 140, 210])
def test_resonators_are_found_within_a_tenth(f0: int) -> None:
    for vowel in VOWELS:
        pulses = np.zeros(RATE)
        pulses[(np.arange(0, 1, 1 / f0) * RATE).astype(int)] = 1
        for hz, width in zip(vowel, (80, 100, 140), strict=True):
            pulses = resonated(pulses, hz, width)
        found = np.nanmedian(heard(0.5 * pulses / np.abs(pulses).max()), axis=0)
        assert np.abs(found / vowel - 1).max() < 0.1, (f0, vowel, found)


@needs("espeak-ng")
def test_spoken_vowels_lie_where_they_do_in_a_mouth() -> None:
    for vowel, low, high in (("i:", (200, 400), (2000, 2700)), ("a:", (600, 1000), (1000, 1500))):
        spoken = sh(f"espeak-ng --stdout -v en -s 80 '[[{vowel}_::{vowel}]]'").stdout
        sound, rate = soundfile.read(io.BytesIO(spoken))
        first, second, _ = np.nanmedian(heard(sound, rate), axis=0)
        assert low[0] < first < low[1] and high[0] < second < high[1]


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_noise_has_none(colour: int) -> None:
    spectrum = np.fft.rfft(noise(20))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** (colour / 2)
    sound = np.fft.irfft(spectrum)
    assert (~np.isnan(heard(0.3 * sound / np.abs(sound).max()))).any(axis=1).mean() <= 0.03
