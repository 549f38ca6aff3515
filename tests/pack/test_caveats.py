"""What limits trust leads every form: no sound, damage, gaps, clipping, silence, channels; lines tell their item."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers import needs, noise, records, sh, tone, wav
from packing import lines

from natlib.wire import Head

PIPE = "nat-decode | nat-embed | nat-quantize"


def told(folder: Path, data: bytes, options: str = "", decode: str = "", status: int | None = 0) -> list[Head]:
    """The lines of a file."""
    (folder / "x.wav").write_bytes(data)
    line = f"nat-split x.wav | nat-decode {decode} | nat-embed | nat-quantize | nat-pack {options}"
    return lines(sh(line, cwd=folder, status=status).stdout)


def summary(folder: Path, data: bytes, **how: object) -> Head:
    """Its summary."""
    (found,) = [line for line in told(folder, data, **how) if line.get("event") == "summary"]  # type: ignore[arg-type]
    return found


def music(seconds: float = 3.0) -> np.ndarray:
    """Plucked notes, and a hiss."""
    t = np.arange(round(44100 * seconds)) / 44100
    return 0.2 * np.exp(-3 * (t % 0.5)) * sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 6))


def limited(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Files, and what every form must say of each."""
    x = music()
    nan = np.array(x, dtype="f4")
    nan[[100, 200]] = np.nan
    return {
        "text": (b"<!doctype html>\n<html><body>Not found</body></html>\n" * 200, "no sound: HTML"),
        "words": ("Grüße, dies ist ein Text.\n".encode() * 300, "no sound: text"),
        "cut": (wav(x)[:90001], "damaged: "),
        "silence": (wav(np.zeros(44100)), "silent throughout"),
        "pause": (wav(np.concatenate([x, np.zeros(88200), x])), "silent from 3."),
        "antiphase": (wav(np.stack([x, -x], axis=1)), "the two channels cancel"),
        "one side": (wav(np.stack([x, 0 * x], axis=1)), "mixing 2 channels to one lowers it by 6 dB: 1 of them silent"),
        "clips": (wav(np.clip(8 * x, -1, 1)), "it clips: "),
        "not finite": (wav(nan, subtype="FLOAT"), "2 samples were no numbers"),
        "offset": (wav(x / 2 + 0.3), "a constant offset of 30%"),
        "nothing": (wav(np.zeros(0)), "no sample"),
        "one": (wav([0.5]), "one sample"),
    }


@pytest.mark.parametrize("form", ["", "--budget 1500", "--view table", "--view words", "--prompt", "--legend header"])
def test_every_form_says_what_limits_it(form: str, tmp_path: Path) -> None:
    for name, (data, said) in limited(tmp_path).items():
        (tmp_path / "x.wav").write_bytes(data)
        text = sh(f"nat-split x.wav | {PIPE} | nat-pack {form}", cwd=tmp_path, status=None).stdout.decode()
        again = (
            sh(f"nat-pack {form}", text.encode(), status=None).stdout.decode()
            if form in ("", "--legend header")
            else ""
        )
        for packed in filter(None, (text, again)):
            assert said in packed or said[0].upper() + said[1:] in packed, (name, form, packed[-2000:])


def test_a_prompt_of_what_is_no_sound_asks_for_no_mood(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"Just some words, and a few more of them.\n" * 500)
    text = sh(f"nat-split x.wav | {PIPE} | nat-pack --prompt", cwd=tmp_path).stdout
    assert b"mood?" not in text and b"What is this, if it is no sound?" in text


def test_a_pause_and_what_is_loudest_are_told_with_their_times(tmp_path: Path) -> None:
    hiss = noise(60.0, amplitude=0.001)
    hiss[44100 * 20 : 44100 * 22] += tone(1000, 2.0, amplitude=0.35)
    found = summary(tmp_path, wav(hiss))
    assert abs(found["loudest"]["t"] - 20) < 0.3 and found["loudest"]["max_level"] == -12
    assert [round(part["t"]) for part in found["parts"]] == [0, 20, 22]
    assert [part["level"] for part in found["parts"]][::2] == [-60, -60] and found["parts"][1]["tonality"] > 90
    least = sh(f"nat-split x.wav | {PIPE} | nat-pack --budget 900", cwd=tmp_path).stdout
    assert b"Loudest at 20" in least and b"-12 dB" in least


def test_no_line_is_the_mean_of_a_hiss_and_a_tone(tmp_path: Path) -> None:
    found = summary(tmp_path, wav(np.concatenate([noise(3.0, amplitude=0.1), tone(300, 5.0)])))
    assert [round(part["t"]) for part in found["parts"]] == [0, 3] and "centroid" not in found
    hiss, pure = found["parts"]
    assert hiss["centroid"] > 5000 and hiss["tonality"] < 10 and 250 < pure["centroid"] < 400 and pure["tonality"] > 90
    scenes = [line for line in told(tmp_path, (tmp_path / "x.wav").read_bytes(), "--scene 4") if "scene" in line]
    assert len(scenes) == 2 or all(line["scene"]["tonality"] in (*range(10), *range(90, 101)) for line in scenes)


@pytest.mark.parametrize(("hz", "rate", "where"), [
    (30000, 96000, "above_16_khz"), (17500, 44100, "above_16_khz"), (80000, 192000, "above_16_khz"),
    (10, 44100, "below_40_hz"), (30, 48000, "below_40_hz"),
])  # fmt: skip
def test_energy_outside_has_no_notes(hz: int, rate: int, where: str, tmp_path: Path) -> None:
    found = told(tmp_path, wav(tone(hz, 3.0, rate), rate))
    whole = next(line for line in found if line.get("event") == "summary")
    assert whole[f"{where}_percent"] > 95
    assert whole.keys().isdisjoint({"key", "pitch_percent", "peak_percent", "spectral_lines", "polyphony"})
    assert "centroid" not in whole
    for scene in [line["scene"] for line in found if "scene" in line][1:-1]:
        assert scene[where] >= -1 and scene.keys().isdisjoint(
            {"centroid", "pitch", "pitch_classes", "lowest", "tonality", "bands", "peak"}
        )
    if where == "above_16_khz":
        assert abs(whole[f"{where}_range"][0] / hz - 1) < 0.03


def test_a_constant_tone_has_no_pulse_and_nothing_far_below_it(tmp_path: Path) -> None:
    for hz in (110, 997, 3333):
        found = told(tmp_path, wav(tone(hz, 6.0)))
        scenes = [line["scene"] for line in found if "scene" in line][1:-1]
        assert not any("pulse" in scene or "onsets" in scene for scene in scenes)
        whole = next(line for line in found if line.get("event") == "summary")
        assert not whole.get("pulse") and None in whole["swell"]


def test_lines_of_later_items_tell_theirs(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(tone()))
    (tmp_path / "b.wav").write_bytes(wav(np.stack([tone(300), tone(500)], axis=1)))
    sh(f"nat-split a.wav b.wav a.wav | {PIPE} > tokens", cwd=tmp_path)
    plain = lines(sh("nat-pack tokens", cwd=tmp_path).stdout)
    assert {line.get("item", 0) for line in plain} == {0, 1, 2}
    starts = [i for i, line in enumerate(plain) if line.get("event") == "header"]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(plain)], strict=True)):
        assert all(line.get("item", 0) == number for line in plain[start:end])
    named = lines(sh("nat-pack --tag tokens", cwd=tmp_path).stdout)
    assert [line["name"] for line in named if "scene" in line][::3] == ["a.wav", "b.wav", "a.wav"]
    assert all("name" in line for line in named)
    wanted = sh("nat-pack --unpack", sh("nat-pack tokens", cwd=tmp_path).stdout).stdout
    assert sh("nat-pack --unpack", sh("nat-pack --tag tokens", cwd=tmp_path).stdout).stdout == wanted


@pytest.mark.parametrize("start", [3.03, 0.5, 1.0])
def test_times_of_a_part_are_those_of_the_recording(start: float, tmp_path: Path) -> None:
    sound = np.concatenate([0 * tone(440, 4.0), tone(440, 2.0)])
    (tmp_path / "x.wav").write_bytes(wav(sound))
    sh(f"nat-split x.wav | nat-decode --start {start} | nat-embed | nat-quantize --plain > tokens", cwd=tmp_path)
    packed = sh("nat-pack tokens", cwd=tmp_path).stdout
    told_lines = lines(packed)
    assert told_lines[0]["t0"] == start and min(line["t"] for line in told_lines if "t" in line) == start
    back = records(sh("nat-pack --unpack", packed).stdout)
    assert b"".join(r.payload for r in back) == b"".join(r.payload for r in records((tmp_path / "tokens").read_bytes()))
    whole = told(tmp_path, wav(sound), decode=f"--start {start}")
    attack = next(line for line in whole if "sound" in line)
    assert abs(attack["t"] - 4) < 0.02
    found = next(line for line in whole if line.get("event") == "summary")
    assert (start > 3 or found["silence"][0][0] == start) and f"a part of a longer sound, from {start:g} s on" in found[
        "caveats"
    ]


@needs("ffmpeg")
def test_a_gap_is_told_where_it_is(tmp_path: Path) -> None:
    sound = "ffmpeg -v error -f lavfi -i sine=440:d=8 -af \"aselect='not(between(t,3,5))'\" -c:a libopus x.webm"
    sh(sound, cwd=tmp_path)
    found = lines(sh(f"nat-split x.webm | {PIPE} | nat-pack", cwd=tmp_path).stdout)
    (gap,) = [line for line in found if line.get("event") == "gap"]
    assert abs(gap["t"] - 3) < 0.1 and abs(gap["seconds"] - 2) < 0.1
    whole = next(line for line in found if line.get("event") == "summary")
    assert whole["caveats"][0].startswith("sound is missing from 3.0") and len(whole["caveats"]) == 1


def test_channels_are_told_when_they_change(tmp_path: Path) -> None:
    left, right = noise(8.0), noise(8.0, seed=2)
    sound = np.stack([left, np.concatenate([left[: 44100 * 4], right[44100 * 4 :]])], axis=1)
    file = io.BytesIO()
    soundfile.write(file, sound, 44100, format="WAV", subtype="PCM_16")
    found = told(tmp_path, file.getvalue())
    notes = [line for line in found if line.get("event") == "channel_levels"]
    assert [note["t"] for note in notes] == [0.0, 4.0] and notes[0]["correlation"] == 1.0
    assert abs(notes[1]["correlation"]) < 0.05
