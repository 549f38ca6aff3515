"""Damaged sounds, and what is no sound at all."""

from __future__ import annotations

import os
import re
import sys

import numpy as np
import pytest
from decoding import DECODED, KINDS, TEN, chunk, decode, fmt, heard, item, only, read, riff, stereo, written
from helpers import ROOT, noise, records, sh, stream, tone, wav


def test_of_a_truncated_file_comes_what_is_there() -> None:
    for name in ("wav-PCM_16", "aiff-PCM_24", "au-FLOAT", "w64-PCM_24", "mp3"):
        data = written(stereo(2.0), *(KINDS | DECODED)[name])
        got, neighbour = decode(data[: len(data) * 2 // 3], wav(tone()), status=1, options="--channels keep")
        whole = read(data)
        assert got.end["damaged"] is True and re.search("announces|cut off", got.end["reason"]), name
        assert abs(len(got.pcm) - len(whole) * 2 / 3) < 2 * 1152 + 64, name
        assert np.array_equal(got.pcm, whole[: len(got.pcm)]), name
        assert neighbour.end["samples"] == 44100 and "damaged" not in neighbour.end


@pytest.mark.parametrize("path", [os.environ["PATH"], ""], ids=["with ffmpeg", "without ffmpeg"])
def test_of_a_broken_flac_comes_what_is_there(path: str) -> None:
    data = written(noise(2.0, 44100, 0.1), "FLAC", "PCM_16", rate=44100)
    middle = len(data) // 2
    broken = data[:middle] + bytes(100) + data[middle + 100 :]
    done = sh(f"PATH={path} {sys.executable} -m natlib.decode", stream(*item(broken), {"event": "close"}), 1,
              PYTHONPATH=str(ROOT))  # fmt: skip
    (got,) = heard(done.stdout)
    assert got.end["damaged"] is True and "flac decoder lost sync" in got.end["reason"] + got.end.get("continued", "")
    assert len(got.pcm) > 30000 and np.array_equal(got.pcm[:30000], read(data)[:30000])
    assert b"nat-decode: x: damaged: " in done.stderr


def test_where_nothing_decodes() -> None:
    flac, ogg = (written(tone(), *DECODED[name])[:60] for name in ("flac", "vorbis"))
    for got in decode(flac, ogg, riff(fmt(tag=0x1234), chunk(b"data", TEN)), b"garbage", form="known", status=1):
        assert got.head["kind"] == "bytes" and got.end["event"] == "error"
        assert got.end["message"].startswith("nothing could be decoded (libsndfile: ")


def test_what_is_no_sound_is_played() -> None:
    text = b"The quick brown fox jumps over the lazy dog.\n" * 20
    noises = np.random.default_rng(0).bytes(3001)
    weak = b"\xff\xfb" + noises  # looks like MPEG, but is not
    jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noises
    for data, got in zip((text, noises, weak, jpeg), decode(text, noises, weak, jpeg), strict=True):
        assert got.head["decoder"] == "raw" and got.head["sample_rate"] == 22050
        raw = {"encoding": "s16le", "sample_rate": 22050, "channels": 1}
        known = {text: {"content": "text"}, jpeg: {"content": "a picture"}}
        assert got.head["raw"] == raw | known.get(data, {})
        samples = np.frombuffer(data + bytes(len(data) % 2), "<i2").astype(np.float32) / 32768
        assert np.array_equal(got.pcm[:, 0], samples) and "damaged" not in got.end
    assert only(b"\x40").pcm.tolist() == [[0x40 / 32768]]
    assert only(b"\x40", options="--raw-format f64le --raw-channels 3 --channels keep").pcm.shape == (1, 3)


def test_nothing_and_strict() -> None:
    assert only(b"", status=1).end["message"] == "expected a sound file, got 0 bytes"
    strict = decode(b"just text", wav(tone()), options="--strict", status=1)
    assert strict[0].end["message"] == 'expected a sound file, got "just text"'
    assert strict[1].end["samples"] == 44100
    assert b"--strict" in sh("nat-decode --strict --raw-rate 8000", status=2).stderr


def test_an_item_that_failed_before_or_breaks_off_is_told() -> None:
    missing = {"event": "error", "stage": "nat-split", "message": "No such file or directory"}
    whole = stream(*item(wav(tone()))[:1], missing, *item(wav(tone())), {"event": "close"})
    failed, fine = heard(sh("nat-decode", whole, 1).stdout)
    assert failed.end == missing and fine.end["samples"] == 44100
    done = sh("nat-decode", stream(*item(wav(tone()), block=1000))[:20000], 1)
    assert b"end of input" in done.stderr and b'"event":"error"' in done.stdout and b'"close"' not in done.stdout


def test_notes_are_passed_on_in_their_order() -> None:
    header, *blocks, end = item(wav(tone()), block=30000)
    notes = [{"event": "remark", "number": number} for number in range(len(blocks) + 1)]
    mixture = [record for pair in zip(notes, blocks, strict=False) for record in pair]
    output = records(sh("nat-decode", stream(header, *mixture, notes[-1], end, {"event": "close"})).stdout)
    assert output[0].event == "header" and output[-2].event == "end"
    assert [record.head["number"] for record in output if record.event == "remark"] == list(range(len(blocks) + 1))


def test_a_flac_file_cut_in_its_head() -> None:
    whole = written(stereo(0.05), "FLAC", "PCM_16")
    heads = [head for size in range(4, 46) for head in item(whole[:size], "known", str(size))]
    *cut, fine = heard(sh("nat-decode", stream(*heads, *item(wav(tone())), {"event": "close"}), 1).stdout)
    assert all(got.end["message"].startswith("nothing could be decoded") for got in cut) and len(cut) == 42
    assert fine.end["samples"] == 44100
