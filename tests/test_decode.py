"""nat-decode: what comes out of sounds of every kind, of odd ones, of broken ones, and of what is no sound at all."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile
import soxr
from helpers import AUDIO, BIN, ROOT, ZOO, needs, needs_audio, needs_zoo, noise, records, sh, stream, tone, wav
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from natlib.decode.command import decoders
from natlib.decode.command import uncompressed as plain
from natlib.wire import Head

KINDS = {  # what soundfile writes: its name for the format, for the samples, and for the order of their bytes
    **{f"wav-{kind}": ("WAV", kind, "FILE") for kind in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")},
    **{f"wav-{kind}": ("WAV", kind, "FILE") for kind in ("ULAW", "ALAW")},
    **{f"rifx-{kind}": ("WAV", kind, "BIG") for kind in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")},
    **{f"wavex-{kind}": ("WAVEX", kind, "FILE") for kind in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ALAW")},
    **{f"rf64-{kind}": ("RF64", kind, "FILE") for kind in ("PCM_16", "PCM_24", "DOUBLE")},
    **{f"aiff-{kind}": ("AIFF", kind, "FILE") for kind in ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32")},
    **{f"aiff-{kind}": ("AIFF", kind, "FILE") for kind in ("FLOAT", "DOUBLE", "ULAW", "ALAW")},
    **{f"sowt-{kind}": ("AIFF", kind, "LITTLE") for kind in ("PCM_16", "PCM_24", "PCM_32")},
    **{f"au-{kind}": ("AU", kind, "FILE") for kind in ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")},
    **{f"au-{kind}": ("AU", kind, "LITTLE") for kind in ("ULAW", "ALAW")},
    **{f"w64-{kind}": ("W64", kind, "FILE") for kind in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ALAW")},
}
DECODED = {  # the same for what needs a decoder
    "flac": ("FLAC", "PCM_16"), "flac24": ("FLAC", "PCM_24"), "vorbis": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"), "caf": ("CAF", "PCM_16"), "ima": ("WAV", "IMA_ADPCM"),
    "ms": ("WAV", "MS_ADPCM"), "gsm": ("WAV", "GSM610"), "ircam": ("IRCAM", "PCM_16"), "voc": ("VOC", "PCM_16"),
}  # fmt: skip


def written(samples: np.ndarray, form: str, kind: str, endian: str = "FILE", rate: int = 48000) -> bytes:
    """A file that soundfile writes."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=form, subtype=kind, endian=endian)
    return file.getvalue()


def read(data: bytes) -> np.ndarray:
    """What soundfile reads of it: float32, shape (n, channels)."""
    return soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0]


def stereo(seconds: float = 0.5, rate: int = 48000) -> np.ndarray:
    """Noise on the left, a tone on the right, shape (n, 2)."""
    return np.stack([noise(seconds, rate, 0.3), tone(440, seconds, rate)], axis=1)


def item(data: bytes, form: str = "unknown", name: str = "x", block: int = 65536) -> list[Head | tuple[Head, bytes]]:
    """The records of one item of kind `bytes`."""
    blocks = [({"event": "data"}, data[at : at + block]) for at in range(0, len(data), block)]
    header = {"event": "header", "kind": "bytes", "name": name, "format": form}
    return [header, *blocks, {"event": "end", "size": len(data), "sha256": "0" * 64, "extent": "exact"}]


class Heard(NamedTuple):
    """An item of the output."""

    head: Head
    pcm: np.ndarray  # float32, shape (n, channels)
    end: Head  # or error


def heard(output: bytes) -> list[Heard]:
    """The items of a stream, after a check of what must hold for all."""
    items: list[Heard] = []
    head, payload = {}, []
    for record in records(output):
        if record.event == "header":
            head, payload = record.head, []
        elif record.event == "data":
            assert record.payload
            payload.append(record.payload)
        elif record.event in ("end", "error"):
            pcm = np.frombuffer(b"".join(payload), "<f4").reshape(-1, head.get("channels", 1))
            if record.event == "end":
                assert np.isfinite(pcm).all()
                assert record.head["samples"] == len(pcm)
                assert record.head["seconds"] == len(pcm) / head["sample_rate"]
                assert record.head["pcm_sha256"] == hashlib.sha256(b"".join(payload)).hexdigest()
            items.append(Heard(head, pcm, record.head))
    return items


def decode(*items: bytes, form: str = "unknown", options: str = "", status: int = 0, block: int = 65536) -> list[Heard]:
    """What nat-decode makes of files."""
    heads = [head for number, data in enumerate(items) for head in item(data, form, f"item-{number}", block)]
    return heard(sh(f"nat-decode {options}", stream(*heads, {"event": "close"}), status).stdout)


def only(data: bytes, **how: object) -> Heard:
    """The same for one file."""
    (one,) = decode(data, **how)  # type: ignore[arg-type]
    return one


# ---------------------------------------------------------------------------------------------- formats and samples


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


def chunk(name: bytes, body: bytes, size: int | None = None, pad: bytes = b"\0") -> bytes:
    """A RIFF chunk, with a size that may be wrong."""
    return name + (len(body) if size is None else size).to_bytes(4, "little") + body + pad * (len(body) % 2)


def riff(*chunks: bytes, name: bytes = b"RIFF", size: int | None = None) -> bytes:
    """A RIFF file of these chunks."""
    body = b"WAVE" + b"".join(chunks)
    return name + (len(body) if size is None else size).to_bytes(4, "little") + body


def fmt(tag: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, align: int | None = None) -> bytes:
    """A fmt chunk."""
    align = channels * -(-bits // 8) if align is None else align
    fields = ((tag, 2), (channels, 2), (rate, 4), (rate * align & 0xFFFFFFFF, 4), (align & 0xFFFF, 2), (bits, 2))
    return chunk(b"fmt ", b"".join(value.to_bytes(size, "little") for value, size in fields))


TEN = np.arange(1, 11, dtype="<i2").tobytes()
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


# ------------------------------------------------------------------------------------------------------------ ffmpeg


def encoded(sound: bytes, options: str, name: str) -> bytes:
    """A file that ffmpeg writes."""
    folder = Path(sh("mktemp -d").stdout.decode().strip())
    try:
        (folder / "in.wav").write_bytes(sound)
        sh(f"ffmpeg -v error -i in.wav {options} {name}", cwd=folder)
        return (folder / name).read_bytes()
    finally:
        shutil.rmtree(folder)


@needs("ffmpeg")
@pytest.mark.parametrize(("name", "options", "encoding"), [
    ("x.m4a", "-c:a alac", "alac"), ("x.mka", "-c:a flac", "flac"), ("x.wv", "", "wavpack"), ("x.tta", "", "tta"),
    ("x.caf", "-c:a alac", "alac"), ("x.oga", "-c:a flac", "flac"), ("x.ts", "-c:a s302m -strict -2", "s302m"),
])  # fmt: skip
def test_ffmpeg_reads_what_libsndfile_cannot(name: str, options: str, encoding: str) -> None:
    sound = wav(stereo(), 48000)
    got = only(encoded(sound, options, name), options="--channels keep")
    assert got.head["decoder"].startswith("ffmpeg ") and got.head["source"]["encoding"] == encoding
    assert np.array_equal(got.pcm, read(sound))  # lossless


@needs("ffmpeg")
def test_without_ffmpeg_the_error_says_what_would_help() -> None:
    data = encoded(wav(tone()), "-c:a aac", "x.m4a")
    line = f"PATH= {sys.executable} -m natlib.decode"
    done = sh(line, stream(*item(data, "mp4"), *item(wav(tone())), {"event": "close"}), 1, PYTHONPATH=str(ROOT))
    failed, fine = heard(done.stdout)
    assert failed.end["event"] == "error" and "ffmpeg: not installed" in failed.end["message"]
    assert "package: ffmpeg" in failed.end["message"] and failed.end["message"] in done.stderr.decode()
    assert fine.end["samples"] == 44100


@needs("ffmpeg")
def test_tags_at_the_end_do_not_count_as_damage() -> None:
    data = encoded(wav(tone()), "", "x.wv")
    ape = b"APETAGEX" + (2000).to_bytes(4, "little") + (32 + 8).to_bytes(4, "little") + bytes(4)
    footer = ape + b"\0\0\0\x80" + bytes(8)
    header = ape + b"\0\0\0\xa0" + bytes(8)
    got = only(data + header + bytes(8) + footer + b"TAG" + bytes(125))
    assert got.end["samples"] == 44100 and "damaged" not in got.end


@needs("ffmpeg")
def test_playlists_open_no_files(tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(wav(tone()))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n".encode()
    concat = f"ffconcat version 1.0\nfile {tmp_path}/secret.wav\n".encode()
    tagged = b"ID3\x03\0\0\0\0\0\0" + playlist
    for got in decode(playlist, concat, tagged, form="hls", status=1):
        assert got.end["event"] == "error" and "nothing could be decoded" in got.end["message"]


# ------------------------------------------------------------------------------------------------- chained Ogg links


def test_every_link_of_a_chain_is_decoded() -> None:
    links = [
        written(tone(440, 0.5, 44100), "OGG", "VORBIS", rate=44100),
        written(stereo(0.25, 22050), "OGG", "VORBIS", rate=22050),
        written(tone(880, 0.5, 48000), "OGG", "OPUS", rate=48000),
    ]
    got = only(b"".join(links), form="ogg", options="--channels keep")
    first, second, third = (read(link)[:, :1] for link in links)
    assert got.head["sample_rate"] == 44100 and got.head["channels"] == 1 and "damaged" not in got.end
    assert np.array_equal(got.pcm[:22050], first)
    assert got.end["samples"] == 22050 + 2 * len(second) + round(len(third) * 44100 / 48000)
    assert np.abs(np.fft.rfft(got.pcm[-22050:, 0])).argmax() == 440  # 880 Hz, in half a second
    assert np.array_equal(only(links[1] * 2, options="--channels keep").pcm, np.concatenate([read(links[1])] * 2))


def test_a_broken_link_costs_no_other() -> None:
    link = written(tone(440, 0.5, 44100), "OGG", "VORBIS", rate=44100)
    broken = link[:200] + bytes(400) + link[600:]
    got = only(link + broken + link, form="ogg", status=1)
    assert np.array_equal(got.pcm, np.concatenate([read(link)] * 2))
    assert got.end["damaged"] is True and got.end["reason"].startswith("link 2: libsndfile: ")


# -------------------------------------------------------------------------------------------- options and statistics


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


# ------------------------------------------------------------------------------------------------ damage and no sound


def test_of_a_truncated_file_comes_what_is_there() -> None:
    for name in ("wav-PCM_16", "aiff-PCM_24", "au-FLOAT", "w64-PCM_24", "mp3"):
        data = written(stereo(2.0), *(KINDS | DECODED)[name])
        got, neighbour = decode(data[: len(data) * 2 // 3], wav(tone()), status=1, options="--channels keep")
        whole = read(data)
        assert got.end["damaged"] is True and "announces" in got.end["reason"], name
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
        assert got.head["raw"] == {"encoding": "s16le", "sample_rate": 22050, "channels": 1}
        samples = np.frombuffer(data + bytes(len(data) % 2), "<i2").astype(np.float32) / 32768
        assert np.array_equal(got.pcm[:, 0], samples) and "damaged" not in got.end
    assert only(b"\x40").pcm.tolist() == [[0x40 / 32768]]
    assert only(b"\x40", options="--raw-format f64le --raw-channels 3 --channels keep").pcm.shape == (1, 3)


def test_nothing_and_strict() -> None:
    assert only(b"", status=1).end["message"] == "expected a sound file, got 0 bytes"
    strict = decode(b"just text", wav(tone()), options="--strict", status=1)
    assert strict[0].end["message"] == "expected a sound file, got bytes that start with b'just text'"
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


# ------------------------------------------------------------------------------------------------------ live, and long


def test_sound_comes_out_as_it_goes_in() -> None:
    """Each sample that is in must be out before the next is sent: this would wait for ever if it were not."""
    live = item(riff(fmt(), chunk(b"data", b"", 0xFFFFFFFF), size=0xFFFFFFFF), "wav")[:2]
    with subprocess.Popen([BIN / "nat-decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        timer = threading.Timer(60, process.kill)  # so that a hang is a failure
        timer.start()
        try:
            process.stdin.write(stream(*live))
            process.stdin.flush()
            assert b'"kind":"pcm"' in process.stdout.readline()
            for number in range(1, 6):
                piece = np.full(number, number, "<i2").tobytes()
                process.stdin.write(b'{"event":"data","bytes":%d}\n' % len(piece) + piece)
                process.stdin.flush()
                assert b'"bytes":%d' % (4 * number) in process.stdout.readline()
                assert np.frombuffer(process.stdout.read(4 * number), "<f4").tolist() == [number / 32768] * number
        finally:
            timer.cancel()
            process.kill()


@pytest.mark.slow
def test_mp3_and_ogg_that_go_on_are_heard_before_they_end() -> None:
    """The same samples come as of the whole file at once."""
    sounds = []
    for form, kind in (DECODED["mp3"], DECODED["vorbis"]):
        file = io.BytesIO()
        with soundfile.SoundFile(file, "w", 44100, 1, kind, format=form) as sound:
            for second in range(60):  # libsndfile overruns its stack where Ogg is written in one long piece
                sound.write(tone(200 + second))
        sounds.append(file.getvalue())
    pipes = [subprocess.Popen(["bash", "-c", "nat-split | nat-decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}) for _ in sounds]  # fmt: skip
    heard, step, steps = [b"", b""], 0, 200
    while min(map(len, heard)) <= 44100 * 4:  # a second; a decoder looks again when more has come, every now and then
        assert step < 0.9 * steps, "nothing was heard of nine tenths of a file"
        for k, (data, pipe) in enumerate(zip(sounds, pipes, strict=True)):
            assert pipe.stdin and pipe.stdout
            pipe.stdin.write(data[len(data) * step // steps : len(data) * (step + 1) // steps])
            pipe.stdin.flush()
            while select.select([pipe.stdout], [], [], 0)[0]:
                heard[k] += os.read(pipe.stdout.fileno(), 1 << 16)
        step += 1
        time.sleep(0.1)
    for before, data, pipe in zip(heard, sounds, pipes, strict=True):
        assert b'"event":"end"' not in before
        rest = pipe.communicate(data[len(data) * step // steps :])[0]
        whole = sh("nat-split | nat-decode", data).stdout
        assert pipe.returncode == 0 and records(before + rest)[-2] == records(whole)[-2]


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_memory(pieces: Iterable[bytes], *options: str, **env: str) -> float:
    """Megabytes of memory that nat-decode had at most, fed with `pieces`."""
    line = [sys.executable, "-c", MEASURED, BIN / "nat-decode", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, env=os.environ | env) as process:
        assert process.stdin and process.stdout
        for piece in pieces:
            process.stdin.write(piece)
        process.stdin.close()
        return int(process.stdout.read()) * (1 if sys.platform == "darwin" else 1024) / 1e6


@pytest.mark.parametrize("options", [(), ("--channels", "keep", "--rate", "16000")])
def test_memory_does_not_grow_with_an_hour_of_sound(options: tuple[str, ...]) -> None:
    def sound(minutes: int) -> Iterator[bytes]:
        header = riff(fmt(channels=2, rate=11025), chunk(b"data", b"", 0xFFFFFFFF), size=0xFFFFFFFF)
        yield stream({"event": "header", "kind": "bytes", "name": "hour", "format": "wav"})
        for data in [header, *[bytes(44100 * 10)] * 6 * minutes]:
            yield b'{"event":"data","bytes":%d}\n' % len(data) + data
        yield b'{"event":"end"}\n{"event":"close"}\n'

    assert peak_memory(sound(60), *options) < peak_memory(sound(1), *options) + 8  # MB, of 159 that went in


def test_a_large_item_goes_to_a_file_that_leaves_no_trace(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).integers(-(2**15), 2**15, 18_000_000, dtype=np.int16)  # does not compress
    file = io.BytesIO()
    soundfile.write(file, sound, 44100, format="FLAC")
    data = file.getvalue()
    assert len(data) > 34e6

    def pieces() -> Iterator[bytes]:
        for record in item(data, "flac"):
            yield stream(record) if isinstance(record, dict) and record["event"] == "header" else b""
            if isinstance(record, tuple):
                yield b'{"event":"data","bytes":%d}\n' % len(record[1]) + record[1]
        yield b'{"event":"end"}\n{"event":"close"}\n'

    small = [stream(*item(wav(tone()), "wav"), {"event": "close"})]
    assert peak_memory(pieces(), TMPDIR=str(tmp_path)) < peak_memory(small) + 16  # MB, of 34 that went in
    assert list(tmp_path.iterdir()) == []
    line = f"ulimit -f 1; TMPDIR={tmp_path} nat-decode | tail -n 2"
    assert b"temporary file in" in sh(line, b"".join(pieces()), 1).stdout


# --------------------------------------------------------------------------------------------- what decoders might do


def process(main: Callable[[], object]) -> decoders.Process:
    file = TemporaryFile()
    file.write(b"12345")
    file.flush()
    return decoders.Process(file, main)


def test_a_decoder_that_crashes() -> None:
    def crash() -> None:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)  # pytest would tell of it at length
        os.kill(os.getpid(), signal.SIGSEGV)

    crashing = process(crash)
    assert crashing.read() == b"" and crashing.close() == -signal.SIGSEGV


def test_a_decoder_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "PATIENCE", 1)
    hanging = process(lambda: time.sleep(600))
    assert hanging.read() == b"" and hanging.stalled and hanging.close() == -signal.SIGKILL

    def spin() -> None:
        while True:
            decoders._write(b"x")

    spinning = process(spin)
    while spinning.read():
        pass
    assert spinning.close() == -signal.SIGXCPU


def test_a_decoder_whose_parent_is_gone() -> None:
    alive, held = os.pipe()  # held open by all descendants, so it ends with the last of them
    if not (parent := os.fork()):
        process(lambda: [decoders._write(bytes(1 << 16)) for _ in range(1000)])
        os._exit(0)
    os.close(held)
    os.waitpid(parent, 0)
    assert select.select([alive], [], [], 30)[0] and os.read(alive, 1) == b""
    os.close(alive)


def test_a_decoder_that_takes_memory_or_writes_files(tmp_path: Path) -> None:
    hungry = process(lambda: print(len(bytearray(decoders.SPACE))))
    assert hungry.read() == b"" and hungry.close() == 1 and hungry.log == b"MemoryError"
    writing = process(lambda: print((tmp_path / "x").write_bytes(b"x")))
    assert writing.read() == b"" and writing.close() != 0 and (tmp_path / "x").stat().st_size == 0


def test_a_decoder_that_never_ends() -> None:
    class Endless(decoders.Decoder):
        name, format, encoding, sample_rate, channels = "x", "x", "x", 8000, 1

        def _header(self) -> bytes:
            return b""

        def _complaint(self, status: int) -> str:
            return ""

    def write() -> None:
        while True:
            os.write(1, bytes(1 << 16))

    file = TemporaryFile()
    endless = Endless(decoders.Process(file, write))
    total = 0
    with pytest.raises(decoders.Broken, match="more sound than 0 bytes can mean"):
        for block in endless.blocks():
            total += block.nbytes
    assert total <= decoders.YIELD * 1024 and endless.process.pid == 0


# ------------------------------------------------------------------------------------------------------ hostile bytes

CLAIMS = {  # headers that claim much
    "a fmt chunk of 4 GB": b"RIFF\xff\xff\xff\xffWAVEfmt \xf0\xff\xff\xff\1\0\1\0",
    "chunks of 4 GB": riff(chunk(b"JUNK", b"", 0xFFFFFFF0)),
    "many chunks": riff(*[chunk(b"JUNK", b"")] * 100_000),
    "65535 channels": riff(fmt(channels=65535), chunk(b"data", TEN, 0xFFFFFFFE)),
    "4 GHz": riff(fmt(rate=0xFFFFFFFF), chunk(b"data", TEN, 0xFFFFFFFE)),
    "an AIFF offset of 4 GB": b"FORM\0\0\0\0AIFFCOMM\0\0\0\x12\0\1\0\0\0\1\0\x10\x40\x0e\xac\x44\0\0\0\0\0\0"
                              b"SSND\0\0\0\x20\xff\xff\xff\xff\0\0\0\0" + TEN,
    "an AU offset of 4 GB": b".snd\xff\xff\xff\xff\0\0\0\x20\0\0\0\3\0\0\x1f\x40\0\0\0\1" + TEN,
    "an ID3 tag of 256 MB": b"ID3\4\0\0\x7f\x7f\x7f\x7f" + TEN,
    "a FLAC picture of 16 MB": b"fLaC\6\xff\xff\xff" + TEN * 100,
    "a CAF chunk of 8 EB": b"caff\0\1\0\0desc\x7f\xff\xff\xff\xff\xff\xff\xff" + TEN * 100,
    "an MP4 box of 4 GB": b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42\xff\xff\xff\xffmoov" + TEN * 100,
    "an Ogg page of many empty ones": b"OggS\0\2" + bytes(21) + b"OggS\0\0" + bytes(21) * 300,
}  # fmt: skip


def test_nothing_is_allocated_on_a_header_s_word() -> None:
    heads = [head for name, data in CLAIMS.items() for form in ("unknown", "known") for head in item(data, form, name)]
    heads += item(wav(tone()))
    done = sh("ulimit -v 500000; nat-decode --channels keep", stream(*heads, {"event": "close"}), 1)
    *claims, fine = heard(done.stdout)
    assert len(claims) == 2 * len(CLAIMS) and fine.end["samples"] == 44100
    for got in claims:
        assert got.end["event"] == "error" or got.end["samples"] <= len(TEN), got
        assert "memory" not in got.end.get("message", ""), got


@cache
def originals() -> list[bytes]:
    """A small file of every kind that can be made here."""
    files = [written(stereo(0.05), *kind) for name, kind in (KINDS | DECODED).items() if name != "gsm"]
    if shutil.which("ffmpeg"):
        files += [encoded(wav(stereo(0.1), 48000), "", f"x.{kind}") for kind in ("m4a", "webm", "wma", "wv", "ac3")]
    return files


telling = st.sampled_from((b"\0", b"\xff", b"\x7f", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"))
how = st.sampled_from(("set", "cut", "insert", "end"))
change = st.tuples(st.integers(0, 1 << 30), st.booleans(), how, telling | st.binary(max_size=8))


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes long
@given(st.lists(st.tuples(st.integers(0, 1000), st.lists(change, min_size=1, max_size=6)), min_size=8, max_size=8))
def test_changed_bytes_cost_no_more_than_their_item(plans: list[tuple[int, list[Any]]]) -> None:
    heads: list[Head | tuple[Head, bytes]] = []
    for choice, changes in plans:
        data = bytearray(originals()[choice % len(originals())])
        for place, early, what, value in changes:
            at = place % max(1, min(len(data), 128) if early else len(data))
            if what == "end":
                del data[at:]
            else:
                data[at : at + {"set": len(value), "cut": 3, "insert": 0}[what]] = b"" if what == "cut" else value
        heads += item(bytes(data), "known" if choice % 2 else "unknown")
    done = sh("nat-decode", stream(*heads, *item(wav(tone())), {"event": "close"}), None)
    *changed, fine = heard(done.stdout)
    failed = any(got.end["event"] == "error" or got.end.get("damaged") for got in changed)
    assert done.returncode == failed and len(changed) == len(plans)
    assert b"Traceback" not in done.stderr
    assert not any("internal error: " in got.end.get("message", "") for got in changed)
    assert np.array_equal(fine.pcm, read(wav(tone())))


# ----------------------------------------------------------------------------------------------------------- real files

DIFFERENT = {  # where neither column of the zoo's table is followed, and why
    "handmade/data_size_zero.wav": 4000,  # libsndfile believes the 0 that an interrupted recorder left; ffmpeg does not
    "handmade/chained_vorbis.ogg": 11025 + 2 * 6791,  # libsndfile stops after the first link
    "handmade/chained_opus.opus": 2 * 12000,  # the same
    "lofty_minimal/mpc_sv8.mpc": 69120,  # ffmpeg plays the APE tag at the end, if it is left there
    "flac_faulty/01_-_wrong_max_blocksize.flac": 101999,  # libsndfile, read without seeking, gives all; ffmpeg a part
    "flac_uncommon/04_-_changing_bitdepth.flac": 495232,  # the same
    "scipy/test-8000Hz-le-3ch-5S-36bit.wav": 5,  # neither reads PCM of 5, 6 or 7 bytes
    "scipy/test-8000Hz-le-3ch-5S-45bit.wav": 5,
    "scipy/test-8000Hz-le-3ch-5S-53bit.wav": 5,
}


@pytest.mark.slow
@needs_zoo
@needs("ffmpeg")
def test_every_file_of_the_zoo() -> None:
    rows = list(csv.DictReader((ZOO / "index.csv").open()))
    heads = [head for row in rows for head in item((ZOO / row["path"]).read_bytes(), name=row["path"])]
    items = heard(sh("nat-decode", stream(*heads, {"event": "close"}), 1).stdout)
    for row, got in zip(rows, items, strict=True):
        path = row["path"]
        column = row["soundfile"] if row["soundfile"].startswith("OK") else row["ffmpeg"]
        frames = re.search(r"frames=(\d+)", column)
        if got.head.get("decoder") == "raw":  # a signature that is broken, or none
            assert path.startswith(("notaudio/", "bitflip/")) or row["status"] != "valid", path
        elif path in DIFFERENT:
            assert got.end["samples"] == DIFFERENT[path], path
        elif frames and column.startswith(("OK", "PARTIAL")):
            assert got.end.get("samples") == int(frames[1]), (path, got.end)
            rate = re.search(r"sr=(\d+)", column)
            assert not rate or got.head["sample_rate"] == int(rate[1]), path
        else:
            assert got.end["event"] == "error" and got.end["message"], path
        if row["status"] == "valid" and path != "lofty_minimal/mp4_codec_als.mp4":  # ffmpeg decodes a tenth of that
            assert "damaged" not in got.end, (path, got.end)


@needs_audio
def test_real_sounds_are_what_libsndfile_reads() -> None:
    paths = [path for name in ("music", "speech", "formats") for path in sorted((AUDIO / name).iterdir())[:8]]
    readable = [path for path in paths if path.suffix in (".wav", ".flac", ".ogg", ".mp3", ".opus", ".aiff", ".au")]
    assert len(readable) > 10
    items = decode(*(path.read_bytes() for path in readable), options="--channels keep")
    for path, got in zip(readable, items, strict=True):
        assert np.array_equal(got.pcm, soundfile.read(path, dtype="float32", always_2d=True)[0]), path
        assert "damaged" not in got.end, path


def test_a_layout_needs_no_more_than_the_bytes_it_says() -> None:
    """A parser that is fed byte by byte asks for more, and never for what it does not use."""
    for name, kind in KINDS.items():
        data = written(stereo(0.01), *kind)
        whole = plain.layout(data)
        assert whole, name
        size = 12
        while True:
            try:
                assert plain.layout(data[:size]) == whole
                break
            except plain.More as more:
                assert size < more.size <= whole.start, name
                size = more.size
