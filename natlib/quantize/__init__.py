"""nat-quantize: feature rows to tokens. Takes records of kind `features`, gives records of kind `tokens`.

command.py         the command: tokens of each item, or fitting alone
codebooks.py       which codebook to use: given, shipped, or fitted while the items wait in a spool
codebook.py        residual vector quantization, exact; the codebook and its file
introductions.py   what codes measure like, as notes before their first use
fit.py             k-means: a codebook from a sample of rows
reservoir.py       the sample
ordinal.py         numbers for codewords, so that near numbers sound near
distortion.py      what is left of the squared distance, layer by layer (for metrics.json)

A codebook for another model ships as natlib/data/MODEL.safetensors (make codebook MODEL=…); nothing here has to change.
"""
