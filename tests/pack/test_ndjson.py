"""What nat-pack reads: tokens, its own NDJSON, however it arrives, and lines of other programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import records, sh, stream, tone, wav
from packing import coded, lines, walk


def test_notes_that_are_not_ours_are_passed_on() -> None:
    notes = [
        {"event": "code", "words": "x"},
        {"event": "code", "layer": ["S0"], "code": {}},
        {"event": "mood", "is": 1},
    ]
    whole = records(coded(walk(16)))
    heads = [(r.head, r.payload) if r.payload else r.head for r in whole]
    data = stream(heads[0], *notes, *heads[1:])
    for options in ("", "--budget 2000", "--legend header"):
        told = lines(sh(f"nat-pack {options}", data).stdout)
        assert [line for line in told if line.get("event") in ("code", "mood")] == notes


def test_tokens_and_ndjson_are_told_apart_and_other_kinds_are_named(tmp_path: Path) -> None:
    data = coded(walk(40))
    (tmp_path / "tokens").write_bytes(data)
    (tmp_path / "ndjson").write_bytes(sh("nat-pack", data).stdout)
    told = lines(sh("nat-pack ndjson tokens", cwd=tmp_path).stdout)
    assert [line["item"] for line in told if line.get("event") == "header"] == [0, 1]
    first, second = told[1 : len(told) // 2], told[len(told) // 2 + 1 :]
    assert second[:-1] == [line | {"item": 1} for line in first[:-1]] and second[-1]["item"] == 1
    head = {"event": "header", "kind": "features", "name": "f", "streams": [{"name": "S", "width": 1}]}
    done = sh("nat-pack", stream(head, {"event": "end"}, {"event": "close"}), status=1)
    assert b"expected a tokens stream, got features (is nat-quantize missing before it?)" in done.stderr
    assert b"expected a ndjson stream, got tokens" in sh("nat-pack --unpack", data, status=1).stderr


@pytest.mark.parametrize("size", [1, 7, 100])
def test_ndjson_is_the_same_however_it_arrives(size: int) -> None:
    packed = sh("nat-pack", coded(walk(100))).stdout
    assert sh(f"dd bs={size} status=none | nat-pack", packed).stdout == packed
    broken = packed.replace(b'{"t":2.', b'"t":2.', 1)
    assert (
        b"damaged: frames 25-61 (2.0-4.96 s) are missing"
        in sh(f"dd bs={size} status=none | nat-pack --view table", broken, status=1).stderr
    )


def test_ndjson_that_had_failed_before_passes() -> None:
    whole = records(coded(walk(16)))
    error = {"event": "error", "stage": "nat-embed", "message": "no"}
    missing = {"event": "header", "kind": "bytes", "name": "x"}
    data = stream(*[(r.head, r.payload) if r.payload else r.head for r in whole[:3]], error, missing, error)
    packed = sh("nat-pack", data, status=1).stdout
    assert packed.count(b'"event":"error"') == 2
    assert sh("nat-pack", packed, status=1).stdout == packed


@pytest.mark.parametrize("options", ["", "--view table", "--view words", "--budget 500", "--prompt"])
def test_lines_of_other_programs_are_no_trouble(options: str) -> None:
    packed = sh("nat-pack", coded(walk(40))).stdout
    odd = [
        b'{"t":0.1,"scene":{"level":"x","pitch":7,"bands":[-3,null,"x"],"am":[1],"centroid":1e300,"new":[{}]}}',
        b'{"t":0.2,"scene":[]}',
        b'{"t":0.3,"scene":{"level":99999,"pitch":"H9","peak":"0","f0":-3,"pitch_classes":["?"],"vibrato":[0,0]}}',
        b'{"t":0.3,"scene":{"level":-9,"peak_contour":[0,null],"f0_contour":[],"pitch_contour":["A4","?"]}}',
        b'{"t":0.4,"sound":{"duration":"x","max_level":1}}',
        b'{"t":0.4,"repeats":{"of":0.1,"count":3}}',
        b'{"t":0.5,"sound":{"duration":0,"max_level":-1,"am":[3,1],"onset_strength":null,"onset_band":"x"}}',
        b'{"t":0.7,"repeats":{"of":0.5,"count":1e9,"times":[null,0.7],"max_levels":[null]}}',
        b'{"t":0.7,"repeats":{"of":0.5,"count":1000000000000,"ioi":0.1,"until":9}}',
        b'{"t":0.6,"bar":{"n":7}}',
        b'{"t":"x","scene":{}}',
        b'{"event":"code","layer":"S0","code":64,"means":7}',
        b'{"event":"summary","in_words":3,"sounds":[]}',
        b'{"event":"summary","in_words":"x","sounds":{},"levels":[1],"key":{"tonic":["C"]},"pitch_percent":50,"am":[1,2]}',
    ]
    first, rest = packed.split(b"\n", 1)
    first = first.replace(
        b'"pack":{', b'"pack":{"scene_seconds":0.48,"legend":{"S0":{"x":"y","64":"z"}},"left_out":"x",'
    )
    rest = rest.replace(b'{"event":"summary"}\n', b"")  # the last one counts
    done = sh(f"nat-pack {options}", b"\n".join([first, *odd, rest]), status=None)
    assert b"Error" not in done.stderr, done.stderr


@pytest.mark.parametrize("options", ["--view table", "--prompt"])
def test_a_scene_that_lies_far_off_takes_no_time(options: str) -> None:
    """Scenes are restored between those that are told, but not beyond the item."""
    head, *rest = sh("nat-pack", coded(walk(40))).stdout.splitlines(keepends=True)
    head = head.replace(b'"pack":{', b'"pack":{"scene_seconds":0.48,', 1)
    far = [b'{"t":0.0,"scene":{"level":-20}}\n', b'{"t":200000000.0,"scene":{"level":-30}}\n']
    for lines_of in (rest, [rest[-1]]):  # with codes, and the end alone
        done = sh(f"nat-pack {options}", b"".join([head, *far, *lines_of]), status=None, timeout=20)
        assert b"internal error" not in done.stderr


def test_names_are_not_told(tmp_path: Path) -> None:
    data = coded(walk(40)).replace(b'"name":"a.wav"', b'"name":"/songs/Hum.wav","name_base64":"L3M="')
    for view in ("ndjson", "table", "words"):
        done = sh(f"nat-pack --anonymous --view {view}", data * 2)
        assert b"Hum" not in done.stdout and b"base64" not in done.stdout and b"sound 2" in done.stdout
    assert b"Hum" not in sh("nat-pack | nat-pack --anonymous --encoding rle", data).stdout
    (tmp_path / "known.ndjson").write_bytes(sh("nat-pack", data).stdout)
    text = sh("nat-pack --prompt --examples known.ndjson=hum --", data, cwd=tmp_path).stdout
    assert b"/songs" not in text and b"base64" not in text.rpartition(b"# The sound")[2]
    assert b"# The sound: Hum.wav\n" in text
    assert b"# The sound\n" in sh("nat-pack --prompt --anonymous", data).stdout


def test_the_header_tells_where_bands_begin_and_end() -> None:
    edges = {
        "bands_hz": [40, 150, 400, 1000, 2500, 6000, 16000],
        "modulation_hz": [0.5, 2, 8, 16, 50],
        "spectrum_hz": [40, 80, 150, 250, 400, 650, 1000, 1600, 2500, 4000, 6000, 10000, 16000],
    }
    sound = sh("nat-split | nat-decode | nat-embed | nat-quantize", wav(tone(440, 2))).stdout
    whole = sh("nat-pack", sound).stdout
    assert edges.items() <= lines(whole)[0]["pack"].items()
    assert edges.items() <= lines(sh("nat-pack", whole).stdout)[0]["pack"].items()
    assert edges.keys().isdisjoint(lines(sh("nat-pack --scene 0", sound).stdout)[0]["pack"])
    assert records(sh("nat-pack --unpack", whole).stdout) == records(sh("nat-pack | nat-pack --unpack", sound).stdout)
