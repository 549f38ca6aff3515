"""What is drawn of each kind of stream is what is in it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from drawn import CLOSE, CODES, FRAMES, GRID, ITEMS, LAYERS, RANDOM, RATE, TOKENS, image, view
from helpers import BIN, sh, stream, tone, wav

from natlib import wire
from natlib.plot.downsample import Columns, Spectrogram
from natlib.plot.drawing import loudest
from natlib.plot.drawing import number as label
from natlib.plot.framed import title
from natlib.plot.ndjson import Ndjson
from natlib.plot.pcm import Pcm
from natlib.plot.scenes import NOTES, SOUNDS, Scenes
from natlib.plot.tokens import Tokens
from natlib.wire import Head, Record


def test_levels_end_at_full_scale_unless_the_sound_is_louder() -> None:
    for levels, end in (([-3.0, np.nan], 0), ([0.4], 0), ([0.6], 10), ([-10.2], -10), ([-41], -40), ([], -120)):
        assert loudest(np.array(levels, np.float32)) == end


def test_measures_are_named_as_people_name_them() -> None:
    assert title("chroma_1", {}) == ("chroma", "C#")
    assert title("chroma_12", {}) == ("chroma", "12")
    assert title("band_0", {"low": 40, "high": 150}) == ("band", "40–150 Hz")
    assert title("attack_time", {}) == ("", "attack time")
    assert title("harmonic_3", {"low": "x"}) == ("harmonic", "3")


@pytest.mark.parametrize("combine", [np.maximum, np.minimum, np.add])
@pytest.mark.parametrize("count", [1, 4095, 4096, 4097, 8193, 100_003])
def test_columns_are_the_same_for_every_cutting(combine: np.ufunc, count: int) -> None:
    rows = RANDOM.integers(-99, 99, (count, 2)).astype(np.float32)
    made = Columns(combine, (2,))
    first = 0
    while first < count:
        last = first + int(RANDOM.integers(0, 3000))
        made.add(rows[first:last])
        first = last
    assert len(made.values) <= 4096
    assert made.hop == max(1, 2 ** int(np.ceil(np.log2((count + 1) / 4096))))
    expected = combine.reduceat(rows, np.arange(0, count, made.hop), axis=0)
    assert np.array_equal(made.values, expected)
    assert made.counts.sum() == count


def test_a_click_in_an_hour_of_silence_is_seen() -> None:
    head: Head = {"event": "header", "kind": "pcm", "sample_rate": 1000, "channels": 1}
    seen = Pcm(head)
    silence = np.zeros(100_000, np.float32)
    for number in range(36):
        block = silence.copy()
        block[12_345] = float(number == 20)
        seen.add(Record({"event": "data"}, block.tobytes()))
    seen.finish()
    assert seen.duration == 3600
    column = int(np.argmax(seen.high.values))
    assert seen.high.values[column] == 1
    assert column == 2_012_345 // seen.high.hop
    levels = seen.spectrogram.decibels.max(axis=1)
    made = seen.spectrogram
    assert abs(np.argmax(levels) * made.samples - 2_012_345) < max(made.size, made.samples)
    assert np.sum(levels > -150) <= 2


@pytest.mark.parametrize("hertz", [97.0, 440.0, 3000.0, 9000.0])
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_a_sine_stands_at_its_frequency_and_level(hertz: float, rate: int) -> None:
    made = Spectrogram(rate)
    samples = tone(hertz, 1.5, rate, amplitude=1).astype(np.float32)
    for first in range(0, len(samples), 777):
        made.add(samples[first : first + 777])
    made.finish()
    whole = Spectrogram(rate)
    whole.add(samples)
    whole.finish()
    assert np.allclose(made.decibels, whole.decibels, atol=0.1)
    middle = made.decibels[len(made.decibels) // 2]
    peak = int(np.argmax(middle))
    assert abs(made.hertz[peak] - hertz) <= max(rate / made.size, hertz / 24)
    assert abs(middle[peak]) < 2


@pytest.mark.parametrize("encoding", ["delta", "rle", "dense", "S=rle,A=dense"])
def test_ndjson_is_seen_as_the_tokens_that_it_was_made_of(encoding: str) -> None:
    tokens = view(TOKENS)
    lines = view(sh(f"nat-pack --encoding {encoding}", TOKENS).stdout)
    assert isinstance(tokens, Tokens)
    assert isinstance(lines, Ndjson)
    assert lines.frames == tokens.frames == FRAMES
    assert np.array_equal(lines.layers.codes.values, tokens.layers.codes.values)
    assert np.array_equal(lines.layers.changes.values, tokens.layers.changes.values)
    assert lines.tables()["Layers"] == tokens.tables()["Layers"]


def test_scenes_and_sounds_are_drawn_where_and_as_high_as_they_say() -> None:
    notes = np.concatenate([tone(hz, 0.96, RATE) for hz in (220, 440, 880)])
    text = sh("nat-split | nat-decode | nat-embed | nat-quantize | nat-pack --every", wav(notes, RATE)).stdout
    made = view(text)
    assert isinstance(made, Ndjson)
    scenes = made.scenes
    assert np.allclose(2**scenes.edges, [40, 150, 400, 1000, 2500, 6000, 16000])  # as nat-pack's header says
    said = [json.loads(line)["scene"] for line in text.splitlines() if b'"scene":{' in line]
    level, first, last, *rest = scenes.means.values.T
    together, bands = rest[:NOTES], rest[NOTES:]
    assert level.tolist() == [scene["level"] for scene in said] and len(bands) == 6
    assert [sum(column[place] == column[place] for column in together) for place in range(len(said))] == [
        len(scene.get("notes", ())) for scene in said
    ]
    now: list[int] = []
    for place, scene in enumerate(said):
        now = scene.get("bands", now)  # said again when they change
        known = [(column[place], band) for column, band in zip(bands, now, strict=False)]
        assert all(drawn == level[place] + band if band is not None else drawn != drawn for drawn, band in known)
    assert np.allclose(2 ** first[[0, 3, 5]], [220, 440, 880], rtol=0.001) and np.allclose(
        first[[0, 3, 5]], last[[0, 3, 5]]
    )
    assert {round(2 ** sound[3]) for sound in scenes.sounds} >= {220, 440, 880}
    drawn = sh("nat-plot --what level,scenes --format svg", text).stdout
    assert b"level (dBFS)" in drawn and b"frequency (Hz)" in drawn and b"onset" in drawn and b"note of a sound" in drawn
    odd = b"""{"t":0.0,"scene":{"bands":[1,"x",null],"pitch":7}}
{"t":1e5,"scene":{"level":1e9,"pitch_contour":["H2"]}}
{"t":1,"sound":{"duration":"x"}}
{"t":1,"sound":{"duration":1,"pitch":"A#-1","max_level":-3,"onset_strength":5}}
{"t":2,"repeats":{"of":1,"count":"x","times":[2,"y"],"max_levels":[null]}}
{"t":2,"repeats":{"of":"z"}}
"""
    header, rest = text.split(b"\n", 1)
    done = sh("nat-plot", header + b"\n" + odd + rest)
    assert done.stderr == b"" and image(done.stdout).width == 1500


def test_of_many_sounds_those_that_rise_most_are_kept() -> None:
    scenes = Scenes({"pack": {"scene_seconds": 1}})
    for number in range(20_000):
        scenes.sound(number, {"duration": 1, "onset_strength": number % 1000, "max_level": -10, "pitch": "A4"})
    assert len(scenes.sounds) < 2 * SOUNDS
    assert {sound[0] for sound in scenes.sounds if sound[1] < 10_000} <= set(range(500, 1000))


def test_the_sections_of_a_summary_are_marked() -> None:
    header, *lines = sh("nat-pack", TOKENS).stdout.splitlines(keepends=True)
    sections = [{"t": 0, "label": "A"}, {"t": 3.2, "label": "B*"}]
    summary = wire.dump({"event": "summary", "sections": [*sections, "?", {"t": "?"}]})
    made = sh("nat-plot --what sections --format svg", b"".join([header, *lines[:-1], summary, lines[-1]]))
    assert made.stderr == b""
    assert b"<!-- A -->" in made.stdout
    assert b"<!-- B* -->" in made.stdout


def test_the_figures_by_layer_are_those_of_the_codes() -> None:
    head, *rows = view(TOKENS).tables()["Layers"]
    assert head[:5] == ("layer", "codes used", "of", "utilisation", "entropy (bits)")
    for number, row in enumerate(rows):
        codes = CODES[:, number]
        share = np.bincount(codes)[np.unique(codes)] / FRAMES
        changes = np.count_nonzero(np.diff(codes))
        used = len(share)
        assert row[:4] == (LAYERS[number]["name"], str(used), "16", f"{used / 16:.0%}")
        assert row[4:6] == (f"{-np.sum(share * np.log2(share)):.2f}", "4.00")
        assert row[6:8] == (f"{changes / (FRAMES / 12.5):.2f}", f"{FRAMES / (changes + 1):.1f}")


@pytest.mark.parametrize("kind", ["features", "tokens"])
def test_measures_are_in_their_units_and_absent_ones_do_not_count(kind: str) -> None:
    rows = view(stream(*ITEMS[kind], CLOSE)).tables()["Measures"]
    level = GRID[:, 0] * 0.1
    expected = [label(float(np.float32(value))) for value in (level.min(), level.mean(), level.max())]
    assert rows == [("measure", "unit", "lowest", "mean", "highest"), ("level", "dBFS", *expected),
                    ("pitch", "Hz", "440", "440", "440")]  # fmt: skip


def test_memory_is_flat_for_a_long_sound() -> None:
    # A process that copies sound for so many minutes, and then says the peak memory of nat-plot, in KB.
    script = f"""if True:
        import resource, subprocess, sys
        sys.path.insert(0, {str(BIN.parent)!r})
        import numpy as np
        from natlib import wire
        plot = subprocess.Popen([{str(BIN / "nat-plot")!r}], stdin=-1, stdout=subprocess.DEVNULL)
        block = np.random.default_rng(1).standard_normal({RATE} * 30).astype("<f4").tobytes()
        writer = wire.Writer()
        header = {{"event": "header", "kind": "pcm", "sample_rate": {RATE}, "channels": 1}}
        plot.stdin.writelines(writer.write(header))
        for _ in range(2 * int(sys.argv[1])):
            plot.stdin.writelines(writer.write({{"event": "data"}}, block))
        plot.stdin.writelines(writer.write({{"event": "end"}}) + writer.write({{"event": "close"}}))
        plot.stdin.close()
        assert plot.wait() == 0
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    """
    short, long = (int(subprocess.check_output([sys.executable, "-c", script, str(m)])) for m in (1, 20))
    assert long < short + max(8 * 1024, short // 10)  # the samples are 38 MB


def test_bands_lie_where_the_header_says() -> None:
    for told, edges in (
        ([50, 500, 5000], [50, 500, 5000]),
        ([500, 50], [40, 16000]),
        ("x", [40, 16000]),
        (None, [40, 16000]),
    ):
        assert np.allclose(2 ** Scenes({"pack": {"scene_seconds": 1, "bands_hz": told}}).edges, edges)


def test_what_is_told_once_is_drawn_for_as_long_as_it_holds() -> None:
    beat = np.concatenate([np.hanning(400) * tone(900, 0.05, RATE)[:400], np.zeros(RATE // 5)])
    sound = wav(np.tile(beat, 30), RATE)
    once, every = (
        view(sh(f"nat-split | nat-decode | nat-embed | nat-quantize | nat-pack {options}", sound).stdout)
        for options in ("", "--every")
    )
    assert isinstance(once, Ndjson)
    assert isinstance(every, Ndjson)
    assert len(once.scenes.sounds) == len(every.scenes.sounds) > 20
    assert once.scenes.rows == every.scenes.rows
    assert np.nanmax(np.abs(once.scenes.means.values[:, 0] - every.scenes.means.values[:, 0])) < 3  # dB
