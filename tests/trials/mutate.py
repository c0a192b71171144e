"""Damage to bytes, as failing disks, cut downloads and wrong tools make it."""

from __future__ import annotations

import numpy as np

WAYS = ("cut", "bit", "bits", "bytes", "zeros", "insert", "leave out", "repeat", "exchange", "append")
# Numbers that break what trusts them: signs, widths, ends of ranges.
EDGES = (0, 1, 0x7F, 0x80, 0xFF)


def damaged(content: bytes, random: np.random.Generator, within: int | None = None, way: str | None = None) -> tuple[bytes, str]:
    """The bytes with one kind of damage, and its name.

    Parameters
    ----------
    within : only the first so many bytes are touched, such as a header
    way : one of `WAYS`; default: any
    """
    way = way or str(random.choice(WAYS))
    data, size = bytearray(content), min(len(content), within or len(content))
    if not size:
        return content, "nothing"
    at = int(random.integers(size))
    length = int(min(size - at, 2 ** random.integers(0, 12)))
    if way == "cut":
        return bytes(data[:at]), way
    if way in ("bit", "bits"):
        for place in random.integers(0, size, 1 if way == "bit" else int(random.integers(2, 30))):
            data[place] ^= 1 << int(random.integers(8))
    elif way == "bytes":
        for place in random.integers(0, size, int(random.integers(1, 12))):
            data[place] = int(random.choice(EDGES)) if random.random() < 0.5 else int(random.integers(256))
    elif way == "zeros":
        data[at : at + length] = bytes(length)
    elif way == "insert":
        data[at:at] = random.bytes(length)
    elif way == "leave out":
        del data[at : at + length]
    elif way == "repeat":
        data[at:at] = data[at : at + length]
    elif way == "exchange":
        other = int(random.integers(size))
        first, second = bytes(data[at : at + length]), bytes(data[other : other + length])
        data[at : at + len(second)], data[other : other + len(first)] = second, first
    else:
        data += random.bytes(length)
    return bytes(data), way
