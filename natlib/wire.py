"""The wire: the one grammar that every pipe between two stages carries.

    record = header-line [ payload ]
    header-line = one JSON object on one line, UTF-8, ended by LF, at most 64 KiB
    payload = exactly N bytes, right after the LF of a data record's header line, which says "bytes": N

    item   = header  ( data | note )*  ( end | error )
    stream = item*  close

A record's "event" says which of these it is:

    header  a new item. "nat": version of the format, "kind": what its data is, "item": number, "name": UTF-8
    data    a block of the item: "pos" is the row at which it starts, "bytes" the length of its payload
    end     the item is whole. Totals: "size" (kind bytes), "samples" (pcm), "frames" (features, tokens)
    error   the item ends here, broken: "stage" and "message" say where and why. Other items go on
    close   the stream is whole: "items", how many. Streams joined with cat hold several
    (else)  a note, without payload. Pass on notes that you do not know, in their place

The payload of each kind is a sequence of rows:

    kind      made by       a row                                                              its bytes
    bytes     nat-split     a byte of the file                                                 1
    pcm       nat-decode    a sample of each channel, float32                                  4 * channels
    features  nat-embed     a frame: the streams, then the measures, float32, absent is NaN    4 * (widths + measures)
    tokens    nat-quantize  a frame: the layers, uint16; the measures, int16, absent -32768    2 * (layers + measures)
    ndjson    nat-pack      (none: the rows are spelled out as notes, and no close is needed)  0

All numbers are little-endian. "channels", "streams" [{"name", "width"}], "measures" [{"name", "unit", "step"}] and
"layers" [{"name", "vocab"}] are in the header. A writer MUST count "pos" and totals in rows; a reader MUST refuse
what does not add up, a payload above MAX_PAYLOAD, a header line above MAX_LINE and a newer major version, and MUST
ignore header keys that it does not know. A length alone allocates nothing: only what arrived is kept.

This module does no I/O: `Reader.feed` takes bytes and gives records; `Writer.write` takes heads and gives bytes. The
whole specification is natlib/man/nat.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

VERSION = "2.0"
MAX_LINE = 64 * 1024  # bytes of a header line, LF included
MAX_PAYLOAD = 16 * 1024 * 1024  # bytes of one data record
MAX_ROW = 1024 * 1024  # bytes of one row: the most that a header's widths may add up to

Head = dict[str, Any]

TOTALS = {"bytes": "size", "pcm": "samples", "features": "frames", "tokens": "frames"}


class WireError(ValueError):
    """A stream that breaks the grammar: which record (from 0) at which byte, what was expected and what came."""

    def __init__(self, expected: str, got: str, record: int = 0, offset: int = 0):
        self.expected, self.got, self.record, self.offset = expected, got, record, offset
        super().__init__(f"record {record} at byte {offset}: expected {expected}, got {got}")


class Record(NamedTuple):
    """One record: its JSON object, and the payload of a data record (else empty)."""

    head: Head
    payload: bytes = b""

    @property
    def event(self) -> str:
        """Its "event", or "note" if that is missing (the lines of NDJSON)."""
        event = self.head.get("event", "note")
        return event if isinstance(event, str) else "note"


def dump(head: Head) -> bytes:
    """`head` as a header line, LF included. Raises WireError above MAX_LINE, TypeError for what JSON can't hold."""
    import orjson  # here, since importing it takes longer than --help

    line = orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE)
    if len(line) > MAX_LINE:
        raise WireError(f"a header line of at most {MAX_LINE} bytes", f"one of {len(line)}")
    return line


def row_size(head: Head) -> int:
    """Bytes in one row of the payload that the header `head` announces; 0 for ndjson, 1 for unknown kinds."""
    kind = head["kind"]
    if kind == "pcm":
        size = 4 * _count(head, "channels")
    elif kind == "features":
        size = 4 * (sum(_count(stream, "width") for stream in _objects(head, "streams")) + len(_measures(head)))
    elif kind == "tokens":
        size = 2 * (len(_objects(head, "layers")) + len(_measures(head)))
    else:
        return 0 if kind == "ndjson" else 1
    if not 0 < size <= MAX_ROW:
        raise WireError(f"a row of 1 to {MAX_ROW} bytes in the header of kind {kind}", str(size))
    return size


def _measures(head: Head) -> list[Head]:
    return _objects(head, "measures") if "measures" in head else []


def _objects(head: Head, key: str) -> list[Head]:
    value = head.get(key)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise WireError(f'a list of objects as "{key}"', show(value))
    return value


def _count(head: Head, key: str) -> int:
    value = head.get(key)
    if type(value) is not int or not 0 <= value <= MAX_ROW:
        raise WireError(f'a whole number from 0 to {MAX_ROW} as "{key}"', show(value))
    return value


def show(value: object) -> str:
    """`value` as an error message shows it: as JSON, bytes in hexadecimal with their ASCII, cut to 60 characters."""
    if value is None:
        return "nothing"
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data[:16])
        if data and letters == data.decode("latin-1"):
            return f'"{letters}"'
        return f'the bytes {data[:8].hex(" ")} ("{letters}")'
    import json

    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Grammar:
    """What may follow what, and the totals. Reader and writer share these rules."""

    def __init__(self) -> None:
        self.items = 0  # since the last close
        self.started = False  # anything since the last close?
        self.inside = False  # of an item
        self.header: Head = {}  # of the item inside, or the last one
        self.rows = 0  # of the item so far
        self._row_size = 1

    def admit(self, head: Head) -> int:
        """Take the next head. Returns its payload's length; raises WireError if it can't come here."""
        event = head.get("event", "note")
        if event == "data":
            return self._data(head)
        if "bytes" in head:
            raise WireError('"bytes" only in a data record', f"it in {show(event)}")
        if event == "header":
            self._header(head)
        elif event == "close":
            self._close(head)
        elif not self.inside:
            raise WireError("a header or a close", show(event))
        elif event in ("end", "error"):
            total = TOTALS.get(self.header["kind"])
            if event == "end" and total in head and head[total] != self.rows:
                raise WireError(f"{total} {self.rows} in the end of item {self._name()}", show(head[total]))
            self.inside = False
        elif not isinstance(event, str):
            raise WireError('a string as "event"', show(event))
        return 0

    def finish(self) -> None:
        """The input ends here. Raises WireError if an item or the stream is not whole."""
        if self.inside:
            raise WireError(f"the end of item {self._name()} after its row {self.rows}", "end of input")
        if self.header.get("kind") != "ndjson" and (self.started or not self.header):
            raise WireError(f"a header or a close after {self.items} items", "end of input")

    def _name(self) -> str:
        return f"{self.items - 1} ({self.header.get('name', 'no name')})"

    def _header(self, head: Head) -> None:
        if self.inside:
            raise WireError(f"data or the end of item {self._name()}", "a header")
        if not isinstance(head.get("kind"), str):
            raise WireError('a string as "kind"', show(head.get("kind")))
        version = head.get("nat")
        major = version.split(".")[0] if isinstance(version, str) else ""
        if not major.isascii() or not major.isdigit():
            raise WireError(f'a format version such as "{VERSION}" as "nat"', show(version))
        if int(major[:9]) > int(VERSION.split(".")[0]):
            raise WireError(f"format version {VERSION} or older (a newer nat is needed)", show(version))
        if not isinstance(head.get("name", ""), str):
            raise WireError('a string as "name"', show(head["name"]))
        self._row_size = row_size(head)
        self.header, self.rows, self.inside, self.started = head, 0, True, True
        self.items += 1

    def _data(self, head: Head) -> int:
        if not self.inside:
            raise WireError("a header or a close", "data")
        length = head.get("bytes")
        if type(length) is not int or not 0 <= length <= MAX_PAYLOAD:
            raise WireError(f'a whole number from 0 to {MAX_PAYLOAD} as "bytes"', show(length))
        if self._row_size == 0 or length % self._row_size:
            raise WireError(f"whole rows of {self._row_size} bytes in kind {self.header['kind']}", f"{length} bytes")
        if head.get("pos", self.rows) != self.rows:
            raise WireError(f"pos {self.rows} in item {self._name()}", show(head["pos"]))
        self.rows += length // self._row_size
        return length

    def _close(self, head: Head) -> None:
        if self.inside:
            raise WireError(f"data or the end of item {self._name()}", "a close")
        if head.get("items", self.items) != self.items:
            raise WireError(f"a close after {self.items} items", f"one that counts {show(head['items'])}")
        self.items, self.started = 0, False
        self.header = self.header or head  # an empty stream is whole too


class Reader:
    """Bytes in, records out. Feed it pieces of any size; the records are the same however it is cut."""

    def __init__(self) -> None:
        self.grammar = Grammar()
        self.record = 0  # number of the record being read
        self.offset = 0  # where it starts in the stream
        self._buffer = bytearray()
        self._scanned = 0  # bytes of the buffer known to hold no LF
        self._head: Head | None = None  # the head whose payload is awaited
        self._line = 0  # length of its line
        self._payload = 0  # length of its payload
        self._error: WireError | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[Record]:
        """Take `data`; iterate over the records that are complete. Raises WireError (nothing else) for a bad one."""
        if self._error:
            raise self._error
        self._buffer += data
        return self._records()

    def _records(self) -> Iterator[Record]:
        try:
            while record := self._next():
                yield record
        except WireError as error:
            raise self._fail(error) from None

    def finish(self) -> None:
        """No more bytes will come. Raises WireError if the stream is not whole."""
        if self._error:
            raise self._error
        try:
            if self._head is not None:
                got = len(self._buffer) - self._line
                raise WireError(f"{self._payload} bytes of payload", f"end of input after {got}")
            if self._buffer:
                raise WireError("LF at the end of a header line", f"end of input after {len(self._buffer)} bytes")
            self.grammar.finish()
        except WireError as error:
            raise self._fail(error) from None

    def _fail(self, error: WireError) -> WireError:
        self._error = WireError(error.expected, error.got, self.record, self.offset)
        return self._error

    def _next(self) -> Record | None:
        buffer = self._buffer
        if self._head is None:
            if buffer and buffer[0] != 0x7B:  # noticed at the first byte: the rest may have no LF for gigabytes
                raise WireError('a JSON object ("{")', show(bytes(buffer[:8])))
            end = buffer.find(b"\n", self._scanned, MAX_LINE)
            if end < 0:
                self._scanned = min(len(buffer), MAX_LINE)
                if len(buffer) >= MAX_LINE:
                    raise WireError(f"LF within {MAX_LINE} bytes", "none")
                return None
            self._line = end + 1
            self._head = self._parse(bytes(buffer[: self._line]))
            self._payload = self.grammar.admit(self._head)
        size = self._line + self._payload
        if len(buffer) < size:
            return None
        record = Record(self._head, bytes(memoryview(buffer)[self._line : size]) if self._payload else b"")
        del buffer[:size]
        self._head, self._scanned = None, 0
        self.record += 1
        self.offset += size
        return record

    @staticmethod
    def _parse(line: bytes) -> Head:
        import orjson

        try:
            head = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise WireError("a JSON object", f"{show(line)} ({error})") from None
        if not isinstance(head, dict):
            raise WireError("a JSON object", show(line))
        return head


class Writer:
    """Heads in, bytes out. Fills in what can be counted ("item", "pos", "bytes", "items") and checks the grammar."""

    def __init__(self) -> None:
        self.grammar = Grammar()

    def write(self, head: Head, payload: bytes = b"") -> list[bytes]:
        """The buffers of one record. `head` is not changed; raises WireError if it can't come here."""
        event = head.get("event", "note")
        if event == "data":
            head = {"event": "data", "pos": self.grammar.rows, **head, "bytes": len(payload)}
        elif event == "header":
            first = {"event": "header", "nat": VERSION, "kind": head.get("kind"), "item": self.grammar.items}
            head = first | {key: value for key, value in head.items() if key not in first}
        elif event == "close":
            head = {**head, "items": self.grammar.items}
        if event != "data" and payload:
            raise WireError("a payload only in a data record", f"one in {show(event)}")
        line = dump(head)
        self.grammar.admit(head)
        return [line, payload] if payload else [line]
