"""python -m bench.leadsheet CORPUS [--count N] [--epochs N]: see the folder's page."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..ear.__main__ import FONTS

ROOT = Path(__file__).resolve().parents[3]


def main() -> None:
    from safetensors.numpy import save

    from . import material
    from .fitting import tables

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="sounds of kinds by folder, as for `make codebook`")
    parser.add_argument("--count", type=int, default=1400, help="sounds that are made (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=50, help="of the pulse (default: %(default)s)")
    parser.add_argument("--seed", default="leadsheet", help="of the material (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "natlib/data/music.weights")
    options = parser.parse_args()
    folder = ROOT / "out/bench/leadsheet/material"
    files = material.make(folder, options.count, options.seed, options.corpus, FONTS)
    found = tables(files, options.epochs)
    part = options.out.with_suffix(".part")
    part.write_bytes(save(found))
    os.replace(part, options.out)
    print(f"{options.out}: {sum(table.size for table in found.values())} numbers")


if __name__ == "__main__":
    main()
