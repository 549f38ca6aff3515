"""python -m natlib FILE…: the five filters, as processes joined by pipes, from files to NDJSON on standard output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

from . import __version__

STAGES = ("split", "decode", "embed", "quantize", "pack")


def main() -> int:
    parser = ArgumentParser(
        prog="python -m natlib",
        description="Turn audio files (or standard input) into NDJSON that a language model reads: the same as\n"
        "nat-split FILE... | nat-decode | nat-embed | nat-quantize | nat-pack. The filters have the options.",
        epilog="example: python -m natlib song.wav > heard.ndjson",
    )
    parser.add_argument("--version", action="version", version=f"natlib {__version__}")
    parser.add_argument("files", nargs="*", metavar="FILE", help="audio files; standard input where there are none")
    files = parser.parse_args().files

    # The stages must import this very package, even if it is not installed or the working directory is elsewhere.
    paths = [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    stages: list[subprocess.Popen[bytes]] = []
    for name in STAGES:
        command = [sys.executable, "-P", "-m", f"natlib.{name}", *(["--", *files] if name == "split" and files else [])]
        before = stages[-1].stdout if stages else None
        after = None if name == STAGES[-1] else subprocess.PIPE
        stages.append(subprocess.Popen(command, stdin=before, stdout=after, env=environment))
        if before:
            before.close()  # our copy; else the stage before would not notice when its reader dies

    try:
        statuses = [stage.wait() for stage in stages]
    except KeyboardInterrupt:  # the terminal sent it to every stage
        for stage in stages:
            stage.wait()
        return 130
    for name, status in zip(STAGES, statuses, strict=True):
        if status not in (0, 1, -signal.SIGPIPE):  # for 1, the stage has said why
            print(f"natlib: nat-{name} ended with exit status {status}", file=sys.stderr)
    if statuses[-1] == -signal.SIGPIPE:
        return 128 + signal.SIGPIPE
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main())
