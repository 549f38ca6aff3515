"""nat-split: bytes to items. It reads no records, and writes records of kind `bytes`, one item for each file.

command.py      the command: standard input is cut, files are taken as they are
table.py        the table of formats: how each is recognised, and what finds its end
signatures.py   a line of that table, and the patterns made from all lines
formats/        a module for each format or family: where such a file ends
boundaries.py   where a file that doesn't say how long it is ends
trust.py        how far a length that a header declares is believed
window.py       the input: look at what lies ahead, then take it

To add a format, write a function in formats/ that takes the file from a Window, and a line in table.py.

Such a function, a finder, gets a `Window` on the input, whose next byte is the first of a file. It looks ahead with
`peek`, takes what belongs to the file with `take`, and returns how it knew the end (the `extent`):

    exact         the file's own structure says so
    next-file     the certain start of another file came: a signature checked beyond its magic number
    separator     an FS came (and perhaps a newline), followed by a certain start or by text
    end-of-input  the input ended: `take` raises EOFError, which stands for this

A length that the header declares for the file is trusted. A frame or a page is trusted only if its checksum or what
comes after it is right, so that a file that was cut off doesn't swallow the start of the next. A file without a length,
or one that has lost its structure, lasts until the next cut (`search`).
"""
