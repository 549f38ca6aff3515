"""One prompt of one item or of several."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from helpers import sh, wav

from natlib import demo as synth
from natlib.pack.budget import size


def test_prompt(piece: bytes, tmp_path: Path) -> None:
    text = sh("nat-pack --prompt", piece).stdout.decode()
    assert "What is its mood?" in text and "instead of inventing" in text and '{"event":"header"' in text
    assert 0.9 * 8000 <= size(text) <= 8000
    (tmp_path / "a.ndjson").write_bytes(sh("nat-pack --budget 1500", piece).stdout)
    text = sh("nat-pack --prompt --ask 'Is it raining?' --examples a.ndjson=waltz", piece, cwd=tmp_path).stdout.decode()
    assert text.rstrip().endswith("Is it raining?") and "What is its mood?" not in text
    assert "known to be: waltz" in text and text.count('{"event":"header"') == 2
    assert b"No such file" in sh("nat-pack --prompt --examples b.ndjson=x", piece, cwd=tmp_path, status=2).stderr
    assert b"go with --prompt" in sh("nat-pack --ask x", piece, status=2).stderr


def test_several_sounds_are_one_prompt(piece: bytes, tmp_path: Path) -> None:
    blip = wav(0.5 * np.sin(np.arange(22050) / 10))
    (tmp_path / "blip.wav").write_bytes(blip)
    (tmp_path / "piece.wav").write_bytes(wav(synth.piece()))
    line = "nat-split piece.wav none.wav blip.wav piece.wav | nat-decode | nat-embed | nat-quantize"
    heard = sh(line, cwd=tmp_path, status=None).stdout
    done = sh("nat-pack --prompt --budget 6000", heard, status=1)
    text = done.stdout.decode()
    assert 0.9 * 6000 <= size(text) <= 6000
    headings = re.findall("^# (.*)$", text, re.M)
    assert headings == [
        "How to read it", "Sound 1 of 4: piece.wav", "Sound 2 of 4: none.wav", "Sound 3 of 4: blip.wav",
        "Sound 4 of 4: piece.wav", "The questions",
    ]  # fmt: skip
    assert text.startswith("Below are 4 sounds, each written") and "And among them: which are alike" in text
    assert text.count("centroid (Hz)") == 1 and text.count("instead of inventing") == 1
    parts = [size(part) for part in text.split("\n# Sound ")]
    assert 0.8 < parts[1] / parts[4] < 1.25 and parts[3] < parts[1]  # the short one leaves the others what it can
    assert "No such file or directory" in text
    assert '"left_out":["layers S1 S2 S3 A1 A2 A3","where it came from"]' in text.split("\n# Sound ")[3]
    assert sh("nat-pack --prompt --budget 6000", sh("nat-pack", heard, status=1).stdout, status=1).stdout == done.stdout
    said = sh("nat-pack --prompt --budget 500", heard, status=1)
    assert not said.stdout and b"tokens for these 4 sounds, got 500" in said.stderr
    least = int(re.search(rb"at least (\d+)", said.stderr)[1])
    assert size(sh(f"nat-pack --prompt --budget {least}", heard, status=1).stdout.decode()) <= least
    line = "nat-split none.wav | nat-decode | nat-embed | nat-quantize | nat-pack --prompt"
    assert not sh(line, cwd=tmp_path, status=1).stdout


def test_a_prompt_of_codes_alone_says_so_and_asks_for_no_mood(piece: bytes) -> None:
    plain = sh("nat-pack --unpack", sh("nat-pack", piece).stdout).stdout
    text = sh("nat-pack --prompt", plain).stdout.decode()
    assert "written as codes alone" in text and "No levels, pitches or colours were measured" in text
    assert "What is its mood" not in text and "sources be?" not in text and "What comes back" in text
    assert "dB" not in text and size(text) <= 8000
    assert sh("nat-pack --prompt", sh("nat-pack", plain).stdout).stdout.decode() == text
    both = sh("nat-pack --prompt", piece + plain).stdout.decode()
    assert both.count("Of this one only codes are known") == 1 and "What is its mood" in both
    assert b"expected scenes or a summary" in sh("nat-pack --prompt --view words", plain, status=1).stderr
    assert b"only codes are known" in sh("nat-pack --view words", plain).stdout
