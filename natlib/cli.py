"""The command line that the six filters share: arguments, signals, exit status.

Exit status: 0 all well, 1 something failed or was lost, 2 wrong usage, SIGPIPE when nobody reads, 130 on interrupt.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from . import __version__
from .errors import Failure, OutputClosed, OutputError, UsageError, complain
from .output import enlarge_pipe
from .runtime import LARGE, MAKER, Run, Source, Stage

if TYPE_CHECKING:
    from argparse import ArgumentParser


def main(kind: type[Stage], argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command, and end the process with its exit status."""
    # numpy's products are small here: threads cost more than they gain, plus 32 MB of address space each
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    status = 1
    try:
        status = _main(kind, argv, closed())
    except OutputClosed:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    except KeyboardInterrupt:
        status = 130
    except UsageError as error:
        status = 2
        complain(f"{kind.name}: {error}")
    except (Failure, OutputError) as error:
        complain(f"{kind.name}: {error}")
    except OSError as error:
        complain(f"{kind.name}: {error}")
    sys.exit(status)


def closed() -> list[int]:
    """Which standard streams are closed. Opens /dev/null in their place, else the next file would take their number."""
    found = []
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            found.append(fd)
    if 2 in found:
        sys.stderr = open(2, "w", closefd=False)
    return found


def _main(kind: type[Stage], argv: Sequence[str] | None, closed: Sequence[int]) -> int:
    options = parser(kind).parse_args(argv)
    if 1 in closed:
        raise Failure("standard output is closed")
    if 0 in closed and (not options.files or "-" in options.files):
        raise Failure("standard input is closed, and no FILE is named")
    stage = kind(options)
    if os.isatty(1) and not stage.text:
        raise UsageError("binary output, and standard output is a terminal: pipe it on, or into a file")
    if stage.reads and os.isatty(0) and (not options.files or "-" in options.files):
        maker = MAKER.get(stage.reads, "another stage")
        raise UsageError(f"expected a {stage.reads} stream from {maker} on standard input, which is a terminal")
    if stage.makes in LARGE:
        enlarge_pipe(1)
    run = Run(stage)
    return run.all(Source(options.files, stage.reads, run))


def parser(kind: type[Stage]) -> ArgumentParser:
    """The command's argument parser."""
    from argparse import ArgumentParser, RawDescriptionHelpFormatter

    examples = "\n".join(f"  {line}" for line in kind.examples)
    try:
        width = int(os.environ.get("COLUMNS", 0)) or os.get_terminal_size(1).columns
    except (OSError, ValueError):
        width = 80
    result = ArgumentParser(
        prog=kind.name,
        description="\n\n".join(filter(None, (kind.summary, kind.description))),
        epilog=f"examples:\n{examples}\n\nexit status: 0 all well, 1 something failed or was lost, 2 wrong usage",
        formatter_class=partial(RawDescriptionHelpFormatter, width=width - 2),  # else argparse imports a lot to find it
        allow_abbrev=False,
    )
    kind.arguments(result)
    result.add_argument("-q", "--quiet", action="store_true", help="show no progress, even at a terminal")
    result.add_argument("--version", action="version", version=f"{kind.name} {__version__}")
    result.add_argument("files", nargs="*", metavar="FILE", help="read these instead of standard input (-)")
    return result


def ranged(low: float, high: float, unit: str = "", whole: bool = False) -> Callable[[str], Any]:
    """An argparse type: a number from `low` to `high`. Its error message names both."""

    def parse(text: str) -> float:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = float("nan")
        if low <= value <= high:
            return value
        from argparse import ArgumentTypeError

        what = "a whole number" if whole else "a number"
        raise ArgumentTypeError(f"expected {what} from {low:g} to {high:g} {unit}".rstrip() + f', got "{text}"')

    return parse
