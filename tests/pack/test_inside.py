"""The inside of events, noise, and what comes again: of sounds made for it."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import noise, tone
from packing import heard, summary

from natlib.pack.summary.noise import swell
from natlib.pack.summary.sounds import course, pattern

RATE = 44100


def test_an_event_of_noise_and_then_tone_is_told_in_its_order() -> None:
    quiet = noise(1, amplitude=1e-4)
    event = np.concatenate((0.1 * noise(0.5, amplitude=1), 0.3 * tone(600, 0.7)))
    event[-4410:] *= np.linspace(1, 0, 4410)
    sound = np.concatenate((quiet, event, quiet))
    rows = [line["sound"]["inside"] for line in heard(sound) if "inside" in line.get("sound", {})]
    assert rows
    first, last = rows[0][0], rows[0][-1]
    assert first[2] < 40 < last[2] or first[3] is None
    assert first[1] > 2 * last[1]


def test_what_is_told_inside_is_the_events_own() -> None:
    """A loud hum behind it does not draw its centroid down."""
    hum = 0.2 * tone(100, 4)
    click = np.zeros_like(hum)
    burst = 0.05 * noise(0.6, amplitude=1)
    click[2 * RATE : 2 * RATE + len(burst)] = burst * np.linspace(1, 0.1, len(burst))
    rows = [line["sound"] for line in heard(hum + click) if "sound" in line and line["t"] > 1.5]
    inside = [row["inside"] for row in rows if "inside" in row]
    assert not inside or all(part[1] > 1000 for part in inside[0][:1])


def test_noise_is_described() -> None:
    white = summary(heard(noise(6, amplitude=0.1)))["noise"]
    assert abs(white["slope"]) <= 1 and "resonances" not in white and "swells" not in white
    spectrum = np.fft.rfft(noise(6))
    brown = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 200))
    assert -7 <= summary(heard(0.5 * brown / np.abs(brown).max()))["noise"]["slope"] <= -4
    time = np.arange(24 * RATE) / RATE
    waves = summary(heard(0.1 * noise(24, amplitude=1) * 10 ** (0.5 * np.sin(2 * np.pi * 0.25 * time))))["noise"]
    assert all(abs(rate - 0.25) < 0.03 and 6 < depth < 22 for rate, depth in waves["swells"]) and waves["together"]
    assert "noise" not in summary(heard(0.3 * tone(440, 4)))


def test_swells_of_steady_noise_are_none() -> None:
    rng = np.random.default_rng(1)
    assert sum(swell(rng.standard_normal(80), 0.25) is not None for _ in range(100)) <= 3
    assert swell(5 * np.sin(np.arange(160) * 0.25 * 2 * np.pi / 5), 0.25) == [0.2, 7]


def test_how_gaps_go() -> None:
    assert course([0, 1, 2, 3, 4, 5, 6]) == {}
    slower = np.cumsum([0, *(0.5 * 1.1**i for i in range(12))]).tolist()
    assert course(slower)["ioi_drift"] > 1.5
    assert course([0, 0.3, 1, 1.3, 2, 2.3, 3, 3.3])["pairs"] is True
    assert course([0, 0.1, 0.9, 1.0, 3.0, 3.1]) == {} or "ioi_drift" not in course([0, 0.1, 0.9, 1.0, 3.0, 3.1])


def test_which_sounds_are_alike() -> None:
    one = {"duration": 0.2, "max_level": -20, "onset_strength": 20, "centroid": 1000}
    other = {"duration": 0.8, "max_level": -20, "onset_strength": 20, "centroid": 3000}
    assert pattern([one, one, other, one]) == {"pattern": "aaba"}
    assert pattern([one, other]) == {}


def clicks(first: float, last: float) -> np.ndarray:
    """Six seconds of short bursts of noise, whose rate glides, over faint noise."""
    random = np.random.default_rng(1)
    sound = random.standard_normal(6 * RATE) * 0.0005
    fall = np.exp(-np.arange(900) / 180) * 0.3
    time = 0.3
    while time < 5.6:
        place = round(time * RATE)
        sound[place : place + len(fall)] += random.standard_normal(len(fall)) * fall
        time += 1 / (first + (last - first) * (time - 0.3) / 5.3)
    return sound


@pytest.mark.parametrize(("first", "last"), [(14, 10), (24, 16), (7, 7), (12.5, 12.5), (33, 33)])
def test_trains_of_pulses_run_down_or_keep_their_rate(first: float, last: float) -> None:
    (train,) = summary(heard(clicks(first, last)))["trains"]
    assert train["t"] < 1 and train["end"] > 5
    near = 0.02 if first == last else 0.06  # a fifth of the train lies at either end
    assert abs(train["rate"][0] / first - 1) <= near and abs(train["rate"][1] / last - 1) <= near


def test_hum_is_locked_to_the_mains_and_other_tones_are_not() -> None:
    times = np.arange(4 * RATE) / RATE
    faint = np.random.default_rng(2).standard_normal(len(times)) * 0.002
    for hz, mains in ((50, 50), (60, 60), (50.5, None), (49, None), (61.7, None)):
        hum = sum(np.sin(2 * np.pi * hz * order * times) / order for order in (1, 2, 3, 4, 6)) * 0.03
        told = summary(heard(hum + faint)).get("mains")
        assert (told and told["frequency"]) == mains and (not told or told["percent"] >= 50)
    assert "mains" not in summary(heard(10 * faint)) and "trains" not in summary(heard(10 * faint))


def test_what_leads_up_to_an_event_and_what_follows_it() -> None:
    quiet = noise(1.5, amplitude=1e-4)
    hiss = noise(0.5, amplitude=0.02) * np.linspace(0, 1, RATE // 2) ** 2
    crack = np.diff(noise(0.05, amplitude=0.5), append=0) * np.geomspace(1, 0.01, RATE // 20)
    release = np.convolve(noise(0.4, amplitude=1), np.ones(64) / 64, "same") * np.hanning(int(0.4 * RATE)) * 0.1
    sound = np.concatenate((quiet, hiss, crack, noise(0.2, amplitude=1e-4), release, quiet))
    cracked = [line["sound"] for line in heard(sound) if "sound" in line]
    assert len(cracked) == 1
    before, after = cracked[0]["before"], cracked[0]["after"]
    assert before[0] < cracked[0]["max_level"] - 6 and before[2] < 30
    assert after[1] < 1000 < before[1]
    alone = [line["sound"] for line in heard(np.concatenate((quiet, crack, quiet))) if "sound" in line]
    assert len(alone) == 1 and alone[0].keys().isdisjoint(("before", "after"))
