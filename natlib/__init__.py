"""nat: six filters that turn sound into text which a language model can read."""

__version__ = "0.1.0"
