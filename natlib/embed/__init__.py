"""nat-embed: PCM to feature rows. Takes records of kind `pcm`, gives records of kind `features`.

command.py    the command: which encoder, mixing, blocks of rows
measures.py   the table of measures
spectral/     the ear that is built in, and the measures, which go with every encoder
pretrained/   MERT, Wav2Vec2 and HuBERT
"""
