"""The measures against sounds whose values are known, the streams against change that is none, and the same bytes."""

from __future__ import annotations

import hashlib
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers import AUDIO, ROOT, needs_audio, noise, sh, tone

from natlib.embed.measures import EDGES, RISES, heads
from natlib.embed.spectral.encoder import Spectral
from natlib.embed.spectral.extractor import Meter
from natlib.embed.spectral.numerics import decibels
from natlib.embed.spectral.spectrum import USABLE

RATE = 44100


def run(encoder: Meter, *pieces: np.ndarray) -> np.ndarray:
    return np.concatenate([*(encoder.feed(piece) for piece in pieces), encoder.finish(np.zeros(0))])


def measure(sound: np.ndarray, rate: int = RATE) -> dict[str, np.ndarray]:
    """Every measure in its unit, by name, one value a frame."""
    rows = run(Meter(rate), sound)
    return {entry["name"]: rows[:, i] * entry["step"] for i, entry in enumerate(heads())}


def harmonics(hz: float, amplitudes: list[float], seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    below = [(n, a) for n, a in enumerate(amplitudes, 1) if n * hz < 0.45 * rate]
    sound = sum(tone(n * hz, seconds, rate, a) for n, a in below)
    return np.asarray(0.3 * sound / np.abs(sound).max())


def pulses(hz: float, seconds: float = 4.0) -> np.ndarray:
    """Bursts of noise of 5 ms, `hz` a second, over a little noise."""
    sound = noise(seconds, amplitude=0.001)
    for start in (np.arange(0, seconds, 1 / hz) * RATE).astype(int):
        burst = sound[start : start + 220]
        burst += noise(1, seed=start + 7)[: len(burst)] * 4
    return sound


def inner(values: np.ndarray, margin: int = 3) -> np.ndarray:
    return values[margin:-margin]


def test_level_is_the_rms_and_a_constant_is_no_sound() -> None:
    sine = measure(tone(1000, 2, amplitude=0.5))
    assert np.abs(inner(sine["level"]) - 20 * np.log10(0.5 / np.sqrt(2))).max() < 0.1
    assert np.abs(inner(measure(tone(1000, 2) + 0.25)["level"]) - inner(sine["level"])).max() < 0.1
    assert (inner(measure(np.full(RATE, 0.25))["level"]) < -100).all()
    gated = tone(1000, 1, amplitude=0.5)
    gated[: 10 * 3528 + 882] = gated[10 * 3528 + 2646 :] = 0  # the middle half of frame 10 is left: half the power
    assert measure(gated)["level"][10] == pytest.approx(20 * np.log10(0.5 / 2), abs=0.7)


@pytest.mark.parametrize("region", range(6))
def test_a_tone_lies_in_its_region_and_is_the_centroid(region: int) -> None:
    low, high = EDGES[region], EDGES[region + 1]
    hz = (low * high) ** 0.5
    got = measure(tone(hz, 1))
    bands = np.array([np.median(got[f"band_{i}"]) for i in range(6)])
    assert bands[region] > -0.2
    assert (np.delete(bands, region) < -20).all()
    if hz > 150:
        assert np.median(got["centroid"]) == pytest.approx(hz, rel=0.02)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_regions_above_the_band_are_absent(rate: int) -> None:
    got = measure(noise(1, rate), rate)
    absent = [bool(np.isnan(got[f"band_{i}"]).all()) for i in range(6)]
    assert absent == [high > USABLE * rate / 2 for high in EDGES[1:]]


SPECTRA = {
    "sine": [1.0],
    "saw": [1 / n for n in range(1, 40)],
    "hollow": [n % 2 / n for n in range(1, 40)],
    "no fundamental": [0, 0, *(1 / n for n in range(3, 40))],
    "weak fundamental": [0.1, *(1 / n for n in range(2, 40))],
}


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_notes_within_fifty_cents(spectrum: str) -> None:
    errors = []
    for midi in range(33, 109, 3):
        if spectrum == "no fundamental" and midi > 80:
            continue
        hz = 440 * 2 ** ((midi - 69 + 0.2) / 12)
        got = inner(measure(harmonics(hz, SPECTRA[spectrum], 0.5) + noise(0.5, amplitude=1e-3))["pitch"], 2)
        errors += list(12 * np.log2(got / hz))
    cents = np.abs(100 * np.nan_to_num(np.array(errors), nan=9900))
    assert (cents < 50).mean() >= 0.95
    assert (np.abs(cents - 1200) < 60).mean() <= 0.02


@pytest.mark.parametrize("slope", [0.0, -0.5, -1.0])
def test_no_pitch_in_noise(slope: float) -> None:
    spectrum = np.fft.rfft(noise(10))
    spectrum *= np.maximum(np.arange(len(spectrum)), 200.0) ** slope
    sound = np.fft.irfft(spectrum)
    got = measure(0.1 * sound / sound.std())
    assert (~np.isnan(got["pitch"])).mean() <= 0.05
    assert np.median(got["tonality"]) < 0.1
    assert np.isnan(got["pulse"]).mean() > 0.9
    assert np.isnan(got["treble_chroma_0"]).mean() > 0.9
    assert np.isnan(got["onset_time"][2:]).all()


def test_silence_has_a_level_and_nothing_else() -> None:
    got = measure(np.zeros(RATE))
    assert (got.pop("level") == -120).all()
    assert all(np.isnan(values).all() for values in got.values())


def test_glide_and_tuning() -> None:
    time = np.arange(4 * RATE) / RATE
    rising = measure(0.5 * np.sin(2 * np.pi * np.cumsum(300 * 2 ** (time * 4 / 12)) / RATE))
    assert np.abs(inner(rising["glide"]) - 4).max() < 0.5
    assert np.median(measure(tone(440 * 2 ** (0.3 / 12), 2))["tuning"]) == pytest.approx(30, abs=3)
    assert np.median(measure(tone(440 * 2 ** (-0.4 / 12), 2))["tuning"]) == pytest.approx(-40, abs=3)


@pytest.mark.parametrize("kind", ["tone", "noise", "soft"])
def test_the_moment_of_an_attack(kind: str) -> None:
    for seed, at in enumerate(np.random.default_rng(1).uniform(0.2, 0.7, 12)):
        sound, start = noise(1, amplitude=1e-4, seed=seed), int(at * RATE)
        time = np.arange(RATE - start) / RATE
        event = {
            "tone": np.sin(2 * np.pi * 440 * time),
            "noise": noise(1)[start:] * np.exp(-time / 0.05),
            "soft": np.sin(2 * np.pi * 110 * time) * np.minimum(time / 0.02, 1),
        }[kind]
        sound[start:] += 0.5 * event
        got = measure(sound)
        frames = [k for k in np.flatnonzero(~np.isnan(got["onset_time"])) if k]
        assert len(frames) == 1
        assert frames[0] * 80 + got["onset_time"][frames[0]] == pytest.approx(1000 * at, abs=10)


@pytest.mark.parametrize(("hz", "band"), [(1, 0), (4, 1), (10, 2), (25, 3)])
def test_fluctuation_in_its_band(hz: float, band: int) -> None:
    time = np.arange(4 * RATE) / RATE
    swing = 1 + 0.8 * np.sin(2 * np.pi * hz * time)
    got = measure(noise(4) * swing)
    depths = [np.median(got[f"modulation_{i}"]) for i in range(4)]
    assert depths[band] == pytest.approx((20 * np.log10(swing)).std(), rel=0.1 if hz < 20 else 0.4)
    assert max(np.delete(depths, band)) < depths[band] / 2


@pytest.mark.parametrize("hz", [1.5, 2, 4, 7, 10, 15])
def test_pulse(hz: float) -> None:
    got = measure(pulses(hz))
    assert np.nanmedian(got["pulse"]) == pytest.approx(hz, rel=0.02)
    assert np.median(got["pulse_clarity"]) > 0.6


@pytest.mark.parametrize("bpm", [60, 90, 120, 150, 174])
def test_tempo(bpm: float) -> None:
    got = measure(pulses(bpm / 60, 10))
    assert np.abs(got["tempo"][60:] / bpm - 1).max() < 0.02
    assert np.median(got["tempo_clarity"][60:]) > 0.4


def test_what_stands_out_of_the_background() -> None:
    sound = noise(4, amplitude=0.01)
    sound[2 * RATE : 2 * RATE + 8000] *= 20
    rise = measure(sound)["above_background"]
    assert np.abs(rise[5:23]).max() < 1
    assert rise[25] == pytest.approx(26, abs=1)
    assert np.abs(rise[30:]).max() < 1


def test_colour_of_a_note() -> None:
    saw = measure(harmonics(220, [1 / n for n in range(1, 20)], 2))
    assert np.median(saw["tilt"]) == pytest.approx(-6, abs=0.3)
    expected = 10 * np.log10(sum(n**-2 for n in (3, 5, 7)) / sum(n**-2 for n in (2, 4, 6)))
    assert np.median(saw["odd_even"]) == pytest.approx(expected, abs=0.3)
    assert np.median(measure(harmonics(220, [n % 2 / n for n in range(1, 20)]))["odd_even"]) > 30
    noisy = harmonics(220, [1 / n for n in range(1, 20)], 2) + noise(2, amplitude=0.1)
    assert np.median(measure(noisy)["harmonicity"]) < np.median(saw["harmonicity"]) - 6
    fading = harmonics(220, [1, 0.5], 2) * 10 ** (-np.arange(2 * RATE) / RATE)
    assert np.nanmedian(measure(fading)["decay"]) == pytest.approx(20, abs=1)


@pytest.mark.parametrize(("hz", "rate", "cents"), [(150, 6.0, 50), (440, 5.5, 30), (880, 6.5, 80)])
def test_vibrato(hz: float, rate: float, cents: float) -> None:
    t = np.arange(3 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (cents * np.sin(2 * np.pi * rate * t) / 1200)) / RATE
    sound = sum(0.1 * np.sin(n * phase) / n for n in range(1, 9)) + noise(3, amplitude=0.001)
    got = measure(sound)
    inside = slice(8, -8)
    assert np.abs(got["vibrato_rate"][inside] - rate).max() <= 0.25
    assert np.abs(got["vibrato_extent"][inside] - cents).max() <= 0.15 * cents


@pytest.mark.parametrize("octaves", [0, 0.5, 2])
def test_no_vibrato_in_what_stands_or_slides(octaves: float) -> None:
    t = np.arange(3 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (octaves * t)) / RATE
    got = measure(sum(0.1 * np.sin(n * phase) / n for n in range(1, 9)) + noise(3, amplitude=0.001))
    assert np.isnan(got["vibrato_rate"]).all()


@pytest.mark.parametrize("hz", [130, 237, 820])
def test_periodicity_tells_a_rough_tone_from_noise(hz: float) -> None:
    rng = np.random.default_rng(3)
    wander = np.repeat(rng.uniform(-0.08, 0.08, 60), RATE // 20)  # of the frequency, 20 a second: no pitch in 120 ms
    phase = 2 * np.pi * np.cumsum(hz * (1 + wander)) / RATE
    rough = sum(np.sin(n * phase) / n for n in range(1, 20) if n * hz < 8000) * 0.05 + noise(3, amplitude=0.03)
    got = measure(rough)
    assert 0.27 < np.mean(inner(got["periodicity"], 3)) < 0.9
    told = inner(got["f0"], 3)
    assert abs(np.nanmedian(told) / hz - 1) < 0.08


def test_periodicity_of_noise_is_low() -> None:
    spectrum = np.fft.rfft(noise(4))
    hz = np.fft.rfftfreq(4 * RATE, 1 / RATE)
    for slope in (0, -0.5, -1):
        hiss = np.fft.irfft(spectrum * np.maximum(hz, 20.0) ** slope)
        assert np.mean(inner(measure(0.05 * hiss / hiss.std())["periodicity"], 3)) < 0.12
    for low, high in ((0, 300), (0, 1000), (100, 300), (1000, 3000), (1500, 6000)):
        band = np.fft.irfft(np.where((hz >= low) & (hz < high), spectrum, 0))
        got = measure(0.05 * band / band.std())
        assert np.mean(inner(got["periodicity"], 3)) < 0.2, (low, high)
        assert np.mean(inner(got["f0"] > 0, 3)) < 0.2, (low, high)


@pytest.mark.parametrize("hz", [120, 240, 441, 820, 1150])
def test_fundamental_of_a_buzz(hz: float) -> None:
    got = measure(harmonics(hz, [1 / n for n in range(1, 8)], 1) + noise(1, amplitude=1e-3))
    assert np.allclose(inner(got["f0"], 2), hz, rtol=0.01, atol=1)


def test_a_whistle_has_no_subharmonic() -> None:
    above = measure(harmonics(2 * 1300, [1.0], 1) + noise(1, amplitude=1e-3))
    assert np.isnan(inner(above["f0"], 2)).all()


@pytest.mark.parametrize(("low", "high"), [(0, 22050), (0, 300), (700, 1300), (2500, 6000)])
def test_grain_tells_crackle_from_noise_of_any_bandwidth(low: int, high: int) -> None:
    spectrum = np.fft.rfft(noise(4, amplitude=0.1))
    hz = np.fft.rfftfreq(4 * RATE, 1 / RATE)
    spectrum[(hz < low) | (hz > high)] = 0
    smooth = np.fft.irfft(spectrum)
    assert np.mean(inner(measure(smooth)["grain"], 2)) < 1.2
    crackle = smooth / 10
    crackle[1000::3000] += 0.5
    assert np.median(measure(crackle)["grain"]) > 6


@pytest.mark.parametrize("hz", [97, 1234.5, 8888])
@pytest.mark.parametrize(("below", "share"), [(0, 1.0), (15, 0.9)])
def test_a_narrow_peak_is_found_in_noise(hz: float, below: float, share: float) -> None:
    level = 0.1 / np.sqrt(2) * 10 ** (below / 20)
    got = measure(tone(hz, 3, amplitude=0.1) + noise(3, amplitude=level))
    peaks = np.stack([inner(got[f"peak_{i}"]) for i in range(3)])
    near = np.abs(peaks - hz) < 5
    assert near.any(axis=0).mean() >= share


def test_noise_and_its_edges_have_no_narrow_peak() -> None:
    import soxr

    white = noise(30)
    for sound in (white, soxr.resample(soxr.resample(white, RATE, 20000), 20000, RATE)):
        assert (~np.isnan(measure(sound)["peak_0"])).mean() < 0.02


def test_three_peaks_the_strongest_first() -> None:
    got = measure(tone(3100, 1, amplitude=0.3) + tone(1700, 1, amplitude=0.2) + tone(5600, 1, amplitude=0.1))
    assert [round(np.median(got[f"peak_{i}"]), -2) for i in range(3)] == [3100, 1700, 5600]
    assert np.median(got["prominence"]) > 30


def test_a_high_pitch_is_believed_only_with_its_peak() -> None:
    kick = harmonics(52, [1, 0.2], 2)
    assert np.nanmax(measure(kick + noise(2, amplitude=0.03))["pitch"]) < 1000
    assert np.abs(np.nanmedian(measure(harmonics(2500, [1, 0.5], 1))["pitch"]) - 2500) < 5


@pytest.mark.parametrize("hz", [11, 17.3, 30, 63])
def test_the_rate_of_a_modulation(hz: float) -> None:
    t = np.arange(4 * RATE) / RATE
    got = measure(noise(4, amplitude=0.05) * (1 + 0.8 * np.sin(2 * np.pi * hz * t)))
    rate = got["am_rate"][6:-6]
    assert (np.abs(rate / hz - 1) < 0.02).mean() > 0.95
    assert 4 < np.nanmedian(got["am_depth"]) < 8


@pytest.mark.parametrize("sound", [noise(20), harmonics(261.6, [1 / n for n in range(1, 9)], 4)])
def test_no_modulation_in_noise_and_tones(sound: np.ndarray) -> None:
    assert np.isnan(measure(sound)["am_rate"][6:-6]).mean() > 0.98


def test_clicks_are_counted() -> None:
    quiet = noise(5, amplitude=0.002)
    assert measure(quiet)["clicks"].sum() == 0
    assert measure(harmonics(110, [1 / n for n in range(1, 9)], 2))["clicks"][3:-3].sum() == 0
    quiet[5000:-5000:4410] += 0.5
    assert measure(quiet)["clicks"].sum() == len(quiet[5000:-5000:4410])


@pytest.mark.parametrize("ms", [1, 30, 80, 150])
def test_the_length_of_an_attack(ms: int) -> None:
    t = np.arange(4 * RATE) / RATE
    gate = np.clip((t % 1 - 0.4) * 1000 / ms, 0, 1) * (t % 1 < 0.9)
    got = measure(noise(4, amplitude=0.1) * gate)
    length = np.median(got["attack_time"][got["onset_strength"] > 15])
    assert abs(length - 0.8 * ms) <= 4 + 0.15 * ms


@pytest.mark.parametrize("region", range(5))
def test_where_an_attack_rises(region: int) -> None:
    spectrum = np.fft.rfft(noise(1, amplitude=0.3))
    hz = np.fft.rfftfreq(RATE, 1 / RATE)
    spectrum[(hz < 1.1 * RISES[region]) | (hz > 0.9 * RISES[region + 1])] = 0
    sound = noise(2, amplitude=0.001)
    sound[RATE:] += np.fft.irfft(spectrum)
    got = measure(sound)
    frame = int(12.5)
    assert np.argmax([got[f"onset_strength_{i}"][frame] for i in range(5)]) == region
    assert got[f"onset_strength_{region}"][frame] > 20


def test_levels_of_harmonics() -> None:
    got = measure(harmonics(220, [1, 0.5, 0.25, 0.1], 2))
    levels = [np.median(got[f"harmonic_{i}"]) for i in range(1, 5)]
    assert np.allclose(np.diff(levels), [-6.0, -6.0, -8.0], atol=0.5)


def test_the_halves_of_bands_add_up() -> None:
    got = measure(noise(2))
    for i in range(6):
        halves = sum(10 ** (got[f"spectrum_{j}"] / 10) for j in (2 * i, 2 * i + 1))
        assert np.abs(10 * np.log10(halves) - got[f"band_{i}"]).max() < 0.15


def test_every_measure_fits_its_grid() -> None:
    sound = np.concatenate((noise(1), tone(60, 1), pulses(5, 2), np.zeros(RATE)))
    rows = run(Meter(RATE), sound)
    assert rows.dtype == np.float32
    there = rows[~np.isnan(rows)]
    assert (there == np.rint(there)).all()
    assert np.abs(there).max() <= 32767


@pytest.mark.parametrize(
    "rate", [11025, 44100, *(pytest.param(n, marks=pytest.mark.slow) for n in (8000, 22050, 96000))]
)
@pytest.mark.parametrize("frame_rate", ["12.5", "5", "7.3", "50"])
def test_any_cutting_gives_the_same_rows(rate: int, frame_rate: str) -> None:
    frames = Fraction(frame_rate)
    sound = np.concatenate((pulses(3, 2), tone(300, 1.03)))
    whole = run(Spectral(rate, frames), sound)
    assert len(whole) == -(-len(sound) * frames.numerator // (rate * frames.denominator))
    cuts = np.sort(np.random.default_rng(2).integers(0, len(sound), 60))
    assert run(Spectral(rate, frames), *np.split(sound, cuts)).tobytes() == whole.tobytes()


@pytest.mark.slow
@needs_audio
def test_any_cutting_of_music_gives_the_same_rows() -> None:
    """A note's beginning may be told by a frame after it, which may be the first of the rows that are made together."""
    for path in sorted((AUDIO / "music").iterdir()):
        sound, rate = soundfile.read(path, always_2d=True)
        mono = sound.mean(axis=1)[: 25 * rate]
        whole = run(Spectral(rate), mono)
        for seconds in (0.7, 4):
            size = round(seconds * rate)
            cut = run(Spectral(rate), *(mono[i : i + size] for i in range(0, len(mono), size)))
            assert np.array_equal(whole, cut, equal_nan=True), path


@pytest.mark.parametrize("samples", [0, 1, 3528, 3529])
def test_short_sounds(samples: int) -> None:
    assert len(run(Spectral(RATE), tone(440, 1)[:samples])) == max(1, -(-samples // 3528))


def test_a_frame_is_out_within_two_seconds_and_memory_is_flat() -> None:
    encoder, out = Spectral(RATE), 0
    for _ in range(200):
        out += len(encoder.feed(noise(0.1)))
        assert out >= (encoder.front.samples - 2 * RATE) // 3528
    assert len(encoder.front.buffer) < RATE
    assert sum(value.nbytes for value in encoder.memory.values()) < 2**20


def likeness(a: np.ndarray, b: np.ndarray, width: slice) -> float:
    """How far rows are apart, in units of what lies between neighbours in a shuffled order."""
    n = min(len(a), len(b))
    a, b = a[:n, width], b[:n, width]
    shuffled = a[np.random.default_rng(3).permutation(n)]
    return float(np.linalg.norm(a - b, axis=1).mean() / np.linalg.norm(a - shuffled, axis=1).mean())


def varied() -> np.ndarray:
    low = np.cumsum(noise(2, amplitude=0.002))
    return np.concatenate((pulses(3, 2), harmonics(220, [1, 0.5, 0.3], 2), low - low.mean(), noise(2)))


def test_a_shift_of_two_milliseconds_changes_little() -> None:
    sound = varied()
    a, b = run(Spectral(RATE), sound), run(Spectral(RATE), np.concatenate((np.zeros(88), sound)))
    assert likeness(a, b, slice(0, Spectral.S)) < 0.05
    assert likeness(a, b, slice(Spectral.S, Spectral.S + Spectral.A)) < 0.1


def test_another_sample_rate_changes_little() -> None:
    import soxr

    sound = soxr.resample(soxr.resample(varied(), RATE, 20000), 20000, RATE)  # nothing above 10 kHz
    a = run(Spectral(RATE), sound)
    for rate, limit in ((48000, 0.03), (22050, 0.1)):
        b = run(Spectral(rate), soxr.resample(sound, RATE, rate))
        assert likeness(a, b, slice(0, Spectral.S)) < limit
        assert likeness(a, b, slice(Spectral.S, Spectral.S + Spectral.A)) < 2 * limit


@pytest.mark.slow
def test_the_same_tokens_for_every_processor_and_number_of_threads(tmp_path: Path) -> None:
    for number, sound in enumerate((varied(), varied()[::-1] * 0.3, noise(0.1))):
        soundfile.write(tmp_path / f"{number}.wav", sound, RATE, subtype="FLOAT")
    sh("nat-split *.wav | nat-decode > pcm", cwd=tmp_path)
    done = sh(f"{sys.executable} {ROOT}/tests/bench/sameness.py pcm", cwd=tmp_path)
    ways = [line for line in done.stdout.splitlines() if b" not there " not in line]
    assert all(b" same " in line for line in ways), done.stdout
    for name in (b"plain", b"4097 bytes", b"16777216 bytes", b"a byte", b"3 items alone"):
        assert any(name in line for line in ways), done.stdout


def test_logarithms() -> None:
    power = 10 ** np.random.default_rng(4).uniform(-30, 30, 10000)
    assert np.abs(decibels(power) - 10 * np.log10(power)).max() < 1e-6
    assert (decibels(np.array([1.0, 1e-12])).round(5) == [0, -120]).all()


@needs_audio
@pytest.mark.parametrize(
    ("file", "hz"),
    [
        ("sms_flute-A4", 440),
        ("sms_oboe-A4", 440),
        ("sms_trumpet-A4", 440),
        ("sms_violin-B3", 246.9),
        ("sms_vibraphone-C6", 1046.5),
        ("tinysol_contrabass_A2", 110),
        ("tinysol_flute_C4", 261.6),
    ],
)
def test_real_notes(file: str, hz: float) -> None:
    sound, rate = soundfile.read(AUDIO / "instruments" / f"{file}.flac", always_2d=True)
    got = measure(sound.mean(axis=1), rate)
    loud = got["level"] > got["level"].max() - 30
    cents = 1200 * np.log2(got["pitch"][loud] / hz)
    assert (np.abs(cents) < 50).mean() >= 0.95


@needs_audio
@pytest.mark.parametrize("file", ["esc10_rain_5-181766-A.ogg", "berklee_waterfall.flac", "sms_ocean.flac"])
def test_real_noise_has_no_pitch(file: str) -> None:
    sound, rate = soundfile.read(AUDIO / "weather" / file, always_2d=True)
    assert (~np.isnan(measure(sound.mean(axis=1), rate)["pitch"])).mean() <= 0.05


def test_what_the_version_stands_for() -> None:
    """A change of S or A has to change MODEL_VERSION, since codebooks are fitted on them."""
    from natlib.embed.spectral.encoder import MODEL_VERSION

    sound = np.rint(varied() * 2**15) / 2**15
    rows = run(Spectral(RATE), sound)[:, : Spectral.S + Spectral.A]
    found = hashlib.sha256(rows.tobytes()).hexdigest()[:16]
    assert (MODEL_VERSION, found) == ("5", "d9da011510314f4c")
