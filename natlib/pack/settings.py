"""Which parts of an item are written, as the options ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import Failure
from .layers import Layout

if TYPE_CHECKING:
    from argparse import Namespace


class Settings(NamedTuple):
    """Which parts of an item are written."""

    layers: tuple[int, ...]  # indices of those kept
    scene: float  # seconds that a scene measures, 0 for no scenes and no sounds
    keyframe: float  # seconds between keyframes, 0 for the first line only
    introduce: bool  # are codes introduced?
    brief: bool  # without where it came from, as in a prompt?
    stats: bool  # are figures of each layer told in the end?
    every: bool  # are scenes and sounds told that say nothing new?


def settings(layout: Layout, scene: float, options: Namespace) -> Settings:
    """What `options` ask for, if scenes of the item have `scene` seconds. Raises Failure for unknown layers."""
    wanted = options.layers.split(",") if options.layers else layout.names
    if unknown := [name for name in wanted if name not in layout.names]:
        raise Failure(f"expected layers of {' '.join(layout.names)}, got {' '.join(unknown)}")
    if options.prompt and not options.layers:
        wanted = [name for j, name in enumerate(layout.names) if not layout.depth(j)]  # finer ones help no reader
    kept = tuple(j for j, name in enumerate(layout.names) if name in wanted)
    introduce = options.legend in ("first-use", "header") or (options.legend == "auto" and not scene)
    return Settings(kept, scene, options.keyframe_interval, introduce, options.prompt, options.stats, options.every)
