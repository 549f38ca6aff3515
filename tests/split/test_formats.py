"""Where files end: each format alone, all pairs, real files at random, damage in the middle, any bytes cut anyhow."""

from __future__ import annotations

import csv
import itertools
import random
import struct
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from helpers import AUDIO, ZOO, needs, needs_audio, needs_zoo, noise, tone, wav
from hypothesis import given, settings
from hypothesis import strategies as st

from natlib.split.boundaries import separator
from natlib.split.signatures import REACH, Format
from natlib.split.table import FORMATS, SIGNATURES, find_end, identify
from natlib.split.trust import cut_short
from natlib.split.window import Window

SEPARATORS = (b"", b"\x1c", b"\x1c\n")
Part = tuple[str, str, bytes]  # format, extent, bytes


def split(data: bytes, pieces: Iterable[bytes] | None = None, starts: list[int] | None = None) -> list[Part]:
    """The files in `data`, which comes in `pieces`. Their places are added to `starts`."""
    result: list[Part] = []
    file: list[bytes] = []
    window = Window(iter([data] if pieces is None else pieces), file.append, SIGNATURES)
    while True:
        if starts is not None:
            starts.append(window.tell())
        form = identify(window)
        extent = find_end(window, form)
        result.append((form.name, extent, b"".join(file)))
        file.clear()
        cut_short(window)
        window.skip(len(separator(window.peek(2))))
        if not window.peek(1):
            return result


def files(data: bytes) -> list[bytes]:
    return [part[2] for part in split(data)]


def chunk(kind: bytes, data: bytes, size: int | None = None, pad: bool = True, order: str = "<") -> bytes:
    return kind + struct.pack(order + "I", len(data) if size is None else size) + data + b"\0" * (pad and len(data) % 2)


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
SAMPLES = bytes(range(200, 20, -1)) * 9
LIST = chunk(b"LIST", b"INFOINAM" + struct.pack("<I", 4) + b"four")


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def box(kind: bytes, data: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I", len(data) + 8 if size is None else size) + kind + data


def element(name: str, data: bytes, known: bool = True) -> bytes:
    return bytes.fromhex(name) + (struct.pack(">Q", len(data) | 1 << 56) if known else b"\x01" + b"\xff" * 7) + data


def mpeg(frames: int, head: bytes = b"\xff\xfb\x90\x64", size: int = 417, seed: int = 1) -> bytes:
    """MPEG frames; the first one takes nothing from those before."""
    bodies = random.Random(seed)
    rest = [bytes(bodies.choices(range(255), k=size - 4)) for _ in range(frames)]
    return b"".join(head + (b"\0\0" + body[2:] if number == 0 else body) for number, body in enumerate(rest))


def xing(frames: int) -> bytes:
    """`frames` frames of MPEG, the first of which says how many follow."""
    sound = mpeg(frames, seed=frames)
    told = b"Xing" + struct.pack(">III", 3, frames - 1, len(sound))
    return sound[:4] + bytes(32) + told + sound[36 + len(told) :]


def adts(frames: int) -> bytes:
    head = b"\xff\xf1\x50\x80" + struct.pack(">H", 60 << 5 | 0x1F) + b"\xfc"
    return b"".join(head + bytes([n]) * 53 for n in range(frames))


def synthetic() -> dict[str, bytes]:
    """A small file of each format that says where it ends, and of some that don't."""
    ebml = element("1a45dfa3", bytes.fromhex("4286810142f78101"))
    cluster = element("e7", b"\0") + element("a3", SAMPLES)
    asf_head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<Q", 34) + bytes(10)
    asf_data = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c") + struct.pack("<Q", 24 + len(SAMPLES)) + SAMPLES
    caf = b"caff\0\1\0\0desc" + struct.pack(">Q", 32) + bytes(32)
    au = struct.pack(">IIIII", 24, len(SAMPLES), 3, 8000, 1)
    block = b"wvpk" + struct.pack("<IHBBIIII", 24 + 90, 0x410, 0, 0, 100, 0, 100, 0x800) + bytes(94)
    sphere = "NIST_1A\n   1024\nsample_count -i 810\nsample_n_bytes -i 2\nchannel_count -i 1\nend_head\n"
    sine = tone(seconds=0.3)
    return {
        "wav": riff(FMT, chunk(b"data", SAMPLES), LIST),
        "wav without a length": riff(FMT, chunk(b"data", SAMPLES, 0xFFFFFFFF), size=0xFFFFFFFF),
        "rifx": b"RIFX"
        + struct.pack(">I", len(SAMPLES) + 36)
        + b"WAVE"
        + chunk(b"fmt ", bytes(16), order=">")
        + chunk(b"data", SAMPLES, order=">"),
        "rf64": wav(sine, form="RF64"),
        "riff": b"RIFF" + struct.pack("<I", 4 + len(LIST)) + b"AVI " + LIST,
        "w64": wav(sine, form="W64"),
        "aiff": wav(sine, form="AIFF"),
        "svx": wav(sine, form="SVX"),
        "au": b".snd" + au + SAMPLES,
        "au without a length": b".snd" + au[:4] + b"\xff" * 4 + au[8:] + SAMPLES,
        "caf": caf + b"data" + struct.pack(">Q", len(SAMPLES)) + SAMPLES,
        "caf without a length": caf + b"data" + b"\xff" * 8 + SAMPLES,
        "ircam": wav(sine, form="IRCAM"),
        "voc": wav(sine, form="VOC", subtype="PCM_U8"),
        "nist": sphere.encode().ljust(1024) + SAMPLES,
        "sox": b".SoX" + struct.pack("<IQdII", 28, len(SAMPLES) // 4, 8000, 1, 0) + SAMPLES,
        "flac": wav(noise(0.3), form="FLAC"),
        "flac of 24 bits, stereo": wav(noise(0.3).reshape(-1, 2), form="FLAC", subtype="PCM_24"),
        "flac after ID3": b"ID3\4\0\0\0\0\0\x0bTIT2\0\0\0\1\0\0x" + wav(sine, form="FLAC"),
        "ogg": wav(sine, form="OGG", subtype="VORBIS"),
        "opus": wav(tone(seconds=0.3, rate=48000), rate=48000, form="OGG", subtype="OPUS"),
        "mp3": wav(sine, form="MP3", subtype="MPEG_LAYER_III"),
        "mp3 bare": mpeg(9),
        "mp3 xing": xing(7),
        "mp3 free": mpeg(9, b"\xff\xfb\x00\xc4", 700),
        "mp3 tagged": b"ID3\3\0\0\0\0\0\x0bTIT2\0\0\0\1\0\0x" + mpeg(9) + b"TAG".ljust(128, b"x"),
        "mp2": mpeg(6, b"\xff\xfd\x80\xc4"),
        "aac": adts(9),
        "ac3": b"".join(b"\x0b\x77\0\0\x00\x40" + bytes([n]) * 122 for n in range(9)),
        "dts": b"".join(b"\x7f\xfe\x80\x01\xfc\x3c\x05\xf0\x34" + bytes([n]) * 87 for n in range(9)),
        "wv": block,
        "mpegts": b"".join(b"G@\0" + bytes([0x10 | n]) + bytes([n]) * 184 for n in range(9)),
        "mp4": box(b"ftyp", b"M4A \0\0\0\0") + box(b"mdat", SAMPLES) + box(b"moov", box(b"mvhd", bytes(100))),
        "quicktime": box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", SAMPLES),
        "matroska": ebml + element("18538067", element("1f43b675", cluster)),
        "matroska live": ebml + element("18538067", element("1f43b675", cluster, False) * 2, False),
        "asf": asf_head + asf_data,
        "flv": b"FLV\1\4\0\0\0\x09\0\0\0\0" + b"\x08\0\0\x20" + bytes(7) + SAMPLES[:32] + struct.pack(">I", 43),
        "amr": b"#!AMR\n" + (b"\x3c" + SAMPLES[:31]) * 5,
        "dsf": b"DSD " + struct.pack("<QQQ", 28, 28 + len(SAMPLES), 0) + SAMPLES,
        "dff": b"FRM8" + struct.pack(">Q", 4 + len(SAMPLES)) + b"DSD " + SAMPLES,
        "tta": b"TTA1" + struct.pack("<HHHIIII", 1, 1, 16, 8000, 4000, 0, len(SAMPLES)) + bytes(4) + SAMPLES,
        "ape": b"MAC " + struct.pack("<HHIIIIIII", 3990, 0, 52, 24, 4, 0, len(SAMPLES), 0, 0) + bytes(44) + SAMPLES,
        "musepack": b"MPCKSH\x06abcAP\x06abcSE\x03",
    }


SYNTHETIC = synthetic()
HEADERLESS = {"mp3 bare", "mp3 free", "mp2", "aac", "ac3", "dts", "mpegts"}
LENGTHLESS = {"wav without a length", "au without a length", "caf without a length", "ircam"}
NOT_SEARCHED = {"quicktime"}  # known only where a file starts anyway


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_file_alone_is_whole(name: str) -> None:
    ((form, extent, data),) = split(SYNTHETIC[name])
    assert data == SYNTHETIC[name]
    assert form == {"rifx": "wav", "rf64": "wav", "opus": "ogg", "quicktime": "mp4"}.get(name, name.split()[0])
    assert extent == ("end-of-input" if name in LENGTHLESS else "exact")


@pytest.mark.parametrize("between", SEPARATORS)
@pytest.mark.parametrize("first", SYNTHETIC)
def test_all_pairs_come_apart_but_those_that_nobody_can_tell(first: str, between: bytes) -> None:
    failed = {
        second
        for second, data in SYNTHETIC.items()
        if files(SYNTHETIC[first] + between + data) != [SYNTHETIC[first], data]
    }
    expected: set[str] = set()
    if not between:
        if first in HEADERLESS:
            expected = {first}  # the same parameters: a longer file
        if first in LENGTHLESS:
            expected = set(NOT_SEARCHED)
    assert failed == expected


def test_every_line_of_the_table_is_tested() -> None:
    start_only = {"avr", "paf", "pvf", "wve", "xi", "mat", "shorten", "tak"}
    tested = {split(data)[0][0] for data in SYNTHETIC.values()}
    assert {form.name for form in FORMATS} - tested == start_only | {"mp1", "eac3"}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_signature_fits_where_it_is_looked_for(form: Format) -> None:
    assert all(len(literal) <= REACH - 16 for literal in form.literals)
    assert form.here or form.literals[0][:1] not in (b"\0", FS)


FS = b"\x1c"


# WAV, whose lengths are wrong in so many ways


DATA = chunk(b"data", SAMPLES)
ODD = chunk(b"data", SAMPLES[:101], pad=False)
ALIEN = bytes(range(250, 30, -1))  # what comes next and is no known file


@pytest.mark.parametrize(
    "file",
    {
        "chunks after the data": riff(FMT, DATA, LIST, chunk(b"id3 ", b"ID3\3\0\0\0\0\0\0")),
        "a pad byte": riff(FMT, ODD + b"\0", LIST),
        "no pad byte": riff(FMT, ODD, LIST),
        "no pad byte at the end": riff(FMT, ODD),
        "a pad byte at the end": riff(FMT, ODD + b"\0"),
        "a pad byte that is not counted": riff(FMT, ODD + b"\0", size=4 + len(FMT + ODD)),
        "a pad byte that is counted and not there": riff(FMT, ODD, size=5 + len(FMT + ODD)),
        "size 0": riff(FMT, DATA, size=0),
        "size too small": riff(FMT, DATA, size=len(SAMPLES) // 2),
        "size of the header alone": riff(FMT, DATA, size=36),
        "size too large by 8": riff(FMT, DATA, size=12 + len(FMT + DATA)),
        "size much too large": riff(FMT, DATA, LIST, size=50_000),
        "data too large": riff(FMT, chunk(b"data", SAMPLES, len(SAMPLES) + 1_000_000)),
        "data without a size": riff(FMT, chunk(b"data", SAMPLES, 0x7FFFFFFF)),
        "data of size 0": riff(FMT, chunk(b"data", SAMPLES, 0)),
        "no data": riff(FMT, chunk(b"data", b"")),
        "no data, then a chunk": riff(FMT, chunk(b"data", b""), LIST),
        "two chunks of data": riff(FMT, DATA, DATA),
        "data before the format": riff(DATA, FMT),
        "a chunk nobody knows": riff(chunk(b"Zoo!", b"12345"), FMT, DATA),
        "sox": riff(FMT, chunk(b"data", SAMPLES, 0x7FFFF000), size=0x7FFFF024),
        "ffmpeg": riff(FMT, chunk(b"data", SAMPLES, 0xFFFFFFFF), size=0xFFFFFFFF),
        "ffmpeg RF64": b"RF64" + riff(chunk(b"ds64", bytes(28)), FMT, chunk(b"data", SAMPLES, -1 % 2**32), size=0)[4:],
        "an unfinished recording": riff(FMT, chunk(b"data", SAMPLES, 0), size=0),
    }.items(),
    ids=lambda file: file[0],
)
def test_wav(file: tuple[str, bytes]) -> None:
    data = file[1]
    for between, (_, other) in itertools.product(SEPARATORS, SYNTHETIC.items()):
        if (between, other) != (b"", SYNTHETIC["quicktime"]):
            assert files(data + between + other) == [data, other], (between, other[:16])
    assert files(data) == [data]


@pytest.mark.parametrize("size", [None, 0, 12 + len(FMT + DATA)])
def test_a_complete_data_chunk_outranks_the_size_of_the_whole(size: int | None) -> None:
    data = riff(FMT, DATA, size=size)
    assert split(data + ALIEN) == [("wav", "exact", data), ("unknown", "end-of-input", ALIEN)]


def test_a_declared_length_is_trusted_and_not_searched() -> None:
    inside = riff(FMT, chunk(b"data", SYNTHETIC["flac"] + SYNTHETIC["wav"] + b"\x1c" + b"text " * 20))
    assert files(inside + inside) == [inside, inside]


def test_a_truncated_declared_length_takes_from_the_next() -> None:
    short = SYNTHETIC["wav"][:-500]
    first, second = SYNTHETIC["flac"], SYNTHETIC["ogg"]
    assert files(short + first + second)[-1] == second


# Frames, pages, tags


@pytest.mark.parametrize("frames, left", [(9, 1), (9, 417), (2, 100)])
def test_a_truncated_mp3_costs_no_neighbour(frames: int, left: int) -> None:
    short = mpeg(frames)[: -417 + left] if left < 417 else mpeg(frames)
    for other in ("wav", "flac", "mp3 tagged", "mp3 xing", "mp2", "ogg"):
        assert files(short + SYNTHETIC[other])[-1] == SYNTHETIC[other]


@pytest.mark.parametrize("name", ["ogg", "opus", "flac", "mp4", "matroska", "asf", "wv", "caf", "tta"])
def test_a_file_cut_off_anywhere_costs_no_neighbour(name: str) -> None:
    data = SYNTHETIC[name]
    for length in range(len(data) // 3, len(data), len(data) // 7):
        assert files(data[:length] + SYNTHETIC["wav"])[-1] == SYNTHETIC["wav"], length


def test_tags_belong_to_the_sound_before_them() -> None:
    tag = b"APETAGEX" + struct.pack("<IIII", 2000, 32 + 10, 1, 0xA0000000) + bytes(8) + b"0123456789"
    ape = tag + b"APETAGEX" + struct.pack("<IIII", 2000, 32 + 10, 1, 0x80000000) + bytes(8)
    lyrics = b"LYRICSBEGININD0000300" + b"000024LYRICS200"
    id3 = b"ID3\4\0\x10\0\0\0\x0bTIT2\0\0\0\1\0\0x" + b"3DI\4\0\x10\0\0\0\x0b"
    id3v1 = b"TAG".ljust(128, b"\0")
    for behind in (ape, lyrics, id3, id3v1, ape + lyrics + b"TAG+".ljust(227, b"y") + id3v1):
        data = mpeg(5) + behind
        assert split(data + data + data) == [("mp3", "exact", data)] * 3


def test_xing_says_where_an_mp3_ends() -> None:
    assert files(xing(7) + mpeg(5) + xing(4) + mpeg(3)) == [xing(7), mpeg(5), xing(4), mpeg(3)]
    wrong = xing(7)[:-417]  # it lost a frame
    assert files(wrong + xing(4)) == [wrong, xing(4)]


def test_damage_inside_frames_does_not_cut() -> None:
    data = bytearray(mpeg(40))
    data[417 * 9 : 417 * 9 + 600] = b"\x55" * 600
    assert split(bytes(data)) == [("mp3", "exact", bytes(data))]


def test_a_wave_that_repeats_itself_is_no_mp3() -> None:
    samples = bytes(9) + (b"\xff\xfb\x94\x64" + bytes(380)) * 60  # 384 bytes: a frame of 128 kbit/s at 48 kHz
    data = riff(FMT, chunk(b"data", samples, 0), size=0)
    assert split(data) == [("wav", "end-of-input", data)]


def test_a_chain_is_cut_where_all_streams_have_ended_and_multiplexed_ones_are_not() -> None:
    ogg, opus = SYNTHETIC["ogg"], SYNTHETIC["opus"]
    assert files(ogg + ogg + opus) == [ogg, ogg, opus]
    pages: list[list[bytes]] = []
    for data in (ogg, opus):
        pages.append([])
        while data:
            size = 27 + data[26] + sum(data[27 : 27 + data[26]])
            pages[-1].append(data[:size])
            data = data[size:]
    first, second = pages
    both = b"".join([first[0], second[0], *first[1:], *second[1:]])
    assert files(both + both + ogg) == [both, both, ogg]
    last = ogg.rindex(b"OggS")
    for size in range(last + 1, last + 27):  # cut off in the head of a page
        assert files(ogg[:size]) == [ogg[:size]], size


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
def test_the_last_frame_of_flac_is_read_through(channels: int, subtype: str) -> None:
    for samples in (1, 15, 4095, 4097):
        sound = noise(1, amplitude=0.3)[: samples * channels].reshape(-1, channels)
        for shape in (sound, sound * 0, sound * 0 + 0.25, (sound * 4).round() / 4):
            data = wav(shape, form="FLAC", subtype=subtype)
            assert split(data + ALIEN) == [("flac", "exact", data), ("unknown", "end-of-input", ALIEN)]


# Separators and text


def test_separators() -> None:
    one, two = SYNTHETIC["wav"], SYNTHETIC["flac"]
    for between in (b"\x1c", b"\x1c\n"):
        assert files(one + between + two + between) == [one, two]
        assert files(one + between + between + two) == [one, b"", two]
        assert files(between + one) == [b"", one]
    assert files(b"") == files(b"\x1c") == [b""]
    assert files(one + b"\x1c\x1c") == [one, b""]


def test_text() -> None:
    assert files("grün\x1crot\x1c\nblau\x1c".encode()) == ["grün".encode(), b"rot", b"blau"]
    assert files(b"a line\nanother\t\r\n" * 9) == [b"a line\nanother\t\r\n" * 9]
    assert files(b"text" + SYNTHETIC["wav"]) == [b"text", SYNTHETIC["wav"]]


@pytest.mark.parametrize(
    "after, cuts",
    [
        (b"x" * 64, True), (b"x" * 63 + b"\1", False), ("ä".encode() * 40, True),
        (("größer als süß, " * 9).encode(), True),
        (b"short", True), (b"short\xff", False), (b"", False), (b"\xc3", False), ("\x85".encode() + b"x" * 70, False),
        (b"tab\tand\nnewline" * 5, True),
    ],
)  # fmt: skip
def test_what_has_no_length_ends_at_an_fs_before_text(after: bytes, cuts: bool) -> None:
    data = SYNTHETIC["wav without a length"]
    parts = split(data + b"\x1c" + after)
    assert parts == (
        [("wav", "separator", data), ("unknown", "end-of-input", after)]
        if cuts
        else [("wav", "end-of-input", data + b"\x1c" + after)]
    )


def test_a_slow_wave_is_no_text() -> None:
    """The high bytes of its samples stay the same for a while, and the low ones can be any."""
    samples = b"".join(struct.pack("<h", 0x4720 + number * 7 % 90) for number in range(2000))
    data = riff(FMT, chunk(b"data", bytes(9) + b"\x1c" + samples, 0), size=0)
    assert files(data) == [data]


def test_bytes_of_no_format_are_cut_at_fs() -> None:
    data = random.Random(5).randbytes(100_000)
    assert len(files(data)) > 300 and b"".join(files(data)) == data.replace(b"\x1c\n", b"").replace(b"\x1c", b"")


# Real files


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


def test_synthetic_files_at_random() -> None:
    names = sorted(SYNTHETIC.keys() - HEADERLESS - LENGTHLESS)
    for seed in range(200):
        chance = random.Random(seed)
        chosen = [SYNTHETIC[chance.choice(names)] for _ in range(chance.randint(2, 6))]
        assert files(b"".join(data + chance.choice(SEPARATORS) for data in chosen)) == chosen, seed


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


# What programs write to a pipe

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


# Any bytes


@st.composite
def mixtures(draw: st.DrawFn) -> bytes:
    """Files, damaged, with bytes of any kind between them."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        data = bytearray(draw(st.sampled_from(sorted(SYNTHETIC.values()))))
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(data)))
            data[at : at + draw(st.integers(0, 300))] = draw(st.binary(max_size=12))
        between = st.sampled_from((*SEPARATORS, b"\x1c\x1c", b"text " * 20)) | st.binary(max_size=40)
        parts += [bytes(data), draw(between)]
    return b"".join(parts)


def cuts(data: bytes, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    most = chance.choice((1, 5, 50, 3000))
    while data:
        size = chance.randint(1, most)
        yield data[:size]
        data = data[size:]


@settings(max_examples=100, deadline=None)
@given(mixtures() | st.binary(max_size=300), st.integers(0, 1000))
def test_nothing_is_lost_and_cutting_the_input_changes_nothing(data: bytes, seed: int) -> None:
    starts: list[int] = []
    parts = split(data, starts=starts)
    assert split(data, cuts(data, seed)) == parts
    reached = -1
    for start, (_, extent, part) in zip(starts, parts, strict=True):
        assert data.startswith(part, start) and extent in ("exact", "next-file", "separator", "end-of-input")
        between = data[max(reached, 0) : start]
        assert start <= reached or between in (*SEPARATORS, b"\n")  # what was cut short may hold others, and an FS
        reached = max(reached, start + len(part))
    assert data[reached:] in SEPARATORS and starts == sorted(set(starts))


@settings(max_examples=60, deadline=None)
@given(mixtures(), st.sampled_from(["wav", "flac", "ogg", "mp3 xing"]))
def test_what_comes_before_is_whole(data: bytes, name: str) -> None:
    assert files(SYNTHETIC[name] + b"\x1c" + data)[0] == SYNTHETIC[name]
