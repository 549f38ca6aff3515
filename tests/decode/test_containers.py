"""What containers say of their sound: gaps are filled, cuts told, joined files whole at every pace."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Thread

import numpy as np
import pytest
import soundfile
from decoding import encoded, heard, item, only, read, written
from helpers import BIN, needs, noise, sh, tone, wav

from natlib import ogg
from natlib.decode.containers.mpeg import Mpeg
from natlib.decode.containers.vorbis import Vorbis
from natlib.wire import Writer

GAP = "-af \"aselect='not(between(t,3,6))'\""


def seconds_of_silence(pcm: np.ndarray, rate: int) -> tuple[float, float]:
    """Where the longest silence begins and how long it is."""
    still = np.flatnonzero(np.diff(np.concatenate(([1], (np.abs(pcm[:, 0]) > 1e-4).astype(int), [1]))))
    lengths = still[1::2] - still[::2]
    return still[::2][lengths.argmax()] / rate, lengths.max() / rate


@needs("ffmpeg")
@pytest.mark.parametrize(("name", "codec"), [
    ("x.webm", "libopus"), ("x.mka", "libvorbis"), ("x.mka", "flac"), ("x.mp4", "aac"), ("x.mov", "alac"),
    ("x.mp4", "aac -movflags +frag_keyframe+empty_moov"), ("x.flv", "aac"), ("x.ts", "mp2"), ("x.wma", "wmav2"),
    ("x.opus", "libopus"), ("x.mkv", "ac3"), ("x.oga", "flac"),
])  # fmt: skip
def test_a_gap_between_time_stamps_is_silence(name: str, codec: str) -> None:
    got = only(encoded(wav(tone(440, 10.0)), f"{GAP} -c:a {codec}", name))
    assert "damaged" not in got.end and abs(got.end["seconds"] - 10) < 0.1
    ((at, missing),) = got.end["gaps"]
    assert abs(at - 3) < 0.2 and abs(missing - 3) < 0.1
    start, length = seconds_of_silence(got.pcm, got.head["sample_rate"])
    assert abs(start - at) < 0.1 and abs(length - missing) < 0.1


def pages(data: bytes) -> list[bytes]:
    """The pages of an Ogg file."""
    found, at = [], 0
    while at < len(data):
        size = ogg.page_size(data[at : at + 282])
        found.append(data[at : at + size])
        at += size
    return found


@needs("ffmpeg")
@pytest.mark.parametrize("codec", ["libvorbis", "libopus"])
def test_lost_pages_of_ogg_are_a_gap_and_broken_ones_damage(codec: str) -> None:
    rate = 48000 if codec == "libopus" else 44100
    all_pages = pages(encoded(wav(tone(440, 10.0)), f"-c:a {codec}", "x.ogg"))
    middle = len(all_pages) // 2
    lost = only(b"".join(all_pages[:middle] + all_pages[middle + 2 :]), form="ogg")
    assert "damaged" not in lost.end and abs(lost.end["samples"] - 10 * rate) < 0.03 * rate
    assert 1.5 < lost.end["gaps"][0][1] < 3
    flipped = bytearray(all_pages[middle])
    flipped[-9] ^= 1
    broken = only(b"".join([*all_pages[:middle], bytes(flipped), *all_pages[middle + 1 :]]), form="ogg", status=1)
    assert broken.end["reason"] == "a page has a wrong checksum" and len(broken.end["gaps"]) == 1
    assert abs(broken.end["samples"] - 10 * rate) < 0.03 * rate


def test_a_gap_that_comes_after_the_first_sound_is_filled() -> None:
    """Of a stream that is decoded as it comes: nothing is known of the gap when the first samples are out."""
    with io.BytesIO() as file:
        with soundfile.SoundFile(file, "w", 44100, 1, "VORBIS", format="OGG") as sound:
            for _ in range(40):
                sound.write(noise(1.0, amplitude=0.2))
        found = pages(file.getvalue())
    late = 3 * len(found) // 4
    first, rest = b"".join(found[:late]), b"".join(found[late + 2 :])
    begun, after = item(first, "ogg"), item(rest, "ogg")[1:]
    with Popen([BIN / "nat-decode"], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin and process.stdout
        writer = Writer()
        for head in begun[:-1]:
            process.stdin.writelines(writer.write(*head) if isinstance(head, tuple) else writer.write(head))
        process.stdin.flush()
        before = b"".join(process.stdout.readline() for _ in range(2))
        assert b'"event":"data"' in before
        after[-1]["size"] = len(first) + len(rest)  # type: ignore[index, call-overload]
        for head in [*after, {"event": "close"}]:
            process.stdin.writelines(writer.write(*head) if isinstance(head, tuple) else writer.write(head))
        process.stdin.close()
        (got,) = heard(before + process.stdout.read())
    assert "damaged" not in got.end and abs(got.end["seconds"] - 40) < 0.1
    assert len(got.end["gaps"]) == 1 and 25 < got.end["gaps"][0][0] < 35


def test_time_stamps_that_jump_by_a_year_take_no_memory() -> None:
    data = written(tone(440, 5.0, 44100), "OGG", "VORBIS", rate=44100)
    *before, last = pages(data)
    granule = int.from_bytes(last[6:14], "little") + 44100 * 86400 * 365
    last = bytearray(last[:6] + granule.to_bytes(8, "little") + last[14:22] + bytes(4) + last[26:])
    crc = 0
    for byte in last:  # as RFC 3533 defines it
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 1 << 31 else 0)) & 0xFFFFFFFF
    last[22:26] = crc.to_bytes(4, "little")
    got = only(b"".join(before) + bytes(last), form="ogg", status=1)
    assert "time stamps jump by 31536000 s" in got.end["reason"] and abs(got.end["seconds"] - 5) < 0.1


CUT = "x.opus x.ogg x.mp3 x.caf x.avi x.flv x.ts x.wma x.wv x.tta x.mka x.webm x.aac x.ac3 x.voc x.mp2 x.flac x.w64"


@needs("ffmpeg")
@pytest.mark.parametrize("name", [*CUT.split(), "x.mp4 -movflags +frag_keyframe+empty_moov", "x.wav -c:a adpcm_ms",
                                  "x.wav -c:a adpcm_ima_wav", "x.mp4 -movflags +faststart", "x.oga -c:a flac",
                                  "x.mp3 -write_xing 0"])  # fmt: skip
def test_what_was_cut_off_is_damaged(name: str) -> None:
    name, _, options = name.partition(" ")
    data = encoded(wav(noise(4.0)), f"{options} -ac 1", name)
    assert "damaged" not in only(data).end
    got = only(data[: int(0.7 * len(data)) | 1], status=1)
    assert got.end["damaged"] is True and 1.9 < got.end["seconds"] < 3.5


@needs("sox")
@pytest.mark.parametrize("kind", ["sph", "8svx", "avr", "wve", "sox", "sf", "paf"])
def test_older_formats_that_were_cut_off(kind: str, tmp_path: Path) -> None:
    sh(f"sox -t wav - x.{kind}", wav(tone(440, 2.0, 8000), 8000), cwd=tmp_path)
    data = (tmp_path / f"x.{kind}").read_bytes()
    assert "damaged" not in only(data).end
    assert only(data[: len(data) // 2 | 1], status=1).end["damaged"] is True


def joined() -> bytes:
    """An MP3 of which the first half is loud and the second nearly silent, without a count, behind one with a count."""
    loud = np.concatenate([noise(3.0), noise(3.0) / 3000])
    file = io.BytesIO(written(loud, "MP3", "MPEG_LAYER_III", rate=44100))
    _, *frames = b"".join(next(Mpeg(iter([file.getvalue()])).links()).data).split(b"\xff\xfb")
    counted = written(tone(440, 2.0, 44100), "MP3", "MPEG_LAYER_III", rate=44100)
    return counted + b"".join(b"\xff\xfb" + frame for frame in frames[1:])


def test_joined_mp3_is_whole_at_every_pace() -> None:
    data = joined()
    sound = "nat-decode | tail -n 2 | head -n 1"
    as_file = sh(f"nat-split --whole | {sound}", data).stdout
    assert as_file.count(b'"seconds":8.') == 1 and b"damaged" not in as_file

    def slowly() -> Iterator[bytes]:
        for at in range(0, len(data), 5000):
            time.sleep(0.05)
            yield data[at : at + 5000]

    with Popen([BIN / "nat-split", "--whole"], stdin=PIPE, stdout=PIPE) as split:
        assert split.stdin and split.stdout
        pipe = split.stdin

        def feed() -> None:
            for piece in slowly():
                pipe.write(piece)
                pipe.flush()
            pipe.close()

        Thread(target=feed).start()
        with Popen([BIN / "nat-decode"], stdin=split.stdout, stdout=PIPE) as decode:
            assert decode.stdout
            slow = heard(decode.stdout.read())
    (fast,) = heard(sh("nat-split --whole | nat-decode", data).stdout)
    assert slow[0].end == fast.end


def test_mpeg_without_a_count_is_whole() -> None:
    """Of a loud beginning and a quiet end, a guess from the first frames makes a fraction of the length."""
    data = joined()
    counted, quiet = (b"".join(link.data) for link in Mpeg(iter([data])).links())
    assert counted.find(b"Xing") + counted.find(b"Info") > 0 and quiet.find(b"Xing") < 0
    assert abs(only(quiet, form="mp3").end["seconds"] - 6) < 0.1


def test_bytes_between_frames_are_damage() -> None:
    data = written(tone(440, 2.0, 44100), "MP3", "MPEG_LAYER_III", rate=44100)
    middle = data.index(b"\xff\xfb", len(data) // 2)
    assert "damaged" not in only(data + bytes(3000), form="mp3").end
    got = only(data[:middle] + b"\1" * 500 + data[middle:], form="mp3", status=1)
    assert got.end["reason"] == "500 bytes between its frames are none"
    assert np.array_equal(got.pcm, read(data)[: len(got.pcm)])


def test_vorbis_packets_last_as_long_as_granule_positions_say() -> None:
    """Of a file that libsndfile wrote, packet by packet."""
    found = pages(written(noise(3.0, 44100, 0.2), "OGG", "VORBIS", rate=44100))
    packets: list[bytes] = []
    for page in found:
        at = 27 + page[26]
        begun = packets.pop() if page[5] & 1 else b""
        for size in page[27 : 27 + page[26]]:
            begun += page[at : at + size]
            at += size
            if size < 255:
                packets.append(begun)
                begun = b""
        if begun:
            packets.append(begun)
    clock = Vorbis(packets[0])
    clock.setup(packets[2])
    total = sum(map(clock.samples, packets[3:]))
    assert 0 <= total - int.from_bytes(found[-1][6:14], "little") < 2048
