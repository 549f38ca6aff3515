"""nat-quantize: feature rows to tokens. Takes records of kind `features`, gives records of kind `tokens`.

command.py    the command: which codebook, its notes, fitting while the rows wait
codebook.py   residual vector quantization: codebooks, how they are fitted and kept
"""
