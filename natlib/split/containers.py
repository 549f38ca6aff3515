"""Where a file ends: a table of formats, with a small finder for each.

A finder gets a `Window` on the input, whose next byte is the first of a file. It looks ahead with `peek`, takes what
belongs to the file with `take`, and returns how it knew the end (the `extent`):

    exact         the file's own structure says so
    next-file     a certain start of another file came: a signature that was checked beyond its magic number
    separator     an FS came (and perhaps a newline), followed by a certain start or by text
    end-of-input  there was no more: `take` raises EOFError, which stands for this

A length that the header declares for the file is trusted. A frame or a page is trusted only if its checksum or what
comes after it is right, so that a file cut off in its midst doesn't swallow the start of the next. What has no length,
or has lost its structure, lasts until the next cut (`search`).

The next format is a function and a line of the table FORMATS. Its signature must not turn up by chance in terabytes of
samples, nor in a wave that repeats itself; where it might, the line has a `check` that looks further.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

FS = b"\x1c"
PIECE = 1 << 20  # bytes passed on at once, at most
LOOK = 1 << 16  # how far ahead something is looked for that may not be there
AHEAD = 1 << 24  # how far ahead may be looked at all, to tell what a file is before any of it is passed on
REACH = 48  # bytes that a signature looks at, at most


class Window:
    """The input as a finder sees it: what lies ahead can be looked at, and taken, which passes it on."""

    def __init__(self, chunks: Iterator[memoryview], emit: Callable[[bytes | memoryview], None]):
        self._chunks = chunks
        self._emit = emit
        self._buffer = bytearray()  # what was read and not passed on
        self._taken = 0  # how many bytes of it were taken
        self._offset = 0  # where it starts in the input
        self._ended = False  # has the last byte been read?
        self._kept: bytearray | None = None  # what was passed on since `keep`, if that is not too much
        self._passed = 0  # how far the input was passed on before it came again

    def peek(self, size: int, at: int = 0) -> bytes:
        """The `size` bytes that lie `at` bytes ahead; fewer only at the end of input."""
        start = self._taken + at
        if start + size > len(self._buffer):
            self._fill(at + size)
            start = self._taken + at
        return bytes(self._buffer[start : start + size])

    def take(self, size: int) -> None:
        """The next `size` bytes belong to the file. Raises EOFError, after taking them, where there are fewer."""
        here = min(size, len(self._buffer) - self._taken)
        self._taken += here
        size -= here
        while size:
            self.flush()
            chunk = self._read()
            if not chunk:
                raise EOFError
            self._pass_on(chunk[:size])
            self._buffer += chunk[size:]
            here = len(chunk) - len(self._buffer)
            self._offset += here
            size -= here

    def skip(self, size: int) -> None:
        """The next `size` bytes, peeked at before, belong to no file."""
        self.flush()
        del self._buffer[:size]
        self._offset += size

    def tell(self) -> int:
        """How many bytes were taken or skipped."""
        return self._offset + self._taken

    def find(self, pattern: re.Pattern[bytes], reach: int, at: int, limit: int) -> int:
        """How far ahead, from `at` on, `pattern` first matches, which looks at `reach` bytes; else `limit`."""
        while at < limit:
            self._fill(at + reach)
            stop = min(limit, len(self._buffer) - self._taken - (0 if self._ended else reach - 1))
            match = pattern.search(self._buffer, self._taken + at, self._taken + stop + reach - 1)
            if match:
                return match.start() - self._taken
            if self._ended:
                break
            at = stop
        return limit

    def scan(self, places: Callable[[bytearray, int, int], list[int]], reach: int) -> Iterator[None]:
        """Take all, with a stop at each of the places(buffer, start, stop), for which it looks `reach` bytes beyond.

        Raises EOFError at the end of input.
        """
        while True:
            self._fill(reach + 1)
            end = len(self._buffer) - (0 if self._ended else reach)
            if self._taken >= end:
                raise EOFError
            stop = min(end, self._taken + LOOK)
            offset = self._offset
            for place in [*places(self._buffer, self._taken, stop), stop]:
                self._taken = place + offset - self._offset
                if place < stop:
                    yield

    def flush(self) -> None:
        """Pass on what was taken."""
        for start in range(0, self._taken, PIECE):
            with memoryview(self._buffer) as view:
                piece = bytes(view[start : min(start + PIECE, self._taken)])
            self._pass_on(piece)
        del self._buffer[: self._taken]
        self._offset += self._taken
        self._taken = 0

    def keep(self) -> None:
        """From here on, keep a copy of what is passed on, up to AHEAD bytes."""
        self.flush()
        self._kept = bytearray()

    def forget(self) -> None:
        """Keep it no more."""
        self._kept = None

    def keeps(self) -> bool:
        """Is all there that was passed on since?"""
        return self._kept is not None

    def again(self) -> int:
        """Have what was kept ahead once more. Returns how many bytes that is; 0 where it was too much."""
        self.flush()
        kept, self._kept = self._kept or b"", None
        self._passed = max(self._passed, self._offset)
        self._buffer[:0] = kept
        self._offset -= len(kept)
        return len(kept)

    def passed(self) -> bool:
        """Was what lies ahead passed on before, as bytes of another file?"""
        return self.tell() < self._passed

    def _pass_on(self, data: bytes | memoryview) -> None:
        if self._kept is not None and len(self._kept) + len(data) > AHEAD:
            self._kept = None
        if self._kept is not None:
            self._kept += data
        self._emit(data)

    def _fill(self, size: int) -> None:
        """Have `size` bytes ahead, or all that there are."""
        if len(self._buffer) - self._taken < size and not self._ended:
            self.flush()
            while len(self._buffer) < size and (chunk := self._read()):
                self._buffer += chunk

    def _read(self) -> bytes | memoryview:
        chunk = b"" if self._ended else next(self._chunks, b"")
        self._ended = not chunk
        return chunk


Find = Callable[[Window], str]
Check = Callable[[Window, int], bool]


class Format(NamedTuple):
    """One line of the table. A file starts with one of the literals, followed by what the regular expression says."""

    name: str
    literals: tuple[bytes, ...]
    rest: bytes
    find: Find  # takes the file, returns the extent
    check: Check | None = None  # what else must be true, so many bytes ahead
    here: bool = False  # does that do only where a file is known to start, and not to search for one?
    before: bytes = b""  # a regular expression for the 4 bytes before the literal, where there are some

    @property
    def magic(self) -> bytes:
        """The whole as a regular expression."""
        return self.before + b"(?:" + b"|".join(map(re.escape, self.literals)) + b")" + self.rest


def big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def little(data: bytes) -> int:
    return int.from_bytes(data, "little")


# Where a file starts


def known(window: Window, at: int = 0, searching: bool = False) -> Format | None:
    """The format of the file that certainly starts `at` bytes ahead.

    Where something has just ended, or nothing was before, a little less will do than `searching` in any bytes.
    """
    head = window.peek(REACH, at)
    for pattern, formats in (SEARCHED,) if searching else (SEARCHED, HERE):
        match = pattern.match(head)
        form = formats[match.lastindex - 1] if match and match.lastindex else None
        if form and (not form.check or form.check(window, at)):
            return form
    return None


def identify(window: Window, whole: bool = False) -> Format:
    """The format of the file that starts here. Of a `whole` one, the frames may have other bytes in front."""
    form = known(window) or UNKNOWN
    if whole and form is UNKNOWN and (start := certain(window, LOOK)):
        inside = known(window, start, searching=True)
        form = inside if inside and inside.name in FOUND else form
    head = window.peek(REACH)
    if not ID3.match(head):
        return form
    size = id3_size(head)
    behind = known(window, size) if size <= AHEAD else None
    if behind and behind.name in TAGGED and not ID3.match(window.peek(REACH, size)):
        form = behind
    return form._replace(find=partial(after_id3, form.find))


def find_end(window: Window, form: Format) -> str:
    """Take the file of the format `form` that starts here. Returns its extent."""
    start = window.tell()
    window.forget()
    try:
        extent = form.find(window)
        if window.tell() == start and window.peek(1) not in (b"", FS):
            extent = search(window)  # it only looked like that format
    except EOFError:
        extent = "end-of-input"
    window.flush()
    return extent


# Where a file ends that doesn't know


def cut(window: Window, at: int = 0, searching: bool = True) -> str:
    """The extent of a file that has no length of its own and ends `at` bytes ahead; "" where it doesn't end."""
    head = window.peek(2, at)
    if head[:1] != FS:
        return "next-file" if known(window, at, searching) else ""
    after = window.peek(64, at + 1)
    if (text(after) and not wave(after)) or known(window, at + len(separator(head))):
        return "separator"
    return ""


def ends(window: Window, at: int = 0) -> bool:
    """Does the file, for all that can be seen, end `at` bytes ahead: with the input, or before another file?"""
    head = window.peek(3, at)
    return head == separator(head) or bool(cut(window, at, searching=False))


def over(window: Window, at: int = 0) -> bool:
    """Does the file end `at` bytes ahead, where a part of it is over, so that an FS is not one of its bytes?"""
    return window.peek(1, at) == FS or ends(window, at)


def separator(head: bytes) -> bytes:
    """The separator that `head` starts with: FS, FS and a newline, or nothing."""
    return head[: 2 if head[1:2] == b"\n" else 1] if head[:1] == FS else b""


def text(data: bytes) -> bool:
    """Is `data`, the next 64 bytes or all that is left, text: UTF-8 without control characters?"""
    try:
        string = data.decode()
    except UnicodeDecodeError as error:
        if len(data) < 64 or error.reason != "unexpected end of data":
            return False
        string = data[: error.start].decode()  # a character that the 64th byte cuts
    return bool(string) and not re.search("[\0-\x08\x0e-\x1f\x7f-\x9f]", string)


def wave(data: bytes) -> bool:
    """Are 64 bytes, that might be text, rather samples: bytes or every so manieth of them that hardly change?"""
    if len(data) < 64 or len(set(data)) == 1:
        return False
    for width in (2, 3, 4):
        spans = [max(data[first::width]) - min(data[first::width]) for first in range(width)]
        if min(spans) <= 8 and max(spans) > 0:
            return True
    return all(abs(data[at] - data[at + 1]) <= 8 for at in range(63))


def search(window: Window) -> str:
    """Take all up to the next cut, and return the extent."""
    window.forget()
    window.take(1)
    for _ in window.scan(likely, 2 * REACH):
        if extent := cut(window):
            return extent
    raise EOFError


def likely(data: bytes | bytearray, start: int, stop: int) -> list[int]:
    """The places in `data` that look like a cut."""
    places = {match.start() for match in SEPARATED.finditer(data, start, stop + REACH)}
    for anchor in ANCHORS:
        for match in anchor.finditer(data, start, stop + REACH):
            place = match.start(match.lastindex or 0)
            if data[place - 2 : place] == b"\x1c\n":
                place -= 2
            elif data[place - 1 : place] == FS:
                place -= 1
            places.add(max(place, start))
    return sorted(place for place in places if place < stop)


def lost(window: Window, size: int, sync: bytes, resume: Check) -> str:
    """Take the rest of a file whose structure breaks off, where the next `size` bytes seem to be the last of it.

    Returns the extent, or "" where the structure goes on after all, not far away, at the bytes `sync`.
    """
    data = window.peek(size + LOOK + 2 * REACH)
    end = min(size + LOOK, len(data))
    places = {match.start() for match in re.compile(re.escape(sync)).finditer(data, 1, end)}
    for place in sorted(places.union(likely(data, 1, end))):
        if resume(window, place):
            window.take(place)
            return ""
        if extent := cut(window, place):
            if place < size:
                window.take(place)
                return extent
            break
    window.take(size)
    return "exact"


def declared(find: Find, long: Find | None = None) -> Find:
    """For formats that nobody can play before they are whole: a length is believed if it leads to an end.

    If it doesn't, and a file starts before, this one was cut off there. What is longer than AHEAD is `trusted`, or
    left to the finder `long`.
    """

    def believe(window: Window) -> str:
        preview = Preview(window)
        try:
            extent = find(preview)
            if over(window, preview.at):
                window.take(preview.at)
                return extent
        except EOFError:
            pass
        except TooFarError:
            return (long or trusted(find))(window)
        return cut_off(window, preview.at) or find(window)

    return believe


def trusted(find: Find) -> Find:
    """For formats that are passed on as they come: a length is believed, and only searched when it led to no end.

    If a file starts in there, this one was cut off before. Its bytes can't be taken back, but the other comes again, as
    a file of its own: here, where the input has ended; else by `cut_short`, since no file waits for the next.
    """

    def believe(window: Window) -> str:
        if window.passed():
            return declared(find, find)(window)  # it is here, and need not come a third time
        window.keep()
        try:
            return find(window)
        except EOFError:
            if again(window):
                return "next-file"
            raise

    return believe


def cut_short(window: Window) -> bool:
    """Was the file that has just ended cut off before its declared end? Then what was taken of others comes again."""
    return window.keeps() and not over(window) and again(window)


def again(window: Window) -> bool:
    """Go back in what was kept to the first certain start of another file, if there is one."""
    size = window.again()
    start = certain(window, size)
    window.skip(start or size)
    return start > 0


def certain(window: Window, limit: int) -> int:
    """How far ahead, but less than `limit`, another file certainly starts, or the separator before it; 0: none does."""
    for place in lookout(window, limit):
        head = window.peek(REACH, place)
        start = place + len(separator(head))
        if known(window, start, searching=True):
            tag = window.peek(REACH, start)
            size = id3_size(tag) if ID3.match(tag) else 0
            if size == 0 or (size <= AHEAD and known(window, start + size)):  # there are such tags in WAV and AIFF, too
                return place
    return 0


def lookout(window: Window, limit: int) -> Iterator[int]:
    """The places less than `limit` ahead, but not the next byte, that look like a cut."""
    for at in range(0, limit, LOOK):
        first = max(0, at - 2)  # where a separator may be
        data = window.peek(min(LOOK + at - first, limit - first) + 2 * REACH, first)
        stop = min(len(data), at - first + LOOK, limit - first)
        yield from (first + place for place in likely(data, at - first or 1, stop))


def cut_off(window: Window, size: int) -> str:
    """Take what comes before the file that surely starts in the next `size` bytes; "" where none does."""
    for place in lookout(window, size):
        head = window.peek(2 + REACH, place)
        if SURE.match(head, len(separator(head))):
            window.take(place)
            return cut(window)
    return ""


class TooFarError(Exception):
    """A file is longer than may be looked ahead, or doesn't know its length."""


class Preview(Window):
    """What a finder would take from `window`, without taking it."""

    def __init__(self, window: Window):
        self._window = window
        self.at = 0

    def peek(self, size: int, at: int = 0) -> bytes:
        if self.at + at + size > AHEAD:
            raise TooFarError
        return self._window.peek(size, self.at + at)

    def forget(self) -> None:
        pass

    def take(self, size: int) -> None:
        if size and not self.peek(1, size - 1):
            self.at += len(self.peek(size))
            raise EOFError
        self.at += size

    def find(self, pattern: re.Pattern[bytes], reach: int, at: int, limit: int) -> int:
        return self._window.find(pattern, reach, self.at + at, self.at + limit) - self.at

    def scan(self, places: Callable[[bytearray, int, int], list[int]], reach: int) -> Iterator[None]:
        raise TooFarError


def unknown(window: Window) -> str:
    """Bytes of no known format: up to the next FS, or the next certain start."""
    if window.peek(1) == FS:
        return "separator"
    window.take(1)
    for _ in window.scan(likely_or_fs, 2 * REACH):
        if extent := "separator" if window.peek(1) == FS else cut(window):
            return extent
    raise EOFError


def likely_or_fs(data: bytes | bytearray, start: int, stop: int) -> list[int]:
    """The places in `data` that look like a cut, up to the first FS."""
    fs = data.find(FS, start, stop)
    return likely(data, start, stop) if fs < 0 else [*likely(data, start, fs), fs]


def at_fs(window: Window) -> str:
    """Up to the next FS, whatever the bytes are."""
    fs = re.compile(FS)
    next(window.scan(lambda data, start, stop: [match.start() for match in fs.finditer(data, start, stop)], 0))
    return "separator"


def to_the_end(window: Window) -> str:
    """All that there is."""
    while True:
        window.take(PIECE)


# Chunks that say how long they are


def iff(window: Window, data: bytes, placeholder: int, number: Callable[[bytes], int] = big) -> str:
    """RIFF or IFF: a size for the whole, then chunks with sizes, padded to even ones.

    The size of the whole, that of the chunk `data` and the pads may each be wrong; 0 and what is from `placeholder` on
    mean that the writer didn't know. Where they disagree, the one that leads to an end (`ends`) is right.
    """
    head = window.peek(40)
    whole, at, heard = 8 + number(head[4:8]), 12, False  # where the file ends (0: not known), and where we are in it
    long = (0, 0)  # the sizes of the whole and of the data where 32 bits are too few
    if head[12:16] == b"ds64":
        long = little(head[20:28]), little(head[28:36])
    if not 8 < whole < 8 + placeholder:
        whole = 8 + long[0] if long[0] else 0
    window.take(12)
    while True:
        if at == whole and (heard or ends(window)):
            return "exact"
        if at >= whole:
            whole = 0
        if heard and ends(window):
            return "exact"
        for place in range(8):
            if known(window, place, searching=True):  # cut off before a chunk, or in the midst of its head
                window.take(place)
                return "next-file"
        left = whole - at
        head = window.peek(8)
        kind, size = head[:4], number(head[4:])
        if kind not in CHUNKS and not (re.match(rb"[ -~]{4}", kind) and 8 + size <= left + 1):
            if not heard:
                return search(window)
            if 0 < left <= LOOK and ends(window, left):
                window.take(left)
            return "exact"
        if kind in (b"fmt ", b"COMM", b"VHDR") and size > LOOK:
            return search(window)
        window.take(8)
        at += 8
        if kind == data:
            heard = True
            if size == 0xFFFFFFFF and long[1]:
                size = long[1]
            elif size == 0 or size >= placeholder:
                if size == 0 and (at == whole or ends(window) or window.peek(4) in CHUNKS):
                    continue
                if at < whole:
                    window.take(whole - at)
                    if ends(window):
                        return "exact"
                return search(window)
        if at < whole < at + size - 1:
            window.take(whole - at)
            at, size = whole, at + size - whole
            if ends(window):
                return "exact"
            if size > LOOK:
                return search(window)
        window.take(size)
        at += size
        if size % 2 and padded(window, at == whole):
            window.take(1)
            at += 1


CHUNKS = frozenset(
    name.ljust(4)
    for name in (
        b"fmt data fact LIST INFO id3 ID3 cue smpl inst plst bext iXML axml aXML bxml sxml chna JUNK junk PAD FLLR "
        b"PEAK levl cart DISP acid strc _PMX afsp minf elm1 regn umid DGDA ResU SyLp Cr8r slnt wavl dbmd LGWV note "
        b"labl ltxt COMM SSND FVER MARK INST COMT NAME AUTH (c) ANNO AESD MIDI APPL SAXL CHAN VHDR BODY CHRS ATAK RLSE"
    ).split()
)


def padded(window: Window, complete: bool) -> bool:
    """After a chunk of odd size: does its pad byte follow, which some leave out, or don't count in the whole?"""
    if complete:
        return window.peek(1) == b"\0" and ends(window, 1)
    return not (window.peek(4) in CHUNKS or ends(window))


def wav(window: Window) -> str:
    """WAV, little-endian or (RIFX) big; of 32 bits or 64 (EBU Tech 3306, ITU-R BS.2088)."""
    return iff(window, b"data", 0x7FFF0000, big if window.peek(4) == b"RIFX" else little)


def riff(window: Window) -> str:
    """Another RIFF, such as AVI."""
    size = little(window.peek(4, 4))
    if not 0 < size < 0x7FFF0000:
        return search(window)
    window.take(8 + size + size % 2)
    return "exact"


def w64(window: Window) -> str:
    """Sony Wave64: RIFF with GUIDs, and sizes of 64 bits that count their own heads; chunks start at multiples of 8."""
    whole = little(window.peek(8, 16))
    if 40 < whole < 1 << 62:
        window.take(whole)
        return "exact"
    window.take(40)
    while (head := window.peek(24))[4:8] == b"\xf3\xac\xd3\x11":
        size = little(head[16:])
        if not 24 < size < 1 << 62:
            break
        window.take(size + -size % 8)
        if head.startswith(b"data") and ends(window):
            return "exact"
    return search(window)


def caf(window: Window) -> str:
    """Apple Core Audio Format: chunks with sizes of 64 bits; that of the data may be −1 where it is the last."""
    window.take(8)
    while (head := window.peek(12))[:4] in CAF_CHUNKS:
        size = int.from_bytes(head[4:], "big", signed=True)
        if size < 0:
            return search(window)
        window.take(12 + size)
    return "exact"


CAF_CHUNKS = frozenset(b"desc data chan kuki pakt info strg mark regn inst midi uuid ovvw peak edct umid free".split())


def au(window: Window) -> str:
    """Sun/NeXT: the size of the header, the size of the data; −1 (and 0, for some) where it wasn't known."""
    number = big if window.peek(4) == b".snd" else little
    start, size = number(window.peek(4, 4)), number(window.peek(4, 8))
    window.take(start)
    if size == 0xFFFFFFFF or (size == 0 and not ends(window)):
        return search(window)
    window.take(size)
    return "exact"


def mp4(window: Window) -> str:
    """ISO base media (MP4, M4A, 3GP, QuickTime; fragmented or not): boxes."""
    seen: set[bytes] = set()
    while BOX.match(head := window.peek(16)):
        size, kind = big(head[:4]), head[4:8]
        if (kind == b"ftyp" and seen) or (kind == b"moov" and kind in seen):
            return "exact"
        if size == 1:
            size = big(head[8:])
        if size < 8:
            return search(window) if kind == b"mdat" else "exact"  # 0: to the end of the file
        seen.add(kind)
        window.take(size)
    if head[:1] == b"\0" and len(head) < 8:
        window.take(8)  # the head of a box, cut off
    return "exact"


# A box of a type that is not in the standard (makers of cameras and phones have their own) must be of modest size.
BOX = re.compile(
    rb".{4}(?:ftyp|styp|moov|mdat|moof|mfra|free|skip|wide|uuid|meta|udta|sidx|ssix|pdin|emsg|prft|pnot)|\0.{3}\w{4}",
    re.DOTALL,
)


def matroska(window: Window) -> str:
    """Matroska and WebM: EBML elements (RFC 8794). A segment or cluster of unknown size lasts while children come."""
    kind = b""
    while (element := EBML.match(head := window.peek(12))) and not (kind and head.startswith(EBML_HEADER)):
        kind = element[0]
        head = head[len(kind) :]
        width = 9 - head[0].bit_length() if head else 0
        unlimited = (1 << 7 * width) - 1
        size = big(head[:width]) & unlimited
        window.take(len(kind) + width)
        if size != unlimited:
            window.take(size)
            if kind == SEGMENT:
                return "exact"
        elif kind not in (SEGMENT, CLUSTER):
            return search(window)
    return "exact"


EBML_HEADER, SEGMENT, CLUSTER = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
EBML = re.compile(  # header, Segment, Void, CRC-32; the children of a segment; those of a cluster
    rb"\x1a\x45\xdf\xa3|\x18\x53\x80\x67|\xec|\xbf|"
    rb"\x11\x4d\x9b\x74|\x15\x49\xa9\x66|\x16\x54\xae\x6b|\x1f\x43\xb6\x75|\x1c\x53\xbb\x6b|\x12\x54\xc3\x67|"
    rb"\x10\x43\xa7\x70|\x19\x41\xa4\x69|\xe7|\xa3|\xa0|\xab|\xa7|\x58\x54|\xaf"
)


def asf(window: Window) -> str:
    """ASF (WMA): a header, then other objects. That of the data has no size in a broadcast."""
    window.take(little(window.peek(8, 16)))
    while (kind := window.peek(4)) in ASF:
        size = little(window.peek(8, 16))
        if size < 24 or (kind == ASF[0] and size <= 50):
            return search(window)
        window.take(size)
    return "exact"


# data, then four kinds of index
ASF = tuple(bytes.fromhex(guid) for guid in ("3626b275", "90080033", "d329e2d6", "f803b1fe", "d03fb73c"))


def voc(window: Window) -> str:
    """Creative Voice: blocks, then a zero, which some leave out."""
    window.take(max(20, little(window.peek(2, 20))))
    while not ends(window):
        kind = window.peek(1)[0]
        if kind > 9:
            return search(window)
        if kind == 0:
            window.take(1)
            break
        window.take(4 + little(window.peek(3, 1)))
        if kind == 9 and window.peek(1, 8) == b"\0" and ends(window, 9) and not ends(window):
            window.take(8)  # sox counts a header of 4 bytes in such a block, which has 12
    return "exact"


def sox(window: Window) -> str:
    """SoX's own: a header that says its size and how many samples of 4 bytes follow; 0 where it wasn't known."""
    number = little if window.peek(4) == b".SoX" else big
    start, samples = 4 + number(window.peek(4, 4)), number(window.peek(8, 8))
    window.take(start)
    if samples == 0 and not ends(window):
        return search(window)
    window.take(4 * samples)
    return "exact"


def nist(window: Window) -> str:
    """NIST SPHERE: a header in text, of 1024 bytes. What is compressed, or was piped, doesn't say how long it is."""
    head = window.peek(1024)
    window.take(1024)
    keys = (b"sample_count", b"sample_n_bytes", b"channel_count")
    numbers = [re.search(rb"\n" + key + rb" -i (\d{1,12})\n", head) for key in keys]
    if None in numbers or b"shorten" in head:
        return search(window)
    samples, width, channels = (int(match[1]) for match in numbers if match)
    window.take(samples * width * channels)
    return "exact"


def flv(window: Window) -> str:
    """Flash Video: tags, each followed by its size."""
    window.take(13)
    while window.peek(1) in (b"\x08", b"\x09", b"\x12"):
        window.take(11 + big(window.peek(3, 1)) + 4)
    return "exact"


def dsf(window: Window) -> str:
    """DSD Stream File: the size of the whole."""
    window.take(little(window.peek(8, 12)))
    return "exact"


def dff(window: Window) -> str:
    """DSDIFF: FRM8, the size of the rest."""
    window.take(12 + big(window.peek(8, 4)))
    return "exact"


def tta(window: Window) -> str:
    """True Audio: a table of the sizes of all frames stands in front."""
    rate, samples = little(window.peek(4, 10)), little(window.peek(4, 14))
    frames = -(-samples // (256 * rate // 245 or 1))
    window.take(22)
    size = 4
    for first in range(0, frames, 4096):  # piece by piece, since their number is only what the header claims
        table = window.peek(4 * min(4096, frames - first))
        size += sum(little(table[at : at + 4]) for at in range(0, len(table), 4))
        window.take(4 * min(4096, frames - first))
    window.take(size)
    tags(window)
    return "exact"


def ape(window: Window) -> str:
    """Monkey's Audio: since 3.98 a descriptor gives the size of each part."""
    head = window.peek(36)
    if little(head[4:6]) < 3980:
        return search(window)
    window.take(sum(little(head[at : at + 4]) for at in (8, 12, 16, 20, 24, 32)) + (little(head[28:32]) << 32))
    tags(window)
    return "exact"


def musepack(window: Window) -> str:
    """Musepack 8: packets with a key and a size, up to the one with the key SE."""
    window.take(4)
    while packet := re.match(rb"[A-Z]{2}([\x80-\xff]*[\0-\x7f])", window.peek(12)):
        size = 0
        for byte in packet[1]:
            size = size << 7 | byte & 0x7F
        window.take(max(size, packet.end()))
        if packet[0].startswith(b"SE"):
            tags(window)
            return "exact"
    return search(window)


def amr(window: Window) -> str:
    """AMR, narrow and wide band (RFC 4867): the first byte of a frame tells its size."""
    wide = window.peek(9) == b"#!AMR-WB\n"
    sizes = AMR_WIDE if wide else AMR_NARROW
    window.take(9 if wide else 6)
    while not ends(window) and (toc := window.peek(1)[0]) & 0x83 == 0 and (size := sizes[toc >> 3]):
        window.take(size)
    return "exact"


AMR_NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
AMR_WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)


# Pages and frames


def ogg(window: Window) -> str:
    """Ogg (RFC 3533): pages. A stream that begins after others are under way is another file."""
    streams: set[bytes] = set()
    running: set[bytes] = set()
    under_way = False

    def ours(window: Window, at: int) -> bool:
        page = window.peek(27, at)
        return page[:5] == b"OggS\0" and len(page) == 27 and page[14:18] in streams and not page[5] & 2

    while True:
        begins, stream = ogg_begins(window, 0), window.peek(4, 14)
        if (begins and not under_way) or ours(window, 0):
            size = ogg_page_size(window)
            if ogg_page_sound(window, size):
                streams.add(stream)
                running.add(stream)
                if window.peek(1, 5)[0] & 4:
                    running.remove(stream)
                under_way |= not begins
                window.take(size)
                continue
        elif not running or over(window):
            return "exact"
        else:
            size = 0
            if len(window.peek(27)) < 27 and b"OggS".startswith(window.peek(4)):
                window.take(27)  # the input ends in the head of a page
        if extent := lost(window, size, b"OggS", ours):
            return extent


def ogg_begins(window: Window, at: int) -> bool:
    """Is the page ahead the first of its stream?"""
    page = window.peek(27, at)
    return page[:5] == b"OggS\0" and len(page) == 27 and page[5] & 2 > 0


def ogg_page_size(window: Window) -> int:
    table = window.peek(window.peek(1, 26)[0], 27)
    return 27 + len(table) + sum(table)


def ogg_page_sound(window: Window, size: int) -> bool:
    """Is the checksum of the page ahead right, or what comes after it?"""
    page = window.peek(size)
    # Ogg's CRC-32 goes through the bits in the other direction than zlib's, and inverts nothing.
    crc = zlib.crc32((page[:22] + bytes(4) + page[26:]).translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    sound = crc.to_bytes(4, "big").translate(REVERSED) == page[22:26]
    return sound or (len(page) == size and (window.peek(4, size) == b"OggS" or over(window, size)))


REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Frame(NamedTuple):
    """What the header of a frame says."""

    size: int  # bytes, header included
    kind: object  # what stays the same throughout a file


Opening = tuple[int, int]  # frames and bytes of a file, as its first frame tells them; 0 where it doesn't
Parse = Callable[[Window, int], Frame | None]


def frame_by_frame(
    window: Window, parse: Parse, opening: Callable[[Window, int], Opening | None] = lambda window, at: None
) -> str:
    """Frames of one kind, one after the other, then tags. `opening` knows a frame that only starts a file."""
    kind: object = None
    taken = size = 0
    expected: Opening = (0, 0)

    def goes_on(window: Window, at: int) -> bool:
        return not (taken and opening(window, at)) and chain(window, at, parse, kind, 2)

    frame = parse(window, 0)
    while True:
        first = opening(window, 0) if frame else None
        if frame and not taken:
            kind, expected = frame.kind, first or (0, 0)
        complete = taken > 0 and (taken, size) == expected
        if not frame or frame.kind != kind or complete or (taken and first):
            tags(window)
            if complete or over(window):
                return "exact"
            frame = Frame(0, kind)
        after = parse(window, frame.size)
        followed = (
            (after and after.kind == kind)
            or (taken + 1, size + frame.size) == expected
            or TAG.match(window.peek(11, frame.size))
            or over(window, frame.size)
        )
        if frame.size and followed and window.peek(1, frame.size - 1):
            window.take(frame.size)
            taken, size, frame = taken + 1, size + frame.size, after
        elif extent := lost(window, frame.size, window.peek(1), goes_on):
            tags(window)
            return extent
        else:
            frame = parse(window, 0)


def chain(window: Window, at: int, parse: Parse, kind: object = None, enough: int = 4, least: int = 2) -> bool:
    """Do `enough` frames of one kind follow each other, or `least` up to a tag, another file or the end of input?"""
    for count in range(enough):
        frame = parse(window, at)
        if not frame or frame.kind != (kind := kind or frame.kind):
            head = window.peek(REACH, at)
            return count >= least and bool(not head or head[:1] == FS or TAG.match(head) or SURE.match(head))
        at += frame.size
    return True


def frames(parse: Parse) -> tuple[Find, Check]:
    """For the table: how to take such frames, and whether a file starts with them."""
    return partial(frame_by_frame, parse=parse), partial(chain, parse=parse)


def mpeg(window: Window) -> str:
    """MPEG audio, layers I to III, versions 1, 2 and 2.5."""
    return frame_by_frame(window, partial(mpeg_frame, free=mpeg_free(window, 0)), xing)


def mpeg_chain(window: Window, at: int) -> bool:
    """Does a file start here, although perhaps in the midst of a stream?"""
    free = mpeg_free(window, at)  # that is how far it is to the second frame, so only the third one proves anything
    return chain(window, at, partial(mpeg_frame, free=free), least=3 if free else 2)


def mpeg_start(window: Window, at: int) -> bool:
    """Does a file start here, and not a wave that repeats itself, or silence for close to a second?"""
    if not mpeg_chain(window, at):
        return False
    if xing(window, at):
        return True
    parse = partial(mpeg_frame, free=mpeg_free(window, at))
    if window.peek(2, at)[1] & 6 != 2 and not chain(window, at, parse, enough=12, least=6):
        return False  # the headers of layers I and II are not so rare in samples close to zero
    bodies: set[bytes] = set()
    for _ in range(32):
        frame = parse(window, at)
        body = window.peek(frame.size - 4, at + 4) if frame else b""
        if not frame or len(body) < frame.size - 4:
            break
        bodies.add(body)
        at += frame.size
    return len(bodies) > 1


def mpeg_frame(window: Window, at: int, free: int = 0) -> Frame | None:
    """A frame (ISO 11172-3, 2.4.1.3); `free` is the size of those in free format, but for their padding."""
    return mpeg_header(window.peek(4, at), free)


@lru_cache
def mpeg_header(head: bytes, free: int) -> Frame | None:
    """The same, of its first 4 bytes."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer, index, rate = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3), head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or index == 15 or rate == 3 or (index == 0 and not free):
        return None
    slot = 4 if layer == 1 else 1
    bits = 1000 * MPEG_KBITS[version == 3, layer][index - 1]
    hertz = (44100, 48000, 32000)[rate] >> (2, 2, 1, 0)[version]
    factor = 12 if layer == 1 else 72 if layer == 3 and version != 3 else 144
    size = slot * (factor * bits // hertz) if index else free
    return Frame(size + slot * (head[2] >> 1 & 1), (version, layer, rate, head[3] >> 6 == 3, index == 0))


def mpeg_free(window: Window, at: int) -> int:
    """The size of frames in free format, but for their padding: how far it is to the next such header."""
    head = window.peek(3, at)
    if len(head) < 3 or head[2] >= 0x10:
        return 0
    like = re.escape(head[:2]) + b"[" + re.escape(bytes(head[2] & 0xFC | low for low in range(4))) + b"]"
    size = window.find(re.compile(like), 3, at + 24, at + 8192) - at
    return size - (head[2] >> 1 & 1) * (4 if head[1] & 6 == 6 else 1) if size < 8192 else 0


MPEG_KBITS = {  # by (version 1?, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def xing(window: Window, at: int) -> Opening | None:
    """The frame that encoders put in front of all others, to tell how many there are (Xing, LAME, Fraunhofer)."""
    head = window.peek(64, at)
    if len(head) < 64 or head[1] & 6 != 2:
        return None
    mono, version1 = head[3] >> 6 == 3, head[1] & 0x18 == 0x18
    side = 4 + ((17 if mono else 32) if version1 else (9 if mono else 17))
    if head[side : side + 4] in (b"Xing", b"Info"):
        told = head[side + 7] & 3 == 3
        return (big(head[side + 8 : side + 12]) + 1, big(head[side + 12 : side + 16])) if told else (0, 0)
    return (big(head[50:54]) + 1, big(head[46:50])) if head[36:40] == b"VBRI" else None


def adts_frame(window: Window, at: int) -> Frame | None:
    """AAC in ADTS frames (ISO 13818-7, 6.2)."""
    head = window.peek(7, at)
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return None
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return Frame(size, (head[1], head[2], head[3] >> 4)) if size > 8 else None


def ac3_frame(window: Window, at: int) -> Frame | None:
    """AC-3 and E-AC-3 (ATSC A/52, 5.3 and E.1.2)."""
    head = window.peek(6, at)
    if len(head) < 6 or head[:2] != b"\x0b\x77" or head[5] >> 3 > 16:
        return None
    rate, code = head[4] >> 6, head[4] & 63
    if head[5] >> 3 > 10:
        return Frame(2 * ((head[2] & 7) << 8 | head[3]) + 2, ("enhanced", rate))
    if rate == 3 or code > 37:
        return None
    kbits = AC3_KBITS[code >> 1]
    return Frame((4 * kbits, 2 * (320 * kbits // 147 + code % 2), 6 * kbits)[rate], (rate, head[5] >> 3))


AC3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def dts_frame(window: Window, at: int) -> Frame | None:
    """DTS in words of 16 bits, big-endian (ETSI TS 102 114, 5.3)."""
    head = window.peek(9, at)
    if len(head) < 9 or head[:4] != b"\x7f\xfe\x80\x01":
        return None
    return Frame(((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1, ("dts", head[8] >> 2 & 15))


def wavpack_block(window: Window, at: int) -> Frame | None:
    """WavPack."""
    head = window.peek(8, at)
    size = little(head[4:])
    return Frame(8 + size, "wavpack") if head[:4] == b"wvpk" and 24 <= size <= 1 << 20 else None


def wavpack_opening(window: Window, at: int) -> Opening | None:
    """The block that starts at sample 0."""
    head = window.peek(32, at)
    return (0, 0) if len(head) == 32 and head[16:20] == bytes(4) != head[20:24] and head[25] & 8 else None


def mpegts_packet(window: Window, at: int) -> Frame | None:
    """MPEG transport stream: packets of 188 bytes (ISO 13818-1)."""
    return Frame(188, "packet") if window.peek(1, at) == b"G" else None


def mpegts_cut(window: Window, at: int) -> bool:
    """Packets from the midst of a stream, and not samples of which every so manieth byte is the same."""
    return window.peek(188, at).count(b"G") < 20 and chain(window, at, mpegts_packet)


# FLAC: frames of no stated size


class FlacFrame(NamedTuple):
    """What the header of a FLAC frame says."""

    number: int  # of the frame, or (variable block size) of its first sample
    following: int  # the number that the next frame has
    block: int  # samples of a channel
    channels: int  # as coded: from 8 on, one of the two is a difference
    depth: int  # bits of a sample; 0: see STREAMINFO
    size: int  # bytes of this header

    def limit(self, depth: int) -> int:
        """More bytes than the frame can have."""
        return 64 + self.block * (self.channels % 8 + 2) * (depth + 1) // 8


def flac(window: Window) -> str:
    """FLAC (RFC 9639). The next frame is known by its number, the end of the last one by reading it through."""
    depth = total = done = 0
    if window.peek(4) == b"fLaC":
        window.take(4)
        last = False
        while not last and not flac_header(window, 0):
            head = window.peek(22)
            last = head[:1] >= b"\x80"
            if len(head) == 22 and head[0] & 0x7F == 0:
                depth = ((head[16] & 1) << 4 | head[17] >> 4) + 1
                total = big(head[17:22]) & 0xFFFFFFFFF
            size = 4 + big(head[1:4])
            if not (flac_header(window, size) if last else FLAC_BLOCK.match(window.peek(1, size))):
                return search(window)  # the length of this block leads to no other
            window.take(size)
    expected = None
    while True:
        while (frame := flac_header(window, 0)) and expected in (None, frame.number):
            expected = frame.following
            done += frame.block
            bits = frame.depth or depth or 32
            size = flac_next(window, 0, frame, bits) if not total or done < total else 0
            if not size and not (size := flac_size(window.peek(frame.limit(bits)), frame, bits)):
                return search(window)
            window.take(size)
        if expected is None:
            return search(window)
        tags(window)
        if 0 < total <= done or over(window):
            return "exact"
        if extent := lost(window, 0, b"\xff", lambda window, at: flac_header(window, at) is not None):
            return extent
        expected = None


def flac_header(window: Window, at: int) -> FlacFrame | None:
    """The header ahead, if its checksum is right (RFC 9639, 9.1)."""
    head = window.peek(16, at)
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xFE != 0xF8:
        return None
    block, rate, channels, depth = head[2] >> 4, head[2] & 15, head[3] >> 4, head[3] >> 1 & 7
    if block == 0 or rate == 15 or channels > 10 or depth == 3 or 0x80 <= head[4] < 0xC0 or head[4] == 0xFF:
        return None
    ones = 8 - (head[4] ^ 0xFF).bit_length()  # the number is coded like UTF-8, in up to 36 bits
    number = head[4] & (0xFF >> ones + 1)
    at = 4 + (ones or 1)
    for byte in head[5:at]:
        number = number << 6 | byte & 0x3F
    extra = block - 5 if 5 < block < 8 else 0
    samples = big(head[at : at + extra]) + 1 if extra else FLAC_BLOCKS[block]
    at += extra + (rate == 12) + 2 * (rate in (13, 14))
    if crc(head[:at], CRC8, 8) != big(head[at : at + 1] or b"\1\0"):
        return None
    following = number + (samples if head[1] & 1 else 1)
    return FlacFrame(number, following, samples, channels, (0, 8, 12, 0, 16, 20, 24, 32)[depth], at + 1)


FLAC_BLOCKS = (0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)


def crc_table(width: int, polynomial: int) -> list[int]:
    table = list(range(0, 256 << width - 8, 1 << width - 8))
    for _ in range(8):
        table = [value << 1 ^ (polynomial | 1 << width if value >> width - 1 else 0) for value in table]
    return table


CRC8, CRC16 = crc_table(8, 0x07), crc_table(16, 0x8005)


def crc(data: bytes, table: list[int], width: int) -> int:
    """The checksum of `data`, which is 0 where that ends in its own."""
    value = 0
    for byte in data:
        value = table[value >> width - 8 ^ byte] ^ (value << 8 & 0xFF00 if width > 8 else 0)
    return value


def flac_next(window: Window, at: int, frame: FlacFrame, depth: int) -> int:
    """How far ahead the frame after the one at `at` starts; 0 where there is none, or only in another file."""
    start, limit = at, at + frame.limit(depth)
    others = 0
    while (at := window.find(FLAC_SYNC, 2, at + 1, limit)) < limit and others < 8:
        following = flac_header(window, at)
        if following and following.number == frame.following:
            return 0 if b"fLaC" in window.peek(at - start, start) else at
        others += following is not None  # that there are several in a frame is no chance
    return 0


FLAC_BLOCK = re.compile(rb"[\1-\6\x81-\x86]")  # the types of metadata after the first
FLAC_SYNC = re.compile(rb"\xff[\xf8\xf9]")


def flac_size(data: bytes, frame: FlacFrame, depth: int) -> int:
    """The size of the frame at the start of `data`, read through bit by bit (RFC 9639, 9.2); 0 where it is damaged."""
    bits = bin(big(b"\1" + data.partition(b"fLaC")[0]))[3:]
    at = 8 * frame.size
    try:
        for channel in range(frame.channels + 1 if frame.channels < 8 else 2):
            width = depth + ((frame.channels, channel) in ((8, 1), (9, 0), (10, 1)))  # a difference has a bit more
            kind, wasted = int(bits[at + 1 : at + 7], 2), bits[at + 7] == "1"
            at += 8
            if wasted:
                unary = bits.index("1", at) - at + 1
                width -= unary
                at += unary
            if kind < 2:  # constant, verbatim
                at += width * (frame.block if kind else 1)
                continue
            order = kind - 31 if kind > 31 else kind - 8  # linear, fixed
            if not 0 <= order <= (32 if kind > 31 else 4):
                return 0
            at += width * order
            if kind > 31:
                at += 9 + order * (int(bits[at : at + 4], 2) + 1)
            width = 5 if bits[at + 1] == "1" else 4  # of a Rice parameter
            partitions = 1 << int(bits[at + 2 : at + 6], 2)
            at += 6
            for partition in range(partitions):
                count = frame.block // partitions - (0 if partition else order)
                low = int(bits[at : at + width], 2)
                at += width
                if low == (1 << width) - 1:  # not coded
                    at += 5 + count * int(bits[at : at + 5], 2)
                else:
                    for _ in range(count):
                        at = bits.index("1", at) + 1 + low
    except (ValueError, IndexError):  # there is no more
        return 0
    size = (at + 7) // 8 + 2
    return size if size <= len(data) and crc(data[:size], CRC16, 16) == 0 else 0


def flac_chain(window: Window, at: int) -> bool:
    """Frames with nothing in front, as a recorder of a stream writes them."""
    frame = flac_header(window, at)
    return frame is not None and flac_next(window, at, frame, frame.depth or 32) > 0


# Tags before and after the sound

ID3 = re.compile(rb"ID3[\x02-\x04][\0-\x0a].[\0-\x7f]{4}[A-Z0-9\0\xff]{3}", re.DOTALL)
TAG = re.compile(rb"TAG|APETAGEX|LYRICSBEGIN|ID3[\x02-\x04][\0-\x0a]")


def id3_size(head: bytes) -> int:
    """The size of the ID3v2 tag that starts with the 10 bytes `head`."""
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + (20 if head[5] & 0x10 else 10)


def after_id3(find: Find, window: Window) -> str:
    """Take the ID3v2 tag ahead, and what comes after it."""
    size = id3_size(window.peek(10))
    if size <= AHEAD and not known(window, size) and (extent := cut_off(window, size)):
        return extent
    window.take(size)
    return find(window)


def tags(window: Window) -> None:
    """Take the tags that follow the sound: APEv2, Lyrics3, ID3v1, ID3v2 with a footer."""
    while TAG.match(head := window.peek(32)):
        if head.startswith(b"APETAGEX") and len(head) == 32:
            size = little(head[12:16])
            whole = head[23] & 0x20 or (size < LOOK and window.peek(8, size) == head[:8])  # or its footer alone?
            window.take(32 + size if whole else 32)
        elif head.startswith(b"LYRICS") and (end := window.find(LYRICS_END, 9, 0, LOOK)) < LOOK:
            window.take(end + 9)
        elif head.startswith(b"TAG"):
            window.take(227 if head.startswith(b"TAG+") else 128)
        elif head.startswith(b"ID3") and len(head) > 9 and head[5] & 0x10:
            window.take(id3_size(head))
        else:
            return


LYRICS_END = re.compile(b"LYRICS200|LYRICSEND")


# The table

wavpack = partial(frame_by_frame, parse=wavpack_block, opening=wavpack_opening)
aiff = partial(iff, data=b"SSND", placeholder=0x7F000000)  # where sox writes to a pipe
svx = partial(iff, data=b"BODY", placeholder=0x7F000000)

CHUNK = rb"(?:[ -~]{4}|[ -~]{0,3}\Z)"
VINT = rb"(?:[\x80-\xff]|[\x40-\x7f].|[\x20-\x3f]..|\x10...|\x01.{7})"
IRCAM = rb".{4}(?:[^\0]\0{3}[\1-\x20]\0[\0-\4]\0|\0{3}[^\0]\0[\0-\4]\0[\1-\x20])"  # rate, channels, encoding
MPEG_RATES = b"[" + re.escape(bytes(byte for byte in range(0x10, 0xF0) if byte & 0x0C != 0x0C)) + b"]"
# The first frame of layer III takes no bits from the one before: main_data_begin, after a checksum or not, is 0.
MPEG_III = rb"(?:[\xe3\xf3]R.\0|\xfbR.\0[\0-\x7f]|[\xe2\xf2]R...\0|\xfaR...\0[\0-\x7f])".replace(b"R", rb"[\0-\xef]")
ASF_HEADER = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"

FORMATS = (
    Format("wav", (b"RIFF", b"RIFX", b"RF64", b"BW64"), rb".{4}WAVE" + CHUNK, trusted(wav)),
    Format("riff", (b"RIFF",), rb".{4}[A-Z0-9 ]{4}[ -~]{4}", declared(riff)),
    Format("w64", (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0",), rb".{8}wave", trusted(w64)),
    Format("aiff", (b"FORM",), rb".{4}AIF[FC]" + CHUNK, trusted(aiff)),
    Format("svx", (b"FORM",), rb".{4}(?:8SVX|16SV)[ -~]{4}", trusted(svx)),
    Format("caf", (b"caff",), rb"\0[\1\2]\0\0desc\0{7}\x20", declared(caf)),
    Format("au", (b".snd",), rb"\0.{7}\0\0\0[\x01-\x1b].{4}\0\0[\0-\4].", trusted(au)),
    Format("au", (b"dns.",), rb".{3}\0.{4}[\x01-\x1b]\0\0\0.{4}.[\0-\4]\0\0", trusted(au)),
    Format("ircam", (b"\x64\xa3\1\0", b"\x64\xa3\2\0", b"\x64\xa3\3\0", b"\x64\xa3\4\0"), IRCAM, search),
    Format("ircam", (b"\0\1\xa3\x64", b"\0\2\xa3\x64", b"\0\3\xa3\x64", b"\0\4\xa3\x64"), IRCAM, search, here=True),
    Format("flac", (b"fLaC",), rb"[\0-\6\x80-\x86]", flac),
    Format("ogg", (b"OggS",), rb"\0[\2\3\6\7].{20}[^\0]", ogg),
    Format("matroska", (EBML_HEADER,), VINT + rb"[\x42\xec\xbf]", declared(matroska)),
    Format("mp4", (b"ftyp",), rb"[ -~]{4}", declared(mp4), before=rb"\0\0[\0-\4]."),
    Format("mp4", (b"moov",), rb"\0.{3}(?:mvhd|cmov|udta|iods)", declared(mp4), here=True, before=rb"\0.{3}"),
    Format("mp4", (b"wide", b"free", b"skip"), rb".{4}mdat", declared(mp4), here=True, before=rb"\0\0\0\x08"),
    Format("asf", (ASF_HEADER,), b"", declared(asf)),
    Format("mp3", (b"ID3\2", b"ID3\3", b"ID3\4"), rb"[\0-\x0a].[\0-\x7f]{4}[A-Z0-9\0\xff]{3}", mpeg),
    Format("voc", (b"Creative Voice File\x1a",), b"", declared(voc)),
    Format("sox", (b".SoX",), rb".{3}\0", declared(sox)),
    Format("sox", (b"XoS.",), rb"\0.{3}", declared(sox)),
    Format("nist", (b"NIST_1A\n",), rb" +1024\n", declared(nist)),
    Format("flv", (b"FLV\1",), rb"[\0-\5]\0\0\0\x09\0{4}", declared(flv)),
    Format("amr", (b"#!AMR\n", b"#!AMR-WB\n"), b"", amr),
    Format("dsf", (b"DSD \x1c",), rb"\0{7}", declared(dsf)),
    Format("dff", (b"FRM8",), rb".{8}DSD ", declared(dff)),
    Format("tta", (b"TTA1",), rb"[\1-\3]\0", declared(tta)),
    Format("ape", (b"MAC ",), rb".[\x0e-\x0f]", declared(ape)),
    Format("musepack", (b"MPCKSH",), b"", declared(musepack)),
    Format("musepack", (b"MP+\x07", b"MP+\x17"), b"", search),
    Format("wv", (b"wvpk",), rb".{3}\0[\2-\x10]\x04", wavpack),
    Format("pvf", (b"PVF1\n",), rb"\d", search),
    Format("paf", (b" paf",), rb"\0{4}", search),
    Format("paf", (b"fap ",), rb"\0{3}[\0\1]", search),
    Format("avr", (b"2BIT",), rb".{8}(?:\0\0|\xff\xff)\0[\x08\x10]", search),
    Format("wve", (b"ALawSoundFile**\0",), b"", search),
    Format("xi", (b"Extended Instrument: ",), b"", search),
    Format("mat", (b"MATLAB 5.0 MAT-file",), b"", search),
    Format("shorten", (b"ajkg\1", b"ajkg\2", b"ajkg\3"), b"", search),
    Format("tak", (b"tBaK\1",), b"", search),
    Format("mpegts", (b"G@\0\x10", b"G@\x11\x10"), b"", *frames(mpegts_packet)),
    Format("dts", (b"\x7f\xfe\x80\1",), b"", *frames(dts_frame)),
    Format("ac3", (b"\x0b\x77",), rb".{3}[\0-\x57]", *frames(ac3_frame)),
    Format("eac3", (b"\x0b\x77",), rb".{3}[\x58-\x87]", *frames(ac3_frame)),
    Format("aac", (b"\xff",), rb"[\xf0\xf1\xf8\xf9][^\x34-\x3f\x74-\x7f\xb4-\xbf\xf4-\xff]", *frames(adts_frame)),
    Format("mp3", (b"\xff",), MPEG_III, mpeg, mpeg_start),
    Format("mp2", (b"\xff",), rb"[\xf4\xf5\xfc\xfd]" + MPEG_RATES, mpeg, mpeg_start),
    Format("mp1", (b"\xff",), rb"[\xf6\xf7\xfe\xff]" + MPEG_RATES, mpeg, mpeg_start),
    Format("mp3", (b"\xff",), rb"[\xe2\xe3\xf2\xf3\xfa\xfb]", mpeg, mpeg_chain, here=True),
    Format("mp2", (b"\xff",), rb"[\xf4\xf5\xfc\xfd]", mpeg, mpeg_chain, here=True),
    Format("mp1", (b"\xff",), rb"[\xf6\xf7\xfe\xff]", mpeg, mpeg_chain, here=True),
    Format("mpegts", (b"G",), rb"[\0-\x7f].[\x10-\x3f]", frames(mpegts_packet)[0], mpegts_cut, here=True),
    Format("flac", (b"\xff",), rb"[\xf8\xf9]", flac, flac_chain, here=True),
)
UNKNOWN = Format("unknown", (), b"", unknown)
TAGGED = frozenset(("mp3", "mp2", "mp1", "aac", "ac3", "eac3", "flac", "tta", "ape", "wv", "musepack"))  # after ID3v2
FOUND = frozenset(("mp3", "mp2", "mp1", "aac", "ac3", "eac3", "dts"))  # by decoders, in spite of what is in front


def patterns(parts: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(parts), re.DOTALL)


def groups(formats: list[Format]) -> tuple[re.Pattern[bytes], list[Format]]:
    """A pattern with a group for each format, and the formats."""
    return patterns(b"(" + form.magic + b")" for form in formats), formats


def anchors(formats: list[Format]) -> Iterator[bytes]:
    """What finds the signatures, many times faster than the table: by one byte, or by classes of bytes, then the rest.

    A group is where the file starts, if not with the literal.
    """
    literals = [(literal, form) for form in formats for literal in form.literals]
    for short in sorted({literal for literal, _ in literals if len(literal) < 4}):
        yield re.escape(short) + b"(?=" + b"|".join(form.rest for literal, form in literals if literal == short) + b")"
    long = [(literal, form) for literal, form in literals if len(literal) >= 4]
    columns = zip(*(literal[:4] for literal, _ in long), strict=True)
    first, *others = (b"[" + re.escape(bytes(set(column))) + b"]" for column in columns)
    rests = []
    for literal, form in long:
        start = b"(?<=(" + form.before + b")" + literal[:1] + b")" if form.before else b""
        rests.append(start + re.escape(literal[1:]) + form.rest)
    yield first + b"(?=" + b"".join(others) + b")(?=" + b"|".join(rests) + b")"  # so that the next may be the next byte


CHARACTER = rb"(?:[\t-\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"

SEARCHED = groups([form for form in FORMATS if not form.here])
HERE = groups([form for form in FORMATS if form.here])
SURE = patterns(form.magic for form in SEARCHED[1] if not form.check)
AFTER_FS = b"|".join([CHARACTER + b"{8}", CHARACTER + rb"{1,7}\Z", HERE[0].pattern])
SEPARATED = patterns([rb"\x1c(?=\n?(?:" + AFTER_FS + b"))"])
ANCHORS = [patterns([anchor]) for anchor in anchors(SEARCHED[1])]
