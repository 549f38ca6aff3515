"""nat-decode: items to PCM. Takes records of kind `bytes`, gives records of kind `pcm`.

command.py        the command: options, header, blocks, end
sound.py          what an item holds, and which decoder plays it
uncompressed.py   PCM in WAV, AIFF and their kin, which needs no decoder
decoders.py       libsndfile and ffmpeg
sandbox.py        the process that a decoder runs in: it may crash, hang or ask for all memory
feed.py           an item's bytes as they come, or as a file
containers/       streams of a file, gaps in their time stamps, files that were cut off
channels.py       where each channel belongs
content.py        what is in bytes that are no sound
meter.py          what is measured of all channels: levels, correlation, clipping
loudness.py       loudness in LUFS, its range, true peak
mixing.py         fewer channels, another rate, a part of the samples
levels.py         peak, RMS and hash of what comes out

To add a decoder, write a class in decoders.py, and name it in `opened`.
"""
