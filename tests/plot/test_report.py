"""The HTML page."""

from __future__ import annotations

import base64
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import soundfile
from drawn import CLOSE, ITEMS, RATE, TOKENS, sound
from helpers import records, sh, stream, tone, wav

from natlib import wire


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
    sh("nat-split a.wav | nat-decode > pcm; nat-embed pcm | nat-quantize | nat-pack --legend first-use > heard;"
       " nat-embed pcm > features;"
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
