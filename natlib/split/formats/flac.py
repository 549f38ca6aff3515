"""FLAC: frames that don't say how long they are (RFC 9639)."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..boundaries import over, search
from ..trust import lost
from ..window import Window
from .integers import big
from .tags import tags


class FlacFrame(NamedTuple):
    """What the header of a FLAC frame says."""

    number: int  # of the frame, or (variable block size) of its first sample
    following: int  # the number that the next frame has
    block: int  # samples per channel
    channels: int  # as coded: from 8 on, one of the two is a difference
    depth: int  # bits of a sample; 0: see STREAMINFO
    size: int  # bytes of this header

    def limit(self, depth: int) -> int:
        """More bytes than the frame can have."""
        return 64 + self.block * (self.channels % 8 + 2) * (depth + 1) // 8


def flac(window: Window) -> str:
    """FLAC (RFC 9639). The number identifies the next frame; the last one is read through to find its end."""
    depth = total = done = 0
    if window.peek(4) == b"fLaC":
        window.take(4)
        last = False
        while not last and not flac_header(window, 0):
            head = window.peek(22)
            last = head[:1] >= b"\x80"
            if len(head) == 22 and head[0] & 0x7F == 0:
                depth = ((head[16] & 1) << 4 | head[17] >> 4) + 1
                total = big(head[17:22]) & 0xFFFFFFFFF
            size = 4 + big(head[1:4])
            if not (flac_header(window, size) if last else FLAC_BLOCK.match(window.peek(1, size))):
                return search(window)  # the length of this block leads to no other block
            window.take(size)
    expected = None
    while True:
        while (frame := flac_header(window, 0)) and expected in (None, frame.number):
            expected = frame.following
            done += frame.block
            bits = frame.depth or depth or 32
            size = flac_next(window, 0, frame, bits) if not total or done < total else 0
            if not size and not (size := flac_size(window.peek(frame.limit(bits)), frame, bits)):
                return search(window)
            window.take(size)
        if expected is None:
            return search(window)
        tags(window)
        if 0 < total <= done or over(window):
            return "exact"
        if extent := lost(window, 0, b"\xff", lambda window, at: flac_header(window, at) is not None):
            return extent
        expected = None


def flac_header(window: Window, at: int) -> FlacFrame | None:
    """The header ahead, if its checksum is right (RFC 9639, 9.1)."""
    head = window.peek(16, at)
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xFE != 0xF8:
        return None
    block, rate, channels, depth = head[2] >> 4, head[2] & 15, head[3] >> 4, head[3] >> 1 & 7
    if block == 0 or rate == 15 or channels > 10 or depth == 3 or 0x80 <= head[4] < 0xC0 or head[4] == 0xFF:
        return None
    ones = 8 - (head[4] ^ 0xFF).bit_length()  # the number is coded like UTF-8, in up to 36 bits
    number = head[4] & (0xFF >> ones + 1)
    at = 4 + (ones or 1)
    for byte in head[5:at]:
        number = number << 6 | byte & 0x3F
    extra = block - 5 if 5 < block < 8 else 0
    samples = big(head[at : at + extra]) + 1 if extra else FLAC_BLOCKS[block]
    at += extra + (rate == 12) + 2 * (rate in (13, 14))
    if crc(head[:at], CRC8, 8) != big(head[at : at + 1] or b"\1\0"):
        return None
    following = number + (samples if head[1] & 1 else 1)
    return FlacFrame(number, following, samples, channels, (0, 8, 12, 0, 16, 20, 24, 32)[depth], at + 1)


FLAC_BLOCKS = (0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)


def crc_table(width: int, polynomial: int) -> list[int]:
    table = list(range(0, 256 << width - 8, 1 << width - 8))
    for _ in range(8):
        table = [value << 1 ^ (polynomial | 1 << width if value >> width - 1 else 0) for value in table]
    return table


CRC8, CRC16 = crc_table(8, 0x07), crc_table(16, 0x8005)


def crc(data: bytes, table: list[int], width: int) -> int:
    """The checksum of `data`; 0 if `data` ends with its own checksum."""
    value = 0
    for byte in data:
        value = table[value >> width - 8 ^ byte] ^ (value << 8 & 0xFF00 if width > 8 else 0)
    return value


def flac_next(window: Window, at: int, frame: FlacFrame, depth: int) -> int:
    """How far ahead the frame after the one at `at` starts; 0 if there is none, or only in another file."""
    start, limit = at, at + frame.limit(depth)
    others = 0
    while (at := window.find(FLAC_SYNC, 2, at + 1, limit)) < limit and others < 8:
        following = flac_header(window, at)
        if following and following.number == frame.following:
            return 0 if b"fLaC" in window.peek(at - start, start) else at
        others += following is not None  # several in one frame are no coincidence
    return 0


FLAC_BLOCK = re.compile(rb"[\1-\6\x81-\x86]")  # the types of metadata after the first
FLAC_SYNC = re.compile(rb"\xff[\xf8\xf9]")


def flac_size(data: bytes, frame: FlacFrame, depth: int) -> int:
    """The size of the frame at the start of `data`, read through bit by bit (RFC 9639, 9.2); 0 if it is damaged."""
    bits = bin(big(b"\1" + data.partition(b"fLaC")[0]))[3:]
    at = 8 * frame.size
    try:
        for channel in range(frame.channels + 1 if frame.channels < 8 else 2):
            width = depth + ((frame.channels, channel) in ((8, 1), (9, 0), (10, 1)))  # a difference has one bit more
            kind, wasted = int(bits[at + 1 : at + 7], 2), bits[at + 7] == "1"
            at += 8
            if wasted:
                unary = bits.index("1", at) - at + 1
                width -= unary
                at += unary
            if kind < 2:  # constant, verbatim
                at += width * (frame.block if kind else 1)
                continue
            order = kind - 31 if kind > 31 else kind - 8  # linear, fixed
            if not 0 <= order <= (32 if kind > 31 else 4):
                return 0
            at += width * order
            if kind > 31:
                at += 9 + order * (int(bits[at : at + 4], 2) + 1)
            width = 5 if bits[at + 1] == "1" else 4  # of a Rice parameter
            partitions = 1 << int(bits[at + 2 : at + 6], 2)
            at += 6
            for partition in range(partitions):
                count = frame.block // partitions - (0 if partition else order)
                low = int(bits[at : at + width], 2)
                at += width
                if low == (1 << width) - 1:  # not coded
                    at += 5 + count * int(bits[at : at + 5], 2)
                else:
                    for _ in range(count):
                        at = bits.index("1", at) + 1 + low
    except (ValueError, IndexError):  # the data ends here
        return 0
    size = (at + 7) // 8 + 2
    return size if size <= len(data) and crc(data[:size], CRC16, 16) == 0 else 0


def flac_chain(window: Window, at: int) -> bool:
    """Do frames start here with nothing before them, as a recorder of a stream writes them?"""
    frame = flac_header(window, at)
    return frame is not None and flac_next(window, at, frame, frame.depth or 32) > 0
