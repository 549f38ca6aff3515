"""What the tests of nat-decode share: files of every format, and what comes out of them."""

from __future__ import annotations

import hashlib
import io
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from helpers import noise, records, sh, stream, tone

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


def encoded(sound: bytes, options: str, name: str) -> bytes:
    """A file that ffmpeg writes."""
    folder = Path(sh("mktemp -d").stdout.decode().strip())
    try:
        (folder / "in.wav").write_bytes(sound)
        sh(f"ffmpeg -v error -i in.wav {options} {name}", cwd=folder)
        return (folder / name).read_bytes()
    finally:
        shutil.rmtree(folder)
