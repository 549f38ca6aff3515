"""The measures of a sound as nat-pack gets them, through the real pipe; they are kept, with the truth, NAME.npz."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from natlib import wire
from natlib.network import EAR
from natlib.pack.measures import Table
from natlib.quantize import command as quantize

from ..music.hear import ROOT, pipe
from ..music.pieces import Truth

Array = np.ndarray[Any, Any]


class Measured(NamedTuple):
    """A sound: its measures, and its truth."""

    table: Table
    rate: float  # rows a second
    rows: Array  # in units, NaN for what is absent
    truth: Truth


def ear() -> str:
    """Says which built-in ear hears: what another one measured is of no use."""
    files = [EAR, *sorted((ROOT / "natlib/embed").rglob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def measures(stream: bytes) -> tuple[float, list[wire.Head], Array]:
    """Rows a second, the measures, and their rows on the grid, int16, of a stream of features."""
    reader, blocks, head = wire.Reader(), [], wire.Head()
    for record in reader.feed(stream):
        if record.event == "header":
            head = record.head
        elif record.event == "error":
            raise ValueError(f"{record.head['stage']}: {record.head['message']}")
        blocks.append(record.payload)
    reader.finish()
    wide = sum(each["width"] for each in head["streams"])
    rows = np.frombuffer(b"".join(blocks), "<f4").reshape(-1, wide + len(head["measures"]))
    return head["frame_rate"], head["measures"], quantize.measures(rows[:, wide:]).view("<i2")


def keep(file: Path, samples: Array, rate: int, truth: Truth, source: str) -> None:
    """Measure samples, (n,) or (n, channels)."""
    with tempfile.TemporaryDirectory() as name:
        wav, features = Path(name, "sound.wav"), Path(name, "features")
        soundfile.write(wav, np.clip(samples, -1, 1), rate, subtype="PCM_16")
        pipe('nat-split "$1" | nat-decode | nat-embed > "$2"', wav, features)
        frames, told, rows = measures(features.read_bytes())
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        texts = {"measures": json.dumps(told), "truth": json.dumps(truth), "source": source}
        np.savez_compressed(out, rows=rows, rate=frames, **{key: np.array(text) for key, text in texts.items()})
    os.replace(part, file)


def kept(file: Path, source: str) -> bool:
    """Is a file there, from this source?"""
    if not file.exists():
        return False
    with np.load(file) as stored:
        return str(stored["source"]) == source


def measured(file: Path) -> Measured:
    """What is kept."""
    with np.load(file) as stored:
        table = Table(json.loads(str(stored["measures"])))
        rows = table.rows(stored["rows"])
        return Measured(table, float(stored["rate"]), rows, json.loads(str(stored["truth"])))
