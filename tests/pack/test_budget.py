"""As much as fits a number of tokens, and what is left out is said."""

from __future__ import annotations

import re

import pytest
from helpers import AUDIO, needs_audio, sh
from packing import lines

from natlib.pack.budget import size
from natlib.pack.statistics import estimate

VIEWS = ["ndjson", "table", "words"]


@pytest.mark.parametrize(
    "budget", [600, 3000, 12000, *(pytest.param(n, marks=pytest.mark.slow) for n in (850, 1500, 8000))]
)
@pytest.mark.parametrize("view", VIEWS)
def test_budget_is_kept_and_used_and_what_is_left_out_is_said(budget: int, view: str, piece: bytes) -> None:
    done = sh(f"nat-pack --view {view} --budget {budget}", piece)
    left_out = b"left out" in done.stdout or b"left_out" in done.stdout
    assert (0.9 * budget if left_out else 0) <= size(done.stdout.decode()) <= budget
    whole = sh(f"nat-pack --view {view} --budget 1000000", piece).stdout.decode()
    assert "left out" not in whole and "left_out" not in whole and left_out == (budget < size(whole))
    if view == "ndjson":
        assert lines(done.stdout)[0]["pack"]["left_out"]
        assert b"not whole" in sh("nat-pack --unpack", done.stdout, status=1).stderr


@pytest.mark.parametrize("options", ["", "--view table", "--view words", "--prompt", "--prompt --view words"])
def test_a_budget_that_is_too_small_says_the_least_which_works(options: str, piece: bytes) -> None:
    done = sh(f"nat-pack {options} --budget 100", piece, status=1)
    [said] = done.stderr.decode().splitlines()
    least = int(re.search(r"expected a budget of at least (\d+) tokens for this (item|sound), got 100$", said)[1])
    if options:
        assert not done.stdout
    else:  # an item that failed, as any other
        assert [line["event"] for line in lines(done.stdout)] == ["header", "error"] and len(done.stdout) < 250
    assert b"Tempo" in sh(f"nat-pack {options} --budget {least}", piece).stdout
    assert b"at least" in sh(f"nat-pack {options} --budget {least - 1}", piece, status=1).stderr


def test_a_small_budget_goes_to_what_readers_use_first(piece: bytes) -> None:
    told = [lines(sh(f"nat-pack --budget {budget}", piece).stdout) for budget in (900, 5000, 10000, 14000)]
    counts = [[sum(key in line for line in out) for key in ("scene", "sound", "S0", "A0")] for out in told]
    assert counts[0][2:] == counts[1][2:] == [0, 0]  # scenes and sounds before codes
    assert any("bar" in line for line in told[1])
    assert counts == sorted(counts) and counts[1][0] > 5 < counts[1][1]
    strongest = max(
        line["sound"].get("onset_strength", 0) for line in lines(sh("nat-pack", piece).stdout) if "sound" in line
    )
    assert strongest in [line["sound"].get("onset_strength", 0) for line in told[1] if "sound" in line]
    whole, part = ([line["t"] for line in out if "A0" in line] for out in (told[3], told[2]))
    assert set(part) < set(whole)


def test_what_ndjson_has_left_out_is_missed_and_said(piece: bytes) -> None:
    short = sh("nat-pack --budget 1500", piece).stdout
    gone = lines(short)[0]["pack"]["left_out"]
    again = lines(sh("nat-pack --budget 700", short).stdout)[0]["pack"]["left_out"]
    assert set(gone) < set(again)
    scenes = [line for line in lines(short) if "scene" in line]
    table = sh("nat-pack --view table", short).stdout.decode()
    assert f"# left out: {', '.join(gone)}" in table and table.count("\n~") == len(scenes)
    text = sh("nat-pack --prompt", short).stdout.decode()
    assert "Tempo" in text and text.count('{"t":') == short.count(b'{"t":') and '"left_out":["codes"' in text
    words = lines(sh("nat-pack --budget 500", piece).stdout)
    assert not any("t" in line for line in words) and "in_words" in words[1]


@needs_audio
def test_a_song_fits_in_eight_thousand_tokens_and_tells_its_sections() -> None:
    song = AUDIO / "long/fishin_whole.ogg"
    heard = sh(f"nat-split {song} | nat-decode | nat-embed | nat-quantize").stdout
    short = sh("nat-pack --budget 1000", heard).stdout
    assert estimate(short.decode()) <= 1000 and b"Sections A 0:00, " in short
    out = sh("nat-pack --budget 8000", heard).stdout
    assert estimate(out.decode()) <= 8000
    summary = next(line for line in lines(out) if line.get("event") == "summary")
    labels = [section["label"] for section in summary["sections"]]
    assert 3 <= len(labels) <= 14 and len(set(labels)) < len(labels)
    assert any("scene" in line for line in lines(out))
    assert size(sh("nat-pack --prompt", heard).stdout.decode()) > 0.9 * 8000
