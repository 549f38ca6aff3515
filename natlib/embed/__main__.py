"""python -m natlib.embed: the same as nat-embed."""

from natlib.embed.command import main

if __name__ == "__main__":
    main()
