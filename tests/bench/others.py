"""What nat is measured against, each a whole process: python tests/bench/others.py NAME FILE…"""

import json
import os
import sys


def loop(path: str) -> None:
    """The samples of a sound file, as float32, by a soundfile block loop."""
    import soundfile

    with soundfile.SoundFile(path) as file:
        for block in file.blocks(65536, dtype="float32", always_2d=True):
            os.write(1, block.tobytes())


def librosa(path: str) -> None:
    """MFCC, chroma and onset strength by librosa."""
    import librosa as lib

    sound, rate = lib.load(path, sr=None)
    lib.feature.mfcc(y=sound, sr=rate)
    lib.feature.chroma_stft(y=sound, sr=rate)
    lib.onset.onset_strength(y=sound, sr=rate)


def products(rows: str, width: str, codebook: str) -> None:
    """The matrix products of residual vector quantization: rows of float32, projected, against each layer."""
    import numpy as np
    from safetensors.numpy import load_file

    book = {name: tensor.astype(np.float64) for name, tensor in load_file(codebook).items()}
    x, at = np.fromfile(rows, "<f4").reshape(-1, int(width)).astype(np.float64), 0
    for stream in "SA":
        own = len(book[f"{stream}.mean"])
        rest = (x[:, at : at + own] - book[f"{stream}.mean"]) @ book[f"{stream}.projection"]
        at += own
        for layer in range(4):
            words = book[f"{stream}{layer}.codewords"]
            rest = rest - words[np.argmax(rest @ words.T, axis=1)]


def dumps(rows: str, width: str) -> None:
    """Rows of int16 as lines of JSON, by orjson alone."""
    import numpy as np
    import orjson

    names = [f"S{layer}" for layer in range(4)] + [f"A{layer}" for layer in range(4)]
    table = np.fromfile(rows, "<u2").reshape(-1, int(width))[:, :8].tolist()
    for first in range(0, len(table), 1000):
        lines = [
            orjson.dumps({"t": (first + k) / 12.5, **dict(zip(names, row, strict=True))}, option=1024)
            for k, row in enumerate(table[first : first + 1000])
        ]
        os.write(1, b"".join(lines))


def payloads(stream: str) -> None:
    """The payloads of a record stream, one after the other."""
    with open(stream, "rb") as file:
        for line in file:
            sys.stdout.buffer.write(file.read(json.loads(line).get("bytes", 0)))


def sound(path: str, seconds: str) -> None:
    """A sound file of that length: the piece of `make demo` over and over, and an hour has no two bars alike."""
    import numpy as np
    import soundfile

    piece, rate = soundfile.read("out/bench/piece.wav", dtype="float32")
    noise = np.random.default_rng(1)
    left = round(float(seconds) * rate)
    with soundfile.SoundFile(path, "w", rate, 1) as file:
        while left:
            block = piece[:left] * np.float32(noise.uniform(0.3, 1))
            block += noise.standard_normal(len(block), np.float32) * np.float32(0.003)
            for first in range(0, len(block), 8192):
                file.write(block[first : first + 8192])
            left -= len(block)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
