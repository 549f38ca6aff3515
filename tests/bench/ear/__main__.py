"""python -m bench.ear CORPUS [--count N] [--epochs N]: see the folder's page."""

from __future__ import annotations

import argparse
from pathlib import Path

from .examples import examples
from .fitting import tables

ROOT = Path(__file__).resolve().parents[3]
FONTS = [  # of Debian: musescore-general-soundfont-lossless, csound-soundfont; others are for benchmarks
    Path("/usr/share/sounds/sf2/MuseScore_General_Full.sf2"),
    Path("/usr/share/sounds/sf2/sf_GMbank.sf2"),
]


def main() -> None:
    from safetensors.numpy import save

    from . import material

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="sounds of kinds by folder, as for `make codebook`")
    parser.add_argument("--count", type=int, default=480, help="sounds that are made (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=8, help="times through them (default: %(default)s)")
    parser.add_argument("--seed", default="ear", help="of the material (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "natlib/data/ear.weights")
    options = parser.parse_args()
    folder = ROOT / "out/bench/ear/material"
    material.make(folder, options.count, options.seed, options.corpus, [font for font in FONTS if font.exists()])
    found = tables(examples(folder, options.corpus), options.epochs)
    options.out.write_bytes(save(dict(sorted(found.items()))))
    print(f"{options.out}: {sum(table.size for table in found.values())} numbers")


if __name__ == "__main__":
    main()
