"""What NDJSON says of a sound, over its spectrogram."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from drawn import BARS, CLOSE, HEARD, ITEMS, LAYERS, RATE, TOKENS, image, one, sound, view
from helpers import noise, sh, stream, wav
from PIL import Image
from test_layout import boxes, faults

from natlib import demo
from natlib.plot.drawing import Drawing
from natlib.plot.figure import compose
from natlib.plot.marks import Marks, Told
from natlib.plot.pcm import Pcm
from natlib.plot.scenes import SOUNDS
from natlib.wire import Head, Record

EIGHT = noise(8, RATE).astype("<f4").tobytes()  # seconds


def eight(name: str = "one", **keys: object) -> list[Head | tuple[Head, bytes]]:
    """Eight seconds of noise as a pcm item."""
    return one("pcm", EIGHT, name, sample_rate=RATE, channels=1, **keys)


def said(picture: bytes) -> str:
    """The words of a PNG."""
    return str(Image.open(io.BytesIO(picture)).info["Description"])


@pytest.fixture
def heard(tmp_path: Path) -> Path:
    """A file of marks."""
    path = tmp_path / "heard.ndjson"
    path.write_bytes(stream(*ITEMS["bars"]))
    return path


def test_marks_lie_over_the_spectrogram(heard: Path) -> None:
    plain = sh("nat-plot --what spectrogram", stream(*eight(), CLOSE)).stdout
    done = sh(f"nat-plot --what spectrogram --marks {heard}", stream(*eight(), CLOSE))
    assert done.stderr == b""
    assert image(plain).height < image(done.stdout).height < image(plain).height + 120
    words = said(done.stdout)
    assert "A; B; A; 1; 2; 3; 4; Am; E7; F; E7; C; E7; F; E7" in words
    svg = sh(f"nat-plot --format svg --marks {heard}", stream(*eight(), CLOSE)).stdout
    for name in (b"sections", b"bars", b"chords", b"sounds", b"E7"):
        assert b"<!-- %s -->" % name in svg


def test_marks_of_music_from_the_pipe(tmp_path: Path) -> None:
    (tmp_path / "piece.wav").write_bytes(wav(demo.piece()))
    done = sh(
        "nat-split piece.wav | nat-decode | tee pcm | nat-embed | nat-quantize | nat-pack > heard.ndjson;"
        " nat-plot --marks heard.ndjson pcm > whole.png;"
        " nat-split piece.wav | nat-decode --start 8 --duration 8 | nat-plot --marks heard.ndjson > part.png;"
        " nat-plot --marks heard.ndjson --report page.html pcm", cwd=tmp_path)  # fmt: skip
    assert done.stderr == b""
    whole, part = (said((tmp_path / name).read_bytes()) for name in ("whole.png", "part.png"))
    assert "1; 2; 3; 4; 5" in whole and "Am" in whole
    assert "5; 6; 7; 8" in part and "3; 4" not in part and "A; B" not in part


def test_marks_are_where_they_are_told(heard: Path) -> None:
    item = Told(str(heard)).item(0, "one", 3.0, 4.5)  # the sound begins at 3 s of the recording
    assert [(bar.number, bar.start) for bar in item.grid.bars] == [(2, -1.0), (3, 1.0), (4, 3.0)]
    assert item.grid.bars[-1].end == pytest.approx(4.2)
    assert [section.start for section in item.sections.found] == pytest.approx([0.0, 0.2, 3.4])
    assert item.sounds()[0] == pytest.approx((0.0, 0.3)) and len(item.sounds()) == 6
    begun: Head = {**HEARD[0], "t0": 60.0}
    marks = Marks(begun, 58.0, 20.0)
    for line in ({"t": 61.0, "sound": {"duration": 1}}, {"t": 63, "repeats": {"of": 61.0, "count": 1}},
                 {"t": 61.0, "bar": BARS[0]["bar"]}, {"t": 62.0, "section": {"label": "x"}}):  # fmt: skip
        marks.take(Record(line))
    marks.finish()
    assert marks.sounds() == [(3.0, 4.0), (5.0, 6.0)] and [section[:3] for section in marks.sections.found] == [
        (4.0, 20.0, "x")
    ]
    assert [bar.start for bar in marks.grid.bars] == [3.0]


def test_marks_have_room(heard: Path) -> None:
    made = view(stream(*eight(), CLOSE))
    assert isinstance(made, Pcm)
    made.marks = Told(str(heard)).item(0, "one", 0.0, 8.0)
    for theme, size in (("light", None), ("dark", (4.0, 5.0)), ("light", (3.0, 4.0))):
        figure = compose(Drawing(theme, size, 100, None), [made])
        assert not list(faults(figure, *boxes(figure)))


def test_what_is_wrong_in_a_line_is_left_out(tmp_path: Path) -> None:
    odd: list[Head] = [
        {"t": "x", "bar": BARS[0]["bar"]}, {"t": 1, "bar": 7}, {"t": 1, "bar": {"n": 1, "bass": ["x"]}}, {"bar": {}},
        {"t": 1, "sound": {"duration": "x"}}, {"t": 1, "sound": []}, {"t": -1, "sound": {"duration": 1}},
        {"t": 2, "repeats": {"of": "x"}}, {"t": 1, "section": 3}, {"t": "x", "section": {}},
        {"t": 1e300, "section": {}},
        {"event": "summary", "sections": [7, {}, {"t": []}]}, {"event": "code"},
    ]  # fmt: skip
    (tmp_path / "odd").write_bytes(stream(HEARD[0], *odd, {"event": "end"}))
    (tmp_path / "none").write_bytes(stream(HEARD[0], {"event": "error", "stage": "x", "message": "y"}))
    plain = sh("nat-plot", stream(*eight(), CLOSE)).stdout
    for name in ("odd", "none"):
        done = sh(f"nat-plot --marks {tmp_path / name}", stream(*eight(), CLOSE))
        assert done.stderr == b"" and done.stdout == plain


@pytest.mark.parametrize(("content", "message"), [
    (None, "No such file or directory"),
    (b"", "expected a header or a close"),
    (stream(CLOSE), "expected NDJSON of nat-pack, got no item"),
    (b"# words\n", 'record 0 at byte 0: expected a JSON object ("{")'),
    (b'{"t":1}\n', "record 0 at byte 0: expected a header"),
    (TOKENS, "expected NDJSON of nat-pack, got a tokens stream"),
    (stream(*HEARD)[:-40], "end of input"),
    (stream(*HEARD).replace(b'"scene":{"level":-38', b'"scene":{level'), "expected a JSON object"),
    (stream(*HEARD).replace(b'"name":"one"', b'"name":"a/other"'), 'expected marks of "one" as item 0, got "a/other"'),
    (stream(*HEARD, *HEARD), "expected marks of 1 items, got those of 2 items"),
])  # fmt: skip
def test_marks_that_are_none_are_told(content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "marks").write_bytes(content)
    done = sh("nat-plot --marks marks", stream(*eight(), CLOSE), status=1, cwd=tmp_path)
    assert done.stdout == b""
    assert done.stderr.startswith(b"nat-plot: marks: ") and message in done.stderr.decode()


def test_marks_go_with_items_in_their_order(tmp_path: Path) -> None:
    second = [{**HEARD[0], "name": "b/two"}, {"t": 0.5, "bar": {"n": 77, "end": 1.0}}, {"event": "end", "frames": 1}]
    (tmp_path / "marks").write_bytes(stream(*HEARD, *second))
    failed: list[Head] = [{"event": "header", "kind": "bytes", "name": "one"},
                          {"event": "error", "stage": "nat-decode", "message": "no sound in it"}]  # fmt: skip
    both = stream(*eight(), *eight("c/two"), CLOSE)
    assert "77" in said(sh("nat-plot --marks marks", both, cwd=tmp_path).stdout)
    assert "77" in said(sh("nat-plot --marks marks --item 1", both, cwd=tmp_path).stdout)
    assert "77" not in said(sh("nat-plot --marks marks --item 0", both, cwd=tmp_path).stdout)
    broken = sh("nat-plot --marks marks", stream(*failed, *eight("two"), CLOSE), status=1, cwd=tmp_path)
    assert "77" in said(broken.stdout) and "no sound in it" in said(broken.stdout)
    done = sh("nat-plot --marks marks", stream(*eight(), *eight("two"), *eight(), CLOSE), status=1, cwd=tmp_path)
    assert done.stderr == b"nat-plot: marks: expected marks of item 2, got those of 2 items\n"


def test_marks_go_over_a_spectrogram_only(heard: Path) -> None:
    for text, kind in ((TOKENS, "tokens"), (stream(*ITEMS["bytes"], CLOSE), "bytes"), (stream(*HEARD), "ndjson")):
        done = sh(f"nat-plot --marks {heard}", text, status=2)
        assert done.stdout == b""
        assert f"--marks go over a spectrogram: expected a pcm stream, got {kind}" in done.stderr.decode()


def test_of_many_sounds_it_says_that_not_all_are_drawn(tmp_path: Path) -> None:
    header: Head = {"event": "header", "kind": "ndjson", "layers": LAYERS, "frame_rate": 12.5}
    lines = [{"t": round(0.0005 * place, 4), "sound": {"duration": 0.01, "onset_strength": place % 99}}
             for place in range(3 * SOUNDS)]  # fmt: skip
    (tmp_path / "many").write_bytes(stream(header, *lines, {"event": "end"}))
    done = sh("nat-plot --format svg --marks many", stream(*eight(), CLOSE), cwd=tmp_path)
    assert done.stderr == b""
    assert f"of {3 * SOUNDS:,} sounds the".encode() in done.stdout
    figures = np.array(Told(str(tmp_path / "many")).item(0, "one", 0.0, 8.0).sounds())
    assert len(figures) < 2 * SOUNDS


def test_a_sound_without_marks_is_drawn_as_ever() -> None:
    assert sh("nat-plot", stream(*sound(), CLOSE)).stderr == b""
