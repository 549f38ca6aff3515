"""The command: pictures of every stage, wrong usage, broken and odd streams, names in any script."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn import CLOSE, LAYERS, RATE, TOKENS, image, items, one, sound, view
from helpers import AUDIO, BIN, ROOT, needs_audio, noise, sh, stream, tone, wav
from PIL import Image

from natlib import demo as synth
from natlib.errors import Failure
from natlib.plot.drawing import Drawing
from natlib.plot.figure import Pages, Picture
from natlib.plot.kinds import gather
from natlib.wire import Head


def test_the_picture_in_the_readme_is_what_is_drawn_now(tmp_path: Path) -> None:
    recipe = re.search(r"^picture:.*\n\t.*\| (nat-plot.*) > ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    (tmp_path / "out/demo").mkdir(parents=True)
    (tmp_path / "out/demo/piece.wav").write_bytes(wav(synth.piece()))
    pipe = f"nat-split out/demo/piece.wav | nat-decode | nat-embed | nat-quantize | nat-pack | {recipe[1]}"
    now, then = Image.open(io.BytesIO(sh(pipe, cwd=tmp_path).stdout)), Image.open(ROOT / "natlib/data/piece.png")
    assert (now.size, now.info["Description"]) == (then.size, then.info.get("Description")), "run make picture"
    # Other versions of the renderer move things by three dots at most (a mean of 7 here); another picture is 39 off.
    small = [np.asarray(one.convert("RGB").resize((45, 26), Image.Resampling.BOX), np.float64) for one in (now, then)]
    assert np.abs(small[0] - small[1]).mean() < 10, "run make picture"


def test_the_whole_pipe_is_drawn_at_every_stage(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(tone(330, 2) + noise(2)))
    done = sh(
        "nat-split a.wav | tee >(nat-plot > bytes.png) | nat-decode | tee >(nat-plot > pcm.png) | nat-embed |"
        " tee >(nat-plot > features.png) | nat-quantize | tee >(nat-plot > tokens.png) | nat-pack |"
        " nat-plot > ndjson.png; status=$?; wait; exit $status", cwd=tmp_path,
    )  # fmt: skip
    assert done.stderr == b""
    assert image((tmp_path / "ndjson.png").read_bytes()).width == 1500


@needs_audio
def test_real_sound_is_drawn() -> None:
    file = next((AUDIO / "music").glob("*.ogg"))
    done = sh(f"nat-split {file} | nat-decode | nat-plot --what spectrogram --size 6x3 --dpi 100")
    assert image(done.stdout).size == (600, 300)


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_stream_is_the_same_picture(form: str) -> None:
    drawing = Drawing("light", (5, 5), 100, None)
    book = Pages(drawing) if form == "pdf" else Picture(drawing, form)
    book.add(view(TOKENS))
    first = book.finish()
    assert first == sh(f"nat-plot --format {form} --size 5x5 --dpi 100", TOKENS).stdout
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form])
    assert b"Date" not in first
    assert b"date>" not in first


def test_items_are_rows_of_a_picture_or_pages() -> None:
    many = stream(*(record for number in range(14) for record in one("bytes", b"ab", f"{number}")), CLOSE)
    options = "--what histogram --dpi 30 --size 6x2"
    assert image(sh(f"nat-plot {options} --item 13", many).stdout).size == (180, 60)
    assert 12 * 60 < image(sh(f"nat-plot {options}", many).stdout).height < 13 * 60
    few = stream(*one("bytes", b"a"), *one("bytes", b"b"), *one("bytes", b"c"), CLOSE)
    assert len(re.findall(rb"/Type /Page\b", sh(f"nat-plot {options} --format pdf", few).stdout)) == 3
    done = sh("nat-plot --item 14", many, status=1)
    assert done.stdout == b""
    assert b"expected item 14, got 14 items" in done.stderr


def test_wrong_usage_is_told() -> None:
    for options, message in (
        ("--size 10", "expected WIDTHxHEIGHT in inches"),
        ("--size 0x5", "1 to 100"),
        ("--dpi 5", 'expected a number from 20 to 1200 dots an inch, got "5"'),
        ("--sound x.wav", "--sound is played in a --report"),
    ):
        done = sh(f"nat-plot {options}", TOKENS, status=2)
        assert message in done.stderr.decode()
        assert done.stdout == b""


def test_a_panel_that_a_kind_does_not_have_is_told() -> None:
    done = sh("nat-plot --what layers,spectrogram", TOKENS, status=1)
    assert b"one: expected --what of layers, changes, measures, usage, got spectrogram" in done.stderr
    image(done.stdout)


def test_a_picture_beyond_the_renderer_is_told() -> None:
    done = sh("nat-plot --size 100x5 --dpi 1200", TOKENS, status=1)
    assert done.stderr == b"nat-plot: expected a picture below 65536 dots, got 120000 (lower --dpi or --size)\n"


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_a_size_without_room_is_told(form: str) -> None:
    done = sh(f"nat-plot --format {form} --size 4x2", TOKENS, status=1)
    assert done.stdout == b""
    assert re.fullmatch(
        rb"nat-plot: (one: )?expected a --size at least 3.6 inches high for layers, changes, usage, got 2 "
        rb"\(draw fewer with --what\)\n", done.stderr)  # fmt: skip


def test_a_broken_item_is_drawn_with_what_is_wrong() -> None:
    broken: Head = {"event": "error", "stage": "nat-decode", "message": "no sound in it"}
    header: Head = {"event": "header", "kind": "bytes", "name": "bad"}
    alone = sh("nat-plot", stream(header, broken, CLOSE), status=1)
    assert image(alone.stdout).height < 200
    both = sh("nat-plot --format svg", stream(header, broken, *sound(), CLOSE), status=1).stdout
    assert b"<!-- bad -->" in both
    assert b"<!-- nat-decode: no sound in it -->" in both
    assert b"<!-- one -->" in both


def test_a_stream_that_breaks_off_is_drawn_as_far_as_it_came() -> None:
    done = sh("nat-plot --format svg", TOKENS[: TOKENS.index(b'{"event":"end"')], status=1)
    assert b"expected the end of item 0 (one)" in done.stderr
    assert b"<!-- S0: " in done.stdout


@pytest.mark.parametrize("junk", [b"", b"RIFF", b"{}\n", stream(CLOSE)])
def test_no_stream_no_picture(junk: bytes) -> None:
    done = sh("nat-plot", junk, status=1)
    assert done.stdout == b""
    assert b"nothing to draw" in done.stderr


def test_odd_streams_of_others_are_drawn_without_a_word() -> None:
    odd = np.array([np.inf, -np.inf, np.nan, 3e38] * 4, "<f4").tobytes()
    layers = [{"name": ["x"], "vocab": 10**15}, {"vocab": -1}, {"name": "$x^$", "type": {}}, {}]
    measures = [{"step": "x"}, {"unit": 3}]
    done = sh("nat-plot --dpi 20", stream(
        *one("features", odd, frame_rate=0, streams=[{"name": "S", "width": 2}], measures=measures),
        *one("features", odd, frame_rate=1e300, streams=[], measures=[{"unit": "Hz", "step": 1e300}]),
        *one("features", odd * 500, streams=[{"name": "wide", "width": 1000}]),
        *one("tokens", b"\xff" * 80, frame_rate="x", layers=layers),
        *one("pcm", odd, sample_rate=2**31 - 1, channels=2), *one("pcm", odd, sample_rate=1, channels=16),
        *one("pcm", b"", sample_rate=RATE, channels=1), *one("bytes", b"", format={}), CLOSE,
    ))  # fmt: skip
    assert done.stderr == b""
    assert image(done.stdout).width == 200


@pytest.mark.parametrize(("head", "message"), [
    ({"kind": "pcm", "channels": 1}, 'as "sample_rate", got nothing'),
    ({"kind": "shapes"}, "expected a stream of bytes, pcm, features, tokens, ndjson, got \"shapes\""),
    ({"kind": "ndjson"}, 'expected a list of objects as "layers", got nothing'),
])  # fmt: skip
def test_a_header_that_cannot_be_drawn_is_told(head: Head, message: str) -> None:
    done = sh("nat-plot", stream({"event": "header", "name": "odd", **head}, {"event": "end"}, CLOSE), status=1)
    assert message in done.stderr.decode()


@pytest.mark.parametrize("line", [{"t": 0, "S0": "x"}, {"t": 0, "S0": 65536}, {"t": "0", "S0": 1}, {"t": 9e8, "S0": 1}])
def test_a_line_that_cannot_be_drawn_is_told(line: Head) -> None:
    header: Head = {"event": "header", "kind": "ndjson", "layers": LAYERS, "frame_rate": 12.5}
    _, error = gather(items(stream(header, line, {"event": "end"})))
    assert isinstance(error, Failure)


NAMES = ["Größe Ελληνικά Русский", "שלום مرحبا", "中文 日本語 한국어 हिन्दी ไทย", "🎵👩‍👧 \U0010fffd", "a$b^2$ $\\frac",
         "x" * 500, "tab\tline\nbell\a", "\u202e\ufeff\u200b"]  # fmt: skip


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_names_in_any_script_are_drawn_without_a_warning(form: str) -> None:
    names = stream(*(record for name in NAMES for record in sound(name)), CLOSE)
    done = sh(f"nat-plot --what waveform --dpi 50 --size 8x2 --format {form}", names)
    assert done.stderr == b""


def test_what_no_font_has_is_spelled_out() -> None:
    drawing = Drawing("light", None, 100, None)
    assert drawing.safe("a\n\U0010fffd\x7f é", 80) == "a\\x0a\\U0010fffd\\x7f é"
    assert drawing.safe("e\u0301", 80) == "é"
    assert drawing.safe("x" * 50 + ".wav", 20) == "xxxxxxxxx…xxxxx.wav"


def test_neither_home_nor_a_style_in_the_folder_matters(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: green\nno.such.key: 1\n")
    plain = sh("nat-plot --dpi 50", TOKENS)
    odd = sh("nat-plot --dpi 50", TOKENS, cwd=tmp_path, HOME="/dev/null", XDG_CONFIG_HOME="", XDG_CACHE_HOME="")
    assert odd.stderr == b""
    assert odd.stdout == plain.stdout


def test_without_matplotlib_the_line_that_installs_it(tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError('not there', name='matplotlib')")
    done = sh("nat-plot", TOKENS, status=1, PYTHONPATH=str(tmp_path))
    assert done.stdout == b""
    assert done.stderr == b"nat-plot: matplotlib, which draws, is missing: pip install '.[plot]' in the checkout\n"


def test_help_loads_neither_numpy_nor_matplotlib() -> None:
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "natlib.plot", "--help"], capture_output=True,
                          cwd=BIN.parent, check=True)  # fmt: skip
    assert b"natlib.cli" in done.stderr
    assert not re.search(rb"numpy|matplotlib", done.stderr)


def test_pictures_and_reports_lead_with_what_limits_trust(tmp_path: Path) -> None:
    sound = wav(np.stack([tone(440, 2.0), -tone(440, 2.0)], axis=1))
    (tmp_path / "x.wav").write_bytes(sound)
    sh("nat-split x.wav | nat-decode --start 0.5 > pcm; nat-embed pcm | nat-quantize | nat-pack > ndjson", cwd=tmp_path)
    for kind in ("pcm", "ndjson"):
        page = sh(f"nat-plot --report r.html {kind} && cat r.html", cwd=tmp_path).stdout.decode()
        said = page.index("The two channels cancel")
        assert (
            page.index("A part of a longer sound, from 0.5 s on")
            < said
            < page.index("<img" if "<img" in page else "<svg")
        )
        drawn = sh(f"nat-plot --format svg {kind}", cwd=tmp_path).stdout
        assert drawn.startswith(b"<?xml")
    plain = sh("nat-decode | nat-plot --report r.html && cat r.html", sh("nat-split", wav(tone())).stdout, cwd=tmp_path)
    assert b'<p class="bad">' not in plain.stdout
