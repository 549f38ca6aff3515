"""Where a file of each format ends.

iff.py            chunks: RIFF (WAV, RF64, BW64, AVI), IFF (AIFF, 8SVX), W64, CAF
mp4.py            boxes: MP4, M4A, 3GP, QuickTime
matroska.py       elements: Matroska, WebM
asf.py            objects: ASF, WMA
uncompressed.py   samples behind a header: AU, VOC, SoX, NIST SPHERE, DSF, DSDIFF
ogg.py            pages
frames.py         what formats made of frames share
mpeg.py           frames of MPEG audio: MP3, MP2, MP1
streams.py        other frames and packets: AAC, AC-3, DTS, MPEG transport streams, AMR, Musepack, FLV
flac.py           FLAC
lossless.py       True Audio, Monkey's Audio, WavPack
tags.py           tags before and after the sound
integers.py       whole numbers as files write them

Each module has a function for each format, which takes the file that starts at the next byte of a Window, and returns
how it knew the end; see `flv` in streams.py for a short one. If frames say how long they are, a function that reads
the head of one (`adts_frame`) is enough: `frames` does the rest. ../table.py names these functions.
"""
