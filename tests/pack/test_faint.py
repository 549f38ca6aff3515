"""What comes and goes in part of the spectrum, in the summary: of sounds made for it."""

from __future__ import annotations

import numpy as np
import pytest
from packing import heard, summary

from natlib.pack.sentences import faint
from natlib.pack.summary.faint import Piece, a_weight, components, grouped, parted, peaked

RATE = 44100
FRAME = 0.08  # s
COLOURS = {"white": 0.0, "pink": 0.5, "brown": 1.0}


def coloured(colour: str, seconds: float, seed: int, amplitude: float = 0.05) -> np.ndarray:
    """Steady noise whose power falls by 0, 3 or 6 dB an octave."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(seconds * RATE)))
    hz = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    sound = np.fft.irfft(spectrum / np.maximum(hz, 20) ** COLOURS[colour])
    return amplitude * sound / sound.std()


def chirps(sound: np.ndarray, times: list[float], low: float, high: float, amplitude: float) -> np.ndarray:
    """The sound with glides of 0.32 s, which begin softly, at some times."""
    sound, length = sound.copy(), round(0.32 * RATE)
    phase = 2 * np.pi * np.cumsum(np.linspace(low, high, length)) / RATE
    for time in times:
        first = round(time * RATE)
        sound[first : first + length] += amplitude * np.sin(phase) * np.hanning(length)
    return sound


@pytest.mark.parametrize("seconds", [5, 70])
def test_chirps_over_a_rumble_are_told(seconds: int) -> None:
    times = [0.8, 1.76, 2.72, 3.68] if seconds == 5 else [10.0, 15.4, 41.6, 62.4]
    found = heard(chirps(coloured("brown", seconds, 3), times, 3000, 3100, 0.012))
    head = summary(found)
    (group,) = head["faint"]
    assert group["band"] == [2500, 4000] and group["count"] == 4
    assert all(abs(a - b) <= FRAME + 0.05 for a, b in zip(group["times"], times, strict=False))
    assert abs(group["duration"] - 0.24) <= FRAME + 0.05 and group["rise"] >= 6
    assert 3000 <= group["peak"] <= 3100
    assert ("ioi" in group) == (seconds == 5) and abs(group.get("ioi", 0.96) - 0.96) <= 0.02
    assert (
        group["tonal"] and "4 tonal sounds without attack" in head["in_words"] and "in 2500-4000 Hz" in head["in_words"]
    )


def test_steady_noise_has_none() -> None:
    for seconds, seeds in ((5, 5), (20, 5)):
        for colour in COLOURS:
            every = np.concatenate([coloured(colour, seconds, seed) for seed in range(seeds)])
            parts = [heard(part) for part in np.split(every, seeds)]
            assert not [summary(part)["faint"] for part in parts if "faint" in summary(part)]


def test_puffs_of_noise_are_not_tonal() -> None:
    sound, length = coloured("brown", 5, 3), round(0.4 * RATE)
    hiss = np.fft.rfft(np.random.default_rng(4).standard_normal(length))
    hz = np.fft.rfftfreq(length, 1 / RATE)
    puff = np.fft.irfft(np.where((hz > 2000) & (hz < 5000), hiss, 0), length)
    for time in (0.8, 1.8, 2.8, 3.8):
        sound[round(time * RATE) :][:length] += 0.012 * puff / puff.std() * np.hanning(length)
    found = heard(sound)
    (group,) = summary(found)["faint"]
    assert group["count"] == 4 and "tonal" not in group


def test_an_event_is_not_told_twice() -> None:
    """What strikes is a sound line, however narrow; what comes softly is not."""
    length, sound = round(0.3 * RATE), coloured("pink", 5, 1, 0.002)
    for first in (1.0, 2.0, 3.0, 4.0):
        fall = np.exp(-np.arange(length) / (0.08 * RATE))
        burst = np.sin(2 * np.pi * 3000 * np.arange(length) / RATE)
        sound[round(first * RATE) :][:length] += 0.2 * burst * fall
    found = heard(sound)
    assert sum("sound" in line or "repeats" in line for line in found) >= 2
    assert "faint" not in summary(found)


def test_a_swell_of_the_whole_is_none() -> None:
    time = np.arange(8 * RATE) / RATE
    found = heard(coloured("white", 8, 2) * 10 ** (0.6 * np.sin(2 * np.pi * 0.5 * time)))
    assert "faint" not in summary(found)


def test_what_lasts_or_cannot_be_heard_is_none() -> None:
    noise, time = coloured("brown", 8, 4), np.arange(8 * RATE) / RATE
    late = np.clip((time - 3) / 0.5, 0, 1) * 0.01 * np.sin(2 * np.pi * 3000 * time)
    faintest = chirps(noise, [1.0, 3.0, 5.0], 2700, 3000, 0.0003)
    assert all("faint" not in summary(found) for found in map(heard, (noise + late, faintest)))


def test_cells_that_touch_are_one_and_rises_part_where_they_dip() -> None:
    raised = np.zeros((6, 4), bool)
    raised[0, 0] = raised[1, 1] = raised[4, 3] = raised[5, 0] = True
    clearly = raised.copy()
    clearly[0, 0] = clearly[5, 0] = False
    assert sorted(map(len, components(raised, clearly))) == [1, 2]
    assert parted(np.array([8.0, 9, 8, 9, 8])) == [(0, 5)]
    assert parted(np.array([8.0, 12, 4, 3, 10, 11])) == [(0, 3), (3, 6)]
    assert parted(np.array([30.0, 29, 12, 7])) == [(0, 2)]


def test_a_peak_is_told_if_sounds_agree() -> None:
    piece = Piece(0, 3, 8, 8, 9.0, 0.1, 1e-5, 0.4, (2100, 2400))
    assert peaked([piece, piece]) == {"peak_contour": [2100, 2400]}
    assert peaked([piece._replace(peaks=(2100, 2120))]) == {"peak": 2100}
    assert peaked([piece, piece._replace(peaks=None), piece._replace(peaks=None)]) == {}
    assert peaked([piece._replace(peaks=(hz, hz)) for hz in (900, 1700, 3300, 6000)]) == {}


def test_none_are_no_groups_and_low_frequencies_are_hardly_heard() -> None:
    assert grouped([]) == []
    assert abs(10 * np.log10(a_weight(1000))) < 0.1 and abs(10 * np.log10(a_weight(100)) + 19.1) < 0.2


def test_the_words() -> None:
    group = {"band": [1000, 2500], "count": 5, "times": [0.4], "duration": 0.3, "ioi": 0.9, "rise": 9}
    said = faint({"faint": [{**group, "peak_contour": [2100, 2300]}]})
    assert said == (
        "5 sounds without attack, 0.3 s, in 1000-2500 Hz, 9 dB over the background, every 0.9 s, peak 2100 to 2300 Hz"
    )
    assert faint({"faint": [group, group]}).endswith("every 0.9 s; 5 in 1000-2500 Hz")
    assert faint({"faint": [{**group, "count": 1}]}).startswith("a sound without") and faint({}) == ""
