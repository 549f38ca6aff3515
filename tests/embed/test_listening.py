"""Notes, strokes, parts and voices against sounds whose truth is known."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from helpers import needs, noise, sh, tone

from natlib.embed.measures import VOICES, heads
from natlib.embed.spectral.encoder import Spectral
from natlib.embed.spectral.extractor import Meter
from natlib.embed.spectral.grid import Grid
from natlib.embed.spectral.track import Track
from natlib.network import ONE, tables

RATE = 44100
Measured = dict[str, np.ndarray]


def measure(sound: np.ndarray, rate: int = RATE, frame_rate: Fraction = Fraction(25, 2)) -> Measured:
    """Every measure in its unit, by name, one value a frame."""
    meter = Meter(rate, frame_rate)
    rows = np.concatenate((meter.feed(sound), meter.finish(np.zeros(0))))
    names = heads(Grid(frame_rate).hops)
    return {entry["name"]: rows[:, i] * entry["step"] for i, entry in enumerate(names)}


def note(midi: float, seconds: float, fall: float = 0.0, partials: int = 8, rate: int = RATE) -> np.ndarray:
    """A note whose partials fall by 1/n, and which dies away by e `fall` times a second; 10 ms to rise and to end."""
    hertz = 440 * 2 ** ((midi - 69) / 12)
    time = np.arange(round(seconds * rate)) / rate
    shape = np.minimum(1, np.minimum(time, seconds - time) / 0.01) * np.exp(-fall * time)
    waves = (np.sin(2 * np.pi * n * hertz * time + n) / n for n in range(1, partials + 1) if n * hertz < 0.45 * rate)
    return np.asarray(0.1 * shape * sum(waves))


def placed(parts: list[tuple[float, np.ndarray]], seconds: float) -> np.ndarray:
    """Sounds at their times, over noise of -80 dBFS."""
    result = noise(seconds, amplitude=0.0001)
    for start, part in parts:
        first = round(start * RATE)
        result[first : first + len(part)] += part[: len(result) - first]
    return result


def told(got: Measured) -> list[list[int]]:
    """The notes of each frame, rounded."""
    columns = np.stack([got[f"note_{i}"] for i in range(VOICES)], axis=1)
    return [[round(value) for value in row if value == value] for row in columns.tolist()]


@pytest.mark.parametrize("chord", [[60, 64, 67], [45, 52, 60], [57, 60, 64, 69], [36, 52], [62, 69]])
@pytest.mark.parametrize("fall", [0.0, 3.0])
def test_a_chord_is_its_notes_and_no_other(chord: list[int], fall: float) -> None:
    got = measure(placed([(0.5, sum(note(midi, 1.5, fall) for midi in chord))], 2.5))
    inside = slice(8, 22)
    assert np.mean([found == chord for found in told(got)[inside]]) >= 0.6
    assert np.median(got["polyphony"][inside]) == len(chord)
    assert np.median(got["bass"][inside]) == pytest.approx(chord[0], abs=0.2)
    assert np.isnan(got["pitch"][got["polyphony"] > 1]).all()
    treble = [np.nanmedian(got[f"treble_chroma_{pitch_class}"][inside]) for pitch_class in range(12)]
    sure = {midi % 12 for midi in chord if midi >= 57}
    others = set(range(12)) - {midi % 12 for midi in chord}
    assert min((treble[place] for place in sure), default=1) > max(0.5, *(treble[place] for place in others))


@pytest.mark.parametrize("midi", [33, 45, 57, 69, 81, 93])
def test_a_single_tone_is_one_and_has_a_pitch(midi: int) -> None:
    got = measure(placed([(0.3, note(midi, 1.5))], 2.0))
    inside = slice(6, 20)
    assert np.mean([found == [midi] for found in told(got)[inside]]) >= 0.85
    pitch = 12 * np.log2(got["pitch"][inside] / 440) + 69
    assert np.nanmedian(np.abs(pitch - midi)) < 0.2 and np.isnan(pitch).mean() < 0.2


def test_no_note_in_noise_nor_in_silence() -> None:
    for sound in (noise(4), noise(4, amplitude=0.001), np.cumsum(noise(4)) / 300):
        assert (measure(sound)["polyphony"] == 0).mean() > 0.9
    assert np.isnan(measure(np.zeros(2 * RATE))["polyphony"]).all()


def test_notes_begin_when_they_do_and_say_how() -> None:
    starts = [0.5, 0.93, 1.41, 1.87, 2.36, 2.8]
    struck = [note(midi, 0.4, fall=6) for midi in (60, 64, 67, 72, 65, 62)]
    got = measure(placed(list(zip(starts, struck, strict=True)), 3.6))
    frames = np.arange(len(got["tone_onset"])) / 12.5
    found = (frames + got["tone_onset"] / 1000)[~np.isnan(got["tone_onset"])]
    assert all(np.abs(found - start).min() < 0.03 for start in starts)
    assert len(found) <= len(starts) + 1
    own = np.concatenate([(frames + got[f"note_onset_{i}"] / 1000) for i in range(VOICES)])
    assert all(np.nanmin(np.abs(own - start)) < 0.03 for start in starts)
    assert np.nanmedian(got["note_slope_0"]) < -10
    slow = note(60, 2.0)
    slow[: RATE // 2] *= np.linspace(0, 1, RATE // 2)
    held = measure(placed([(0.5, slow)], 3.0))
    assert np.abs(np.nanmedian(held["note_slope_0"][16:28])) < 6
    assert np.nanmax(held["note_attack_0"]) > 3 * np.nanmedian(got["note_attack_0"]) + 30


def drum(kind: str) -> np.ndarray:
    """A bass drum, a snare or a closed hi-hat, simply made."""
    time = np.arange(RATE // 4) / RATE
    if kind == "low":
        return np.asarray(0.6 * np.sin(2 * np.pi * (50 * time - 4 * np.exp(-30 * time))) * np.exp(-18 * time))
    hiss = noise(0.25, amplitude=0.15)
    if kind == "mid":
        return np.asarray((hiss + 0.2 * np.sin(2 * np.pi * 190 * time)) * np.exp(-20 * time))
    return np.asarray(np.diff(np.diff(hiss, prepend=0), prepend=0) * np.exp(-60 * time) / 3)


def test_strokes_are_told_by_region_and_moment() -> None:
    plan = [("low", 0.5), ("high", 0.75), ("mid", 1.0), ("high", 1.25), ("low", 1.5), ("high", 1.75), ("mid", 2.0)]
    got = measure(placed([(time, drum(kind)) for kind, time in plan], 3.0))
    for region, kind in enumerate(("low", "mid", "high")):
        times = np.arange(len(got["level"])) / 12.5 + got[f"stroke_time_{region}"] / 1000
        wanted = [time for other, time in plan if other == kind]
        right = [np.nanmin(np.abs(times - time)) < 0.015 for time in wanted]
        assert sum(right) >= len(right) - 1, kind
        assert np.isfinite(got[f"stroke_{region}"][~np.isnan(times)]).all()
    envelope = np.stack([got[f"onset_envelope_{i}"] for i in range(8)], axis=1).ravel()
    assert all(envelope[round(100 * time) - 3 : round(100 * time) + 4].max() > 10 for _, time in plan)
    assert envelope[60:70].max() < 2


def test_what_stands_still_what_glides_and_what_strikes() -> None:
    still = measure(placed([(0, note(60, 3.0))], 3.0))
    time = np.arange(3 * RATE) / RATE
    gliding = measure(0.2 * np.sin(2 * np.pi * (300 * time + 150 * time**2)))
    striking = measure(placed([(0.2 * i, drum("mid")) for i in range(1, 14)], 3.0))
    for name, got in (("still", still), ("gliding", gliding), ("striking", striking)):
        shares = {part: np.nanmedian(got[f"{part}_share"][6:-6]) for part in ("still", "gliding", "striking")}
        if name == "striking":
            shares = {part: np.nanmax(got[f"{part}_share"][6:-6]) for part in shares}
        assert max(shares, key=lambda part: float(shares[part])) == name, shares
    assert np.nanmedian(still["still_level"]) == pytest.approx(np.nanmedian(still["level"]), abs=2)
    low, high = (measure(placed([(0, note(midi, 2.0))], 2.0))["still_centroid"] for midi in (48, 84))
    assert np.nanmedian(low) < np.nanmedian(high) / 2


@needs("espeak-ng")
def test_speech_is_like_a_voice_and_held_notes_are_not() -> None:
    said = sh("espeak-ng --stdout 'Every evening the old ferry carried us over the quiet river and back again.'").stdout
    speech, rate = soundfile.read(io.BytesIO(said))
    voice = measure(speech, rate)["voice"]
    chords = [(0.5 * i, sum(note(midi + i % 3, 0.5, 2) for midi in (48, 60, 64, 67))) for i in range(10)]
    band = measure(placed(chords, 5.5))["voice"]
    assert np.nanmean(voice) > 0.5 and np.nanmean(band) < 0.2
    assert np.isnan(measure(speech / 30000, rate)["voice"]).all()


def test_a_hall_is_longer_than_a_room() -> None:
    found = []
    for seconds in (0.3, 1.5):
        tail = noise(2, seed=3) * 10 ** (-3 * np.arange(2 * RATE) / RATE / seconds)
        taps = np.concatenate(([8.0], tail))
        dry = placed([(i, note(50 + i, 0.3, 1, partials=30) + noise(0.3, seed=i) / 4) for i in range(8)], 9.0)
        wet = np.fft.irfft(np.fft.rfft(dry, 2**19) * np.fft.rfft(taps, 2**19))[: len(dry)]
        found.append(measure(0.3 * wet / np.abs(wet).max())["reverberation"][-1])
    assert found[0] == pytest.approx(0.3, rel=0.5) and found[1] == pytest.approx(1.5, rel=0.5)


def test_stretched_harmonics_are_inharmonic_and_others_not() -> None:
    time = np.arange(2 * RATE) / RATE
    for stiffness in (0.0, 0.0006):
        places = [220 * n * (1 + stiffness * n * n) ** 0.5 for n in range(1, 9)]
        got = measure(np.asarray(0.1 * sum(np.sin(2 * np.pi * hz * time) / n for n, hz in enumerate(places, 1))))
        assert np.nanmedian(np.append(got["inharmonicity"][4:-4], 0)) == pytest.approx(stiffness, abs=0.0003)


def test_a_driven_chord_is_distorted_and_a_plain_one_not() -> None:
    chord = np.asarray(sum(note(midi, 3.0, 0.3) for midi in (45, 52, 57)))
    driven = np.diff(
        np.tanh(20 * chord / np.abs(chord).max()), prepend=0
    )  # clipped, and made as bright as an amplifier
    plain, distorted = (np.nanmedian(measure(placed([(0, sound)], 3.0))["distortion"]) for sound in (chord, driven))
    assert plain < 0.15 and distorted > plain + 0.2


def test_a_tone_that_beats_says_how_often() -> None:
    got = measure(tone(440, 4) + tone(443, 4))
    assert np.nanmedian(got["beating"]) == pytest.approx(3, abs=0.3)
    assert np.isnan(measure(tone(440, 4))["beating"]).mean() > 0.9


@pytest.mark.parametrize("frame_rate", [Fraction(5), Fraction(25), Fraction(37, 3), Fraction(50)])
def test_every_frame_rate_tells_the_same_notes_and_strokes(frame_rate: Fraction) -> None:
    sound = placed([(0.5, note(60, 1.0, 2)), (1.0, drum("low")), (1.5, note(64, 1.0, 2)), (2.25, drum("mid"))], 3.5)
    usual, other = measure(sound), measure(sound, frame_rate=frame_rate)
    hops = Grid(frame_rate).hops
    assert f"onset_envelope_{hops - 1}" in other and f"onset_envelope_{hops}" not in other
    for frame in range(len(other["polyphony"])):
        step = int((frame + 0.5) / frame_rate * 12.5)
        if step < len(usual["note_0"]):
            assert other["note_0"][frame] == usual["note_0"][step] or np.isnan(usual["note_0"][step])
    for name in ("stroke_time_0", "stroke_time_1"):
        counts = [int(np.isfinite(got[name]).sum()) for got in (usual, other)]
        assert abs(counts[0] - counts[1]) <= (1 if hops > 2 else 2)


@pytest.mark.parametrize("rate", [8000, 22050, 96000])
def test_every_sample_rate_tells_the_same_notes(rate: int) -> None:
    sound = np.concatenate((np.zeros(rate // 2), note(57, 1.0, rate=rate) + note(64, 1.0, rate=rate)))
    got = told(measure(sound + noise(len(sound) / rate, rate, 0.0001)[: len(sound)], rate))
    assert np.mean([found == [57, 64] for found in got[8:17]]) > 0.7


def test_rows_are_the_same_however_the_samples_come() -> None:
    sound = placed([(0.3 * i, note(48 + 5 * i % 30, 0.7, i % 3)) for i in range(12)] + [(1.1, drum("mid"))], 5.0)
    whole = Spectral(RATE)
    rows = np.concatenate((whole.feed(sound), whole.finish(np.zeros(0))))
    draw = np.random.default_rng(3)
    pieces = Spectral(RATE)
    parts, at = [], 0
    while at < len(sound):
        size = int(draw.integers(1, 30000))
        parts.append(pieces.feed(sound[at : at + size]))
        at += size
    assert np.array_equal(np.concatenate((*parts, pieces.finish(np.zeros(0)))), rows, equal_nan=True)


def test_the_networks_are_whole_numbers_whose_sums_are_exact() -> None:
    for name, table in tables().items():
        assert (table == np.rint(table)).all(), name
        if name.endswith("weight"):
            # 2**20 stands for activations of 4096, or tenths of a dB a hundred times over what there is
            assert np.abs(table).sum(axis=0).max() * 4096 * ONE < 2**53, name


def test_a_track_gives_rows_by_number_and_its_ends_again() -> None:
    track = Track()
    for first in (0, 3, 4):
        track.add(np.arange(first, {0: 3, 3: 4, 4: 9}[first])[:, None].astype(float))
    assert track.count == 9
    track.forget(4)
    assert track.near(5, 8)[:, 0].tolist() == [5, 6, 7]
    assert track.near(7, 11)[:, 0].tolist() == [7, 8, 8, 8]
    assert track.near(2, 6, -1)[:, 0].tolist() == [-1, -1, 4, 5]
