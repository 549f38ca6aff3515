"""MERT, Wav2Vec2 and HuBERT, which need torch.

encoder.py      windows on a fixed grid, rows of features
running.py      what runs windows: torch or ONNX Runtime, on threads or in batches
network.py      the network itself
checkpoint.py   weights: read, and checked
config.py       settings, and the shapes that follow
models.py       which model a name means: alias, Hub, folder, bundle
hub.py          models of the Hub
bundles.py      bundles of torchaudio
download.py     what is said before something is fetched, and when that fails
libraries.py    what only this needs, and what is said where it is missing

One more model of these kinds: an alias in models.py. One more kind: its model_type in config.py, its default layers in
encoder.py, and in network.py what it does otherwise.
"""
