"""python -m natlib.plot: the same as nat-plot."""

from natlib.plot.command import main

if __name__ == "__main__":
    main()
