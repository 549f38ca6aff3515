"""python -m natlib.pack: the same as nat-pack."""

from natlib.pack.command import main

if __name__ == "__main__":
    main()
