"""Parts of a sound, other rates, and what is measured."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from decoding import TEN, chunk, decode, fmt, only, read, riff, stereo, written
from helpers import noise, tone, wav


def test_start_and_duration_cut_at_samples() -> None:
    sound = stereo(1.5, 44100)
    for data in (wav(sound), written(sound, "FLAC", "PCM_16", rate=44100)):
        got = only(data, options="--start 0.25 --duration 0.5 --channels keep")
        assert np.array_equal(got.pcm, read(data)[11025:33075]) and got.head["start"] == 0.25
        assert got.end["size"] == len(data)  # what comes before is passed on whole
        assert only(data, options="--start 1").end["samples"] == 22050
        assert only(data, options="--duration 0").end["samples"] == 0
        assert only(data, options="--start 2").end["samples"] == 0


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
