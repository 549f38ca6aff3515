"""NDJSON as it comes back from editors and models: parts of it may be missing."""

from __future__ import annotations

from collections.abc import Iterator

from .. import runtime, wire


class Mended(runtime.Source):
    """NDJSON with gaps: a line that is no JSON object becomes the note `MISSING`; an item without an end gets an error.

    Lines before a first header, or after an item's end, are dropped.
    """

    MISSING = b'{"event":"missing"}\n'
    ENDLESS = b'{"event":"error","stage":"nat-pack","message":"the end of the item is missing"}\n'

    def views(self, fd: int, buffers: Iterator[bytearray] | None = None) -> Iterator[memoryview]:
        rest = bytearray()
        mend: bool | None = None  # is this NDJSON? None: not known yet
        self.inside = False  # of an item
        for view in super().views(fd, buffers):
            rest += view
            end = rest.rfind(b"\n") + 1
            if mend is None and (end or rest[0] != ord("{") or len(rest) > wire.MAX_LINE):
                mend = b'"kind":"ndjson"' in rest[: rest.find(b"\n")]
            if mend is False or len(rest) - end > wire.MAX_LINE:
                end = len(rest)
            lines = bytes(rest[:end])
            del rest[:end]
            yield memoryview(b"".join(map(self._line, lines.splitlines(True))) if mend else lines)
        if rest:
            yield memoryview(self._line(bytes(rest) + b"\n"))

    def _line(self, line: bytes) -> bytes:
        import orjson

        try:
            head = orjson.loads(line)
        except orjson.JSONDecodeError:
            head = None
        event = head.get("event") if isinstance(head, dict) else "missing"
        before = self.inside
        self.inside = event == "header" or (before and event not in ("end", "error"))
        if event == "missing":
            return self.MISSING if before else b""
        if event == "header":
            return self.ENDLESS + line if before else line
        if not before and event != "close":
            self.run.lose("lines without the header of their item: left out", say=not self.run.lost)
            return b""
        return line
