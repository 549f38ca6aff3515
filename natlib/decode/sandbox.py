"""A process for code that meets hostile bytes: a crash, a hang or a wild allocation costs one item an error message.

Its memory and processor time are limited, it can't write files, and it is killed if nothing comes.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import BinaryIO, NoReturn

from .. import output

PIECE = 1 << 18  # bytes of decoded sound in a block, roughly
PATIENCE = 60  # seconds without a sign of life
SPACE = 1 << 30  # bytes of address space
SPEED = 20_000  # bytes of the file per second of processor time, at least (after the first minute)
GRACE = 50  # ms in which a decoder that has taken all it was fed says something, where a system does not tell its state
LOOKS = 1e-5, 1e-3  # seconds between two looks at its state: at first, and at most
LOG = 1 << 16  # bytes kept of what a decoder says


class Broken(Exception):
    """A decoder gave up, and says why."""


class Process:
    """A process with `file` as its standard input; `read` gives its standard output."""

    def __init__(self, file: BinaryIO, main: Callable[[], None], feeding: int = -1):
        self.log = b""  # what came on standard error
        self.listen: Callable[[bytes], bytes] = lambda said: said  # returns the part of it to keep
        self.stalled = False  # did nothing come for too long?
        self.size = os.fstat(file.fileno()).st_size
        self._feeding = feeding  # the other end of `file`, if that is a pipe
        self._out, out = os.pipe()
        self._err, err = os.pipe()
        self._parent = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about threads: the new process won't use their locks
            self.pid = os.fork()
        if not self.pid:
            self._child(file, main, out, err)
        os.close(out)
        os.close(err)
        output.enlarge_pipe(self._out)
        self._poll = select.poll()
        self._pipes = [self._err, self._out]
        for pipe in self._pipes:
            self._poll.register(pipe, select.POLLIN)

    def _child(self, file: BinaryIO, main: Callable[[], None], out: int, err: int) -> NoReturn:
        """The new process. Whatever happens, it does not return into its parent's code."""
        try:
            os.close(self._out)  # so that it dies of SIGPIPE when its parent is gone
            os.close(self._err)
            if self._feeding < 0:
                os.lseek(file.fileno(), 0, os.SEEK_SET)
            else:
                os.close(self._feeding)
            for standard, fd in enumerate((file.fileno(), out, err)):
                os.dup2(fd, standard)
            for number in (signal.SIGINT, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            limits = {"AS": SPACE, "CORE": 0, "FSIZE": 0}
            if self._feeding < 0:
                limits["CPU"] = PATIENCE + self.size // SPEED
            for name, limit in limits.items():
                which = getattr(resource, f"RLIMIT_{name}")
                hard = resource.getrlimit(which)[1]
                resource.setrlimit(which, (limit if hard < 0 else min(limit, hard), hard))
            main()
            os._exit(0)
        except BaseException as error:
            os.write(err, (str(error) or type(error).__name__).encode())
        finally:
            os._exit(1)

    def read(self) -> bytes:
        """The next bytes, as they come; b"" at the end, or if nothing came for too long."""
        idle = 0
        while self._pipes:
            ready = {fd for fd, _ in self._poll.poll(1000)}  # counted in seconds, so that a stopped job does not age
            idle = 0 if ready else idle + 1
            if idle > PATIENCE:
                self.stalled = True
                break
            for fd in [pipe for pipe in self._pipes if pipe in ready]:
                data = os.read(fd, PIECE)
                if not data:
                    self._poll.unregister(fd)
                    self._pipes.remove(fd)
                elif fd == self._out:
                    self._hear()  # messages about these bytes came before them
                    return data
                else:
                    self._log(data)
        return b""

    def _log(self, said: bytes) -> None:
        self.log = (self.log + self.listen(said))[:LOG]

    def _hear(self) -> None:
        """Take what has come on standard error."""
        while self._err in self._pipes and (self._err, select.POLLIN) in self._poll.poll(0):
            self._log(os.read(self._err, PIECE))

    def close(self) -> int:
        """End it. Returns its exit status, negative for a signal."""
        if not self.pid or os.getpid() != self._parent:
            return 0  # we are in the process of a later decoder, forked before this one was closed
        if self._pipes:
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        os.close(self._out)
        os.close(self._err)
        return status


class Fed(Process):
    """A process that is fed `data` as it comes; `data` may never end."""

    def __init__(self, data: Iterator[bytes], main: Callable[[], None]):
        standard_input, feeding = os.pipe()
        with open(standard_input, "rb", buffering=0) as file:
            super().__init__(file, main, feeding)
        output.enlarge_pipe(feeding)
        os.set_blocking(feeding, False)
        self._data = data
        self._held = memoryview(b"")
        self._given = 0  # bytes that came out

    def read(self) -> bytes:
        """The next bytes. Waits for them only if there is nothing to feed."""
        while self._feeding >= 0 and not self._poll.poll(0):
            if not self._held:
                if self._answers():
                    break
                self._held = memoryview(next(self._data, b""))
                self.size += len(self._held)
            try:
                if self._held:
                    self._held = self._held[os.write(self._feeding, self._held) :]
                    continue
            except BlockingIOError:
                writing = select.poll()
                for fd, event in ((self._feeding, select.POLLOUT), *((fd, select.POLLIN) for fd in self._pipes)):
                    writing.register(fd, event)
                if writing.poll(1000 * PATIENCE):
                    continue
                self.stalled = True
            except BrokenPipeError:
                pass
            self._stop()
        data = super().read()
        self._given += len(data)
        return data

    def _answers(self) -> bool:
        """Does more of the first block come before more is asked for? Whoever sends may wait for it to be sent."""
        import fcntl
        import termios

        if not (self.size and self._pipes) or self._given >= PIECE:
            return False
        asked, pause = time.monotonic(), LOOKS[0]
        while time.monotonic() - asked < PATIENCE:
            waiting = int.from_bytes(fcntl.ioctl(self._feeding, termios.FIONREAD, bytes(4)), sys.byteorder)
            state = self._state()
            if self._poll.poll(0 if state else GRACE):
                return True
            if state in (b"Z", b"X") or (not waiting and state in (b"S", b"")):  # it has ended; it wants more
                return False
            time.sleep(pause)
            pause = min(2 * pause, LOOKS[1])
        return False

    def _state(self) -> bytes:
        """R if it runs, S if it waits, for more or for us, Z if it has ended; nothing if the system does not tell."""
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                return file.read().rsplit(b")", 1)[1].split()[0]
        except OSError:
            return b""

    def close(self) -> int:
        """End it. Returns its exit status."""
        self._stop()
        return super().close()

    def _stop(self) -> None:
        if self._feeding >= 0:
            os.close(self._feeding)
            self._feeding = -1
