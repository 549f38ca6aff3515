"""nat-embed: PCM to feature rows. Takes records of kind `pcm`, gives records of kind `features`.

command.py     the command: which encoder, blocks of rows
encoder.py     what an encoder must provide
measures.py    the table of measures, which go with every encoder
spectral/      the built-in ear, and the measures
pretrained/    MERT, Wav2Vec2 and HuBERT
noise.py       --model noise
readahead.py   items read ahead, for encoders that run windows together
gathering.py   sound taken together while there is more, and rows in blocks
segments.py    a long item of the built-in ear on several cores
whole.py       short ones in a row, likewise
jobs.py        the processes that they are given to
pcm.py         rate, channels, samples, and the mix to mono
"""
