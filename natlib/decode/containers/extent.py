"""Does a whole file end where it says that it does? For formats whose decoders don't report that.

RIFF, RIFX and AVI (Microsoft), IFF (Electronic Arts), CAF (Apple), W64 (Sonic Foundry), Creative Voice, NIST SPHERE,
AVR, Psion, IRCAM, PAF, SoX, DSF (Sony), DSDIFF (Philips), Flash Video (Adobe), MPEG transport streams, MP4 and its kin
(ISO/IEC 14496-12).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

CHUNKS = 100_000  # looked at, at most
TAGS = 1 << 22  # of Flash Video, looked at, at most: there are some forty a second
PLACEHOLDER = 0x7F000000  # bytes: from here up, a 32-bit size is only what a writer put that could not know it
PACKET = 188  # bytes of a transport stream's packet


def cut(file: BinaryIO) -> str:
    """What is missing at the end of a file, in words; "" if nothing is, or if that can't be known."""
    fd, size = file.fileno(), os.fstat(file.fileno()).st_size

    def read(at: int, count: int) -> bytes:
        return os.pread(fd, count, at)

    head = read(0, 64)
    for pattern, check in FORMATS:
        if pattern.match(head):
            try:
                return check(read, size)
            except struct.error:  # the header itself is not whole
                return ""
    return ""


Read = Callable[[int, int], bytes]


def missing(what: str, have: int, of: int) -> str:
    """The message for a part that is not all there; "" if it is."""
    return f"cut off: {what} has {max(0, have)} of {of} bytes" if have < of else ""


class Part(NamedTuple):
    """A part of a file: its name, the bytes of its head, those of its body, and those of its body with padding."""

    what: str
    head: int
    body: int
    padded: int


def walk(size: int, at: int, part: Callable[[int], Part | None], most: int = CHUNKS) -> str:
    """Go through the parts from `at` on, while `part` finds one. Returns what the first that is not whole lacks."""
    for _ in range(most):
        found = part(at) if at < size else None
        if not found:
            break
        at += found.head
        if said := missing(found.what, size - at, found.body):
            return said
        at += found.padded
    return ""


def chunks(read: Read, size: int, start: int, head: str, pad: int, counted: int = 0) -> str:
    """Walk chunks with a name and a size, padded to multiples of `pad`; sizes include `counted` bytes of the head."""
    width = struct.calcsize(head)
    limit = PLACEHOLDER if width == 8 else 1 << 62

    def chunk(at: int) -> Part | None:
        if at + width > size:
            return None
        name, length = struct.unpack(head, read(at, width))
        length -= counted
        what = f"its {name.decode('latin-1').strip()} chunk"
        return Part(what, width, length, -(-length // pad) * pad) if 0 <= length < limit else None

    return walk(size, start, chunk)


def riff(order: str) -> Callable[[Read, int], str]:
    return lambda read, size: chunks(read, size, 12, order + "4sI", 2)


def caf(read: Read, size: int) -> str:
    return chunks(read, size, 8, ">4sq", 1)


def dsdiff(read: Read, size: int) -> str:
    return chunks(read, size, 16, ">4sQ", 2)


def w64(read: Read, size: int) -> str:
    return chunks(read, size, 40, "<4s12xQ", 8, 24)


def mp4(read: Read, size: int) -> str:
    def box(at: int) -> Part | None:
        if at + 8 > size:
            return None
        length, name = struct.unpack(">I4s", read(at, 8))
        if length == 1:
            (length,) = struct.unpack(">Q", read(at + 8, 8))
        return Part(f"its {name.decode('latin-1')} box", 0, length, length) if length >= 8 else None  # 0: to the end

    return walk(size, 0, box)


def voc(read: Read, size: int) -> str:
    def block(at: int) -> Part | None:
        head = read(at, 4)
        length = int.from_bytes(head[1:], "little")
        return Part("a block", 4, length, length) if len(head) == 4 and head[0] else None

    return walk(size, struct.unpack("<H", read(20, 2))[0], block)


def flv(read: Read, size: int) -> str:
    def tag(at: int) -> Part:
        length = 11 + int.from_bytes(read(at, 11)[1:4], "big") + 4
        return Part("its last tag", 0, length, length)

    return walk(size, 13, tag, TAGS)


def sphere(read: Read, size: int) -> str:
    text = read(0, 1024).decode("latin-1")
    fields = dict(re.findall(r"(\w+) -i (\d+)", text))
    head = re.match(r"NIST_1A\s+(\d+)", text)
    names = ("sample_count", "channel_count", "sample_n_bytes")
    if (
        not head
        or not fields.keys() >= {*names}
        or re.search(r"sample_coding -s\d+ \S*(?:shorten|wavpack|shortpack)", text)
    ):
        return ""
    length = int(fields[names[0]]) * int(fields[names[1]]) * int(fields[names[2]])
    return missing("its sound", size - int(head[1]), length)


def avr(read: Read, size: int) -> str:
    mono, bits, count = struct.unpack(">HH10xI", read(12, 18))
    return missing("its sound", size - 128, count * (bits // 8) * (2 if mono else 1)) if bits in (8, 16) else ""


def psion(read: Read, size: int) -> str:
    (length,) = struct.unpack(">I", read(18, 4))
    return missing("its sound", size - 32, length)


def sox(order: str) -> Callable[[Read, int], str]:
    def check(read: Read, size: int) -> str:
        head, samples = struct.unpack(order + "4xIQ", read(0, 16))
        return missing("its sound", size - 4 - head, 4 * samples) if samples < 1 << 60 else ""

    return check


def dsf(read: Read, size: int) -> str:
    (length,) = struct.unpack("<Q", read(12, 8))
    return missing("the file", size, length)


def whole(start: int, unit: Callable[[Read], int]) -> Callable[[Read, int], str]:
    """For a format without a length: does it end with a whole unit?"""

    def check(read: Read, size: int) -> str:
        width = unit(read)
        rest = (size - start) % width if width and size > start else 0
        return missing("its last sample" if width != PACKET else "its last packet", rest, width) if rest else ""

    return check


def ircam(read: Read) -> int:
    magic = read(0, 4)
    order = "<" if magic[:1] == b"\x64" else ">"
    channels, encoding = struct.unpack(order + "II", read(8, 8))
    return channels * {1: 1, 2: 2, 4: 4}.get(encoding & 0xFFFF, 0) if 0 < channels <= 1024 else 0


def paf(read: Read) -> int:
    """16 or 8 bits a sample, or ten samples of 24 bits in 32 bytes."""
    order = ">" if read(0, 4) == b" paf" else "<"
    form, channels = struct.unpack(order + "II", read(16, 8))
    return channels * {0: 2, 1: 32, 2: 1}.get(form, 0) if 0 < channels <= 1024 else 0


FORMATS: tuple[tuple[re.Pattern[bytes], Callable[[Read, int], str]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), check)
    for pattern, check in (
        (rb"RIFF", riff("<")),
        (rb"RIFX|FORM....(?:AIF[FC]|8SVX|16SV)", riff(">")),
        (rb"caff", caf),
        (rb"FRM8", dsdiff),
        (rb"riff\x2e\x91\xcf\x11", w64),
        (rb"....(?:ftyp|moov|mdat|wide|free|skip|styp|moof)", mp4),
        (rb"Creative Voice File\x1a", voc),
        (rb"NIST_1A", sphere),
        (rb"2BIT", avr),
        (rb"ALawSoundFile\*\*", psion),
        (rb"\.SoX", sox("<")),
        (rb"XoS\.", sox(">")),
        (rb"DSD ", dsf),
        (rb"FLV\x01", flv),
        (rb"\x64\xa3[\x01-\x04]\0|\0[\x01-\x04]\xa3\x64", whole(1024, ircam)),
        (rb" paf|fap ", whole(2048, paf)),
        (rb"G.{62}", whole(0, lambda read: PACKET if read(PACKET, 1) == b"G" else 0)),
    )
)
