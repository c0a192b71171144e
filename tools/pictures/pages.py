"""Pictures of whole pages to pictures for the documentation: without the white below, narrower, and no taller than can be looked at.

python tools/pictures/pages.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageChops

WIDTH, TALLEST, MARGIN = 600, 1400, 24


def trim(path: Path) -> None:
    """Bring a picture to `WIDTH`, cut below its last row that is not white, and at `TALLEST`; one that was brought so stays."""
    picture = Image.open(path).convert("RGB")
    if picture.width <= WIDTH:
        return
    box = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
    picture = picture.crop((0, 0, picture.width, min(picture.height, box[3] + MARGIN) if box else picture.height))
    picture = picture.resize((WIDTH, picture.height * WIDTH // picture.width), Image.Resampling.LANCZOS)
    picture.crop((0, 0, WIDTH, min(picture.height, TALLEST))).save(path)


if __name__ == "__main__":
    for file in sorted(Path(sys.argv[1]).glob("*.png")):
        trim(file)
