"""MERT, Wav2Vec2 and HuBERT, which need torch.

encoder.py      windows on a fixed grid, rows of features
running.py      what runs windows: torch or ONNX Runtime, on threads or in batches
network.py      the network itself
checkpoint.py   weights: read, and checked
config.py       settings, and the shapes that follow
models.py       which model a name means: alias, Hub, folder, bundle
hub.py          models of the Hub
bundles.py      bundles of torchaudio
download.py     messages before something is fetched, and when that fails
libraries.py    libraries that only this needs, and the message if one is missing

A new model of these kinds needs an alias in models.py. A new kind needs its model_type in config.py, its default layers
in encoder.py, and what it does differently in network.py.
"""
