"""Lines between header and end: their order, layers, figures, the schema, and other programs that read them."""

from __future__ import annotations

import math
import re
import sys
from argparse import Namespace
from pathlib import Path

import jsonschema
import numpy as np
import orjson
import pytest
from helpers import ROOT, records, sh, stream
from packing import coded, lines, row, tokens, walk

from natlib.pack.guide import Guide
from natlib.pack.layers import Layout
from natlib.pack.measures import Table
from natlib.pack.settings import settings
from natlib.pack.statistics import estimate
from natlib.pack.timeline import Lines
from natlib.pack.views import Ndjson
from natlib.wire import Head


def comes_late(sound: Head) -> bool:
    """A sound that lasts too long to be waited for; one that begins with a pitch may come a frame late."""
    return bool(sound["duration"] > 0.8 or "onset_strength" not in sound)


def test_lines_stand_in_the_order_of_their_times(piece: bytes) -> None:
    for options in ("", "--encoding S=rle,A=dense", "--legend header"):
        told = [line for line in lines(sh(f"nat-pack {options}", piece).stdout) if "t" in line]
        # A sound begins within a frame; one that lasts too long to be waited for comes late, where text comes at once.
        # One stands by the sound that it repeats, or by the last; the other where it became known.
        told = [line for line in told if {"repeats", "bar", "section"}.isdisjoint(line)]
        late = [] if "header" in options else [line for line in told if "sound" in line and comes_late(line["sound"])]
        times = [math.floor(12.5 * line["t"] + 1e-6) for line in told if line not in late]
        assert times == sorted(times) and sum("sound" in line for line in told) > 40


def test_layers(piece: bytes, tmp_path: Path) -> None:
    out = sh("nat-pack --layers S0,A0", piece).stdout
    header = lines(out)[0]
    assert [layer["name"] for layer in header["layers"]] == ["S0", "A0"]
    assert header["pack"]["left_out"] == ["layers S1 S2 S3 A1 A2 A3"]
    assert b'"S1"' not in b"".join(line for line in out.splitlines() if line.startswith(b'{"t"'))
    assert b"not whole" in sh("nat-pack --unpack", out, status=1).stderr
    assert b"expected layers of S0 S1" in sh("nat-pack --layers S9", piece, status=1).stderr


def test_stats(piece: bytes) -> None:
    out = sh("nat-pack --stats", piece).stdout
    between = b"".join(out.splitlines(True)[1:-2])
    stats = lines(out)[-1]["stats"]
    assert (stats["text_lines"], stats["text_bytes"]) == (between.count(b"\n"), len(between))
    assert stats["llm_tokens"] == pytest.approx(estimate(between.decode()), rel=0.01)
    dense = [
        line for line in sh("nat-pack --encoding dense --keyframe-interval 0 --scene 0", piece).stdout.splitlines(True)
    ]
    size = sum(len(line) for line in dense if line.startswith(b'{"t"')) - len(',"kf":true')
    assert stats["bytes_to_dense"] == round(len(between) / size, 3)


def test_tokens_without_measures_have_a_summary_without_them() -> None:
    done = sh("nat-pack --stats", coded(walk(40)))
    summary = next(line for line in lines(done.stdout) if line.get("event") == "summary")
    assert done.stderr == b"" and "pulse" not in summary and summary["common_codes"]


def test_end_counts() -> None:
    codes = np.array([[n // 4 % 2] + [0] * 7 for n in range(40)])
    stats = lines(sh("nat-pack --stats", coded(codes)).stdout)[-1]["stats"]["by_layer"]
    assert [stats[name][0] for name in ("layer", "used", "entropy", "changes_per_second")] == ["S0", 2, 1.0, 2.81]
    assert stats["layer"][4] == "A0" and stats["entropy"][4] == 0.0 and stats["changes_per_second"][4] == 0
    assert "by_layer" not in lines(sh("nat-pack", coded(codes)).stdout)[-1]["stats"]


def test_layers_of_other_names() -> None:
    names = ["S0", "S12", "melody", "x2y", "a7"]
    layout = Layout({"layers": [{"name": name} for name in names], "frame_rate": 10})
    assert [layout.depth(j) for j in range(5)] == [0, 12, 0, 0, 7]


NOTES: tuple[Head, ...] = (
    {"event": "gap", "t": 0.5, "seconds": 1.0}, {"event": "clipping", "t": 1, "samples": 7},
    {"event": "nonfinite", "t": 1, "samples": 2}, {"event": "side_taken", "t": 0.3},
    {"event": "channel_levels", "t": 0, "dbfs": [-20.1, None], "mid_dbfs": -26.1, "side_dbfs": -26.1},
)  # fmt: skip


def test_every_line_is_valid_by_the_schema(piece: bytes) -> None:
    schema = orjson.loads((ROOT / "natlib/data/ndjson.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    kinds = {
        kind: jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
        for kind in (entry["$ref"].rpartition("/")[2] for entry in schema["anyOf"])
    }
    missing = stream(
        {"event": "header", "kind": "bytes", "name": "x"},
        {"event": "error", "stage": "s", "message": "m"},
        {"event": "close"},
    )
    data = b"".join(
        [
            sh("nat-pack --encoding S=rle --legend first-use", piece).stdout,
            sh("nat-pack --budget 2000 --legend header", piece).stdout,
            sh("nat-pack", missing, status=1).stdout,
            sh("nat-pack --tag", tokens([row(level=-20)] * 30, notes=NOTES)).stdout,
            sh(
                "nat-pack",
                tokens([row(level=-20, pitch=440, salience=1, onset_strength=9, pulse=3, pulse_clarity=1)] * 30),
            ).stdout,
        ]
    )
    seen = set()
    for line in lines(data):
        valid = {kind for kind, validator in kinds.items() if validator.is_valid(line)}
        assert len(valid) == 1, line
        seen |= valid
    assert seen == set(kinds)


def examples_of(start: str) -> str:
    """The line of the README that begins like this, without what a shell takes off."""
    return re.search(rf"^    {start} -c (['\"])(.*)\1$", (ROOT / "README.md").read_text(), re.M)[2]


@pytest.mark.readers
def test_pandas_reads_it(piece: bytes, tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed (80 MB, so not among the packages for development)")
    (tmp_path / "heard.ndjson").write_bytes(sh("nat-pack", piece).stdout)
    said = sh(f"{sys.executable} -c '{examples_of('python3')}'", cwd=tmp_path).stdout.decode()
    assert "0.48" in said and "'level': -" in said


@pytest.mark.readers
def test_duckdb_reads_it(piece: bytes, tmp_path: Path) -> None:
    duckdb = pytest.importorskip(
        "duckdb", reason="duckdb is not installed (70 MB, so not among the packages for development)"
    )
    (tmp_path / "heard.ndjson").write_bytes(sh("nat-pack", piece).stdout)
    rows = duckdb.sql(examples_of("duckdb").replace("heard.ndjson", str(tmp_path / "heard.ndjson"))).fetchall()
    assert [row[:2] for row in rows[:3]] == [(0, 0), (0, 0.48), (0, 0.96)] and all(-121 < row[2] <= 0 for row in rows)


def live(data: bytes, size: int) -> str:
    """The lines of a token stream whose frames come so many at a time."""
    text, lines = "", None
    for record in records(data):
        if record.event == "header":
            layout = Layout(record.head)
            options = Namespace(
                layers=None, prompt=False, keyframe_interval=5.0, legend="auto", stats=False, every=False
            )
            view = Ndjson(layout, Table(layout.measures), {}, Guide())
            lines = Lines(layout, settings(layout, 0.48, options), view, ["delta"] * 8)
        elif lines and record.payload:
            step = size * lines.layout.row.size
            for i in range(0, len(record.payload), step):
                lines.take(record.payload[i : i + step])
                text += lines.feed() if lines.waiting >= size else ""
    assert lines
    return text + lines.finish()


def test_the_same_text_however_frames_come(piece: bytes) -> None:
    """Where a sound or a repetition stands does not depend on how many frames came at once."""
    text = live(piece, 1)
    assert text.count('"sound":{') > 40 and '"repeats":{' in text
    for size in (3, 8, 10_000):
        assert live(piece, size) == text
    assert text.encode() in sh("nat-pack", piece).stdout
