"""nat-decode: items of bytes to PCM."""

from __future__ import annotations

import hashlib
import io
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, NoReturn

from . import cli
from .cli import Failure, Item
from .wire import Record

BLOCK = 1 << 16  # samples in one data record, at most


class Decode(cli.Stage):
    """The command."""

    name = "nat-decode"
    reads, makes = "bytes", "pcm"
    summary = "Decode sound files to PCM (float32)."
    examples = ("nat-split song.flac | nat-decode | nat-embed",)

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--channels", choices=("mono", "keep"), default="mono",
                            help="mono: mix to one channel; keep: all of them (default: mono)")  # fmt: skip

    def process(self, item: Item) -> Iterator[Record]:
        """Header, blocks, end."""
        import numpy as np
        import soundfile

        file = io.BytesIO(b"".join(record.payload for record in item if record.event == "data"))
        raw: dict[str, Any] = {}
        try:
            sound = soundfile.SoundFile(file)
        except soundfile.LibsndfileError:
            raw = {"raw": {"encoding": "s16le", "sample_rate": 22050, "channels": 1}}
            sound = soundfile.SoundFile(file, samplerate=22050, channels=1, format="RAW", subtype="PCM_16")
        source = {"sample_rate": sound.samplerate, "channels": sound.channels, "encoding": sound.subtype}
        channels = 1 if self.options.channels == "mono" else sound.channels
        decoder = "raw" if raw else f"libsndfile {soundfile.__libsndfile_version__}"
        yield cli.header(item, "pcm", sample_rate=sound.samplerate, channels=channels, source=source, decoder=decoder,
                         **raw)  # fmt: skip
        samples, clipped, peak, energy, digest = 0, 0, 0.0, 0.0, hashlib.sha256()
        try:
            while len(block := sound.read(BLOCK, dtype="float32", always_2d=True)):
                if channels == 1:
                    block = block.mean(axis=1, dtype="float32", keepdims=True)
                payload = block.tobytes()
                samples += len(block)
                peak = max(peak, float(np.abs(block).max()))
                energy += float(np.square(block, dtype="float64").sum())
                clipped += int((np.abs(block) >= 32767 / 32768).sum())
                digest.update(payload)
                yield cli.data(payload)
        except soundfile.LibsndfileError as error:
            raise Failure(str(error)) from None
        decibels = lambda x: round(20 * float(np.log10(x)), 2) if x else None  # noqa: E731
        yield cli.end(item, samples=samples, seconds=samples / sound.samplerate, peak_dbfs=decibels(peak),
                      rms_dbfs=decibels((energy / max(1, samples * channels)) ** 0.5), clipped=clipped,
                      pcm_sha256=digest.hexdigest())  # fmt: skip


def main() -> NoReturn:
    """Run nat-decode."""
    cli.main(Decode)


if __name__ == "__main__":
    main()
