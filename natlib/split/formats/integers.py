"""Whole numbers as files write them."""

from __future__ import annotations


def big(data: bytes) -> int:
    """The number in any number of bytes, the most significant first."""
    return int.from_bytes(data, "big")


def little(data: bytes) -> int:
    """The number in any number of bytes, the least significant first."""
    return int.from_bytes(data, "little")
