"""How well music is heard: `make bench-music [SEED=n] [PIECES=n] [TRUTH=folder] [FONT=file]`.

Composes pieces whose truth is known (or takes NAME.wav with NAME.json of a folder), plays them through the pipe, and
leaves for each what was heard, NAME.heard.json, in out/bench/music: a truth's keys (pieces.py), absent where not told;
notes, strokes and voice from the measures on the wire, everything else from the NDJSON alone. Prints means over pieces
with their standard errors, beside librosa's and aubio's answers and the constant answer: 120 beats a minute, 4 in a
bar, "A B A", C major. What is not told counts as wrong; "-" where it is told of no piece.

Then a line for each variant of the pieces: a tempo that drifts, timing as people play, reverberation, noise, another
sound font; and for music that people wrote. Then how well singing is told from the band alone, over ../shared/songs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from . import others, play, repertoire, score, songs, table
from .hear import ROOT, hear
from .repertoire import Order
from .table import Result

OUT = ROOT / "out/bench/music"


def heard(order: Order, beside: bool) -> Result:
    """Make a sound, hear it, score it; if it is a piece as it is, `beside` others."""
    sound = repertoire.make(order)
    kept = order.folder / sound.name
    answer = hear(sound.wav, Path(f"{kept}.heard.ndjson"))
    Path(f"{kept}.heard.json").write_text(json.dumps(answer))
    rate, count = answer["frames"]["rate"], answer["frames"]["count"]
    told = {"nat": score.scores(sound.truth, answer)}
    if sound.variant == "plain":
        answers = others.answers(sound.wav, Path(f"{kept}.others.json"), count) if beside else {}
        answers["constant"] = others.constant(count)
        told |= {who: score.scores(sound.truth, each) for who, each in answers.items()}
    right = score.scores(sound.truth, score.itself(sound.truth, rate, count))
    odd = [f"{sound.name}: the truth itself scores {value:.3f} in {name}"
           for name, value in right.items() if value < 0.9995 and name != "strokes_none"]  # fmt: skip
    return Result(sound.name, sound.variant, sound.of, told, odd)


def progress(results: Iterable[Result], count: int) -> list[Result]:
    """All results; a terminal shows how many are there."""
    done = []
    for result in results:
        done.append(result)
        if sys.stderr.isatty():
            print(f"\r{len(done)} of {count} {result.name:30}", end="\r", file=sys.stderr, flush=True)
    return done


def ordered(options: argparse.Namespace) -> list[Order]:
    """The sounds that are asked for."""
    if options.truth:
        folder = OUT / f"truth-{options.truth.resolve().name}"
        folder.mkdir(parents=True, exist_ok=True)
        return repertoire.folder_of(options.truth, folder)
    font, other = repertoire.fonts(options.font)
    folder = OUT / f"seed-{options.seed}-{re.sub('[^A-Za-z0-9]', '', font.stem)}"
    folder.mkdir(parents=True, exist_ok=True)
    variants = options.variants.split()
    if wrong := set(variants) - {*repertoire.VARIANTS, "none"}:
        raise SystemExit(
            f"make: VARIANTS: {' '.join(sorted(wrong))}: there are {' '.join(repertoire.VARIANTS)}, or none"
        )
    pieces = repertoire.orders(folder, options.seed, options.pieces, variants, font, other)
    return pieces + repertoire.written(folder, options.seed, options.people, options.midi, font)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn")
    parser.add_argument("--pieces", type=int, default=12, help="that are composed")
    parser.add_argument("--truth", type=Path, help="a folder of NAME.wav with NAME.json, instead")
    parser.add_argument("--font", default="", help=f"sound font; {play.FONTS[0]}")
    parser.add_argument("--variants", default="", help="of each piece, or none; one of each in turn unless named")
    parser.add_argument("--people", type=int, default=4, help="scores of music21's corpus, and as many MIDI files")
    parser.add_argument("--midi", type=Path, help="a folder of MIDI files; those of Debian's packages")
    parser.add_argument("--songs", type=int, default=99, help="at most so many of ../shared/songs")
    parser.add_argument("--alone", action="store_true", help="without the answers of librosa and aubio")
    parser.add_argument("--jobs", type=int, default=2, help="that run at a time")
    options = parser.parse_args()
    began, orders = time.monotonic(), ordered(options)
    if not options.alone:
        others.compiled()
    with ProcessPoolExecutor(options.jobs) as pool:
        results = progress(pool.map(partial(heard, beside=not options.alone), orders), len(orders))
        plain = [each for each in results if each.variant == "plain"]
        for note in (note for each in results for note in each.notes):
            print(note)
        print(f"{len(plain)} pieces as they are of {orders[0].folder.relative_to(ROOT)}: mean and standard error")
        print(*table.answers(plain), sep="\n", flush=True)
        found = songs.songs()[: options.songs]
        if options.songs and not found:
            print(f"(not there: songs at {songs.SONGS})")
        voices = list(pool.map(songs.scores, found))
    if voices:
        print(*table.songs(voices), sep="\n")
    if len(results) > len(plain):
        print("\nvariants: nat's scores (those of the same pieces as they are)", *table.variants(results), sep="\n")
    told = {each.name: each.scores for each in results} | dict(zip([each.stem for each in found], voices, strict=True))
    (orders[0].folder / "scores.json").write_text(json.dumps(told, indent=1) + "\n")
    print(
        f"{len(results)} sounds, {len(voices)} songs, {time.monotonic() - began:.0f} s; all scores: scores.json there"
    )


if __name__ == "__main__":
    main()
