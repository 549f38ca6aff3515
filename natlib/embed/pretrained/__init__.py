"""MERT, Wav2Vec2 and HuBERT, which need torch.

encoder.py      windows on a fixed grid, batches of them, rows
network.py      the network itself
checkpoint.py   folders, the Hub, torchaudio's bundles; their settings and weights
"""
