"""nat-split: bytes to items. Off the wire it takes nothing; onto it come records of kind `bytes`, an item a file.

command.py      the command: standard input is cut, files are taken as they are
table.py        the table of formats: how each is known, and what finds its end
signatures.py   a line of that table, and the patterns made of all lines
formats/        a module a format or a family: where such a file ends
boundaries.py   where a file ends that doesn't say how long it is
trust.py        how far a length is believed that a header declares
window.py       the input: what lies ahead is looked at, then taken

One more format: a function in formats/, which takes the file from a Window, and a line in table.py.

A finder gets a `Window` on the input, whose next byte is the first of a file. It looks ahead with `peek`, takes what
belongs to the file with `take`, and returns how it knew the end (the `extent`):

    exact         the file's own structure says so
    next-file     a certain start of another file came: a signature that was checked beyond its magic number
    separator     an FS came (and perhaps a newline), followed by a certain start or by text
    end-of-input  there was no more: `take` raises EOFError, which stands for this

A length that the header declares for the file is trusted. A frame or a page is trusted only if its checksum or what
comes after it is right, so that a file cut off in its midst doesn't swallow the start of the next. What has no length,
or has lost its structure, lasts until the next cut (`search`).
"""
