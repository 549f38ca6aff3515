"""Sound that needs no decoder: where WAV, W64, AIFF and AU files keep their samples, and how these become float32.

No I/O: `layout` looks at the beginning of a file and says what it found, or how much more it must see.

Sources: RIFF/WAVE with RIFX and WAVE_FORMAT_EXTENSIBLE (Microsoft), RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088), W64
(Sonic Foundry), AIFF and AIFF-C (Apple), AU (Sun), A-law and µ-law (ITU-T G.711). Encodings carry libsndfile's names,
and samples get the values that libsndfile gives them.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CHANNELS = 1024
MAX_RATE = 10_000_000  # Hz
MAX_CHUNKS = 256  # before the samples

W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")  # GUIDs
W64_WAVE = bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")

WIDTHS = {"FLOAT": 4, "DOUBLE": 8, "ULAW": 1, "ALAW": 1, "PCM_U8": 1, "PCM_S8": 1}


class More(Exception):
    """To go on, `layout` must see the first `size` bytes of the file."""

    def __init__(self, size: int):
        self.size = size
        super().__init__(size)


class Layout(NamedTuple):
    """How a file keeps its samples, and where."""

    format: str  # "wav", "w64", "aiff", "au", "raw"
    encoding: str  # "PCM_16", "PCM_U8", "FLOAT", "ULAW" …
    sample_rate: int  # Hz
    channels: int
    order: str = "<"  # of the bytes: "<" little-endian, ">" big-endian
    stride: int = 0  # bytes from one sample to the next; 0: its width
    start: int = 0  # byte of the file at which they start
    size: int | None = None  # bytes of all samples; None: to the end of the file
    mask: int = 0  # a bit for each speaker position of its channels (WAVE_FORMAT_EXTENSIBLE); 0 if not given

    @property
    def width(self) -> int:
        """Bytes that a sample takes."""
        return WIDTHS.get(self.encoding) or int(self.encoding.removeprefix("PCM_")) // 8

    @property
    def frame(self) -> int:
        """Bytes from one sample of all channels to the next."""
        return (self.stride or self.width) * self.channels

    def samples(self, data: bytes | memoryview) -> NDArray[np.float32]:
        """Whole frames of the file as float32, full scale 1, shape (n, channels). May share memory with `data`."""
        import numpy as np

        width, kind, order = self.width, self.encoding, self.order
        shape = (len(data) // self.frame, self.channels)
        strides = (self.frame, self.frame // self.channels)
        samples: NDArray[np.float32]
        if kind in ("ULAW", "ALAW"):
            samples = law(kind)[np.ndarray(shape, np.uint8, data)]
        elif kind in ("FLOAT", "DOUBLE"):
            with np.errstate(over="ignore"):
                samples = np.ndarray(shape, f"{order}f{width}", data).astype("<f4", copy=False)
        elif kind == "PCM_U8":
            samples = np.subtract(np.ndarray(shape, np.uint8, data), 128, dtype=np.float32)
            samples *= np.float32(2**-7)
        elif width <= 2:
            numbers = np.ndarray(shape, f"{order}i{width}", data)
            samples = np.multiply(numbers, np.float32(2.0 ** (1 - 8 * width)), dtype=np.float32)
        else:
            # The four highest bytes of each sample. If it has three, a neighbour's byte comes in, and is masked out.
            pad = bytes(max(0, 4 - width))
            data = (pad + data if order == "<" else bytes(data) + pad) if pad else data
            offset = max(0, width - 4) if order == "<" else 0
            numbers = np.ndarray(shape, f"{order}i4", data, offset, strides)
            if pad:
                numbers = numbers & ~0xFF
            samples = np.multiply(numbers, np.float32(2**-31), dtype=np.float32, casting="same_kind")
        return samples


@cache
def law(name: str) -> NDArray[np.float32]:
    """The values of the 256 codes of A-law or µ-law (G.711), full scale 1."""
    import numpy as np

    if name == "ULAW":
        code = ~np.arange(256) & 0xFF
        size = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
        size = np.where(code & 128, -size, size)
    else:
        code = np.arange(256) ^ 0x55
        segment = code >> 4 & 7
        size = np.where(segment, ((code & 15) << 4) + 264 << np.maximum(segment - 1, 0), ((code & 15) << 4) + 8)
        size = np.where(code & 128, size, -size)
    return (size / 32768).astype(np.float32)


RAW = {
    "s8": ("PCM_S8", "<"), "u8": ("PCM_U8", "<"),
    "s16le": ("PCM_16", "<"), "s16be": ("PCM_16", ">"), "s24le": ("PCM_24", "<"), "s24be": ("PCM_24", ">"),
    "s32le": ("PCM_32", "<"), "s32be": ("PCM_32", ">"), "f32le": ("FLOAT", "<"), "f32be": ("FLOAT", ">"),
    "f64le": ("DOUBLE", "<"), "f64be": ("DOUBLE", ">"), "mulaw": ("ULAW", "<"), "alaw": ("ALAW", "<"),
}  # fmt: skip


def raw(name: str, sample_rate: int, channels: int) -> Layout:
    """Samples without a header, `name` one of RAW."""
    encoding, order = RAW[name]
    return Layout("raw", encoding, sample_rate, channels, order)


def layout(head: bytes) -> Layout | None:
    """What a file that starts with `head` holds; None if it is none of these, or needs a decoder after all.

    Raises More if `head` does not yet reach the first sample.
    """
    _see(head, 12)
    found = None
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        found = _wav(head)
    elif W64.startswith(head[:12]):
        found = _w64(head)
    elif head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        found = _aiff(head)
    elif head[:4] in (b".snd", b"dns."):
        found = _au(head)
    if found and 1 <= found.channels <= MAX_CHANNELS and 1 <= found.sample_rate <= MAX_RATE:
        return found
    return None


def _see(head: bytes, size: int) -> None:
    if len(head) < size:
        raise More(size)


def _placeholder(size: int) -> bool:
    """Is this what programs write if they can't know a size: about 2 GiB or 4 GiB?"""
    return 0x7F000000 <= size <= 0x80010000 or size >= 0xFFFF0000


def _integer(bits: int, byte: str) -> str | None:
    """The encoding of linear samples of so many bits; `byte` is the encoding of single bytes."""
    width = (bits + 7) // 8
    return byte if width == 1 else f"PCM_{8 * width}" if 1 < width <= 8 else None


def _wav(head: bytes) -> Layout | None:
    order = ">" if head[:4] == b"RIFX" else "<"
    found, long = None, 0  # the layout of the first fmt chunk; the size of the samples, by ds64
    at = 12
    for _ in range(MAX_CHUNKS):
        _see(head, at + 8)
        size = struct.unpack_from(order + "I", head, at + 4)[0]
        name, body = head[at : at + 4], at + 8
        if name == b"data":
            break
        if name == b"fmt " and not found:
            _see(head, body + min(size, 40))
            found = _fmt(head[body : body + size], order)
            if not found:
                return None
        elif name == b"ds64" and size >= 16:
            _see(head, body + 16)
            long = struct.unpack_from("<Q", head, body + 8)[0]
        at = body + size
        if size % 2:
            _see(head, at + 1)
            at += head[at] == 0  # the pad byte, which some writers leave out
    else:
        return None
    if not found:
        return None
    whole = struct.unpack_from(order + "I", head, 4)[0]
    if head[:4] in (b"RF64", b"BW64") and size == 0xFFFFFFFF:
        known: int | None = long or None
    elif _placeholder(size) or (size == 0 and (whole in (0, at) or _placeholder(whole))):
        known = None  # a recorder writes 0 at first: the file then ends here, or has no size either
    else:
        known = size
    return found._replace(start=body, size=known)


def _w64(head: bytes) -> Layout | None:
    _see(head, 40)
    if head[:16] != W64 or head[24:40] != W64_WAVE:
        return None
    found = None
    at = 40
    for _ in range(MAX_CHUNKS):
        _see(head, at + 24)
        name, size = struct.unpack_from("<4s12xQ", head, at)  # the size counts these 24 bytes
        if name == b"data":
            unknown = size < 24 or size >= 1 << 62
            return found and found._replace(format="w64", start=at + 24, size=None if unknown else size - 24)
        if name == b"fmt ":
            _see(head, at + min(size, 64))
            found = _fmt(head[at + 24 : at + size], "<")
        at += max(24, size + 7 & ~7)
    return None


def _fmt(chunk: bytes, order: str) -> Layout | None:
    """The layout in a fmt chunk; None if it needs a decoder."""
    if len(chunk) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack_from(order + "HHIIHH", chunk)
    mask = 0
    if tag == 0xFFFE and len(chunk) >= 40:
        mask, tag = struct.unpack_from(order + "IH", chunk, 20)
    encoding = {
        1: _integer(bits, "PCM_U8"), 3: {32: "FLOAT", 64: "DOUBLE"}.get(bits), 6: "ALAW", 7: "ULAW"
    }.get(tag)  # fmt: skip
    stride = 4 if encoding == "PCM_24" and align == 4 * channels else 0
    return Layout("wav", encoding, rate, channels, order, stride, mask=mask) if encoding else None


def _aiff(head: bytes) -> Layout | None:
    found = None
    at = 12
    for _ in range(MAX_CHUNKS):
        _see(head, at + 8)
        name, size = struct.unpack_from(">4sI", head, at)
        body = at + 8
        if name == b"SSND":
            break
        if name == b"COMM":
            _see(head, body + min(size, 22))
            found = _comm(head[body : body + size])
        at = body + size
        if size % 2:
            _see(head, at + 1)
            at += head[at] == 0
    else:
        return None
    if not found:
        return None
    _see(head, body + 8)
    offset = struct.unpack_from(">I", head, body)[0]
    whole = struct.unpack_from(">I", head, 4)[0]
    unknown = _placeholder(size) or (size < 8 and whole == 0)
    return found._replace(start=body + 8 + offset, size=None if unknown else max(0, size - 8 - offset))


def _comm(chunk: bytes) -> Layout | None:
    """The layout in a COMM chunk; None if it needs a decoder."""
    if len(chunk) < 18:
        return None
    channels, _, bits, exponent, mantissa = struct.unpack_from(">HIHHQ", chunk)
    shift = 16383 + 63 - exponent  # an 80-bit float; rates from 1 Hz to 2 GHz are accepted
    rate = mantissa >> shift if 32 < shift < 64 else 0
    kind = chunk[18:22].lower() or b"none"
    encoding = {
        b"none": _integer(bits, "PCM_S8"), b"twos": _integer(bits, "PCM_S8"), b"sowt": _integer(bits, "PCM_S8"),
        b"raw ": "PCM_U8", b"in24": "PCM_24", b"42n1": "PCM_24", b"in32": "PCM_32", b"23ni": "PCM_32",
        b"fl32": "FLOAT", b"fl64": "DOUBLE", b"ulaw": "ULAW", b"alaw": "ALAW",
    }.get(kind)  # fmt: skip
    order = "<" if kind in (b"sowt", b"42n1", b"23ni") else ">"
    return Layout("aiff", encoding, rate, channels, order) if encoding else None


def _au(head: bytes) -> Layout | None:
    _see(head, 24)
    order = ">" if head[:4] == b".snd" else "<"
    start, size, code, rate, channels = struct.unpack_from(order + "5I", head, 4)
    encoding = {
        1: "ULAW", 2: "PCM_S8", 3: "PCM_16", 4: "PCM_24", 5: "PCM_32", 6: "FLOAT", 7: "DOUBLE", 27: "ALAW"
    }.get(code)  # fmt: skip
    if not encoding or start < 24:
        return None
    return Layout("au", encoding, rate, channels, order, 0, start, None if size == 0 or _placeholder(size) else size)
