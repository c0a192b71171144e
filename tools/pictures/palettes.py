"""Brings pictures to few colours, so that they are small, and puts them into the documentation.

    python tools/pictures/palettes.py TAKEN DOCS_IMAGES
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

LARGEST, COLOURS = 60_000, (64, 32, 24, 16)


def shrink(source: Path, target: Path) -> int:
    """Write a picture with as many colours as its size allows; return the bytes."""
    picture = Image.open(source).convert("RGB")
    target.parent.mkdir(parents=True, exist_ok=True)
    for colours in COLOURS:
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)
        if target.stat().st_size <= LARGEST:
            break
    return target.stat().st_size


def main(taken: Path, images: Path) -> int:
    """All pictures of a folder; 1 if one is too large even so."""
    too_large = False
    for source in sorted(taken.rglob("*.png")):
        size = shrink(source, images / source.relative_to(taken))
        too_large |= size > LARGEST
        print(f"{source.relative_to(taken)}: {size} bytes{', TOO LARGE' if size > LARGEST else ''}")
    return int(too_large)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
