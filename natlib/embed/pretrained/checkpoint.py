"""The weights in a file: read when they are asked for, and checked against the settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ...errors import Failure
from .config import POSITION, Model
from .libraries import library, shown, starved

# Weights that are no part of the network: what pre-training and fine-tuning put on top of it.
HEADS = re.compile(
    r"masked_spec_embed$|(quantizer|project_q|project_hid|lm_head|classifier|projector|final_proj|aux|adapter"
    r"|mask_generator|logit_generator|label_embeddings)\.|label_embs_concat$|layer_weights$"
)


class Weights:
    """The tensors of a file by the names of Config.shapes, read when they are asked for."""

    def __init__(self, model: Model):
        self.path = model.path
        self.digest = digest(model.path)
        self.torch = library("torch")
        try:
            self.shapes, self.tensor = self.open()
        except Exception as error:  # of any kind: whatever a parser raises, the file is not what it should be
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
        """The file's SHA-256."""
        return self.digest.result()

    def __call__(self, name: str) -> Any:
        """The tensor `name`. Raises Failure if it holds NaN or infinity."""
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

        mapped = zipfile.is_zipfile(self.path)  # files from before torch 1.6 are no zip files, and can't be mapped
        found = self.torch.load(self.path, map_location="cpu", weights_only=True, mmap=mapped)
        tensors = {key: value for key, value in found.items() if isinstance(value, self.torch.Tensor)}
        return {key: tuple(tensor.shape) for key, tensor in tensors.items()}, tensors.__getitem__

    def check(self, wanted: dict[str, tuple[int, ...]]) -> None:
        """Find the keys for all `wanted` names. Raises Failure if any are missing, left over, or of another shape."""
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


def listed(keys: list[str]) -> str:
    """Some of the keys."""
    return ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


def digest(path: Path) -> Future[str]:
    """The file's SHA-256, computed in the background."""
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
