"""Which model a name means: an alias, a model of the Hub, a folder in transformers' layout, a bundle of torchaudio.

A folder holds config.json, preprocessor_config.json and model.safetensors or pytorch_model.bin, as transformers writes
it. Code in it is never run, and only tensors are unpickled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from ...errors import Failure, UsageError
from ...files import display
from ...wire import Head, show
from .bundles import bundle
from .config import KINDS, Model, configure, flag, number
from .hub import WEIGHTS, hub
from .libraries import missing, shown

ALIASES = {
    "mert": "m-a-p/MERT-v1-95M",
    "mert-330m": "m-a-p/MERT-v1-330M",
    "wav2vec2": "facebook/wav2vec2-base",
    "hubert": "facebook/hubert-base-ls960",
}


def find(name: str, revision: str | None, offline: bool, normalize: bool | None, say: Callable[[str], None]) -> Model:
    """The model called `name`, fetched if need be. `normalize` None: as the model's folder says."""
    if revision and (name.startswith("torchaudio:") or (name not in ALIASES and Path(name).is_dir())):
        raise UsageError("--revision is for models of the Hub")
    if name.startswith("torchaudio:"):
        return bundle(name, offline, normalize, say)
    if name not in ALIASES and Path(name).is_dir():
        resolved = Path(name).resolve().name
        return folder(f"folder:{display(resolved)}", display(resolved), None, Path(name).joinpath, normalize)
    hub_id = ALIASES.get(name, name)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", hub_id):
        known = ", ".join(("spectral", "noise", *ALIASES))
        raise UsageError(
            f"expected {known}, torchaudio:BUNDLE, a folder, or a model of the Hub as OWNER/NAME, got --model {name}"
        )
    try:
        path = hub(hub_id, revision, offline, normalize is not None, say)
    except ImportError as error:
        raise missing("huggingface_hub", error) from None
    return folder(name, hub_id, path("config.json").parent.name, path, normalize)


def folder(name: str, known: str, revision: str | None, path: Callable[[str], Path], normalize: bool | None) -> Model:
    """The model in a folder; `path` gives the place of each of its files."""
    place = path("config.json")
    settings = read(place)
    kind = settings.get("model_type")
    if kind not in KINDS:
        raise Failure(f"{shown(place)}: expected a model_type of {', '.join(KINDS)}, got {show(kind)}")
    try:
        config = configure(settings, kind)
        sample_rate = number(settings, "sample_rate", 16000, 8000, 768000)
        preprocessor = path("preprocessor_config.json")
        if preprocessor.exists():
            place = preprocessor
            about = read(preprocessor)
            sample_rate = number(about, "sampling_rate", sample_rate, 8000, 768000)
            if normalize is None:
                normalize = flag(about, "do_normalize", True)
    except ValueError as error:
        raise Failure(f"{shown(place)}: {error}") from None
    found = [file for file in map(path, WEIGHTS) if file.exists()]
    if not found:
        raise Failure(f"{shown(place.parent)}: expected {' or '.join(WEIGHTS)} in it, got neither")
    # transformers' own extractor normalizes unless told otherwise
    eps = 1e-7 if normalize is None or normalize else None
    return Model(name, known, revision, KINDS[kind], config, sample_rate, eps, found[0])


def read(path: Path) -> Head:
    """The JSON object in a file."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(1 << 20))
    except OSError as error:
        raise Failure(f"{shown(path)}: {error.strerror} (is it a model's folder?)") from None
    except ValueError as error:
        raise Failure(f"{shown(path)}: expected a JSON object ({error})") from None
    if not isinstance(found, dict):
        raise Failure(f"{shown(path)}: expected a JSON object, got {show(found)}")
    return found
