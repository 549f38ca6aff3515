"""Which view shows which kind of stream."""

from __future__ import annotations

from collections.abc import Callable

from .. import runtime
from ..caveats import Caveats
from ..errors import Failure, Upstream
from ..wire import Record, show
from .base import View
from .bytes import Bytes
from .downsample import WHOLE, Zoom
from .features import Features
from .ndjson import Ndjson
from .pcm import Pcm
from .tokens import Tokens

VIEWS: dict[str, type[View]] = {"bytes": Bytes, "pcm": Pcm, "features": Features, "tokens": Tokens, "ndjson": Ndjson}


def gather(
    item: runtime.Item, zoom: Zoom = WHOLE, also: Callable[[Record], None] | None = None
) -> tuple[View, Exception | None]:
    """The view of `item`, and what went wrong with it, if anything did. `also` is called with every record."""
    view = View(item.head)
    error: Exception | None = None
    try:
        kind = VIEWS.get(item.head["kind"])
        if kind is None:
            raise Failure(f"expected a stream of {', '.join(VIEWS)}, got {show(item.head['kind'])}")
        view = Pcm(item.head, zoom) if kind is Pcm else kind(item.head)
        caveats = Caveats(item.head)
        for record in item:
            view.add(record)
            caveats.note(record.head)
            if also:
                also(record)
        view.end = item.end or {}
        view.limits = view.limits or caveats.all(item.end)
    except Upstream as failed:
        view.error = f"{failed.head.get('stage', 'an earlier stage')}: {failed.head.get('message', 'failed')}"
        error = failed
    except Failure as failed:
        view.error = str(failed)
        error = failed
    view.finish()
    return view, error
