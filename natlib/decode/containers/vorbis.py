"""How long packets of Vorbis and Opus last, from their first bytes.

Vorbis I specification, 4.2 and 4.3; RFC 6716, 3.1 (Opus), RFC 7845 (Opus in Ogg).
"""

from __future__ import annotations


class Vorbis:
    """Packets of a Vorbis stream: the length of each depends on the one before."""

    HEADERS = 3

    def __init__(self, first: bytes):
        self.rate = int.from_bytes(first[12:16], "little")  # Hz
        self.sizes = (1 << (first[28] & 15), 1 << (first[28] >> 4)) if len(first) > 28 else (0, 0)
        self.skip = 0
        self.flags: list[int] = []  # of each mode: long blocks?
        self._last = 0  # samples of the block before

    def setup(self, packet: bytes) -> None:
        """Take the third header. Its modes come last; without reading the rest, they can be found only from the end."""
        bits = "".join(f"{byte:08b}" for byte in reversed(packet)).lstrip("0")[1:]  # the last bit is 1
        flags: list[int] = []
        at = 0
        while len(bits) - at >= 47 and len(flags) < 64:
            mapping, zeros, flag = int(bits[at : at + 8], 2), bits[at + 8 : at + 40], bits[at + 40]
            if mapping > 63 or "1" in zeros:
                break
            at += 41
            flags.append(int(flag))
            if int(bits[at : at + 6], 2) + 1 == len(flags):
                self.flags = flags[::-1]

    def restart(self) -> None:
        """A packet is missing: the next one gives no samples, because it has nothing to overlap with."""
        self._last = 0

    def samples(self, packet: bytes) -> int:
        """How many samples come out with a packet whose first bytes are `packet`."""
        if not packet or packet[0] & 1 or not self.flags:
            return 0
        mode = packet[0] >> 1 & (1 << (len(self.flags) - 1).bit_length()) - 1
        size = self.sizes[self.flags[min(mode, len(self.flags) - 1)]]
        last, self._last = self._last, size
        return (last + size) // 4 if last else 0


class Opus:
    """Packets of an Opus stream, in samples at 48 kHz."""

    HEADERS = 2
    FRAMES = (480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 480, 960)

    def __init__(self, first: bytes):
        self.rate = 48000
        self.skip = int.from_bytes(first[10:12], "little")  # samples that are not to be heard

    def setup(self, packet: bytes) -> None:
        """The headers say nothing about packets."""

    def restart(self) -> None:
        """A packet does not need the one before."""

    def samples(self, packet: bytes) -> int:
        """How many samples are in a packet whose first bytes are `packet`."""
        if not packet:
            return 0
        config, code = packet[0] >> 3, packet[0] & 3
        frame = self.FRAMES[config] if config < 16 else 120 << (config & 3)
        count = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[code]
        return frame * count
