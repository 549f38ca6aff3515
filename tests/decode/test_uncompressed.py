"""Formats that need no decoder, sample by sample; odd headers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from decoding import DECODED, KINDS, TEN, chunk, decode, fmt, only, read, riff, stereo, written
from helpers import needs, sh, tone, wav

from natlib.decode import uncompressed


def test_every_encoding_that_needs_no_decoder_gives_what_libsndfile_gives() -> None:
    sounds = {name: written(stereo(0.05) * 1.2, *kind) for name, kind in KINDS.items()}
    for name, got in zip(KINDS, decode(*sounds.values(), options="--channels keep"), strict=True):
        form, kind, _ = KINDS[name]
        assert got.head["decoder"] == "pcm", name
        container = {"AIFF": "aiff", "AU": "au", "W64": "w64"}.get(form, "wav")
        source = {"format": container, "encoding": kind, "sample_rate": 48000, "channels": 2}
        assert got.head["source"] == source, name
        assert np.array_equal(got.pcm, read(sounds[name])), name


def test_what_needs_a_decoder_gives_what_libsndfile_gives() -> None:
    sounds = {name: written(stereo()[:, :1] if name == "gsm" else stereo(), *kind) for name, kind in DECODED.items()}
    for name, got in zip(DECODED, decode(*sounds.values(), form="known", options="--channels keep"), strict=True):
        assert got.head["decoder"] == f"libsndfile {soundfile.__libsndfile_version__}", name
        assert got.head["source"]["encoding"] == DECODED[name][1]
        assert np.array_equal(got.pcm, read(sounds[name])), name


@pytest.mark.parametrize("name", ["wav-PCM_16", "rifx-PCM_24", "aiff-DOUBLE", "flac", "vorbis", "mp3"])
@pytest.mark.parametrize("options", ["", pytest.param("--channels keep --rate 22050", marks=pytest.mark.slow)])
def test_however_the_input_is_cut_the_same_comes_out(name: str, options: str) -> None:
    data = written(stereo(0.03), *(KINDS | DECODED)[name])
    expected = only(data, options=options)
    for block in (1, 7, 4099):
        got = only(data, options=options, block=block)
        assert np.array_equal(got.pcm, expected.pcm) and (got.head, got.end) == (expected.head, expected.end)


def test_mono_is_the_mean_of_all_channels() -> None:
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, (3000, 6)).astype(np.float32)
    got = only(wav(sound, subtype="FLOAT"))
    assert got.head["channels"] == 1 and got.head["source"]["channels"] == 6
    expected = sound[:, 0].copy()
    for channel in range(1, 6):
        expected += sound[:, channel]
    assert np.array_equal(got.pcm[:, 0], expected / np.float32(6))


def test_raw_formats() -> None:
    samples = np.array([0.0, 0.5, -0.5, 0.25, -1.0, 0.125])
    full = {"s8": 2**7, "s16le": 2**15, "s16be": 2**15, "s32le": 2**31, "s32be": 2**31, "f32le": 1, "f64be": 1}
    for name, scale in full.items():
        dtype = {"s": "i", "f": "f"}[name[0]] + str(int(name[1:3].rstrip("lb")) // 8)
        data = (samples * scale).astype((">" if name.endswith("be") else "<") + dtype).tobytes()
        got = only(data, options=f"--raw-format {name} --raw-rate 8000 --raw-channels 2 --channels keep")
        assert got.head["raw"] == {"encoding": name, "sample_rate": 8000, "channels": 2}
        assert np.array_equal(got.pcm.reshape(-1), samples.astype(np.float32)), name
    assert only(bytes([0, 128, 255]), options="--raw-format u8").pcm[:, 0].tolist() == [-1.0, 0.0, 127 / 128]
    assert only(b"\0\0\x40\0\0\xc0", options="--raw-format s24le").pcm[:, 0].tolist() == [0.5, -0.5]
    assert only(b"\x40\0\0\xc0\0\0", options="--raw-format s24be").pcm[:, 0].tolist() == [0.5, -0.5]
    for law in ("mulaw", "alaw"):
        codes = bytes(range(256))
        kind = {"mulaw": "ULAW", "alaw": "ALAW"}[law]
        expected = soundfile.read(
            io.BytesIO(codes), dtype="float32", samplerate=8000, channels=1, format="RAW", subtype=kind
        )[0]
        assert np.array_equal(only(codes, options=f"--raw-format {law}").pcm[:, 0], expected)


ODD = {  # files whose headers are odd, and how many samples they hold
    "unknown size 0xFFFFFFFF": (riff(fmt(), chunk(b"data", TEN, 0xFFFFFFFF), size=0xFFFFFFFF), 10),
    "unknown size, as sox writes it": (riff(fmt(), chunk(b"data", TEN, 0x7FFFF000), size=0x7FFFF024), 10),
    "sizes that were never filled in": (riff(fmt(), chunk(b"data", TEN, 0), size=0), 10),
    "a recorder that was switched off": (riff(fmt(), chunk(b"data", TEN, 0), size=36), 10),
    "no samples, but tags": (riff(fmt(), chunk(b"data", b""), chunk(b"LIST", b"INFO" + bytes(20))), 0),
    "no samples": (riff(fmt(), chunk(b"data", b"")), 0),
    "a chunk of odd size": (riff(chunk(b"JUNK", b"\1\2\3"), fmt(), chunk(b"data", TEN)), 10),
    "a chunk of odd size without its pad": (riff(chunk(b"JUNK", b"\1\2\3", pad=b""), fmt(), chunk(b"data", TEN)), 10),
    "two fmt chunks": (riff(fmt(), fmt(channels=2), chunk(b"data", TEN)), 10),
    "two data chunks": (riff(fmt(), chunk(b"data", TEN), chunk(b"data", TEN)), 10),
    "half a sample at the end": (riff(fmt(), chunk(b"data", TEN + b"\1")), 10),
    "block align 0": (riff(fmt(align=0), chunk(b"data", TEN)), 10),
    "24 bits in 4 bytes": (riff(fmt(bits=24, align=4), chunk(b"data", TEN)), 5),
    "12 bits": (riff(fmt(bits=12), chunk(b"data", TEN)), 10),
    "40 bits": (riff(fmt(bits=40), chunk(b"data", TEN)), 4),
    "RF64": (riff(chunk(b"ds64", (100).to_bytes(8, "little") + (20).to_bytes(8, "little") + bytes(12)), fmt(),
                  chunk(b"data", TEN, 0xFFFFFFFF), chunk(b"LIST", bytes(8)), name=b"BW64", size=0xFFFFFFFF), 10),
}  # fmt: skip


def test_odd_headers() -> None:
    for (name, (_, samples)), got in zip(ODD.items(), decode(*(data for data, _ in ODD.values())), strict=True):
        assert got.head["decoder"] == "pcm" and got.end.get("samples") == samples, name
    wide = only(riff(fmt(bits=40), chunk(b"data", b"\xff\0\0\0\x40" * 2))).pcm
    assert wide[:, 0].tolist() == [0.5, 0.5]
    narrow = only(riff(fmt(bits=24, align=4), chunk(b"data", b"\0\0\x40\0" + b"\0\0\xc0\0"))).pcm
    assert narrow[:, 0].tolist() == [0.5, -0.5]


@needs("sox")
@needs("ffmpeg")
@pytest.mark.parametrize("form", ["wav", "aiff", "au", "w64"])
def test_what_others_write_to_a_pipe(form: str, tmp_path: Path) -> None:
    (tmp_path / "in.wav").write_bytes(wav(tone(seconds=1)))
    lines = [f"ffmpeg -v error -i in.wav -f {form} -", f"sox in.wav -t {form} -"]
    for line in lines[: 1 if form == "w64" else 2]:  # sox needs to seek in that
        got = only(sh(line, cwd=tmp_path).stdout, form=form)
        assert (got.end["samples"], got.head["decoder"], got.head["source"]["format"]) == (44100, "pcm", form)


def test_a_layout_needs_no_more_than_the_bytes_it_says() -> None:
    """A parser that is fed byte by byte asks for more, and never for what it does not use."""
    for name, kind in KINDS.items():
        data = written(stereo(0.01), *kind)
        whole = uncompressed.layout(data)
        assert whole, name
        size = 12
        while True:
            try:
                assert uncompressed.layout(data[:size]) == whole
                break
            except uncompressed.More as more:
                assert size < more.size <= whole.start, name
                size = more.size
