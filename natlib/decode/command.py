"""nat-decode: items of bytes to PCM.

sound.py finds what an item holds. Then, in this order: --start and --duration choose a part; all channels are measured,
and not-a-number and infinity become zero; channels are mixed; --rate resamples; what comes out is hashed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from .. import cli, output, runtime
from ..errors import Failure, UsageError, complain
from ..mixing import RULE, Mixer
from ..runtime import Item
from ..wire import Head, Record
from . import uncompressed
from .feed import Feed
from .levels import Levels
from .meter import FULL, FULL_8, Meter
from .mixing import BLOCK, Part, mixed, resampled
from .sound import Sound, find

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

LISTED = 500  # gaps and the like that the end lists, at most
RAW, RATE = "s16le", 22050  # how bytes that are no sound are played; Hz


class Decode(runtime.Stage):
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
            raise UsageError("--strict plays no raw bytes, so --raw-format, --raw-rate and --raw-channels are vain")
        self.raw = uncompressed.raw(options.raw_format or RAW, options.raw_rate or RATE, options.raw_channels or 1)
        self.hasher = output.Hasher()

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
        output.keep_memory()
        feed = Feed(item)
        sound = find(feed, item.head.get("format", "unknown"), self.raw, self.options.strict)
        channels = 1 if self.options.channels == "mono" else sound.channels
        rate = self.options.rate or sound.sample_rate
        part = Part(sound.sample_rate, self.options.start, self.options.duration)
        yield self.header(item, sound, rate, channels, part)
        full = FULL_8 if sound.source["encoding"] in ("PCM_U8", "PCM_S8") else FULL
        meter = Meter(sound.sample_rate, sound.channels, sound.layout, full)
        mixer = Mixer(sound.channels, sound.sample_rate)
        blocks = meter.feed(part(sound.blocks))
        if channels < sound.channels:
            blocks = mixed(blocks, mixer)
        if rate != sound.sample_rate:
            blocks = resampled(blocks, sound.sample_rate, rate, channels)
        levels, noted = Levels(self.hasher), Noted(sound, meter, mixer, part)
        rows = max(1, BLOCK // channels)
        for block in blocks:
            yield from feed.notes()
            yield from noted.new()
            for first in range(0, len(block), rows):
                yield runtime.data(levels.count(block[first : first + rows]))
        for _ in feed:
            pass  # what follows the samples
        yield from feed.notes()
        yield from noted.new()
        if part.first and part.at <= part.first:
            raise Failure(f"--start {self.options.start:g}: the sound is {part.at / sound.sample_rate:g} s long")
        totals = levels.end(rate, channels) | meter.end()
        if mixer.sides:
            totals["side_taken"] = [[round(start, 1), round(end, 1)] for start, end in mixer.sides[:LISTED]]
        yield self.end(item, sound, totals)

    def header(self, item: Item, sound: Sound, rate: int, channels: int, part: Part) -> Record:
        """The header: what comes out, and what it was made of."""
        added: Head = {"sample_rate": rate, "channels": channels, "source": sound.source, "decoder": sound.decoder}
        if sound.decoder == "raw":
            encoding = self.options.raw_format or RAW
            added["raw"] = {"encoding": encoding, "sample_rate": sound.sample_rate, "channels": sound.channels}
            if sound.content:
                added["raw"]["content"] = sound.content
        if channels < sound.channels:
            added["mixing"] = RULE
        if self.options.start:
            added |= {"start": self.options.start, "t0": part.first / sound.sample_rate}
        return runtime.header(item, "pcm", **added)

    def end(self, item: Item, sound: Sound, totals: Head) -> Record:
        """The end. It reports damage, as do standard error and the exit status."""
        if sound.continued:
            totals["continued"] = "; ".join(sound.continued)
        if sound.gaps:
            totals["gaps"] = [[round(float(gap.at), 3), round(float(gap.seconds), 3)] for gap in sound.gaps[:LISTED]]
        if sound.damage:
            before = (item.end or {}).get("reason")
            totals |= {"damaged": True, "reason": "; ".join([before, *sound.damage] if before else sound.damage)}
            complain(f"{self.name}: {item.name}: damaged: {totals['reason']}")
        record = runtime.end(item, **totals)
        item.end = record.head
        return record


class Noted:
    """The notes, made as soon as something is known; times are in seconds from the first sample that comes out."""

    def __init__(self, sound: Sound, meter: Meter, mixer: Mixer, part: Part):
        self.sound, self.meter, self.mixer, self.start = sound, meter, mixer, part.first / sound.sample_rate
        self.gaps = self.sides = 0  # that were noted

    def new(self) -> Iterator[Record]:
        """The notes since the last call."""
        for gap in self.sound.gaps[self.gaps :]:
            at, seconds = float(gap.at) - self.start, float(gap.seconds)
            if at + seconds > 0:
                yield Record({"event": "gap", "t": round(max(0.0, at), 3), "seconds": round(seconds + min(0.0, at), 3)})
        for start, _ in self.mixer.sides[self.sides :]:
            yield Record({"event": "side_taken", "t": round(start, 1)})
        notes, self.meter.notes = self.meter.notes, []
        yield from notes
        self.gaps, self.sides = len(self.sound.gaps), len(self.mixer.sides)


def main() -> NoReturn:
    """Run nat-decode."""
    cli.main(Decode)
