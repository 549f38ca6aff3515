"""What an item holds, and which decoder plays it.

A file that needs no decoder is read as it comes, and so are MPEG audio, Vorbis and Opus in Ogg, whose streams
containers/ finds. Others are collected, then decoded by libsndfile or ffmpeg. A file that is a chain of streams is one
sound. If time stamps jump, silence fills the gap, so that a sound keeps its times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from ..errors import Failure
from ..mixing import mean
from ..wire import Head, show
from . import uncompressed
from .channels import speakers
from .containers.extent import cut
from .containers.link import LONGEST, MOST, Gap, Link
from .containers.mpeg import Mpeg
from .containers.ogg import Ogg
from .content import content
from .feed import Feed, Kept, pieces, spooled
from .mixing import BLOCK, resampled
from .sandbox import Broken

if TYPE_CHECKING:
    from .decoders import Decoder
    from .mixing import Blocks

PEEK = 4096  # bytes that show what is in an item that is no sound
HEAD = 1 << 20  # bytes of a file that are searched for the beginning of its samples
MPEG = ("mp3", "mp2", "mp1")  # formats, as nat-split calls them
LIVE = ("mpeg", "vorbis", "opus")  # codecs that libsndfile can play while they come
BROKEN_LINKS = 8  # streams of a file that fail in a row, after which the rest is not tried

# How files begin that a decoder may read although nat-split did not recognise them. "maybe" proves too little.
SOUND = re.compile(
    rb"ID3|APETAGEX|wvpk|MAC |TTA[12]|MP\+|MPCK|OggS|fLaC|caff|\.SoX|XoS\.|Creative Voice File\x1a|FLV\x01|#!AMR|OFR "
    rb"|tBaK|DSD |FRM8|NIST_1A|PVF1|\.RMF|2BIT|\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x64\xa3[\x01-\x04]\x00|\x1aE\xdf\xa3"
    rb"|....ftyp|0&\xb2u\x8ef\xcf\x11|riff\x2e\x91\xcf\x11|(?:RIFF|RIFX|RF64|BW64)....WAVE|RIFF....AVI "
    rb"|FORM....(?:AIF[FC]|8SVX|16SV)|nut/multimedia container\0|....\xf8\x72\x6f[\xba\xbb]"
    rb"|ALawSoundFile\*\*\0| paf\0{4}|fap .\0{3}|(?P<maybe>\x0b\x77|\xff[\xe2-\xff]|G.{187}G.{187}G)",
    re.DOTALL,
)


class Sound:
    """What was found in an item, and its samples."""

    def __init__(self, decoder: str, encoding: Head, sample_rate: int, channels: int, layout: Sequence[str] = ()):
        self.decoder = decoder
        self.layout = layout  # where each channel belongs: FL, FR, FC, LFE, BL, BR …; () if that is not known
        self.sample_rate = sample_rate
        self.channels = channels
        self.source = {**encoding, "sample_rate": sample_rate, "channels": channels}
        if channels > 2 and len(layout) == channels:
            self.source["layout"] = list(layout)
        self.blocks: Blocks = iter(())
        self._seconds = Fraction(0)  # of the streams that are over
        self.content = ""  # what the bytes are, if they are no sound and it is known
        # Filled while the blocks are read:
        self.damage: list[str] = []
        self.continued: list[str] = []  # where one decoder took over from the other
        self.gaps: list[Gap] = []  # that silence fills, counted from the sound's beginning

    def filled(self, blocks: Blocks, rate: int, gaps: Sequence[Gap]) -> Blocks:
        """One stream of the sound with silence in its gaps; more gaps may turn up while it is read."""
        import numpy as np

        decoded = done = 0  # samples; gaps
        begun = self._seconds
        for block in blocks:
            while done < len(gaps) and (place := round(gaps[done].at * rate) - decoded) < len(block):
                before, block, decoded = block[: max(0, place)], block[max(0, place) :], decoded + max(0, place)
                if len(before):
                    yield before
                silence = self._gap(gaps[done], begun + Fraction(decoded, rate), rate)
                for first in range(0, silence, BLOCK):
                    yield np.zeros((min(BLOCK, silence - first), block.shape[1]), np.float32)
                begun += Fraction(silence, rate)
                done += 1
            decoded += len(block)
            yield block
        self._seconds = begun + Fraction(decoded, rate)

    def _gap(self, gap: Gap, at: Fraction, rate: int) -> int:
        """Note a gap. Returns how many samples of silence fill it: none if its length can't be believed."""
        if gap.seconds > LONGEST or sum(known.seconds for known in self.gaps) + gap.seconds > MOST:
            self.damage.append(f"its time stamps jump by {float(gap.seconds):.0f} s at {float(at):.2f} s")
            return 0
        self.gaps.append(Gap(at, gap.seconds))
        return round(gap.seconds * rate)


def find(feed: Feed, form: str, raw: uncompressed.Layout, strict: bool) -> Sound:
    """Find out what an item holds; nat-split takes it for `form` ("unknown" if it recognised no format).

    Bytes that are no sound are played as `raw`, unless `strict`.

    Raises Failure if there is nothing to play.
    """
    if layout := find_layout(feed):
        return plain_sound("pcm", layout, feed)
    head = feed.peek(512)
    if not head:
        raise Failure("expected a sound file, got 0 bytes")
    match = SOUND.match(head)
    if form in MPEG:
        return streams(Mpeg(feed).links())
    match = SOUND.match(head)
    known = form != "unknown" or (match and not match["maybe"])
    if known or match:
        if head.startswith(b"OggS"):
            return streams(Ogg(feed).links())
        file = spooled(feed)
        mpeg = Mpeg(record.payload for record in pieces(file))
        links = mpeg.links() if form == "unknown" and mpeg.begins() else iter([Link("file", iter(()))])
        try:
            return streams(links, file)
        except Failure:
            if known:
                raise
        feed = Feed(pieces(file))
    if strict:
        raise Failure(f"expected a sound file, got {show(head[:16])}")
    sound = plain_sound("raw", raw, feed)
    sound.content = content(feed.peek(PEEK))
    return sound


def find_layout(feed: Feed) -> uncompressed.Layout | None:
    """The layout of a file that needs no decoder; None for others, and if its samples begin too far in."""
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
    sound = Sound(decoder, encoding, layout.sample_rate, layout.channels, speakers(layout.mask))
    sound.blocks = unpacked(layout, feed, sound.damage)
    return sound


def unpacked(layout: uncompressed.Layout, feed: Feed, damage: list[str]) -> Blocks:
    """The samples of a file; `feed` gives all its bytes."""
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
        yield layout.samples(rest.ljust(layout.frame, b"\0"))  # if it is no sound file, every byte is heard


def streams(links: Iterator[Link], file: BinaryIO | None = None) -> Sound:
    """The sound of all streams of a file, one after the other; `file` is the file if it has only one.

    A stream whose rate or channels differ from the first stream's is converted to those. Raises Failure if nothing
    decodes.
    """
    sound: Sound | None = None
    damage: list[str] = []

    def opened() -> Iterator[tuple[Decoder, BinaryIO | None]]:
        """The streams that decode."""
        broken = 0
        for number, link in enumerate(links, 1):
            prefix = f"stream {number}: " if number > 1 else ""
            try:
                yield decode(link, file)
                broken = 0
            except Broken as error:
                damage.append(f"{prefix}{error}")
                broken += 1
            damage.extend(prefix + said for said in link.damage)
            if broken == BROKEN_LINKS:
                return

    def played(stream: tuple[Decoder, BinaryIO | None] | None) -> Blocks:
        assert sound
        while stream:
            decoder, data = stream
            blocks = caught(decoders.whole(decoder, data, sound.continued))
            blocks = sound.filled(blocks, decoder.sample_rate, decoder.gaps)
            if decoder.channels != sound.channels:
                blocks = (mean(block)[:, None].repeat(sound.channels, axis=1) for block in blocks)
            if decoder.sample_rate != sound.sample_rate:
                blocks = resampled(blocks, decoder.sample_rate, sound.sample_rate, sound.channels)
            yield from blocks
            stream = next(playing, None)

    def caught(blocks: Blocks) -> Blocks:
        try:
            yield from blocks
        except Broken as error:
            damage.append(str(error))

    from . import decoders

    playing = opened()
    first = next(playing, None)
    if not first:
        raise Failure(f"nothing could be decoded ({'; '.join(damage) or 'no sound in it'})")
    decoder = first[0]
    encoding = {"format": decoder.format, "encoding": decoder.encoding}
    sound = Sound(decoder.name, encoding, decoder.sample_rate, decoder.channels, decoder.layout)
    sound.damage, sound.blocks = damage, played(first)
    return sound


def decode(link: Link, file: BinaryIO | None) -> tuple[Decoder, BinaryIO | None]:
    """What decodes a stream, and the stream as a file, if it needs one. Raises Broken."""
    from . import decoders

    if link.codec in LIVE:
        kept = Kept(link.data)
        try:
            decoder = decoders.Sndfile(None, kept)
            decoder.gaps = link.gaps  # which still grows
            return decoder, None
        except Broken:
            if not file and not kept.whole:
                raise
            file = file or spooled(kept.again())
        finally:
            kept.forget()
    file = file or spooled(link.data)
    if said := cut(file):
        link.damage.append(said)
    return decoders.opened(file), file
