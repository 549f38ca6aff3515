"""python -m natlib.decode: the same as nat-decode."""

from natlib.decode.command import main

if __name__ == "__main__":
    main()
