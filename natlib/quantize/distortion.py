"""What quantization leaves over: python -m natlib.quantize.distortion FEATURES TOKENS, as JSON on standard output.

For each layer: what is left of the squared distance from the mean, as a share of that in the codebook's corpus; null if
the codebook that made the tokens is not one of those that ship.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import orjson
from numpy.typing import NDArray

from .. import wire
from ..files import records
from ..wire import Head, Record
from .codebook import Codebook
from .codebooks import DATA


def shipped(head: Head) -> Codebook | None:
    """The codebook that made the tokens with this header, if it is one of those that ship."""
    wanted = head["codebook"].get("sha256") if isinstance(head.get("codebook"), dict) else None
    books = (Codebook.load(path.read_bytes()) for path in sorted(DATA.glob("*.safetensors")))
    return next((book for book in books if book.sha256 == wanted), None)


def distortion(book: Codebook, features: Iterator[Record], codes: NDArray[np.uint16]) -> list[float | None]:
    """The shares. `codes` has shape (frames, layers)."""
    layers, frame = book.meta["layers"], 0
    left = np.zeros(len(layers))
    width = wire.row_size(next(features).head)
    for record in features:
        if record.event != "data":
            continue
        rows = np.frombuffer(record.payload, "<f4").reshape(len(record.payload) // width, -1)
        first = number = 0
        for quantizer in book.streams:
            rest = quantizer.projection.points(rows[:, first : first + quantizer.width])
            first += quantizer.width
            for layer in quantizer.layers:
                rest -= layer.codewords[codes[frame : frame + len(rows), number]]
                left[number] += (rest * rest).sum()
                number += 1
        frame += len(rows)
    tops = [next(other for other in layers if other["stream"] == layer["stream"]) for layer in layers]
    wholes = [frame * top["mean_square"] / top["distortion"] if top["distortion"] else 0.0 for top in tops]
    return [float(f"{rest / all_of:.4g}") if all_of else None for rest, all_of in zip(left, wholes, strict=True)]


def main(features: str, tokens: str) -> None:
    """Write the shares."""
    with open(tokens, "rb") as file:
        head, *rest = records(file)
    rows = np.frombuffer(b"".join(record.payload for record in rest if record.event == "data"), "<u2")
    layers = len(head.head["layers"])
    book = shipped(head.head)
    codes = rows.reshape(-1, wire.row_size(head.head) // 2)[:, :layers]
    with open(features, "rb") as file:
        result = distortion(book, records(file), codes) if book else [None] * layers
    print(orjson.dumps(result).decode())


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, wire.WireError) as error:
        sys.exit(f"natlib.quantize.distortion: {error}")
