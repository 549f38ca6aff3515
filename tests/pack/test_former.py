"""Streams of format 1.x, as they were written then (tests/pack/former), are read in the names of 2.0."""

from __future__ import annotations

import gzip
from pathlib import Path

import jsonschema
import numpy as np
import orjson
import pytest
from helpers import ROOT, records, sh, stream
from packing import coded, lines, walk

from natlib import former
from natlib.wire import Head

FORMER = Path(__file__).with_name("former")


def of(name: str) -> bytes:
    """Four notes with noise, in 1.x."""
    return gzip.decompress((FORMER / f"{name}.gz").read_bytes())


def told(data: bytes) -> list[Head]:
    """The lines of NDJSON but for header and end, which tell where it came from."""
    return [line for line in lines(data) if line.get("event") not in ("header", "end")]


def measured(stream: bytes) -> np.ndarray:
    """The measures of a tokens stream, (frames, measures)."""
    first, *_ = kept = records(stream)
    layers, measures = len(first.head["layers"]), len(first.head["measures"])
    rows = b"".join(record.payload for record in kept if record.payload)
    return np.frombuffer(rows, "<i2").reshape(-1, layers + measures)[:, layers:]


def test_features_and_tokens_of_1_x_give_what_they_gave(tmp_path: Path) -> None:
    sh("nat-quantize --fit book.safetensors", of("features"), cwd=tmp_path)
    tokens = sh("nat-quantize --codebook book.safetensors", of("features"), cwd=tmp_path).stdout
    assert b'"nat":"2.0"' in tokens and b'"onset_strength_0"' in tokens and b'"fluct_0"' not in tokens
    assert np.array_equal(measured(tokens), measured(of("tokens")))
    ours, theirs = (told(sh("nat-pack --every", data).stdout) for data in (tokens, of("tokens")))
    scenes = [[line for line in each if "scene" in line or "sound" in line] for each in (ours, theirs)]
    assert scenes[0] == scenes[1] and any("sound" in line for line in scenes[0])


def test_features_of_an_earlier_encoder_need_its_codebook() -> None:
    assert "codebook spectral-5 is for spectral 5" in sh("nat-quantize", of("features"), status=1).stderr.decode()


@pytest.mark.parametrize("name", ["first.ndjson", "ndjson"])
def test_ndjson_of_1_x_gives_its_tokens_a_prompt_and_a_picture(name: str) -> None:
    old = of(name)
    rows = b"".join(record.payload for record in records(sh("nat-pack --unpack", old).stdout))
    head = next(record.head for record in records(of("tokens")))
    width = 2 * (len(head["layers"]) + len(head["measures"]))
    whole = b"".join(record.payload for record in records(of("tokens")))
    assert rows == b"".join(whole[i : i + 16] for i in range(0, len(whole), width))
    prompt = sh("nat-pack --prompt", old).stdout.decode()
    for said in ('"level":-2', '"pitch":"Bb4"', '"centroid_contour":[', '"onset_strength":', "onset_strength (dB)"):
        assert said in prompt, said
    assert '"wobble"' not in prompt and '"dB"' not in prompt
    assert sh("nat-plot", old).stdout.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["first.ndjson", "ndjson"])
def test_lines_of_1_x_become_valid_lines_of_2_0(name: str) -> None:
    schema = orjson.loads((ROOT / "natlib/data/ndjson.schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator(schema)
    renew = former.Former()
    for line in lines(of(name)):
        now = renew(line)
        if now.get("event") == "header":
            now = {**now, "nat": "2.0"}
        assert validator.is_valid(now), (now, [error.message for error in validator.iter_errors(now)])


def test_what_is_not_of_1_x_is_left_as_it_is() -> None:
    renew = former.Former()
    for head in ({"event": "header", "nat": "2.0"}, {"t": 0.1, "scene": {"dB": 1}}, {"event": "summary", "lines": []}):
        assert renew(head) is head
    older = {"event": "header", "nat": "1.0", "measures": 3, "pack": {"scene": 0.48, "how_to_read": 7}}
    assert former.Former()(older)["pack"]["scene_seconds"] == 0.48
    odd = {"event": "summary", "sections": 7, "pitch": 1, "sounds": {"low": 3, "differ": 4}, "key": {}, "pulse": 0}
    assert former.summary(odd)["no_pulse"]


def test_a_newer_major_version_is_refused() -> None:
    data = stream(*[(r.head, r.payload) if r.payload else r.head for r in records(coded(walk(8)))])
    newer = data.replace(b'"nat":"2.0"', b'"nat":"3.0"')
    assert b"expected format version 2.0 or older" in sh("nat-pack", newer, status=1).stderr
