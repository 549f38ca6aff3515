"""Loudness, its range, true peak: the signals that EBU Tech 3341 and 3342 describe, and real music."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest
from decoding import decode, only
from helpers import AUDIO, needs, needs_audio, noise, sh, tone, wav

RATE = 48000


def tones(*parts: tuple[float, float], channels: int = 2) -> np.ndarray:
    """1 kHz at so many dBFS (peak) for so many seconds, one after the other, in all channels."""
    sound = np.concatenate([tone(1000, seconds, RATE, 10 ** (dB / 20)) for dB, seconds in parts])
    return np.stack([sound] * channels, axis=1)


def measured(sound: np.ndarray, rate: int = RATE) -> dict[str, float]:
    end = only(wav(sound, rate, "PCM_24")).end
    return {**end.get("lufs", {}), "true_peak": end.get("true_peak_dbtp")}


@pytest.mark.parametrize(("parts", "loudness"), [
    ([(-23, 20)], -23), ([(-33, 20)], -33), ([(-36, 10), (-23, 60), (-36, 10)], -23),
    ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23), ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
])  # fmt: skip
def test_integrated_loudness(parts: list[tuple[float, float]], loudness: float) -> None:
    """Tech 3341, cases 1 to 5."""
    assert abs(measured(tones(*parts))["integrated"] - loudness) <= 0.1


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000, 192000])
def test_loudness_at_other_rates(rate: int) -> None:
    """A tone at 1 kHz of -23 dBFS in both channels has -23 LUFS, whatever the rate; in one channel 3 less."""
    sound = tone(1000, 4.0, rate, 10 ** (-23 / 20))
    assert abs(measured(np.stack([sound, sound], axis=1), rate)["integrated"] + 23) <= 0.15
    assert abs(measured(sound, rate)["integrated"] + 26) <= 0.15  # one channel, counted once


def masked(sound: np.ndarray, mask: int) -> bytes:
    """A WAV of 16 bits with a channel mask (WAVE_FORMAT_EXTENSIBLE)."""
    channels, body = sound.shape[1], (sound * 32767).round().astype("<i2").tobytes()
    width = 2 * channels
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    head = struct.pack("<HHIIHHHHI", 0xFFFE, channels, RATE, RATE * width, width, 16, 22, 16, mask) + guid
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def test_weights_of_channels() -> None:
    """Tech 3341, case 6: five channels; and the same in six, of which the fourth counts nothing."""
    front, middle, back = (tone(1000, 20.0, RATE, 10 ** (dB / 20)) for dB in (-28, -24, -30))
    five = np.stack([front, front, middle, back, back], axis=1)
    six = np.stack([front, front, middle, tone(50, 20.0, RATE, 0.9), back, back], axis=1)
    for sound, mask in ((five, 0x607), (five, 0x37), (six, 0x60F), (six, 0x3F)):
        end = only(masked(sound, mask)).end
        assert abs(end["lufs"]["integrated"] + 23) <= 0.1, hex(mask)
    unknown = only(masked(five, 0)).end
    expected = -0.691 + 10 * np.log10(2 * 10**-2.8 / 2 + 10**-2.4 / 2 + 2 * 10**-3 / 2) + 0.69
    assert abs(unknown["lufs"]["integrated"] - expected) <= 0.1 and len(unknown["channel_levels"]["dbfs"]) == 5


@pytest.mark.parametrize(("parts", "spread"), [
    ([(-20, 20), (-30, 20)], 10), ([(-20, 20), (-15, 20)], 5), ([(-40, 20), (-20, 20)], 20),
    ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
])  # fmt: skip
def test_loudness_range(parts: list[tuple[float, float]], spread: float) -> None:
    """Tech 3342, cases 1 to 4."""
    assert abs(measured(tones(*parts))["range_lu"] - spread) <= 1


@pytest.mark.parametrize(("period", "phase", "amplitude"), [
    (4, 0, 0.5), (4, 45, 0.5), (6, 60, 0.5), (8, 67.5, 0.5), (4, 45, 1.41),
])  # fmt: skip
def test_true_peak(period: int, phase: float, amplitude: float) -> None:
    """Tech 3341, cases 15 to 19; of the last one samples lie at full scale, and its peak 3 dB above."""
    sound = amplitude * np.sin(2 * np.pi * np.arange(2 * RATE) / period + np.radians(phase))
    peak = only(wav(np.stack([sound, sound], axis=1), RATE, "FLOAT")).end["true_peak_dbtp"]
    assert -0.4 <= peak - 20 * np.log10(amplitude) <= 0.2


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_true_peak_between_samples(offset: int) -> None:
    """Tech 3341, cases 20 to 23: a burst at four times the rate, of which every fourth sample is kept."""
    n = np.arange(4 * RATE)
    fine = 0.5 * np.sin(2 * np.pi * n / 24)
    burst = (n >= 2 * RATE) & (n < 2 * RATE + 24)
    fine[burst] = np.sin(2 * np.pi * n[burst] / 24)
    peak = only(wav(fine[offset::4], RATE, "FLOAT")).end["true_peak_dbtp"]
    assert -0.4 <= peak <= 0.2


def test_what_is_too_short_or_silent_has_none() -> None:
    short, silent, low = decode(wav(tone(1000, 0.3)), wav(np.zeros(44100)), wav(tone(100, 1.0, 4000), 4000))
    assert "lufs" not in short.end and abs(short.end["true_peak_dbtp"] + 6) < 0.1
    assert "lufs" not in silent.end and "true_peak_dbtp" not in silent.end
    assert "lufs" not in low.end


def test_however_it_is_cut_it_measures_the_same() -> None:
    data = wav(np.stack([noise(5.0), tone(300, 5.0)], axis=1))
    one, other = (only(data, block=size).end for size in (100_000, 1237))
    assert {key: one[key] for key in ("lufs", "true_peak_dbtp", "channel_levels")} == {
        key: other[key] for key in ("lufs", "true_peak_dbtp", "channel_levels")
    }


@pytest.mark.slow
@needs_audio
@needs("ffmpeg")
def test_real_music_is_as_loud_as_ffmpeg_says() -> None:
    for path in sorted((AUDIO / "music").iterdir()):
        said = sh("ffmpeg -nostats -i - -af ebur128=peak=true -f null - 2>&1", path.read_bytes()).stdout.decode()
        summary = said[said.rindex("Summary") :]
        integrated, spread, peak = (
            float(re.search(rf"{name}:\s+(-?[\d.]+)", summary)[1]) for name in ("I", "LRA", "Peak")
        )  # type: ignore[index]
        end = only(path.read_bytes()).end
        assert abs(end["lufs"]["integrated"] - integrated) <= 0.15, path
        assert abs(end["lufs"].get("range_lu", 0) - spread) <= 1, path
        assert -0.4 <= end["true_peak_dbtp"] - peak <= 0.2, path
