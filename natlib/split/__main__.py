"""python -m natlib.split: the same as nat-split."""

from natlib.split.command import main

if __name__ == "__main__":
    main()
