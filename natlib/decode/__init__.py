"""nat-decode: items to PCM. Takes records of kind `bytes`, gives records of kind `pcm`.

command.py        the command: which decoder, how it is resampled and mixed, what the end tells
decoders.py       libsndfile and ffmpeg, in processes of their own that may crash, hang or fill a disk
uncompressed.py   PCM in WAV, AIFF and their kin, which needs no decoder
"""
