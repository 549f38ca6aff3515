"""What config.json and its kin say about a network, and what determines the shapes of its weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ...wire import Head, show

POSITION = "encoder.pos_conv_embed.conv"  # weights of a convolution, which come in two parts
KINDS = {"mert_model": "mert", "wav2vec2": "wav2vec2", "hubert": "hubert"}  # by model_type of config.json


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
        """How many samples a frame is made from."""
        size = 1
        for kernel, stride in zip(self.kernels[::-1], self.strides[::-1], strict=True):
            size = (size - 1) * stride + kernel
        return size

    def frames(self, samples: int) -> int:
        """How many frames `samples` samples give."""
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
    """A model, as it was found."""

    name: str  # what the user called it
    id: str  # its name on the Hub, in torchaudio, or as a folder
    revision: str | None  # the Hub's commit
    kind: str  # one of KINDS' values
    config: Config
    sample_rate: int
    normalize: float | None  # added to the variance when each window is brought to mean 0 and variance 1
    path: Path  # of the file with the weights


def configure(settings: Head, kind: str) -> Config:
    """The Config for the settings in config.json, with transformers' defaults. Raises ValueError."""
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


# Settings that would change the numbers, each with the one value that does not.
UNSUPPORTED: Head = {
    "hidden_act": "gelu", "feat_extract_activation": "gelu", "conv_pos_batch_norm": False, "adapter_attn_dim": None,
    "deepnorm": False, "feature_extractor_cqt": False,
}  # fmt: skip
CONVOLUTIONS = (
    ("conv_dim", (512,) * 7, 1 << 13),
    ("conv_kernel", (10, 3, 3, 3, 3, 2, 2), 1000),
    ("conv_stride", (5, 2, 2, 2, 2, 2, 2), 1000),
)


def number(settings: Head, key: str, default: int, low: int, high: int) -> int:
    """A whole number from the settings. Raises ValueError."""
    value = settings.get(key, default)
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{key}: expected a whole number from {low} to {high}, got {show(value)}")
    return value


def numbers(settings: Head, key: str, default: tuple[int, ...], high: int) -> tuple[int, ...]:
    """A list of whole numbers from the settings. Raises ValueError."""
    value = settings.get(key, default)
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 20:
        raise ValueError(f"{key}: expected a list of 1 to 20 numbers, got {show(value)}")
    return tuple(number({key: entry}, key, 0, 1, high) for entry in value)


def flag(settings: Head, key: str, default: bool) -> bool:
    """A true or false from the settings. Raises ValueError."""
    value = settings.get(key, default)
    if not isinstance(value, bool):
        raise ValueError(f"{key}: expected true or false, got {show(value)}")
    return value
