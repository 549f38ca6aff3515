"""Header and end of an item as nat-pack writes them: whole, or without where it came from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ..wire import Head
from .layers import ENCODINGS, Layout, encodings
from .measures import Table
from .statistics import Statistics

# What a reader of the text needs; the other fields tell where it came from.
HEADER = ("event", "nat", "kind", "item", "name", "raw", "random", "t0", "sample_rate", "frame_rate", "layers")
END = ("event", "seconds", "damaged", "reason", "frames", "stats")


class Origin(NamedTuple):
    """What is told of where an item came from: fields of its header and of its end, layers with their statistics."""

    header: Collection[str]
    end: Collection[str]
    layers: Collection[int]

    @staticmethod
    def of(head: Head, end: Head, layers: Sequence[int], share: float = 1.0) -> Origin:
        """A share of it, from 0 to 1."""
        fields = [key for key in head if key not in (*HEADER, "measures", "pack")]
        ends = [key for key in end if key not in END]
        count = round(share * (len(fields) + len(ends) + len(layers)))
        rest = max(0, count - len(fields))
        return Origin(fields[:count], ends[:rest], layers[: max(0, rest - len(ends))])


def header(head: Head, pack: Head, layers: Sequence[int], encoding: str, origin: Origin) -> Head:
    """The header, without measures: `pack` stands near the front; a layer names its encoding if it is not delta."""
    names = [str(layer.get("name")) for layer in head["layers"]]
    chosen = encodings(encoding, names)
    told = [
        {key: value for key, value in head["layers"][j].items() if key != "encoding"}
        | ({"encoding": chosen[j]} if chosen[j] != ENCODINGS[0] else {})
        for j in layers
    ]
    added = {"kind": "ndjson", "layers": told}
    kept: Head = {key: added.get(key, value) for key, value in head.items() if key in HEADER or key in origin.header}
    first: Head = {key: kept[key] for key in ("event", "nat", "kind", "item") if key in kept}
    return {**first, "pack": pack, **kept}


def end(head: Head | None, statistics: Statistics, stats: Head, origin: Origin) -> Head:
    """The end with the totals of the stages before, the number of frames, and what was counted."""
    head = {key: value for key, value in (head or {"event": "end"}).items() if key in END or key in origin.end}
    if origin.layers:
        stats = {"by_layer": statistics.by_layer([*origin.layers]), **stats}
    return {**head, "frames": statistics.frames, "stats": stats}


def scenes(seconds: float, table: Table) -> Head:
    """What `pack` says of scenes: how long one is, and where the values of its lists begin and the last one ends."""
    return {"scene_seconds": seconds, **table.grids}


def tag(head: Head, named: bool) -> Head:
    """What ties a line to its item: the number of any item but the first; the name, if it is asked for."""
    number = {"item": item} if type(item := head.get("item")) is int and item > 0 else {}
    return number | ({"name": str(head.get("name", ""))} if named else {})


def missing(layout: Layout, kept: Collection[int]) -> list[str]:
    """The layers that are not kept, in words."""
    gone = [name for j, name in enumerate(layout.names) if j not in kept]
    return [f"layers {' '.join(gone)}" if kept else "codes"] if gone else []


def samples(head: Head | None) -> int:
    """The samples that an end counts, 0 if it counts none."""
    count = (head or {}).get("samples")
    return count if type(count) is int else 0
