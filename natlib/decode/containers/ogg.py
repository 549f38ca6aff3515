"""Ogg: its pages (RFC 3533), one stream after the other; what is missing between them, by their granule positions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ... import ogg
from .link import LEAST, Bytes, Gap, Link
from .vorbis import Opus, Vorbis

BEGINS, ENDS, CONTINUED = 2, 4, 1  # flags of a page
FIRST = 2  # bytes of a packet that tell how long it lasts
LONGEST_HEADER = 1 << 20  # bytes of a header that are looked at, at most
CODECS: dict[bytes, tuple[str, type[Vorbis | Opus] | None]] = {  # whose packets are counted here
    b"\1vorbis": ("vorbis", Vorbis), b"OpusHead": ("opus", Opus),
}  # fmt: skip
OTHER = ("other", None)


class Ogg:
    """The streams of a file."""

    def __init__(self, data: Iterator[bytes]):
        self.bytes = Bytes(data)
        self.damage: list[str] = []  # found before the next page

    def links(self) -> Iterator[Link]:
        """The streams, one after the other; read each before the next. Interleaved streams count as one."""
        while (page := self._page()) is not None:
            codec, kind = next((of for magic, of in CODECS.items() if body(page).startswith(magic)), OTHER)
            after = self.bytes.peek(ogg.HEAD, len(page))
            if after.startswith(b"OggS") and after[5] & BEGINS:
                codec, kind = OTHER  # several streams at once
            link = Link(codec, iter(()))
            link.data = self._pages(link, kind)
            yield link
            for _ in link.data:
                pass

    def _pages(self, link: Link, kind: type[Vorbis | Opus] | None) -> Iterator[bytes]:
        """The pages of one stream."""
        first = body(self._page() or b"")
        clock = Clock(kind(first), link) if kind else None
        ends, begun = False, False
        while (page := self._page()) is not None and not (page[5] & BEGINS and begun):
            begun |= not page[5] & BEGINS
            link.damage += self.damage
            self.damage = []
            if clock:
                clock.take(page)
            ends = bool(page[5] & ENDS)
            yield self.bytes.take(len(page))
        link.damage += self.damage
        self.damage = []
        if not ends and not any(said.startswith("cut off") for said in link.damage):
            link.damage.append("cut off: the last page of its stream is missing")

    def _page(self) -> bytes | None:
        """The next whole and intact page, without taking it; None at the end of the file."""
        data = self.bytes
        while data.have(4) >= 4:
            head = data.peek(ogg.HEAD + 255)
            if not head.startswith(b"OggS\0"):
                found = head.find(b"OggS", 1)
                self._damaged("bytes between its pages are none", head[: found if found > 0 else len(head) - 3])
                data.skip(found if found > 0 else max(1, len(head) - 3))
                continue
            if len(head) < ogg.HEAD or len(head) < ogg.HEAD + head[26]:
                break
            page = data.peek(size := ogg.page_size(head))
            if len(page) == size and ogg.checksum(page):
                return page
            if len(page) == size:
                self._damaged("a page has a wrong checksum", page)
                if data.peek(4, size) in (b"OggS", b""):
                    data.skip(size)
                    continue
            else:
                # Its end is missing: it is cut off, or its size is wrong and other pages follow.
                if b"OggS" not in page[4:]:
                    self._damaged(f"cut off: its last page has {len(page)} of {size} bytes", page)
                    break
                self._damaged("a page has a wrong size", page)
            data.skip(4)
        return None

    def _damaged(self, reason: str, what: bytes) -> None:
        if what.strip(b"\0") and reason not in self.damage:
            self.damage.append(reason)


class Clock:
    """Compares the granule positions of a stream with its packets, and finds what is missing."""

    def __init__(self, codec: Vorbis | Opus, link: Link):
        self.codec, self.link = codec, link
        self.headers = codec.HEADERS  # packets that are no sound, still to come
        self.decoded = -codec.skip  # samples that a decoder gives for the packets so far
        self.position: int | None = None  # granule position at which they end
        self.number: int | None = None  # of the page before
        self.begun: bytes | None = None  # the packet that goes on in the next page

    def take(self, page: bytes) -> None:
        """Take the next page."""
        granule = int.from_bytes(page[6:14], "little", signed=True)
        number = int.from_bytes(page[18:22], "little")
        if self.number is not None and number != self.number + 1 and not self.headers:
            self.codec.restart()
            self.begun = None
        self.number = number
        samples = sum(map(self._packet, self._packets(page)))
        if granule >= 0 and samples:
            start, before = granule - samples, self.position
            missing = 0 if before is None else start - before
            if missing >= LEAST * self.codec.rate:
                self.link.gaps.append(
                    Gap(Fraction(max(0, self.decoded), self.codec.rate), Fraction(missing, self.codec.rate))
                )
            self.position = granule if before is None else max(granule, before)
        elif self.position is not None:
            self.position += samples
        self.decoded += samples

    def _packet(self, packet: bytes) -> int:
        if self.headers:
            self.headers -= 1
            if not self.headers:
                self.codec.setup(packet)
            return 0
        return self.codec.samples(packet)

    def _packets(self, page: bytes) -> Iterator[bytes]:
        """The packets that end in a page; of packets of sound, only the first bytes."""
        at = ogg.HEAD + page[26]
        packet = self.begun if page[5] & CONTINUED else b""
        for size in page[ogg.HEAD : ogg.HEAD + page[26]]:
            if packet is not None:
                most = LONGEST_HEADER if self.headers else FIRST
                packet += page[at : at + size][: max(0, most - len(packet))]
            at += size
            if size < 255:
                if packet is not None:
                    yield packet
                packet = b""
        ended = not page[26] or page[ogg.HEAD + page[26] - 1] < 255
        self.begun = None if ended else packet


def body(page: bytes) -> bytes:
    """The content of a page."""
    return page[ogg.HEAD + page[26] :]
