"""Bundles of torchaudio: settings in its code, weights in torch.hub's cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import Failure, UsageError
from ...wire import Head
from .config import Config, Model
from .download import announce, boundary
from .libraries import library, missing, shown

TORCHAUDIO = "https://download.pytorch.org/torchaudio/models/"


def bundle(name: str, offline: bool, normalize: bool | None, say: Callable[[str], None]) -> Model:
    """The model of torchaudio.pipelines that `name` (torchaudio:NAME) means."""
    torch = library("torch")
    try:
        import torchaudio.pipelines as pipelines
    except (ImportError, OSError) as error:
        raise missing("torchaudio", error) from None
    title = name.removeprefix("torchaudio:")
    found: Any = getattr(pipelines, title, None)
    if getattr(found, "_model_type", None) != "Wav2Vec2":
        known = [
            key for key in sorted(vars(pipelines)) if getattr(vars(pipelines)[key], "_model_type", "") == "Wav2Vec2"
        ]
        raise UsageError(f"expected torchaudio: and one of {', '.join(known)}, got --model {name}")
    settings: Head = found._params
    channels, kernels, strides = zip(*settings["extractor_conv_layer_config"], strict=True)
    config = Config(
        hidden=settings["encoder_embed_dim"],
        layers=settings["encoder_num_layers"],
        heads=settings["encoder_num_heads"],
        inner=settings["encoder_ff_interm_features"],
        channels=channels,
        kernels=kernels,
        strides=strides,
        conv_bias=settings["extractor_conv_bias"],
        group_norm=settings["extractor_mode"] == "group_norm",
        project_norm=True,
        pre_norm=settings["encoder_layer_norm_first"],
        position_kernel=settings["encoder_pos_conv_kernel"],
        position_groups=settings["encoder_pos_conv_groups"],
        eps=1e-5,
    )
    path = Path(torch.hub.get_dir(), "checkpoints", Path(found._path).name)
    if not path.exists():
        if offline:
            raise Failure(f"{name} is not at {shown(path)}, and --offline was asked for")
        licence = "CC-BY-NC 4.0" if title.startswith(("VOXPOPULI", "MMS")) else "MIT"
        with boundary(name, str(path.parent), "TORCH_HOME"):
            download(name, found._path, path, licence, say)
    wanted = found._normalize_waveform if normalize is None else normalize
    kind = "hubert" if title.startswith("HUBERT") else "wav2vec2"
    return Model(name, name, None, kind, config, int(found.sample_rate), 1e-5 if wanted else None, path)


def download(name: str, address: str, path: Path, licence: str, say: Callable[[str], None]) -> None:
    """Fetch one file, whole or not at all."""
    from urllib.request import Request, urlopen

    torch = library("torch")
    address = address if address.startswith("http") else TORCHAUDIO + address
    with urlopen(Request(address, method="HEAD"), timeout=30) as head:
        size = int(head.headers["Content-Length"])
    announce(name, size, licence, str(path.parent), "TORCH_HOME", say)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        torch.hub.download_url_to_file(address, str(part), progress=sys.stderr.isatty())
        if part.stat().st_size != size:
            raise Failure(f"{name} could not be fetched: expected {size} bytes, got {part.stat().st_size}")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
