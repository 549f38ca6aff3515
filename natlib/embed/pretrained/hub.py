"""Models of the Hub (huggingface_hub): what lies in its cache, and how the rest is fetched."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from ...errors import Failure
from .download import announce, boundary
from .libraries import shown

WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def hub(
    hub_id: str, revision: str | None, offline: bool, normalize: bool, say: Callable[[str], None]
) -> Callable[[str], Path]:
    """Where each file of a model lies in huggingface_hub's cache; what is missing is fetched first."""
    import huggingface_hub as hf

    optional = () if normalize else ("preprocessor_config.json",)  # what it says is known without it

    def cached(file: str) -> str | None:
        """Its path, "" if the Hub is known to have none, None if that is not known."""
        found = hf.try_to_load_from_cache(hub_id, file, revision=revision)
        return found if isinstance(found, str) else None if found is None else ""

    if not cached("config.json") or not any(map(cached, WEIGHTS)) or any(cached(file) is None for file in optional):
        if offline or hf.constants.HF_HUB_OFFLINE:
            asked = "--offline" if offline else "HF_HUB_OFFLINE"
            raise Failure(
                f"{hub_id} is not in {shown(hf.constants.HF_HUB_CACHE)}, or not whole, and {asked} was asked for"
            )
        with boundary(hub_id, hf.constants.HF_HUB_CACHE, "HF_HOME"):
            fetch(hub_id, revision, optional, say)
    place = Path(cached("config.json") or "").parent
    return place.joinpath


def fetch(hub_id: str, revision: str | None, optional: tuple[str, ...], say: Callable[[str], None]) -> None:
    """Fetch the files of a model into huggingface_hub's cache, and say how large they are and under which licence."""
    import huggingface_hub as hf

    if not sys.stderr.isatty():
        hf.utils.disable_progress_bars()
    info = hf.HfApi().model_info(hub_id, revision=revision, files_metadata=True, timeout=30)
    sizes = {entry.rfilename: entry.size or 0 for entry in info.siblings or ()}
    weights = next((file for file in WEIGHTS if file in sizes), None)
    if weights is None or "config.json" not in sizes:
        raise Failure(f"{hub_id}: expected config.json and {' or '.join(WEIGHTS)} on the Hub, got {', '.join(sizes)}")
    files = ["config.json", *optional, weights]
    wanted = [file for file in files if file in sizes]
    licence = (info.card_data or {}).get("license") or "not stated"
    announce(hub_id, sum(sizes[file] for file in wanted), str(licence), hf.constants.HF_HUB_CACHE, "HF_HOME", say)
    for file in files:
        try:
            hf.hf_hub_download(hub_id, file, revision=revision)
        except hf.errors.EntryNotFoundError:  # the cache remembers that, too
            if file in wanted:
                raise
