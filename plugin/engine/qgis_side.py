"""The two things that the engine's side of the plugin asks of QGIS: its setting and its translator.

Outside QGIS (command line set-up, tests) there is no setting and texts stay English; QGIS is never imported for them,
which alone would take longer than finding that an environment is ready.
"""

from __future__ import annotations

import sys

SETTING = "ctm_reanalysis/engine_python"


def engine_setting() -> str:
    """The interpreter that the user chose in the provider's options; empty if none."""
    core = sys.modules.get("qgis.core")
    return str(core.QgsSettings().value(SETTING, "") or "").strip() if core else ""


def tr(text: str) -> str:
    """The text in the user's language."""
    core = sys.modules.get("qgis.PyQt.QtCore")
    return core.QCoreApplication.translate("CTMReanalysis", text) if core else text
