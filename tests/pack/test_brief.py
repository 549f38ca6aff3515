"""Brief tones: chirps made for it are told, noise and held tones have none."""

from __future__ import annotations

import numpy as np
from helpers import noise, tone
from packing import heard, summary

from natlib.embed.spectral.extractor import Meter

RATE = 44100


def chirps(every: float, length: float, low: float, high: float, seconds: float) -> np.ndarray:
    """Sines that sweep from `low` to `high` Hz, one each `every` seconds."""
    time = np.arange(round(length * RATE)) / RATE
    sweep = np.sin(2 * np.pi * low * length / np.log(high / low) * ((high / low) ** (time / length) - 1))
    sound = np.zeros(round(seconds * RATE))
    for start in np.arange(0.2, seconds - length, every):
        sound[round(start * RATE) :][: len(time)] += sweep * np.hanning(len(time))
    return sound


def told(sound: np.ndarray) -> dict | None:
    found = summary(heard(sound))
    assert ("brief tones a second" in found["in_words"]) == ("brief_tones" in found)
    return found.get("brief_tones")


def test_chirps_over_a_rumble_are_told() -> None:
    rumble = np.cumsum(noise(8))
    rumble -= np.convolve(rumble, np.ones(4001) / 4001, "same")
    found = told(0.05 * chirps(0.4, 0.12, 2500, 3200, 8) + 0.1 * rumble / np.abs(rumble).max())
    assert found and abs(found["per_second"] - 2.4) < 0.4 and 0.06 <= found["duration"] <= 0.14
    assert 2300 < found["band"][0] <= found["band"][1] < 3400 and 1 < found["sweep"] < 5


def test_noise_and_held_tones_have_none() -> None:
    assert told(noise(10, amplitude=0.1)) is None
    assert told(0.2 * tone(1000, 6) + noise(6, amplitude=0.01)) is None


def test_no_noise_has_a_narrow_peak() -> None:
    peaks = 0
    for seed in range(30):
        sound = noise(5, amplitude=0.1, seed=seed + 3)
        shaped = np.fft.rfft(sound) / np.maximum(np.arange(len(sound) // 2 + 1), 50) ** (seed % 3 / 2)
        sound = np.fft.irfft(shaped, len(sound))
        meter = Meter(RATE, names=frozenset({"brief_peak"}))
        peaks += int((~np.isnan(meter.finish(0.1 * sound / np.abs(sound).max()))).sum())
    assert peaks <= 30 * 5 * 50 / 1000  # one in a thousand


def test_a_peak_is_told_where_it_is() -> None:
    meter = Meter(RATE, names=frozenset({"brief_peak"}))
    rows = meter.finish(tone(3010, 1, amplitude=0.05) + noise(1, amplitude=0.003))
    assert rows.shape == (13, 4) and np.abs(rows[1:-1] - 3010).max() < 5
