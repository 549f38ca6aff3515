"""What `make all-outputs` needs besides the filters: python -m natlib.batch.jobs jobs | time | npy | watch.

jobs FOLDER OUT IN          put a job, a file named by a number, into FOLDER for each file below the folder IN,
jobs FOLDER OUT - FILE...   for each FILE,
jobs FOLDER OUT -           or for each name on standard input, ended by NUL (find -print0)
time FILE FOLDER COMMAND    run COMMAND in FOLDER, and write to FILE the seconds and memory that it took
npy STREAM FILE             the rows of a stream of features (in their units) or tokens (the codes) as a NumPy array
watch FOLDER                show at a terminal how many of the jobs are done, until FOLDER is gone

A job holds three strings ended by NUL: the folder to read in, the file's name there, the folder for its outputs. So
make never sees a name, and names may hold whatever the system allows.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ..files import records, replacing

FEW = 4  # files: up to so many, the last line names each folder


def below(folder: str, out: str) -> Iterator[str]:
    """The files below `folder`, relative to it, in the order of their names, without hidden ones and those in `out`."""

    def unreadable(error: OSError) -> None:
        print(f"make: {os.fsencode(error.filename).decode(errors='replace')}: {error.strerror}", file=sys.stderr)

    for path, folders, files in os.walk(folder, onerror=unreadable):
        shown = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(name for name in shown if os.path.realpath(os.path.join(path, name)) != out)
        for name in sorted(files):
            whole = os.path.join(path, name)
            if not name.startswith(".") and os.path.isfile(whole):
                yield os.path.relpath(whole, folder)


def places(name: str, start: str) -> Iterator[str]:
    """Where the outputs of the file `name` (relative to `start`) may go (relative to OUT), the best place first.

    First the name as it is, unless the file is elsewhere; then its last part, with ever more of the folders above it.
    """
    path = os.path.normpath(name)
    if not elsewhere(path):
        yield path
    parts = os.path.abspath(os.path.join(start, path)).split(os.sep)[1:]
    for count in range(1, len(parts) + 1):
        yield os.path.join(*parts[-count:])


def elsewhere(path: str) -> bool:
    """Does a normal path lead out of the folder that it is relative to?"""
    return os.path.isabs(path) or path.split(os.sep)[0] == os.pardir


def free(place: str, source: str) -> bool:
    """Is the folder `place` free of outputs from any file but `source`?"""
    try:
        return os.path.normpath(os.readlink(os.path.join(place, "source"))) == source
    except OSError:
        return True


def jobs(folder: str, out: str, source: str, names: Sequence[str]) -> str:
    """Write the jobs; a file named twice is one job. Returns how many there are, and if they are few, their places."""
    shown, out = out, os.path.realpath(out)
    if source != "-":
        names = list(below(source, out))
    start = os.path.abspath("." if source == "-" else source)
    named = {os.path.normpath(os.path.join(start, name)): name for name in names}
    taken: set[str] = set()
    for number, (path, name) in enumerate(named.items()):
        left = [place for place in places(name, start) if place not in taken]
        if elsewhere(os.path.normpath(name)):
            left = [place for place in left if free(os.path.join(out, place), path)] or left
        place = left[0]
        taken.add(place)
        given = "./-" if name == "-" else name  # to a filter, - is its standard input
        parts = (start, given, os.path.join(out, place))
        Path(folder, f"{number:06}").write_bytes(b"".join(os.fsencode(part) + b"\0" for part in parts))
    told = sorted(os.path.join(shown, path) for path in taken) if len(taken) <= FEW else []
    return " ".join([str(len(named)), *("".join(c if c.isprintable() else "?" for c in path) for path in told)])


def timed(file: str, folder: str, command: Sequence[str]) -> int:
    """Run `command` in `folder`. Returns its exit status, and writes what it took to `file`, as JSON."""
    import signal

    path = os.path.abspath(file)
    begun = time.monotonic()
    child = os.fork()
    if not child:
        try:
            os.chdir(folder)
            os.execvp(command[0], list(command))
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        os._exit(127)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # COMMAND gets it too, and ends; we report how
    _, status, usage = os.wait4(child, 0)
    took = {
        "seconds": round(time.monotonic() - begun, 3),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_mb": round(usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1),
    }
    with replacing(Path(path)) as made:
        made.write(json.dumps(took).encode())
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def npy(source: str, path: str) -> None:
    """The rows of the first item of the stream in the file `source` as an array file, in constant memory.

    Features: float32 (frames, numbers of all streams and measures; measures are in their units, NaN where absent).
    Tokens: uint16 (frames, layers). Raises WireError.
    """
    import numpy as np

    from .. import wire

    with open(source, "rb") as file, replacing(Path(path)) as made:
        stream = records(file)
        head = next(stream).head
        measures, width = head.get("measures", []), wire.row_size(head)
        kind = np.dtype("<f4" if head["kind"] == "features" else "<u2")
        columns = width // kind.itemsize
        if head["kind"] == "features":
            scale = np.ones(columns, "<f4")
            scale[columns - len(measures) :] = [measure.get("step", 1) for measure in measures]
        else:
            columns -= len(measures)

        def header(rows: int) -> None:
            shape = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (rows, columns)}
            np.lib.format.write_array_header_1_0(made, shape)  # of the same length for any number of rows

        header(rows := 0)
        for record in stream:
            if record.event == "data":
                block = np.frombuffer(record.payload, kind).reshape(len(record.payload) // width, -1)
                made.write((block * scale if kind == "<f4" else block[:, :columns]).tobytes())
                rows += len(block)
            elif record.event == "end":
                break
        made.seek(0)
        header(rows)


class Jobs:
    """The jobs in a folder, and how many of them are done."""

    def __init__(self, folder: str):
        self.folder = folder
        self.left: dict[str, bytes] = {}
        for name in os.listdir(folder):
            with suppress(FileNotFoundError):  # it is done already
                self.left[name] = Path(folder, name).read_bytes().split(b"\0")[2]
        self.total = len(self.left)
        self.seconds = 0.0  # of sound in the files done
        self.begun = time.time()
        self.past = deque([(self.begun, 0)], 240)  # the last minute: time, jobs done

    def look(self) -> bool:
        """See which are done by now. Returns False if the work is over."""
        try:
            left = set(os.listdir(self.folder))
        except OSError:
            return False
        for name in self.left.keys() - left:
            self.seconds += self.sound(Path(os.fsdecode(self.left.pop(name)), "heard.ndjson"))
        self.past.append((time.time(), self.total - len(self.left)))
        return True

    def sound(self, heard: Path) -> float:
        """Seconds of sound in a file, if it was done in this run."""
        try:
            with heard.open("rb") as file:
                if os.fstat(file.fileno()).st_mtime < self.begun:
                    return 0.0
                file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
                return float(json.loads(file.read().splitlines()[-1])["seconds"])
        except (OSError, ValueError, LookupError, TypeError):
            return 0.0

    def line(self) -> str:
        """Files, seconds of sound, speed, time left."""
        from ..runtime import clock

        (first, before), (now, done) = self.past[0], self.past[-1]
        speed = f"{self.seconds:,.0f} s of sound, {self.seconds / max(now - self.begun, 0.25):,.1f} times real time"
        left = f", {clock((self.total - done) * (now - first) / (done - before))} left" if done > before else ""
        return f"{done} of {self.total} files, {speed}{left}"


def watch(folder: str) -> None:
    """Show how many of the jobs are done, four times a second."""
    try:
        jobs = Jobs(folder)
    except FileNotFoundError:  # all jobs are done
        return
    while jobs.look():
        columns = (os.get_terminal_size(2).columns or 80) - 1
        sys.stderr.write(f"\r{jobs.line()[:columns]}\033[K")
        sys.stderr.flush()
        time.sleep(0.25)
    sys.stderr.write("\r\033[K")


def main(command: str, *rest: str) -> int:
    """Run one of the commands."""
    if command == "jobs":
        folder, out, source, *names = rest
        if source == "-" and not names:
            names = [os.fsdecode(name) for name in sys.stdin.buffer.read().split(b"\0") if name]
        print(jobs(folder, out, source, names))
    elif command == "time":
        return timed(rest[0], rest[1], rest[2:])
    elif command == "npy":
        npy(*rest)
    else:
        watch(*rest)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
