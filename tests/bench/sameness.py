"""The same tokens everywhere? python tests/bench/sameness.py FILE, a PCM stream of nat-decode.

Runs nat-embed and nat-quantize over it in every way in which this processor can run them: numpy's dispatch with and
without each set of instructions, every kernel of OpenBLAS, one thread and two; then with pipes that give so many bytes
at a time; then each item alone. A way that does not take effect, or dies, is named and left out. Each other has to give
the same bytes. Prints a line for each, and exits 1 where one differs.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in (1, 2)]
from helpers import records, sh, variants  # noqa: E402

from natlib import wire  # noqa: E402


def tokens(pcm: bytes, reading: str = "cat", **env: str) -> bytes:
    """The token stream of a PCM stream that comes through the command `reading`."""
    return sh(f"{reading} | nat-embed | nat-quantize", pcm, timeout=3600, **env).stdout


def alone(stream: bytes) -> list[bytes]:
    """Each item of a record stream as a stream of its own."""
    result: list[list[bytes]] = []
    for record in records(stream):
        if record.event == "header":
            writer, parts = wire.Writer(), []
            result.append(parts)
        if record.event != "close":
            parts += writer.write(*record)
            if record.event in ("end", "error"):
                parts += writer.write({"event": "close"})
    return [b"".join(parts) for parts in result]


def main(file: str) -> int:
    """Print the table. Returns the exit status."""
    pcm, worst = Path(file).read_bytes(), 0
    plain = tokens(pcm)

    def compare(name: str, got: bytes, wanted: bytes = plain) -> None:
        nonlocal worst
        worst |= got != wanted
        print(hashlib.sha256(got).hexdigest()[:16], "same     " if got == wanted else "DIFFERENT", name, flush=True)

    compare("plain", tokens(pcm))
    there, missing = variants()
    for env in there:
        for more in ({}, {"OPENBLAS_NUM_THREADS": "2"}) if "OPENBLAS_CORETYPE" in env else ({},):
            compare(" ".join(f"{name}={value}" for name, value in {**env, **more}.items()), tokens(pcm, **env, **more))
    print(*(f"{'-':<16} not there {words}" for words in missing), sep="\n")
    for size in (4097, 1 << 24):
        compare(f"{size} bytes at a time", tokens(pcm, f"dd bs={size} status=none"))
    items, wanted = alone(pcm), alone(plain)
    short = min(items, key=len)
    compare("a byte at a time (the shortest item)", tokens(short, "dd bs=1 status=none"), wanted[items.index(short)])
    compare(f"{len(items)} items alone", b"".join(map(tokens, items)), b"".join(wanted))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
