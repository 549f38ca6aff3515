"""The filters as processes joined by pipes: started, read, stopped; whoever leaves one leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

LISTEN = ("decode", "embed", "quantize", "pack")  # what follows split, on the way from files to NDJSON


class Pipe:
    """Commands such as ("decode", "--rate", "8000"), each a process that reads what the one before writes.

    `stdin`, `stdout` and `stderr` are those of subprocess.Popen for the first, the last and every process. As a
    context, it ends what still runs when it is left. `stop` may be called from another thread.
    """

    def __init__(self, *commands: Sequence[str], stdin: Any = subprocess.DEVNULL, stdout: Any = subprocess.PIPE,
                 stderr: Any = None, cwd: str | None = None):  # fmt: skip
        # The filters must import this very package, even if it is not installed or the working directory is elsewhere.
        paths = [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self.names = [command[0] for command in commands]
        self.processes: list[subprocess.Popen[bytes]] = []
        try:
            for number, (name, *options) in enumerate(commands, 1):
                after = stdout if number == len(commands) else subprocess.PIPE
                process = subprocess.Popen([sys.executable, "-P", "-m", f"natlib.{name}", *options], stdin=stdin,
                                           stdout=after, stderr=stderr, env=environment, cwd=cwd)  # fmt: skip
                if self.processes:
                    stdin.close()  # our copy; else the stage before would not notice when its reader dies
                self.processes.append(process)
                stdin = process.stdout
        except BaseException:
            self.stop()
            raise

    @property
    def output(self) -> IO[bytes]:
        """What the last process writes."""
        output = self.processes[-1].stdout
        assert output is not None
        return output

    def wait(self) -> list[int]:
        """The exit status of each process, once all have ended: negative for one that died of a signal."""
        return [process.wait() for process in self.processes]

    def status(self) -> int:
        """The exit status of all: 0 all well, 1 something failed, 2 wrong usage, 128 + SIGPIPE nobody read it."""
        statuses = self.wait()
        if statuses[-1] == -signal.SIGPIPE:
            return 128 + signal.SIGPIPE
        return 2 if 2 in statuses else int(any(statuses))

    def stop(self) -> None:
        """End every process, now."""
        for process in self.processes:
            process.kill()

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.wait()
        if self.processes[-1].stdout:
            self.processes[-1].stdout.close()
