"""Where a file of each format ends.

iff.py        chunks: RIFF (WAV, RF64, BW64, AVI), IFF (AIFF, 8SVX), W64, CAF
mp4.py        boxes: MP4, M4A, 3GP, QuickTime
matroska.py   elements: Matroska, WebM
asf.py        objects: ASF, WMA
headed.py     a header that says how much follows: AU, VOC, SoX, NIST, FLV, DSD, TTA, APE, Musepack, AMR
ogg.py        pages
frames.py     what formats made of frames share
mpeg.py       frames of MPEG audio: MP3, MP2, MP1
streams.py    frames of AAC, AC-3, DTS, WavPack; packets of MPEG transport streams
flac.py       frames of FLAC
tags.py       tags before and after the sound
integers.py   whole numbers as files write them
"""
