"""Real files at random, broken ones in the middle, what ffmpeg and sox write to a pipe."""

from __future__ import annotations

import csv
import itertools
import random
import subprocess
from pathlib import Path

import pytest
from helpers import AUDIO, ZOO, needs, needs_audio, needs_zoo, noise, wav
from splitting import SEPARATORS, files, split


def zoo(*status: str) -> list[Path]:
    with (ZOO / "index.csv").open(newline="") as table:
        return [ZOO / row["path"] for row in csv.DictReader(table) if row["status"] in status]


@needs_zoo
def test_zoo_alone() -> None:
    """All valid files are one item, of a known format, and so are most odd ones."""
    for path in zoo("valid"):
        ((form, _, data),) = split(path.read_bytes())
        assert form != "unknown" and data == path.read_bytes(), path
    cut = {path.name for path in zoo("odd") if len(split(path.read_bytes())) > 1}
    assert cut == {
        "trailing_garbage.wav", "chained_vorbis.ogg", "chained_opus.opus", "mp3_garbage_prefix.mp3", "raw_s16le.raw"
    }  # fmt: skip


def mixture(paths: list[Path], seed: int, most: int = 6) -> tuple[list[bytes], bytes]:
    chance = random.Random(seed)
    chosen = [chance.choice(paths).read_bytes() for _ in range(chance.randint(2, most))]
    return chosen, b"".join(data + chance.choice(SEPARATORS) for data in chosen[:-1]) + chosen[-1]


@needs_zoo
@needs_audio
@pytest.mark.parametrize("seed", range(0, 300, 50))
def test_real_files_at_random(seed: int) -> None:
    paths = zoo("valid") + [path for path in sorted(AUDIO.rglob("*.*")) if path.suffix in (".flac", ".ogg", ".mp3")]
    for number in range(seed, seed + 50):
        chosen, data = mixture(paths, number)
        assert files(data) == chosen, number


@needs_zoo
def test_broken_files_in_the_middle() -> None:
    before, after = ZOO / "generated/vorbis.ogg", ZOO / "generated/flac_s16.flac"
    first, last = before.read_bytes(), after.read_bytes()
    swallowed = set()
    for path in zoo("broken", "odd"):
        for between in SEPARATORS:
            got = files(first + between + path.read_bytes() + between + last)
            assert got[0] == first, path
            if got[-1] != last:
                swallowed.add(path.name)
    assert swallowed == {
        "zero.mp3"
    }  # with nothing between: an ID3v2 tag with nothing behind, which FLAC may have in front


SOUND = wav(noise(0.4, amplitude=0.2))
FFMPEG = (
    "wav", "wav -rf64 always", "w64", "aiff", "au", "caf", "flac", "mp2", "adts", "matroska", "matroska -live 1", "asf",
    "ac3", "eac3", "tta", "ircam", "voc", "sox", "mpegts", "mp4 -movflags frag_keyframe+empty_moov",
    "ogg -c:a libvorbis", "opus -c:a libopus -ar 48000", "webm -c:a libopus -ar 48000", "mp3", "mp3 -write_xing 0",
    "avi",
)  # fmt: skip
SOX = ("wav", "aiff", "aifc", "au", "flac", "ogg", "sox", "8svx", "sf")


def written(line: str) -> bytes:
    return subprocess.run(["bash", "-c", line], input=SOUND, stdout=subprocess.PIPE, check=True).stdout


def pairs(made: list[bytes]) -> None:
    """All ordered pairs of what a program made come apart."""
    for first, second, between in itertools.product(made, made, SEPARATORS):
        if first is not second or between:
            assert files(first + between + second) == [first, second], (first[:16], second[:16], between)


@needs("ffmpeg")
def test_ffmpeg_to_a_pipe() -> None:
    made = [written(f"ffmpeg -v error -i - -f {how} - | cat") for how in FFMPEG]
    pairs(made)
    assert all(len(split(data)) == 1 for data in made)


@needs("sox")
def test_sox_to_a_pipe() -> None:
    raw = "sox -q -t wav - -t raw - | cat | sox -q -t raw -r 44100 -e signed -b 16 -c 1 -"
    made = [written(f"{raw} -t {how} - 2>/dev/null | cat") for how in SOX]
    pairs(made)
