"""The same bytes as another checkout? python tests/bench/against.py OTHER [--every N] [--only STAGE…] [FOLDER…]

Each stage of this checkout and of OTHER is run on the same input, in the environment that runs this script: what the
stage before it of OTHER wrote, over every N-th file of each folder (../shared/audio, audio50 and zoo). Standard output,
messages and exit status have to be the same, byte for byte. Prints a line for each command, with the SHA-256 of what it
wrote; exits 1 where one differs, and leaves both outputs in the folder that it names.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[up]) for up in (1, 2)]
import orjson  # noqa: E402
from helpers import ROOT, SHARED, records  # noqa: E402

PACK = [
    "", "--encoding rle", "--encoding dense", "--encoding S=rle,A0=dense", "--legend header", "--legend none",
    "--scene 0", "--scene 3", "--layers S0,A0", "--keyframe-interval 0", "--anonymous", "--view table", "--view words",
    "--view table --encoding rle", "--budget 1500", "--view words --budget 600", "--view table --budget 3000",
    "--prompt", "--prompt --budget 2500 --ask 'Is it raining?'",
]  # fmt: skip
# Options of each stage; the stage's input; the first output of a stage is what the next one reads.
RUNS = {
    "split": ["", "--whole"],
    "decode": ["", "--rate 16000", "--channels keep", "--start 0.5 --duration 3", "--strict --raw-rate 8000"],
    "embed": ["", "--frame-rate 25", "--model noise"],
    "quantize": ["", "--plain", "--hold 0", "--fit /dev/stdout"],
    "pack": PACK,
}
STAGES = (*RUNS, "plot")
PICTURES = ["--item 0", "--item 1 --theme dark", "--item 2 --format svg --size 8x4", "--report /dev/stdout --item 3"]


class Stage:
    """A stage of one checkout: run(stage, options, stdin) gives exit status, standard output, messages."""

    def __init__(self, root: Path):
        self.root = root

    def __call__(self, stage: str, options: str, source: bytes, *files: Path) -> tuple[int, bytes, bytes]:
        line = f'"$0" -P -m natlib.{stage} {options} "$@"'
        env = {**os.environ, "PYTHONPATH": str(self.root), "SOURCE_DATE_EPOCH": "0"}
        done = subprocess.run(
            ["bash", "-c", line, sys.executable, *map(str, files)], input=source, capture_output=True, env=env, cwd="/"
        )
        return done.returncode, done.stdout, done.stderr


def joined(stage: str, stream: bytes) -> bytes:
    """A stream of bytes or PCM with an item's blocks made one: they are cut as input happens to arrive. And an SVG
    without the names of its clips, which matplotlib makes of addresses in memory.
    """
    if not stream or stage not in ("split", "decode"):
        return re.sub(rb"(?<=[#\"])p[0-9a-f]{10}(?=[)\"])", b"", stream) if b"<svg" in stream[:400] else stream
    parts: list[bytes] = []
    for record in records(stream):
        parts += [record.payload] if record.event == "data" else [b"\n", orjson.dumps(record.head), b"\n"]
    return b"".join(parts)


def inputs(folders: list[Path], every: int) -> dict[str, list[Path]]:
    """The files of each folder, in order of their names."""
    kept = {}
    for folder in folders:
        files = sorted(
            path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".md", ".csv", ".txt")
        )
        kept[folder.name] = files[::every]
    return kept


def main() -> int:
    """Print the table. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--batch", type=int, default=40, metavar="FILES", help="that are one stream")
    parser.add_argument("--only", nargs="*", choices=STAGES, default=STAGES)
    parser.add_argument(
        "folders", nargs="*", type=Path, default=[SHARED / name for name in ("audio", "audio50", "zoo")]
    )
    options = parser.parse_args()
    ours, theirs = Stage(ROOT), Stage(options.other.resolve())
    told = Path(tempfile.mkdtemp(prefix="against-"))
    differ = 0

    def compare(stage: str, line: str, source: bytes, of: str, *files: Path) -> bytes:
        nonlocal differ
        wanted = theirs(stage, line, source, *files)
        if stage in options.only:
            got = ours(stage, line, source, *files)
            same = [got[0] == wanted[0], joined(stage, got[1]) == joined(stage, wanted[1]), got[2] == wanted[2]]
            parts = [name for name, ok in zip(("status", "output", "messages"), same, strict=True) if not ok]
            words = "DIFFERENT " + ", ".join(parts) if parts else "same"
            print(hashlib.sha256(wanted[1]).hexdigest()[:16], words, of, f"nat-{stage} {line}", flush=True)
            if parts:
                differ += 1
                for name, result in (("ours", got), ("theirs", wanted)):
                    (told / f"{differ}.{name}").write_bytes(result[1] + b"\n--- messages\n" + result[2])
        return wanted[1]

    for folder, paths in inputs(options.folders, options.every).items():
        for first in range(0, len(paths), options.batch):
            files = paths[first : first + options.batch]
            of = f"{folder} {first + 1}-{first + len(files)}"
            whole = b"".join(path.read_bytes() for path in files)
            compare("split", "< /dev/stdin", whole, f"{of}, joined")
            compare("split", "--fs-only < /dev/stdin", whole, f"{of}, joined")
            source, kinds = b"", []
            for stage, lines in RUNS.items():
                asked = lines if stage in options.only else lines[:1]
                outputs = [compare(stage, line, source, of, *(files if stage == "split" else ())) for line in asked]
                if stage == "pack" and stage in options.only:
                    for line, ndjson in list(zip(lines, outputs, strict=True))[:8]:
                        compare(stage, "--unpack", ndjson, f"{of}, of {line or 'the default'}")
                    for line in ("--prompt", "--view words --budget 1000", "--view table"):
                        compare(stage, line, outputs[0], f"{of}, of NDJSON")
                source = outputs[0]
                kinds.append((stage, source))
            for stage, source in kinds:
                for line in PICTURES if "plot" in options.only else ():
                    compare("plot", line, source, f"{of}, of nat-{stage}")
    if differ:
        print(f"{differ} differ: both outputs are in {told}")
    return bool(differ)


if __name__ == "__main__":
    sys.exit(main())
