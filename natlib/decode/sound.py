"""What an item holds, and which decoder plays it.

A file that needs no decoder is read as it comes. Others are collected, then decoded by libsndfile or ffmpeg; MPEG and
Ogg that go on and on are decoded as they come. Ogg files that are chains of streams are one sound.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from ..errors import Failure
from ..wire import Head
from . import uncompressed
from .feed import Feed, pieces, spooled
from .mixing import BLOCK, mixed, resampled
from .sandbox import Broken

if TYPE_CHECKING:
    from .decoders import Decoder
    from .mixing import Blocks

HEAD = 1 << 20  # bytes of a file that are searched for the beginning of its samples
LIVE = 3  # seconds after which what still comes is decoded as it comes, where that can be done
BROKEN_LINKS = 8  # of a chained Ogg file in a row, after which the rest is not tried
OGG_CODECS = (b"\1vorbis", b"OpusHead")  # that libsndfile can play while they come
PAGE = 1 << 18  # bytes that are searched at a time for the next page of Ogg

# How files begin that a decoder may read though the stage before did not know them. "maybe" proves too little.
SOUND = re.compile(
    rb"ID3|APETAGEX|wvpk|MAC |TTA[12]|MP\+|MPCK|OggS|fLaC|caff|\.SoX|XoS\.|Creative Voice File\x1a|FLV\x01|#!AMR|OFR "
    rb"|tBaK|DSD |FRM8|NIST_1A|PVF1|\.RMF|2BIT|\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x64\xa3[\x01-\x04]\x00|\x1aE\xdf\xa3"
    rb"|....ftyp|0&\xb2u\x8ef\xcf\x11|riff\x2e\x91\xcf\x11|(?:RIFF|RIFX|RF64|BW64)....WAVE|RIFF....AVI "
    rb"|FORM....(?:AIF[FC]|8SVX|16SV)|(?P<maybe>\x0b\x77|\xff[\xe2-\xff]|G.{187}G.{187}G)",
    re.DOTALL,
)


class Sound:
    """What was found in an item, and its samples."""

    def __init__(self, decoder: str, encoding: Head, sample_rate: int, channels: int):
        self.decoder = decoder
        self.sample_rate = sample_rate
        self.channels = channels
        self.source = {**encoding, "sample_rate": sample_rate, "channels": channels}
        self.blocks: Blocks = iter(())
        # Filled while the blocks are read:
        self.damage: list[str] = []
        self.continued: list[str] = []  # where one decoder went on for the other


def find(feed: Feed, form: str, by_structure: bool, raw: uncompressed.Layout, strict: bool) -> Sound:
    """Find out what an item holds, which nat-split takes for `form` ("unknown" where it is none that it knows), cut out
    by its own structure or not. Bytes that are no sound are played as `raw`, unless `strict`.

    Raises Failure where there is nothing that could be played.
    """
    if layout := find_layout(feed):
        return plain_sound("pcm", layout, feed)
    head = feed.peek(512)
    if not head:
        raise Failure("expected a sound file, got 0 bytes")
    match = SOUND.match(head)
    known = form != "unknown" or (match and not match["maybe"])
    if known or match:
        file = spooled(feed, LIVE if streams(form, by_structure, head) else None)
        try:
            return decoded(file) if feed.ended else live(file, feed)
        except Broken as error:
            if known:
                raise Failure(f"nothing could be decoded ({error})") from None
        feed = Feed(pieces(file))
    if strict:
        raise Failure(f"expected a sound file, got bytes that start with {head[:16]!r}")
    return plain_sound("raw", raw, feed)


def find_layout(feed: Feed) -> uncompressed.Layout | None:
    """The layout of a file that needs no decoder; None for others, and where its samples begin too far in."""
    size = 12
    while size <= HEAD:
        head = feed.peek(size)
        if len(head) < size:
            return None
        try:
            return uncompressed.layout(head)
        except uncompressed.More as more:
            size = more.size
    return None


def plain_sound(decoder: str, layout: uncompressed.Layout, feed: Feed) -> Sound:
    """The sound of bytes that need no decoder."""
    encoding = {"format": layout.format, "encoding": layout.encoding}
    sound = Sound(decoder, encoding, layout.sample_rate, layout.channels)
    sound.blocks = unpacked(layout, feed, sound.damage)
    return sound


def unpacked(layout: uncompressed.Layout, feed: Feed, damage: list[str]) -> Blocks:
    """The samples of a file of which `feed` gives all bytes."""
    skip, left = layout.start, layout.size
    step = layout.frame * max(1, BLOCK // layout.channels)
    rest = b""
    for data in feed:
        if skip:
            skip, data = max(0, skip - len(data)), data[skip:]
        if left is not None:
            data = data[:left]
            left -= len(data)
        data = rest + data if rest else data
        whole = len(data) - len(data) % layout.frame
        view = memoryview(data)
        for first in range(0, whole, step):
            yield layout.samples(view[first : min(whole, first + step)])
        rest = data[whole:]
        if left == 0:
            return
    if left and layout.size:
        damage.append(f"the header announces {layout.size} bytes of samples, {layout.size - left} came")
    elif rest and layout.format == "raw":
        yield layout.samples(rest.ljust(layout.frame, b"\0"))  # of what is no sound file, every byte is heard


def streams(form: str, by_structure: bool, head: bytes) -> bool:
    """Can libsndfile play the item while it comes? MPEG frames, and Ogg that is known not to be chained.

    What was cut by its structure has each link of a chain as an item.
    """
    return form in ("mp3", "mp2", "mp1") or (form == "ogg" and by_structure and any(c in head for c in OGG_CODECS))


def live(file: BinaryIO, feed: Feed) -> Sound:
    """The sound of an item that goes on, of which `file` has the beginning. Raises Broken."""
    from .decoders import Sndfile

    begun = (record.payload for record in pieces(file))
    decoder = Sndfile(None, itertools.chain(begun, feed))
    encoding = {"format": decoder.format, "encoding": decoder.encoding}
    sound = Sound(decoder.name, encoding, decoder.sample_rate, decoder.channels)

    def blocks() -> Blocks:
        try:
            yield from decoder.blocks()
        except Broken as error:
            sound.damage.append(f"{decoder.name}: {error}")

    sound.blocks = blocks()
    return sound


def decoded(file: BinaryIO) -> Sound:
    """The sound of a file: of all its links, where it is a chained Ogg stream.

    A link at another rate or with other channels than the first is brought to those. Raises Broken where
    nothing decodes.
    """
    from . import decoders

    links = list(itertools.pairwise([*ogg_links(file), os.fstat(file.fileno()).st_size]))
    damage: list[str] = []

    def opened() -> Iterator[tuple[Decoder, BinaryIO]]:
        """The links that decode."""
        broken = 0
        for number, (start, stop) in enumerate(links, 1):
            data = spooled(Feed(pieces(file, start, stop))) if len(links) > 1 else file
            try:
                yield decoders.opened(data), data
                broken = 0
            except Broken as error:
                damage.append(f"link {number}: {error}" if len(links) > 1 else str(error))
                broken += 1
            if broken == BROKEN_LINKS:
                return

    def played(link: tuple[Decoder, BinaryIO] | None) -> Blocks:
        while link:
            decoder, data = link
            blocks = caught(decoders.whole(decoder, data, sound.continued))
            if decoder.channels != sound.channels:
                blocks = (mixed(block).repeat(sound.channels, axis=1) for block in blocks)
            if decoder.sample_rate != sound.sample_rate:
                blocks = resampled(blocks, decoder.sample_rate, sound.sample_rate, sound.channels)
            yield from blocks
            link = next(playing, None)

    def caught(blocks: Blocks) -> Blocks:
        try:
            yield from blocks
        except Broken as error:
            damage.append(str(error))

    playing = opened()
    first = next(playing, None)
    if not first:
        raise Broken("; ".join(damage))
    decoder = first[0]
    encoding = {"format": decoder.format, "encoding": decoder.encoding}
    sound = Sound(decoder.name, encoding, decoder.sample_rate, decoder.channels)
    sound.damage, sound.blocks = damage, played(first)
    return sound


def ogg_links(file: BinaryIO) -> list[int]:
    """Where in the file each link of a chained Ogg stream starts (RFC 3533, section 4); [0] for other formats."""
    starts, at, fresh = [0], 0, True
    while len(page := os.pread(file.fileno(), 27 + 255, at)) >= 27:
        if page.startswith(b"OggS"):
            begins = bool(page[5] & 2)
            if begins and not fresh:
                starts.append(at)
            fresh = begins
            at += 27 + page[26] + sum(page[27 : 27 + page[26]])
        elif at == 0:
            break
        else:
            found = os.pread(file.fileno(), PAGE, at + 1).find(b"OggS")
            at += 1 + found if found >= 0 else PAGE - 3
    return starts
