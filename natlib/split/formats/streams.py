"""Other frames and packets: AAC in ADTS, AC-3, DTS, WavPack, MPEG transport streams."""

from __future__ import annotations

from functools import partial

from ..window import Window
from .frames import Frame, Opening, chain, frame_by_frame
from .integers import little


def adts_frame(window: Window, at: int) -> Frame | None:
    """AAC in ADTS frames (ISO 13818-7, 6.2)."""
    head = window.peek(7, at)
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return None
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return Frame(size, (head[1], head[2], head[3] >> 4)) if size > 8 else None


def ac3_frame(window: Window, at: int) -> Frame | None:
    """AC-3 and E-AC-3 (ATSC A/52, 5.3 and E.1.2)."""
    head = window.peek(6, at)
    if len(head) < 6 or head[:2] != b"\x0b\x77" or head[5] >> 3 > 16:
        return None
    rate, code = head[4] >> 6, head[4] & 63
    if head[5] >> 3 > 10:
        return Frame(2 * ((head[2] & 7) << 8 | head[3]) + 2, ("enhanced", rate))
    if rate == 3 or code > 37:
        return None
    kbits = AC3_KBITS[code >> 1]
    return Frame((4 * kbits, 2 * (320 * kbits // 147 + code % 2), 6 * kbits)[rate], (rate, head[5] >> 3))


AC3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def dts_frame(window: Window, at: int) -> Frame | None:
    """DTS in words of 16 bits, big-endian (ETSI TS 102 114, 5.3)."""
    head = window.peek(9, at)
    if len(head) < 9 or head[:4] != b"\x7f\xfe\x80\x01":
        return None
    return Frame(((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1, ("dts", head[8] >> 2 & 15))


def wavpack_block(window: Window, at: int) -> Frame | None:
    """WavPack."""
    head = window.peek(8, at)
    size = little(head[4:])
    return Frame(8 + size, "wavpack") if head[:4] == b"wvpk" and 24 <= size <= 1 << 20 else None


def wavpack_opening(window: Window, at: int) -> Opening | None:
    """The block that starts at sample 0."""
    head = window.peek(32, at)
    return (0, 0) if len(head) == 32 and head[16:20] == bytes(4) != head[20:24] and head[25] & 8 else None


wavpack = partial(frame_by_frame, parse=wavpack_block, opening=wavpack_opening)


def mpegts_packet(window: Window, at: int) -> Frame | None:
    """MPEG transport stream: packets of 188 bytes (ISO 13818-1)."""
    return Frame(188, "packet") if window.peek(1, at) == b"G" else None


def mpegts_cut(window: Window, at: int) -> bool:
    """Packets from the midst of a stream, and not samples of which every so manieth byte is the same."""
    return window.peek(188, at).count(b"G") < 20 and chain(window, at, mpegts_packet)
