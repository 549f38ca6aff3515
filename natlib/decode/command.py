"""nat-decode: items of bytes to PCM.

WAV, AIFF, AU and raw samples become float32 as they come (uncompressed.py). Everything else is collected, in memory
while it is small, and decoded by libsndfile, or by ffmpeg where that can't (decoders.py); but MPEG and Ogg that go on
and on are decoded as they come. Then, in this order: the part that
--start and --duration ask for; not-a-number and infinity become zero; channels are mixed; --rate resamples; and what
comes out is measured.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterable, Iterator
from math import log10
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from .. import cli
from ..cli import Failure, Item
from ..wire import Head, Record
from . import uncompressed

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .decoders import Blocks, Decoder

BLOCK = 1 << 18  # samples of all channels in one data record, at most; large ones cost the next stage less
HEAD = 1 << 20  # bytes of a file that are searched for the beginning of its samples
SMALL = 1 << 25  # bytes of an item that are kept in memory
LIVE = 3  # seconds after which what still comes is decoded as it comes, where that can be done
RAW, RATE = "s16le", 22050  # how bytes are played that are no sound; Hz
FULL = 32767 / 32768  # what counts as full scale; 127/128 in 8 bits
LOUDEST = 1e12  # what is above is no sound, and sums of it might overflow
MOST = 1000  # numbers that resampling may make of one sample
BROKEN_LINKS = 8  # of a chained Ogg file in a row, after which the rest is not tried

# How files begin that a decoder may read though the stage before did not know them. "maybe" proves too little.
SOUND = re.compile(
    rb"ID3|APETAGEX|wvpk|MAC |TTA[12]|MP\+|MPCK|OggS|fLaC|caff|\.SoX|XoS\.|Creative Voice File\x1a|FLV\x01|#!AMR|OFR "
    rb"|tBaK|DSD |FRM8|NIST_1A|PVF1|\.RMF|2BIT|\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x64\xa3[\x01-\x04]\x00|\x1aE\xdf\xa3"
    rb"|....ftyp|0&\xb2u\x8ef\xcf\x11|riff\x2e\x91\xcf\x11|(?:RIFF|RIFX|RF64|BW64)....WAVE|RIFF....AVI "
    rb"|FORM....(?:AIF[FC]|8SVX|16SV)|(?P<maybe>\x0b\x77|\xff[\xe2-\xff]|G.{187}G.{187}G)",
    re.DOTALL,
)


class Decode(cli.Stage):
    """The command."""

    name = "nat-decode"
    reads, makes = "bytes", "pcm"
    summary = "Decode sound files to PCM."
    description = (
        "Reads the files that nat-split found, and writes their samples as float32: one channel, at each file's own\n"
        "sample rate, unless told otherwise. What libsndfile can't read is left to ffmpeg, where it is installed.\n"
        "Bytes that are no sound are played as raw samples, and the header says so. Of a damaged file comes what\n"
        "could be decoded.\n\n"
        "WAV, AIFF, AU and raw samples come out as they go in; so do MP3 and Ogg after 3 seconds. Other formats are\n"
        "collected to their end first."
    )
    examples = (
        "nat-split song.flac | nat-decode | nat-embed | nat-quantize | nat-pack",
        "cat *.flac | nat-split | nat-decode --rate 16000 --start 0.5 --duration 2 | nat-plot > sounds.png",
        "head -c 9999 /dev/urandom | nat-split --whole | nat-decode --raw-format u8 --raw-rate 8000 | nat-plot > n.png",
    )

    def __init__(self, options: Namespace):
        super().__init__(options)
        if options.strict and (options.raw_format or options.raw_rate or options.raw_channels):
            raise cli.UsageError("--strict plays no raw bytes, so --raw-format, --raw-rate and --raw-channels are vain")
        self.raw = uncompressed.raw(options.raw_format or RAW, options.raw_rate or RATE, options.raw_channels or 1)
        self.hasher = cli.Hasher()

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--channels", choices=("mono", "keep"), default="mono",
            help="mono: the mean of all channels; keep: all of them (default: mono)")  # fmt: skip
        add("--rate", type=cli.ranged(100, 768_000, "Hz", whole=True), metavar="HZ",
            help="resample to so many Hz, 100 to 768000 (default: the rate of each file)")  # fmt: skip
        add("--start", type=cli.ranged(0, 1e9, "s"), default=0.0, metavar="S",
            help="leave out the first seconds of each item (default: 0)")  # fmt: skip
        add("--duration", type=cli.ranged(0, 1e9, "s"), metavar="S",
            help="stop after so many seconds of each item (default: at its end)")  # fmt: skip
        add("--raw-format", choices=uncompressed.RAW, metavar="F",
            help=f"play bytes that are no sound as {', '.join(uncompressed.RAW)} (default: {RAW})")  # fmt: skip
        add("--raw-rate", type=cli.ranged(1, uncompressed.MAX_RATE, "Hz", whole=True), metavar="HZ",
            help=f"at so many Hz, 1 to {uncompressed.MAX_RATE} (default: {RATE})")  # fmt: skip
        add("--raw-channels", type=cli.ranged(1, uncompressed.MAX_CHANNELS, whole=True), metavar="N",
            help=f"in so many channels, 1 to {uncompressed.MAX_CHANNELS} (default: 1)")  # fmt: skip
        add("--strict", action="store_true", help="do not play them: bytes that are no sound are an error")

    def process(self, item: Item) -> Iterator[Record]:
        """Header, blocks, end."""
        cli.keep_memory()
        feed = Feed(item)
        sound = self.sound(feed, item)
        channels = 1 if self.options.channels == "mono" else sound.channels
        rate = self.options.rate or sound.sample_rate
        yield self.header(item, sound, rate, channels)
        totals = Totals(self.hasher)
        blocks = cut(sound, self.options.start, self.options.duration)
        blocks = totals.clean(blocks, 127 / 128 if sound.source["encoding"] in ("PCM_U8", "PCM_S8") else FULL)
        if channels < sound.channels:
            blocks = map(mixed, blocks)
        if rate != sound.sample_rate:
            blocks = resampled(blocks, sound.sample_rate, rate, channels)
        rows = max(1, BLOCK // channels)
        for block in blocks:
            yield from feed.notes()
            for first in range(0, len(block), rows):
                yield cli.data(totals.count(block[first : first + rows]))
        for _ in feed:
            pass  # what follows the samples
        yield from feed.notes()
        yield self.end(item, sound, totals.end(rate, channels))

    def sound(self, feed: Feed, item: Item) -> Sound:
        """Find out what the item holds. Raises Failure where there is nothing that could be played."""
        if layout := find_layout(feed):
            return plain_sound("pcm", layout, feed)
        head = feed.peek(512)
        if not head:
            raise Failure("expected a sound file, got 0 bytes")
        match = SOUND.match(head)
        known = item.head.get("format", "unknown") != "unknown" or (match and not match["maybe"])
        if known or match:
            from .decoders import Broken

            file = spooled(feed, LIVE if streams(item, head) else None)
            try:
                return decoded(file) if feed.ended else live(file, feed)
            except Broken as error:
                if known:
                    raise Failure(f"nothing could be decoded ({error})") from None
            feed = Feed(pieces(file))
        if self.options.strict:
            raise Failure(f"expected a sound file, got bytes that start with {head[:16]!r}")
        return plain_sound("raw", self.raw, feed)

    def header(self, item: Item, sound: Sound, rate: int, channels: int) -> Record:
        """The header: what comes out, and what it was made of."""
        added: Head = {"sample_rate": rate, "channels": channels, "source": sound.source, "decoder": sound.decoder}
        if sound.decoder == "raw":
            encoding = self.options.raw_format or RAW
            added["raw"] = {"encoding": encoding, "sample_rate": sound.sample_rate, "channels": sound.channels}
        if self.options.start:
            added["start"] = self.options.start
        return cli.header(item, "pcm", **added)

    def end(self, item: Item, sound: Sound, totals: Head) -> Record:
        """The end. Damage is told in it, on standard error, and in the exit status."""
        if sound.continued:
            totals["continued"] = "; ".join(sound.continued)
        if sound.damage:
            before = (item.end or {}).get("reason")
            totals |= {"damaged": True, "reason": "; ".join([before, *sound.damage] if before else sound.damage)}
            cli.complain(f"{self.name}: {item.name}: damaged: {totals['reason']}")
        record = cli.end(item, **totals)
        item.end = record.head
        return record


class Feed:
    """An item's bytes as they come. The notes among them are kept until their turn."""

    def __init__(self, records: Iterable[Record]):
        self._notes: list[Record] = []
        self._data = self._payloads(records)
        self._held = b""
        self.ended = False  # has the item's last byte come?

    def _payloads(self, records: Iterable[Record]) -> Iterator[bytes]:
        for record in records:
            if record.event == "data":
                yield record.payload
            else:
                self._notes.append(record)
        self.ended = True

    def peek(self, size: int) -> bytes:
        """The first bytes, `size` or more of them; fewer only where the item ends before. They stay to be read."""
        held, missing = [self._held], size - len(self._held)
        while missing > 0 and (data := next(self._data, None)) is not None:
            held.append(data)
            missing -= len(data)
        self._held = b"".join(held)
        return self._held

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._held:
            held, self._held = self._held, b""
            return held
        return next(self._data)

    def notes(self) -> Iterator[Record]:
        """Those that came since the last time."""
        notes, self._notes = self._notes, []
        return iter(notes)


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


def streams(item: Item, head: bytes) -> bool:
    """Can libsndfile play the item while it comes? MPEG frames, and Ogg that is known not to be chained."""
    form = item.head.get("format")
    cut = "extent" not in item.head  # by its structure, so that each link of a chain is an item
    return form in ("mp3", "mp2", "mp1") or (form == "ogg" and cut and any(codec in head for codec in OGG_CODECS))


OGG_CODECS = (b"\1vorbis", b"OpusHead")


def live(file: BinaryIO, feed: Feed) -> Sound:
    """The sound of an item that goes on, of which `file` has the beginning. Raises decoders.Broken."""
    from .decoders import Broken, Sndfile

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


def spooled(feed: Feed, wait: float | None = None) -> BinaryIO:
    """The whole item as a file without a name: in memory while it is small, where the system can do that.

    Or what came of it in `wait` seconds, if it goes on after those.
    """
    import shutil
    import tempfile

    late = wait and time.monotonic() + wait
    try:
        memory = hasattr(os, "memfd_create")
        file: BinaryIO = open(os.memfd_create("nat"), "w+b") if memory else tempfile.TemporaryFile()
        for data in feed:
            if memory and file.tell() + len(data) > SMALL:
                memory, small, file = False, file, tempfile.TemporaryFile()
                small.seek(0)
                shutil.copyfileobj(small, file)
                small.close()
            file.write(data)
            if late and time.monotonic() > late:
                break
        file.flush()
    except OSError as error:
        raise Failure(f"temporary file in {tempfile.gettempdir()}: {error.strerror} (TMPDIR chooses another)") from None
    return file


def pieces(file: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Record]:
    """The bytes of a file from `start` to `stop` as records."""
    stop = os.fstat(file.fileno()).st_size if stop is None else stop
    while start < stop and (data := os.pread(file.fileno(), min(BLOCK, stop - start), start)):
        yield cli.data(data)
        start += len(data)


def decoded(file: BinaryIO) -> Sound:
    """The sound of a file: of all its links, where it is a chained Ogg stream.

    A link at another rate or with other channels than the first is brought to those. Raises decoders.Broken where
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
            except decoders.Broken as error:
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
        except decoders.Broken as error:
            damage.append(str(error))

    playing = opened()
    first = next(playing, None)
    if not first:
        raise decoders.Broken("; ".join(damage))
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
            found = os.pread(file.fileno(), BLOCK, at + 1).find(b"OggS")
            at += 1 + found if found >= 0 else BLOCK - 3
    return starts


def cut(sound: Sound, start: float, duration: float | None) -> Blocks:
    """The seconds from `start` on, at most `duration` of them."""
    first = round(start * sound.sample_rate)
    last = None if duration is None else first + round(duration * sound.sample_rate)
    at = 0
    for block in sound.blocks:
        if at + len(block) > first:
            yield block[max(0, first - at) : None if last is None else max(0, last - at)]
        at += len(block)
        if last is not None and at >= last:
            return


def mixed(block: Any) -> Any:
    """The mean of all channels, shape (n, 1), added up from the first to the last: the same on every machine."""
    total = block[:, 0].copy()
    for channel in range(1, block.shape[1]):
        total += block[:, channel]
    total /= block.shape[1]
    return total[:, None]


def resampled(blocks: Blocks, rate: int, to: int, channels: int) -> Blocks:
    """The same sound at another rate (libsoxr, high quality). However it is cut, the same samples come out."""
    import numpy as np
    import soxr

    if to * channels > MOST * rate:
        raise Failure(f"{rate} Hz can't become {to} Hz in {channels} channels: that is above {MOST} numbers for one")
    stream = soxr.ResampleStream(rate, to, channels, dtype="float32", quality="HQ")
    rows = max(1, BLOCK * rate // (to * channels))
    for block in blocks:
        for first in range(0, len(block), rows):
            yield stream.resample_chunk(block[first : first + rows])
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)


class Totals:
    """What is counted on the way, and told in the end."""

    def __init__(self, hasher: cli.Hasher) -> None:
        import hashlib

        self.hasher = hasher
        self.digest = hashlib.sha256()
        self.scratch: Any = None  # float64, shape (BLOCK,) or more
        self.samples = self.clipped = self.nonfinite = 0
        self.peak = self.energy = 0.0

    def clean(self, blocks: Blocks, full: float) -> Blocks:
        """Count samples at full scale; make zero of what is not a number, or absurdly large, and count that."""
        import numpy as np

        for block in blocks:
            if len(block):
                low, high = float(block.min()), float(block.max())  # not-a-number in the block comes through in these
                if not (low >= -LOUDEST and high <= LOUDEST):
                    sane = np.abs(block) <= LOUDEST
                    self.nonfinite += int(block.size - np.count_nonzero(sane))
                    block = np.where(sane, block, np.float32(0))
                    low, high = float(block.min()), float(block.max())
                if high >= full or low <= -full:
                    self.clipped += int(np.count_nonzero(np.abs(block) >= full))
                yield block

    def count(self, block: Any) -> memoryview:
        """Measure a block of the output. Returns it as the payload of a record."""
        import numpy as np

        flat = np.ascontiguousarray(block, "<f4").reshape(-1)
        if self.scratch is None or len(self.scratch) < len(flat):
            self.scratch = np.empty(max(BLOCK, len(flat)))
        exact = self.scratch[: len(flat)]
        exact[:] = flat
        self.samples += len(block)
        self.peak = max(self.peak, float(flat.max()), -float(flat.min()))
        self.energy += float(np.dot(exact, exact))
        payload = flat.data.cast("B")
        self.hasher.update(self.digest, payload)
        return payload

    def end(self, rate: int, channels: int) -> Head:
        """The keys of the end record."""
        self.hasher.wait()
        power = self.energy / max(1, self.samples * channels)
        return {
            "samples": self.samples,
            "seconds": self.samples / rate,
            "peak_dbfs": round(20 * log10(self.peak), 2) if self.peak else None,
            "rms_dbfs": round(10 * log10(power), 2) if power else None,
            "clipped": self.clipped,
            **({"nonfinite": self.nonfinite} if self.nonfinite else {}),
            "pcm_sha256": self.digest.hexdigest(),
        }


def main() -> NoReturn:
    """Run nat-decode."""
    cli.main(Decode)
