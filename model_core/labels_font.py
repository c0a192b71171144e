"""A font for labels in any script."""

from __future__ import annotations

from functools import lru_cache
from typing import Sequence

# Fonts with many scripts that systems and Linux distributions bring.
_USUAL = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Noto Sans",
    "Segoe UI",
    "Arial",
)
_DEFAULT = "DejaVu Sans"  # comes with matplotlib
_PLACEHOLDERS = "Last Resort"  # has a box for every letter


def font_family(labels: Sequence[str]) -> str | None:
    """The font family that has all letters of the labels: matplotlib's own where it can, else one of the system's, else None."""
    letters = {ord(letter) for label in labels for letter in label if not letter.isspace()}
    return _family_with(letters) or (_family_with(letters) if _found_new_fonts() else None)


def _family_with(letters: set[int]) -> str | None:
    from matplotlib import font_manager

    fonts = {font.name: font.fname for font in font_manager.fontManager.ttflist}
    others = sorted(name for name in fonts if name not in _USUAL and not name.startswith(_PLACEHOLDERS))
    for name in (_DEFAULT, *_USUAL, *others):
        if name in fonts and letters <= _letters_of(fonts[name]):
            return name
    return None


@lru_cache(maxsize=1)
def _found_new_fonts() -> bool:
    """Add the fonts that were installed since matplotlib first looked for them, and whose list it keeps; whether there are any."""
    from matplotlib import font_manager

    known = {font.fname for font in font_manager.fontManager.ttflist}
    added = False
    for file in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            font_manager.fontManager.addfont(file)
            added = True
        except (OSError, RuntimeError):  # a font that FreeType can't read
            continue
    return added


def _letters_of(file: str) -> set[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return set(FT2Font(file).get_charmap())
    except (OSError, RuntimeError):  # a font that FreeType can't read
        return set()
