"""How output gets out: standard output, the hashes made on the side, pipes, memory."""

from __future__ import annotations

import os
import stat
from functools import cache
from typing import TYPE_CHECKING, Any

from .errors import OutputClosed, OutputError

if TYPE_CHECKING:
    from queue import SimpleQueue

CHUNK = 1 << 20  # bytes asked of the kernel in one read, and the pipe size asked for
HELD = 1 << 18  # bytes held back, at most, before they are written while input comes without a pause


class Output:
    """Standard output: holds small pieces back until `flush`, which comes before every wait for input."""

    def __init__(self, fd: int = 1):
        self.fd = fd
        self.total = 0
        self._held: list[bytes] = []
        self._size = 0

    def write(self, *pieces: bytes) -> None:
        self._held += pieces
        self._size += sum(map(len, pieces))
        if self._size >= HELD:
            self.flush()

    def flush(self) -> None:
        held, self._held, self._size = self._held, [], 0
        try:
            for first in range(0, len(held), 512):  # POSIX lets writev take 1024 at most (IOV_MAX)
                self._write([memoryview(piece) for piece in held[first : first + 512]])
        except BrokenPipeError:
            raise OutputClosed from None
        except OSError as error:
            raise OutputError(f"standard output: {error.strerror}") from None

    def _write(self, pieces: list[memoryview]) -> None:
        while pieces:
            written = os.writev(self.fd, pieces)
            self.total += written
            while pieces and written >= len(pieces[0]):
                written -= len(pieces.pop(0))
            if written:
                pieces[0] = pieces[0][written:]


class Hasher:
    """Checksums in a thread: hashlib lets other threads run meanwhile, so they cost no time if a core is free."""

    AHEAD = 4  # pieces that may wait
    SMALL = 1 << 17  # a piece of fewer bytes is not worth the thread

    def __init__(self) -> None:
        self.given = self.done = 0  # pieces for the thread
        self._queues: tuple[SimpleQueue[tuple[Any, bytes | memoryview]], SimpleQueue[None]] | None = None

    def update(self, digest: Any, data: bytes | memoryview) -> None:
        """Add `data` to `digest` soon. Until then `data` must not change."""
        if len(data) < self.SMALL and self.done == self.given:
            digest.update(data)
            return
        self._queues = self._queues or self._start()
        self.wait(self.given - self.AHEAD)
        self._queues[0].put((digest, data))
        self.given += 1

    def wait(self, given: int | None = None) -> None:
        """Wait until all pieces are added, or the first `given` of them."""
        while self._queues and self.done < (self.given if given is None else given):
            self._queues[1].get()
            self.done += 1

    @staticmethod
    def _start() -> tuple[SimpleQueue[tuple[Any, bytes | memoryview]], SimpleQueue[None]]:
        from queue import SimpleQueue
        from threading import Thread

        todo: SimpleQueue[tuple[Any, bytes | memoryview]] = SimpleQueue()
        done: SimpleQueue[None] = SimpleQueue()

        def work() -> None:
            while True:
                digest, data = todo.get()
                digest.update(data)
                del digest, data
                done.put(None)

        Thread(target=work, daemon=True).start()
        return todo, done


def enlarge_pipe(fd: int) -> None:
    """Ask for a pipe of CHUNK bytes, if the system can: reads and writes become fewer and larger."""
    try:
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, CHUNK)
    except (AttributeError, ImportError, OSError):
        pass  # not Linux, not a pipe, or over the user's limit


def is_fifo(fd: int) -> bool:
    return stat.S_ISFIFO(os.fstat(fd).st_mode)


@cache
def keep_memory() -> None:
    """Make the C library (glibc) keep freed memory, for a stage whose large arrays come and go.

    Pages that are given back must be cleared again, which takes an eighth of nat-embed's time.
    """
    import ctypes

    trim_threshold, mmap_threshold = -1, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(mmap_threshold, 1 << 26)
    mallopt(trim_threshold, 1 << 27)
