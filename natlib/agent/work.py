"""One call: it runs filters, keeps the NDJSON of the sounds it hears, tells how far it is, and can be stopped."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import IO

from .. import __version__
from ..errors import Failure
from ..files import display
from ..filters import LISTEN, Pipe
from .heard import Heard, read
from .sound import Sound

KEPT = 256 << 20  # bytes of NDJSON kept at most: half a day of music
STALE = 3600  # s after which what another process was writing is taken to be left over
SAID = 1 << 16  # bytes of the filters' messages that are kept: those of some hundred broken files
MOST = 256  # files that one pipe hears: names of 4 KB each, the longest there are, take half of what Linux allows
HEADER = b'{"event":"header"'
ENDS = (b'{"event":"end"', b'{"event":"error"')
SCENE = re.compile(rb'\{"t":([\d.]+),(?:"item":\d+,)?"scene"')


class Stopped(Exception):
    """Nobody waits for the answer any more."""


class Work:
    """One call. `folder` is where NDJSON is kept; `doing` and `done` say how far it is."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.done = 0.0  # s of sound heard
        self.doing = "starting"
        self.said: list[str] = []  # by the filters that ran last
        self.status = 0  # of them
        self.failed = False  # was a sound heard in part, or not at all?
        self.trouble: list[str] = []  # what filters said of sounds
        self._pipes: set[Pipe] = set()
        self._lock = Lock()
        self._stopped = False

    def stop(self) -> None:
        """End it, from any thread: whatever it is about to do raises Stopped."""
        with self._lock:
            self._stopped = True
            for pipe in self._pipes:
                pipe.stop()

    @contextmanager
    def run(self, *commands: Sequence[str], folder: str | None = None) -> Iterator[Pipe]:
        """Filters joined by pipes, run in `folder`. Raises Failure, with what they said, if they did not run at all.

        Where an item fails, or is damaged, the exit status is 1, and what comes out says so itself.
        """
        with tempfile.TemporaryFile() as said:
            with self._lock:
                if self._stopped:
                    raise Stopped
                pipe = Pipe(*commands, stderr=said, cwd=folder)
                self._pipes.add(pipe)
            try:
                with pipe:
                    yield pipe
                    while pipe.output.read(1 << 20):  # what nobody wanted to know: else the filters would wait for ever
                        pass
                    status = pipe.status()
            finally:
                with self._lock:
                    self._pipes.discard(pipe)
            if self._stopped:
                raise Stopped
            self.said, self.status = messages(said), status
            if status > 1:
                raise Failure("; ".join(self.said) or f"the filters ended with exit status {status}")

    def output(self, *commands: Sequence[str], folder: str | None = None) -> bytes:
        """What filters write, which must be something. Raises Failure."""
        with self.run(*commands, folder=folder) as pipe:
            result = pipe.output.read()
        if not result:
            raise Failure("; ".join(self.said) or "the filters wrote nothing")
        return result

    def listen(self, sounds: Sequence[Sound], strict: bool = False) -> list[Heard]:
        """The NDJSON of each sound: made, or kept from an earlier call. Raises Failure for files that are not there."""
        paths = [self.folder / f"{key(sound, strict)}.ndjson" for sound in sounds]
        missing = {path: sound for path, sound in zip(paths, sounds, strict=True) if not path.exists()}
        for (folder, *_), group in groupby(missing.items(), lambda pair: (pair[1].folder, *pair[1][1:])):
            todo = list(group)
            while todo:
                self._hear(folder, todo[:MOST], strict)
                todo = todo[MOST:]
        found = []
        for path in paths:
            os.utime(path)  # the one used last is dropped last
            found.append(read(path))
        trim(self.folder, KEPT, set(paths))
        return found

    def _hear(self, folder: str, sounds: list[tuple[Path, Sound]], strict: bool) -> None:
        """Hear sounds in one folder, with the same start and end, in one pipe; each has a file when it is whole."""
        names = [sound.name for _, sound in sounds]
        decode = sounds[0][1].decode(*(["--strict"] if strict else []))
        commands = [["split", "--", *names], decode, *([name] for name in LISTEN[1:])]
        waiting = iter(sounds)
        part: Part | None = None
        try:
            with self.run(*commands, folder=folder) as pipe:
                for line in pipe.output:
                    if line.startswith(HEADER) and (part is None or not part.holds(line)):
                        if part:
                            part.keep()
                        path, sound = next(waiting)
                        part, self.doing = Part(path, sound), f"hearing {display(sound.name)}"
                    assert part is not None
                    part.file.write(line)
                    if scene := SCENE.match(line):
                        self.done = float(scene[1])
                if part and line.startswith(ENDS):
                    part.keep()
                elif part:
                    raise Failure(f"{part.name}: the filters broke off")
        finally:
            if part:
                part.drop()
        if left := next(waiting, None):
            raise Failure(f"{left[1].name}: the filters broke off before it")
        self.failed = self.failed or self.status > 0
        self.trouble += self.said


class Part:
    """NDJSON being written: it takes its place when it is whole."""

    def __init__(self, path: Path, sound: Sound):
        self.path = path
        self.name = display(sound.name)
        fd, self.part = tempfile.mkstemp(".part", dir=path.parent)
        self.file = os.fdopen(fd, "wb")

    def holds(self, header: bytes) -> bool:
        """Is this another item of the same file?"""
        import orjson

        return bool(orjson.loads(header).get("name") == self.name)

    def keep(self) -> None:
        self.file.close()
        os.replace(self.part, self.path)

    def drop(self) -> None:
        """Leave nothing of it; what was kept stays."""
        self.file.close()
        with suppress(FileNotFoundError):
            os.unlink(self.part)


def key(sound: Sound, strict: bool) -> str:
    """What stands for a sound as it is now. Raises Failure if there is no such file."""
    try:
        path = os.path.realpath(sound.path, strict=True)
        status = os.stat(path)
    except OSError as error:
        raise Failure(f"{display(sound.path)}: {error.strerror}") from None
    if not os.path.isfile(path):
        raise Failure(
            f"{display(sound.path)}: expected a file, got {'a folder' if os.path.isdir(path) else 'a device'}"
        )
    told = (path, status.st_size, status.st_mtime_ns, *sound, strict, __version__, shutil.which("ffmpeg"))
    return sha256(os.fsencode(repr(told))).hexdigest()[:32]


def trim(folder: Path, most: int, used: set[Path]) -> None:
    """Drop what was used longest ago, until `folder` holds so many bytes at most, but nothing that is `used` now."""
    import time

    files = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another process drops too
            status = path.stat()
            if path.suffix == ".part" and time.time() - status.st_mtime > STALE:
                path.unlink()
            elif path.suffix == ".ndjson":
                files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total > most and path not in used:
            path.unlink(missing_ok=True)
            total -= size


def messages(said: IO[bytes]) -> list[str]:
    """The last lines that filters wrote to their standard error."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - SAID))
    return said.read().decode("utf-8", "replace").splitlines()[size > SAID :]


def cache() -> Path:
    """The folder in which NDJSON is kept from call to call: $XDG_CACHE_HOME/nat, made if it is not there."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "nat")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
