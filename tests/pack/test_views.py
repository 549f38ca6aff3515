"""The same lines as NDJSON, as a table, in words; from tokens and from NDJSON."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers import AUDIO, needs_audio, records, sh, stream
from packing import LAYERS, NAMES, lines

from natlib.pack.statistics import estimate

VIEWS = ["ndjson", "table", "words"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "options", ["--prompt", "--prompt --budget 2000", "--budget 3000", "--scene 0 --legend none --budget 900"]
)
def test_what_is_made_of_ndjson_is_what_is_made_of_tokens(view: str, options: str, piece: bytes) -> None:
    packed, line = sh("nat-pack", piece).stdout, f"nat-pack --view {view} {options}"
    assert sh(line, packed).stdout == sh(line, piece).stdout


@needs_audio
@pytest.mark.parametrize("clip", ["animals/esc10_rooster_5-200334-A.ogg", "instruments/sms_sax-phrase.flac"])
def test_views_of_ndjson_are_those_of_the_tokens(clip: str) -> None:
    heard = sh(f"nat-split {AUDIO}/{clip} | nat-decode | nat-embed | nat-quantize").stdout
    packed = sh("nat-pack", heard).stdout
    for options in ("", "--view table", "--prompt", "--prompt --view words", "--view table --layers S0,A0"):
        assert sh(f"nat-pack {options}", packed).stdout == sh(f"nat-pack {options}", heard).stdout
    # NDJSON says bands and modulation again where they change by 3 dB, and no grain below 2: so do words made of it.
    ours, theirs = (sh("nat-pack --view words", data).stdout.splitlines() for data in (packed, heard))
    assert len(set(ours) ^ set(theirs)) <= 0.2 * len(theirs) and ours[:3] == theirs[:3]


@pytest.mark.parametrize(
    "options", ["", "--view words", "--view table --encoding rle", "--budget 1500 --legend header"]
)
def test_measures_of_other_ears_are_no_trouble(options: str) -> None:
    rng = np.random.default_rng(5)
    data = b""
    for _ in range(40):
        names = rng.permutation([*NAMES, "band_x", "unknown"])[: rng.integers(1, 12)].tolist()
        frames, step = rng.choice([0, 1, 7, 200]), float(rng.choice([1e-9, 0.1, 1, 1000]))
        rows = rng.integers(*rng.choice([(-32768, 32767), (-40, 900)]), (frames, 1 + len(names))).astype("<i2")
        header = {"event": "header", "kind": "tokens", "name": "a", "frame_rate": float(rng.choice([0.3, 12.5, 499]))}
        header |= {"layers": [{"name": "S0"}], "measures": [{"name": name, "step": step} for name in names]}
        data += stream(header, ({"event": "data"}, rows.tobytes()), {"event": "end"}, {"event": "close"})
    assert sh(f"nat-pack {options}", data).stderr == b""
    assert b"expected a step above 0" in sh("nat-pack", data.replace(b'"step":0.1', b'"step":"x"'), status=1).stderr


def test_views_state_times_and_table_is_short(piece: bytes) -> None:
    ndjson = sh("nat-pack", piece).stdout.decode()
    table = sh("nat-pack --view table", piece).stdout.decode()
    words = sh("nat-pack --view words", piece).stdout.decode()
    assert estimate(table) <= 0.5 * estimate(ndjson)
    frames = [line for line in table.splitlines() if line[0].isdigit()]
    want = [line["t"] for line in lines(ndjson.encode()) if any(layer["name"] in line for layer in LAYERS)]
    assert [float(line.split(",")[0]) for line in frames] == want
    told = [
        line
        for line in words.splitlines()
        if line[0].isdigit() and not {"!", "|"} & {*line} and " section " not in line
    ]
    assert {float(line.split()[0]) for line in told} < {round(0.48 * n, 2) for n in range(53)} and len(told) > 20
    assert re.match(r"0 -[0-9]+ dB, .*tonal around [0-9]+ Hz", told[0])
    assert re.match(r"# In all: 25.0 s\. Loud parts at .*Tempo 1[12]", words.splitlines()[2])


@pytest.mark.slow
@needs_audio
def test_sizes_over_all_clips() -> None:
    data = sh(f"nat-split {AUDIO}/*/*.flac {AUDIO}/*/*.ogg | nat-decode --duration 5 | nat-embed | nat-quantize").stdout
    ndjson = sh("nat-pack", data).stdout
    assert estimate(sh("nat-pack --view table", data).stdout.decode()) <= 0.45 * estimate(ndjson.decode())
    delta, dense = (
        sum(len(line) for line in sh(f"nat-pack --encoding {encoding} --scene 0", data).stdout.splitlines(True)
            if line.startswith(b'{"t"'))
        for encoding in ("delta", "dense")
    )  # fmt: skip
    assert delta <= 0.55 * dense
    for encoding in ("delta", "S=rle,A=dense"):
        plain = sh("nat-pack --unpack", sh(f"nat-pack --encoding {encoding}", data).stdout).stdout
        codes = [r.payload for r in records(plain)]
        rows = [r.payload for r in records(data)]
        width = 16 + 2 * len(records(data)[0].head["measures"])
        assert b"".join(codes) == b"".join(
            rows[k][i : i + 16] for k in range(len(rows)) for i in range(0, len(rows[k]), width)
        )


@pytest.mark.parametrize(
    "text, count",
    [
        ("", 0),
        ("hello", 1),
        ("12345", 2),
        ('{"t":0.08,"S0":17}\n', 12),
        ("}\n{", 2),
        ("two words 1", 4),
        ("fluctuation", 2),
    ],
)
def test_estimate(text: str, count: int) -> None:
    assert estimate(text) == count
