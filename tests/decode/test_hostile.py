"""Bytes made to harm: claims of headers, and changed bytes."""

from __future__ import annotations

import shutil
from functools import cache
from typing import Any

import numpy as np
from decoding import DECODED, KINDS, TEN, chunk, encoded, fmt, heard, item, read, riff, stereo, written
from helpers import sh, stream, tone, wav
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from natlib.wire import Head

CLAIMS = {  # headers that claim much
    "a fmt chunk of 4 GB": b"RIFF\xff\xff\xff\xffWAVEfmt \xf0\xff\xff\xff\1\0\1\0",
    "chunks of 4 GB": riff(chunk(b"JUNK", b"", 0xFFFFFFF0)),
    "many chunks": riff(*[chunk(b"JUNK", b"")] * 100_000),
    "65535 channels": riff(fmt(channels=65535), chunk(b"data", TEN, 0xFFFFFFFE)),
    "4 GHz": riff(fmt(rate=0xFFFFFFFF), chunk(b"data", TEN, 0xFFFFFFFE)),
    "an AIFF offset of 4 GB": b"FORM\0\0\0\0AIFFCOMM\0\0\0\x12\0\1\0\0\0\1\0\x10\x40\x0e\xac\x44\0\0\0\0\0\0"
                              b"SSND\0\0\0\x20\xff\xff\xff\xff\0\0\0\0" + TEN,
    "an AU offset of 4 GB": b".snd\xff\xff\xff\xff\0\0\0\x20\0\0\0\3\0\0\x1f\x40\0\0\0\1" + TEN,
    "an ID3 tag of 256 MB": b"ID3\4\0\0\x7f\x7f\x7f\x7f" + TEN,
    "a FLAC picture of 16 MB": b"fLaC\6\xff\xff\xff" + TEN * 100,
    "a CAF chunk of 8 EB": b"caff\0\1\0\0desc\x7f\xff\xff\xff\xff\xff\xff\xff" + TEN * 100,
    "an MP4 box of 4 GB": b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42\xff\xff\xff\xffmoov" + TEN * 100,
    "an Ogg page of many empty ones": b"OggS\0\2" + bytes(21) + b"OggS\0\0" + bytes(21) * 300,
}  # fmt: skip


def test_nothing_is_allocated_on_a_header_s_word() -> None:
    heads = [head for name, data in CLAIMS.items() for form in ("unknown", "known") for head in item(data, form, name)]
    heads += item(wav(tone()))
    done = sh("ulimit -v 500000; nat-decode --channels keep", stream(*heads, {"event": "close"}), 1)
    *claims, fine = heard(done.stdout)
    assert len(claims) == 2 * len(CLAIMS) and fine.end["samples"] == 44100
    for got in claims:
        assert got.end["event"] == "error" or got.end["samples"] <= len(TEN), got
        assert "memory" not in got.end.get("message", ""), got


@cache
def originals() -> list[bytes]:
    """A small file of every kind that can be made here."""
    files = [written(stereo(0.05), *kind) for name, kind in (KINDS | DECODED).items() if name != "gsm"]
    if shutil.which("ffmpeg"):
        files += [encoded(wav(stereo(0.1), 48000), "", f"x.{kind}") for kind in ("m4a", "webm", "wma", "wv", "ac3")]
    return files


telling = st.sampled_from((b"\0", b"\xff", b"\x7f", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"))

how = st.sampled_from(("set", "cut", "insert", "end"))

change = st.tuples(st.integers(0, 1 << 30), st.booleans(), how, telling | st.binary(max_size=8))


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes long
@given(st.lists(st.tuples(st.integers(0, 1000), st.lists(change, min_size=1, max_size=6)), min_size=8, max_size=8))
def test_changed_bytes_cost_no_more_than_their_item(plans: list[tuple[int, list[Any]]]) -> None:
    heads: list[Head | tuple[Head, bytes]] = []
    for choice, changes in plans:
        data = bytearray(originals()[choice % len(originals())])
        for place, early, what, value in changes:
            at = place % max(1, min(len(data), 128) if early else len(data))
            if what == "end":
                del data[at:]
            else:
                data[at : at + {"set": len(value), "cut": 3, "insert": 0}[what]] = b"" if what == "cut" else value
        heads += item(bytes(data), "known" if choice % 2 else "unknown")
    done = sh("nat-decode", stream(*heads, *item(wav(tone())), {"event": "close"}), None)
    *changed, fine = heard(done.stdout)
    failed = any(got.end["event"] == "error" or got.end.get("damaged") for got in changed)
    assert done.returncode == failed and len(changed) == len(plans)
    assert b"Traceback" not in done.stderr
    assert not any("internal error: " in got.end.get("message", "") for got in changed)
    assert np.array_equal(fine.pcm, read(wav(tone())))
