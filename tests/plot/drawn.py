"""What the tests of nat-plot share: a stream of each kind, and what is seen of it."""

from __future__ import annotations

import io

import numpy as np
from helpers import records, stream, tone
from PIL import Image

from natlib import runtime
from natlib.plot.base import View
from natlib.plot.kinds import gather
from natlib.wire import Head

RATE = 8000

FRAMES = 100

LAYERS = [{"name": name, "type": kind, "vocab": 16}
          for kind, names in (("semantic", ("S0", "S1")), ("acoustic", ("A0", "A1"))) for name in names]  # fmt: skip

MEASURES = [{"name": "level", "unit": "dBFS", "step": 0.1}, {"name": "pitch", "unit": "Hz", "step": 0.2}]

HEARD: list[Head] = [  # as nat-pack tells it
    {"event": "header", "kind": "ndjson", "name": "one", "layers": LAYERS, "frame_rate": 12.5,
     "pack": {"scene_seconds": 0.48, "bands_hz": [40, 150, 400, 1000, 2500, 6000, 16000], "how_to_read": "…"}},
    *({"t": 0.48 * i, "scene": {"level": -8 - 2 * i, "pitch_contour": ["A4", "B4"], "bands": [-i, -3, -9, -12, -40]}}
      for i in range(16)),
    *({"t": 0.5 * i, "sound": {"duration": 0.3, "max_level": -6 - i, "onset_strength": 12, "pitch": "C5"}}
      for i in range(12)),
    *({"t": 0.08 * i, **{layer["name"]: (i * j) % 16 for j, layer in enumerate(LAYERS, 1)}} for i in range(100)),
    {"event": "summary", "sections": [{"t": 0, "label": "A"}, {"t": 3.2, "label": "B"}, {"t": 6.4, "label": "A"}]},
    {"event": "end", "frames": 100},
]  # fmt: skip

LOOP = [("Am", "A1"), ("F", "F2"), ("C", "C2"), ("Gsus4", "G1")]

BARS: list[Head] = [  # of 2 s, but for the last one
    *({"t": 2.0 * i, "bar": {"n": i + 1, "beats": 4, "chords": [[name, 2], ["E7", 1], [None, 1]],
                             "bass": [root, root, None, root], "melody": ["E5", "E5", "D5", "C#5", None, "A4"],
                             "strokes": {"low": "x---x---x---x---", "mid": "----x-------x---", "high": "x-x-" * 4}}}
      for i, (name, root) in enumerate(LOOP[:3])),
    {"t": 6.0, "bar": {"n": 4, "like": 2, "melody": ["C6", None], "end": 7.2}},
]  # fmt: skip

SECTIONS: list[Head] = [  # as they stand at the end of a stream, and what its summary adds
    {"t": 0.0, "section": {"n": 1, "label": "A", "end": 3.21, "bars": 2, "loudness": -17.1, "onsets_per_bar": 8.1,
                           "centroid": 420, "register": ["A1", "C#5"], "voice_percent": 0, "chord_loop": ["Am", "F-C"],
                           "strokes": {"low": "x-------x-------", "high": "x-x-x-x-x-x-x-x-"}}},
    {"t": 3.21, "section": {"n": 2, "label": "B", "end": 6.4, "bars": 2, "loudness": -11.8, "onsets_per_bar": 12,
                            "centroid": 1200, "register": ["A1", "E5"], "voice_percent": 96,
                            "progression": ["Dm", "G7", "C", "E7-Gsus4", "Am", "F", "Dm", "E7", "Am", "G", "F", "E"],
                            "strokes": {"mid": "----x-------x---"}, "enters": ["voice", "notes from C5 on"]}},
    {"t": 6.4, "section": {"n": 3, "label": "A", "end": 8.0, "like": 1, "loudness": -14.4, "leaves": ["voice"]}},
]  # fmt: skip

VOICE: Head = {**HEARD[-2], "voice": {"percent": 40, "spans": [[3.2, 5.5], [5.9, 6.4]]}, "form": "A B A"}

RANDOM = np.random.default_rng(7)

CODES = np.repeat(RANDOM.integers(0, 16, (FRAMES // 4, 4)), 4, axis=0).astype("<u2")

GRID = np.column_stack([RANDOM.integers(-900, 0, FRAMES), np.where(np.arange(FRAMES) < 50, -32768, 2200)]).astype("<i2")

ROWS = np.hstack([RANDOM.standard_normal((FRAMES, 5)), np.where(GRID == -32768, np.nan, GRID)]).astype("<f4")


VOICES = [{"name": f"note_{voice}", "unit": "MIDI note", "step": 0.01} for voice in range(3)] + [
    {"name": "note_onset_0", "unit": "ms", "step": 1},
    *({"name": name, "unit": "MIDI note", "step": 0.01} for name in ("bass", "lead")),
]

NOTES = np.full((FRAMES, 6), -32768, "<i2")  # of VOICES: A2 with E4 after a second, begun again in frame 50; then C5
NOTES[10:80, 0] = 4512  # a little sharp
NOTES[[10, 50], 3] = 40
NOTES[25:80, 1] = 6400
NOTES[90:, 2] = 7200
NOTES[10:80, 4] = 4512
NOTES[25:80, 5], NOTES[90:, 5] = 6400, 7200


def one(kind: str, payload: bytes, name: str = "one", **keys: object) -> list[Head | tuple[Head, bytes]]:
    """The records of one item."""
    return [{"event": "header", "kind": kind, "name": name, **keys}, ({"event": "data"}, payload), {"event": "end"}]


def sound(name: str = "one") -> list[Head | tuple[Head, bytes]]:
    """One second of sound as a pcm item."""
    return one("pcm", tone(440, 1, RATE).astype("<f4").tobytes(), name, sample_rate=RATE, channels=1)


STREAMS = [{"name": "S", "type": "semantic", "width": 3}, {"name": "A", "type": "acoustic", "width": 2}]

ITEMS: dict[str, list[Head | tuple[Head, bytes]]] = {
    "bytes": one("bytes", bytes(range(256)) * 20, format="wav"),
    "pcm": sound(),
    "features": one("features", ROWS.tobytes(), frame_rate=12.5, streams=STREAMS, measures=MEASURES),
    "tokens": one("tokens", np.hstack([CODES, GRID.view("<u2")]).tobytes(), frame_rate=12.5, layers=LAYERS,
                  measures=MEASURES),
    "theirs": one("features", ROWS[:, :5].tobytes(), streams=[{"name": "embedding", "width": 5}]),
    "ndjson": HEARD,
    "bars": [*HEARD[:-2], *BARS, *HEARD[-2:]],
    "sections": [*HEARD[:-2], *BARS, *SECTIONS, VOICE, HEARD[-1]],
    "notes": one("tokens", np.hstack([CODES, NOTES.view("<u2")]).tobytes(), frame_rate=12.5, layers=LAYERS,
                 measures=VOICES),
    "tokens of theirs": one("tokens", CODES.tobytes(), frame_rate=75, layers=[{"name": f"q{i}"} for i in range(4)]),
}  # fmt: skip

CLOSE: Head = {"event": "close"}

TOKENS = stream(*ITEMS["tokens"], CLOSE)


def image(png: bytes) -> Image.Image:
    """A picture that nat-plot made."""
    return Image.open(io.BytesIO(png)).convert("RGB")


def view(data: bytes) -> View:
    """What is gathered of a stream of one item."""
    made, error = gather(items(data))
    assert error is None
    return made


def items(data: bytes) -> runtime.Item:
    """The one item of a stream."""
    first, *rest = records(data)
    return runtime.Item(first.head, iter(rest))
