"""Finding the weights of a pretrained encoder, fetching them, and checking that they are what its settings say.

A model is a folder of config.json, preprocessor_config.json and model.safetensors or pytorch_model.bin, as transformers
writes it, given as such or by its name on the Hub; or one of torchaudio's bundles. What lies in huggingface_hub's and
torch.hub's caches is used without a call. Code in a folder is never run, and nothing is unpickled but tensors.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EROFS
from pathlib import Path
from typing import Any

from ...cli import Failure, UsageError, display
from ...wire import Head, show

ALIASES = {
    "mert": "m-a-p/MERT-v1-95M",
    "mert-330m": "m-a-p/MERT-v1-330M",
    "wav2vec2": "facebook/wav2vec2-base",
    "hubert": "facebook/hubert-base-ls960",
}
KINDS = {"mert_model": "mert", "wav2vec2": "wav2vec2", "hubert": "hubert"}  # by model_type of config.json
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
SETUP = "make setup-neural, or pip install '.[neural]' in the checkout"
TORCHAUDIO = "https://download.pytorch.org/torchaudio/models/"
POSITION = "encoder.pos_conv_embed.conv"
# Weights beside the network: what pre-training and fine-tuning put on top of it.
HEADS = re.compile(
    r"masked_spec_embed$|(quantizer|project_q|project_hid|lm_head|classifier|projector|final_proj|aux|adapter"
    r"|mask_generator|logit_generator|label_embeddings)\.|label_embs_concat$|layer_weights$"
)


@dataclass(frozen=True)
class Config:
    """What the weights' shapes depend on, and how they are used."""

    hidden: int  # width of a hidden state
    layers: int
    heads: int
    inner: int  # width inside the feed-forward part of a layer
    channels: tuple[int, ...]  # of each convolution
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    conv_bias: bool
    group_norm: bool  # one norm over time after the first convolution; else one over channels after each
    project_norm: bool  # a norm between convolutions and projection
    pre_norm: bool  # norms before attention and feed-forward, not after
    position_kernel: int
    position_groups: int
    eps: float  # of the transformer's norms

    @property
    def stride(self) -> int:
        """Samples from one frame to the next."""
        return math.prod(self.strides)

    @property
    def reach(self) -> int:
        """Samples that a frame is made of."""
        size = 1
        for kernel, stride in zip(self.kernels[::-1], self.strides[::-1], strict=True):
            size = (size - 1) * stride + kernel
        return size

    def frames(self, samples: int) -> int:
        """How many frames so many samples have."""
        return max(0, (samples - self.reach) // self.stride + 1)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The weights by name, as transformers names them, and their shapes; weight norm is multiplied out."""
        found: dict[str, tuple[int, ...]] = {}

        def affine(name: str, *shape: int, bias: bool = True) -> None:
            found[f"{name}.weight"] = shape
            if bias:
                found[f"{name}.bias"] = shape[:1]

        inputs = (1, *self.channels)
        for i, (width, kernel) in enumerate(zip(self.channels, self.kernels, strict=True)):
            name = f"feature_extractor.conv_layers.{i}"
            affine(f"{name}.conv", width, inputs[i], kernel, bias=self.conv_bias)
            if i == 0 or not self.group_norm:
                affine(f"{name}.layer_norm", width)
        if self.project_norm:
            affine("feature_projection.layer_norm", inputs[-1])
        affine("feature_projection.projection", self.hidden, inputs[-1])
        affine(POSITION, self.hidden, self.hidden // self.position_groups, self.position_kernel)
        affine("encoder.layer_norm", self.hidden)
        for i in range(self.layers):
            name = f"encoder.layers.{i}"
            for part in ("q", "k", "v", "out"):
                affine(f"{name}.attention.{part}_proj", self.hidden, self.hidden)
            affine(f"{name}.layer_norm", self.hidden)
            affine(f"{name}.feed_forward.intermediate_dense", self.inner, self.hidden)
            affine(f"{name}.feed_forward.output_dense", self.hidden, self.inner)
            affine(f"{name}.final_layer_norm", self.hidden)
        return found


@dataclass(frozen=True)
class Model:
    """A model that was found."""

    name: str  # what the user called it
    id: str  # on the Hub, or torchaudio's name, or the folder's
    revision: str | None  # the Hub's commit
    kind: str  # of KINDS' values
    config: Config
    sample_rate: int
    normalize: float | None  # each window to mean 0 and variance 1; this is added to the variance
    path: Path  # of the file with the weights


def find(name: str, revision: str | None, offline: bool, normalize: bool | None, say: Callable[[str], None]) -> Model:
    """The model called `name`, fetched where it has to be. `normalize` None: as the model's folder has it."""
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


# A folder in transformers' layout.


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


def configure(settings: Head, kind: str) -> Config:
    """The Config that settings of config.json mean, defaults as in transformers. Raises ValueError."""
    for key, only in UNSUPPORTED.items():
        if settings.get(key, only) != only:
            raise ValueError(f"{key}: expected {show(only)}, got {show(settings[key])}, which is not built in")
    norm = settings.get("feat_extract_norm", "group")
    if norm not in ("group", "layer"):
        raise ValueError(f"feat_extract_norm: expected group or layer, got {show(norm)}")
    channels, kernels, strides = (numbers(settings, *default) for default in CONVOLUTIONS)
    if not len(channels) == len(kernels) == len(strides):
        raise ValueError("expected conv_dim, conv_kernel and conv_stride of one length")
    eps = settings.get("layer_norm_eps", 1e-5)
    if not isinstance(eps, float) or not 0 < eps < 1:
        raise ValueError(f"layer_norm_eps: expected a number between 0 and 1, got {show(eps)}")
    config = Config(
        hidden=number(settings, "hidden_size", 768, 1, 1 << 15),
        layers=number(settings, "num_hidden_layers", 12, 1, 1000),
        heads=number(settings, "num_attention_heads", 12, 1, 1000),
        inner=number(settings, "intermediate_size", 3072, 1, 1 << 17),
        channels=channels,
        kernels=kernels,
        strides=strides,
        conv_bias=flag(settings, "conv_bias", False),
        group_norm=norm == "group",
        project_norm=kind == "wav2vec2" or flag(settings, "feat_proj_layer_norm", True),
        pre_norm=flag(settings, "do_stable_layer_norm", False),
        position_kernel=number(settings, "num_conv_pos_embeddings", 128, 1, 4096),
        position_groups=number(settings, "num_conv_pos_embedding_groups", 16, 1, 1000),
        eps=eps,
    )
    for key, count in (
        ("num_attention_heads", config.heads),
        ("num_conv_pos_embedding_groups", config.position_groups),
    ):
        if config.hidden % count:
            raise ValueError(f"{key}: expected a divisor of hidden_size {config.hidden}, got {count}")
    return config


# What would change the numbers, and the one value that does not.
UNSUPPORTED: Head = {
    "hidden_act": "gelu", "feat_extract_activation": "gelu", "conv_pos_batch_norm": False, "adapter_attn_dim": None,
    "deepnorm": False, "feature_extractor_cqt": False,
}  # fmt: skip
CONVOLUTIONS = (
    ("conv_dim", (512,) * 7, 1 << 13),
    ("conv_kernel", (10, 3, 3, 3, 3, 2, 2), 1000),
    ("conv_stride", (5, 2, 2, 2, 2, 2, 2), 1000),
)


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


def number(settings: Head, key: str, default: int, low: int, high: int) -> int:
    """A whole number of the settings. Raises ValueError."""
    value = settings.get(key, default)
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{key}: expected a whole number from {low} to {high}, got {show(value)}")
    return value


def numbers(settings: Head, key: str, default: tuple[int, ...], high: int) -> tuple[int, ...]:
    """A list of whole numbers of the settings. Raises ValueError."""
    value = settings.get(key, default)
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 20:
        raise ValueError(f"{key}: expected a list of 1 to 20 numbers, got {show(value)}")
    return tuple(number({key: entry}, key, 0, 1, high) for entry in value)


def flag(settings: Head, key: str, default: bool) -> bool:
    """True or false of the settings. Raises ValueError."""
    value = settings.get(key, default)
    if not isinstance(value, bool):
        raise ValueError(f"{key}: expected true or false, got {show(value)}")
    return value


# The Hub.


def hub(
    hub_id: str, revision: str | None, offline: bool, normalize: bool, say: Callable[[str], None]
) -> Callable[[str], Path]:
    """Where each file of a model lies in huggingface_hub's cache, fetched first where something is missing."""
    import huggingface_hub as hf

    optional = () if normalize else ("preprocessor_config.json",)  # what is in it is known without it

    def cached(file: str) -> str | None:
        """Its path, "" where the Hub is known to have none, None where that is not known."""
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


def announce(name: str, size: int, licence: str, place: str, variable: str, say: Callable[[str], None]) -> None:
    """Tell what is about to be fetched; raise Failure where the disk has no room for it."""
    import shutil

    above = next(folder for folder in (Path(place), *Path(place).parents) if folder.exists())
    free = shutil.disk_usage(above).free
    if free < size:
        raise Failure(f"{name} takes {size / 1e6:.3g} MB, {shown(place)} has room for {free / 1e6:.3g} "
                      f"({variable} says where else)")  # fmt: skip
    say(f"fetching {name}, {size / 1e6:.3g} MB, licence: {licence}, into {shown(place)}")


@contextmanager
def boundary(name: str, place: str, variable: str) -> Iterator[None]:
    """Turn whatever a library's download raises into a Failure that says what to do."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT, EFBIG, EROFS, EACCES):
            raise Failure(f"{name}: {error.strerror} in {shown(place)} ({variable} says where else)") from None
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise Failure(f"{name} could not be fetched: {type(error).__name__}: {lines[0]}") from None


# torchaudio's bundles.


def bundle(name: str, offline: bool, normalize: bool | None, say: Callable[[str], None]) -> Model:
    """The model of torchaudio.pipelines that `name` (torchaudio:NAME) names."""
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


# The weights themselves.


class Weights:
    """The tensors of a file by the names of Config.shapes, read when they are asked for."""

    def __init__(self, model: Model):
        self.path = model.path
        self.digest = digest(model.path)
        self.torch = library("torch")
        try:
            self.shapes, self.tensor = self.open()
        except Exception as error:  # of whatever kind: it is their parsers' word that the file is not what it should be
            if starved(error):
                raise
            if isinstance(error, OSError) and error.strerror:
                raise Failure(f"{shown(self.path)}: {error.strerror}") from None
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise Failure(f"{shown(self.path)}: expected a file of tensors, whole, got: {first[:200]}") from None
        self.names: dict[str, tuple[str, ...]] = {}
        self.check(model.config.shapes())

    @property
    def sha256(self) -> str:
        """Of the file."""
        return self.digest.result()

    def __call__(self, name: str) -> Any:
        """The tensor `name`. Raises Failure where it holds what is no number."""
        keys = self.names[name]
        tensor = self.tensor(keys[0])
        if len(keys) == 2:  # weight norm: length and direction
            tensor = self.torch._weight_norm(self.tensor(keys[1]).float(), tensor.float(), 2)
        if not self.torch.isfinite(tensor).all():
            raise Failure(f"{shown(self.path)}: {keys[0]}: expected finite weights, got NaN or infinity")
        return tensor

    def open(self) -> tuple[dict[str, tuple[int, ...]], Callable[[str], Any]]:
        """The shape of each tensor, and how to get it."""
        if self.path.suffix == ".safetensors":
            from safetensors import safe_open

            file: Any = safe_open(self.path, "pt")  # type: ignore[no-untyped-call, unused-ignore]
            return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}, file.get_tensor  # noqa: SIM118
        import zipfile

        mapped = zipfile.is_zipfile(self.path)  # files from before torch 1.6 are not, and can't be mapped
        found = self.torch.load(self.path, map_location="cpu", weights_only=True, mmap=mapped)
        tensors = {key: value for key, value in found.items() if isinstance(value, self.torch.Tensor)}
        return {key: tuple(tensor.shape) for key, tensor in tensors.items()}, tensors.__getitem__

    def check(self, wanted: dict[str, tuple[int, ...]]) -> None:
        """Find the keys for all names that are `wanted`. Raises Failure for what is missing, too much, or misshapen."""
        extra, wrong = [], []
        for key, shape in self.shapes.items():
            name = rename(key)
            if name in (f"{POSITION}.weight_g", f"{POSITION}.weight_v"):
                kept = self.names.get(f"{POSITION}.weight", ("", ""))
                pair = (key, kept[-1]) if name.endswith("g") else (kept[0], key)
                length, whole = (1, 1, wanted[f"{POSITION}.weight"][2]), wanted[f"{POSITION}.weight"]
                expected, name = (length if name.endswith("g") else whole), f"{POSITION}.weight"
                self.names[name] = pair
            elif name in wanted and name not in self.names:
                expected = wanted[name]
                self.names[name] = (key,)
            else:
                if name in wanted or not HEADS.match(name):
                    extra.append(key)
                continue
            if shape != expected:
                wrong.append(f"{key} {list(shape)} (expected {list(expected)})")
        lacking = [name for name in wanted if not all(self.names.get(name, ("",)))]
        found = [("missing", lacking), ("of another shape", wrong), ("too many", extra)]
        if any(keys for _, keys in found):
            told = "; ".join(f"{len(keys)} {what}: {listed(keys)}" for what, keys in found if keys)
            raise Failure(f"{shown(self.path)}: the weights do not fit the model's settings: {told}")


def rename(key: str) -> str:
    """The name in Config.shapes, or of a part of weight norm, that a published key stands for."""
    name = re.sub(r"^(wav2vec2|hubert|mert_model|mert|model)\.", "", key)
    name = re.sub(r"^encoder\.(transformer\.|(?=feature_projection\.))", lambda m: "encoder." if m[1] else "", name)
    name = name.replace(".parametrizations.weight.original0", ".weight_g")
    return name.replace(".parametrizations.weight.original1", ".weight_v")


def starved(error: Exception) -> bool:
    """Did memory not suffice? Each library has its own way to say so."""
    return isinstance(error, MemoryError) or bool(re.search("alloc|memory|create a primitive", str(error).lower()))


def listed(keys: list[str]) -> str:
    """Some of the keys."""
    return ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


def digest(path: Path) -> Future[str]:
    """The file's SHA-256, computed beside whatever comes next."""
    import hashlib
    from threading import Thread

    future: Future[str] = Future()

    def work() -> None:
        try:
            with path.open("rb") as file:
                future.set_result(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            future.set_exception(Failure(f"{shown(path)}: {error.strerror}"))

    Thread(target=work, daemon=True).start()
    return future


def library(name: str) -> Any:
    """Import what is needed only here. Raises Failure that says how to get it."""
    import importlib

    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise missing(name, error) from None


def missing(name: str, error: Exception) -> Failure:
    """What to say where a library is not there or can't be loaded."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    why = (
        "is not installed"
        if isinstance(error, ModuleNotFoundError) and error.name == name
        else f"can't load ({lines[0]})"
    )
    return Failure(f"{name} is needed for this and {why}: {SETUP}")


def shown(path: Path | str) -> str:
    """A path as a message can bear it."""
    return display(str(path))
