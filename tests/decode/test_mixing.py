"""Parts of a sound, other rates, and what is measured."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from decoding import TEN, chunk, decode, fmt, only, read, riff, stereo, written
from helpers import noise, records, sh, tone, wav

BASIC = ("header", "data", "end", "close")


def test_start_and_duration_cut_at_samples() -> None:
    sound = stereo(1.5, 44100)
    for data in (wav(sound), written(sound, "FLAC", "PCM_16", rate=44100)):
        got = only(data, options="--start 0.25 --duration 0.5 --channels keep")
        assert np.array_equal(got.pcm, read(data)[11025:33075]) and got.head["start"] == got.head["t0"] == 0.25
        assert got.end["size"] == len(data)  # what comes before is passed on whole
        assert only(data, options="--start 1").end["samples"] == 22050
        assert only(data, options="--duration 0").end["samples"] == 0
        behind = only(data, options="--start 2", status=1).end
        assert behind["event"] == "error" and behind["message"] == "--start 2: the sound is 1.5 s long"


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000])
def test_rate_is_soxr_as_a_whole(rate: int) -> None:
    sound = noise(1.0, 22050, 0.2).astype(np.float32)
    got = only(wav(sound, 22050, "FLOAT"), options=f"--rate {rate}", block=5000)
    expected = soxr.resample(sound, 22050, rate, quality="HQ") if rate != 22050 else sound
    assert got.head["sample_rate"] == rate and got.head["source"]["sample_rate"] == 22050
    assert np.array_equal(got.pcm[:, 0], expected)


def test_rates_that_make_too_much_of_too_little() -> None:
    got, fine = decode(riff(fmt(rate=1), chunk(b"data", TEN)), wav(tone()), options="--rate 48000", status=1)
    assert "1 Hz can't become 48000 Hz" in got.end["message"] and fine.end["samples"] == 48000


def test_statistics() -> None:
    got = only(wav(tone(441, 1, 44100, 0.5), subtype="FLOAT"))
    assert (got.end["peak_dbfs"], got.end["rms_dbfs"], got.end["clipped"]) == (-6.02, -9.03, 0)
    assert got.end["seconds"] == 1.0 and "nonfinite" not in got.end
    silence = only(wav(np.zeros(100)))
    assert (silence.end["peak_dbfs"], silence.end["rms_dbfs"], silence.end["clipped"]) == (None, None, 0)
    square = np.where(np.arange(1000) % 100 < 50, 1.0, -1.0)
    for kind in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT"):
        assert only(wav(square, subtype=kind)).end["clipped"] == 1000, kind
    one_side = np.stack([square, np.zeros(1000)], axis=1)
    assert only(wav(one_side)).end["clipped"] == 1000  # counted before channels are mixed


def test_what_is_no_number_becomes_zero() -> None:
    sound = tone().astype(np.float32)
    sound[[3, 70, 40000]] = [np.nan, np.inf, -np.inf]
    for kind in ("FLOAT", "DOUBLE"):
        got = only(wav(sound, subtype=kind))
        assert got.end["nonfinite"] == 3 and got.pcm[[3, 70, 40000], 0].tolist() == [0, 0, 0]
        assert got.end["peak_dbfs"] == -6.02
    huge = only(wav([0.5, 1e300, -1e300, 1e13, 1e11], subtype="DOUBLE"))
    assert np.allclose(huge.pcm[:, 0], [0.5, 0, 0, 0, 1e11]) and huge.end["nonfinite"] == 3


def music(seconds: float = 2.0) -> np.ndarray:
    """Plucked notes."""
    t = np.arange(round(44100 * seconds)) / 44100
    return 0.3 * np.exp(-3 * (t % 0.5)) * sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 6))


def test_of_channels_that_cancel_the_difference_is_taken() -> None:
    x, hiss = music(), noise(2.0, amplitude=0.001)
    for left, right in ((x, -x), (x + hiss, hiss - x), (x, -0.8 * x)):
        got = only(wav(np.stack([left, right], axis=1), subtype="FLOAT"))
        assert np.abs(got.pcm[500:, 0] - (left - right)[500:] / 2).max() < 1e-6
        assert got.end["side_taken"] == [[0.0, 2.0]] and got.end["channel_levels"]["correlation"] < -0.9
        assert "half their difference" in got.head["mixing"]


def test_other_channels_are_their_mean_to_the_bit() -> None:
    x, y = music(), tone(330, 2.0)
    for left, right in ((x, y), (x, 0 * x), (x, -0.5 * x), (x, x), (1e-6 * x, -1e-6 * x)):
        data = wav(np.stack([left, right], axis=1), subtype="FLOAT")
        got = only(data)
        assert np.array_equal(got.pcm[:, 0], (read(data)[:, 0] + read(data)[:, 1]) / np.float32(2))
        assert "side_taken" not in got.end


def test_the_side_comes_and_goes_with_a_fade() -> None:
    x = tone(440, 3.0)
    sign = np.where((np.arange(len(x)) >= 44100) & (np.arange(len(x)) < 88200), -1, 1)
    sound = np.stack([x, sign * x], axis=1)
    for block in (65536, 999):
        got = only(wav(sound, subtype="FLOAT"), block=block)
        assert got.end["side_taken"] == [[1.0, 2.0]]
        rest = np.r_[0:44100, 44600:88200, 88700 : len(x)]
        assert np.abs(got.pcm[rest, 0] - x[rest]).max() < 1e-6 and np.abs(got.pcm).max() < 0.51


def test_notes_of_channels_and_of_what_clips() -> None:
    clean, clipped = tone(440, 1.0), np.clip(3 * tone(440, 1.0), -1, 1)
    right = np.concatenate([clean, clipped])
    sound = wav(np.stack([np.concatenate([clean, clean]), right], axis=1))
    notes = [r.head for r in records(sh("nat-split --whole | nat-decode", sound).stdout) if r.event not in BASIC]
    levels = [note for note in notes if note["event"] == "channel_levels"]
    assert [note["t"] for note in levels] == [0, 1] and levels[0]["correlation"] == 1.0
    assert levels[1]["dbfs"][1] > levels[1]["dbfs"][0] + 5
    (clipping,) = [note for note in notes if note["event"] == "clipping"]
    assert clipping["t"] == 1 and clipping["samples"] == only(sound).end["clipped"] > 1000
    just = np.round(tone(1000, 1.0, 44100, 1.0) * 32767) / 32768
    assert only(wav(just)).end["clipped"] == 0  # one sample at full scale, here and there


def test_what_the_mean_lowers_is_told_by_its_channels() -> None:
    end = only(wav(np.stack([tone(), 0 * tone()], axis=1))).end
    assert end["channel_levels"] == {"dbfs": [-9.0, None], "mid_dbfs": -15.1, "side_dbfs": -15.1}
    assert end["rms_dbfs"] == -15.05
