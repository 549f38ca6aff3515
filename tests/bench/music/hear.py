"""A sound through the pipe: what the NDJSON tells, and notes, strokes and voice from the measures on the wire.

The answer has a truth's keys, absent where not told, and:

    onsets    times in seconds at which notes begin
    frames    {"rate", "count", and where told: "notes", "polyphony", "lead", "voice"}, a value for each frame or None
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from natlib import wire

from .ndjson import Answer, told

ROOT = Path(__file__).resolve().parents[3]
REGIONS = ("low", "mid", "high")  # of strokes, as on the wire
SAME = 0.5  # semitones within which a note goes on in the next frame

Columns = dict[str, np.ndarray[Any, np.dtype[np.float64]]]  # by name: a value for each frame, NaN where absent


def pipe(line: str, *operands: Path) -> None:
    """A line of bash with the filters on its path. Ends the run if one fails, which has said why."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env["PATH"] = f"{ROOT}/bin:{env['PATH']}"
    if subprocess.run(["bash", "-o", "pipefail", "-c", line, "bash", *operands], env=env).returncode:
        raise SystemExit(f"make: {operands[0]}: the pipe failed")


def columns(stream: bytes) -> tuple[float, Columns]:
    """Frames a second, and the measures of a stream of features, in their units."""
    reader = wire.Reader()
    blocks, head = [], wire.Head()
    for record in reader.feed(stream):
        if record.event == "header":
            head = record.head
        elif record.event == "error":
            raise ValueError(f"{record.head['stage']}: {record.head['message']}")
        blocks.append(record.payload)
    reader.finish()
    wide = sum(each["width"] for each in head["streams"])
    rows = np.frombuffer(b"".join(blocks), "<f4").reshape(-1, wide + len(head["measures"])).astype(np.float64)
    measures = enumerate(head["measures"], wide)
    return head["frame_rate"], {each["name"]: rows[:, place] * each["step"] for place, each in measures}


def numbered(table: Columns, name: str) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    """The columns NAME_0, NAME_1 … that are there."""
    result: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    while f"{name}_{len(result)}" in table:
        result.append(table[f"{name}_{len(result)}"])
    return result


def plain(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | None]:
    """A column as JSON has it."""
    return [None if isnan(value) else round(value, 3) for value in values.tolist()]


def measured(rate: float, table: Columns) -> Answer:
    """What the measures tell."""
    count = len(next(iter(table.values()), ()))
    frames: dict[str, Any] = {"rate": rate, "count": count}
    answer: Answer = {"frames": frames}
    frames |= {name: plain(table[name]) for name in ("polyphony", "lead", "voice") if name in table}
    if notes := numbered(table, "note"):
        rows = [[value for value in row if value is not None] for row in zip(*map(plain, notes), strict=True)]
        frames["notes"] = [sorted(row) for row in rows]
        begins = numbered(table, "note_onset")
        answer["notes"], answer["onsets"] = joined(rate, notes, begins)
        if not begins:
            del answer["onsets"]
    if "tone_onset" in table:
        offsets = table["tone_onset"]
        answer["onsets"] = [
            round(frame / rate + offsets[frame] / 1000, 3) for frame in np.flatnonzero(~np.isnan(offsets))
        ]
    if strokes := numbered(table, "stroke"):
        offsets = numbered(table, "stroke_time")
        answer["drums"] = sorted(
            [round(frame / rate + (0 if isnan(offset[frame]) else offset[frame]) / 1000, 3), region]
            for region, stroke, offset in zip(REGIONS, strokes, offsets, strict=True)
            for frame in range(count)
            if not isnan(stroke[frame])
        )
    return answer


def joined(rate: float, notes: list[Any], begins: list[Any]) -> tuple[list[list[float]], list[float]]:
    """[from, to, note] of notes that go on from frame to frame, and the times at which notes are said to begin."""
    result: list[list[float]] = []
    onsets: list[float] = []
    going: list[list[float]] = []
    for frame in range(len(notes[0])):
        start, now, left = frame / rate, [], list(going)
        for place, column in enumerate(notes):
            note = float(column[frame])
            if isnan(note):
                continue
            begin = float(begins[place][frame]) if place < len(begins) else float("nan")
            before = min(left, key=lambda each: abs(each[2] - note), default=None)
            if before is not None and abs(before[2] - note) <= SAME:
                left.remove(before)  # one note goes on as one
            if not isnan(begin):
                onsets.append(round(start + begin / 1000, 3))
            if before is not None and abs(before[2] - note) <= SAME and isnan(begin):
                before[1] = round(start + 1 / rate, 3)
                now.append(before)
            else:
                at = start if isnan(begin) else start + begin / 1000
                now.append([round(at, 3), round(start + 1 / rate, 3), round(note, 2)])
                result.append(now[-1])
        going = now
    return sorted(result), sorted(onsets)


def hear(wav: Path, ndjson: Path | None = None) -> Answer:
    """A sound through the pipe; its NDJSON is left there. Without `ndjson` only the measures are read."""
    with tempfile.TemporaryDirectory() as name:
        features = Path(name, "features")
        pipe('nat-split "$1" | nat-decode | nat-embed > "$2"', wav, features)
        answer = measured(*columns(features.read_bytes()))
        if ndjson:
            pipe('nat-quantize "$1" | nat-pack -q > "$2"', features, ndjson)
            answer |= told(map(json.loads, ndjson.read_text().splitlines()))
    return answer
