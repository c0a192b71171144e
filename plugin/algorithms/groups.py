"""The groups of the toolbox, each with its icon; their ids stay as they are, since models and scripts may hold them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from qgis.PyQt.QtGui import QIcon

from ..translate import tr

GROUPS = {
    "stations": tr("Stations"),
    "reanalysis": tr("Reanalysis"),
    "after": tr("After it"),
    "evaluate": tr("Evaluate"),
    "training": tr("CTM and training"),
    "engine": tr("Engine"),
}
ICONS = Path(__file__).resolve().parent.parent.parent / "resources" / "icons"


def icon_file(group: str) -> str:
    """The SVG of a group."""
    return str(ICONS / f"{group}.svg")


@lru_cache(maxsize=None)
def group_icon(group: str) -> QIcon:
    """The icon of a group."""
    return QIcon(icon_file(group))
