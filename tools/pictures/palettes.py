"""Brings pictures to few colours, so that they are small, and puts them into the documentation.

python tools/pictures/palettes.py TAKEN DOCS_IMAGES
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

DIALOG, WINDOW, COLOURS = 60_000, 120_000, (128, 96, 64, 48, 32, 24, 16)


def shrink(source: Path, target: Path) -> bool:
    """Write a picture with as many colours as its size allows; whether it is small enough then."""
    picture = Image.open(source).convert("RGB")
    target.parent.mkdir(parents=True, exist_ok=True)
    largest = DIALOG if target.parent.name == "dialogs" else WINDOW
    for colours in COLOURS:
        # Maximum coverage keeps rare colours, such as those of a map's highest class; k-means then brings the greys back.
        picture.quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE).save(target, optimize=True)
        if target.stat().st_size <= largest:
            return True
    return False


def main(taken: Path, images: Path) -> int:
    """All pictures of a folder; 1 if one is too large even so."""
    fits = True
    for source in sorted(taken.rglob("*.png")):
        target = images / source.relative_to(taken)
        small = shrink(source, target)
        print(f"{source.relative_to(taken)}: {target.stat().st_size} bytes{'' if small else ', TOO LARGE'}")
        fits = fits and small
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
