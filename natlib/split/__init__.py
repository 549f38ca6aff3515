"""nat-split: bytes to items. Off the wire it takes nothing; onto it come records of kind `bytes`, an item a file.

command.py      the command: reads, cuts, writes
containers.py   where a file of each format ends, and what separates files
"""
