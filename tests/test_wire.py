"""The wire: every record whole, a byte at a time, cut at random, one byte short, with bytes to spare."""

from __future__ import annotations

import random
import re

import orjson
import pytest
from helpers import ROOT, records, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from natlib import wire
from natlib.wire import Head, Record, WireError

HEADERS: dict[str, Head] = {
    "bytes": {"event": "header", "kind": "bytes", "name": "a.wav", "format": "wav"},
    "pcm": {"event": "header", "kind": "pcm", "name": "zwei Töne.wav", "sample_rate": 44100, "channels": 2},
    "features": {
        "event": "header",
        "kind": "features",
        "streams": [{"name": "S", "width": 3}, {"name": "A", "width": 2}],
        "measures": [{"name": "level", "unit": "dBFS", "step": 0.1}],
        "frame_rate": 12.5,
    },
    "tokens": {"event": "header", "kind": "tokens", "layers": [{"name": "S0", "vocab": 128}], "frame_rate": 12.5},
    "midi": {"event": "header", "kind": "midi"},
}
ROWS = {"bytes": 1, "pcm": 8, "features": 24, "tokens": 2, "midi": 1}
NOTE: Head = {"event": "code", "layer": "S0", "code": 17}
CLOSE: Head = {"event": "close"}


def item(kind: str, *blocks: int) -> list[Head | tuple[Head, bytes]]:
    """An item of `kind` with blocks of so many rows, each a payload full of LFs and braces."""
    heads: list[Head | tuple[Head, bytes]] = [HEADERS[kind]]
    for rows in blocks:
        heads += [({"event": "data"}, (b'{"\n}' * rows * ROWS[kind])[: rows * ROWS[kind]]), NOTE]
    return [*heads, {"event": "end", wire.TOTALS.get(kind, "events"): sum(blocks)}]


STREAMS = {
    "no items": stream(CLOSE),
    "empty item": stream(*item("bytes"), CLOSE),
    "empty block": stream(*item("pcm", 0), CLOSE),
    "every kind": stream(*(head for kind in HEADERS for head in item(kind, 1, 5)), CLOSE),
    "large payload": stream(*item("bytes", 300_000), CLOSE),
    "error": stream(HEADERS["pcm"], {"event": "error", "stage": "nat-decode", "message": "no"}, *item("pcm", 3), CLOSE),
    "two streams": stream(*item("bytes", 3), CLOSE) + stream(*item("pcm", 2), *item("tokens", 2), CLOSE),
    "ndjson": stream({"event": "header", "kind": "ndjson"}, {"t": 0.0, "kf": True, "S0": 17}, {"event": "end"}),
}


def read(pieces: list[bytes]) -> list[Record]:
    """The records of a stream that comes in `pieces`."""
    reader = wire.Reader()
    result = [record for piece in pieces for record in reader.feed(piece)]
    reader.finish()
    return result


@pytest.mark.parametrize("data", STREAMS.values(), ids=STREAMS)
def test_every_cutting_gives_the_same_records(data: bytes) -> None:
    whole = read([data])
    assert b"".join(wire.dump(record.head) + record.payload for record in whole) == data
    if len(data) < 10_000:
        assert read([data[n : n + 1] for n in range(len(data))]) == whole
    rng = random.Random(1)
    for _ in range(20):
        cuts = sorted(rng.randrange(len(data) + 1) for _ in range(7))
        assert read([data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]) == whole


@pytest.mark.parametrize("data", [s for s in STREAMS.values() if len(s) < 10_000], ids=lambda s: f"{len(s)} bytes")
def test_a_stream_cut_anywhere_gives_what_is_whole_and_then_an_error(data: bytes) -> None:
    whole = records(data)
    boundaries = {sum(len(wire.dump(r.head)) + len(r.payload) for r in whole[:n]): n for n in range(len(whole) + 1)}
    # Where the stream may end: after a close, and after an item of NDJSON.
    complete = {
        at
        for at, n in boundaries.items()
        if n
        and (whole[n - 1].event == "close" or (whole[n - 1].event == "end" and whole[0].head.get("kind") == "ndjson"))
    }
    for cut in range(len(data)):
        reader = wire.Reader()
        got = list(reader.feed(data[:cut]))
        assert got == whole[: max(n for at, n in boundaries.items() if at <= cut)]
        if cut in complete:
            reader.finish()
            continue
        with pytest.raises(WireError) as caught:
            reader.finish()
        assert caught.value.record == len(got)
        assert caught.value.offset == max(at for at in boundaries if at <= cut)
        assert "end of input" in caught.value.got


def test_bytes_to_spare_start_the_next_record() -> None:
    reader = wire.Reader()
    assert len(list(reader.feed(STREAMS["empty item"] + b'{"event":"hea'))) == 3
    with pytest.raises(WireError, match="end of input after 13 bytes"):
        reader.finish()


H = b'{"event":"header","nat":"2.0","kind":"bytes"}\n'
P = b'{"event":"header","nat":"2.0","kind":"pcm","channels":2}\n'


@pytest.mark.parametrize(
    "data, record, expected",
    [
        (b"RIFF\x24\x00\x00\x00WAVE", 0, "a JSON object"),
        (b"\n", 0, "a JSON object"),
        (b"[1]\n", 0, "a JSON object"),
        (b"{]\n", 0, "a JSON object"),
        (b'{"event":"\xff"}\n', 0, "a JSON object"),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}\n", 0, "a JSON object"),
        (b'{"a":"' + b"a" * wire.MAX_LINE, 0, "LF within 65536 bytes"),
        (b'{"event":"end"}\n', 0, "a header or a close"),
        (b'{"event":"data","bytes":0}\n', 0, "a header or a close"),
        (b'{"event":"code"}\n', 0, "a header or a close"),
        (b'{"t":0.1}\n', 0, "a header or a close"),
        (H + H, 1, "data or the end of item 0"),
        (H + b'{"event":"close"}\n', 1, "data or the end of item 0"),
        (H + b'{"event":7}\n', 1, 'a string as "event"'),
        (H + b'{"event":"data"}\n', 1, 'as "bytes"'),
        (H + b'{"event":"data","bytes":-1}\n', 1, 'as "bytes"'),
        (H + b'{"event":"data","bytes":true}\n', 1, 'as "bytes"'),
        (H + b'{"event":"data","bytes":1.0}\n', 1, 'as "bytes"'),
        (H + b'{"event":"data","bytes":16777217}\n', 1, "from 0 to 16777216"),
        (H + b'{"event":"data","bytes":1,"pos":1}\nx', 1, "pos 0 in item 0"),
        (H + b'{"event":"code","bytes":1}\nx', 1, '"bytes" only in a data record'),
        (H + b'{"event":"end","size":1}\n', 1, "size 0 in the end of item 0"),
        (P + b'{"event":"data","bytes":12}\n', 1, "whole rows of 8 bytes in kind pcm"),
        (P + b'{"event":"data","bytes":8}\n12345678{"event":"end","samples":2}\n', 2, "samples 1 in the end"),
        (H + b'{"event":"end"}\n{"event":"close","items":2}\n', 2, "a close after 1 items"),
        (b'{"event":"header","nat":"2.0"}\n', 0, 'a string as "kind"'),
        (b'{"event":"header","kind":"bytes"}\n', 0, "a format version"),
        (b'{"event":"header","kind":"bytes","nat":"one"}\n', 0, "a format version"),
        (b'{"event":"header","kind":"bytes","nat":"3.0"}\n', 0, "format version 2.0 or older"),
        (b'{"event":"header","kind":"bytes","nat":"2.0","name":5}\n', 0, 'a string as "name"'),
        (b'{"event":"header","kind":"pcm","nat":"2.0"}\n', 0, 'as "channels"'),
        (b'{"event":"header","kind":"pcm","nat":"2.0","channels":0}\n', 0, "a row of 1 to 1048576 bytes"),
        (b'{"event":"header","kind":"features","nat":"2.0","streams":[{"width":1e9}]}\n', 0, 'as "width"'),
        (b'{"event":"header","kind":"features","nat":"2.0","streams":[3]}\n', 0, 'a list of objects as "streams"'),
        (b'{"event":"header","kind":"tokens","nat":"2.0","layers":[{}],"measures":7}\n', 0, "a list of objects"),
        (b'{"event":"header","kind":"ndjson","nat":"2.0"}\n{"event":"data","bytes":1}\nx', 1, "whole rows of 0 bytes"),
    ],
)
def test_each_way_to_be_wrong(data: bytes, record: int, expected: str) -> None:
    for pieces in ([data], [data[n : n + 1] for n in range(len(data))]):
        reader = wire.Reader()
        with pytest.raises(WireError) as caught:
            for piece in pieces:
                list(reader.feed(piece))
        assert expected in caught.value.expected
        assert caught.value.record == record
        assert caught.value.offset == (data.index(b"\n") + 1 if record == 1 else caught.value.offset)
        with pytest.raises(WireError, match=re.escape(str(caught.value))):
            reader.feed(b"")  # once broken, broken for good


def test_newer_minor_versions_and_unknown_keys_are_read() -> None:
    reader = wire.Reader()
    assert (
        list(reader.feed(b'{"event":"header","nat":"1.7","kind":"bytes","colour":"red"}\n'))[0].head["colour"] == "red"
    )


def test_nothing_is_taken_on_a_length_s_word() -> None:
    reader = wire.Reader()
    list(reader.feed(H + b'{"event":"data","bytes":16777216}\nabc'))
    assert len(reader._buffer) < 100


def test_the_writer_holds_to_the_grammar() -> None:
    writer = wire.Writer()
    with pytest.raises(WireError, match="a header or a close"):
        writer.write({"event": "data"}, b"x")
    writer.write(HEADERS["pcm"])
    with pytest.raises(WireError, match="whole rows of 8 bytes"):
        writer.write({"event": "data"}, b"xyz")
    with pytest.raises(WireError, match="a payload only in a data record"):
        writer.write(NOTE, b"x")
    with pytest.raises(WireError, match="a header line of at most 65536 bytes, got one of"):
        writer.write({"event": "code", "means": "x" * wire.MAX_LINE})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
EXTRA = st.dictionaries(st.text().filter(lambda key: key not in ("event", "bytes", "t")), JSON, max_size=4)


@given(st.lists(st.tuples(EXTRA, st.lists(st.binary(max_size=200) | EXTRA, max_size=4)), max_size=4), st.data())
def test_round_trip(items: list[tuple[Head, list[bytes | Head]]], data: st.DataObject) -> None:
    sent: list[Head | tuple[Head, bytes]] = []
    for extra, parts in items:
        sent.append({**extra, "event": "header", "nat": "2.0", "kind": "bytes", "name": "ä", "item": 0})
        sent += [({"event": "data"}, part) if isinstance(part, bytes) else {**part, "event": "note"} for part in parts]
        sent.append({"event": "end"})
    whole = stream(*sent, CLOSE)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    got = read([whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)])
    assert len(got) == len(sent) + 1
    for want, record in zip(sent, got, strict=False):
        head, payload = want if isinstance(want, tuple) else (want, b"")
        assert record.payload == payload
        assert {k: v for k, v in record.head.items() if k not in ("item", "pos", "bytes")} == {
            k: v for k, v in orjson.loads(orjson.dumps(head)).items() if k not in ("item", "pos", "bytes")
        }


FRAGMENTS = [wire.dump(head) for head in HEADERS.values()] + [
    b"{",
    b"}",
    b"\n",
    b'"',
    b"\x00",
    b"\xff",
    b'{"event":"data","bytes":4}\n',
    b'{"event":"end"}\n',
    b'{"event":"close"}\n',
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=20), max_size=12))
def test_no_bytes_bring_out_any_other_error(pieces: list[bytes]) -> None:
    reader = wire.Reader()
    try:
        for piece in pieces:
            list(reader.feed(piece))
        reader.finish()
    except WireError as error:
        assert error.expected and error.got


@settings(max_examples=300)
@given(st.sampled_from(list(STREAMS.values())[:4]), st.integers(0, 10**6), st.integers(0, 255))
def test_one_byte_changed_brings_out_no_other_error(data: bytes, at: int, value: int) -> None:
    at %= len(data)
    reader = wire.Reader()
    try:
        list(reader.feed(data[:at] + bytes([value]) + data[at + 1 :]))
        reader.finish()
    except WireError:
        pass


def test_the_ten_line_reader_of_the_manual_reads_every_stream() -> None:
    page = (ROOT / "natlib/man/nat.5").read_text()
    listing = page.split(".Bd -literal\nimport json", 1)[1].split(".Ed", 1)[0]
    code = "import json" + listing.replace("\\e", "\\")
    assert len(code.strip().splitlines()) <= 10
    scope: dict = {}
    exec(code, scope)
    import io

    for data in STREAMS.values():
        assert [Record(head, payload) for head, payload in scope["records"](io.BytesIO(data))] == records(data)
