"""The network of Wav2Vec2, HuBERT and MERT, which differ in weights and settings only.

Baevski et al. 2020 (wav2vec 2.0), Hsu et al. 2021 (HuBERT), Li et al. 2023 (MERT). Convolutions make a frame of each
320 samples or so, a convolution over positions is added, and layers of attention follow. `hidden_states` of
transformers' own classes are the same numbers; hidden_states[0] is what goes into the first layer. For models that
normalize before each layer (pre-LN), the last state is taken before the final norm, as in torchaudio and transformers
5.16.

Why not those classes: this network ends at the last layer that is needed; its convolutions run over pieces that fit
into a processor's cache, while theirs keep some hundred megabytes for each window; and its products are oneDNN's, which
take half the time of torch's default if the processor has AVX-512 but is not Intel's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import torch
import torch.nn.functional as F

from .config import POSITION, Config

Tensor: TypeAlias = torch.Tensor
PIECE = 64  # frames whose convolutions run at a time, on a CPU
BLOCK = 192  # terms in a sum of products: as exact as torch's own
EPS = 1e-5  # of the norms between convolutions, which no setting changes


class Layer(NamedTuple):
    """A layer of the transformer. Norms are weight and bias."""

    qkv: Linear
    out: Linear
    norm: tuple[Tensor, Tensor]
    inner: Linear
    outer: Linear
    final: tuple[Tensor, Tensor]


class Network:
    """The network up to layer `last`, for inference.

    `weight` gives a tensor for each name in Config.shapes. Norms, sums and the first convolution are float32 whatever
    the `dtype` of the products.
    """

    def __init__(
        self,
        config: Config,
        weight: Callable[[str], Tensor],
        last: int,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        kind: type[Linear] | None = None,
    ):
        self.config, self.last, self.device, self.dtype = config, last, torch.device(device), dtype
        kind = kind or linear(self.device, dtype)

        def get(name: str, dtype: torch.dtype = torch.float32) -> Tensor:
            return weight(name).to(device=self.device, dtype=dtype)

        def affine(*names: str, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
            parts = [(get(f"{name}.weight", dtype), get(f"{name}.bias", dtype)) for name in names]
            return parts[0] if len(parts) == 1 else (torch.cat([w for w, _ in parts]), torch.cat([b for _, b in parts]))

        def product(*names: str) -> Linear:
            return kind(*affine(*names, dtype=dtype))

        self.convs: list[Linear] = []
        self.conv_norms: list[tuple[Tensor, Tensor]] = []
        for i in range(len(config.kernels)):
            name = f"feature_extractor.conv_layers.{i}"
            exact = torch.float32 if i == 0 else dtype
            # (out, in, kernel) to (out, kernel * in): a frame's samples as they lie in memory
            kernels = get(f"{name}.conv.weight", exact).transpose(1, 2).flatten(1).contiguous()
            bias = get(f"{name}.conv.bias", exact) if config.conv_bias else None
            self.convs.append((Linear if i == 0 else kind)(kernels, bias))
            if i == 0 or not config.group_norm:
                self.conv_norms.append(affine(f"{name}.layer_norm"))
        self.project_norm = affine("feature_projection.layer_norm") if config.project_norm else None
        self.project = product("feature_projection.projection")
        self.position = affine(POSITION, dtype=dtype)
        self.norm = affine("encoder.layer_norm")
        self.layers: list[Layer] = []
        for i in range(last):
            name = f"encoder.layers.{i}"
            self.layers.append(
                Layer(
                    qkv=product(*(f"{name}.attention.{part}_proj" for part in "qkv")),
                    out=product(f"{name}.attention.out_proj"),
                    norm=affine(f"{name}.layer_norm"),
                    inner=product(f"{name}.feed_forward.intermediate_dense"),
                    outer=product(f"{name}.feed_forward.output_dense"),
                    final=affine(f"{name}.final_layer_norm"),
                )
            )

    def hidden_states(self, windows: Tensor) -> Iterator[Tensor]:
        """Windows of samples, float32, (windows, samples), to hidden states 0 to `last`: (windows, frames, hidden)."""
        state = self.enter(torch.stack([self.frames(window) for window in windows]))
        yield state
        for layer in self.layers:
            state = self.layer(layer, state)
            yield state

    def means(self, windows: Tensor, groups: Sequence[Sequence[int]]) -> Tensor:
        """For each group of layers, the mean of their states, side by side: (windows, frames, groups * hidden)."""
        sums: list[Any] = [0] * len(groups)
        for i, state in enumerate(self.hidden_states(windows)):
            for k, group in enumerate(groups):
                if i in group:
                    sums[k] = sums[k] + state
        return torch.cat([total / len(group) for total, group in zip(sums, groups, strict=True)], dim=2)

    def frames(self, samples: Tensor) -> Tensor:
        """The convolutions: samples, (n,), to frames, (frames, channels)."""
        config = self.config
        total = config.frames(len(samples))
        convs = [self.grouped(samples), *self.convs[1:]] if config.group_norm else self.convs
        piece = PIECE if self.device.type == "cpu" else total
        done = []
        for start in range(0, total, piece):
            end = min(total, start + piece)
            part = samples[start * config.stride : (end - 1) * config.stride + config.reach, None]
            for i, (conv, kernel, stride) in enumerate(zip(convs, config.kernels, config.strides, strict=True)):
                part = conv(slide(part, kernel, stride), gelu=config.group_norm)
                if not config.group_norm:
                    part = F.gelu(self.normed(part, self.conv_norms[i], EPS))
                part = part.to(self.dtype)
            done.append(part)
        return torch.cat(done)

    def grouped(self, samples: Tensor) -> Linear:
        """The first convolution, with the norm over the window's time multiplied in.

        The mean and variance of each of its outputs follow from those of its inputs, so it need not run to find them.
        """
        weight = self.convs[0].weight
        scale, shift = self.conv_norms[0]
        exact = torch.float64 if self.device.type != "mps" else torch.float32
        taps = slide(samples[:, None], self.config.kernels[0], self.config.strides[0]).to(exact)
        mean = taps.mean(dim=0)
        taps = taps - mean
        variance = ((weight.to(exact) @ (taps.T @ taps / len(taps))) * weight).sum(dim=1)
        gain = scale / (variance + EPS).sqrt()
        return type(self.project)((weight * gain[:, None]).float(), (shift - weight.to(exact) @ mean * gain).float())

    def enter(self, frames: Tensor) -> Tensor:
        """Frames of the convolutions to hidden state 0."""
        if self.project_norm:
            frames = self.normed(frames, self.project_norm)
        state = self.project(frames.to(self.dtype))
        around = F.conv1d(
            state.transpose(1, 2),
            *self.position,
            padding=self.config.position_kernel // 2,
            groups=self.config.position_groups,
        )
        state = state.float() + F.gelu(around[:, :, : state.shape[1]]).transpose(1, 2)
        return state if self.config.pre_norm else self.normed(state, self.norm)

    def layer(self, layer: Layer, state: Tensor) -> Tensor:
        """One layer of the transformer."""
        if self.config.pre_norm:
            state = state + self.attend(layer, self.normed(state, layer.norm))
            return state + self.forward(layer, self.normed(state, layer.final))
        state = self.normed(state + self.attend(layer, state), layer.norm)
        return self.normed(state + self.forward(layer, state), layer.final)

    def attend(self, layer: Layer, state: Tensor) -> Tensor:
        """Attention over all of the window."""
        heads = (*state.shape[:2], 3, self.config.heads, -1)
        query, key, value = layer.qkv(state.to(self.dtype)).view(heads).permute(2, 0, 3, 1, 4)
        return layer.out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))

    def forward(self, layer: Layer, state: Tensor) -> Tensor:
        """The feed-forward part."""
        return layer.outer(layer.inner(state.to(self.dtype), gelu=True))

    def normed(self, state: Tensor, norm: tuple[Tensor, Tensor], eps: float | None = None) -> Tensor:
        """Layer norm, in float32."""
        return F.layer_norm(state.float(), norm[0].shape, *norm, self.config.eps if eps is None else eps)


def slide(rows: Tensor, kernel: int, stride: int) -> Tensor:
    """What a convolution sees, as rows to multiply with, (outputs, kernel * width); a view, in which rows overlap."""
    width = rows.shape[1]
    rows = rows.contiguous()
    return rows.as_strided(((len(rows) - kernel) // stride + 1, kernel * width), (stride * width, 1))


class Linear:
    """Multiplies rows, (n, inputs), by a weight, (outputs, inputs), adds a bias and, if asked, applies GELU."""

    def __init__(self, weight: Tensor, bias: Tensor | None):
        self.weight, self.bias = weight, bias

    def __call__(self, rows: Tensor, gelu: bool = False) -> Tensor:
        """The products, (n, outputs)."""
        found = F.linear(rows, self.weight, self.bias)
        return F.gelu(found) if gelu else found


class OneDNN(Linear):
    """The same with oneDNN. In float32, BLOCK inputs at a time: one long sum errs twice as much as torch's own."""

    def __init__(self, weight: Tensor, bias: Tensor | None):
        size = BLOCK if weight.dtype == torch.float32 else weight.shape[1]
        self.blocks = [
            block.contiguous() for block in weight.split(size, dim=1)
        ]  # otherwise it takes a thousand times longer
        self.size, self.bias = size, bias

    def __call__(self, rows: Tensor, gelu: bool = False) -> Tensor:
        """The products, (n, outputs)."""
        found: Tensor = self.product(rows[..., : self.size], self.blocks[0], self.bias)
        for i, block in enumerate(self.blocks[1:], 1):
            found += self.product(rows[..., i * self.size : (i + 1) * self.size], block, None)
        return F.gelu(found) if gelu else found

    @staticmethod
    def product(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Any:
        """What torch's own compiler calls for this. It is no public name, so it may go away."""
        return torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")


def linear(device: torch.device, dtype: torch.dtype) -> type[Linear]:
    """The faster of the two classes that works here."""
    if device.type != "cpu" or dtype == torch.float16:
        return Linear
    try:
        rows, weight, bias = (torch.ones(size, dtype=dtype) for size in ((2, 16), (8, 16), (8,)))
        works = torch.equal(OneDNN(weight, bias)(rows), Linear(weight, bias)(rows))
    except (AttributeError, RuntimeError):
        works = False
    return OneDNN if works else Linear


class Exported(torch.nn.Module):  # type: ignore[misc]
    """The same network in plain float32 operations, for torch.onnx.export: one window, (1, samples)."""

    def __init__(self, network: Network, groups: Sequence[Sequence[int]]):
        super().__init__()
        self.network, self.groups = network, groups

    def forward(self, windows: Tensor) -> Tensor:
        network, config = self.network, self.network.config
        part = windows[:, None]
        for i, conv in enumerate(network.convs):
            kernels = conv.weight.view(config.channels[i], config.kernels[i], -1).transpose(1, 2)
            part = F.conv1d(part, kernels, conv.bias, stride=config.strides[i])
            if config.group_norm and i == 0:
                part = F.instance_norm(part, weight=network.conv_norms[0][0], bias=network.conv_norms[0][1], eps=EPS)
            elif not config.group_norm:
                part = network.normed(part.transpose(1, 2), network.conv_norms[i], EPS).transpose(1, 2)
            part = F.gelu(part)
        network.frames = lambda samples: part[0].transpose(0, 1)  # type: ignore[method-assign]
        return network.means(windows, self.groups)


def export(network: Network, groups: Sequence[Sequence[int]], path: Path) -> None:
    """Write the network as an ONNX file: windows (1, samples) to means (1, frames, groups * hidden)."""
    import warnings

    config = network.config
    window = torch.zeros(1, config.reach + 30 * config.stride)
    with warnings.catch_warnings(), torch.inference_mode(False), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Exported(network, groups),
            (window,),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["windows"],
            output_names=["means"],
            dynamic_axes={"windows": {1: "samples"}, "means": {1: "frames"}},
        )
