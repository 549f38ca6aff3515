"""libsndfile and ffmpeg, each in a process of its own (sandbox.py) that gets a file and returns float32.

A decoder is stopped if it returns more sound than the file's bytes can hold. While it decodes on one core, mixing and
checksums run on another.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from . import uncompressed
from .channels import named, of_codec
from .containers.link import LEAST, Gap
from .sandbox import PATIENCE, PIECE, Broken, Fed, Process

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .mixing import Blocks

YIELD = 1 << 18  # bytes of float32 from a byte of the file, at most: 4 times what digital silence in FLAC gives

# The formats that ffmpeg may try. Playlists, which name other files, are not among them; nor are pictures and texts.
CONTAINERS = (
    "aa,aac,aax,ac3,aiff,amr,amrnb,amrwb,ape,apm,asf,asf_o,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,gsm,iff,iss,ivf,"
    "kvag,loas,matroska,mlp,mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,nistsphere,nut,ogg,oma,paf,pvf,qcp,rm,sds,shn,smk,sol,"
    "sox,swf,tak,truehd,tta,vag,voc,vqf,w64,wav,wsaud,wsd,wv,xa,xwma"
)


# What ffmpeg's filter ashowinfo says about a frame: its time stamp, sample rate, samples.
FRAME = re.compile(rb"Parsed_ashowinfo.* pts:\s*(-?\d+|NOPTS) .* rate:(\d+) nb_samples:(\d+) ")


class Decoder:
    """A sound being decoded. Making one reads the header and the first samples; raises Broken if there are none."""

    name: str  # with its version
    format: str  # the container, as the decoder calls it
    encoding: str
    sample_rate: int  # Hz
    channels: int
    announced: int | None = None  # samples, if the header is sure
    layout: Sequence[str] = ()  # where each channel belongs, if that is known

    def __init__(self, process: Process):
        self.process = process
        self.gaps: list[Gap] = []  # in what came so far, if the decoder reports them
        try:
            self._rest = self._header()
            if not (1 <= self.channels <= uncompressed.MAX_CHANNELS and 1 <= self.sample_rate <= uncompressed.MAX_RATE):
                raise Broken(f"{self.channels} channels at {self.sample_rate} Hz")
            self._first = self._next()
            if not len(self._first):
                self._finish()
                if self.announced != 0:
                    raise Broken("no sound in it")
        except BaseException:
            self.process.close()
            raise

    def blocks(self) -> Blocks:
        """The sound. Raises Broken at its end if not all of it could be decoded."""
        total, most = 0, YIELD * (self.process.size + 1024)
        block = self._first
        try:
            while len(block):
                total += block.nbytes
                if total > most:
                    raise Broken(f"more sound than {self.process.size} bytes can mean")
                yield block
                block = self._next()
            self._finish()
        finally:
            self.process.close()

    def _next(self) -> NDArray[np.float32]:
        """Whole frames, about PIECE bytes of them; none at the end."""
        import numpy as np

        pieces, size = [self._rest], len(self._rest)
        while size < PIECE and (more := self.process.read()):
            pieces.append(more)
            size += len(more)
        data = b"".join(pieces)
        whole = size - size % (4 * self.channels)
        self._rest = data[whole:]
        return np.frombuffer(data, "<f4", whole // 4).reshape(-1, self.channels)

    def _more(self) -> bytes:
        """The next bytes. Raises Broken if there are none."""
        if data := self.process.read():
            return data
        self._finish()
        raise Broken("no sound in it")

    def _finish(self) -> None:
        """The process has closed its output: did all go well?"""
        status = self.process.close()
        if self.process.stalled:
            raise Broken(f"no sound within {PATIENCE} s")
        if reason := self._complaint(status):
            raise Broken(reason)
        if status < 0:
            raise Broken(f"killed by {signal.Signals(-status).name}")

    def _header(self) -> bytes:
        """Read what comes before the samples. Returns the bytes of samples that came with it."""
        raise NotImplementedError

    def _complaint(self, status: int) -> str:
        """What the decoder said about the file; "" if all is well."""
        raise NotImplementedError


class Sndfile(Decoder):
    """libsndfile, through soundfile: FLAC, Ogg Vorbis and Opus, MPEG layers, CAF, ADPCM and GSM in WAV, and more.

    Decodes a file or, without one, `data` that comes bit by bit.
    """

    label = "libsndfile"

    def __init__(self, file: BinaryIO | None, data: Iterator[bytes] | None = None):
        import soundfile  # before the fork, so that it is loaded once

        self.name = f"libsndfile {soundfile.__libsndfile_version__}"
        counted = _uncount(file) if file else None
        super().__init__(Process(file, _sndfile) if file else Fed(data or iter(()), _sndfile))
        self.announced = counted or self.announced

    def _header(self) -> bytes:
        data = b""
        while b"\n" not in data:
            data += self._more()
        line, rest = data.split(b"\n", 1)
        self.format, self.encoding, self.sample_rate, self.channels, self.announced = json.loads(line)
        self.layout = of_codec(self.format, self.encoding, self.channels)
        return rest

    def _complaint(self, status: int) -> str:
        return self.process.log.decode(errors="replace") or f"exit status {status}" if status > 0 else ""


def _sndfile() -> None:
    """What libsndfile's process does: a line of JSON, then the samples."""
    import soundfile

    class Sequential(soundfile.SoundFile):  # type: ignore[misc]
        """A file that is read without asking for the position: FLAC without a length answers that with an error."""

        def seekable(self) -> bool:
            return False

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libsndfile's parts complain about harmless tags
    try:
        with Sequential(0, closefd=False) as sound:
            announced = sound.frames if sound.frames < 1 << 62 else None  # that is how FLAC from a pipe says unknown
            if stat.S_ISFIFO(os.fstat(0).st_mode) or sound.subtype.startswith("MPEG"):
                announced = None  # an estimate
            head = [sound.format.lower(), sound.subtype, sound.samplerate, sound.channels, announced]
            _write(json.dumps(head).encode() + b"\n")
            row = 4 * sound.channels
            buffer = bytearray(row * max(1, 8192 // sound.channels))
            while rows := sound.buffer_read_into(buffer, "float32"):
                _write(memoryview(buffer)[: rows * row])
    except soundfile.LibsndfileError as error:
        raise Broken(error.error_string) from None


def _uncount(file: BinaryIO) -> int | None:
    """Take the number of samples out of a FLAC file and return it: libFLAC stops there, even if it is too low."""
    fd = file.fileno()
    head = os.pread(fd, 26, 0)  # up to the end of what STREAMINFO says of the number
    if len(head) < 26 or head[:4] != b"fLaC" or head[4] & 127:
        return None
    told = head[21:]
    os.pwrite(fd, bytes((told[0] & 0xF0, 0, 0, 0, 0)), 21)
    return int.from_bytes(told, "big") & 0xFFFFFFFFF or None


def _write(data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


class Ffmpeg(Decoder):
    """ffmpeg, which turns what it reads into a WAV stream of float32."""

    label = "ffmpeg"

    def __init__(self, file: BinaryIO):
        path = shutil.which("ffmpeg")
        if not path:
            raise Broken("not installed, and might read it (package: ffmpeg)")
        _untag(file)
        arguments = (
            f"ffmpeg -v level+info -nostats -nostdin -threads 1 -protocol_whitelist pipe,file"
            f" -format_whitelist {CONTAINERS} -err_detect crccheck -i file:/dev/fd/0 -map 0:a:0 -threads 1"
            f" -af asettb=1/sr,ashowinfo -c:a pcm_f32le -f wav pipe:1"
        )
        self._said = b""  # of a line that has not ended
        self._clock: int | None = None  # time stamp at which the next frame is due, in samples
        self._decoded = Fraction(0)  # seconds
        process = Process(file, lambda: os.execv(path, arguments.split()))
        process.listen = self._listen
        super().__init__(process)

    def _listen(self, said: bytes) -> bytes:
        """Take what ffmpeg says, and pick the times of frames out of it. Returns the rest."""
        *lines, self._said = (self._said + said).split(b"\n")
        return b"".join(line + b"\n" for line in lines if not self._timed(line))

    def _timed(self, line: bytes) -> bool:
        """Is it the line of a frame? The frame's time stamp shows whether sound is missing before it."""
        if not (found := FRAME.search(line)):
            return b"Parsed_ashowinfo" in line
        rate, samples = int(found[2]), int(found[3])
        stamp = self._clock if found[1] == b"NOPTS" else int(found[1])
        if self._clock is None:
            self._clock = stamp
        elif stamp is not None and stamp - self._clock >= LEAST * rate:
            self.gaps.append(Gap(self._decoded, Fraction(stamp - self._clock, rate)))
            self._clock = stamp
        if self._clock is not None:
            self._clock += samples
        self._decoded += Fraction(samples, rate)
        return True

    def _header(self) -> bytes:
        data, need = b"", 12
        while True:
            while len(data) < need:
                data += self._more()
            try:
                layout = uncompressed.layout(data)
                break
            except uncompressed.More as more:
                need = more.size
        if not layout:
            raise Broken("a WAV header out of range")
        self.sample_rate, self.channels = layout.sample_rate, layout.channels
        said = self.process.log.decode(errors="replace")
        self.name = "ffmpeg " + self._find(r"ffmpeg version (\d[\d.]*)", said)
        self.format = self._find(r"Input #0, (\w+)", said)
        self.encoding = self._find(r"Stream #0:\d.*: Audio: (\w+)", said)
        self.layout = named(self._find(r"Stream #0:\d.*: Audio: .* Hz, ([^,]+),", said))
        return data[layout.start :]

    @staticmethod
    def _find(pattern: str, text: str) -> str:
        match = re.search(pattern, text)
        return match[1] if match else "unknown"

    def _complaint(self, status: int) -> str:
        said = self.process.log.decode(errors="replace")
        errors = re.findall(r"^(?:\[.* @ 0x\w+\] )?\[(?:error|fatal)\] (?:file:/dev/fd/0: )?(.*)", said, re.MULTILINE)
        return errors[0] if errors else f"exit status {status}" if status > 0 else ""


def _untag(file: BinaryIO) -> None:
    """Cut ID3v1 and APE tags off the end of the file: ffmpeg takes them for broken sound in some formats."""
    size = os.fstat(file.fileno()).st_size
    tail = os.pread(file.fileno(), 160, max(0, size - 160))
    if tail[-128:].startswith(b"TAG"):
        size, tail = size - 128, tail[:-128]
    if tail[-32:].startswith(b"APETAGEX"):
        length = int.from_bytes(tail[-20:-16], "little") + (32 if tail[-9] & 0x80 else 0)  # the flag: it has a header
        size -= length if 32 <= length <= size else 0
    os.truncate(file.fileno(), size)


def opened(file: BinaryIO) -> Decoder:
    """The first decoder that takes the file. Raises Broken, with each one's reason, if none does."""
    reasons = []
    for kind in (Sndfile, Ffmpeg):
        try:
            return kind(file)
        except Broken as error:
            reasons.append(f"{kind.label}: {error}".rstrip("."))
    raise Broken("; ".join(reasons))


def whole(decoder: Decoder, file: BinaryIO | None, continued: list[str]) -> Blocks:
    """What `decoder` gives of the file and, if libsndfile gives up, what ffmpeg gives of the rest; that needs `file`.

    If ffmpeg goes on, `continued` says so. Raises Broken at the end if not all of it could be decoded.
    """
    done = 0
    try:
        for block in decoder.blocks():
            done += len(block)
            yield block
    except Broken as error:
        if not isinstance(decoder, Sndfile):
            raise Broken(f"{decoder.name}: {error}") from None
        if decoder.announced is not None and done >= decoder.announced:
            return  # what follows the sound
        reason = f"{decoder.name} at sample {done}: {error}".rstrip(".")
    else:
        if done < (decoder.announced or 0):
            raise Broken(f"the header announces {decoder.announced} samples, {done} came")
        return
    try:
        if not file:
            raise Broken(reason)
        second = Ffmpeg(file)
    except Broken:
        raise Broken(reason) from None
    if (second.sample_rate, second.channels) != (decoder.sample_rate, decoder.channels):
        second.process.close()
        raise Broken(reason)
    continued.append(f"by {second.name}, for {reason}")
    yield from skipped(second.blocks(), done)


def skipped(blocks: Blocks, count: int) -> Blocks:
    """`blocks` without the first `count` samples."""
    for block in blocks:
        if count < len(block):
            yield block[count:]
        count = max(0, count - len(block))
