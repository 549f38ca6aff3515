"""nat-decode: items to PCM. Takes records of kind `bytes`, gives records of kind `pcm`.

command.py        the command: what it is asked, header, blocks, end
sound.py          what an item holds, and which decoder plays it
uncompressed.py   PCM in WAV, AIFF and their kin, which needs no decoder
decoders.py       libsndfile and ffmpeg
sandbox.py        the process that a decoder runs in, which may crash, hang or want all memory
feed.py           an item's bytes as they come, or as a file
mixing.py         fewer channels, another rate, a part of the samples
levels.py         peak, RMS, clipping, hash

One more decoder: a class beside those in decoders.py, and its place in `opened`.
"""
