"""What the tests of nat-split share: a small file of each format, and the files that a stream is cut into."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable

from helpers import noise, tone, wav

from natlib.split.boundaries import separator
from natlib.split.table import SIGNATURES, find_end, identify
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
ALIEN = bytes(range(250, 30, -1))  # what comes next and is no known file
HEADERLESS = {"mp3 bare", "mp3 free", "mp2", "aac", "ac3", "dts", "mpegts"}
LENGTHLESS = {"wav without a length", "au without a length", "caf without a length", "ircam"}
NOT_SEARCHED = {"quicktime"}  # known only where a file starts anyway
