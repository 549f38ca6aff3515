"""python -m natlib FILE…: the five filters, as processes joined by pipes, from files to NDJSON on standard output.

With a verb in front, what natlib/agent does: hear, look, sheet, compare, serve.
"""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from . import __version__
from .filters import LISTEN, Pipe

VERBS = {
    "hear": "what files sound like, in words within 8,000 tokens; of a folder, an index",
    "look": "a picture of a file, or of a part of it",
    "sheet": "many files at a glance: a picture, and a line for each",
    "compare": "what differs between two sounds, and whether they are the same samples",
    "serve": "the same as tools for agents, over MCP",
}


def main(argv: Sequence[str]) -> int:
    """Run a verb, or the filters. Returns the exit status."""
    if argv and argv[0] in VERBS:
        from .agent.command import main as run

        return run(argv)
    verbs = "\n".join(f"  {verb:<8} {what}" for verb, what in VERBS.items())
    parser = ArgumentParser(
        prog="python -m natlib",
        formatter_class=RawDescriptionHelpFormatter,
        description="Turn audio files (or standard input) into NDJSON that a language model reads: the same as\n"
        "nat-split FILE... | nat-decode | nat-embed | nat-quantize | nat-pack. The filters have the options.\n\n"
        f"With a verb in front (./hear is a file of that name; hear --help says more):\n{verbs}",
        epilog="examples: python -m natlib song.wav > heard.ndjson; python -m natlib hear song.wav",
    )
    parser.add_argument("--version", action="version", version=f"natlib {__version__}")
    parser.add_argument("files", nargs="*", metavar="FILE", help="audio files; standard input where there are none")
    files = parser.parse_args(argv).files
    first = ["split", "--", *files] if files else ["split"]
    with Pipe(first, *([name] for name in LISTEN), stdin=None, stdout=None) as pipe:
        try:
            statuses = pipe.wait()
        except KeyboardInterrupt:  # the terminal sent it to every stage
            pipe.wait()
            return 130
        for name, status in zip(pipe.names, statuses, strict=True):
            if status not in (0, 1, -signal.SIGPIPE):  # for 1, the stage has said why
                print(f"natlib: nat-{name} ended with exit status {status}", file=sys.stderr)
        status = pipe.status()
        return status if status > 128 else int(status > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
