"""Runs a filter: items in, records out, one after the other, whatever goes wrong with any of them.

A filter is a `Stage`: it says what it reads and makes, and turns one `Item` into records at a time. The rest is the
same for all:

* FILE operands or standard input, joined streams, items renumbered, a wrong kind reported with its cure;
* output is flushed before every wait for input, so that nothing sits in a buffer;
* an item that fails becomes an `error` record, and the next one is processed; a stream that breaks off is reported
  and gets no `close`, so that every later stage knows.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, cast

from . import wire
from .errors import Failure, OutputClosed, OutputError, Upstream, complain
from .files import display, name_keys
from .former import Former
from .output import CHUNK, Output, enlarge_pipe, is_fifo
from .wire import Head, Record

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

ANY = "record"  # the `reads` of a stage that takes streams of every kind
LARGE = ("", "bytes", "pcm")  # kinds with so much data that a large pipe helps; with others, it would hold back minutes
ORDER = ("bytes", "pcm", "features", "tokens", "ndjson")
MAKER = dict(zip(ORDER, ("nat-split", "nat-decode", "nat-embed", "nat-quantize", "nat-pack"), strict=True))


class Item:
    """One item of the input: its header, an iterator over its data and notes, and then its end.

    Iterating raises Upstream if an earlier stage failed, Failure if the stream broke off.
    """

    def __init__(self, head: Head, records: Iterator[Record], failure: Exception | None = None):
        self.head = head
        self.failure = failure  # set if the item failed before it became the kind that we read
        self.end: Head | None = None  # the end record's head, once iteration is over
        self._records = records
        self._over = False  # has the item's last record been read?

    def __iter__(self) -> Iterator[Record]:
        if self._over:
            return
        for record in self._records:
            event = record.event
            if event in ("end", "error"):
                self._over = True
                if event == "error":
                    raise Upstream(record.head)
                self.end = record.head
                return
            yield record

    @property
    def name(self) -> str:
        name = self.head.get("name")
        return name if isinstance(name, str) else "no name"

    def drain(self) -> None:
        """Read the rest of the item, and drop it."""
        try:
            for _ in self:
                pass
        except (Upstream, Failure):
            pass


class Stage:
    """A command. Subclasses say what they are and define `process`, and `arguments` if they have options."""

    name: ClassVar[str]  # "nat-decode"
    summary: ClassVar[str]  # one line
    description: ClassVar[str] = ""
    examples: ClassVar[Sequence[str]]  # shell lines that work as they stand, in a folder with the named files
    # The defaults. An instance whose options say otherwise sets its own values before anything is read.
    reads: str = ""  # kind of the input, ANY for all of them, "" if it is no record stream
    also: str = ""  # another kind that it reads as well
    makes: str = ""  # kind of the output, likewise
    text: bool = False  # may the output go to a terminal?

    def __init__(self, options: Namespace):
        self.options = options

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        """Add the command's own options."""

    def items(self, source: Source) -> Iterator[Item]:
        """The items to process: those of the input, unless a stage overrides this."""
        return source.items()

    def process(self, item: Item) -> Iterator[Record | bytes]:
        """The output for one item: a header, data and notes, an end; or bytes, written as they are."""
        raise NotImplementedError

    def held(self, waits: bool) -> Iterator[Record | bytes]:
        """Output that was put off so as to do more at once, asked for before every read, which may have to wait."""
        return iter(())

    @property
    def patience(self) -> float:
        """How many seconds a read may have to wait before `held` is told so."""
        return 0.0

    def finish(self) -> Iterator[Record | bytes]:
        """What comes out after the last item."""
        return iter(())


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def header(item: Item, kind: str, **added: Any) -> Record:
    """The header of `item` in its next kind: it keeps what came before; `added` is the stage's own part."""
    return Record({**item.head, "kind": kind, **added})


def data(payload: bytes | memoryview) -> Record:
    """A block, which must not change until `Source` reads on. The writer counts `pos` and `bytes`."""
    return Record({"event": "data"}, cast(bytes, payload))


def end(item: Item, **added: Any) -> Record:
    """The end of `item`, with the totals of the stages before and those `added`."""
    return Record({**(item.end or {"event": "end"}), **added})


class Source:
    """The input: FILE operands, or standard input if there are none (or for the operand -)."""

    def __init__(self, paths: Sequence[str], kind: str, run: Run):
        self.paths = paths or ["-"]
        self.kind = kind
        self.run = run
        self.grammar = wire.Grammar()  # of the stream being read
        self.heard = 0.0  # seconds of sound in the items that are done
        self.read = 0  # bytes

    @property
    def size(self) -> int:
        """Bytes of all the input; 0 if not known."""
        try:
            found = [os.fstat(0) if path == "-" else os.stat(path) for path in self.paths]
        except OSError:
            return 0
        return sum(status.st_size for status in found) if all(stat.S_ISREG(status.st_mode) for status in found) else 0

    @property
    def seconds(self) -> float:
        """Seconds of sound read so far."""
        return self.heard + (self._seconds() if self.grammar.inside else 0)

    def _seconds(self) -> float:
        """Seconds of sound read of this item."""
        head = self.grammar.header
        rate = head.get("sample_rate" if head.get("kind") == "pcm" else "frame_rate")
        return self.grammar.rows / rate if isinstance(rate, int | float) and rate > 0 else 0.0

    def open(self, path: str) -> int:
        """A file descriptor to read `path` from. Raises OSError."""
        if path == "-":
            return 0
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.close(fd)
            raise IsADirectoryError(21, "is a directory")
        return fd

    def views(self, fd: int, buffers: Iterator[bytearray] | None = None) -> Iterator[memoryview]:
        """What comes from `fd`, as it comes, read into the next of `buffers`; by default, always into the same one.

        Pending output is sent before every wait. A view is valid until its buffer's next turn. Buffers are used again
        because large blocks that come and go leave holes in the heap: an hour of sound would take more memory than a
        minute.
        """
        if self.kind in LARGE:
            enlarge_pipe(fd)
        buffers = buffers or repeat(bytearray(CHUNK))
        ready = select.poll()
        ready.register(fd, select.POLLIN)
        try:
            while True:
                for out in self.run.stage.held(not ready.poll(1000 * self.run.stage.patience)):
                    self.run.emit(out)
                self.run.output.flush()
                buffer = next(buffers)
                size = os.readv(fd, [buffer])
                if not size:
                    return
                self.read += size
                self.run.progress.show(self)
                yield memoryview(buffer)[:size]
        finally:
            if fd > 2:
                os.close(fd)

    def items(self) -> Iterator[Item]:
        """The items of every record stream of the input, in order."""
        for path in self.paths:
            for out in self.run.stage.held(True):  # to open this one may take long
                self.run.emit(out)
            self.run.output.flush()
            label = "standard input" if path == "-" else display(path)
            try:
                fd = self.open(path)
            except OSError as error:
                yield Missing(path, error)
                continue
            yield from self._stream(fd, label)

    def _stream(self, fd: int, label: str) -> Iterator[Item]:
        records = self._records(fd, label)
        for record in records:
            if record.event == "close":
                continue
            item = Item(record.head, records)
            if self.kind != ANY and record.head["kind"] not in (self.kind, self.run.stage.also):
                # An item that failed before it became our kind is passed on; anything else means a wrong pipe.
                record = next((r for r in records if r.event in ("data", "end", "error")), record)
                if record.event != "error":
                    self.run.lose(f"{label}: {wrong_kind(self.kind, item.head['kind'])}")
                    return
                item = Item(item.head, iter(()), Upstream(record.head))
            yield item
            item.drain()
            self.heard += self._seconds()

    def _records(self, fd: int, label: str) -> Iterator[Record]:
        """Every record. If the stream breaks off inside an item, raises Failure; if outside, says so and ends."""
        reader, former = wire.Reader(), Former()
        self.grammar = reader.grammar
        try:
            for view in self.views(fd):
                for record in reader.feed(view):
                    head = former(record.head)
                    yield record if head is record.head else record._replace(head=head)
            reader.finish()
        except wire.WireError as error:
            message = str(error)
            if reader.record == 0 and reader.offset == 0 and error.expected.startswith("a JSON object"):
                message = f"expected a {self.kind} stream, got {error.got} (is nat-split missing before it?)"
            self.run.lose(f"{label}: {message}", say=not reader.grammar.inside)
            if reader.grammar.inside:
                raise Failure(message) from None
        except OSError as error:
            message = error.strerror or str(error)
            self.run.lose(f"{label}: {message}", say=not reader.grammar.inside)
            if reader.grammar.inside:
                raise Failure(message) from None


def wrong_kind(expected: str, got: str) -> str:
    """The message for a stream of another kind, with its cure if there is one."""
    message = f"expected a {expected} stream, got {got}"
    if expected in ORDER and got in ORDER:
        if ORDER.index(got) < ORDER.index(expected):
            return f"{message} (is {MAKER[expected]} missing before it?)"
        return f"{message} ({MAKER[got]} has had it already)"
    return message


class Missing(Item):
    """An item for a FILE that can't be opened."""

    def __init__(self, path: str, error: OSError):
        failure = Failure(error.strerror or str(error))
        super().__init__({"event": "header", "kind": "bytes", **name_keys(path)}, iter(()), failure)


class Progress:
    """Where we are, on one line of a terminal, four times a second.

    A command that reads files knows how much of the input is done and the time left: it shows these in the left half.
    The command that writes a file shows files, seconds of sound and speed in the right half. In a pipe these are two
    commands, and neither touches the other's half.
    """

    HALF = 24  # columns of the left half

    def __init__(self, stage: Stage):
        self.stage = stage
        self.terminal = sys.stderr.isatty()
        shown = self.terminal and not stage.options.quiet and not (stage.makes and os.isatty(1))
        self.left, self.right = shown, shown and not is_fifo(1)
        self.begun = self.last = time.monotonic()
        self.total: int | None = None  # bytes to read
        self.line = False  # is anything on the screen?

    def show(self, source: Source) -> None:
        """Show it, if it is time."""
        if not (self.left or self.right) or (now := time.monotonic()) - self.last < 0.25:
            return
        self.last = now
        if self.total is None:
            self.total = source.size
            self.left = bool(self.total)
        done, past, width = source.run.done, now - self.begun, (os.get_terminal_size(2).columns or 80) - 1
        text = ""
        if self.total:
            share = min(source.read / self.total, 1)
            rest = past / share - past
            text = f"\r{f'{share:4.0%}, {clock(rest)} left':{self.HALF}}"[: width + 1]
        if self.right:
            speed = f"{source.seconds:,.0f} s of sound, {source.seconds / past:,.0f} times real time"
            more = f"{self.stage.name}: item {done + 1}, " + (speed if source.seconds else clock(past))
            text += f"\r\033[{self.HALF}C{more[: max(0, width - self.HALF)]}\033[K"
        if text:
            self.line = True
            sys.stderr.write(text)
            sys.stderr.flush()

    def clear(self) -> None:
        """Take our part off the screen."""
        if self.line:
            sys.stderr.write("\r\033[K" if self.right else f"\r{'':{self.HALF}}\r")
            sys.stderr.flush()
            self.line = False


def clock(seconds: float) -> str:
    """A time as 0:07, 12:34 or 1:02:03."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


class Run:
    """One run of a stage: what is written, what failed, what is shown."""

    def __init__(self, stage: Stage):
        self.stage = stage
        self.output = Output()
        self.writer = wire.Writer()
        self.done = self.failed = 0  # items
        self.passed = 0  # of the failed ones, those that failed in an earlier stage
        self.lost = False  # did a stream break off?
        self.progress = Progress(stage)

    def say(self, message: str) -> None:
        """A message on standard error."""
        start = "\r\033[K" if self.progress.terminal else ""
        complain(f"{start}{self.stage.name}: {message}")

    def lose(self, message: str, say: bool = True) -> None:
        """A stream, or the rest of one, is lost."""
        self.lost = True
        if say:
            self.say(message)

    def all(self, source: Source) -> int:
        """Every item, then the close. Returns the exit status."""
        for item in self.stage.items(source):
            self.one(item)
            self.done += 1
        for out in self.stage.finish():
            self.emit(out)
        if self.stage.makes and self.stage.makes != "ndjson" and not self.lost:
            self.emit(Record({"event": "close"}))
        self.output.flush()
        self.progress.clear()
        if self.passed and not is_fifo(1):
            self.say(f"{self.passed} of {self.done} items failed before they came here (see their error records)")
        return 1 if self.failed or self.lost else 0

    def one(self, item: Item) -> None:
        """Process one item. Whatever goes wrong affects this item alone."""
        try:
            if item.failure:
                raise item.failure
            for out in self.stage.process(item):
                self.emit(out)
            if item.end and item.end.get("damaged"):
                self.failed += 1
            if self.writer.grammar.inside:
                raise RuntimeError("no end was made")
        except Upstream as error:
            self.passed += 1
            self._fail(item, error.head)
        except Failure as error:
            self.say(f"{item.name}: {error}")
            self._fail(item, {"event": "error", "stage": self.stage.name, "message": str(error)})
        except (OutputClosed, OutputError):
            raise
        except Exception as error:
            # A bug or the machine's limit, but still this item's alone. Whoever asks gets the traceback.
            if os.environ.get("NAT_TRACEBACK"):
                raise
            kind = "out of memory" if isinstance(error, MemoryError) else f"internal error: {type(error).__name__}"
            message = f"{kind}: {error}".removesuffix(": ")
            self.say(f"{item.name}: {message}")
            self._fail(item, {"event": "error", "stage": self.stage.name, "message": message})

    def _fail(self, item: Item, error: Head) -> None:
        self.failed += 1
        if not self.stage.makes:
            return
        if not self.writer.grammar.inside:
            # The item never became the kind that it should have: its header stays as it was, and an error follows.
            kind = "ndjson" if self.stage.makes == "ndjson" else item.head["kind"]
            self.emit(Record({**item.head, "kind": kind}))
        number = self.writer.grammar.items - 1
        tag = {"item": number} if self.stage.makes == "ndjson" and number > 0 else {}  # as on its other lines
        self.emit(Record({**error, **tag}))

    def emit(self, out: Record | bytes) -> None:
        if isinstance(out, bytes):
            self.output.write(out)
        else:
            self.output.write(*self.writer.write(out.head, out.payload))
