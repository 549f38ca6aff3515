"""nat-plot: pictures of every kind of stream, pages, reports; what is gathered for them, held against numpy."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
from helpers import AUDIO, BIN, ROOT, needs_audio, noise, records, sh, stream, tone, wav
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from natlib import cli, wire
from natlib import demo as synth
from natlib.plot.command import downsample as columns
from natlib.plot.command import panels, picture
from natlib.wire import Head, Record

RATE = 8000
FRAMES = 100
LAYERS = [{"name": name, "type": kind, "vocab": 16}
          for kind, names in (("semantic", ("S0", "S1")), ("acoustic", ("A0", "A1"))) for name in names]  # fmt: skip
MEASURES = [{"name": "level", "unit": "dBFS", "step": 0.1}, {"name": "pitch", "unit": "Hz", "step": 0.2}]
HEARD: list[Head] = [  # as nat-pack tells it
    {"event": "header", "kind": "ndjson", "name": "one", "layers": LAYERS, "frame_rate": 12.5,
     "pack": {"scene": 0.48, "how_to_read": "… when they change, bands dB in 40-150-400-1000-2500-6000-16000 Hz …"}},
    *({"t": 0.48 * i, "scene": {"dB": -8 - 2 * i, "pitch": "A4>B4", "bands": [-i, -3, -9, -12, -15, -40]}}
      for i in range(16)),
    *({"t": 0.5 * i, "sound": {"s": 0.3, "dB": -6 - i, "rise": 12, "pitch": "C5"}} for i in range(12)),
    *({"t": 0.08 * i, **{layer["name"]: (i * j) % 16 for j, layer in enumerate(LAYERS, 1)}} for i in range(100)),
    {"event": "summary", "sections": [{"t": 0, "label": "A"}, {"t": 3.2, "label": "B"}, {"t": 6.4, "label": "A"}]},
    {"event": "end", "frames": 100},
]  # fmt: skip
RANDOM = np.random.default_rng(7)
CODES = np.repeat(RANDOM.integers(0, 16, (FRAMES // 4, 4)), 4, axis=0).astype("<u2")
GRID = np.column_stack([RANDOM.integers(-900, 0, FRAMES), np.where(np.arange(FRAMES) < 50, -32768, 2200)]).astype("<i2")
ROWS = np.hstack([RANDOM.standard_normal((FRAMES, 5)), np.where(GRID == -32768, np.nan, GRID)]).astype("<f4")


def one(kind: str, payload: bytes, name: str = "one", **keys: object) -> list[Head | tuple[Head, bytes]]:
    """The records of one item."""
    return [{"event": "header", "kind": kind, "name": name, **keys}, ({"event": "data"}, payload), {"event": "end"}]


def sound(name: str = "one") -> list[Head | tuple[Head, bytes]]:
    """One second of sound as a pcm item."""
    return one("pcm", tone(440, 1, RATE).astype("<f4").tobytes(), name, sample_rate=RATE, channels=1)


STREAMS = [{"name": "S", "type": "semantic", "width": 3}, {"name": "A", "type": "acoustic", "width": 2}]
ITEMS: dict[str, list[Head | tuple[Head, bytes]]] = {
    "bytes": one("bytes", bytes(range(256)) * 20, format="wav"),
    "pcm": sound(),
    "features": one("features", ROWS.tobytes(), frame_rate=12.5, streams=STREAMS, measures=MEASURES),
    "tokens": one("tokens", np.hstack([CODES, GRID.view("<u2")]).tobytes(), frame_rate=12.5, layers=LAYERS,
                  measures=MEASURES),
    "theirs": one("features", ROWS[:, :5].tobytes(), streams=[{"name": "embedding", "width": 5}]),
    "ndjson": HEARD,
    "tokens of theirs": one("tokens", CODES.tobytes(), frame_rate=75, layers=[{"name": f"q{i}"} for i in range(4)]),
}  # fmt: skip
CLOSE: Head = {"event": "close"}
TOKENS = stream(*ITEMS["tokens"], CLOSE)


def image(png: bytes) -> Image.Image:
    """A picture that nat-plot made."""
    return Image.open(io.BytesIO(png)).convert("RGB")


def view(data: bytes) -> panels.View:
    """What is gathered of a stream of one item."""
    made, error = panels.gather(items(data))
    assert error is None
    return made


def items(data: bytes) -> cli.Item:
    """The one item of a stream."""
    first, *rest = records(data)
    return cli.Item(first.head, iter(rest))


# Pictures.


def boxes(figure: Figure) -> tuple[Image.Image, list[tuple[Text, Bbox]]]:
    """The picture, and each text that is printed in it, with the box that it fills, in dots from below."""
    printed: dict[Text, None] = {}
    draw: Callable[..., None] = Text.draw

    def note(self: Text, *args: object) -> None:
        draw(self, *args)
        if self.get_visible() and self.get_text().strip():
            printed[self] = None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", note)
        drawn = image(picture.save(figure, "png"))
    return drawn, [(text, text.get_window_extent()) for text in printed]


def meet(one: Bbox, other: Bbox) -> bool:
    """Do two boxes overlap, by more than a dot?"""
    return bool(min(one.x1, other.x1) - max(one.x0, other.x0) > 1 and min(one.y1, other.y1) - max(one.y0, other.y0) > 1)


def within(one: Bbox, other: Bbox) -> bool:
    """Is a box in another, but for a dot?"""
    return bool(one.x0 > other.x0 - 1 and one.x1 < other.x1 + 1 and one.y0 > other.y0 - 1 and one.y1 < other.y1 + 1)


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The contrast of two colours, from 1 to 21: WCAG 2.2, which asks for 4.5."""
    light, dark = sorted((np.dot([0.2126, 0.7152, 0.0722], [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                         for c in colour]) for colour in (one, other)), reverse=True)  # fmt: skip
    return float((light + 0.05) / (dark + 0.05))


def faults(figure: Figure, drawn: Image.Image, printed: list[tuple[Text, Bbox]]) -> Iterator[str]:
    """What a reader of a figure would stumble over, given its `boxes`."""
    panels = [axes for axes in figure.findobj(Axes) if isinstance(axes, Axes) and axes.axison]
    for (text, box), (other, second) in combinations(printed, 2):
        if meet(box, second):
            yield f"{text.get_text()!r} and {other.get_text()!r} overlap"
    for text, box in printed:
        said = repr(text.get_text())
        if not within(box, figure.bbox):
            yield f"{said} leaves the canvas"
            continue
        if any(meet(box, axes.bbox) and not (text in axes.texts and within(box, axes.bbox)) for axes in panels):
            yield f"{said} is printed over a panel"
        left, bottom, right, top = (round(value) for value in box.extents)
        under = drawn.crop((left, drawn.height - top, max(right, left + 1), max(drawn.height - bottom, 1)))
        paper = Counter(under.get_flattened_data() if hasattr(under, "get_flattened_data") else under.getdata())
        if contrast(to_rgb(text.get_color()), tuple(c / 255 for c in paper.most_common(1)[0][0])) < 4.5:
            yield f"{said} is hard to tell from what is under it"
    for key in figure.findobj(Legend):
        assert isinstance(key, Legend)
        if any(meet(key.get_window_extent(), axes.bbox) for axes in panels):
            yield "a key covers data"
    used, size = figure.get_tightbbox(), figure.get_size_inches()
    margins = [used.x0, used.y0, size[0] - used.x1, size[1] - used.y1]
    if max(margins) > 0.4:
        yield f"margins of {[f'{margin:.2f}' for margin in margins]} inches"


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ITEMS)
def test_every_kind_has_a_picture_and_its_labels_have_room(kind: str, theme: str) -> None:
    drawing = picture.Drawing(theme, None, 100, None)
    seen = view(stream(*ITEMS[kind], CLOSE))
    figure = drawing.figure([seen])
    drawn, printed = boxes(figure)
    assert not list(faults(figure, drawn, printed))
    assert drawn.width == 1000
    assert 200 < drawn.height < 2000
    assert drawn.getpixel((1, 1)) == ((255, 255, 255) if theme == "light" else (19, 20, 23))
    assert np.mean(np.any(np.asarray(drawn) != drawn.getpixel((1, 1)), axis=2)) > 0.1
    figure = drawing.figure([seen], whole=True)  # as in a report
    assert not list(faults(figure, *boxes(figure)))


def test_labels_have_room_where_items_share_a_picture() -> None:
    seen = [view(stream(*records, CLOSE)) for records in ITEMS.values()]
    seen[0].error = seen[1].head["name"] = "x" * 300
    figure = picture.Drawing("light", None, 100, None).figure(seen)
    assert not list(faults(figure, *boxes(figure)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ITEMS)
def test_labels_have_room_in_the_smallest_picture_that_is_drawn(kind: str) -> None:
    seen = view(stream(*ITEMS[kind], CLOSE))
    for what in (None, *seen.panels()):
        whole = picture.Drawing("light", (3, 100), 100, what)
        shown = whole.choose(seen, whole=False, several=False)
        least = sum(panel.least for panel in shown.values()) + picture.margin(shown)
        for width in (4, 6) if what in (None, "usage") else (3,):
            figure = picture.Drawing("light", (width, least), 100, what).figure([seen])
            assert not list(faults(figure, *boxes(figure))), what
        with pytest.raises(cli.Failure, match=f"at least {least:.1f} inches high for .*, got {least - 0.1:g}"):
            picture.Drawing("light", (3, least - 0.1), 100, what).figure([seen])
        with pytest.raises(cli.Failure, match=r"at least 3 inches wide, got 2\.9"):
            picture.Drawing("light", (2.9, least), 100, what).figure([seen])


def test_what_a_reader_stumbles_over_is_found() -> None:
    picture.Drawing("light", None, 100, None)
    figure = Figure((6, 4), 100)
    axes, other = figure.subplots(2, 1)
    axes.plot([0, 1], label="data")
    axes.legend()
    axes.set_xlabel("far below", labelpad=60)
    other.set_title("title")
    figure.text(0.5, 0.5, "first")
    figure.text(0.5, 0.5, "second")
    figure.text(0.99, 0.5, "beyond")
    figure.text(0.01, 0.5, "pale", color="yellow")
    found = list(faults(figure, *boxes(figure)))
    for fault in ("'first' and 'second' overlap", "'beyond' leaves the canvas", "'far below' is printed over a panel",
                  "'pale' is hard to tell from what is under it", "a key covers data"):  # fmt: skip
        assert any(fault in line for line in found), fault
    alone = Figure((6, 4), 100)
    alone.add_axes((0.4, 0.4, 0.2, 0.2))
    assert "margins of" in " ".join(faults(alone, *boxes(alone)))


def test_a_layout_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = panels.Tokens._changes

    def spoiled(self: panels.Tokens, *args: object) -> Axes:
        axes = changes(self, *args)  # type: ignore[arg-type]
        axes.set_ylabel("x\n" * 99)
        return axes

    monkeypatch.setattr(panels.Tokens, "_changes", spoiled)
    figure = picture.Drawing("light", (4, 5), 100, None).figure([view(TOKENS)])
    with pytest.raises(cli.Failure, match="expected room for the panels and their labels, got 4x5 inches"):
        picture.save(figure, "png")


def test_an_axis_shows_the_labels_that_have_room() -> None:
    axes = Figure((4, 2), 72).add_axes((0, 0, 1, 1))
    for length, shown in ((3, [0, 1, 2, 3]), (40, [0, 20, 40]), (70, [0, 25, 50]), (9999, [0])):
        axes.set_ylim(length, 0)
        axes.yaxis.set_major_locator(panels.Fitting(48, range(4), [0, 20, 40, 60], [0, 25, 50, 9e9]))
        assert list(axes.yaxis.get_majorticklocs()) == shown


def test_levels_end_at_full_scale_unless_the_sound_is_louder() -> None:
    for levels, end in (([-3.0, np.nan], 0), ([0.4], 0), ([0.6], 10), ([-10.2], -10), ([-41], -40), ([], -120)):
        assert panels.loudest(np.array(levels, np.float32)) == end


def test_measures_are_named_as_people_name_them() -> None:
    assert panels.title("chroma_1", {}) == ("chroma", "C#")
    assert panels.title("chroma_12", {}) == ("chroma", "12")
    assert panels.title("band_0", {"low": 40, "high": 150}) == ("band", "40–150 Hz")
    assert panels.title("attack_time", {}) == ("", "attack time")
    assert panels.title("harmonic_3", {"low": "x"}) == ("harmonic", "3")


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
    drawing = picture.Drawing("light", (5, 5), 100, None)
    book = picture.Pages(drawing) if form == "pdf" else picture.Picture(drawing, form)
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
        ("--dpi 5", "expected a number from 20 to 1200 dots an inch, got '5'"),
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


# What goes wrong with an item stays with it, and is seen.


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
    ({"kind": "shapes"}, "expected a stream of bytes, pcm, features, tokens, ndjson, got 'shapes'"),
    ({"kind": "ndjson"}, 'expected a list of objects as "layers", got nothing'),
])  # fmt: skip
def test_a_header_that_cannot_be_drawn_is_told(head: Head, message: str) -> None:
    done = sh("nat-plot", stream({"event": "header", "name": "odd", **head}, {"event": "end"}, CLOSE), status=1)
    assert message in done.stderr.decode()


@pytest.mark.parametrize("line", [{"t": 0, "S0": "x"}, {"t": 0, "S0": 65536}, {"t": "0", "S0": 1}, {"t": 9e8, "S0": 1}])
def test_a_line_that_cannot_be_drawn_is_told(line: Head) -> None:
    header: Head = {"event": "header", "kind": "ndjson", "layers": LAYERS, "frame_rate": 12.5}
    _, error = panels.gather(items(stream(header, line, {"event": "end"})))
    assert isinstance(error, cli.Failure)


# Names.


NAMES = ["Größe Ελληνικά Русский", "שלום مرحبا", "中文 日本語 한국어 हिन्दी ไทย", "🎵👩‍👧 \U0010fffd", "a$b^2$ $\\frac",
         "x" * 500, "tab\tline\nbell\a", "\u202e\ufeff\u200b"]  # fmt: skip


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_names_in_any_script_are_drawn_without_a_warning(form: str) -> None:
    names = stream(*(record for name in NAMES for record in sound(name)), CLOSE)
    done = sh(f"nat-plot --what waveform --dpi 50 --size 8x2 --format {form}", names)
    assert done.stderr == b""


def test_what_no_font_has_is_spelled_out() -> None:
    drawing = picture.Drawing("light", None, 100, None)
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


# What is gathered.


@pytest.mark.parametrize("combine", [np.maximum, np.minimum, np.add])
@pytest.mark.parametrize("count", [1, 4095, 4096, 4097, 8193, 100_003])
def test_columns_are_the_same_for_every_cutting(combine: np.ufunc, count: int) -> None:
    rows = RANDOM.integers(-99, 99, (count, 2)).astype(np.float32)
    made = columns.Columns(combine, (2,))
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
    seen = panels.Pcm(head)
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
    assert abs(np.argmax(levels) * seen.spectrogram.samples - 2_012_345) < seen.spectrogram.size
    assert np.sum(levels > -150) <= 2


@pytest.mark.parametrize("hertz", [97.0, 440.0, 3000.0, 9000.0])
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_a_sine_stands_at_its_frequency_and_level(hertz: float, rate: int) -> None:
    made = columns.Spectrogram(rate)
    samples = tone(hertz, 1.5, rate, amplitude=1).astype(np.float32)
    for first in range(0, len(samples), 777):
        made.add(samples[first : first + 777])
    made.finish()
    whole = columns.Spectrogram(rate)
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
    assert isinstance(tokens, panels.Tokens)
    assert isinstance(lines, panels.Ndjson)
    assert lines.frames == tokens.frames == FRAMES
    assert np.array_equal(lines.codes.values, tokens.codes.values)
    assert np.array_equal(lines.changes.values, tokens.changes.values)
    assert lines.tables()["Layers"] == tokens.tables()["Layers"]


def test_scenes_and_sounds_are_drawn_where_and_as_high_as_they_say() -> None:
    notes = np.concatenate([tone(hz, 0.96, RATE) for hz in (220, 440, 880)])
    text = sh("nat-split | nat-decode | nat-embed | nat-quantize | nat-pack", wav(notes, RATE)).stdout
    made = view(text)
    assert isinstance(made, panels.Ndjson)
    scenes = made.scenes
    assert np.allclose(2**scenes.edges, [40, 150, 400, 1000, 2500, 6000, 16000])  # as nat-pack's header says
    said = [json.loads(line)["scene"] for line in text.splitlines() if b'"scene":{' in line]
    level, first, last, *bands = scenes.means.values.T
    assert level.tolist() == [scene["dB"] for scene in said] and len(bands) == 6
    now: list[int] = []
    for place, scene in enumerate(said):
        now = scene.get("bands", now)  # said again when they change
        assert [column[place] for column in bands][: len(now)] == [level[place] + band for band in now]
    assert np.allclose(2 ** first[[0, 3, 5]], [220, 440, 880], rtol=0.001) and np.allclose(
        first[[0, 3, 5]], last[[0, 3, 5]]
    )
    assert {round(2 ** sound[3]) for sound in scenes.sounds} >= {220, 440, 880}
    drawn = sh("nat-plot --what level,scenes --format svg", text).stdout
    assert (
        b"level (dBFS)" in drawn and b"frequency (Hz)" in drawn and b"attack" in drawn and b"pitch of a sound" in drawn
    )
    odd = b"""{"t":0.0,"scene":{"bands":[1,"x",null],"pitch":7}}
{"t":1e5,"scene":{"dB":1e9,"pitch":"H2>"}}
{"t":1,"sound":{"s":"x"}}
{"t":1,"sound":{"s":1,"pitch":"A#-1","dB":-3,"rise":5}}
"""
    header, rest = text.split(b"\n", 1)
    done = sh("nat-plot", header + b"\n" + odd + rest)
    assert done.stderr == b"" and image(done.stdout).width == 1500


def test_of_many_sounds_those_that_rise_most_are_kept() -> None:
    scenes = panels.Scenes({"pack": {"scene": 1}})
    for number in range(20_000):
        scenes.sound(number, {"s": 1, "rise": number % 1000, "dB": -10, "pitch": "A4"})
    assert len(scenes.sounds) < 2 * panels.SOUNDS
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
    expected = [panels.number(float(np.float32(value))) for value in (level.min(), level.mean(), level.max())]
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


# Reports.


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, {key: value or "" for key, value in attributes}))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def embedded(uri: str) -> bytes:
    """The content of a data URI."""
    assert uri.startswith("data:")
    return base64.b64decode(uri.split(",", 1)[1], validate=True)


def test_a_report_needs_nothing_else(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>&amp;'
    many = stream(*sound(evil), *ITEMS["tokens"], CLOSE)
    done = sh("nat-plot --report page.html", many, cwd=tmp_path)
    assert done.stdout == done.stderr == b""
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    page = Page(tmp_path / "page.html")
    links = [value for _, attributes in page.tags for key, value in attributes.items() if key in ("src", "href")]
    assert all(link.startswith(("data:", "#")) for link in links)
    assert len(page.all("script")) == 1
    assert page.text.count(evil) >= 2
    assert [image["src"][:18] for image in page.all("img")] == ["data:image/svg+xml"] * 2
    assert len(page.all("section")) == 2
    for fact in ("utilisation", "pitch", "12.5", "sample_rate"):
        assert fact in page.text
    left, top, width, height, seconds = json.loads(page.all("figure")[0]["data-box"])
    assert 0 < left < left + width < 100
    assert 0 < top < top + height < 100
    assert seconds == 1


def test_a_report_plays_the_sound_of_a_pcm_stream(tmp_path: Path) -> None:
    sh("nat-plot --report page.html", stream(*sound(), CLOSE), cwd=tmp_path)
    played = embedded(Page(tmp_path / "page.html").all("audio")[0]["src"])
    samples, rate = soundfile.read(io.BytesIO(played))
    assert rate == RATE
    assert np.allclose(samples, tone(440, 1, RATE), atol=2**-15)


def test_a_report_plays_the_files_given(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(wav(tone(300, 0.1)))
    both = stream(*sound(), *ITEMS["tokens"], CLOSE)
    sh("nat-plot --report page.html --sound a.wav --sound b.wav", both, cwd=tmp_path)
    players = Page(tmp_path / "page.html").all("audio")
    assert [embedded(player["src"]) for player in players] == [(tmp_path / "a.wav").read_bytes()] * 2


def test_streams_of_one_sound_share_a_section(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(tone(330, 1)))
    sh("nat-split a.wav | nat-decode > pcm; nat-embed pcm | nat-quantize | nat-pack > heard; nat-embed pcm > features;"
       " nat-plot --size 5x3 --report one.html pcm features heard; nat-plot --size 5x3 --report two.html pcm pcm",
       cwd=tmp_path)  # fmt: skip
    one, two = Page(tmp_path / "one.html"), Page(tmp_path / "two.html")
    assert [len(one.all(tag)) for tag in ("section", "audio", "figure", "h2", "details")] == [1, 1, 3, 1, 3]
    assert "how_to_read" in one.text
    words = next(r.head["in_words"] for r in records((tmp_path / "heard").read_bytes()) if r.event == "summary")
    assert words in one.text
    assert [len(two.all(tag)) for tag in ("section", "audio", "figure", "h2")] == [2, 2, 2, 2]


def test_a_report_that_cannot_be_made_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    for options, message in (
        ("--report missing/page.html", "expected a file in a folder that can be written"),
        ("--report page.html --sound a.txt", "a.txt: expected a sound that browsers play (.wav, "),
        ("--report page.html --sound b.wav", "b.wav: no such file"),
    ):
        done = sh(f"nat-plot {options} < /dev/zero", status=1, cwd=tmp_path, timeout=20)
        assert message in done.stderr.decode()
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_report_of_a_broken_stream_says_so(tmp_path: Path) -> None:
    sh("nat-plot --report page.html", TOKENS[:-60], status=1, cwd=tmp_path)
    assert "expected" in Page(tmp_path / "page.html").text
    assert wire.VERSION in Page(tmp_path / "page.html").text
