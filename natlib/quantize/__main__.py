"""python -m natlib.quantize: the same as nat-quantize."""

from natlib.quantize.command import main

if __name__ == "__main__":
    main()
