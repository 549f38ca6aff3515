"""nat-quantize: feature rows to tokens, by residual vector quantization."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import cli, wire
from .cli import Failure, Item, Source
from .wire import Head, Record

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .rvq import Codebook, Reservoir

DATA = Path(__file__).with_name("data")
SAMPLE = 1 << 17  # rows that a codebook is fitted on, at most
SAMPLE_BYTES = 48 << 20
SHARE = 400  # of any one item


class Quantize(cli.Stage):
    name = "nat-quantize"
    reads = "features"
    makes = "tokens"
    summary = "Turn feature rows into tokens, by residual vector quantization."
    examples = (
        "nat-split dog.wav | nat-decode | nat-embed | nat-quantize > dog.tokens",
        "nat-split *.wav | nat-decode | nat-embed --model noise | nat-quantize --fit noise.safetensors",
    )

    @staticmethod
    def arguments(parser: ArgumentParser) -> None:
        parser.add_argument("--codebook", metavar="FILE", help="use this one (default: the one that ships for the model)")
        parser.add_argument("--fit", metavar="OUT", help="fit a codebook on the whole input and write it to OUT")
        parser.add_argument("--plain", action="store_true", help="leave the codes' introductions and the measures out")

    def __init__(self, options: Namespace):
        super().__init__(options)
        self.codebooks: dict[str, Codebook] = {}
        self.reservoir: Reservoir | None = None
        if options.fit:
            self.makes, self.text = "", True

    def process(self, item: Item) -> Iterator[Record | bytes]:
        return self.sample(item) if self.options.fit else self.tokens(item)

    def codebook(self, head: Head) -> Codebook:
        """The codebook for the stream with this header, given or shipped. Raises Failure."""
        from .rvq import MAX_FILE, Codebook, CodebookError

        model = head.get("model")
        shipped = isinstance(model, str) and re.fullmatch(r"[a-z0-9_-]+", model) is not None
        path = Path(self.options.codebook) if self.options.codebook else DATA / f"{model if shipped else ''}.safetensors"
        key = str(path)
        if key not in self.codebooks:
            try:
                with path.open("rb") as file:
                    self.codebooks[key] = Codebook.load(file.read(MAX_FILE))
            except OSError as error:
                raise Failure(f"{path}: {error.strerror}") from None
            except CodebookError as error:
                raise Failure(f"{path}: {error}") from None
        try:
            self.codebooks[key].check(head)
        except CodebookError as error:
            raise Failure(str(error)) from None
        return self.codebooks[key]

    def tokens(self, item: Item) -> Iterator[Record]:
        """The item's tokens, with an introduction before the first block that uses a code."""
        import numpy as np

        from .rvq import SLICE

        codebook = self.codebook(item.head)
        plain = self.options.plain
        layers = [{key: layer[key] for key in ("name", "type", "vocab")} for layer in codebook.meta["layers"]]
        about = {"name": codebook.meta["name"], "sha256": codebook.sha256}
        head = {**item.head, "layers": layers, "codebook": about}
        measures = [] if plain else head.get("measures", [])
        if plain:
            head.pop("measures", None)
        yield Record({**head, "kind": "tokens"})
        width = wire.row_size(item.head) // 4
        start = width - len(item.head.get("measures", []))
        introduce = None if plain else Introductions(codebook)
        frames = 0
        for record in item:
            if record.event != "data":
                yield record
                continue
            block = np.frombuffer(record.payload, "<f4").reshape(-1, width)
            for first in range(0, len(block), SLICE):
                rows = block[first : first + SLICE]
                if not np.isfinite(rows[:, :start]).all():
                    raise Failure(f"features that are not finite in the {len(rows)} frames from {frames}")
                codes = codebook.encode(rows)
                if introduce:
                    yield from introduce(codes)
                if measures:
                    numbers = np.nan_to_num(np.rint(rows[:, start:]), nan=-32768)
                    codes = np.concatenate([codes, numbers.astype("<i2").view("<u2")], axis=1)
                yield cli.data(codes.astype("<u2").tobytes())
                frames += len(rows)
        yield cli.end(item, frames=frames)

    def sample(self, item: Item) -> Iterator[Record]:
        """Nothing comes out: the item's rows go into the reservoir."""
        import numpy as np

        from .rvq import Reservoir, describe

        width = wire.row_size(item.head) // 4
        if self.reservoir is None:
            limit = min(SAMPLE, SAMPLE_BYTES // (4 * width))
            self.head, self.reservoir = item.head, Reservoir(width, limit, SHARE, 1)
        elif describe(item.head) != describe(self.head):
            raise Failure(f"expected {describe(self.head)} as in the first item, got {describe(item.head)}")
        whole = False
        try:
            for record in item:
                if record.event == "data":
                    self.reservoir.add(np.frombuffer(record.payload, "<f4").reshape(-1, width))
            whole = True
        finally:
            self.reservoir.end(whole)
        yield from ()

    def finish(self) -> Iterator[Record | bytes]:
        if self.options.fit:
            from .rvq import CodebookError, fit

            if self.reservoir is None:
                raise Failure("no items to fit a codebook on")
            corpus = {"items": self.reservoir.items, "frames": self.reservoir.frames}
            try:
                codebook = fit(self.head, self.reservoir.sample(), {}, 1, corpus)
            except CodebookError as error:
                raise Failure(str(error)) from None
            Path(self.options.fit).write_bytes(codebook.raw)
            for layer in codebook.meta["layers"]:
                cli.complain(str(layer))
        yield from ()


class Introductions:
    """The `code` notes of one item: each code's, once."""

    def __init__(self, codebook: Codebook):
        self.layers = codebook.meta["layers"]
        self.tables = [table for stream in codebook.streams for table in stream.measures]
        self.measures = codebook.meta["measures"]
        self.seen: list[set[int]] = [set() for _ in self.layers]

    def __call__(self, codes: Any) -> Iterator[Record]:
        for layer, table, seen, column in zip(self.layers, self.tables, self.seen, codes.T, strict=False):
            for code in sorted(set(column.tolist()) - seen):
                seen.add(code)
                said = {m["name"]: round(v, 2) for m, v in zip(self.measures, table[code].tolist(), strict=True) if v == v}
                yield Record({"event": "code", "layer": layer["name"], "code": code, "measures": said})


def main() -> NoReturn:
    cli.main(Quantize)


if __name__ == "__main__":
    main()
