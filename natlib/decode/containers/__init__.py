"""What containers say of the sound in them: where streams begin, what is missing, whether the file is cut off.

link.py     a stream of a file: its bytes, the gaps in it, its damage
mpeg.py     MPEG audio frames, of one file or of several joined
ogg.py      pages of Ogg, one stream after the other, and what their granule positions count
vorbis.py   how long packets of Vorbis and Opus last
extent.py   a whole file: does it end where it says it does?

To add a format with time stamps or frames of its own, write a class with `links`, and use it in sound.py.
"""
