"""What a model reads in words: introductions of codes, and no word for what made a sound."""

from __future__ import annotations

import re

import pytest
from helpers import ROOT, sh
from packing import LAYERS, lines

from natlib.pack.introductions import introduce, refine


def test_introductions_are_words_of_measurement() -> None:
    assert introduce({"level": -70.0}) == "near silence"
    loud = {
        "level": -8,
        "centroid": 5000,
        "tonality": 0.1,
        "modulation_2": 7.0,
        "modulation_0": 1.0,
        "onset_strength": 20,
    }
    assert introduce(loud) == "very loud, very bright, noisy, fluttering 8-16/s, attacks"
    sung = {"level": -28, "centroid": 900, "tonality": 0.9, "pitch": 221.0, "salience": 0.9, "modulation_0": 1.0}
    assert introduce(sung) == "medium, mid, tonal, middle pitch, steady"
    assert introduce(sung, "semantic") == "mid, tonal, steady"
    assert introduce(loud, "acoustic") == "very loud, very bright, noisy, attacks"
    assert introduce({"level": -70.0}, "semantic") == "near silence"
    assert introduce({}) == ""


def test_residual_layers_say_what_they_add() -> None:
    assert refine({"level": 6.2, "centroid": -1500}) == "darker, 6 dB louder"
    assert refine({"level": 6.2, "centroid": -1500}, "semantic") == "darker"
    assert refine({"band_4": -9, "tonality": 0.01}) == "less highs"
    assert refine({"level": 0.3}) == ""


@pytest.mark.parametrize("module", ["introductions", "wording", "sentences", "terms", "guide", "views"])
def test_no_word_names_a_source(module: str) -> None:
    text = (ROOT / f"natlib/pack/{module}.py").read_text()
    words = set(re.findall(r"[a-z]+", " ".join(re.findall(r'"([^"\n]*)"', text)).lower()))
    assert len(words) > 20
    assert not words & {
        "dog",
        "cat",
        "bird",
        "rain",
        "wind",
        "engine",
        "guitar",
        "piano",
        "speech",
        "song",
        "jazz",
    }


def test_every_code_is_introduced_once_before_its_first_use(piece: bytes) -> None:
    known: set[tuple[str, int]] = set()
    used: set[tuple[str, int]] = set()
    for line in lines(sh("nat-pack --legend first-use", piece).stdout):
        if line.get("event") == "code":
            assert (line["layer"], line["code"]) not in known | used and 0 < len(line["means"]) < 100
            known.add((line["layer"], line["code"]))
        used |= {(layer["name"], line[layer["name"]]) for layer in LAYERS if layer["name"] in line}
    assert len(known) > 100 and known <= used
    assert all(int(layer[1]) for layer, _ in used - known)  # a code of a first layer is more than a nuance


def test_legends(piece: bytes) -> None:
    first = [line for line in lines(sh("nat-pack --legend first-use", piece).stdout) if line.get("event") == "code"]
    assert b'"event":"code"' not in sh("nat-pack --legend none", piece).stdout
    assert b'"event":"code"' not in sh("nat-pack", piece).stdout  # scenes tell the same
    assert b'"event":"code"' in sh("nat-pack --scene 0", piece).stdout
    header, *rest = lines(sh("nat-pack --legend header", piece).stdout)
    assert not [line for line in rest if line.get("event") == "code"]
    assert {
        (layer, int(code)): text for layer, codes in header["pack"]["legend"].items() for code, text in codes.items()
    } == {(line["layer"], line["code"]): line["means"] for line in first}
