"""Token streams with measures, and what is made of them: helpers of these tests."""

from __future__ import annotations

import numpy as np
import orjson
from helpers import sh, stream, wav

from natlib.pack.events import Detector, described
from natlib.pack.measures import ABSENT, Table
from natlib.pack.scenes import Scenes
from natlib.pack.summary.line import Summary
from natlib.wire import Head

LAYERS = [
    {"name": f"{s}{i}", "type": t, "vocab": 128} for s, t in (("S", "semantic"), ("A", "acoustic")) for i in range(4)
]
NAMES = {
    "level": 0.1,
    "above_background": 0.1,
    "band_0": 0.1,
    "band_1": 0.1,
    "centroid": 1,
    "tonality": 0.01,
    "pitch": 0.2,
    "salience": 0.01,
    "onset_strength": 0.1,
    "onset_time": 1,
    "modulation_0": 0.1,
    "modulation_1": 0.1,
    "pulse": 0.1,
    "pulse_clarity": 0.01,
    "tuning": 1,
    "grain": 0.1,
    "vibrato_rate": 0.1,
    "vibrato_extent": 1,
    "glide": 0.1,
    "tilt": 0.1,
    **{f"chroma_{i}": 0.01 for i in range(12)},
    **{f"{kind}_chroma_{i}": 0.01 for kind in ("treble", "bass") for i in range(12)},
    "bass": 0.01,
    "top": 0.01,
    "harmonicity": 0.1,
    "peak_0": 1,
    "periodicity": 0.01,
    "f0": 1,
    "clicks": 1,
    "am_rate": 0.1,
    "am_depth": 0.1,
    "attack_time": 1,
    **{f"onset_strength_{i}": 0.1 for i in range(2)},
    **{f"spectrum_{i}": 0.1 for i in range(2)},
    **{f"harmonic_{i}": 0.1 for i in range(1, 3)},
}
RANGES = {
    "band_": [(100, 1000)] * 2,
    "onset_strength_": [(40, 400), (4000, 16000)],
    "spectrum_": [(100, 300), (300, 1000)],
}
MEASURES = [
    {"name": name, "unit": "", "step": step}
    | next((dict(zip(("low", "high"), RANGES[kind][int(name[-1])], strict=True)) for kind in RANGES
            if name.startswith(kind) and name[-1].isdigit()), {})
    for name, step in NAMES.items()
]  # fmt: skip


def walk(frames: int, layers: int = 8, seed: int = 1) -> np.ndarray:
    """Codes that change now and then, as real ones do."""
    rng = np.random.default_rng(seed)
    moves = rng.integers(-3, 4, (frames, layers)) * (rng.random((frames, layers)) < 0.3)
    return np.clip(64 + moves.cumsum(0), 0, 127)


def lines(ndjson: bytes) -> list[Head]:
    return [orjson.loads(line) for line in ndjson.splitlines()]


def heard(sound: np.ndarray) -> list[Head]:
    """What the whole pipe says of mono samples, line by line."""
    return lines(sh("nat-split | nat-decode | nat-embed | nat-quantize | nat-pack", wav(sound)).stdout)


def summary(found: list[Head]) -> Head:
    """The summary among the lines of an item."""
    return next(line for line in found if line.get("event") == "summary")


def row(**values: float) -> list[int]:
    """A frame's measures on their grid; those not given are absent."""
    return [round(values[name] / step) if name in values else ABSENT for name, step in NAMES.items()]


def tokens(measured: list[list[int]], codes: np.ndarray | None = None, notes: tuple[Head, ...] = ()) -> bytes:
    """A token stream with measures."""
    codes = walk(len(measured)) if codes is None else codes
    rows = np.concatenate([codes.astype("<u2"), np.array(measured, dtype="<i2").view("<u2")], axis=1)
    header = {"event": "header", "kind": "tokens", "name": "a", "frame_rate": 12.5, "block": 8, "layers": LAYERS}
    blocks = [({"event": "data"}, rows[first : first + 8].tobytes()) for first in range(0, len(rows), 8)]
    end = {"event": "end", "frames": len(rows)}
    return stream({**header, "measures": MEASURES}, *notes, *blocks, end, {"event": "close"})


def coded(codes: np.ndarray, rate: float = 12.5, block: int = 8, end: Head | None = None) -> bytes:
    """A token stream without measures, of one item, from codes of the shape (frames, layers)."""
    layers = [{**LAYERS[j % 8], "name": LAYERS[j]["name"] if j < 8 else f"X{j}"} for j in range(codes.shape[1])]
    header = {
        "event": "header",
        "kind": "tokens",
        "name": "a.wav",
        "frame_rate": rate,
        "block": block,
        "layers": layers,
    }
    blocks = [
        ({"event": "data"}, codes[first : first + block].astype("<u2").tobytes())
        for first in range(0, len(codes), block)
    ]
    return stream(header, *blocks, end or {"event": "end", "frames": len(codes)}, {"event": "close"})


def scenes_of(measured: list[list[int]], length: int) -> list[Head]:
    """The fields of the scenes of frames, so many frames each."""
    table = Table(MEASURES)
    return [*Scenes(table, length).feed(table.rows(np.array(measured)))]


def sounds_of(*parts: list[list[int]]) -> list[tuple[int, float, Head]]:
    """First frame, start and fields of all sounds in frames that come in parts."""
    table = Table(MEASURES)
    detector, first, events = Detector(table, 12.5), 0, []
    for part in parts:
        events += detector.feed(first, table.rows(np.array(part)))
        first += len(part)
    found = described(iter([*events, *detector.finish()]), table, 12.5)
    return [(event.frame, start, fields) for event, start, fields in found]


def summary_of(measured: list[list[int]]) -> Head:
    """The summary of frames."""
    table = Table(MEASURES)
    summary, rows = Summary(table, 12.5), table.rows(np.array(measured))
    for first in range(0, len(rows), 70):
        summary.feed(rows[first : first + 70])
    for _, start, sound in sounds_of(measured):
        summary.sound(start, sound)
    return summary.head()
