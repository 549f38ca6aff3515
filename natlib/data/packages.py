"""Sounds of free licence from Debian's packages, for the corpus of the shipped codebook: packages.py FOLDER.

Downloads each package (apt-get, dpkg-deb) and copies its sounds to FOLDER/PACKAGE. Music is left out, of which a corpus
has enough, and voices in other languages than the first.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = {  # and their licences, as Debian's copyright files have them
    "bzflag-data": "LGPL 2.1 or MPL",
    "colobot-common-sounds": "GPL 3",
    "freedroidrpg-data": "GPL 2 and 3, CC0",
    "hedgewars-data": "GPL 2, GFDL 1.3, CC BY-SA 3.0",
    "lincity-ng-data": "GPL 2",
    "minetest-data": "LGPL 2.1, CC BY-SA 3.0 and 4.0",
    "oxygen-sounds": "LGPL 3",
    "pingus-data": "GPL 3",
    "searchandrescue-data": "GPL 2",
    "sonic-pi-samples": "CC0",
    "supertux-data": "GPL 2 and 3, CC BY-SA 3.0",
    "tuxpaint-data": "GPL 2",
    "unknown-horizons": "GPL 2, CC BY-SA 3.0",
    "wesnoth-1.16-data": "GPL 2, CC BY-SA 4.0",
    "widelands-data": "GPL 2, CC BY-SA 3.0",
    "xmoto-data": "GPL 2 and its kin",
}
SOUNDS = {".flac", ".ogg", ".wav"}
LEFT_OUT = {"music", "Music"}  # folders
VOICES, FIRST = "voices", "Default"  # a folder, and that in it which is kept


def wanted(path: Path) -> bool:
    """Is it a sound that the corpus has?"""
    folders = path.parts[:-1]
    other = VOICES in folders and FIRST not in folders
    return path.suffix in SOUNDS and not LEFT_OUT & {*folders} and not other


def main(folder: Path) -> None:
    """Fill the folder."""
    with tempfile.TemporaryDirectory() as temporary:
        for package in PACKAGES:
            place = Path(temporary, package)
            place.mkdir()
            subprocess.run(["apt-get", "download", "-qq", package], cwd=place, check=True)
            subprocess.run(["dpkg-deb", "-x", *place.glob("*.deb"), place / "files"], check=True)
            for path in sorted((place / "files").rglob("*")):
                name = path.relative_to(place / "files")
                if path.is_file() and wanted(name):
                    to = folder / package / name
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, to)
            shutil.rmtree(place)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: packages.py FOLDER")
    main(Path(sys.argv[1]))
