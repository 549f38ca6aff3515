"""What libsndfile and ffmpeg decode, chains of Ogg, and real files."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from decoding import decode, encoded, heard, item, only, read, stereo, written
from helpers import AUDIO, ROOT, ZOO, needs, needs_audio, needs_zoo, sh, stream, tone, wav


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
    assert got.end["damaged"] is True and got.end["reason"].startswith("stream 2: libsndfile: ")


DIFFERENT = {  # where neither column of the zoo's table is followed, and why
    "handmade/data_size_zero.wav": 4000,  # libsndfile believes the 0 that an interrupted recorder left; ffmpeg does not
    "handmade/chained_vorbis.ogg": 11025 + 2 * 6791,  # libsndfile stops after the first link
    "handmade/chained_opus.opus": 2 * 12000,  # the same
    "lofty_minimal/mpc_sv8.mpc": 69120,  # ffmpeg plays the APE tag at the end, if it is left there
    "flac_faulty/01_-_wrong_max_blocksize.flac": 101999,  # libsndfile, read without seeking, gives all; ffmpeg a part
    "flac_faulty/05_-_wrong_total_number_of_samples.flac": 109487,  # libsndfile, read with its count, stops there
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
