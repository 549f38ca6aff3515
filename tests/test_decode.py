"""nat-decode: what comes out of real files, odd ones and broken ones."""

from __future__ import annotations

import numpy as np
from helpers import records, sh, stream, tone, wav


def item(data: bytes, form: str = "unknown", name: str = "x") -> bytes:
    """A `bytes` stream of one item."""
    blocks = [({"event": "data"}, data[at : at + 65536]) for at in range(0, len(data), 65536)]
    return stream({"event": "header", "kind": "bytes", "name": name, "format": form}, *blocks,
                  {"event": "end", "size": len(data)}, {"event": "close"})


def test_wav() -> None:
    sound = tone()
    head, *blocks, end, _ = records(sh("nat-decode", item(wav(sound), "wav")).stdout)
    got = np.frombuffer(b"".join(block.payload for block in blocks), "<f4")
    assert head.head["sample_rate"] == 44100 and end.head["samples"] == 44100
    assert np.abs(got - sound).max() < 1e-4
