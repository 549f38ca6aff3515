"""python -m natlib hear, look, sheet, compare, serve: for a person at a shell, and for agents."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from .. import cli
from ..errors import Failure, OutputClosed, OutputError, UsageError, complain
from ..files import display, replacing
from ..output import Output
from . import hear as hearing
from .compare import compare
from .index import index
from .look import View, lines, look, sheet
from .sound import Sound, below, parse, seconds, sound
from .work import Work

EVERY = 0.25  # s between two looks at how far it is


def hear(options: Namespace, work: Work) -> Iterator[bytes]:
    """Files as text; a folder as an index."""
    import orjson

    folders = [path for path in options.files if os.path.isdir(path)]
    if folders and len(folders) < len(options.files):
        raise UsageError(f"expected files, or folders, got both: {folders[0]} is a folder")
    for folder in folders:
        for line in index(work, folder, below(folder)):
            yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    if not folders:
        how = (options.view, options.budget, options.prompt, options.ask)
        yield hearing.text(work, named(options), *how).encode()


def draw(options: Namespace, work: Work) -> Iterator[bytes]:
    """A picture of a file."""
    if len(options.files) != 1:
        raise UsageError(f"expected one file to look at, got {len(options.files)} (sheet shows many)")
    yield from picture(options, look(work, named(options)[0], view(options), not options.no_marks))


def draw_sheet(options: Namespace, work: Work) -> Iterator[bytes]:
    """A line for each of many files, and a picture of them if asked for."""
    found = (below(path) if os.path.isdir(path) else [Sound(path)] for path in options.files)
    sounds = [sound(file.path, options.start, options.end) for files in found for file in files]
    if options.output:
        png, heard = sheet(work, sounds, view(options))
        yield from picture(options, png)
    else:
        heard = work.listen(sounds)
    told = lines([display(sound.path) for sound in sounds], heard, options.budget)
    yield "".join(f"{line}\n" for line in told).encode()


def differ(options: Namespace, work: Work) -> Iterator[bytes]:
    """What differs between two sounds."""
    if len(options.files) != 2:
        raise UsageError(f"expected two sounds to compare, got {len(options.files)}")
    yield f"{compare(work, *named(options))}\n".encode()


def named(options: Namespace) -> list[Sound]:
    """The sounds that are meant."""
    return [parse(path, options.start, options.end) for path in options.files]


def view(options: Namespace) -> View:
    """What of a picture is drawn."""
    return View(options.fmin, options.fmax, options.window, options.range)


def picture(options: Namespace, png: bytes) -> Iterator[bytes]:
    """A picture into its file, or to standard output if that is no terminal."""
    if options.output and options.output != "-":
        with replacing(Path(options.output)) as file:
            file.write(png)
    elif os.isatty(1):
        raise UsageError("a picture, and standard output is a terminal: name a file with -o")
    else:
        yield png


def moment(text: str) -> float:
    """An argparse type: seconds, or min:s."""
    from argparse import ArgumentTypeError

    try:
        found = seconds(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1e9:
        raise ArgumentTypeError(f'expected a time in seconds or min:s, got "{text}"')
    return found


def parser() -> ArgumentParser:
    """What the verbs take."""
    result = ArgumentParser(prog="python -m natlib", allow_abbrev=False)
    verbs = result.add_subparsers(metavar="VERB", dest="verb", required=True)

    def verb(name: str, run: Callable[[Namespace, Work], Iterator[bytes]], about: str, files: str) -> ArgumentParser:
        added = verbs.add_parser(name, description=about, allow_abbrev=False)
        added.set_defaults(run=run)
        added.add_argument("files", nargs="+", metavar="FILE", help=files)
        added.add_argument("--from", dest="start", type=moment, metavar="S", help="start here, in seconds or min:s")
        added.add_argument("--to", dest="end", type=moment, metavar="S", help="end here, in seconds or min:s")
        return added

    file = "a sound file; FILE:FROM-TO is a part of it, in seconds or min:s"
    heard = verb("hear", hear, "Say what files sound like, for a language model. A folder becomes an index: a line of "
                 "JSON for each recording, for jq and DuckDB.", f"{file}; or folders")  # fmt: skip
    heard.add_argument("--view", choices=hearing.VIEWS, default="words", help="how it is written (default: words)")
    heard.add_argument("--prompt", action="store_true", help="write a prompt for a chatbot: how to read it, questions")
    heard.add_argument("--ask", metavar="TEXT", help="a prompt that asks this")
    seen = verb("look", draw, "Draw waveform and spectrogram, with the bars, chords, sounds and sections of the text "
                "marked.", file)  # fmt: skip
    seen.add_argument("--no-marks", action="store_true", help="draw no bars, chords, sounds and sections: much faster")
    many = verb("sheet", draw_sheet, "Show many files at a glance: a line for each, and with -o their spectrograms on "
                "one scale.", "a sound file, or a folder with all that is below it")  # fmt: skip
    verb("compare", differ, "Say what differs between two sounds, in words and numbers, and whether they are the same "
         "samples, but for gain or shift.", file)  # fmt: skip
    verbs.add_parser("serve", description="Serve hear, look, sheet and compare to agents: MCP on standard input and "
                     "output. They may read files in NAT_ALLOWED_DIRS only; if that is not set, in the client's roots, "
                     "else in the working directory.")  # fmt: skip
    for one in (heard, many):
        one.add_argument("--budget", type=cli.ranged(0, 1e9, "tokens", whole=True), default=hearing.BUDGET, metavar="N",
                         help="write at most N tokens, 0 for all of it (default: 8000)")  # fmt: skip
    for one in (seen, many):
        one.add_argument("-o", "--output", metavar="FILE.png", help="where the picture goes")
        for name, unit, what in (("fmin", "Hz", "lowest frequency"), ("fmax", "Hz", "highest frequency"),
                                 ("window", "ms", "window"), ("range", "dB", "range of levels")):  # fmt: skip
            one.add_argument(f"--{name}", type=float, metavar=unit.upper(), help=f"{what}, {unit} (see nat-plot)")
    return result


@contextmanager
def shown(work: Work) -> Iterator[None]:
    """While it runs, say at a terminal how far it is."""
    over = Event()

    def show() -> None:
        while not over.wait(EVERY):
            print(f"\r{work.doing}, {work.done:.0f} s\033[K", end="", file=sys.stderr, flush=True)

    thread = Thread(target=show, daemon=True)
    if not sys.stderr.isatty():
        yield
        return
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def leave(number: int, _: object) -> None:
    """A signal: leave as one leaves, so that filters are ended and nothing stays behind."""
    sys.exit(128 + number)


def main(argv: Sequence[str]) -> int:
    """Run a verb. Returns the exit status: as those of the filters."""
    options, output = parser().parse_args(argv), Output()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, leave)
    try:
        if options.verb == "serve":
            from .server import serve

            serve()
            return 0
        with tempfile.TemporaryDirectory(prefix="nat-") as folder:
            work = Work(Path(folder))
            with shown(work):
                for piece in options.run(options, work):
                    output.write(piece)
                    output.flush()
        for said in work.trouble:
            complain(f"natlib: {said}")
        return int(work.failed)
    except KeyboardInterrupt:
        return 130
    except OutputClosed:
        return 128 + signal.SIGPIPE
    except (UsageError, Failure, OutputError, OSError) as error:
        complain(f"natlib: {error}")
        return 2 if isinstance(error, UsageError) else 1
