"""MERT, Wav2Vec2 and HuBERT: models with random weights, made from the published settings in the published layout.

What they compute is compared with transformers' and torchaudio's own classes. `make setup-neural` installs all of them.
"""

from __future__ import annotations

import copy
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import BIN, HANGS, ROOT, noise, records, sh, tone
from test_embed import pcm, rows

from natlib import cli
from natlib.embed import command as embed
from natlib.embed.pretrained import models
from natlib.embed.pretrained.config import Model
from natlib.errors import Failure
from natlib.wire import Record

try:
    import torch
    import torchaudio  # where it can't load, transformers can't either
    import transformers
    from safetensors.torch import save_file
except (ImportError, OSError) as error:
    pytest.skip(f"no pretrained model was run ({error}): make setup-neural", allow_module_level=True)

from natlib.embed.pretrained import checkpoint, network

pytestmark = pytest.mark.neural

# config.json of m-a-p/MERT-v1-95M and MERT-v1-330M and of facebook/wav2vec2-base, as far as the network depends on it
MERT: dict[str, Any] = {
    "model_type": "mert_model", "architectures": ["MERTModel"], "attention_relax": -1.0, "deepnorm": False,
    "feature_extractor_cqt": False, "sample_rate": 24000,
    "auto_map": {"AutoConfig": "configuration_MERT.MERTConfig", "AutoModel": "modeling_MERT.MERTModel"},
    "conv_bias": False, "conv_dim": [512] * 7, "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2], "do_stable_layer_norm": False, "feat_extract_activation": "gelu",
    "feat_extract_norm": "group", "feat_proj_layer_norm": True, "hidden_act": "gelu", "hidden_size": 768,
    "intermediate_size": 3072, "layer_norm_eps": 1e-05, "num_attention_heads": 12, "num_hidden_layers": 12,
    "num_conv_pos_embeddings": 128, "num_conv_pos_embedding_groups": 16,
}  # fmt: skip
MERT_330M = MERT | {
    "hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24,
    "do_stable_layer_norm": True,
}  # fmt: skip
WAV2VEC2 = {key: value for key, value in MERT.items() if key in list(MERT)[7:]} | {"model_type": "wav2vec2"}
del WAV2VEC2["feat_proj_layer_norm"]
SMALL = {
    "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_hidden_layers": 8, "conv_dim": [16] * 7,
    "num_conv_pos_embedding_groups": 4,
}  # fmt: skip
RATE = 24000


def build(settings: dict[str, Any], heads: bool = False) -> Any:
    """The model of transformers for these settings, all of its weights random."""
    known = {key: value for key, value in settings.items() if key not in ("model_type", "auto_map", "architectures")}
    torch.manual_seed(1)
    if settings["model_type"] == "wav2vec2":
        kind = transformers.Wav2Vec2ForPreTraining if heads else transformers.Wav2Vec2Model
        model = kind(transformers.Wav2Vec2Config(**known))
    else:
        model = transformers.HubertModel(transformers.HubertConfig(**known))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name or "bias" in name:
                weight += 0.1 * torch.randn_like(weight)  # else 0 and 1, with which much could be left out
    return model.eval()


def write(model: Any, settings: dict[str, Any], folder: Path, form: str = "bin", old_keys: bool = True) -> Path:
    """The model's folder as it is published: form bin or safetensors, either style of weight norm's keys."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings))
    if "sample_rate" in settings:
        about = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "do_normalize": False, "sampling_rate": RATE}
        (folder / "preprocessor_config.json").write_text(json.dumps(about))
    state = {}
    for key, tensor in model.state_dict().items():
        if old_keys:
            key = key.replace("parametrizations.weight.original0", "weight_g")
            key = key.replace("parametrizations.weight.original1", "weight_v")
        state[key] = tensor.contiguous()
    if form == "bin":
        torch.save(state, folder / "pytorch_model.bin")
    else:
        save_file(state, folder / "model.safetensors", {"format": "pt"})
    return folder


def reference(model: Any, samples: np.ndarray) -> list[torch.Tensor]:
    """Its hidden states in its own dtype, each layer's own output: transformers changed its mind about the last."""
    base = getattr(model, "wav2vec2", model)
    found: list[torch.Tensor] = []
    hooks = [
        base.encoder.layers[0].register_forward_pre_hook(lambda module, inputs: found.append(inputs[0][0].clone()))
    ]
    for layer in base.encoder.layers:
        hooks.append(layer.register_forward_hook(lambda module, inputs, output: found.append(first(output)[0].clone())))
    with torch.inference_mode():
        base(torch.from_numpy(samples.astype(np.float32))[None].to(next(base.parameters()).dtype))
    for hook in hooks:
        hook.remove()
    return found


def exact(model: Any) -> Any:
    """The same network in float64, whose own error is a billion times smaller."""
    return copy.deepcopy(model).double()


def as_near(ours: Any, theirs: Any, true: Any, times: float = 2) -> bool:
    """Is `ours` at most `times` as far from `true` as `theirs`, plus four units in the last place of float32?

    How far float32 is off grows with the layers and depends on how a processor adds; who computes the same network with
    as much care is off by about as much.
    """
    ours, theirs, true = (np.asarray(states, dtype=np.float64) for states in (ours, theirs, true))
    return bool(np.abs(ours - true).max() <= times * np.abs(theirs - true).max() + 4 * 2.0**-23 * np.abs(true).max())


def first(output: Any) -> torch.Tensor:
    return output[0] if isinstance(output, tuple) else output


def find(folder: Path) -> Model:
    return models.find(str(folder), None, True, None, print)


@pytest.fixture(scope="session")
def model() -> Any:
    return build(MERT | SMALL)


@pytest.fixture(scope="session")
def folder(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model in MERT's layout, with remote code in it that would tell of itself."""
    place = write(model, MERT | SMALL, tmp_path_factory.mktemp("models") / "mert small")
    for name in ("modeling_MERT.py", "configuration_MERT.py"):
        (place / name).write_text(f"open({str(place / 'was-run')!r}, 'w')\n")
    return place


def run(folder: Path, stdin: bytes, options: str = "", status: int = 0, **env: str) -> list[Record]:
    done = sh(f"nat-embed --model '{folder}' {options}", stdin, status=status, **env)
    return records(done.stdout)


# The network.


@pytest.mark.parametrize(
    ("settings", "form", "old_keys", "heads"),
    [
        (MERT, "bin", True, False),
        (MERT_330M | {"num_hidden_layers": 6}, "safetensors", False, False),
        (WAV2VEC2 | {"num_hidden_layers": 3}, "safetensors", True, True),
        (WAV2VEC2 | SMALL, "bin", False, True),
        (
            MERT | SMALL | {"do_stable_layer_norm": True, "conv_bias": True, "feat_extract_norm": "layer"},
            "bin",
            True,
            False,
        ),
        (MERT | SMALL | {"model_type": "hubert", "feat_proj_layer_norm": False}, "safetensors", False, False),
    ],
    ids=["mert-95m", "mert-330m", "wav2vec2-base", "pretraining", "layer-norm", "hubert"],
)
def test_hidden_states_are_those_of_transformers(
    settings: dict[str, Any], form: str, old_keys: bool, heads: bool, tmp_path: Path
) -> None:
    model = build(settings, heads)
    found = find(write(model, settings, tmp_path, form, old_keys))
    ours = network.Network(found.config, checkpoint.Weights(found), found.config.layers)
    double = exact(model)
    for samples in (noise(0.6, RATE) + 0.1, noise(400 / RATE, RATE)):  # with an offset, and the shortest there is
        theirs, true = reference(model, samples), reference(double, samples)
        with torch.inference_mode():
            states = list(ours.hidden_states(torch.from_numpy(samples.astype(np.float32))[None]))
        assert len(states) == len(true) == found.config.layers + 1
        for number, state in enumerate(states):
            assert as_near(state[0], theirs[number], true[number]), number


def test_a_torchaudio_bundle(tmp_path: Path) -> None:
    bundle = torchaudio.pipelines.WAV2VEC2_BASE
    torch.manual_seed(1)
    model = torchaudio.models.wav2vec2_model(**bundle._params).eval()
    place = tmp_path / "hub" / "checkpoints" / bundle._path
    place.parent.mkdir(parents=True)
    torch.save(model.state_dict(), place)
    sound = noise(1.2, 16000)
    options = "--frame-rate native --semantic-layers 2 --acoustic-layers 1,3 --offline"
    found = run(Path("torchaudio:WAV2VEC2_BASE"), pcm(sound, 16000), options, TORCH_HOME=str(tmp_path))
    samples = torch.from_numpy(sound.astype(np.float32))[None]
    theirs, true = [], []
    for each, expected in ((model, theirs), (exact(model), true)):
        with torch.inference_mode():
            states = each.extract_features(samples.to(next(each.parameters()).dtype), num_layers=3)[0]
        expected.append(torch.cat((states[1], (states[0] + states[2]) / 2), dim=2)[0].numpy())
    assert as_near(rows(found)[: len(true[0]), : 2 * 768], theirs[0], true[0])
    assert found[0].head["pretrained"]["sha256"] == hashlib.sha256(place.read_bytes()).hexdigest()
    done = sh("nat-embed --model torchaudio:HUBERT_BASE --offline", pcm(sound), status=1, TORCH_HOME=str(tmp_path))
    assert b"hubert_fairseq_base_ls960.pth, and --offline was asked for" in done.stderr
    assert (
        b"torchaudio: and one of HUBERT_" in sh("nat-embed --model torchaudio:WAVLM_BASE", pcm(sound), status=2).stderr
    )


# Windows.


def by_hand(model: Any, samples: np.ndarray, total: int, window: int = 750, context: int = 75) -> np.ndarray:
    """Rows for samples at 24 kHz as the manual page has it: layer 4 and layer 1, six frames a row."""
    size, hop = (window - 1) * 320 + 400, window - 2 * context
    frames = (len(samples) - 400) // 320 + 1
    if len(samples) < size:
        starts = [0]
        samples = np.concatenate((samples, np.zeros(max(0, 400 - len(samples)))))
        size = len(samples)
    else:
        starts = list(range(0, frames - window + 1, hop))
        starts += [frames - window] if starts[-1] + window < frames else []
    parts: list[np.ndarray] = []
    done = 0
    for i, start in enumerate(starts):
        states = reference(model, samples[start * 320 : start * 320 + size])
        both = torch.cat((states[4], states[1]), dim=1).numpy()
        end = len(both) - (context if i < len(starts) - 1 else 0)
        parts.append(both[done - start : end])
        done = start + end
    every = np.concatenate(parts)
    pooled = [every[i : i + 6].mean(axis=0) for i in range(0, len(every), 6)]
    return np.stack((pooled + [pooled[-1]] * total)[:total])


def test_rows_are_those_of_windows_made_by_hand(folder: Path, model: Any) -> None:
    whole = noise(24, RATE) + tone(220, 24, RATE)
    sounds = [whole[:n] for n in (0, 10, 400, 1999, 5860, 240079, 240080, 240081, 240080 + 200 * 320, 555555)]
    together = b"".join(pcm(sound, RATE) for sound in sounds)
    done, measured = items(run(folder, together)), items(records(sh("nat-embed", together).stdout))
    assert len(done) == len(measured) == len(sounds)
    double = exact(model)
    for sound, found, ear in zip(sounds, done, measured, strict=True):
        table = rows(found)
        assert len(table) == found[-1].head["frames"] == max(1, -(-len(sound) // 1920))
        theirs, true = (by_hand(network, sound.astype("f4"), len(table)) for network in (model, double))
        assert as_near(table[:, :64], theirs, true)
        assert table[:, 64:].tobytes() == rows(ear)[:, 64 - table.shape[1] :].tobytes()


def items(found: list[Record]) -> list[list[Record]]:
    """The records of each item."""
    starts = [i for i, record in enumerate(found) if record.event == "header"]
    return [found[start:end] for start, end in zip(starts, [*starts[1:], len(found) - 1], strict=True)]


def test_the_same_bytes_for_any_cutting_batch_and_company(folder: Path) -> None:
    sounds = [noise(21), tone(300, 3), tone(200, 0), noise(3), noise(2.0, seed=3), tone(99, 11)]
    together = b"".join(pcm(sound) for sound in sounds)
    alone = [run(folder, pcm(sound)) for sound in sounds]
    plain = [record.payload for found in alone for record in found if record.event == "data"]
    for options in ("--batch 1", "--batch 5", "--batch 3 --dtype bfloat16"):
        done = sh(f"nat-embed --model '{folder}' {options}", together).stdout
        if "float16" not in options:
            assert [record.payload for record in records(done) if record.event == "data"] == plain
        cut = b"".join(pcm(sound, size=777) for sound in sounds)
        assert sh(f"dd bs=7 status=none | nat-embed --model '{folder}' {options}", cut).stdout == done
    assert (
        sh(f"nat-embed --model '{folder}'", together, OMP_NUM_THREADS="7").stdout
        == sh(f"nat-embed --model '{folder}' --batch 2", together).stdout
    )


def test_batches_hold_windows_of_one_length_from_all_items() -> None:
    """As on a GPU: those first that came first, and no item is kept waiting for company that never comes."""
    from natlib.embed.pretrained.running import Batches

    seen: list[list[int]] = []

    def work(windows: list[np.ndarray]) -> list[np.ndarray]:
        seen.append([int(window[0]) for window in windows])
        assert len({len(window) for window in windows}) == 1
        return windows

    runner = Batches(work, 3)
    jobs = [runner.submit(np.full(size, number)) for number, size in enumerate((5, 5, 7, 5, 5))]
    assert runner.full()
    assert [int(runner.result(job)[0]) for job in jobs] == [0, 1, 2, 3, 4]
    assert seen == [[0, 1, 3], [2], [4]] and not runner.full()


def test_notes_errors_and_order_with_items_read_ahead(folder: Path) -> None:
    from helpers import stream

    header = {"event": "header", "kind": "pcm", "name": "n", "sample_rate": RATE, "channels": 1}
    data = ({"event": "data"}, noise(1, RATE).astype("<f4").tobytes())
    noted = stream(
        header, {"event": "remark", "x": 1}, data, {"event": "remark", "x": 2}, {"event": "end"}, {"event": "close"}
    )
    broken = stream(header, data, {"event": "error", "stage": "nat-decode", "message": "why"}, {"event": "close"})
    slow = stream({**header, "sample_rate": 7000}, data, {"event": "end"}, {"event": "close"})
    done = sh(f"nat-embed --model '{folder}' --batch 4", noted + broken + slow + noted, status=1)
    found = [record.head.get("x") or record.event for record in records(done.stdout)]
    heard = ["header", 1, "data", 2, "data", "end"]
    assert found == [*heard, "header", "error", "header", "error", *heard, "close"]
    cut = sh(f"nat-embed --model '{folder}'", noted + pcm(noise(30, RATE), RATE)[:-1000], status=1)
    assert b"expected 65536" in cut.stderr or b"end of input" in cut.stderr
    assert b'"event":"error"' in cut.stdout


def test_header_layers_rates_and_a_codebook_of_its_own(folder: Path, tmp_path: Path) -> None:
    options = "--semantic-layers 2-3,8 --acoustic-layers 0 --normalize yes --window 3 --context 0.5 --deterministic"
    found = run(folder, pcm(noise(5, RATE), RATE), f"{options} --frame-rate 25")
    head = found[0].head
    assert (head["model"], head["frame_rate"], len(rows(found))) == ("folder:mert small", 25, 125)
    about = head["pretrained"]
    assert about["layers"] == {"S": [2, 3, 8], "A": [0]} and about["normalize"] and about["deterministic"]
    assert about["window"] == {"frames": 225, "context": 37, "frame_rate": 75.0}
    assert about["sha256"] == hashlib.sha256((folder / "pytorch_model.bin").read_bytes()).hexdigest()
    assert about["runtime"] == f"torch {torch.__version__}" and about["dtype"] == "float32"
    assert not (folder / "was-run").exists()
    done = sh(
        f"nat-embed --model '{folder}' | nat-quantize | nat-pack --legend first-use", pcm(tone(300, 20) + noise(20))
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(line.get("event") == "code" and line.get("means") for line in said)
    assert any("scene" in line for line in said)
    assert {layer["name"] for layer in said[0]["layers"]} >= {"S0", "S3", "A0", "A3"}


def test_onnx_runtime_gives_the_same_as_far_as_float32_goes(folder: Path, model: Any, tmp_path: Path) -> None:
    samples = np.concatenate((noise(12, RATE), tone(440, 9, RATE)))
    sound = pcm(samples, RATE)
    theirs = rows(run(folder, sound))[:, :64]
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    found = run(folder, sound, "--runtime onnxruntime", **cache)
    true = by_hand(exact(model), samples.astype("f4"), len(theirs))
    assert as_near(rows(found)[:, :64], theirs, true, times=8)  # its sums are longer than torch's
    assert found[0].head["pretrained"]["runtime"].startswith("onnxruntime ")
    (kept,) = (tmp_path / "nat").iterdir()
    written = kept.stat().st_mtime_ns
    again = run(folder, sound, "--runtime onnxruntime --batch 1", **cache)
    assert rows(again).tobytes() == rows(found).tobytes() and kept.stat().st_mtime_ns == written
    kept.write_bytes(kept.read_bytes()[:5000])
    done = sh(f"nat-embed --model '{folder}' --runtime onnxruntime", sound, status=1, **cache)
    assert b"without this file, it is made again" in done.stderr


# What goes wrong.


def damage(folder: Path, tmp_path: Path, **changes: Any) -> Path:
    """A copy of a model's folder, with entries of its config.json changed."""
    place = tmp_path / "model"
    shutil.copytree(folder, place)
    settings = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(settings | changes))
    return place


def complaint(place: Path | str, options: str = "", status: int = 1, **env: str) -> str:
    done = sh(f"nat-embed --model '{place}' {options}", pcm(tone(440, 1)), status=status, **env)
    assert done.stdout == b"" and done.stderr.startswith(b"nat-embed: ") and done.stderr.count(b"\n") == 1
    return done.stderr.decode()


def test_weights_that_do_not_fit_are_named(folder: Path, tmp_path: Path) -> None:
    place = damage(folder, tmp_path)
    state = torch.load(place / "pytorch_model.bin", weights_only=True)
    del state["encoder.layers.3.attention.q_proj.weight"], state["encoder.pos_conv_embed.conv.weight_g"]
    state["encoder.layers.9.attention.q_proj.weight"] = torch.zeros(32, 32)
    state["feature_projection.projection.weight"] = torch.zeros(32, 17)
    torch.save(state, place / "pytorch_model.bin")
    said = complaint(place)
    assert "2 missing: encoder.pos_conv_embed.conv.weight, encoder.layers.3.attention.q_proj.weight" in said
    assert "1 of another shape: feature_projection.projection.weight [32, 17] (expected [32, 16])" in said
    assert "1 too many: encoder.layers.9.attention.q_proj.weight" in said


class Trap:
    """Its unpickling writes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


def test_files_that_are_no_weights(folder: Path, tmp_path: Path) -> None:
    place = damage(folder, tmp_path)
    file = place / "pytorch_model.bin"
    whole = file.read_bytes()
    torch.save({"weight": Trap(tmp_path / "was-run")}, file)
    assert "expected a file of tensors, whole, got: Weights only load failed" in complaint(place)
    assert not (tmp_path / "was-run").exists()
    file.write_bytes(whole[: len(whole) // 2])
    assert "expected a file of tensors, whole" in complaint(place)
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    torch.save(state, file, _use_new_zipfile_serialization=False)  # from before torch 1.6
    assert rows(run(place, pcm(tone(440, 1)))).tobytes() == rows(run(folder, pcm(tone(440, 1)))).tobytes()
    state["feature_projection.layer_norm.bias"][3] = float("nan")
    torch.save(state, file)
    assert "feature_projection.layer_norm.bias: expected finite weights" in complaint(place)
    (place / "model.safetensors").write_bytes(bytes(100))
    assert "model.safetensors: expected a file of tensors, whole" in complaint(place)
    for left in ("model.safetensors", "pytorch_model.bin"):
        (place / left).unlink()
    assert "expected model.safetensors or pytorch_model.bin in it, got neither" in complaint(place)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": "wavlm"}, 'expected a model_type of mert_model, wav2vec2, hubert, got "wavlm"'),
        ({"feature_extractor_cqt": True}, "feature_extractor_cqt: expected false, got true, which is not built in"),
        ({"hidden_size": 10**9}, "hidden_size: expected a whole number from 1 to 32768, got 1000000000"),
        ({"num_attention_heads": 5}, "num_attention_heads: expected a divisor of hidden_size 32, got 5"),
        ({"conv_stride": [5, 2]}, "expected conv_dim, conv_kernel and conv_stride of one length"),
        ({"num_hidden_layers": 9}, "missing: encoder.layers.8."),
    ],
)
def test_settings_that_do_not_fit(changes: dict[str, Any], said: str, folder: Path, tmp_path: Path) -> None:
    assert said in complaint(damage(folder, tmp_path, **changes))


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ("--semantic-layers 9", 2, "expected layers from 0 to 8"),
        ("--frame-rate 10", 2, "expected native or a part of the 75 Hz"),
        ("--window 2 --context 1", 2, "expected more than twice the 1 s of --context"),
        ("--revision x", 2, "--revision is for models of the Hub"),
        ("--runtime onnxruntime --dtype bfloat16", 2, "--runtime onnxruntime is for --device cpu and --dtype float32"),
        ("--device cuda:7", 1, "finds no such device here"),
    ],
)
def test_options_that_do_not_fit(options: str, status: int, said: str, folder: Path) -> None:
    assert said in complaint(folder, options, status)


def test_names_and_folders_that_are_none(tmp_path: Path) -> None:
    assert "expected spectral, noise, mert, mert-330m" in complaint("nothing", status=2)
    assert "config.json: No such file or directory (is it a model's folder?)" in complaint(tmp_path)
    (tmp_path / "config.json").write_text("[")
    assert "config.json: expected a JSON object" in complaint(tmp_path)


@pytest.mark.parametrize(
    ("library", "raised", "name"),
    [
        ("torch", "ModuleNotFoundError('no', name='torch')", "{folder}"),
        ("torch", "OSError('libx.so: cannot open')", "{folder}"),
        ("torchaudio", "OSError('Could not load this library')", "torchaudio:WAV2VEC2_BASE"),
        ("huggingface_hub", "ModuleNotFoundError('no', name='huggingface_hub')", "mert"),
    ],
)
def test_libraries_that_are_missing_or_can_not_load(
    library: str, raised: str, name: str, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / f"{library}.py").write_text(f"raise {raised}\n")
    said = complaint(name.format(folder=folder), PYTHONPATH=str(tmp_path))
    assert said.startswith(f"nat-embed: {library} is needed for this and ")
    assert ("is not installed" in said) == raised.startswith("Module") and "make setup-neural" in said


def test_out_of_memory_says_which_setting_helps(folder: Path) -> None:
    options = embed_options(folder)
    from natlib.embed.pretrained.running import guarded, in_a_window

    with pytest.raises(Failure, match=r"out of memory for the window: --batch 1, or a --window below 10 s"):
        guarded(in_a_window(options), "window")(lambda: torch.empty(1 << 60))()


def embed_options(folder: Path) -> Any:
    return cli.parser(embed.Embed).parse_args(["--model", str(folder)])


# The Hub.


class Hub(http.server.ThreadingHTTPServer):
    """As much of the Hub as huggingface_hub needs, for one folder."""

    def __init__(self, folder: Path):
        self.folder, self.asked = folder, 0
        self.cut: int | None = None  # close the connection after so many bytes of a file
        self.slow = False
        super().__init__(("127.0.0.1", 0), Answer)
        self.env = {"HF_ENDPOINT": f"http://127.0.0.1:{self.server_port}", "HF_HUB_DISABLE_XET": "1"}


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, body: bool = True) -> None:
        self.server.asked += 1
        path, commit = self.path.partition("?")[0], "a" * 40
        if path.startswith("/api/models/m-a-p/MERT-v1-95M"):
            files = [file for file in sorted(self.server.folder.iterdir()) if file.name != "was-run"]
            siblings = [{"rfilename": file.name, "size": file.stat().st_size} for file in files]
            about = {
                "id": "m-a-p/MERT-v1-95M",
                "sha": commit,
                "siblings": siblings,
                "cardData": {"license": "cc-by-nc-4.0"},
            }
            return self.give(json.dumps(about).encode(), body)
        file = self.server.folder / path.rpartition("/")[2]
        if not path.startswith("/m-a-p/MERT-v1-95M/resolve/") or not file.exists():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if "MERT-v1-95M" in path else "RepoNotFound")
            self.send_header("X-Repo-Commit", commit)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        content = file.read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        return self.give(content, body, {"ETag": f'"{etag}"', "X-Repo-Commit": commit})

    def give(self, content: bytes, body: bool, headers: dict[str, str] | None = None) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if start else 200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        content = content[start:]
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body and self.server.slow and len(content) > 10000:
            for i in range(0, len(content), 1000):
                self.wfile.write(content[i : i + 1000])
                time.sleep(0.01)
        elif body and self.server.cut is not None and len(content) > self.server.cut:
            self.wfile.write(content[: self.server.cut])
            self.close_connection = True
        elif body:
            self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def hub(folder: Path, tmp_path: Path) -> Iterator[Hub]:
    server = Hub(folder)
    server.env["HF_HOME"] = str(tmp_path / "hf")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_first_download_and_then_no_call(hub: Hub, folder: Path) -> None:
    sound = pcm(tone(440, 2))
    size = sum(path.stat().st_size for path in folder.iterdir() if path.suffix in (".json", ".bin"))
    done = sh("nat-embed --model mert", sound, **hub.env)
    told = f"fetching m-a-p/MERT-v1-95M, {size / 1e6:.3g} MB, licence: cc-by-nc-4.0, into {hub.env['HF_HOME']}"
    assert told in done.stderr.decode() and done.stderr.count(b"\n") == 1
    found = records(done.stdout)
    assert found[0].head["model"] == "mert" and found[0].head["pretrained"]["revision"] == "a" * 40
    assert rows(found).tobytes() == rows(run(folder, sound)).tobytes()
    assert not list(Path(hub.env["HF_HOME"]).rglob("*.py")) and not (folder / "was-run").exists()
    asked = hub.asked
    for options in ("", "--offline", "--revision main"):
        assert sh(f"nat-embed --model mert {options}", sound, **hub.env).stdout == done.stdout
    assert hub.asked == asked
    assert "is not in" in complaint("wav2vec2", "--offline", **hub.env)


def test_downloads_that_fail_and_go_on(hub: Hub, folder: Path) -> None:
    assert "RepositoryNotFoundError" in complaint("someone/else", **hub.env)
    gone = {**hub.env, "HF_ENDPOINT": "http://127.0.0.1:9"}
    assert "m-a-p/MERT-v1-95M could not be fetched: ConnectError" in complaint("mert", **gone)
    assert "HF_HUB_OFFLINE was asked for" in complaint("mert", HF_HUB_OFFLINE="1", **hub.env)
    hub.cut = 50000
    done = sh("nat-embed --model mert", pcm(tone(440, 1)), status=1, **hub.env)
    assert b"m-a-p/MERT-v1-95M could not be fetched" in done.stderr and done.stdout == b""
    hub.cut, hub.slow = None, True
    process = subprocess.Popen(
        [BIN / "nat-embed", "--model", "mert"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **hub.env},
    )
    asked = hub.asked
    while hub.asked < asked + 6 and process.poll() is None:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(2)
    assert process.communicate(timeout=HANGS) == (b"", None) and process.returncode == 130
    hub.slow = False
    done = sh("nat-embed --model mert", pcm(tone(440, 1)), **hub.env)
    assert rows(records(done.stdout)).tobytes() == rows(run(folder, pcm(tone(440, 1)))).tobytes()


def test_no_space_for_the_cache(hub: Hub) -> None:
    done = sh("ulimit -f 20; nat-embed --model mert", pcm(tone(440, 1)), status=1, **hub.env)
    assert b"HF_HOME says where else" in done.stderr
    code = "import shutil; from types import SimpleNamespace; shutil.disk_usage = lambda path: SimpleNamespace(free=10)"
    code += "; from natlib.embed import command; command.main()"
    env = {**hub.env, "PYTHONPATH": str(ROOT)}
    done = sh(f"{sys.executable} -P -c '{code}' --model mert", pcm(tone(440, 1)), status=1, **env)
    assert b"has room for 1e-05 (HF_HOME says where else)" in done.stderr


def test_help_and_the_built_in_ear_need_no_torch(tmp_path: Path) -> None:
    for name in ("torch", "huggingface_hub", "transformers"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)\n")
    assert b"--semantic-layers" in sh("nat-embed --help", PYTHONPATH=str(tmp_path)).stdout
    sh("nat-embed", pcm(tone(440, 1)), PYTHONPATH=str(tmp_path))
    assert b"nothing to download" in sh("nat-embed --semantic-layers 1", pcm(tone(440, 1)), status=2).stderr
